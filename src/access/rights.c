#include "access/rights.h"

/* --- finding --- */

int access_action_named(const AccessTable *table, Span name)
{
    for (size_t i = 0; i < table->action_count; i++)
        if (span_equal(span_of_text(table->actions[i].name), name)) return (int)i;
    return -1;
}

const AccessRole *access_role_named(const AccessTable *table, Span name)
{
    for (size_t i = 0; i < table->role_count; i++)
        if (span_equal(span_of_text(table->roles[i].name), name)) return &table->roles[i];
    return NULL;
}

const AccessRole *access_role_numbered(const AccessTable *table, unsigned number)
{
    for (size_t i = 0; i < table->role_count; i++)
        if (table->roles[i].number == number) return &table->roles[i];
    return NULL;
}

size_t access_door_place(AccessDoor door)
{
    size_t place = 0;
    while (place < ACCESS_DOORS - 1 && (unsigned)door != 1U << place)
        place++;
    return place;
}

unsigned access_approvals(const AccessTable *table, int action, AccessDoor door)
{
    return table->actions[action].approvals[access_door_place(door)];
}

int access_service_action(const AccessTable *table, uint32_t right)
{
    for (size_t i = 0; i < ACCESS_SERVICES; i++)
        if (right == 1U << i) return table->services[i].action;
    return -1;
}

RoleSet access_service_roles(const AccessTable *table, uint32_t rights)
{
    RoleSet roles = 0;
    for (size_t i = 0; i < ACCESS_SERVICES; i++)
        if ((rights & 1U << i) != 0) roles |= table->services[i].role;
    return roles;
}

RoleSet access_role_bit(const AccessRole *role) { return (RoleSet)1 << (role->number - 1); }

Status access_roles_put(const AccessTable *table, RoleSet roles, Buffer *ret_text)
{
    bool first = true;
    for (size_t i = 0; i < table->role_count; i++) {
        const AccessRole *role = &table->roles[i];
        if ((roles & access_role_bit(role)) == 0) continue;
        TRY(buffer_print(ret_text, "%s%s", first ? "" : ",", role->name));
        first = false;
    }
    return OK;
}

Status access_roles_of(const AccessTable *table, Span names, RoleSet *ret_roles)
{
    RoleSet roles = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= names.size; i++) {
        if (i < names.size && names.data[i] != ',') continue;
        const AccessRole *role = access_role_named(table, (Span) { names.data + begin, i - begin });
        REQUIRE(role != NULL, REFUSED_ACCESS_ROLE_UNKNOWN);
        roles |= access_role_bit(role);
        begin = i + 1;
    }
    *ret_roles = roles;
    return OK;
}

const AccessConflict *access_conflict(const AccessTable *table, RoleSet roles)
{
    for (size_t i = 0; i < table->conflict_count; i++) {
        const AccessConflict *conflict = &table->conflicts[i];
        if ((roles & conflict->both) == conflict->both) return conflict;
    }
    return NULL;
}

/* --- deciding --- */

static RoleSet roles_now(const Asker *asker, int64_t now_us)
{
    return now_us < asker->emergency_until_us ? asker->roles | asker->emergency_roles
                                              : asker->roles;
}

/* Of the roles alone: allowed, ACCESS_LEVEL or ACCESS_NO_ROLE. */
static AccessVerdict by_role(const AccessTable *table, RoleSet roles, int action, DataLevel level)
{
    if ((table->able[action][level - 1] & roles) != 0) return ACCESS_ALLOWED;
    return (table->able[action][LEVEL_C1 - 1] & roles) != 0 ? ACCESS_LEVEL : ACCESS_NO_ROLE;
}

/* A clock that was moved before the grant's begin gives nothing back. */
static AccessVerdict by_grant(
        const Asker *asker, const AccessAction *action, DataLevel level, int64_t now_us)
{
    AccessVerdict verdict = ACCESS_NO_ROLE;
    for (size_t i = 0; i < asker->grant_count; i++) {
        const AskerGrant *grant = &asker->grants[i];
        if (strcmp(grant->action, action->name) != 0 || grant->level < (int)level) continue;
        if (now_us >= grant->from_us && now_us < grant->until_us) return ACCESS_ALLOWED;
        verdict = ACCESS_GRANT_ENDED;
    }
    return verdict;
}

