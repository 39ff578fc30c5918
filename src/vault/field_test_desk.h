#pragma once
/*
 * field_test_desk: what a tenant's client library and hufud together do about sensitive fields, for
 * tests and benchmarks: seals values, keeps what comes back, signs approvals as two people do.
 */
#include "policy/purposes.h"
#include "policy/tables.h"
#include "vault/vault_test_house.h"

typedef struct DeskKept { /* what the domain store would hold */
    uint8_t wrapped[WIRE_WRAPPED_BYTES_MAX];
    size_t wrapped_bytes;
    uint8_t sealed[WIRE_FIELD_BYTES_MAX];
    size_t sealed_bytes;
    char token[WIRE_TOKEN_BYTES_MAX + 1];
    char mask[WIRE_MASK_BYTES_MAX + 1];
    WireIndexes indexes;
} DeskKept;

typedef struct Desk {
    House *house;
    const char *tenant;
    uint16_t data_class;
    uint16_t table;
    uint16_t column;
    /* today's box key */
    PublicKey *box_key;
    uint32_t key_id;
    /* the session */
    BoxSession keys;
    uint8_t session[WIRE_SESSION_BYTES]; /* zeros: boxes */
    uint64_t number; /* of the next message */
    /* the last message, to be replayed */
    uint8_t request[64 * 1024];
    size_t request_bytes;
} Desk;

/* For cards of TABLE_CARD. */
void desk_open(Desk *ret_desk, House *house, const char *tenant);
void desk_close(Desk *desk);
/* BOX_PURPOSE_SESSION or _LOOKUPS. The opening stays in desk->request. */
Status desk_session(Desk *desk, BoxPurpose purpose);

/* One value of `subject`; kept->wrapped is used when it has bytes. */
Status desk_protect(
        Desk *desk, const char *subject, const char *reference, const char *value, DeskKept *kept);
/* Send desk->request once more, and read the answer for one item. */
Status desk_protect_again(Desk *desk, DeskKept *kept);
Status desk_lookup(Desk *desk, const char *value, WireIndexes *ret_indexes);
/* The item of kept, at this row key. */
Status desk_rewrap(
        Desk *desk, const char *subject, const char *row_key, DeskKept *kept, bool *ret_moved);

/* --- receivers and reveals --- */
typedef struct DeskReceiver {
    const char *name;
    PrivateKey *key;
    uint8_t purposes;
    uint32_t per_day;
    uint32_t per_subject_day;
} DeskReceiver;

/* Enrol ann and bob as operators; a house does it once, before its first batch. */
void desk_people(House *house);
/* Put approvals of these two (0 ann, 1 bob, 2 eve, whom nobody enrolled). */
void desk_approve(House *house, const int people[2], const char *operation, Span subject,
        const char *reason, Buffer *b);
Status desk_enroll(House *house, const DeskReceiver *receiver, const int people[2]);
WireReveal desk_reveal_of(
        const Desk *desk, const char *subject, const DeskKept *kept, const char *receiver);
/* people: NULL for none. ret_value: what the receiver reads in its box. */
Status desk_reveal(Desk *desk, const WireReveal *reveal, const int people[2],
        const DeskReceiver *receiver, char ret_value[WIRE_VALUE_BYTES_MAX + 1]);
