#pragma once
/*
 * practice: a small schema and a guard of its own, to try this room without the rooms above it
 * (tests, benchmarks).
 *
 *   account  id INT | owner TEXT | balance INT                        mutable
 *   booking  batch INT, number INT | account INT | minor INT          append-only
 *   deal     shop TEXT, number TEXT | code TEXT unique | state INT    mutable
 *   leaf     batch, events, hash: what the guard appends
 *
 * The guard seals with a toy checksum: it notices changes, it does not withstand anybody. Its
 * switches make it fail.
 */
#include "store/batch.h"

enum { ACCOUNT_PRACTICE_ID = 1, ACCOUNT_PRACTICE_OWNER, ACCOUNT_PRACTICE_BALANCE };
enum { BOOKING_BATCH = 1, BOOKING_NUMBER, BOOKING_ACCOUNT, BOOKING_MINOR };
enum { DEAL_SHOP = 1, DEAL_NUMBER, DEAL_CODE, DEAL_STATE };

extern const Table practice_account;
extern const Table practice_booking;
extern const Table practice_deal;
extern const Lookup practice_deal_by_code;
extern const StoreSchema practice_schema;

typedef struct PracticeGuard {
    BatchGuard guard; /* give &guard to the batcher */
    Status verify_answer; /* unless OK */
    Status prepare_answer; /* unless OK */
    Status confirm_answer; /* unless OK */
    Status abort_answer; /* unless OK */
    Status append_answer; /* unless OK */
    Status refuse_answer; /* OK: ROW_NOT_SUCCESSOR */
    const Table *refuse_table; /* prepare refuses so any batch with such a row whose */
    int64_t refuse_number; /* ... last column is this integer */
    int verify_calls;
    size_t claims;
    size_t absent_claims;
    int prepare_calls;
    int abort_calls;
    int alarm_calls;
    int64_t prepared; /* -1: none */
    int64_t confirmed; /* batches */
    size_t changes;
    uint32_t events;
} PracticeGuard;

void practice_guard_open(PracticeGuard *ret_guard);
void practice_seal(Span image, uint8_t ret_seal[SEAL_BYTES]);
/* Remove a database with its WAL. */
void practice_remove(const char *path);
/* Number of leaves in the database. */
MUST_USE Status practice_batches(void *context, Store *store, int64_t *ret_batches);
/* A SELECT of one number. */
int64_t practice_number(Store *store, const char *sql);
/* Every row's seal, and booking sums = balances: the whole truth of a practice database. */
bool practice_is_sound(Store *store);

/* A unit that books `minor` from one account to another, and makes a deal; the plain case of most
 * tests. */
typedef struct PracticeUnit {
    Unit unit;
    int64_t from;
    int64_t to;
    int64_t minor;
    const char *shop; /* NULL: no deal */
    const char *number;
    const char *code;
    bool forget_to; /* gather() leaves `to` out on the first try */
    bool forget_code; /* gather() does not look for the code: only the database finds the duplicate
                       */
    Status refuse_after; /* run() does all its work, then is refused */
    Status outcome;
    int done;
    int runs;
} PracticeUnit;

enum { PRACTICE_CODE_TAKEN = REFUSED_ORDER_CONFLICT };

/* A transfer; refused BALANCE_NOT_ENOUGH, ROW_EXISTS (deal), PRACTICE_CODE_TAKEN. Writes one event.
 */
PracticeUnit practice_transfer(int64_t from, int64_t to, int64_t minor);
/* Make account `id` with this balance. */
PracticeUnit practice_opening(int64_t id, int64_t minor);
