#pragma once
/*
 * domain: the domain store (安全域), an SQLite file of its own that holds what vaultd made of
 * passwords and keys.
 *
 * Read by primary key only, to hand bytes to vaultd; nothing lists it. Each record authenticates
 * itself (vaultd's AEAD, bound to its owner; its version stands in vaultd's journal), so this file
 * can lose or mix up records but not forge one. Thread-safe: one mutex. Source: DESIGN section 2,
 * TP-6, TP-7. Floor 3.
 */
#include "base/bytes.h"

enum {
    DOMAIN_RECORD_BYTES_MAX = 1024,
    DOMAIN_NAME_BYTES_MAX = 64, /* payer id, mchid */
};

typedef struct DomainStore DomainStore;

/* `vfs` as in StoreConfig. Faults FAULT_STORE. */
MUST_USE Status domain_open(const char *path, const char *vfs, DomainStore **ret_domain);
void domain_close(DomainStore *domain); /* NULL is fine */

/* Put or replace a payer's password verifier; durable on return. Refuses REFUSED_BUFFER_FULL
 * (sizes). */
MUST_USE Status domain_put_verifier(DomainStore *domain, Span payer, Span record);
/* Append the record. Refuses REFUSED_ROW_MISSING. */
MUST_USE Status domain_get_verifier(DomainStore *domain, Span payer, Buffer *ret_record);

/*
 * A merchant's sealed APIv3 key, likewise. A next one may stand beside it: it is the one that is
 * used from its time on, or from when the merchant says so; the one before it is gone then.
 */
/* In place of what is there, also of a next one. */
MUST_USE Status domain_put_signing_key(DomainStore *domain, Span mchid, Span sealed);
/* Beside the one that is there, in place of another next one. Refuses REFUSED_ROW_MISSING (there is
 * none to be beside). */
MUST_USE Status domain_put_next_signing_key(
        DomainStore *domain, Span mchid, Span sealed, int64_t from_us);
/* The one that is used at this time. */
MUST_USE Status domain_get_signing_key(
        DomainStore *domain, Span mchid, int64_t now_us, Buffer *ret_sealed);
/* The next one takes over now; nothing happens where there is none. */
MUST_USE Status domain_turn_signing_key(DomainStore *domain, Span mchid);
/* The same for every one whose time has come. */
MUST_USE Status domain_turn_signing_keys(DomainStore *domain, int64_t now_us);
