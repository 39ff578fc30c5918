#pragma once
/*
 * rights: who may ask what of vaultd, and on which lane it runs. One table; what is not in it is
 * refused (TP-15, LL-4.5.2).
 *
 * Who somebody is comes from the kernel: the uid that SO_PEERCRED told and the socket that they
 * came through. Listener 0 is hufud's, listener 1 the operators', listener 2 another's payment
 * core's. Where development gives them the same uid, the socket decides.
 */
#include "ipc/service.h"
#include "ipc/vault_wire.h"

typedef enum VaultRole {
    ROLE_NONE = 0,
    ROLE_HUFUD = 1,
    ROLE_OPERATOR = 2,
    ROLE_CORE = 3, /* another's payment core, or its database: attached tables alone */
} VaultRole;

typedef enum VaultLane {
    LANE_SEAL = 0, /* one worker: it alone owns revision map, digests and tree */
    LANE_SIGN = 1,
    LANE_PASSWORD = 2,
    LANE_ADMIN = 3,
    LANE_ATTACHED = 4,
    LANE_FIELD = 5,
    LANE_COUNT = 6,
} VaultLane;

enum { VAULT_LISTENER_HUFUD = 0, VAULT_LISTENER_OPERATOR = 1, VAULT_LISTENER_CORE = 2 };
enum { VAULT_CORES_MAX = 4 };

typedef struct VaultUsers {
    uint32_t hufud_uid;
    uint32_t operator_uid;
    uint32_t core_uids[VAULT_CORES_MAX]; /* of the core and of its database server */
    size_t core_count;
} VaultUsers;

VaultRole rights_role(const VaultUsers *users, const ServicePeer *peer);
/* False for an unknown operation or role. */
bool rights_allow(VaultRole role, uint8_t operation);
/* The operation is served only when the start-up scan has proved the store. */
bool rights_needs_ready(uint8_t operation);
/* The lane, or -1 for an unknown operation. For ServiceConfig.lane_of. */
int rights_lane(uint8_t operation);
/* Workers and queues of the lanes, LANE_COUNT of them. */
const ServiceLane *rights_lanes(void);
