#pragma once
/*
 * rights: the one table that says who may do what: role x action x data level, from
 * rules/access.yaml, and the one function that decides by it. Default deny (TP-15, LL-4.5.2).
 *
 * Every door asks access_decide(), so a right is the same at the command line and in the console;
 * access_explain() says the same in words. Numbers of roles stand in sealed rows (one bit each) and
 * are never given again; an action's place in the file is not stored. A table is read-only once it
 * is loaded. No shared state.
 */
#include "access/asker.h"
#include "access/session.h"

#include "text/yaml.h"

#include <stdatomic.h>

enum {
    ACCESS_CONFLICTS_MAX = 128,
    ACCESS_TITLE_BYTES_MAX = 64,
    ACCESS_REASON_BYTES_MAX = 160,
    ACCESS_FILE_BYTES_MAX = 65536,
    ACCESS_DIGEST_BYTES = 32,
    ACCESS_EXPLANATION_BYTES_MAX = 2048,
    ACCESS_DOORS = 5,
    ACCESS_SERVICES = 6, /* a right of a caller each */
};

typedef struct AccessAction {
    char name[ACCESS_NAME_BYTES_MAX + 1]; /* as the operation: "merchant.add" */
    DataLevel level; /* of what it may touch, unless the asker says less */
    bool sensitive; /* who is at a console proves afresh who he is */
    uint8_t approvals[ACCESS_DOORS]; /* of how many others, 0..2, by access_door_place() */
    uint8_t doors; /* AccessDoor bits */
} AccessAction;

/* What a caller of the vault's service may do by one of his rights: bit n of access/caller.h. */
typedef struct AccessService {
    int action; /* its place in the table; -1: there is none */
    RoleSet role; /* 0: there is none */
} AccessService;

typedef enum LineOfDefence { LINE_FIRST = 1, LINE_SECOND = 2, LINE_THIRD = 3 } LineOfDefence;

/* Whose people a role is for. */
typedef enum RoleTenant { ROLE_OF_HOUSE = 1, ROLE_OF_MERCHANT = 2, ROLE_OF_SERVICE = 3 } RoleTenant;

typedef struct AccessRole {
    char name[ACCESS_NAME_BYTES_MAX + 1];
    char title_en[ACCESS_TITLE_BYTES_MAX + 1];
    char title_zh[ACCESS_TITLE_BYTES_MAX + 1];
    uint8_t number; /* 1..64 */
    LineOfDefence line;
    RoleTenant tenant;
    uint8_t may[ACCESS_ACTIONS_MAX]; /* by action: the highest DataLevel, 0: not at all */
} AccessRole;

/* Nobody has both. */
typedef struct AccessConflict {
    RoleSet both;
    char reason[ACCESS_REASON_BYTES_MAX + 1];
} AccessConflict;

/* In seconds, for each SessionKind. */
typedef struct AccessSession {
    int64_t idle_s;
    int64_t absolute_s;
    int64_t reauthenticate_s; /* a full authentication serves sensitive actions for so long */
} AccessSession;

typedef struct LockoutLimits {
    int64_t attempts;
    int64_t window_s;
    int64_t lock_s;
} LockoutLimits;

typedef struct AccessReviews {
    int64_t period_days;
    int64_t remind_days; /* before its end */
} AccessReviews;

typedef struct AccessEmergency {
    int64_t duration_s;
    RoleSet who; /* may break the glass */
    RoleSet gives; /* what they are meanwhile */
} AccessEmergency;

typedef struct AccessTable {
    AccessAction actions[ACCESS_ACTIONS_MAX];
    size_t action_count;
    AccessRole roles[ACCESS_ROLES_MAX];
    size_t role_count;
    AccessConflict conflicts[ACCESS_CONFLICTS_MAX];
    size_t conflict_count;
    RoleSet able[ACCESS_ACTIONS_MAX][LEVEL_C3]; /* whose roles may do it at level 1 + index */
    AccessSession sessions[SESSION_KINDS];
    LockoutLimits lockout;
    AccessReviews reviews;
    AccessEmergency emergency;
    int64_t grant_days_max;
    RoleSet known;
    AccessService services[ACCESS_SERVICES];
    _Atomic size_t holders; /* of access/in_force.h */
    uint8_t digest[ACCESS_DIGEST_BYTES]; /* SHA-256 of the file's bytes */
} AccessTable;

