#pragma once
/*
 * session: who has logged in, for staff, merchants' administrators and payers alike (LL-4.5.2).
 *
 * A session is found by its token: 32 random bytes that only its holder has; the table keeps a
 * keyed digest of them, in memory alone, so that a restart ends every session
 * (docs/decisions/0043). It is bound to the device that it began on: the token shown by another one
 * ends it. It ends when nobody uses it (idle), when it is old (absolute), when its principal begins
 * too many, or by session_end*(). Each change of what it may do gives it another token: one that
 * somebody knew before is worth nothing after (session fixation).
 *
 * Times are of a clock that nobody can set, and never go backwards. Each kind has room of its own:
 * a crowd of payers takes none from the staff. Thread-safe.
 */
#include "base/seams.h"
#include "base/secret.h"
#include "crypto/digest.h"

enum {
    SESSION_TOKEN_BYTES = 32,
    SESSION_CSRF_BYTES = 32,
    SESSION_DEVICE_BYTES = DIGEST_SHA256_BYTES,
    SESSION_TENANT_BYTES_MAX = 40,
    SESSION_PRINCIPAL_BYTES_MAX = 58,
    SESSION_FROM_BYTES_MAX = 63,
    SESSIONS_EACH_MAX = 16, /* of one principal */
};

typedef enum SessionKind {
    SESSION_STAFF = 0,
    SESSION_ADMINISTRATOR = 1, /* of a merchant */
    SESSION_PAYER = 2,
    SESSION_KINDS = 3,
} SessionKind;

/* How somebody has just proved who he is. */
typedef enum SessionProof {
    SESSION_NOT_PROVED = 0,
    SESSION_PROVED_BY_PASSKEY = 1,
    SESSION_PROVED_BY_SECRETS = 2, /* password and second factor */
} SessionProof;

typedef struct SessionLimits {
    int64_t idle_us;
    int64_t absolute_us;
    size_t each_max; /* of one principal, 1..SESSIONS_EACH_MAX: one more ends the oldest */
    size_t all_max; /* of the kind, 1..2^20 */
} SessionLimits;

typedef struct SessionConfig {
    Clock steady; /* clock_steady() */
    Random random;
    SessionLimits limits[SESSION_KINDS];
} SessionConfig;

/* Whose; borrowed. Principals of two tenants or kinds are never the same. */
typedef struct SessionOwner {
    SessionKind kind;
    Span tenant;
    Span principal;
} SessionOwner;

/* A copy of what is known; ages are as of the call. */
typedef struct Session {
    uint64_t number; /* names it in the trail; 1..2^53-1, random; opens nothing */
    SessionKind kind;
    char tenant[SESSION_TENANT_BYTES_MAX + 1];
    char principal[SESSION_PRINCIPAL_BYTES_MAX + 1];
    char from[SESSION_FROM_BYTES_MAX + 1]; /* the address that it began at */
    uint8_t device[SESSION_DEVICE_BYTES]; /* digest of the device's own secret */
    int64_t stamp; /* the caller's: of the rights that it began with */
    int64_t age_us;
    int64_t unused_us;
    int64_t proof_age_us; /* since its principal last proved who he is */
    int64_t secrets_age_us; /* since he last did so by his secrets; INT64_MAX: never in it */
} Session;

typedef struct SessionTable SessionTable;

/* Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status session_table_open(const SessionConfig *config, SessionTable **ret_table);
void session_table_close(SessionTable **table); /* NULL inside is fine */
SessionLimits session_limits(SessionTable *table, SessionKind kind);
/* Other times than it was opened with, for sessions that there are, too. */
void session_set_times(SessionTable *table, SessionKind kind, int64_t idle_us, int64_t absolute_us);

/*
 * Somebody has just proved who he is.
 *
 * proof      how: not SESSION_NOT_PROVED
 * from       cut to SESSION_FROM_BYTES_MAX
 * ret_token  SESSION_TOKEN_BYTES; the only copy
 *
 * Refuses SESSIONS_FULL (of this kind), LOGIN_NEEDED (a name that is empty or too long).
 * Faults FAULT_RANDOM.
 */
MUST_USE Status session_begin(SessionTable *table, const SessionOwner *owner, SessionProof proof,
        const uint8_t device[SESSION_DEVICE_BYTES], Span from, int64_t stamp, Secret *ret_token,
        uint64_t *ret_number);

/*
 * Whose token is this? Counts as use.
 *
 * Refuses LOGIN_NEEDED (never given out, ended, over: not told apart), SESSION_DEVICE (it came
 * from another device and is ended by this; `ret` says whose it was).
 */
MUST_USE Status session_find(
        SessionTable *table, Span token, const uint8_t device[SESSION_DEVICE_BYTES], Session *ret);

/*
 * Another token for the same session; the old one is worth nothing from here on. `proof`: how
 * its principal has just proved anew who he is. `stamp` replaces the former.
 * Refuses LOGIN_NEEDED. Faults FAULT_RANDOM.
 */
MUST_USE Status session_renew(
        SessionTable *table, Span token, SessionProof proof, int64_t stamp, Secret *ret_token);

/* What a page must show besides the cookie, so that no other page can use it: made of the token,
 * and different for each. */
void session_csrf(const SessionTable *table, Span token, uint8_t ret_csrf[SESSION_CSRF_BYTES]);

/* End it; nothing when there is none. */
void session_end(SessionTable *table, Span token);
/* End one of the owner's own, by number. Refuses SESSION_NOT_OWN (also when there is none). */
MUST_USE Status session_end_number(SessionTable *table, const SessionOwner *owner, uint64_t number);
/* End all of the owner's but `except` (0: all); how many. Who leaves, or whose rights or password
 * change, has no old session. */
size_t session_end_all_of(SessionTable *table, const SessionOwner *owner, uint64_t except);

/* Live ones of the owner, the newest first; how many. Counts as no use. */
size_t session_list_of(
        SessionTable *table, const SessionOwner *owner, Session ret[SESSIONS_EACH_MAX]);
/* Live ones of a kind. */
size_t session_count(SessionTable *table, SessionKind kind);
