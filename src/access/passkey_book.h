#pragma once
/*
 * passkey_book: whose passkeys there are: sealed rows, since a swapped key is a stolen log-in, and
 * a book in memory that answers from verified rows alone, like DeviceBook. Thread-safe.
 */
#include "access/asker.h"
#include "access/passkey.h"
#include "store/batch.h"

extern const Table passkey_table;

enum {
    PASSKEY_NAME_BYTES = 2 * 16, /* hexadecimal of the first 16 bytes of the id's SHA-256 */
    PASSKEYS_EACH_MAX = 16, /* live ones of one principal */
    PASSKEYS_MAX = 16384,
};

enum PasskeyColumn {
    PASSKEY_PRINCIPAL = 1, /* TEXT, key */
    PASSKEY_NAME = 2, /* TEXT, key */
    PASSKEY_ID = 3, /* BYTES: the credential id, as the authenticator chose it */
    PASSKEY_ALGORITHM = 4, /* INT, KeyAlgorithm */
    PASSKEY_SPKI = 5, /* BYTES: SubjectPublicKeyInfo */
    PASSKEY_COUNT = 6, /* INT, u32 */
    PASSKEY_COPIES = 7, /* INT, 1: it may be copied between devices */
    PASSKEY_STATUS = 8, /* INT, RegisterStatus */
    PASSKEY_ADDED = 9, /* INT, us */
    PASSKEY_STAMP = 10, /* INT: `changed_us` of its principal when it was added */
};

typedef struct Passkey {
    char principal[ASKER_PRINCIPAL_BYTES_MAX + 1];
    char name[PASSKEY_NAME_BYTES + 1];
    PasskeyKey key;
    RegisterStatus status;
    int64_t added_us;
    int64_t stamp; /* it counts only while its principal has not been changed since */
} Passkey;

/* The name of the passkey with this id. */
void passkey_name(Span id, char ret_name[PASSKEY_NAME_BYTES + 1]);

/* Gathering or running. *ret_found false: there is none (`ret` unchanged). */
MUST_USE Status passkey_get(
        Rows *rows, const char *principal, const char *name, Passkey *ret, bool *ret_found);
/* Running. Refuses PASSKEY_EXISTS (this principal's, removed ones too). */
MUST_USE Status passkey_insert(Rows *rows, const Passkey *passkey);
/* Running: a new count, or it was removed. */
MUST_USE Status passkey_update(Rows *rows, const Passkey *passkey);

typedef struct PasskeyBook PasskeyBook;

MUST_USE Status passkey_book_open(PasskeyBook **ret_book);
void passkey_book_close(PasskeyBook **book); /* NULL inside is fine */
/* A live one of this principal. Refuses PASSKEY_UNKNOWN. */
MUST_USE Status passkey_book_find(PasskeyBook *book, Span principal, Span id, Passkey *ret);
/* A live one of anybody's, for a log-in that begins with the passkey. Refuses PASSKEY_UNKNOWN; also
 * where two principals have one with the same id, which no honest authenticator makes. */
MUST_USE Status passkey_book_find_id(PasskeyBook *book, Span id, Passkey *ret);
/* Has anybody a live one with this id? */
bool passkey_book_has_id(PasskeyBook *book, Span id);
/* Live ones of a principal, in the order in which they came; how many. */
size_t passkey_book_list(PasskeyBook *book, Span principal, Passkey ret[PASSKEYS_EACH_MAX]);
/* Put or replace one, as a unit committed it. Refuses PASSKEYS_FULL (of all, or of this principal).
 */
MUST_USE Status passkey_book_put(PasskeyBook *book, const Passkey *passkey);
/* Load everything through the batch, waiting. Never from the batch thread. A row that does not
 * verify is left out (its alarm was raised) and counted. */
MUST_USE Status passkey_book_refresh(
        PasskeyBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out);
