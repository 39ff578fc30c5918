/* payer_card_units: a card's steps. */
#include "payment/payer_card.h"

#include "base/time.h"
#include "payment/allowance.h"
#include "payment/payment_rows.h"

enum { DETAIL_BYTES_MAX = 120 };

static Status act_gather(Unit *unit, Rows *rows)
{
    PayerCardAct *work = (PayerCardAct *)unit;
    int64_t account = 0;
    TRY(payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    TRY(allowance_gather(rows, work->payer));
    return payer_cards_get(rows, work->payer, &work->cards);
}

/* --- may he? --- */

/* Whose account is stopped binds nothing. */
static Status is_not_stopped(Rows *rows, const Payer *payer)
{
    Allowance allowance;
    TRY(allowance_of(rows, payer, &allowance));
    REQUIRE(allowance.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    return OK;
}

/* To end one is allowed while money is held back, too. */
static Status admit(const PayerCardAct *work, Rows *rows)
{
    Payer payer;
    const bool adds = work->kind == CARD_BEGINS || work->kind == CARD_TRIES;
    if (work->timer || !(adds || work->kind == CARD_ENDS)) return OK;
    TRY(payer_admit(rows, work->payer, &payer));
    const Status s = payer_door_admit(rows, work->payer, &work->door);
    const bool cools = status_is(s, REFUSED_PAYER_COOLS_DOWN);
    if (adds || !cools) TRY(s);
    return adds ? is_not_stopped(rows, &payer) : OK;
}

/* --- begin --- */

/* An empty place, or that of the card that was over first. */
static PayerCard *free_place(PayerCards *cards)
{
    PayerCard *place = NULL;
    for (size_t i = 0; i < PAYER_CARDS_MAX; i++) {
        PayerCard *card = &cards->at[i];
        if (card->state == PAYER_CARD_NONE) return card;
        if (card->state != PAYER_CARD_OVER) continue;
        if (place == NULL || card->ended_us < place->ended_us) place = card;
    }
    return place;
}

static int64_t tries_of(const PayerCards *cards, int64_t day)
{
    int64_t tries = 0;
    for (size_t i = 0; i < PAYER_CARDS_MAX; i++) {
        const PayerCard *card = &cards->at[i];
        if (card->state != PAYER_CARD_NONE && card->day >= day) tries += card->tries;
    }
    return tries;
}

static Status begins(PayerCardAct *work, Rows *rows, PayerCard **ret_card)
{
    const int64_t now_us = rows_now_us(rows);
    const int64_t day = time_business_day(now_us);
    PayerCard *place = free_place(&work->cards);
    PayerCard *same = NULL;
    REQUIRE(payer_card_id_is_valid(span_of_text(work->id)), REFUSED_CARD_FIELD);
    REQUIRE(!status_ok(payer_cards_find(&work->cards, work->id, &same)), REFUSED_CARD_STATE);
    REQUIRE(place != NULL, REFUSED_CARD_TOO_MANY);
    REQUIRE(tries_of(&work->cards, day) < PAYER_CARD_TRIES_PER_DAY, REFUSED_CARD_TOO_MANY);
    const int64_t tries = place->state != PAYER_CARD_NONE && place->day >= day ? place->tries : 0;
    PayerCard card = { .place = place->place,
        .state = PAYER_CARD_BEGUN,
        .created_us = now_us,
        .due_us = now_us + work->lease_us,
        .day = day,
        .tries = tries + 1 };
    memcpy(card.payer, work->payer, sizeof(card.payer));
    memcpy(card.id, work->id, sizeof(card.id));
    *place = card;
    *ret_card = place;
    return OK;
}

/* --- what a card comes to --- */

static void over(PayerCard *card, int32_t result, int64_t now_us)
{
    card->state = PAYER_CARD_OVER;
    card->result = result;
    card->ended_us = now_us;
}

static bool is_bound(const PayerCards *cards, const PayerCard *card, const char *token)
{
    for (size_t i = 0; i < PAYER_CARDS_MAX; i++) {
        const PayerCard *other = &cards->at[i];
        const bool counts = other->state != PAYER_CARD_NONE && other->state != PAYER_CARD_OVER;
        if (counts && other != card && strcmp(other->token, token) == 0) return true;
    }
    return false;
}

/* The row says how it ended, so the unit is OK; who asked reads it there. */
static Status sends(PayerCardAct *work, Rows *rows, PayerCard *card)
{
    REQUIRE(card->state == PAYER_CARD_BEGUN, REFUSED_CARD_STATE);
    if (is_bound(&work->cards, card, work->token)) {
        over(card, REFUSED_CARD_BOUND, rows_now_us(rows));
        return OK;
    }
    memcpy(card->token, work->token, sizeof(card->token));
    memcpy(card->mask, work->mask, sizeof(card->mask));
    card->state = PAYER_CARD_SENT;
    card->due_us = rows_now_us(rows) + work->lease_us;
    return OK;
}

static Status tries(PayerCardAct *work, Rows *rows, PayerCard *card)
{
    const int64_t now_us = rows_now_us(rows);
    const bool was_over =
            card->state == PAYER_CARD_OVER && card->result == (int32_t)REFUSED_CARD_CODE_OVER;
    REQUIRE(!was_over, REFUSED_CARD_CODE_OVER);
    REQUIRE(card->state == PAYER_CARD_WAITING, REFUSED_CARD_STATE);
    REQUIRE(now_us < card->expires_us && card->codes < PAYER_CARD_CODE_TRIES,
            REFUSED_CARD_CODE_OVER);
    card->state = PAYER_CARD_TRYING;
    card->codes++;
    card->due_us = now_us + work->lease_us;
    return OK;
}

static Status ends(PayerCardAct *work, Rows *rows, PayerCard *card)
{
    if (card->state == PAYER_CARD_ENDING) return OK;
    const bool may = card->state == PAYER_CARD_WAITING || card->state == PAYER_CARD_LIVE
            || card->state == PAYER_CARD_SENT;
    REQUIRE(may, REFUSED_CARD_STATE);
    card->result = work->result;
    card->state = PAYER_CARD_ENDING;
    card->due_us = rows_now_us(rows) + work->lease_us;
    return OK;
}

/* A wrong code is what a bank means that waits still. */
static void waits(PayerCard *card, int64_t now_us)
{
    if (card->state == PAYER_CARD_SENT) card->expires_us = now_us + PAYER_CARD_CODE_LIFE_US;
    card->state = PAYER_CARD_WAITING;
    card->due_us = card->expires_us;
}

static int32_t refused_with(const PayerCard *card)
{
    return card->state == PAYER_CARD_SENT ? (int32_t)REFUSED_CARD_ELEMENTS
                                          : (int32_t)REFUSED_CARD_CODE_OVER;
}

static Status hears(PayerCardAct *work, Rows *rows, PayerCard *card)
{
    const int64_t now_us = rows_now_us(rows);
    const bool sent = card->state == PAYER_CARD_SENT || card->state == PAYER_CARD_TRYING;
    switch (work->said.says) {
    case CARD_IS_NOT_THERE: return REFUSE(REFUSED_CARD_STATE); /* it is ended there instead */
    case CARD_IS_WAITING:
        if (sent) waits(card, now_us);
        return OK;
    case CARD_IS_LIVE:
        REQUIRE(card->state == PAYER_CARD_TRYING, REFUSED_CARD_STATE);
        card->state = PAYER_CARD_LIVE;
        card->bound_us = now_us;
        memcpy(card->agreement, work->said.agreement, sizeof(card->agreement));
        return OK;
    case CARD_IS_REFUSED:
        if (card->state != PAYER_CARD_OVER) over(card, refused_with(card), now_us);
        return OK;
    case CARD_IS_ENDED:
        if (card->state != PAYER_CARD_OVER) over(card, card->result, now_us);
        return OK;
    }
    return REFUSE(REFUSED_CARD_STATE);
}

static Status fails(const PayerCardAct *work, Rows *rows, PayerCard *card)
{
    if (card->state == PAYER_CARD_TRYING) {
        waits(card, rows_now_us(rows));
        return OK;
    }
    REQUIRE(card->state == PAYER_CARD_BEGUN, REFUSED_CARD_STATE);
    over(card, work->result, rows_now_us(rows));
    return OK;
}

/* --- the unit --- */

static Status change(PayerCardAct *work, Rows *rows, PayerCard *card)
{
    switch (work->kind) {
    case CARD_LOOKS:
    case CARD_BEGINS: return OK;
    case CARD_SENDS: return sends(work, rows, card);
    case CARD_TRIES: return tries(work, rows, card);
    case CARD_ENDS: return ends(work, rows, card);
    case CARD_HEARS: return hears(work, rows, card);
    case CARD_FAILS: return fails(work, rows, card);
    case CARD_ASKS_LATER: card->due_us = rows_now_us(rows) + PAYER_CARD_ASK_US; return OK;
    }
    return REFUSE(REFUSED_CARD_STATE);
}

static Status act(PayerCardAct *work, Rows *rows)
{
    PayerCard *card = NULL;
    TRY(payer_cards_get(rows, work->payer, &work->cards));
    if (work->kind == CARD_LOOKS && work->id[0] == 0) return OK;
    TRY(admit(work, rows));
    if (work->kind == CARD_BEGINS)
        TRY(begins(work, rows, &card));
    else
        TRY(payer_cards_find(&work->cards, work->id, &card));
    TRY(change(work, rows, card));
    work->card = *card;
    return work->kind == CARD_LOOKS ? OK : payer_card_put(rows, card);
}

static bool is_quiet(const PayerCardAct *work)
{
    return work->kind == CARD_LOOKS || work->kind == CARD_ASKS_LATER;
}

static Status act_run(Unit *unit, Rows *rows)
{
    PayerCardAct *work = (PayerCardAct *)unit;
    uint8_t detail_bytes[DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_bytes);
    const Status s = act(work, rows);
    TRY(buffer_print(&detail, "card %s", work->id));
    if (status_ok(s)) TRY(buffer_print(&detail, " %s", payer_card_state_name(work->card.state)));
    if (status_ok(s) && work->card.result != 0)
        TRY(buffer_print(&detail, " %s", status_name((Status) { work->card.result })));
    TRY(buffer_put_u8(&detail, 0));
    const Record record = { .kind = work->kind == CARD_ENDS ? AUDIT_BINDING_END
                                                            : AUDIT_BINDING_MAKE,
        .role = work->timer ? "timer" : "payer",
        .actor = work->timer ? "" : work->payer,
        .mchid = "",
        .subject = work->payer,
        .nonce_digest = work->nonce_digest,
        .detail = (const char *)detail_bytes,
        .quiet = is_quiet(work) };
    return record_end(rows, &record, s);
}

void payer_card_unit(PayerCardAct *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = act_gather, .run = act_run, .done = done };
}
