#pragma once
/*
 * principal: who there is. A person of the house, or a merchant's administrator, under an id that
 * is his alone and never given again, with his roles and the public half of his signing key; the
 * private half never comes here (TP-15, LL-4.5.2: unique identity). Services are callers
 * (access/caller.h) and stand in lists beside them.
 *
 * Sealed rows (DESIGN section 5.4): a swapped key or role is a stolen right. PrincipalBook answers
 * from verified rows alone, like CallerList. Thread-safe.
 */
#include "access/asker.h"

#include "crypto/sign.h"
#include "store/batch.h"

extern const Table principal_table;

enum {
    PRINCIPAL_ID_BYTES_MAX = ASKER_PRINCIPAL_BYTES_MAX,
    PRINCIPAL_TENANT_BYTES_MAX = ASKER_TENANT_BYTES_MAX,
    PRINCIPAL_PERSON_BYTES = 32,
    PRINCIPAL_KEY_BYTES_MAX = 128, /* SubjectPublicKeyInfo of Ed25519, P-256 or SM2 */
    PRINCIPALS_MAX = 16384,
};

enum PrincipalColumn {
    PRINCIPAL_ID = 1, /* TEXT, key */
    PRINCIPAL_TENANT = 2, /* TEXT: ASKER_HOUSE, or a mchid */
    PRINCIPAL_KIND = 3, /* INT, PrincipalKind */
    PRINCIPAL_PERSON = 4, /* BYTES 32: keyed hash of the staff number or identity */
    PRINCIPAL_ROLES = 5, /* INT, RoleSet */
    PRINCIPAL_KEY_ALGORITHM = 6, /* INT, KeyAlgorithm */
    PRINCIPAL_KEY = 7, /* BYTES: SubjectPublicKeyInfo */
    PRINCIPAL_STATUS = 8, /* INT, RegisterStatus */
    PRINCIPAL_CREATED = 9, /* INT, us */
    PRINCIPAL_CHANGED = 10, /* INT, us: of roles, key or status; older sessions are over */
    PRINCIPAL_REVIEW = 11, /* INT, us: his rights are reviewed by then */
};

/* Stored: append only. */
typedef enum PrincipalKind {
    PRINCIPAL_OF_PERSON = 1,
    PRINCIPAL_OF_SERVICE = 2,
    PRINCIPAL_OF_MERCHANT_ADMINISTRATOR = 3,
} PrincipalKind;

typedef struct Principal {
    char id[PRINCIPAL_ID_BYTES_MAX + 1];
    char tenant[PRINCIPAL_TENANT_BYTES_MAX + 1];
    PrincipalKind kind;
    uint8_t person[PRINCIPAL_PERSON_BYTES];
    RoleSet roles;
    KeyAlgorithm algorithm;
    uint8_t key[PRINCIPAL_KEY_BYTES_MAX];
    size_t key_size;
    RegisterStatus status;
    int64_t created_us;
    int64_t changed_us;
    int64_t review_us;
} Principal;

/* 1..40 of lower-case letters, digits, `_`, `.` and `-`, the first a letter. */
bool principal_id_is_valid(Span id);
/* Ed25519, P-256 or SM2. Refuses PRINCIPAL_KEY. */
MUST_USE Status principal_set_key(Principal *principal, const PublicKey *key);

/* Gathering or running. *ret_found false: there is none (`ret` unchanged). */
MUST_USE Status principal_get(Rows *rows, const char *id, Principal *ret, bool *ret_found);
/* Running. Refuses PRINCIPAL_EXISTS: an id is never given again. */
MUST_USE Status principal_insert(Rows *rows, const Principal *principal);
MUST_USE Status principal_update(Rows *rows, const Principal *principal);

typedef struct PrincipalBook PrincipalBook;

MUST_USE Status principal_book_open(PrincipalBook **ret_book);
void principal_book_close(PrincipalBook **book);
/* A live one. Refuses PRINCIPAL_UNKNOWN (also one who has left: not told apart). */
MUST_USE Status principal_book_find(PrincipalBook *book, Span id, Principal *ret_principal);
/* Whoever has this id, also one who has left; false: nobody ever had it. */
bool principal_book_look(PrincipalBook *book, Span id, Principal *ret_principal);
/* Does a live principal of another id belong to this person, or hold this key? */
bool principal_book_person_is_taken(PrincipalBook *book, const Principal *principal);
bool principal_book_key_is_taken(PrincipalBook *book, const Principal *principal);
/* Put or replace one, as a unit read or committed it. Refuses PRINCIPALS_FULL. */
MUST_USE Status principal_book_put(PrincipalBook *book, const Principal *principal);
/* The `number`th, in the order in which they came; false behind the last. */
bool principal_book_at(PrincipalBook *book, size_t number, Principal *ret_principal);
size_t principal_book_count(PrincipalBook *book);
/* Load everything through the batch, waiting. Never from the batch thread. A row that does not
 * verify is left out (its alarm was raised) and counted. */
MUST_USE Status principal_book_refresh(
        PrincipalBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out);
