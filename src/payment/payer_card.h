#pragma once
/*
 * payer_card: a payer's own bank cards, bound by four elements and a code (TP-8, TP-9), as sealed
 * rows (table 81). Of the card itself stand here its token and its mask; at the bank it is known by
 * the agreement's number.
 *
 *   BEGUN    nothing has left
 *   SENT     durable before the four elements leave. From here on only the bank says what became
 *   WAITING  the bank sent its holder a code
 *   TRYING   durable before a code leaves
 *   LIVE     the bank gave an agreement's number: money may be taken
 *   ENDING   the payer ended it: no money any more; the bank is told until it says so
 *   OVER     ended, refused, or its code is over: `result`
 *
 * A payer has PAYER_CARDS_MAX places; a card that is over keeps its place until another one needs
 * it. So a batch sees all of a payer's cards, and how often he tried today, on verified rows.
 * Units as in payment.h. Source: docs/decisions/0084. No shared state.
 */
#include "bank/card_channel.h"
#include "payment/payment.h"

extern const Table payer_card_table;

enum {
    PAYER_CARDS_MAX = 8,
    PAYER_CARD_TRIES_PER_DAY = 10, /* bindings begun */
    PAYER_CARD_CODE_TRIES = 5,
    PAYER_CARD_ID_BYTES = 2 + 20,
    PAYER_CARD_TOKEN_BYTES_MAX = 24,
    PAYER_CARD_MASK_BYTES_MAX = 40,
    PAYER_CARDS_DUE_MAX = 32,
};
#define PAYER_CARD_CODE_LIFE_US ((int64_t)300 * 1000000)
#define PAYER_CARD_ASK_US ((int64_t)1000000) /* between two questions to the bank */

enum PayerCardColumn {
    PAYER_CARD_PAYER = 1, /* TEXT, key */
    PAYER_CARD_PLACE = 2, /* INT, key: 0..PAYER_CARDS_MAX - 1 */
    PAYER_CARD_ID = 3, /* TEXT: of the binding, at the bank too */
    PAYER_CARD_STATE = 4, /* INT, PayerCardState */
    PAYER_CARD_RESULT = 5, /* INT: REFUSED_... that it is over with; 0: none */
    PAYER_CARD_TOKEN = 6, /* TEXT or NULL */
    PAYER_CARD_MASK = 7, /* TEXT or NULL */
    PAYER_CARD_AGREEMENT = 8, /* TEXT or NULL: LIVE */
    PAYER_CARD_CREATED = 9, /* INT, us */
    PAYER_CARD_BOUND = 10, /* INT, us; 0: not */
    PAYER_CARD_ENDED = 11, /* INT, us; 0: not */
    PAYER_CARD_DUE = 12, /* INT, us: to be looked after */
    PAYER_CARD_EXPIRES = 13, /* INT, us: of the code; 0: none was sent */
    PAYER_CARD_CODES = 14, /* INT: codes tried */
    PAYER_CARD_DAY = 15, /* INT: the business day that the next counts */
    PAYER_CARD_TRIES = 16, /* INT: bindings begun in this place that day */
};

/* Stored: append only. */
typedef enum PayerCardState {
    PAYER_CARD_NONE = 0, /* no row */
    PAYER_CARD_BEGUN = 1,
    PAYER_CARD_SENT = 2,
    PAYER_CARD_WAITING = 3,
    PAYER_CARD_TRYING = 4,
    PAYER_CARD_LIVE = 5,
    PAYER_CARD_ENDING = 6,
    PAYER_CARD_OVER = 7,
} PayerCardState;

/* Texts end with NUL, "" when absent. */
typedef struct PayerCard {
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t place;
    char id[PAYER_CARD_ID_BYTES + 1];
    PayerCardState state;
    int32_t result;
    char token[PAYER_CARD_TOKEN_BYTES_MAX + 1];
    char mask[PAYER_CARD_MASK_BYTES_MAX + 1];
    char agreement[CARD_AGREEMENT_BYTES_MAX + 1];
    int64_t created_us;
    int64_t bound_us;
    int64_t ended_us;
    int64_t due_us;
    int64_t expires_us;
    int64_t codes;
    int64_t day;
    int64_t tries;
} PayerCard;

typedef struct PayerCards {
    PayerCard at[PAYER_CARDS_MAX];
} PayerCards;

/* "BEGUN" ... "OVER"; static. */
const char *payer_card_state_name(PayerCardState state);
bool payer_card_id_is_valid(Span id);

/* Each: while gathering it loads, while running it reads. Places without a row have state NONE. */
MUST_USE Status payer_cards_get(Rows *rows, const char *payer, PayerCards *ret_cards);
/* The one of this id that is not NONE. Refuses CARD_UNKNOWN. */
MUST_USE Status payer_cards_find(PayerCards *cards, const char *id, PayerCard **ret_card);
/* Running: insert or update. */
MUST_USE Status payer_card_put(Rows *rows, const PayerCard *card);

typedef enum PayerCardActKind {
    CARD_LOOKS = 0, /* reads, and tells nobody */
    CARD_BEGINS = 1,
    CARD_SENDS = 2, /* BEGUN -> SENT, with token and mask */
    CARD_TRIES = 3, /* WAITING -> TRYING */
    CARD_ENDS = 4, /* WAITING or LIVE -> ENDING */
    CARD_HEARS = 5, /* what the bank said */
    CARD_FAILS = 6, /* nothing left: BEGUN -> OVER, TRYING -> WAITING; or SENT was never done */
    CARD_ASKS_LATER = 7, /* no answer: asked again */
} PayerCardActKind;

typedef struct PayerCardAct {
    Unit unit;
    PayerCardActKind kind; /* in, as all up to the line */
    char payer[PAYER_ID_BYTES_MAX + 1];
    char id[PAYER_CARD_ID_BYTES + 1]; /* LOOKS: may be "" */
    PayerDoor door; /* BEGINS, TRIES, ENDS: how the payer came */
    bool timer; /* ENDS, HEARS...: not the payer's act */
    char token[PAYER_CARD_TOKEN_BYTES_MAX + 1]; /* SENDS */
    char mask[PAYER_CARD_MASK_BYTES_MAX + 1];
    CardSaid said; /* HEARS */
    int32_t result; /* FAILS: why */
    int64_t lease_us; /* who acts has so long before others do */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    /* --- out --- */
    PayerCard card;
    PayerCards cards;
} PayerCardAct;

/*
 * Refuses PAYER_UNKNOWN, PAYER_CLOSED, what payer_door_admit() refuses, ACCOUNT_STOPPED (BEGINS,
 * TRIES), CARD_TOO_MANY, CARD_BOUND (SENDS: the card is over then), CARD_UNKNOWN, CARD_STATE,
 * CARD_CODE_OVER.
 */
void payer_card_unit(PayerCardAct *work, void (*done)(Unit *unit, Status outcome));

/* --- plain read: it finds, and what is done goes through the unit --- */
typedef struct PayerCardFound {
    char payer[PAYER_ID_BYTES_MAX + 1];
    char id[PAYER_CARD_ID_BYTES + 1];
} PayerCardFound;
/* What is due, and what an earlier run (batches before `first_batch`) left on its way. */
MUST_USE Status payer_cards_due(Store *store, int64_t now_us, int64_t first_batch,
        PayerCardFound ret_found[PAYER_CARDS_DUE_MAX], size_t *ret_count);
