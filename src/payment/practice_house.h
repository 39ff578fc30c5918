#pragma once
/*
 * practice_house: a whole ledger with two merchants and a few payers on a database of its own, for
 * this room's tests and benchmarks; in no program. Its guard (store/practice.h) seals with a toy
 * checksum but is as strict as vaultd about money: postings sum to zero, accounts move by their
 * postings, nothing but SYSTEM goes below zero, a payment's terms never change, a grant is used
 * once.
 */
#include "payment/enrol.h"
#include "payment/order.h"
#include "payment/pay.h"
#include "payment/pay_code.h"
#include "payment/refund.h"
#include "store/practice.h"
#include "store/unit_wait.h"

enum {
    HOUSE_PAYERS = 6, /* "p0".. with 1,000,000 fen each */
    HOUSE_OPENING = 1000000,
    HOUSE_LIMIT = 10000000, /* of a merchant, one payment */
    HOUSE_TOGETHER_MAX = 16,
    HOUSE_GRANTS_MAX = 4096,
    HOUSE_CODES_MAX = 16, /* payers who are given codes */
};

/* Codes that a payer's app was given together: one by one they would void one another. */
typedef struct HouseCodes {
    PayCodeIssue issue;
    int64_t made_us;
    size_t left;
} HouseCodes;

typedef struct House {
    char folder[64];
    char path[96];
    Store *store; /* the batch thread's; use it inside batcher_between() or house_number() */
    Batcher *batcher;
    PracticeGuard practice;
    BatchGuard guard;
    Clock clock;
    int64_t now_us; /* what the clock says; moved by tests between batches */
    SeededRandom seed;
    Random random;
    PaymentRules rules;
    uint8_t grants[HOUSE_GRANTS_MAX][PAYMENT_GRANT_BYTES];
    size_t grant_count;
    uint32_t grant_next;
    HouseCodes codes[HOUSE_CODES_MAX];
    size_t code_payers;
    const char *unsound; /* what house_is_sound() found not to be zero */
    Status refused; /* why the guard refused last, OK: it never did */
} House;

/* Ends the test program when it cannot be opened. */
void house_open(House *ret_house, uint64_t seed);
void house_close(House *house);

/* Several units in one batch, in this order. */
void house_together(House *house, Unit *const *units, size_t count, Status *ret_outcomes);
Status house_run(House *house, Unit *unit);
/* One number from the database, between batches. */
int64_t house_number(House *house, const char *sql);
/* All balances sum to zero, each equals its postings, none is below zero, frozen = what payments
 * hold, seals fit. */
bool house_is_sound(House *house);
/* New terms of a merchant: the rate of ten thousand, the least and the most of one payment. */
void house_agree(House *house, const char *mchid, int64_t rate, int64_t least, int64_t most);
int64_t house_balance(House *house, const char *owner);
int64_t house_frozen(House *house, const char *owner);

/* An order of merchant "m1" or "m2" with fresh ids in `work`. */
PaymentNative house_native(House *house, const char *mchid, const char *number, int64_t minor);
/* The same with an unused code of this payer, issued here at this moment. */
PaymentCodepay house_codepay(
        House *house, const char *mchid, const char *number, int64_t minor, const char *payer);
/* A confirmation with a fresh grant. */
PaymentPay house_pay(House *house, const Payment *payment, const char *payer);
PaymentQuery house_query(const char *mchid, PaymentName by, const char *name);
PaymentClose house_close_order(const char *mchid, const char *number);
/* Of `order`, which gives the total; with a fresh id and a week for everything. */
PaymentRefund house_refund(House *house, const Payment *order, const char *number, int64_t minor);
PaymentReverse house_reverse(House *house, const Payment *order);
PaymentExpire house_expire(const char *mchid, const char *number);
