#include "api/card_desk.h"

#include "store/unit_wait.h"
#include "vaultclient/card_bind.h"

#include <stdlib.h>
#include <time.h>

struct CardDesk {
    CardDeskConfig config;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stopping;
    pthread_t asker;
    bool has_asker;
    PayerCardFound found[PAYER_CARDS_DUE_MAX];
    size_t found_count;
};

static Fields fields_of(const CardDesk *desk)
{
    return (Fields) { .domain = desk->config.house->domain, .vault = desk->config.house->vault };
}

Status card_desk_act(CardDesk *desk, PayerCardAct *act)
{
    act->lease_us = desk->config.lease_us;
    payer_card_unit(act, NULL);
    return unit_wait(desk->config.house->batcher, &act->unit);
}

/* The same card bound in another place keeps its number. */
static Status forget(const CardDesk *desk, const PayerCard *card)
{
    const Fields fields = fields_of(desk);
    if (card->state != PAYER_CARD_OVER || card->token[0] == 0) return OK;
    return card_forget(&fields, span_of_text(card->payer), span_of_text(card->token));
}

static Status step(CardDesk *desk, PayerCardAct *act, PayerCardActKind kind)
{
    act->kind = kind;
    act->timer = true; /* not the payer's own act any more */
    TRY(card_desk_act(desk, act));
    return forget(desk, &act->card);
}

/* What the bank said, into the row; no answer is no outcome. */
static Status hear(CardDesk *desk, PayerCardAct *act, Status told)
{
    if (status_ok(told)) return step(desk, act, CARD_HEARS);
    if (status_broken(told)) return told; /* on our side: it is asked about */
    return step(desk, act, CARD_ASKS_LATER);
}

/* Nothing has left. */
static Status fail(CardDesk *desk, PayerCardAct *act, Status why)
{
    if (!status_refused(why)) return why;
    act->result = why.code;
    TRY(step(desk, act, CARD_FAILS));
    return why;
}

