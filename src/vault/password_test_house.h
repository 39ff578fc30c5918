#pragma once
/*
 * password_test_house: a tenant beside the test vault: it makes boxes, keeps verifiers as a domain
 * store does, and has two people who approve. For tests, fuzzing and benchmarks only.
 */
#include "crypto/legacy_password.h"
#include "ipc/password_wire.h"
#include "policy/purposes.h"
#include "vault/vault_test_house.h"

enum { TENANT_ITEMS_MAX = WIRE_LEGACY_MAX };

typedef struct Tenant {
    House *house;
    WireOwner owner; /* whom the next call is about */
    uint8_t nonce[16];
    uint8_t box_memory[BOX_BYTES_MAX];
    uint8_t verifier_memory[WIRE_VERIFIER_BYTES_MAX];
    Span verifier; /* what the store has for `owner`; empty: none */
    uint8_t grant[WIRE_GRANT_BYTES]; /* of the last right check */
    uint8_t next_memory[WIRE_VERIFIER_BYTES_MAX];
    Span next; /* came with the last right check, and is not stored yet; empty: none */
    uint8_t approval_nonce;
} Tenant;

void tenant_init(Tenant *tenant, House *house, const WireOwner *owner);

/* A box for the tenant's owner; borrowed until the next one. `realm` NULL: the owner's own. */
typedef struct TenantWish {
    BoxPurpose purpose;
    Span plain;
    Span reference;
    int64_t minor;
    bool without_user; /* import, legacy key */
    uint16_t data_class; /* 0: the owner's */
} TenantWish;
Span tenant_box(Tenant *tenant, const TenantWish *wish);

Status tenant_set(Tenant *tenant, const char *old, const char *new);
Status tenant_set_box(Tenant *tenant, Span box);
Status tenant_login(Tenant *tenant, const char *password);
Status tenant_check_box(
        Tenant *tenant, Span box, BoxPurpose purpose, const char *reference, int64_t minor);
Status tenant_authorize(Tenant *tenant, const char *password, const char *reference, int64_t minor);
Status tenant_spend(Tenant *tenant, BoxPurpose purpose, const char *reference, int64_t minor);
/* Store what came with the last check, and show it. */
Status tenant_store_next(Tenant *tenant);
/* The status of the shown record itself. */
Status tenant_show(Tenant *tenant);
/* Is there no lock on the owner? */
Status tenant_unlocked(Tenant *tenant);
Status tenant_counts(Tenant *tenant, WirePasswordCounts *ret_counts);

/* Ann and Bob, at the ceremony. */
void tenant_enroll_people(Tenant *tenant);
/* Approvals of Ann and `second` ("bob", or "ann" again). */
Status tenant_put_approvals(
        Tenant *tenant, const char *operation, Span subject, const char *second, Buffer *b);
/* What two people sign who reset the owner's password or, by this class, second factor. */
Status tenant_put_reset_subject(Tenant *tenant, uint16_t data_class, Span box, Buffer *b);
typedef struct TenantReset {
    const char *password;
    const char *second;
    bool other_box; /* than the one that was approved */
    Span secret; /* not empty: of a second factor, instead of a password */
} TenantReset;
Status tenant_reset(Tenant *tenant, const TenantReset *reset);
/* key NULL: none; second as above. */
Status tenant_allow(Tenant *tenant, LegacyForm form, const char *key, const char *second);

/* One import of these bytes inside the box. */
Status tenant_import_bytes(Tenant *tenant, Span records, bool wrap);
/* One import; ret_statuses has `count`; the last record's verifier is what the store keeps. */
Status tenant_import(Tenant *tenant, const WireLegacyRecord *records, size_t count, bool wrap,
        Status *ret_statuses);
