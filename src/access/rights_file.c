/* rules/access.yaml into an AccessTable (access/rights.h). */
#include "access/rights.h"

#include "access/caller.h"
#include "crypto/digest.h"

#include <stdlib.h>

_Static_assert(CALLER_RIGHTS_ALL == (1 << ACCESS_SERVICES) - 1, "a right, an action and a role");

enum { SESSION_SECONDS_MAX = 7 * 86400, APPROVALS_MAX = 2 };

static Status blamed(const YamlNode *node, YamlProblem *problem)
{
    yaml_blame(node, problem);
    return REFUSE(REFUSED_ACCESS_TABLE_INVALID);
}

static void keep(char *ret_text, Span text) /* the tables of fields bound it */
{
    memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = '\0';
}

static Status read_name(const YamlNode *node, Span name, char *ret_name, YamlProblem *problem)
{
    for (size_t i = 0; i < name.size; i++) {
        const uint8_t c = name.data[i];
        const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'
                || c == '_';
        if (!fits) return blamed(node, problem);
    }
    keep(ret_name, name);
    return OK;
}

/* --- actions --- */

typedef struct ActionFile {
    Span name;
    Span level;
    Span doors;
    bool sensitive;
    const YamlNode *approvals;
} ActionFile;

static const YamlField action_fields[] = {
    { "name", YAML_TEXT, true, 1, ACCESS_NAME_BYTES_MAX, offsetof(ActionFile, name) },
    { "level", YAML_TEXT, true, 2, 2, offsetof(ActionFile, level) },
    { "doors", YAML_TEXT, true, 1, 16, offsetof(ActionFile, doors) },
    { "sensitive", YAML_BOOL, false, 0, 1, offsetof(ActionFile, sensitive) },
    { "approvals", YAML_ANY, false, 0, 0, offsetof(ActionFile, approvals) },
};

typedef struct DoorName {
    const char *name;
    uint8_t doors;
} DoorName;

static const DoorName door_names[] = {
    { "cli", DOOR_CLI },
    { "console", DOOR_CONSOLE },
    { "both", DOOR_CLI | DOOR_CONSOLE },
    { "service", DOOR_SERVICE },
    { "merchant", DOOR_MERCHANT },
    { "payer", DOOR_PAYER },
};

static uint8_t doors_of(Span name)
{
    for (size_t i = 0; i < sizeof(door_names) / sizeof(door_names[0]); i++)
        if (span_equal(span_of_text(door_names[i].name), name)) return door_names[i].doors;
    return 0;
}

/* At one door; a door that the action does not have is a mistake. */
static Status read_approvals_at(
        const YamlNode *node, uint8_t doors, AccessAction *action, YamlProblem *problem)
{
    int64_t needs = 0;
    TRY(yaml_int(node, 0, APPROVALS_MAX, &needs, problem));
    if (doors == 0 || (action->doors & doors) != doors) return blamed(node, problem);
    for (size_t place = 0; place < ACCESS_DOORS; place++)
        if ((doors & 1U << place) != 0) action->approvals[place] = (uint8_t)needs;
    return OK;
}

/* `1`: at every door; `{ console: 1 }`: at this one. */
static Status read_approvals(const YamlNode *node, AccessAction *action, YamlProblem *problem)
{
    if (node == NULL) return OK;
    if (yaml_shape(node) == YAML_SHAPE_SCALAR)
        return read_approvals_at(node, action->doors, action, problem);
    if (yaml_shape(node) != YAML_SHAPE_MAPPING) return blamed(node, problem);
    for (size_t i = 0; i < yaml_size(node); i++)
        TRY(read_approvals_at(yaml_at(node, i), doors_of(yaml_key_at(node, i)), action, problem));
    return OK;
}

static Status read_action(const YamlNode *node, AccessTable *t, YamlProblem *problem)
{
    ActionFile file = { 0 };
    AccessAction *action = &t->actions[t->action_count];
    TRY(yaml_read(
            node, action_fields, sizeof(action_fields) / sizeof(action_fields[0]), &file, problem));
    if (access_action_named(t, file.name) >= 0) return blamed(node, problem);
    TRY(read_name(node, file.name, action->name, problem));
    action->level = access_level_of(file.level);
    action->doors = doors_of(file.doors);
    action->sensitive = file.sensitive;
    if (action->level == 0) return blamed(yaml_find(node, "level"), problem);
    if (action->doors == 0) return blamed(yaml_find(node, "doors"), problem);
    TRY(read_approvals(file.approvals, action, problem));
    t->action_count++;
    return OK;
}

