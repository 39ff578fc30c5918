/* What is done with grants (access/grant.h): each act is one unit with its audit event. */
#include "access/grant.h"

#include "base/time.h"
#include "cases/alert.h"

/* --- conflicts --- */

/* Of those that are able, the roles of the house that go together with his own. */
static RoleSet roles_beside(const AccessTable *table, RoleSet his, RoleSet able)
{
    RoleSet beside = 0;
    for (size_t i = 0; i < table->role_count; i++) {
        const AccessRole *role = &table->roles[i];
        const RoleSet bit = access_role_bit(role);
        if ((able & bit) == 0 || role->tenant != ROLE_OF_HOUSE) continue;
        if ((bit & table->emergency.gives) != 0) continue;
        if (access_conflict(table, his | bit) == NULL) beside |= bit;
    }
    return beside;
}

/* Does one role of these go together with one of those, and both with his own? */
static bool go_together(const AccessTable *table, RoleSet his, RoleSet these, RoleSet those)
{
    for (RoleSet left = these; left != 0; left &= left - 1)
        if (roles_beside(table, his | (left & (~left + 1)), those) != 0) return true;
    return false;
}

/* The action is given as if with a role that has it: one at least must go together with his own,
 * and with one for each of what he has for a while. */
MUST_USE static Status fits(
        const AccessTable *table, RoleSet his, const Asker *beside, const Grant *grant)
{
    const int place = access_action_named(table, span_of_text(grant->action));
    REQUIRE(place >= 0, REFUSED_ACCESS_ACTION_UNKNOWN);
    REQUIRE(grant->level >= LEVEL_C1 && grant->level <= LEVEL_C3, REFUSED_ACCESS_LEVEL);
    const RoleSet able = table->able[place][grant->level - 1];
    REQUIRE(able != 0, REFUSED_ACCESS_LEVEL);
    REQUIRE(roles_beside(table, his, able) != 0, REFUSED_ACCESS_CONFLICT);
    for (size_t i = 0; i < beside->grant_count; i++) {
        const AskerGrant *has = &beside->grants[i];
        const int other = access_action_named(table, span_of_text(has->action));
        const RoleSet by = other < 0 ? 0 : table->able[other][has->level - 1];
        const bool both = by == 0 || go_together(table, his, able, by); /* 0: it is worth nothing */
        REQUIRE(both, REFUSED_ACCESS_CONFLICT);
    }
    return OK;
}

Status grant_may_be_given(const AccessTable *table, const Principal *principal, const Asker *beside,
        const Grant *grant, int64_t now_us)
{
    const int64_t most_us = now_us + table->grant_days_max * TIME_DAY_US;
    REQUIRE(grant->until_us > now_us && grant->until_us <= most_us, REFUSED_GRANT_LIMIT);
    return fits(table, principal->roles, beside, grant);
}

/* --- gathering --- */

static Status change_gather(Unit *unit, Rows *rows)
{
    GrantChange *work = (GrantChange *)unit;
    Grant before = work->grant;
    Principal who;
    bool found = false;
    TRY(grant_get(rows, work->grant.id, &before, &found));
    if (before.principal[0] != '\0') TRY(principal_get(rows, before.principal, &who, &found));
    return work->by[0] == '\0' ? OK : principal_get(rows, work->by, &who, &found);
}

static Status live_principal(Rows *rows, const char *id, Principal *ret)
{
    bool found = false;
    TRY(principal_get(rows, id, ret, &found));
    REQUIRE(found && ret->status == STATUS_LIVE, REFUSED_PRINCIPAL_UNKNOWN);
    return OK;
}

/* Who acts is somebody else, by name and as a person. */
static Status by_another(const GrantChange *work, Rows *rows, const char *whose)
{
    Principal other;
    Principal self;
    bool found = false;
    REQUIRE(strcmp(work->by, whose) != 0, REFUSED_ACCESS_SELF);
    TRY(live_principal(rows, work->by, &self));
    TRY(principal_get(rows, whose, &other, &found));
    REQUIRE(found, REFUSED_PRINCIPAL_UNKNOWN);
    REQUIRE(!bytes_equal_ct(self.person, other.person, PRINCIPAL_PERSON_BYTES),
            REFUSED_ACCESS_SELF);
    return OK;
}

/* --- the acts --- */

/* By who signed the request; of somebody who is still who he was when he asked. */
static Status give(GrantChange *work, Rows *rows)
{
    Grant *g = &work->grant;
    Principal who;
    const int64_t now_us = rows_now_us(rows);
    TRY(by_another(work, rows, g->principal));
    TRY(live_principal(rows, g->principal, &who));
    REQUIRE(g->asked_us >= who.changed_us, REFUSED_GRANT_STATE);
    TRY(grant_may_be_given(work->table, &who, &work->beside, g, now_us));
    g->kind = GRANT_OF_ACTION;
    g->state = GRANT_GIVEN;
    g->from_us = now_us;
    memcpy(g->decided_by, work->by, sizeof(g->decided_by));
    return grant_insert(rows, g);
}

