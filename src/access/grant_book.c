#include "access/grant.h"

#include "store/unit_wait.h"

#include <pthread.h>
#include <stdlib.h>

struct GrantBook {
    pthread_mutex_t lock;
    int64_t latest_us; /* the latest time that was seen */
    size_t count;
    Grant of[GRANTS_MAX];
};

Status grant_book_open(GrantBook **ret_book)
{
    GrantBook *book = calloc(1, sizeof(*book)); /* touched only as far as used */
    CHECK(book != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&book->lock, NULL) == 0);
    *ret_book = book;
    return OK;
}

void grant_book_close(GrantBook **book)
{
    if (*book == NULL) return;
    pthread_mutex_destroy(&(*book)->lock);
    free(*book);
    *book = NULL;
}

static void unlock(GrantBook **book) { pthread_mutex_unlock(&(*book)->lock); }

static bool is_open(const Grant *g)
{
    return g->state == GRANT_ASKED_FOR || g->state == GRANT_GIVEN;
}

static bool waits_for_review(const Grant *g)
{
    return g->kind == GRANT_OF_EMERGENCY && g->reviewed_by[0] == '\0';
}

static bool is_kept(const Grant *g) { return is_open(g) || waits_for_review(g); }

static Grant *find(GrantBook *book, Span id)
{
    for (size_t i = 0; i < book->count; i++)
        if (span_equal(span_of_text(book->of[i].id), id)) return &book->of[i];
    return NULL;
}

Status grant_book_put(GrantBook *book, const Grant *grant)
{
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    Grant *place = find(held, span_of_text(grant->id));
    if (!is_kept(grant)) {
        if (place != NULL) *place = held->of[--held->count];
        return OK;
    }
    REQUIRE(place != NULL || held->count < GRANTS_MAX, REFUSED_GRANT_LIMIT);
    if (place == NULL) place = &held->of[held->count++];
    *place = *grant;
    return OK;
}

static int64_t time_of(GrantBook *book, int64_t now_us)
{
    if (now_us > book->latest_us) book->latest_us = now_us;
    return book->latest_us;
}

static void fill_one(const Grant *g, const AccessTable *table, Asker *asker)
{
    if (g->kind == GRANT_OF_EMERGENCY) {
        asker->emergency_roles = table->emergency.gives;
        asker->emergency_until_us = g->until_us;
        return;
    }
    if (asker->grant_count == ASKER_GRANTS_MAX) return;
    AskerGrant *given = &asker->grants[asker->grant_count++];
    *given = (AskerGrant) { .level = (uint8_t)g->level, .from_us = g->from_us };
    given->until_us = g->until_us;
    memcpy(given->action, g->action, sizeof(given->action));
}

void grant_book_fill(
        GrantBook *book, const AccessTable *table, int64_t changed_us, int64_t now_us, Asker *asker)
{
    const Span who = span_of_text(asker->principal);
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    const int64_t time_us = time_of(held, now_us);
    for (size_t i = 0; i < held->count; i++) {
        const Grant *g = &held->of[i];
        const bool now =
                g->state == GRANT_GIVEN && g->from_us >= changed_us && g->until_us > time_us;
        if (now && span_equal(span_of_text(g->principal), who)) fill_one(g, table, asker);
    }
}

int64_t grant_book_last_us(GrantBook *book, Span principal)
{
    int64_t last_us = 0;
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    for (size_t i = 0; i < held->count; i++) {
        const Grant *g = &held->of[i];
        if (!is_open(g) || !span_equal(span_of_text(g->principal), principal)) continue;
        const int64_t at_us = g->from_us > g->asked_us ? g->from_us : g->asked_us;
        if (at_us > last_us) last_us = at_us;
    }
    return last_us;
}

size_t grant_book_count(GrantBook *book, Span principal)
{
    size_t count = 0;
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    for (size_t i = 0; i < held->count; i++) {
        const Grant *g = &held->of[i];
        count += is_open(g) && span_equal(span_of_text(g->principal), principal);
    }
    return count;
}