/* --- roles --- */

typedef struct RoleFile {
    Span name, en, zh, line, tenant;
    int64_t number;
    const YamlNode *may;
} RoleFile;

static const YamlField role_fields[] = {
    { "name", YAML_TEXT, true, 1, ACCESS_NAME_BYTES_MAX, offsetof(RoleFile, name) },
    { "number", YAML_INT, true, 1, ACCESS_ROLES_MAX, offsetof(RoleFile, number) },
    { "en", YAML_TEXT, true, 1, ACCESS_TITLE_BYTES_MAX, offsetof(RoleFile, en) },
    { "zh", YAML_TEXT, true, 1, ACCESS_TITLE_BYTES_MAX, offsetof(RoleFile, zh) },
    { "line", YAML_TEXT, true, 1, 8, offsetof(RoleFile, line) },
    { "tenant", YAML_TEXT, true, 1, 8, offsetof(RoleFile, tenant) },
    { "may", YAML_MAPPING, true, 0, 0, offsetof(RoleFile, may) },
};

static Status read_may(const YamlNode *may, AccessTable *t, AccessRole *role, YamlProblem *problem)
{
    for (size_t i = 0; i < yaml_size(may); i++) {
        const YamlNode *node = yaml_at(may, i);
        const int action = access_action_named(t, yaml_key_at(may, i));
        Span name = { 0 };
        TRY(yaml_text(node, 2, &name, problem));
        const DataLevel level = access_level_of(name);
        if (action < 0 || level == 0) return blamed(node, problem);
        role->may[action] = (uint8_t)level;
        for (int l = LEVEL_C1; l <= (int)level; l++)
            t->able[action][l - 1] |= access_role_bit(role);
    }
    return OK;
}

static Status read_role(
        const YamlNode *node, const YamlNode *staff, AccessTable *t, YamlProblem *problem)
{
    RoleFile file = { 0 };
    AccessRole *role = &t->roles[t->role_count];
    TRY(yaml_read(node, role_fields, sizeof(role_fields) / sizeof(role_fields[0]), &file, problem));
    if (access_role_named(t, file.name) != NULL) return blamed(node, problem);
    if (access_role_numbered(t, (unsigned)file.number) != NULL) return blamed(node, problem);
    TRY(read_name(node, file.name, role->name, problem));
    keep(role->title_en, file.en);
    keep(role->title_zh, file.zh);
    role->number = (uint8_t)file.number;
    if (span_equal(file.line, SPAN("first"))) role->line = LINE_FIRST;
    if (span_equal(file.line, SPAN("second"))) role->line = LINE_SECOND;
    if (span_equal(file.line, SPAN("third"))) role->line = LINE_THIRD;
    if (span_equal(file.tenant, SPAN("house"))) role->tenant = ROLE_OF_HOUSE;
    if (span_equal(file.tenant, SPAN("merchant"))) role->tenant = ROLE_OF_MERCHANT;
    if (span_equal(file.tenant, SPAN("service"))) role->tenant = ROLE_OF_SERVICE;
    if (role->line == 0) return blamed(yaml_find(node, "line"), problem);
    if (role->tenant == 0) return blamed(yaml_find(node, "tenant"), problem);
    if (role->tenant == ROLE_OF_HOUSE) TRY(read_may(staff, t, role, problem));
    TRY(read_may(file.may, t, role, problem));
    t->known |= access_role_bit(role);
    t->role_count++;
    return OK;
}

/* A list of roles' names. */
static Status read_roles(
        const YamlNode *list, const AccessTable *t, RoleSet *ret_roles, YamlProblem *problem)
{
    RoleSet roles = 0;
    for (size_t i = 0; i < yaml_size(list); i++) {
        const YamlNode *item = yaml_at(list, i);
        Span name = { 0 };
        TRY(yaml_text(item, ACCESS_NAME_BYTES_MAX, &name, problem));
        const AccessRole *role = access_role_named(t, name);
        if (role == NULL || (roles & access_role_bit(role)) != 0) return blamed(item, problem);
        roles |= access_role_bit(role);
    }
    *ret_roles = roles;
    return OK;
}

/* --- conflicts --- */

typedef struct ConflictFile {
    const YamlNode *roles;
    Span reason;
} ConflictFile;

static const YamlField conflict_fields[] = {
    { "roles", YAML_SEQUENCE, true, 2, 2, offsetof(ConflictFile, roles) },
    { "reason", YAML_TEXT, true, 1, ACCESS_REASON_BYTES_MAX, offsetof(ConflictFile, reason) },
};

