#include "audit/alarm.h"

#include "base/time.h"
#include "crypto/digest.h"

#include <stdlib.h>

enum { NAME_BYTES = 16, HOUR_S = 3600, BEIJING_HOURS = 8 };

/* What is counted of one person or source, by one rule: times of the last ones, in a ring. */
typedef struct Watched {
    uint8_t name[NAME_BYTES]; /* of rule and text; zeros: free */
    int64_t last_us;
    int64_t told_us; /* 0: never */
    int64_t times[ALARM_COUNT_MAX];
    uint64_t count; /* so far; the newest is at (count - 1) % ALARM_COUNT_MAX */
} Watched;

struct AlarmBook {
    AlarmRules rules;
    AlarmHook hook;
    void *context;
    Watched watched[ALARM_WATCHED_SETS][ALARM_WATCHED_IN_SET];
};

const char *alarm_kind_name(AlarmKind kind)
{
    switch (kind) {
    case ALARM_LOGIN_FAILURES: return "login-failures";
    case ALARM_PRIVILEGE: return "privilege";
    case ALARM_PLAN: return "plan";
    case ALARM_ILLEGAL: return "illegal";
    case ALARM_SENSITIVE_READS: return "sensitive-reads";
    case ALARM_KINDS: break;
    }
    return "unknown";
}

Status alarm_book_open(const AlarmRules *rules, AlarmHook hook, void *context, AlarmBook **ret_book)
{
    AlarmBook *book = calloc(1, sizeof(*book));
    CHECK(book != NULL, FAULT_MEMORY);
    book->rules = *rules;
    book->hook = hook;
    book->context = context;
    *ret_book = book;
    return OK;
}

void alarm_book_close(AlarmBook *book) { free(book); }

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t alarm_window_us(const AlarmRules *r)
{
    int64_t window = longer(r->login_person.within_us, r->login_source.within_us);
    window = longer(window, longer(r->login_all.within_us, r->reads_person.within_us));
    return window + r->quiet_us;
}

/* --- counting --- */

static Watched *watch(AlarmBook *book, char rule, Span who)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    const Span parts[] = { { (const uint8_t *)&rule, 1 }, who };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    digest[2] |= 1; /* never the name of a free place */
    Watched *set = book->watched[((size_t)digest[0] << 8 | digest[1]) % ALARM_WATCHED_SETS];
    Watched *quietest = &set[0];
    for (size_t i = 0; i < ALARM_WATCHED_IN_SET; i++) {
        if (bytes_equal_ct(set[i].name, digest, NAME_BYTES)) return &set[i];
        if (set[i].last_us < quietest->last_us) quietest = &set[i];
    }
    *quietest = (Watched) { 0 };
    memcpy(quietest->name, digest, NAME_BYTES);
    return quietest;
}

static int64_t count_within(const Watched *w, int64_t now_us, int64_t within_us)
{
    int64_t count = 0;
    const uint64_t kept = w->count < ALARM_COUNT_MAX ? w->count : ALARM_COUNT_MAX;
    for (uint64_t i = 0; i < kept; i++)
        count += now_us - w->times[i] < within_us ? 1 : 0;
    return count;
}

typedef struct Showing {
    AlarmBook *book;
    AlarmEvent alarm;
} Showing;

/* Not again while it is quiet; a clock that was set back ends the quiet. */
static Status tell(Showing *s, AlarmKind kind, Watched *w, Span who, int64_t count)
{
    const int64_t now_us = s->alarm.time_us;
    const bool quiet = w->told_us != 0 && now_us >= w->told_us
            && now_us - w->told_us < s->book->rules.quiet_us;
    if (quiet) return OK;
    s->alarm.who = who;
    s->alarm.count = count;
    TRY(s->book->hook(s->book->context, kind, &s->alarm));
    w->told_us = now_us;
    return OK;
}

