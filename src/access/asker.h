#pragma once
/*
 * asker: who asks, however he came. A door makes one after it knows who that is, and hands it to
 * the handler; the decision (access/rights.h) and the audit log take it from there (LL-4.5.2,
 * LL-4.5.3). No pointers: it may be kept with a request.
 */
#include "policy/classes.h"

#include "base/bytes.h"

enum {
    ACCESS_ROLES_MAX = 64, /* one bit each */
    ACCESS_ACTIONS_MAX = 256,
    ACCESS_NAME_BYTES_MAX = 40, /* of an action or a role */
    ASKER_PRINCIPAL_BYTES_MAX = 40,
    ASKER_TENANT_BYTES_MAX = 40,
    ASKER_FROM_BYTES_MAX = 64, /* an address, or "uid:1000" */
    ASKER_GRANTS_MAX = 8,
    ASKER_REQUEST_BYTES = 16, /* hexadecimal */
};

#define ASKER_HOUSE "hufu" /* the tenant that is the house itself */

/* Bit n - 1: the role of number n. */
typedef uint64_t RoleSet;

typedef enum AccessDoor {
    DOOR_CLI = 1 << 0,
    DOOR_CONSOLE = 1 << 1,
    DOOR_SERVICE = 1 << 2,
    DOOR_MERCHANT = 1 << 3,
    DOOR_PAYER = 1 << 4,
} AccessDoor;

/* One action that was granted for a while. */
typedef struct AskerGrant {
    char action[ACCESS_NAME_BYTES_MAX + 1]; /* whatever table is in force */
    uint8_t level; /* DataLevel */
    int64_t from_us;
    int64_t until_us;
} AskerGrant;

typedef struct Asker {
    char principal[ASKER_PRINCIPAL_BYTES_MAX + 1]; /* "alice" */
    char tenant[ASKER_TENANT_BYTES_MAX + 1]; /* ASKER_HOUSE, or a mchid */
    RoleSet roles;
    RoleSet emergency_roles; /* beside them until emergency_until_us */
    int64_t emergency_until_us; /* 0: no glass is broken */
    AskerGrant grants[ASKER_GRANTS_MAX];
    size_t grant_count;
    int64_t proved_us; /* the last full authentication */
    int64_t proof_lasts_us; /* for sensitive actions */
    AccessDoor door;
    uint8_t approvals; /* of others, for this very request */
    /* Where others agreed (access/request.h): what they signed, and when it was asked. */
    char request[ASKER_REQUEST_BYTES + 1]; /* empty: nobody was asked */
    char approver[ASKER_PRINCIPAL_BYTES_MAX + 1]; /* the last of them */
    int64_t asked_us;
    char from[ASKER_FROM_BYTES_MAX + 1];
    uint64_t session; /* its number in the trail; 0: none */
} Asker;
