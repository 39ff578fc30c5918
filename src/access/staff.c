#include "access/staff.h"

#include "access/request_act.h"
#include "base/time.h"

#include <stdio.h>

Status staff_roles_fit(const AccessTable *table, const Principal *principal)
{
    const bool house = strcmp(principal->tenant, ASKER_HOUSE) == 0;
    const RoleTenant wanted = house ? ROLE_OF_HOUSE : ROLE_OF_MERCHANT;
    REQUIRE((principal->roles & ~table->known) == 0, REFUSED_ACCESS_ROLE_UNKNOWN);
    REQUIRE((principal->roles & table->emergency.gives) == 0, REFUSED_ACCESS_ROLE_TENANT);
    for (size_t i = 0; i < table->role_count; i++) {
        const AccessRole *role = &table->roles[i];
        if ((principal->roles & access_role_bit(role)) == 0) continue;
        REQUIRE(role->tenant == wanted, REFUSED_ACCESS_ROLE_TENANT);
    }
    REQUIRE(access_conflict(table, principal->roles) == NULL, REFUSED_ACCESS_CONFLICT);
    return OK;
}

SessionKind staff_session_kind(Span tenant)
{
    return span_equal(tenant, SPAN(ASKER_HOUSE)) ? SESSION_STAFF : SESSION_ADMINISTRATOR;
}

void staff_asker(const Principal *principal, Asker *ret_asker)
{
    *ret_asker = (Asker) { .roles = principal->roles };
    memcpy(ret_asker->principal, principal->id, sizeof(ret_asker->principal));
    memcpy(ret_asker->tenant, principal->tenant, sizeof(ret_asker->tenant));
}

/* --- who must stay --- */

static bool may(const AccessTable *table, const Asker *asker, const char *action, DataLevel level,
        int64_t now_us)
{
    const int place = access_action_named(table, span_of_text(action));
    const AccessVerdict verdict = access_decide(table, asker, place, level, now_us);
    return verdict == ACCESS_ALLOWED || verdict == ACCESS_NEEDS_APPROVAL;
}

bool staff_goes_on(const AccessTable *table, PrincipalBook *book, const char *action,
        const Principal *changed, int64_t now_us)
{
    Principal p;
    Asker asker;
    size_t ask_alone = 0; /* and cannot approve */
    size_t approve = 0;
    size_t both = 0;
    const int place = access_action_named(table, span_of_text(action));
    if (place < 0) return false;
    const size_t needs = access_approvals(table, place, DOOR_CLI);
    const DataLevel level = table->actions[place].level;
    for (size_t i = 0; principal_book_at(book, i, &p); i++) {
        if (changed != NULL && strcmp(p.id, changed->id) == 0) p = *changed;
        if (p.status != STATUS_LIVE || strcmp(p.tenant, ASKER_HOUSE) != 0) continue;
        staff_asker(&p, &asker);
        asker.door = DOOR_CLI;
        const bool asks = may(table, &asker, action, level, now_us);
        const bool agrees =
                may(table, &asker, REQUEST_APPROVE, level > LEVEL_C2 ? level : LEVEL_C2, now_us);
        ask_alone += asks && !agrees;
        approve += agrees;
        both += asks && agrees;
    }
    return (ask_alone > 0 && approve >= needs) || (both > 0 && approve > needs);
}

/* --- the unit --- */

static Status change_gather(Unit *unit, Rows *rows)
{
    StaffChange *work = (StaffChange *)unit;
    Principal before;
    bool found = false;
    return principal_get(rows, work->principal.id, &before, &found);
}

static int64_t next_review(const AccessTable *table, int64_t now_us)
{
    return now_us + table->reviews.period_days * TIME_DAY_US;
}

static Status come(StaffChange *work, Rows *rows)
{
    Principal *p = &work->principal;
    const int64_t now_us = rows_now_us(rows);
    REQUIRE(principal_id_is_valid(span_of_text(p->id)), REFUSED_PRINCIPAL_FIELD);
    REQUIRE(p->tenant[0] != '\0' && p->key_size > 0, REFUSED_PRINCIPAL_FIELD);
    TRY(staff_roles_fit(work->table, p));
    p->status = STATUS_LIVE;
    p->created_us = now_us;
    p->changed_us = now_us;
    p->review_us = next_review(work->table, now_us);
    return principal_insert(rows, p);
}

int64_t staff_change_us(const Principal *before, int64_t given_us, int64_t now_us)
{
    const int64_t last_us = given_us > before->changed_us ? given_us : before->changed_us;
    return now_us > last_us ? now_us : last_us + 1;
}

static Status change(StaffChange *work, Rows *rows)
{
    Principal *p = &work->principal;
    const int64_t now_us = rows_now_us(rows);
    Principal row;
    bool found = false;
    TRY(principal_get(rows, p->id, &row, &found));
    REQUIRE(found && row.status == STATUS_LIVE, REFUSED_PRINCIPAL_UNKNOWN);
    row.changed_us = staff_change_us(&row, work->given_us, now_us);
    row.roles = work->act == STAFF_LEAVE ? 0 : p->roles;
    if (work->act == STAFF_LEAVE) row.status = STATUS_CLOSED;
    if (work->act == STAFF_MOVE && p->key_size > 0) {
        memcpy(row.key, p->key, p->key_size);
        row.key_size = p->key_size;
        row.algorithm = p->algorithm;
    }
    TRY(staff_roles_fit(work->table, &row));
    TRY(principal_update(rows, &row));
    *p = row;
    return OK;
}

static AuditKind kind_of(StaffAct act)
{
    switch (act) {
    case STAFF_BEGIN: return AUDIT_ACCESS_BEGIN;
    case STAFF_JOIN: return AUDIT_ACCESS_JOIN;
    case STAFF_MOVE: return AUDIT_ACCESS_MOVE;
    case STAFF_LEAVE: return AUDIT_ACCESS_LEAVE;
    }
    return AUDIT_ACCESS_MOVE;
}

/* "hufu/li", "roles payment-operator,auditor": as much of the roles as fits. */
static Status tell(const StaffChange *work, Rows *rows, Status outcome)
{
    uint8_t subject_bytes[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_bytes[1024];
    Buffer subject = BUFFER_OF(subject_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    const Principal *p = &work->principal;
    TRY(buffer_print(&subject, "%s/%s", p->tenant[0] == 0 ? ASKER_HOUSE : p->tenant, p->id));
    TRY(buffer_put(&detail, SPAN("roles ")));
    IGNORE(access_roles_put(work->table, p->roles, &detail), "as many as fit");
    const AuditEvent event = { .kind = kind_of(work->act),
        .outcome = outcome.code,
        .actor = span_of_text(work->actor),
        .subject = span_of_buffer(&subject),
        .detail = audit_text_cut(span_of_buffer(&detail), AUDIT_DETAIL_BYTES_MAX) };
    return audit_event_tell(rows, &event);
}

static Status change_run(Unit *unit, Rows *rows)
{
    StaffChange *work = (StaffChange *)unit;
    const bool comes = work->act == STAFF_BEGIN || work->act == STAFF_JOIN;
    const Status s = comes ? come(work, rows) : change(work, rows);
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    TRY(tell(work, rows, s));
    return s;
}

void staff_change_unit(StaffChange *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit.gather = change_gather;
    work->unit.run = change_run;
    work->unit.done = done;
}