static Status count(Showing *s, AlarmKind kind, char name, const AlarmRule *rule, Span who)
{
    if (rule->count == 0 || who.size == 0) return OK;
    Watched *w = watch(s->book, name, who);
    const uint64_t times = audit_event_times(s->alarm.event);
    w->last_us = s->alarm.time_us;
    for (uint64_t i = 0; i < times && i < ALARM_COUNT_MAX; i++)
        w->times[w->count++ % ALARM_COUNT_MAX] = s->alarm.time_us;
    const int64_t within = count_within(w, s->alarm.time_us, rule->within_us);
    return within >= rule->count ? tell(s, kind, w, who, within) : OK;
}

/* Any one; the same act on the same thing by the same person is the same. */
static Status any(Showing *s, AlarmKind kind, char name)
{
    uint8_t memory[AUDIT_ACTOR_BYTES_MAX + AUDIT_SUBJECT_BYTES_MAX + 16];
    Buffer what = BUFFER_OF(memory);
    const AuditEvent *e = s->alarm.event;
    TRY(buffer_print(&what, "%d %d ", (int)e->kind, e->outcome));
    TRY(buffer_put(&what, e->actor));
    TRY(buffer_put(&what, e->subject));
    Watched *w = watch(s->book, name, span_of_buffer(&what));
    w->last_us = s->alarm.time_us;
    return tell(s, kind, w, e->actor, (int64_t)audit_event_times(e));
}

/* --- the five --- */

static Status show_login(Showing *s)
{
    const AlarmRules *r = &s->book->rules;
    const AuditEvent *e = s->alarm.event;
    TRY(count(s, ALARM_LOGIN_FAILURES, 'p', &r->login_person, e->actor));
    TRY(count(s, ALARM_LOGIN_FAILURES, 's', &r->login_source, e->from));
    return count(s, ALARM_LOGIN_FAILURES, 'a', &r->login_all, SPAN("everybody"));
}

static bool is_night(const AlarmRules *r, int64_t time_us)
{
    const int64_t hour = (time_us / TIME_SECOND_US / HOUR_S + BEIJING_HOURS) % 24;
    const bool over_midnight = r->night_from_hour > r->night_to_hour;
    const bool after = hour >= r->night_from_hour;
    const bool before = hour < r->night_to_hour;
    return over_midnight ? after || before : after && before;
}

static Status show_read(Showing *s)
{
    const AlarmRules *r = &s->book->rules;
    const AuditEvent *e = s->alarm.event;
    const Span role = SPAN("operator/");
    const bool person =
            e->actor.size > role.size && span_equal((Span) { e->actor.data, role.size }, role);
    if (person && r->reads_at_night && is_night(r, s->alarm.time_us)) {
        Watched *w = watch(s->book, 'n', e->actor);
        w->last_us = s->alarm.time_us;
        TRY(tell(s, ALARM_SENSITIVE_READS, w, e->actor, 1));
    }
    return count(s, ALARM_SENSITIVE_READS, 'r', &r->reads_person, e->actor);
}

Status alarm_show(
        AlarmBook *book, int64_t leaf, uint8_t ordinal, int64_t time_us, const AuditEvent *event)
{
    const AlarmRules *r = &book->rules;
    Showing s = { book, { leaf, ordinal, time_us, event, { NULL, 0 }, 0 } };
    switch (audit_category(event)) {
    case AUDIT_CATEGORY_LOGIN_FAILURE: return show_login(&s);
    case AUDIT_CATEGORY_PRIVILEGE: return r->privilege ? any(&s, ALARM_PRIVILEGE, 'P') : OK;
    case AUDIT_CATEGORY_PLAN: return r->plan ? any(&s, ALARM_PLAN, 'L') : OK;
    case AUDIT_CATEGORY_ILLEGAL: return r->illegal ? any(&s, ALARM_ILLEGAL, 'I') : OK;
    case AUDIT_CATEGORY_SENSITIVE_READ: return show_read(&s);
    default: return OK;
    }
}
