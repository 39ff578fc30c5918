#pragma once
/*
 * transfer: a payer gives another payer money (转账), at once or after a while in which he can
 * revoke it (银发 [2016] 261; 反电信网络诈骗法 article 18).
 *
 *   state     begin again   revoke              its time has come
 *   none      WAITING, DONE TRANSFER_UNKNOWN    TRANSFER_UNKNOWN
 *   WAITING   same          REVOKED             DONE, or FAILED
 *   DONE      same          TRANSFER_STATE      same
 *   REVOKED   same          same                same
 *   FAILED    same          TRANSFER_STATE      same
 *
 * REAL_TIME is DONE at once. NORMAL and NEXT_DAY hold the amount at the payer's until `due`; then
 * the clock gives it to the receiver. FAILED: one of the two was stopped or closed meanwhile; as
 * with REVOKED the payer has it again. begin again with other terms: TRANSFER_CONFLICT. "same": the
 * stored outcome again, nothing written.
 *
 * A transfer is named by its payer and the number of his choosing; its id is made of these two, so
 * that it is one however often it is asked for. vaultd seals it with a grant of the payer's PIN for
 * exactly its terms and moves its money once (vault/money_rules.h, rule 18).
 *
 * Units as in payment.h.
 */
#include "payment/payment.h"
#include "payment/transfer_day.h"

extern const Table transfer_table;

enum {
    TRANSFER_ID_BYTES = 9 + 40,
    TRANSFER_NUMBER_MIN = 8,
    TRANSFER_REMARK_BYTES_MAX = 192, /* 48 characters */
    TRANSFER_FOUND_MAX = 64, /* of one page, or one group */
};

typedef char TransferId[TRANSFER_ID_BYTES + 1];

typedef struct Transfer {
    TransferId id;
    char payer[PAYER_ID_BYTES_MAX + 1];
    char number[TRANSFER_NUMBER_BYTES_MAX + 1];
    char receiver[PAYER_ID_BYTES_MAX + 1];
    Money money;
    TransferSpeed speed;
    int64_t account;
    int64_t receiver_account;
    char remark[TRANSFER_REMARK_BYTES_MAX + 1]; /* "": none */
    uint8_t grant[PAYMENT_GRANT_BYTES];
    AuthStrength strength; /* what it was confirmed with */
    int64_t created_us;
    int64_t due_us;
    TransferState state;
    int64_t ended_us; /* 0: not yet */
    int32_t reason; /* REFUSED_... that it failed for, 0: none */
} Transfer;

/* "WAITING"... Static storage. */
const char *transfer_state_name(TransferState state);
/* 8..32 of digits, letters, `_ - * |`. */
bool transfer_number_is_valid(Span number);
void transfer_name(const char *payer, const char *number, TransferId ret_id);

/* --- the table above, as code --- */
typedef enum TransferAct { TRANSFER_BEGIN, TRANSFER_REVOKE, TRANSFER_CARRY_OUT } TransferAct;
typedef enum TransferStep { TRANSFER_GOES_ON, TRANSFER_SAME } TransferStep;
/* `state` 0: there is none. Refuses TRANSFER_UNKNOWN, TRANSFER_STATE. */
MUST_USE Status transfer_step(TransferState state, TransferAct act, TransferStep *ret_step);

/* --- before the PIN: may this be transferred, and how fast --- */
typedef struct TransferLook {
    Unit unit;
    char payer[PAYER_ID_BYTES_MAX + 1]; /* in */
    char receiver[PAYER_ID_BYTES_MAX + 1];
    TransferId known; /* transfer_known() */
    Money money;
    const PaymentRules *rules;
    TransferSpeed fastest; /* out */
} TransferLook;
/* Refuses TRANSFER_SELF, TRANSFER_RECEIVER. */
void transfer_look_unit(TransferLook *work, void (*done)(Unit *unit, Status outcome));

/* --- begun --- */
typedef struct TransferBegin {
    Unit unit;
    Transfer wish; /* in: payer, number, receiver, money, speed, remark, grant */
    PayerDoor door; /* in: how the payer came */
    TransferId known; /* in: transfer_known() */
    const PaymentRules *rules;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    Transfer transfer; /* out */
    bool repeated;
} TransferBegin;
/* Refuses TRANSFER_FIELD (also a speed that is too fast for a stranger), TRANSFER_SELF,
 * TRANSFER_CONFLICT, TRANSFER_RECEIVER, TRANSFER_DAY_SUM, TRANSFER_DAY_COUNT, PAYER_UNKNOWN,
 * PAYER_CLOSED, PAYER_COOLS_DOWN, RISK_REFUSED, what payer_door_admit() and allowance_judge()
 * refuse, and a movement's refusals. */
void transfer_begin_unit(TransferBegin *work, void (*done)(Unit *unit, Status outcome));

/* --- ended: by its payer, or by the clock --- */
typedef struct TransferEnd {
    Unit unit;
    TransferAct act; /* in: TRANSFER_REVOKE or TRANSFER_CARRY_OUT */
    TransferId id; /* in */
    char payer[PAYER_ID_BYTES_MAX + 1]; /* in, to revoke: who asks */
    PayerDoor door; /* in, to revoke */
    const PaymentRules *rules; /* in */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES]; /* in, to revoke */
    Transfer transfer; /* out */
    bool changed; /* out */
} TransferEnd;
/* Refuses TRANSFER_UNKNOWN (another's, too), TRANSFER_STATE; to revoke what payer_door_admit()
 * refuses but PAYER_COOLS_DOWN: what comes back does not leave. Not due yet: nothing happens. */
void transfer_end_unit(TransferEnd *work, void (*done)(Unit *unit, Status outcome));

/* --- read --- */
typedef struct TransferRead {
    Unit unit;
    TransferId id; /* in */
    char payer[PAYER_ID_BYTES_MAX + 1]; /* in: whose alone it may be; "": anybody's */
    Transfer transfer; /* out */
} TransferRead;
/* Refuses TRANSFER_UNKNOWN. */
void transfer_read_unit(TransferRead *work, void (*done)(Unit *unit, Status outcome));

/* --- plain reads: keys only, never verified; what is done with them goes through units --- */

/* A payer's own, the last ones first, behind `skip`. */
MUST_USE Status transfer_list(Store *store, const char *payer, int64_t skip,
        TransferId ret_ids[TRANSFER_FOUND_MAX], size_t *ret_count);
/* Those whose time has come, the oldest first, behind `skip`: one that cannot be handled (a frozen
 * row) must not stop the others. */
MUST_USE Status transfer_due(Store *store, int64_t now_us, size_t skip,
        TransferId ret_ids[TRANSFER_FOUND_MAX], size_t *ret_count);
/* One that shows that the payer has transferred to this receiver before; "": none. The unit looks
 * at that very row, so that nobody becomes known by a changed index. */
MUST_USE Status transfer_known(
        Store *store, const char *payer, const char *receiver, TransferId ret_id);