Status card_desk_bind(CardDesk *desk, PayerCardAct *act, const WireCardBind *bind)
{
    const CardChannel *channel = desk->config.channel;
    const Fields fields = fields_of(desk);
    uint8_t bytes[WIRE_BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    WireCardBind whole = *bind;
    FieldsMade made = { .status = OK };
    whole.receiver = span_of_text(desk->config.receiver);
    const Status kept = card_bind_ask(&fields, &whole, &made, &box);
    if (status_is(kept, REFUSED_RECEIVER_UNKNOWN))
        return fail(desk, act, REFUSE(REFUSED_BANK_RECEIVER));
    if (!status_ok(kept)) return fail(desk, act, kept);
    const Value token = VALUE_OF_TEXT(span_of_text(made.row_key));
    const Value mask = VALUE_OF_TEXT(span_of_text(made.mask));
    TRY(value_copy_text(&token, act->token, sizeof(act->token)));
    TRY(value_copy_text(&mask, act->mask, sizeof(act->mask)));
    act->kind = CARD_SENDS;
    act->timer = true;
    TRY(card_desk_act(desk, act));
    if (act->card.state != PAYER_CARD_SENT) return OK; /* bound already */
    return hear(
            desk, act, channel->bind(channel->context, act->id, span_of_buffer(&box), &act->said));
}

Status card_desk_confirm(CardDesk *desk, PayerCardAct *act, const WireCardCode *code)
{
    const CardChannel *channel = desk->config.channel;
    uint8_t bytes[WIRE_BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    WireCardCode whole = *code;
    whole.receiver = span_of_text(desk->config.receiver);
    const Status passed = card_code_ask(desk->config.house->vault, &whole, &box);
    if (!status_ok(passed)) return fail(desk, act, passed);
    return hear(desk, act,
            channel->confirm(channel->context, act->id, span_of_buffer(&box), &act->said));
}

Status card_desk_end(CardDesk *desk, PayerCardAct *act)
{
    const CardChannel *channel = desk->config.channel;
    return hear(desk, act, channel->end(channel->context, act->id, &act->said));
}

/* --- what is due --- */

static Status end_for(CardDesk *desk, PayerCardAct *act, int32_t result)
{
    act->result = result;
    TRY(step(desk, act, CARD_ENDS));
    return card_desk_end(desk, act);
}

/* What the bank does not have may still be on its way there: so it is ended there, too. */
static Status ask_bank(CardDesk *desk, PayerCardAct *act)
{
    const CardChannel *channel = desk->config.channel;
    const int64_t now_us = clock_now_us(&desk->config.house->clock);
    const Status told = channel->look(channel->context, act->id, &act->said);
    if (!status_ok(told) || act->said.says != CARD_IS_NOT_THERE) return hear(desk, act, told);
    if (now_us - act->card.created_us < desk->config.close_us)
        return step(desk, act, CARD_ASKS_LATER);
    return end_for(desk, act, (int32_t)REFUSED_BANK_NEVER_SENT);
}

static Status look_after(CardDesk *desk, const PayerCardFound *found)
{
    PayerCardAct act = { .kind = CARD_LOOKS, .timer = true };
    memcpy(act.payer, found->payer, sizeof(act.payer));
    memcpy(act.id, found->id, sizeof(act.id));
    TRY(card_desk_act(desk, &act));
    switch (act.card.state) {
    case PAYER_CARD_BEGUN:
        act.result = (int32_t)REFUSED_BANK_NEVER_SENT;
        return step(desk, &act, CARD_FAILS);
    case PAYER_CARD_SENT:
    case PAYER_CARD_TRYING: return ask_bank(desk, &act);
    case PAYER_CARD_WAITING: return end_for(desk, &act, (int32_t)REFUSED_CARD_CODE_OVER);
    case PAYER_CARD_ENDING: return card_desk_end(desk, &act);
    case PAYER_CARD_NONE:
    case PAYER_CARD_LIVE:
    case PAYER_CARD_OVER: break; /* somebody was faster */
    }
    return OK;
}

static Status find_due(void *context, Store *store)
{
    CardDesk *desk = context;
    const House *house = desk->config.house;
    return payer_cards_due(store, clock_now_us(&house->clock), house->first_batch, desk->found,
            &desk->found_count);
}

/* False: it is time to stop. */
static bool goes_on(CardDesk *desk)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    const int64_t ns = until.tv_nsec + (int64_t)CARD_DESK_TICK_MS * 1000000;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&desk->lock);
    if (!desk->stopping) pthread_cond_timedwait(&desk->stopped, &desk->lock, &until);
    const bool going = !desk->stopping;
    pthread_mutex_unlock(&desk->lock);
    return going;
}

static void *asks(void *context)
{
    CardDesk *desk = context;
    while (goes_on(desk)) {
        desk->found_count = 0;
        Status s = batcher_between(desk->config.house->batcher, find_due, desk);
        if (!status_ok(s)) desk->config.report(desk->config.context, "bank.cards_due", s);
        for (size_t i = 0; i < desk->found_count; i++) {
            s = look_after(desk, &desk->found[i]);
            if (!status_ok(s)) desk->config.report(desk->config.context, "bank.card", s);
        }
    }
    return NULL;
}

Status card_desk_open(const CardDeskConfig *config, CardDesk **ret_desk)
{
    CLEANUP(card_desk_close) CardDesk *desk = calloc(1, sizeof(*desk));
    CHECK(desk != NULL, FAULT_MEMORY);
    desk->config = *config;
    ASSERT(pthread_mutex_init(&desk->lock, NULL) == 0);
    pthread_condattr_t monotonic; /* a clock that is set back must not let cards wait */
    ASSERT(pthread_condattr_init(&monotonic) == 0);
    ASSERT(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&desk->stopped, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    desk->has_asker = pthread_create(&desk->asker, NULL, asks, desk) == 0;
    CHECK(desk->has_asker, FAULT_THREAD);
    *ret_desk = desk;
    desk = NULL;
    return OK;
}

void card_desk_close(CardDesk **desk)
{
    CardDesk *closing = *desk;
    if (closing == NULL) return;
    pthread_mutex_lock(&closing->lock);
    closing->stopping = true;
    pthread_cond_broadcast(&closing->stopped);
    pthread_mutex_unlock(&closing->lock);
    if (closing->has_asker) pthread_join(closing->asker, NULL);
    pthread_cond_destroy(&closing->stopped);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *desk = NULL;
}
