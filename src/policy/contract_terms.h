#pragma once
/*
 * contract_terms: what a payer signs who lets a merchant take money without asking each time
 * (TP-9): one text for one set of terms, the same for who shows it, for the payer's app and for
 * vaultd, which knows no other contract than the one whose text the PIN was given for.
 *
 *     hufu-contract-1, mchid, out_contract_code, plan, title, account, most of one deduction,
 *     period (1 day, 2 week, 3 month, 4 year), most of a period, how many in one, hours of notice,
 *     currency (ISO 4217 number), end (us)      each in its own line, with its line feed
 *
 * The box that holds the PIN is for mchid, for the largest amount of one deduction and for the
 * order "contract/" and the SHA-256 of the text in hexadecimal: no payment's number has a '/'.
 *
 * Periods are counted by the calendar of Asia/Shanghai. Pure.
 */
#include "base/bytes.h"
#include "policy/tables.h"

enum ContractColumn { /* what a merchant may take from a payer without asking him each time */
    CONTRACT_MCHID = 1, /* TEXT, key */
    CONTRACT_CODE = 2, /* TEXT, key: out_contract_code */
    CONTRACT_ID = 3, /* TEXT, unique: this and the twelve below never change */
    CONTRACT_PLAN = 4, /* INT: number of the plan that it is of */
    CONTRACT_TITLE = 5, /* TEXT: the plan's */
    CONTRACT_ACCOUNT = 6, /* TEXT: whose account with the merchant, as he calls it */
    CONTRACT_ONE_MINOR = 7, /* INT: most of one deduction */
    CONTRACT_PERIOD = 8, /* INT, ContractPeriod */
    CONTRACT_PERIOD_MINOR = 9, /* INT: most of all deductions of a period */
    CONTRACT_PERIOD_COUNT = 10, /* INT: how many of them */
    CONTRACT_NOTICE_HOURS = 11, /* INT: each is announced so long before; 0: none is */
    CONTRACT_CURRENCY = 12, /* INT */
    CONTRACT_UNTIL = 13, /* INT, us: nothing is taken from then on */
    CONTRACT_ASKED = 14, /* INT, us: when the merchant asked for it */
    CONTRACT_STATE = 15, /* INT, ContractState */
    CONTRACT_PAYER = 16, /* TEXT or NULL: who signed; this and the two below stay */
    CONTRACT_GRANT = 17, /* BYTES 16 or NULL: the PIN grant that he signed with */
    CONTRACT_SIGNED = 18, /* INT, us, or NULL */
    CONTRACT_ENDED = 19, /* INT, us, or NULL */
    CONTRACT_ENDED_BY = 20, /* INT, ContractEnder */
    CONTRACT_AT = 21, /* INT: number of the period that the next two count */
    CONTRACT_MINOR = 22, /* INT: taken in it */
    CONTRACT_COUNT = 23, /* INT */
    CONTRACT_ANNOUNCED_MINOR = 24, /* INT: of the deduction that was announced; 0: none is */
    CONTRACT_ANNOUNCED = 25, /* INT, us, or NULL */
};

/* Stored: append only. */
typedef enum ContractPeriod {
    CONTRACT_EACH_DAY = 1,
    CONTRACT_EACH_WEEK = 2, /* from Monday on */
    CONTRACT_EACH_MONTH = 3,
    CONTRACT_EACH_YEAR = 4,
} ContractPeriod;

typedef enum ContractState {
    CONTRACT_WAITING = 1, /* for the payer to sign */
    CONTRACT_IN_FORCE = 2,
    CONTRACT_TERMINATED = 3,
} ContractState;

typedef enum ContractEnder {
    CONTRACT_ENDED_BY_NOBODY = 0,
    CONTRACT_ENDED_BY_PAYER = 1,
    CONTRACT_ENDED_BY_MERCHANT = 2,
} ContractEnder;

enum DeductionColumn { /* by which contract a payment was taken; never changes */
    DEDUCTION_MCHID = 1, /* TEXT, key */
    DEDUCTION_OUT_TRADE_NO = 2, /* TEXT, key */
    DEDUCTION_TRANSACTION_ID = 3, /* TEXT: of the payment */
    DEDUCTION_CONTRACT = 4, /* TEXT: CONTRACT_CODE */
    DEDUCTION_AT = 5, /* INT: the period that it counts in */
};

enum {
    CONTRACT_NOTICE_HOURS_MAX = 720,
    CONTRACT_ANNOUNCED_DAYS = 7, /* an announcement that was not used lapses */
    CONTRACT_TERMS_BYTES_MAX = 1024,
    CONTRACT_TERMS_DIGEST_BYTES = 32,
    CONTRACT_ORDER_BYTES = 9 + 2 * CONTRACT_TERMS_DIGEST_BYTES,
};

typedef struct ContractTerms { /* borrowed */
    Span mchid;
    Span code;
    Span title;
    Span account;
    int64_t plan;
    int64_t one_minor;
    int64_t period; /* ContractPeriod */
    int64_t period_minor;
    int64_t period_count;
    int64_t notice_hours;
    int64_t currency;
    int64_t until_us;
} ContractTerms;

/* Append the text. Refuses CONTRACT_FIELD (a text with a control character: two sets of terms could
 * have one text), BUFFER_FULL. */
MUST_USE Status contract_terms_text(const ContractTerms *terms, Buffer *ret_text);
/* The order of the box, with its NUL, of the text's SHA-256. */
void contract_terms_order(const uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES],
        char ret_order[CONTRACT_ORDER_BYTES + 1]);

bool contract_period_is_valid(int64_t period);
/* The number of the period that a moment lies in: larger for a later one. 0 for no such period. */
int64_t contract_period_at(int64_t period, int64_t time_us);
/* What was announced may be taken from the first moment on, `hours` later, and before the second,
 * CONTRACT_ANNOUNCED_DAYS behind that. */
int64_t contract_announced_from(int64_t announced_us, int64_t hours);
int64_t contract_announced_until(int64_t announced_us, int64_t hours);
