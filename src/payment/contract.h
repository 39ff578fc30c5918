#pragma once
/*
 * contract: a payer lets a merchant take money from his balance without being asked each time
 * (委托代扣, TP-9): how much at once, how much and how often in a period, until when.
 *
 *   none        request (merchant): WAITING
 *   WAITING     sign (payer, with his PIN for exactly these terms): IN_FORCE; end (merchant):
 *               TERMINATED; an hour later it counts as TERMINATED
 *   IN_FORCE    deduct (deduction.h); announce, where notice was agreed; end (payer, with his
 *               session alone and no reason; or merchant): TERMINATED; counts as that at its end
 *   TERMINATED  end: same; everything else: CONTRACT_OVER
 *
 * The sealed row holds the terms as they were signed and what was taken in the period; vaultd
 * knows them, too (vault/money_rules.h, rule 19). Columns: policy/contract_terms.h. A merchant
 * knows a contract by its id or his own number, the payer by his pseudonym alone.
 */
#include "base/time.h"
#include "payment/plan.h"

extern const Table contract_table;

enum {
    CONTRACT_ID_BYTES = PAYMENT_CONTRACT_BYTES_MAX, /* "hc" and 28 of [0-9a-z] */
    CONTRACT_CODE_BYTES_MAX = 32,
    CONTRACT_ACCOUNT_BYTES_MAX = 96,
    CONTRACT_URL_BYTES = 16 + CONTRACT_ID_BYTES, /* hufu://contract/<id> */
    CONTRACTS_SHOWN_MAX = 50,
};
#define CONTRACT_WAITS_US (3600 * TIME_SECOND_US)

typedef struct Contract {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char code[CONTRACT_CODE_BYTES_MAX + 1];
    char id[CONTRACT_ID_BYTES + 1];
    int64_t plan;
    char title[PLAN_TITLE_BYTES_MAX + 1];
    char account[CONTRACT_ACCOUNT_BYTES_MAX + 1]; /* the payer's with the merchant */
    int64_t one_minor;
    ContractPeriod period;
    int64_t period_minor;
    int64_t period_count;
    int64_t notice_hours;
    Currency currency;
    int64_t until_us;
    int64_t asked_us;
    ContractState state;
    char payer[PAYER_ID_BYTES_MAX + 1]; /* "": nobody signed it */
    uint8_t grant[PAYMENT_GRANT_BYTES];
    int64_t signed_us; /* 0: not */
    int64_t ended_us; /* 0: not */
    ContractEnder ended_by;
    int64_t at; /* the period that the next two count */
    int64_t minor;
    int64_t count;
    int64_t announced_minor; /* 0: nothing is */
    int64_t announced_us;
} Contract;

/* What a merchant may call one: as binding.h has it, no longer than 32, and no '/' or '.', which
 * mean something in a path. */
bool contract_code_is_valid(Span code);
bool contract_id_is_valid(Span id);
MUST_USE Status contract_id_draw(const Random *random, char ret_id[CONTRACT_ID_BYTES + 1]);
void contract_url(const char *id, char ret_url[CONTRACT_URL_BYTES + 1]);
/* What it is at this moment. */
ContractState contract_state_at(const Contract *contract, int64_t now_us);
/* "WAITING", "SIGNED", "TERMINATED". */
const char *contract_state_name(ContractState state);
/* "PAYER", "MERCHANT", "" */
const char *contract_ender_name(ContractEnder ender);
/* Is something announced that was neither taken nor has lapsed? */
bool contract_is_announced(const Contract *contract, int64_t now_us);
/* What the payer's box is made for (policy/contract_terms.h). */
void contract_order(const Contract *contract, char ret_order[CONTRACT_ORDER_BYTES + 1]);

/* May so much be taken now? Counts it. Pure. Refuses CONTRACT_OVER, CONTRACT_LIMIT,
 * CONTRACT_PERIOD_SUM, CONTRACT_PERIOD_COUNT, DEDUCTION_NOT_LAWFUL (not announced, too early,
 * lapsed, or of less); then `contract` is unchanged. */
