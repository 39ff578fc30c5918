#pragma once
/*
 * customers: several customers in a process of their own, who order, pay and close without pause,
 * and keep the list of what they asked for and of what they were told. Killing the house does not
 * touch that process; whatever the list says must be true of the house afterwards.
 *
 * An order is on the list before its request leaves, and what was told is written down when the
 * answer is there, whole, of the right status and (merchants) with the platform's signature
 * verified. A request that got no answer, or 503 SERVICE_UNAVAILABLE, is repeated unchanged until
 * it gets one: it must converge. Any other answer than the right one is trouble, and fails the
 * test.
 *
 *   way               requests                              last told
 *   PAY_BY_CODE       codepay                               SUCCESS
 *   PAY_BY_PIN        native, then the payer's PIN          NOTPAY, SUCCESS
 *   CLOSE             native, then close                    NOTPAY, CLOSED
 *   LEAVE             native                                NOTPAY
 *   HOLD              codepay over the challenge limit      USERPAYING, by itself PAYERROR later
 *
 * Half of the orders go to a merchant with RSA, half to one with SM2. Seeded: the same seed draws
 * the same orders; what meets what is up to the machine.
 */
#include "stand.h"

#include <stdatomic.h>

enum {
    CUSTOMERS_COUNT = 8, /* connections, each with at most one request on the way */
    CUSTOMERS_ORDERS_MAX = 60000,
    CUSTOMERS_MERCHANTS = 2,
    CUSTOMERS_PAYERS = CUSTOMERS_COUNT, /* whoever takes codes voids his own of before */
    CUSTOMERS_NUMBER_BYTES = 24,
    CUSTOMERS_TROUBLE_BYTES = 256,
    CUSTOMERS_CONVERGE_MS_MAX = 90000, /* how long one request may be repeated */
    CUSTOMERS_HELD_MINOR = 200000, /* of HOLD; every other amount is far below */
};
#define CUSTOMERS_BALANCE_MINOR INT64_C(1000000000000)

/* For StandOptions: challenges from CUSTOMERS_HELD_MINOR on, refuses nobody. */
extern const char customers_strategy[];

typedef enum Way { PAY_BY_CODE = 0, PAY_BY_PIN = 1, CLOSE = 2, LEAVE = 3, HOLD = 4, WAYS = 5 } Way;

/* One line of the list. */
typedef struct Receipt {
    char number[CUSTOMERS_NUMBER_BYTES];
    char transaction_id[64]; /* as told; "" when no answer named it */
    int merchant;
    int payer;
    Way way;
    int64_t minor;
    _Atomic int asked; /* TradeState that was asked for last; 0: drawn, but nothing was sent */
    _Atomic int told; /* TradeState that was told last; 0: nothing yet */
} Receipt;

typedef struct Customers Customers;

/* Enrol merchants and payers, and send the customers to the closed gate. */
MUST_USE Status customers_start(Stand *stand, uint64_t seed, Customers **ret_customers);
/* Let them in, if they are not. */
void customers_open_gate(Customers *customers);
/* No new orders; true when every request on the way was answered. */
bool customers_close_gate(Customers *customers);
/* They go home. NULL is fine. */
void customers_stop(Customers *customers);

/* A kill comes now: from here on, requests that were on the way already and get no answer are
 * counted. */
void customers_mark(Customers *customers);
/* Merchants' requests that were on the way at the mark and were not answered. */
unsigned customers_interrupted(const Customers *customers);
/* Wait until `count` more answers came than now; false when they do not come or there is trouble.
 */
bool customers_await(Customers *customers, uint64_t count);
/* Wait until `count` more requests were refused 503 than now. */
bool customers_await_refused(Customers *customers, uint64_t count);

uint64_t customers_told(const Customers *customers); /* answers so far */
uint64_t customers_refused(const Customers *customers); /* 503 so far */
uint64_t customers_lost(const Customers *customers); /* requests without any answer so far */
/* What went wrong first; "" when nothing did. */
const char *customers_trouble(const Customers *customers);

/* The list; only while the gate is closed. */
size_t customers_receipts(const Customers *customers, const Receipt **ret_receipts);
const MerchantApp *customers_merchant(const Customers *customers, int merchant);
const char *customers_payer(int payer);
const char *customers_way(Way way);

/* customers_check.c: the list against the house, while the gate is closed. Each says on standard
 * error what it found. */

/* Every receipt once in the database with the state, the amount and the postings that it says,
 * nothing else there; every account is what its receipts sum to; postings sum to zero. */
bool customers_check_books(const Customers *customers, const Stand *stand);
/* The API says the same of all receipts from `first` on, and of `samples` earlier ones. */
bool customers_check_api(
        const Customers *customers, const Stand *stand, size_t first, size_t samples);
/* Copy all revisions and audit hashes aside; and see that none went back or away since. */
void customers_witness(const Stand *stand);
bool customers_check_witness(const Stand *stand);
