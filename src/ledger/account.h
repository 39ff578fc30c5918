#pragma once
/*
 * account: the ledger's rows. An account is TP-12's account table in our words; a posting is one
 * side of a movement. Nothing changes a balance but the functions below, each of which writes
 * postings that sum to zero and move exactly what the accounts move (vaultd refuses to seal
 * anything else: DESIGN section 2).
 *
 *   movement  postings
 *   pay       payer balance -m     payee balance +m
 *   hold      payer balance -m     payer frozen  +m
 *   capture   payer frozen  -m     payee balance +m
 *   release   payer frozen  -m     payer balance +m
 *   refund    payee balance -m     payer balance +m
 *   fee       payee balance -m     the house's account for fees +m (SYSTEM), or back
 *   settle    merchant balance -m  the house's account of payables +m (SYSTEM), or back;
 *             payables -m          funding +m once the bank has paid it out
 *   fund      funding account of the currency -m (a SYSTEM account, alone may be negative),
 *             account +m
 *
 * Account ids are 62 random bits, drawn before the unit: no counter row that every opening would
 * wait for, none to reserve across partitions, and an id tells neither age nor number of customers.
 * One that exists already is refused ACCOUNT_EXISTS and drawn again. Ids below LEDGER_SYSTEM_ID_MAX
 * are the institution's own.
 *
 * All functions work inside a unit that has gathered the accounts. No shared state.
 */
#include "base/money.h"
#include "store/batch.h"

extern const Table account_table;
extern const Table posting_table;
extern const Table day_end_table; /* day_end.h */
extern const StoreSchema ledger_schema;

enum {
    LEDGER_SYSTEM_ID_MAX = 10000,
    LEDGER_OWNER_BYTES_MAX = 64,
    LEDGER_TRANSACTION_BYTES_MAX = 64,
};
#define LEDGER_MINOR_MAX INT64_C(1000000000000000) /* of one movement: ten trillion yuan */

typedef struct Account {
    int64_t id;
    char owner[LEDGER_OWNER_BYTES_MAX + 1]; /* mchid, payer id, or "system" */
    AccountClass class;
    Currency currency;
    int64_t balance; /* minor units that can be spent */
    int64_t frozen; /* minor units held */
    int64_t previous; /* balance + frozen at the end of previous_day */
    int64_t previous_day;
    int64_t balance_time_us;
    RegisterStatus status;
} Account;

/* A fresh id. Faults FAULT_RANDOM. */
MUST_USE Status account_id_draw(const Random *random, int64_t *ret_id);
/* The institution's account that opening balances come from. */
int64_t account_id_of_funding(Currency currency);
/* ... that fees go to. */
int64_t account_id_of_fees(Currency currency);
/* ... where settlements rest until the bank has paid them out. */
int64_t account_id_of_payables(Currency currency);

/* Gather: load the row or its absence; id 0 (not known yet) is fine. Nothing is judged here: it is
 * not verified yet. */
MUST_USE Status account_gather(Rows *rows, int64_t id);
/* Running. Refuses ACCOUNT_UNKNOWN. `ret` may be NULL. */
MUST_USE Status account_get(Rows *rows, int64_t id, Account *ret);
/* A new account at zero, previous balance zero. Refuses ACCOUNT_EXISTS. */
MUST_USE Status account_open(
        Rows *rows, int64_t id, AccountClass class, const char *owner, Currency currency);

/*
 * The movements. `transaction` names the reason in each posting (transaction_id).
 *
 * Refuse ACCOUNT_UNKNOWN, ACCOUNT_CLOSED (not STATUS_LIVE; a release and a refund's payer are let
 * through, so that closed accounts get their money back), ACCOUNT_CURRENCY, ACCOUNT_SAME,
 * AMOUNT_NOT_POSITIVE, BALANCE_NOT_ENOUGH, HOLD_NOT_ENOUGH, MONEY_OVERFLOW: then nothing was
 * written.
 */
MUST_USE Status ledger_pay(
        Rows *rows, const char *transaction, int64_t payer, int64_t payee, Money money);
MUST_USE Status ledger_hold(Rows *rows, const char *transaction, int64_t payer, Money money);
MUST_USE Status ledger_capture(
        Rows *rows, const char *transaction, int64_t payer, int64_t payee, Money money);
MUST_USE Status ledger_release(Rows *rows, const char *transaction, int64_t payer, Money money);
/* Back from the payee to the payer, who may be closed; the payee may not. */
MUST_USE Status ledger_refund(
        Rows *rows, const char *transaction, int64_t payee, int64_t payer, Money money);
/* What a payment costs its payee, and that given back. The first of a currency opens the account of
 * fees: gather it. */
MUST_USE Status ledger_fee(Rows *rows, const char *transaction, int64_t payee, Money money);
MUST_USE Status ledger_fee_back(Rows *rows, const char *transaction, int64_t payee, Money money);
/* A settlement: on its way to the bank; paid out; or given back to the merchant, who may be closed.
 * The first of a currency opens the account of payables: gather it, and for paid the funding. */
MUST_USE Status ledger_settle(Rows *rows, const char *transaction, int64_t merchant, Money money);
MUST_USE Status ledger_settle_paid(Rows *rows, const char *transaction, Money money);
MUST_USE Status ledger_settle_back(
        Rows *rows, const char *transaction, int64_t merchant, Money money);
/* Opens the funding account when it is the first of its currency. Gather with
 * account_gather_open(). */
MUST_USE Status ledger_fund(Rows *rows, const char *transaction, int64_t account, Money money);

/*
 * The previous-day balance (TP-12's Fyday_balance) is rolled by whatever touches an account first
 * on a new business day: the movements above do, and day_end.h does for the rest. True when the
 * account was changed.
 */
bool account_roll(Account *account, int64_t now_us);