MUST_USE Status contract_take(Contract *contract, int64_t minor, int64_t now_us);

/* --- the merchant --- */
typedef struct ContractRequest {
    Unit unit;
    Contract contract; /* in: mchid, code, plan, account, id (drawn); out: all */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    bool repeated;
} ContractRequest;
/* Refuses what merchant_admit() and merchant_terms_admit() refuse, CONTRACT_FIELD, PLAN_UNKNOWN,
 * what detect_kept_text() refuses, CONTRACT_EXISTS (the number was used with other terms, or was
 * signed; what waits is the same again). */
void contract_request_unit(ContractRequest *work, void (*done)(Unit *unit, Status outcome));

typedef enum ContractAct {
    CONTRACT_LOOK =
            1, /* by a merchant: a contract of his; by a payer: his own, or one that waits */
    CONTRACT_END = 2,
    CONTRACT_ANNOUNCE = 3, /* by a merchant: so much will be taken */
} ContractAct;

typedef struct ContractWork {
    Unit unit;
    ContractAct act; /* in */
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in, of a merchant; else "" */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    char code[CONTRACT_CODE_BYTES_MAX + 1]; /* in, of a merchant: by his number; "": by id */
    char payer[PAYER_ID_BYTES_MAX + 1]; /* in, of a payer; else "" */
    PayerDoor door;
    char id[CONTRACT_ID_BYTES + 1]; /* in */
    int64_t minor; /* in, ANNOUNCE */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Contract contract; /* out: its state is that of the moment */
    char payee[MERCHANT_NAME_BYTES_MAX + 1]; /* out: as the institution registered the merchant */
    bool changed;
} ContractWork;
/* Refuses CONTRACT_UNKNOWN (another's, too); of a merchant what merchant_admit() refuses, of a
 * payer what payer_admit() and payer_door_admit() refuse, but LOOK and END not
 * PAYER_COOLS_DOWN: they let no money leave; ANNOUNCE CONTRACT_OVER, CONTRACT_LIMIT
 * (more than one may be), CONTRACT_FIELD (no notice was agreed). */
void contract_unit(ContractWork *work, void (*done)(Unit *unit, Status outcome));

/* --- the payer signs --- */
typedef struct ContractSign {
    Unit unit;
    char id[CONTRACT_ID_BYTES + 1]; /* in */
    char other[CONTRACT_ID_BYTES + 1]; /* in, from contract_signed_before() */
    char payer[PAYER_ID_BYTES_MAX + 1];
    PayerDoor door;
    uint8_t grant[PAYMENT_GRANT_BYTES]; /* of his PIN, for `order`, which says the terms */
    char order[CONTRACT_ORDER_BYTES + 1];
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* likewise, whom it is for, and the largest amount */
    int64_t minor;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Contract contract; /* out */
    bool repeated;
} ContractSign;
/* Refuses CONTRACT_UNKNOWN, CONTRACT_OVER, BOX_CONTEXT (other terms than the box was made for),
 * ACCOUNT_STOPPED, CONTRACT_EXISTS (another of his of this plan is in force: what was agreed for
 * a period is not multiplied; of two that are signed at once the second is STORE_CONSTRAINT), and
 * what payer_admit(), payer_door_admit() and payer_may_pay() refuse. Again by the same payer is
 * OK. */
void contract_sign_unit(ContractSign *work, void (*done)(Unit *unit, Status outcome));

/* His contract of the same plan as `id` that was signed and not ended (it may have run out), or "":
 * a plain read, for the unit to look at. */
MUST_USE Status contract_signed_before(
        Store *store, const char *payer, const char *id, char ret_id[CONTRACT_ID_BYTES + 1]);
/* Ids of this payer's contracts, newest first: a plain read, for units to show. */
MUST_USE Status contract_ids(Store *store, const char *payer,
        char ret_ids[CONTRACTS_SHOWN_MAX][CONTRACT_ID_BYTES + 1], size_t *ret_count);
