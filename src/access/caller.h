#pragma once
/*
 * caller: another system of the institution that uses the vault as a service over mutual TLS: who
 * it is (by the key in its certificate), for whom it acts, what it may ask (TP-15, TP-17; default
 * deny). Sealed rows (DESIGN section 5.4): a swapped key is a stolen caller.
 *
 * CallerList answers who asks, from verified rows alone; caller_list_refresh() finds the rows with
 * a plain read and loads each through the batch. Thread-safe.
 */
#include "store/batch.h"

extern const Table caller_table;

enum {
    CALLER_NAME_BYTES_MAX = 40,
    CALLER_TENANT_BYTES_MAX = 40,
    CALLER_KEY_BYTES = 32,
    CALLERS_MAX = 256,
};

enum CallerColumn {
    CALLER_NAME = 1, /* TEXT, key */
    CALLER_TENANT = 2, /* TEXT: whose data it handles */
    CALLER_KEY = 3, /* BYTES 32: SHA-256 of its SubjectPublicKeyInfo */
    CALLER_RIGHTS = 4, /* INT, set of CallerRight */
    CALLER_STATUS = 5, /* INT, RegisterStatus */
    CALLER_CREATED = 6, /* INT, us */
    CALLER_EXPIRES = 7, /* INT, us */
};

/* Stored: append only. */
typedef enum CallerRight {
    CALLER_MAY_PROTECT = 1 << 0, /* boxes in, ciphertext, token and mask out */
    CALLER_MAY_LOOK_UP = 1 << 1, /* is this number known? */
    CALLER_MAY_REVEAL = 1 << 2, /* a full number, encrypted to an enrolled receiver */
    CALLER_MAY_CHECK_PASSWORDS = 1 << 3,
    CALLER_MAY_BIND = 1 << 4, /* contract, entrusted-deduction and quick-payment bindings */
    CALLER_MAY_MAC = 1 << 5, /* sign and verify with symmetric keys of its merchants */
} CallerRight;
enum { CALLER_RIGHTS_ALL = (1 << 6) - 1 };

typedef struct Caller {
    char name[CALLER_NAME_BYTES_MAX + 1];
    char tenant[CALLER_TENANT_BYTES_MAX + 1];
    uint8_t key[CALLER_KEY_BYTES];
    uint32_t rights;
    RegisterStatus status;
    int64_t created_us;
    int64_t expires_us;
} Caller;

/* "protect", "lookup", "reveal", "password", "bind", "mac"; 0 for anything else. */
uint32_t caller_right_of(Span name);
/* The names of these rights, joined by commas; appended. */
MUST_USE Status caller_rights_put(uint32_t rights, Buffer *ret_text);
/* 1..40 of digits, letters, `_`, `.` and `-`. */
bool caller_name_is_valid(Span name);
/* The same, and not ASKER_HOUSE: under it stand the passwords of our own people and what payers
 * registered with, which no caller's right reaches. */
bool caller_tenant_is_valid(Span tenant);

/* Gathering or running. *ret_found false: there is none (`ret` unchanged). */
MUST_USE Status caller_get(Rows *rows, const char *name, Caller *ret, bool *ret_found);
/* Running. Refuses CALLER_EXISTS. */
MUST_USE Status caller_insert(Rows *rows, const Caller *caller);
MUST_USE Status caller_update(Rows *rows, const Caller *caller);

typedef struct CallerList CallerList;

MUST_USE Status caller_list_open(CallerList **ret_list);
void caller_list_close(CallerList **list);
/* Who holds this key? Refuses CALLER_UNKNOWN (also one that is stopped or past its time: not told
 * apart). What it may do, the table of rights says (access/rights.h). */
MUST_USE Status caller_list_find(
        CallerList *list, const uint8_t key[CALLER_KEY_BYTES], int64_t now_us, Caller *ret_caller);
/* Does a live caller of another name hold this key? */
bool caller_list_key_is_taken(
        CallerList *list, const uint8_t key[CALLER_KEY_BYTES], const char *name);
/* Put or replace one, as a unit read or committed it. Refuses CALLER_EXISTS (another caller has
 * that key), CALLERS_FULL. */
MUST_USE Status caller_list_put(CallerList *list, const Caller *caller);
/* Load everything through the batch, waiting. Never from the batch thread. A row that does not
 * verify is left out (its alarm was raised) and counted. */
MUST_USE Status caller_list_refresh(
        CallerList *list, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out);
/* At most CALLERS_MAX copies, in no order; returns how many. */
size_t caller_list_all(CallerList *list, Caller ret_callers[CALLERS_MAX]);