size_t grant_book_unreviewed(GrantBook *book, Span principal)
{
    size_t count = 0;
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    for (size_t i = 0; i < held->count; i++) {
        const Grant *g = &held->of[i];
        count += waits_for_review(g) && span_equal(span_of_text(g->principal), principal);
    }
    return count;
}

bool grant_book_at(GrantBook *book, size_t number, Grant *ret_grant)
{
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    if (number >= held->count) return false;
    *ret_grant = held->of[number];
    return true;
}

bool grant_book_find(GrantBook *book, Span id, Grant *ret_grant)
{
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    const Grant *found = find(held, id);
    if (found != NULL) *ret_grant = *found;
    return found != NULL;
}

bool grant_book_over(GrantBook *book, int64_t now_us, Grant *ret_grant)
{
    pthread_mutex_lock(&book->lock);
    CLEANUP(unlock) GrantBook *held = book;
    const int64_t time_us = time_of(held, now_us);
    for (size_t i = 0; i < held->count; i++) {
        if (!is_open(&held->of[i]) || held->of[i].until_us > time_us) continue;
        *ret_grant = held->of[i];
        return true;
    }
    return false;
}

/* --- loading --- */

typedef struct GrantLoad {
    Unit unit;
    char id[GRANT_ID_BYTES + 1];
    Grant grant;
} GrantLoad;

static Status load_gather(Unit *unit, Rows *rows)
{
    GrantLoad *work = (GrantLoad *)unit;
    bool found = false;
    return grant_get(rows, work->id, &work->grant, &found);
}

static Status load_run(Unit *unit, Rows *rows)
{
    GrantLoad *work = (GrantLoad *)unit;
    bool found = false;
    TRY(grant_get(rows, work->id, &work->grant, &found));
    REQUIRE(found, REFUSED_GRANT_UNKNOWN);
    return OK;
}

typedef struct Ids {
    char (*ids)[GRANT_ID_BYTES + 1];
    size_t count;
} Ids;

static void ids_free(Ids *ids) { free(ids->ids); }

static Status take_id(void *context, const Value *values, size_t count)
{
    Ids *ids = context;
    CHECK(count == 1 && ids->count < GRANTS_MAX, FAULT_STORE);
    char *id = ids->ids[ids->count];
    if (status_ok(value_copy_text(&values[0], id, GRANT_ID_BYTES + 1))) ids->count++;
    return OK;
}

static Status list_ids(void *context, Store *store)
{
    const Value parameters[] = { VALUE_OF_INT(GRANT_GIVEN), VALUE_OF_INT(GRANT_OF_EMERGENCY),
        VALUE_OF_INT(GRANTS_MAX) };
    return store_query(store,
            "SELECT id FROM access_grant WHERE state <= ?1 OR (kind = ?2 AND reviewed_by = '')"
            " ORDER BY asked LIMIT ?3",
            parameters, 3, take_id, context);
}

Status grant_book_refresh(
        GrantBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out)
{
    size_t loaded = 0;
    CLEANUP(ids_free) Ids ids = { .ids = calloc(GRANTS_MAX, sizeof(*ids.ids)) };
    CHECK(ids.ids != NULL, FAULT_MEMORY);
    TRY(batcher_between(batcher, list_ids, &ids));
    for (size_t i = 0; i < ids.count; i++) {
        GrantLoad work = { .unit = { .gather = load_gather, .run = load_run } };
        memcpy(work.id, ids.ids[i], sizeof(work.id));
        Status s = unit_wait(batcher, &work.unit);
        if (status_ok(s)) s = grant_book_put(book, &work.grant);
        if (status_broken(s)) return s;
        loaded += status_ok(s);
    }
    *ret_loaded = loaded;
    *ret_left_out = ids.count - loaded;
    return OK;
}