/* The alert is in the same batch: nobody breaks the glass unseen. */
static Status break_glass(GrantChange *work, Rows *rows)
{
    Grant *g = &work->grant;
    Principal who;
    const int64_t now_us = rows_now_us(rows);
    TRY(live_principal(rows, g->principal, &who));
    REQUIRE((who.roles & work->table->emergency.who) != 0, REFUSED_ACCESS_NO_ROLE);
    REQUIRE(work->beside.emergency_until_us == 0, REFUSED_EMERGENCY_OPEN);
    REQUIRE(work->unreviewed < EMERGENCIES_UNREVIEWED_MAX, REFUSED_GRANT_LIMIT);
    g->kind = GRANT_OF_EMERGENCY;
    g->state = GRANT_GIVEN;
    g->asked_us = now_us;
    g->from_us = now_us;
    g->until_us = now_us + work->table->emergency.duration_s * TIME_SECOND_US;
    const Alert alert = alert_of(ALERT_EMERGENCY, TABLE_ACCESS_GRANT, span_of_text(g->id),
            REFUSE(REFUSED_EMERGENCY_OPEN));
    TRY(alert_append(rows, &alert));
    return grant_insert(rows, g);
}

static Status end(const GrantChange *work, Grant *row)
{
    const bool open = row->state == GRANT_ASKED_FOR || row->state == GRANT_GIVEN;
    REQUIRE(open, REFUSED_GRANT_STATE);
    row->state = work->act == GRANT_END ? GRANT_ENDED : GRANT_REVOKED;
    return OK;
}

static Status review(GrantChange *work, Rows *rows, Grant *row)
{
    REQUIRE(row->kind == GRANT_OF_EMERGENCY, REFUSED_GRANT_UNKNOWN);
    REQUIRE(row->reviewed_by[0] == '\0', REFUSED_GRANT_STATE);
    TRY(by_another(work, rows, row->principal));
    memcpy(row->reviewed_by, work->by, sizeof(row->reviewed_by));
    if (row->state == GRANT_GIVEN) row->state = GRANT_REVOKED; /* looked at: it is over */
    return OK;
}

static Status change(GrantChange *work, Rows *rows)
{
    Grant row;
    bool found = false;
    if (work->act == GRANT_GIVE) return give(work, rows);
    if (work->act == GRANT_BREAK_GLASS) return break_glass(work, rows);
    TRY(grant_get(rows, work->grant.id, &row, &found));
    REQUIRE(found, REFUSED_GRANT_UNKNOWN);
    work->grant = row; /* the event says whose */
    if (work->act == GRANT_REVIEW) TRY(review(work, rows, &row));
    if (work->act == GRANT_REVOKE || work->act == GRANT_END) TRY(end(work, &row));
    if (work->act != GRANT_REVIEW) memcpy(row.decided_by, work->by, sizeof(row.decided_by));
    TRY(grant_update(rows, &row));
    work->grant = row;
    return OK;
}

/* --- the event --- */

static AuditKind kind_of(const GrantChange *work)
{
    switch (work->act) {
    case GRANT_GIVE: return AUDIT_ACCESS_DECIDE;
    case GRANT_BREAK_GLASS: return AUDIT_ACCESS_EMERGENCY;
    case GRANT_REVIEW: return AUDIT_ACCESS_EMERGENCY_REVIEW;
    case GRANT_REVOKE:
    case GRANT_END: break;
    }
    return work->grant.kind == GRANT_OF_EMERGENCY ? AUDIT_ACCESS_EMERGENCY_END
                                                  : AUDIT_ACCESS_REVOKE;
}

static Status tell(const GrantChange *work, Rows *rows, Status outcome)
{
    uint8_t actor_bytes[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_bytes[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_bytes[AUDIT_DETAIL_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_bytes);
    Buffer subject = BUFFER_OF(subject_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    const Grant *g = &work->grant;
    TRY(buffer_print(&actor, "%s%s", work->by[0] == '\0' ? "clock" : "operator/", work->by));
    TRY(buffer_print(&subject, "%s/%s", g->principal, g->id));
    TRY(buffer_print(&detail, "%s %s %s until ", grant_state_name(g->state), g->action,
            access_level_name(g->level)));
    TRY(time_format(g->until_us, &detail));
    const AuditEvent event = { .kind = kind_of(work),
        .outcome = outcome.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

static Status change_run(Unit *unit, Rows *rows)
{
    GrantChange *work = (GrantChange *)unit;
    const Status s = change(work, rows);
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    TRY(tell(work, rows, s));
    return s;
}

void grant_change_unit(GrantChange *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit.gather = change_gather;
    work->unit.run = change_run;
    work->unit.done = done;
}