static Status read_conflict(const YamlNode *node, AccessTable *t, YamlProblem *problem)
{
    ConflictFile file = { 0 };
    AccessConflict *conflict = &t->conflicts[t->conflict_count];
    TRY(yaml_read(node, conflict_fields, 2, &file, problem));
    TRY(read_roles(file.roles, t, &conflict->both, problem));
    keep(conflict->reason, file.reason);
    t->conflict_count++;
    return OK;
}

/* --- limits --- */

#define SESSION(member, most)                                             \
    {                                                                     \
#member, YAML_INT, true, 1, most, offsetof(AccessSession, member) \
    }
static const YamlField session_fields[] = {
    SESSION(idle_s, SESSION_SECONDS_MAX),
    SESSION(absolute_s, SESSION_SECONDS_MAX),
    SESSION(reauthenticate_s, SESSION_SECONDS_MAX),
};

static const YamlField lockout_fields[] = {
    { "attempts", YAML_INT, true, 1, 20, offsetof(LockoutLimits, attempts) },
    { "window_s", YAML_INT, true, 1, SESSION_SECONDS_MAX, offsetof(LockoutLimits, window_s) },
    { "lock_s", YAML_INT, true, 1, SESSION_SECONDS_MAX, offsetof(LockoutLimits, lock_s) },
};

static const YamlField review_fields[] = {
    { "period_days", YAML_INT, true, 1, 366, offsetof(AccessReviews, period_days) },
    { "remind_days", YAML_INT, true, 0, 366, offsetof(AccessReviews, remind_days) },
};

static Status read_sessions(const YamlNode *node, AccessTable *t, YamlProblem *problem)
{
    static const char *const kinds[SESSION_KINDS] = { "staff", "merchant-administrator", "payer" };
    if (yaml_size(node) != SESSION_KINDS) return blamed(node, problem);
    for (size_t i = 0; i < SESSION_KINDS; i++) {
        const YamlNode *kind = yaml_find(node, kinds[i]);
        if (kind == NULL) return blamed(node, problem);
        AccessSession *limits = &t->sessions[i];
        TRY(yaml_read(kind, session_fields, 3, limits, problem));
        if (limits->idle_s > limits->absolute_s) return blamed(kind, problem);
    }
    return OK;
}

typedef struct EmergencyFile {
    int64_t duration_s;
    const YamlNode *who, *gives;
} EmergencyFile;

static const YamlField emergency_fields[] = {
    { "duration_s", YAML_INT, true, 60, 86400, offsetof(EmergencyFile, duration_s) },
    { "who", YAML_SEQUENCE, true, 1, ACCESS_ROLES_MAX, offsetof(EmergencyFile, who) },
    { "gives", YAML_SEQUENCE, true, 1, ACCESS_ROLES_MAX, offsetof(EmergencyFile, gives) },
};

static bool begins_with(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* What all staff may do at most; 0: it is not for all. */
static DataLevel staff_level(const YamlNode *staff, const char *action)
{
    const YamlNode *node = yaml_find(staff, action);
    YamlProblem ignored = { 0 };
    Span name = { 0 };
    if (node == NULL || !status_ok(yaml_text(node, 2, &name, &ignored))) return (DataLevel)0;
    return access_level_of(name);
}

/* Who broke the glass reaches no approval, no right of anybody, and no data of the highest level:
 * no more of them than all staff may. */
static bool is_beyond_emergency(const AccessTable *t, const YamlNode *staff, RoleSet gives)
{
    for (size_t i = 0; i < t->action_count; i++) {
        const char *name = t->actions[i].name;
        if ((t->able[i][LEVEL_C3 - 1] & gives) != 0) return true;
        const bool guarded = begins_with(name, "access.") || begins_with(name, "request.");
        const DataLevel usual = staff_level(staff, name);
        if (guarded && usual < LEVEL_C3 && (t->able[i][usual] & gives) != 0)
            return true; /* one level above it */
    }
    return false;
}

static Status read_emergency(
        const YamlNode *node, const YamlNode *staff, AccessTable *t, YamlProblem *problem)
{
    EmergencyFile file = { 0 };
    TRY(yaml_read(node, emergency_fields, 3, &file, problem));
    t->emergency.duration_s = file.duration_s;
    TRY(read_roles(file.who, t, &t->emergency.who, problem));
    TRY(read_roles(file.gives, t, &t->emergency.gives, problem));
    return is_beyond_emergency(t, staff, t->emergency.gives) ? blamed(file.gives, problem) : OK;
}

/* --- all of it --- */

typedef struct File {
    int64_t version;
    int64_t grant_days_max;
    const YamlNode *actions, *staff, *roles, *conflicts, *sessions, *lockout, *reviews, *emergency;
} File;

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(File, version) },
    { "actions", YAML_SEQUENCE, true, 1, ACCESS_ACTIONS_MAX, offsetof(File, actions) },
    { "staff", YAML_MAPPING, true, 0, 0, offsetof(File, staff) },
    { "roles", YAML_SEQUENCE, true, 1, ACCESS_ROLES_MAX, offsetof(File, roles) },
    { "conflicts", YAML_SEQUENCE, true, 0, ACCESS_CONFLICTS_MAX, offsetof(File, conflicts) },
    { "sessions", YAML_MAPPING, true, 0, 0, offsetof(File, sessions) },
    { "lockout", YAML_MAPPING, true, 0, 0, offsetof(File, lockout) },
    { "reviews", YAML_MAPPING, true, 0, 0, offsetof(File, reviews) },
    { "emergency", YAML_MAPPING, true, 0, 0, offsetof(File, emergency) },
    { "grant_days_max", YAML_INT, true, 1, 366, offsetof(File, grant_days_max) },
};