static AccessVerdict of_right(
        const AccessTable *table, const Asker *asker, int action, DataLevel level, int64_t now_us)
{
    const RoleSet roles = roles_now(asker, now_us);
    if (access_conflict(table, asker->roles) != NULL) return ACCESS_CONFLICT;
    const AccessVerdict verdict = by_role(table, roles, action, level);
    if (verdict == ACCESS_ALLOWED || asker->grant_count == 0) return verdict;
    const AccessVerdict granted = by_grant(asker, &table->actions[action], level, now_us);
    return granted == ACCESS_NO_ROLE ? verdict : granted;
}

/* At the command line every request is signed for itself. */
static bool proved_lately(const Asker *asker, int64_t now_us)
{
    if (asker->door == DOOR_CLI || asker->door == DOOR_SERVICE) return true;
    return now_us >= asker->proved_us && now_us - asker->proved_us <= asker->proof_lasts_us;
}

AccessVerdict access_decide(
        const AccessTable *table, const Asker *asker, int action, DataLevel level, int64_t now_us)
{
    if (action < 0 || (size_t)action >= table->action_count) return ACCESS_ACTION_UNKNOWN;
    const AccessAction *what = &table->actions[action];
    const DataLevel wanted = level == 0 ? what->level : level;
    if (wanted < LEVEL_C1 || wanted > LEVEL_C3) return ACCESS_LEVEL;
    const AccessVerdict verdict = of_right(table, asker, action, wanted, now_us);
    if (verdict != ACCESS_ALLOWED) return verdict;
    if ((what->doors & (unsigned)asker->door) == 0) return ACCESS_WRONG_DOOR;
    if (what->sensitive && !proved_lately(asker, now_us)) return ACCESS_REAUTHENTICATE;
    const unsigned needs = access_approvals(table, action, asker->door);
    return asker->approvals < needs ? ACCESS_NEEDS_APPROVAL : ACCESS_ALLOWED;
}

AccessVerdict access_decide_for(const AccessTable *table, const Asker *asker, int action,
        DataLevel level, Span tenant, int64_t now_us)
{
    const Span own = span_of_text(asker->tenant);
    const bool reaches = span_equal(own, SPAN(ASKER_HOUSE)) || span_equal(own, tenant);
    return reaches ? access_decide(table, asker, action, level, now_us) : ACCESS_OTHER_TENANT;
}

Status access_status(AccessVerdict verdict)
{
    switch (verdict) {
    case ACCESS_ALLOWED: return OK;
    case ACCESS_ACTION_UNKNOWN: return REFUSE(REFUSED_ACCESS_ACTION_UNKNOWN);
    case ACCESS_NO_ROLE: return REFUSE(REFUSED_ACCESS_NO_ROLE);
    case ACCESS_LEVEL: return REFUSE(REFUSED_ACCESS_LEVEL);
    case ACCESS_GRANT_ENDED: return REFUSE(REFUSED_ACCESS_GRANT_ENDED);
    case ACCESS_CONFLICT: return REFUSE(REFUSED_ACCESS_CONFLICT);
    case ACCESS_OTHER_TENANT: return REFUSE(REFUSED_ACCESS_OTHER_TENANT);
    case ACCESS_WRONG_DOOR: return REFUSE(REFUSED_ACCESS_WRONG_DOOR);
    case ACCESS_REAUTHENTICATE: return REFUSE(REFUSED_ACCESS_REAUTHENTICATE);
    case ACCESS_NEEDS_APPROVAL: return REFUSE(REFUSED_ACCESS_NEEDS_APPROVAL);
    case ACCESS_VERDICTS: break;
    }
    return REFUSE(REFUSED_ACCESS_ACTION_UNKNOWN);
}

/* --- levels --- */

static const char *const level_names[] = { "", "C1", "C2", "C3" };

DataLevel access_level_of(Span name)
{
    for (int level = LEVEL_C1; level <= LEVEL_C3; level++)
        if (span_equal(span_of_text(level_names[level]), name)) return (DataLevel)level;
    return (DataLevel)0;
}

const char *access_level_name(DataLevel level)
{
    return level >= LEVEL_C1 && level <= LEVEL_C3 ? level_names[level] : "";
}
