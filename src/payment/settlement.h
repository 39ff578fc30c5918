#pragma once
/*
 * settlement: what a merchant has is paid out to his bank account (结算).
 *
 *   T+1   on the first working day after a business day's end, the balance of the last evening, or
 *         what is left of it then; refunds since have gone first
 *   D+0   on request of somebody of the house, where the terms agree on it: the balance now
 *
 *   DUE -> SUBMITTED -> PAID     the money left the house
 *                    -> FAILED   the merchant has it again
 *
 * DUE moves the amount from the merchant's account to the house's account of payables, in the unit
 * that writes the sealed row; so does the end, and vaultd seals nothing else (vault/money_rules.h,
 * rule 17). The row is named by merchant, day and number: made twice, it is one.
 *
 * Who hands a settlement to a bank calls settlement_move_unit() to SETTLEMENT_SUBMITTED_TO_BANK
 * before anything leaves, and to its end when the bank's answer is certain; until then it stays.
 *
 * It is paid to the row's own account (`target`), which vaultd sealed with the amount: that of the
 * terms as they were when it became DUE, whatever they say since.
 */
#include "access/merchant_terms.h"
#include "payment/payment.h"

extern const Table settlement_table;

enum {
    SETTLEMENT_ID_BYTES_MAX = LEDGER_TRANSACTION_BYTES_MAX,
    SETTLEMENT_NUMBER_MAX = 99, /* on request, of a merchant and day */
    SETTLEMENT_FOUND_MAX = 64, /* of one page, or one group */
};

typedef struct Settlement {
    char id[SETTLEMENT_ID_BYTES_MAX + 1];
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int32_t day;
    int64_t number;
    Money money;
    int64_t account; /* the merchant's */
    char target[TERMS_TOKEN_BYTES_MAX + 1];
    char mask[TERMS_MASK_BYTES_MAX + 1]; /* target's, where the terms still name it; else "" */
    int64_t created_us;
    SettlementState state;
    int64_t submitted_us; /* 0: not yet, likewise below */
    int64_t ended_us;
} Settlement;

const char *settlement_state_name(SettlementState state);
void settlement_name(
        const char *mchid, int32_t day, int64_t number, char ret_id[SETTLEMENT_ID_BYTES_MAX + 1]);

/* --- made --- */

typedef struct SettlementMake {
    Unit unit;
    const char *actor; /* in: "" for the timer */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    int32_t day; /* in: number 0: yesterday; else today */
    int64_t number; /* in */
    bool told; /* in: what is refused was told before, and is no event now */
    Settlement settlement; /* out */
    bool repeated; /* out: it was there */
} SettlementMake;

/* Refuses MERCHANT_UNKNOWN, TERMS_NONE, SETTLEMENT_CYCLE (on request, and the terms say T+1),
 * SETTLEMENT_NONE (nothing to pay out), SETTLEMENT_STATE (another day than it can be of),
 * ACCOUNT_CLOSED. */
void settlement_make_unit(SettlementMake *work, void (*done)(Unit *unit, Status outcome));

/* --- moved on --- */

typedef struct SettlementMove {
    Unit unit;
    const char *actor; /* in */
    char id[SETTLEMENT_ID_BYTES_MAX + 1]; /* in */
    SettlementState to; /* in: any but DUE */
    Settlement settlement; /* out */
    bool repeated; /* out: it is there already */
} SettlementMove;

/* Refuses SETTLEMENT_UNKNOWN, SETTLEMENT_STATE (not the next step). */
void settlement_move_unit(SettlementMove *work, void (*done)(Unit *unit, Status outcome));

/* --- found --- */

typedef struct SettlementRead {
    Unit unit;
    char id[SETTLEMENT_ID_BYTES_MAX + 1]; /* in */
    Settlement settlement; /* out */
} SettlementRead;

/* Refuses SETTLEMENT_UNKNOWN. */
void settlement_read_unit(SettlementRead *work);

typedef char SettlementId[SETTLEMENT_ID_BYTES_MAX + 1];
/* Those of a state (0: all), the last ones first, behind `skip`. A plain read of keys. */
MUST_USE Status settlement_list(Store *store, SettlementState state, int64_t skip,
        SettlementId ret_ids[SETTLEMENT_FOUND_MAX], size_t *ret_count);
/* The next free number on request of a merchant and day, 1..; a plain read. Refuses
 * SETTLEMENT_STATE: there are SETTLEMENT_NUMBER_MAX. */
MUST_USE Status settlement_next_number(
        Store *store, const char *mchid, int32_t day, int64_t *ret_number);
typedef char SettlementMchid[MERCHANT_ID_BYTES_MAX + 1];
/* Merchants with terms behind this one, in order; fewer than SETTLEMENT_FOUND_MAX: there are no
 * more. A plain read: who is settled already, his own verified row says (`repeated`). */
MUST_USE Status settlement_merchants(Store *store, const char *behind,
        SettlementMchid ret_mchids[SETTLEMENT_FOUND_MAX], size_t *ret_count);