/* "service.reveal" and "service-reveal": found once, so that the service's door looks up none. */
static void find_services(AccessTable *t)
{
    for (size_t i = 0; i < ACCESS_SERVICES; i++) {
        uint8_t action_bytes[ACCESS_NAME_BYTES_MAX];
        uint8_t role_bytes[ACCESS_NAME_BYTES_MAX];
        Buffer action = BUFFER_OF(action_bytes);
        Buffer role = BUFFER_OF(role_bytes);
        ASSERT(status_ok(buffer_put(&action, SPAN("service."))));
        ASSERT(status_ok(buffer_put(&role, SPAN("service-"))));
        ASSERT(status_ok(caller_rights_put(1U << i, &action)));
        ASSERT(status_ok(caller_rights_put(1U << i, &role)));
        const AccessRole *found = access_role_named(t, span_of_buffer(&role));
        t->services[i].action = access_action_named(t, span_of_buffer(&action));
        t->services[i].role = found == NULL ? 0 : access_role_bit(found);
    }
}

static Status read_table(const YamlNode *root, AccessTable *t, YamlProblem *problem)
{
    File file = { 0 };
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    for (size_t i = 0; i < yaml_size(file.actions); i++)
        TRY(read_action(yaml_at(file.actions, i), t, problem));
    for (size_t i = 0; i < yaml_size(file.roles); i++)
        TRY(read_role(yaml_at(file.roles, i), file.staff, t, problem));
    for (size_t i = 0; i < yaml_size(file.conflicts); i++)
        TRY(read_conflict(yaml_at(file.conflicts, i), t, problem));
    TRY(read_sessions(file.sessions, t, problem));
    TRY(yaml_read(file.lockout, lockout_fields, 3, &t->lockout, problem));
    TRY(yaml_read(file.reviews, review_fields, 2, &t->reviews, problem));
    t->grant_days_max = file.grant_days_max;
    find_services(t);
    return read_emergency(file.emergency, file.staff, t, problem);
}

void access_table_free(AccessTable **table)
{
    free(*table);
    *table = NULL;
}

Status access_table_parse(Span yaml, AccessTable **ret_table, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    CLEANUP(access_table_free) AccessTable *table = calloc(1, sizeof(*table));
    CHECK(table != NULL, FAULT_MEMORY);
    TRY(yaml_parse(yaml, &document, problem));
    TRY(read_table(yaml_root(document), table, problem));
    sha256(yaml, table->digest);
    *ret_table = table;
    table = NULL; /* transferred */
    return OK;
}

Status access_file_read(const char *path, Buffer *ret_text)
{
    REQUIRE(yaml_file_read(path, ret_text), REFUSED_ACCESS_TABLE_INVALID);
    return OK;
}

static void text_free(Buffer *text) { free(text->data); }

Status access_table_load(const char *path, AccessTable **ret_table, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(text_free) Buffer text = { malloc(ACCESS_FILE_BYTES_MAX), 0, ACCESS_FILE_BYTES_MAX };
    CHECK(text.data != NULL, FAULT_MEMORY);
    TRY(access_file_read(path, &text));
    return access_table_parse(span_of_buffer(&text), ret_table, problem);
}
