#pragma once
/*
 * channel_order: what a bank is asked to do, as a sealed row that outlives every crash (table 75).
 *
 *   CREATED   begun; a withdrawal's money is held. Nothing has left: sent now, or after a restart
 *             (a card payment from a box FAILED: what it needs was in memory only)
 *   SENT      durable before the request leaves. From here on only the bank says what became of it
 *   UNKNOWN   no answer, or the bank does not know yet: asked again, later and later, for ever
 *   SUCCESS   funding and card: credited here, in this batch and never before; withdrawal: what
 *             was held goes out
 *   FAILED    nothing moved, or what was held is given back
 *
 * A number is one order for ever: begun again with the same terms it is the same order, with others
 * BANK_ORDER_CONFLICT. It is sent once. One that the bank does not have is not sent again either:
 * the bank is told never to do it, and what it answers to that is the end (channel.h, close).
 *
 * The bank's side of each posting is the currency's funding account (ledger/account.h): what stands
 * there is what the bank must have of us. Postings are called "bank/<number>". vaultd holds row and
 * postings against each other (vault/money_rules.h, 15 and 16).
 *
 * Units as in payment/payment.h. Source: LL-4.1, TP-4; docs/decisions/0077. No shared state.
 */
#include "access/payer.h"
#include "bank/channel.h"
#include "ledger/account.h"

extern const Table channel_order_table;
extern const StoreSchema bank_schema;

enum {
    CHANNEL_HOLDER_BYTES_MAX = 72, /* "merchant/<mchid>" or "payer/<id>" */
    CHANNEL_ACTOR_BYTES_MAX = 54,
    CHANNEL_TRANSACTION_BYTES_MAX = 5 + CHANNEL_NUMBER_BYTES_MAX,
    CHANNEL_FOUND_MAX = 64,
};
#define CHANNEL_QUERY_FIRST_US INT64_C(1000000)
#define CHANNEL_QUERY_MAX_US INT64_C(60000000)

/* Texts end with NUL. */
typedef struct ChannelOrder {
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    ChannelKind kind;
    char holder[CHANNEL_HOLDER_BYTES_MAX + 1];
    int64_t account;
    Money money;
    ChannelState state;
    int32_t result; /* REFUSED_... that it ended with; 0: none */
    int64_t created_us;
    int64_t sent_us; /* 0: not sent */
    int64_t ended_us; /* 0: not yet */
    int64_t due_us;
    int64_t queries;
    char target[CHANNEL_TARGET_BYTES_MAX + 1]; /* token or agreement; "": none */
} ChannelOrder;

/* Begin one. */
typedef struct ChannelBegin {
    Unit unit;
    char actor[CHANNEL_ACTOR_BYTES_MAX + 1]; /* in: the operator who asked */
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    ChannelKind kind;
    char holder[CHANNEL_HOLDER_BYTES_MAX + 1];
    Money money;
    int64_t lease_us; /* who begins it has so long to send it before others do */
    char target[CHANNEL_TARGET_BYTES_MAX + 1]; /* CARD: the agreement's number, or "": a box */
    ChannelOrder order; /* out */
    bool repeated;
} ChannelBegin;

/*
 * Refuses BANK_FIELD, BANK_ORDER_CONFLICT, MERCHANT_UNKNOWN, PAYER_UNKNOWN, ACCOUNT_CLOSED,
 * ACCOUNT_CURRENCY; of a withdrawal also BALANCE_NOT_ENOUGH, TERMS_NONE (a merchant's own bank
 * account is that of his terms) and BANK_FIELD (a payer's is not on file).
 */
void channel_begin_unit(ChannelBegin *work, void (*done)(Unit *unit, Status outcome));

/* It is about to leave: CREATED -> SENT. */
typedef struct ChannelSend {
    Unit unit;
    char number[CHANNEL_NUMBER_BYTES_MAX + 1]; /* in */
    int64_t lease_us; /* its answer is waited for so long before the bank is asked */
    ChannelOrder order; /* out */
} ChannelSend;
/* Refuses BANK_ORDER_UNKNOWN, BANK_STATE (somebody has sent it). */
void channel_send_unit(ChannelSend *work, void (*done)(Unit *unit, Status outcome));

/* What came back. */
typedef struct ChannelSettle {
    Unit unit;
    char number[CHANNEL_NUMBER_BYTES_MAX + 1]; /* in */
    bool known; /* `outcome` is what the bank said; else `result` is why it said nothing */
    ChannelOutcome outcome;
    int32_t result;
    bool asked; /* by a query */
    ChannelOrder order; /* out */
    bool changed;
} ChannelSettle;
/* Again with the same end is OK. Refuses BANK_ORDER_UNKNOWN, BANK_STATE (another end than it has;
 * one that was not sent can only fail, and not by the bank's word). */
void channel_settle_unit(ChannelSettle *work, void (*done)(Unit *unit, Status outcome));

/* One order, verified. Changes nothing. Refuses BANK_ORDER_UNKNOWN. */
typedef struct ChannelLook {
    Unit unit;
    char number[CHANNEL_NUMBER_BYTES_MAX + 1]; /* in */
    ChannelOrder order; /* out */
} ChannelLook;
void channel_look_unit(ChannelLook *work, void (*done)(Unit *unit, Status outcome));

/* --- plain reads: they find, and what is done goes through units --- */

typedef struct ChannelFound {
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    ChannelState state;
} ChannelFound;

/* What has no end and is due, or was begun in a batch before `first_batch` (by an earlier run, so
 * that nobody waits for its answer any more) and not looked at since. The longest due first. */
MUST_USE Status channel_due(Store *store, int64_t now_us, int64_t first_batch, int64_t skip,
        ChannelFound ret_found[CHANNEL_FOUND_MAX], size_t *ret_count);
/* Newest first; not verified. `open`: those without an end alone. */
MUST_USE Status channel_list(
        Store *store, bool open, ChannelOrder ret_orders[CHANNEL_FOUND_MAX], size_t *ret_count);