/*
 * A table on the heap, from a file's text.
 * Refuses ACCESS_TABLE_INVALID (a name or number twice, an action or role that does not exist, an
 * emergency role that reaches approvals, rights or level C3) and what text/yaml.h refuses;
 * `problem` says where.
 */
MUST_USE Status access_table_parse(Span yaml, AccessTable **ret_table, YamlProblem *problem);
/* The bytes of a file of at most ACCESS_FILE_BYTES_MAX, appended. Refuses ACCESS_TABLE_INVALID. */
MUST_USE Status access_file_read(const char *path, Buffer *ret_text);
/* The same from a file. Refuses ACCESS_TABLE_INVALID (no such file, too large; problem->line = 0).
 * Faults FAULT_MEMORY. */
MUST_USE Status access_table_load(const char *path, AccessTable **ret_table, YamlProblem *problem);
void access_table_free(AccessTable **table);

/* Its place in table->actions; -1: there is none. */
int access_action_named(const AccessTable *table, Span name);
/* NULL: there is none. */
const AccessRole *access_role_named(const AccessTable *table, Span name);
const AccessRole *access_role_numbered(const AccessTable *table, unsigned number);
/* 0..ACCESS_DOORS-1. */
size_t access_door_place(AccessDoor door);
/* Of how many others this action needs the approval at this door. */
unsigned access_approvals(const AccessTable *table, int action, AccessDoor door);
/* The place of the action that one right of a caller (access/caller.h) stands for; -1: none. */
int access_service_action(const AccessTable *table, uint32_t right);
/* The roles of a caller with these rights (access/caller.h). */
RoleSet access_service_roles(const AccessTable *table, uint32_t rights);
/* Its one bit. */
RoleSet access_role_bit(const AccessRole *role);
/* The names of these roles, joined by commas; appended. */
MUST_USE Status access_roles_put(const AccessTable *table, RoleSet roles, Buffer *ret_text);
/* Roles from a text of names joined by commas. Refuses ACCESS_ROLE_UNKNOWN. */
MUST_USE Status access_roles_of(const AccessTable *table, Span names, RoleSet *ret_roles);

/* The first pair of roles of which a person with these roles has both; NULL: none. */
const AccessConflict *access_conflict(const AccessTable *table, RoleSet roles);

typedef enum AccessVerdict {
    ACCESS_ALLOWED = 0,
    ACCESS_ACTION_UNKNOWN,
    ACCESS_NO_ROLE,
    ACCESS_LEVEL,
    ACCESS_GRANT_ENDED, /* it was granted once, and the time is over */
    ACCESS_CONFLICT, /* the asker's roles exclude one another: none of them counts */
    ACCESS_OTHER_TENANT,
    ACCESS_WRONG_DOOR,
    ACCESS_REAUTHENTICATE,
    ACCESS_NEEDS_APPROVAL,
    ACCESS_VERDICTS,
} AccessVerdict;

/*
 * May this asker do this now? Pure; the last two verdicts say what is missing of an asker who has
 * the right.
 *
 * action  its place in the table (access_action_named()); anything else is ACCESS_ACTION_UNKNOWN
 * level   of the data that is asked for; 0: the action's own
 */
AccessVerdict access_decide(
        const AccessTable *table, const Asker *asker, int action, DataLevel level, int64_t now_us);
/* The same about something of `tenant`: who is not of the house acts on his own tenant alone. */
AccessVerdict access_decide_for(const AccessTable *table, const Asker *asker, int action,
        DataLevel level, Span tenant, int64_t now_us);

/* OK, or the refusal of this name. */
MUST_USE Status access_status(AccessVerdict verdict);

typedef enum AccessLanguage { ACCESS_ENGLISH = 0, ACCESS_CHINESE = 1 } AccessLanguage;
/* Why yes or no, in sentences: the verdict, and which roles would do. Appended; at most
 * ACCESS_EXPLANATION_BYTES_MAX. */
MUST_USE Status access_explain(const AccessTable *table, const Asker *asker, Span action,
        DataLevel level, int64_t now_us, AccessLanguage language, Buffer *ret_text);

/* "C1", "C2", "C3". 0 for anything else. */
DataLevel access_level_of(Span name);
const char *access_level_name(DataLevel level);
