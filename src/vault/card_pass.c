#include "vault/card_pass.h"

#include "base/secret.h"
#include "base/time.h"
#include "ipc/field_wire.h"
#include "policy/detect.h"
#include "policy/policy.h"
#include "vault/box_facts.h"
#include "vault/memory_field.h"

enum { NAME_BYTES_MAX = 256 };
#define PASSED_LIFE_US ((int64_t)120 * 1000000) /* the bank opens it at once, or not at all */

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

static Status take(Span request, WireCardPass *ret_asked)
{
    Cursor c = cursor_of(request);
    TRY(wire_take_card_pass(&c, ret_asked));
    TRY(cursor_end(&c));
    TRY(detect_free_text(ret_asked->number)); /* it goes into the log */
    return detect_free_text(ret_asked->receiver);
}

static Status check_context(const BoxContext *context, const WireCardPass *asked, int64_t now_us)
{
    const BoxFacts facts = { .data_class = CLASS_PROHIBITED,
        .purpose = BOX_PURPOSE_CARD,
        .order = asked->number,
        .payee = asked->receiver,
        .minor = asked->minor,
        .nonce = asked->nonce };
    return box_facts_check(context, &facts, now_us);
}

static Status find_receiver(const CardPass *pass, Span name, MemoryReceiver *ret_receiver)
{
    REQUIRE(memory_receiver(pass->memory, name, ret_receiver), REFUSED_RECEIVER_UNKNOWN);
    REQUIRE((ret_receiver->purposes >> REVEAL_BANK_CHANNEL & 1) != 0, REFUSED_RECEIVER_UNKNOWN);
    return policy_allow(CLASS_PROHIBITED, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, FORM_ENCRYPT);
}

/* Before it is opened: a box that was sent is not sent again, whatever became of the answer. */
static Status spend(const CardPass *pass, Span box, int64_t expires_us, int64_t now_us)
{
    MemoryExpiring spent = { .expires_us = expires_us };
    bool fresh = false;
    keyed_hash(&pass->memory->names, box, &spent.name);
    TRY(memory_spend_boxes(pass->memory, &spent, 1, now_us, &fresh));
    REQUIRE(fresh, REFUSED_BOX_SPENT);
    return OK;
}

static Status write_down(const CardPass *pass, const WireCardPass *asked,
        const MemoryReceiver *receiver, int64_t now_us)
{
    uint8_t bytes[NAME_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    WireRevealRecord record = { .time_us = now_us,
        .tenant = SPAN("house"),
        .data_class = CLASS_PROHIBITED,
        .row_key = asked->number,
        .receiver = asked->receiver,
        .purpose = REVEAL_BANK_CHANNEL,
        .reason = SPAN("card payment") };
    RevealBudget budget = { .max = receiver->per_day };
    TRY(buffer_print(&text, "cards %d ", (int)time_business_day(now_us)));
    TRY(buffer_put(&text, asked->receiver));
    keyed_hash(&pass->memory->names, span_of_buffer(&text), &budget.name.name);
    budget.name.expires_us = now_us + TIME_DAY_US;
    return memory_log_reveal(pass->memory, &record, &budget, 1, NULL, now_us);
}

static Status seal_for(const CardPass *pass, const WireCardPass *asked,
        const MemoryReceiver *receiver, Span plain, Buffer *ret_box)
{
    const int64_t now_us = clock_now_us(&pass->clock);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    BoxContext context = { .data_class = CLASS_PROHIBITED,
        .purpose = BOX_PURPOSE_CARD,
        .amount = asked->minor,
        .currency = { 'C', 'N', 'Y' },
        .expiry_us = now_us + PASSED_LIFE_US,
        .order = asked->number,
        .payee = asked->receiver };
    TRY(public_key_from_spki((Span) { receiver->key, receiver->key_bytes }, &key));
    TRY(random_fill(&pass->random, context.server_nonce, sizeof(context.server_nonce)));
    return box_seal(key, 0, &pass->random, &context, plain, ret_box);
}

Status card_pass(const CardPass *pass, Span request, Buffer *ret_answer)
{
    const int64_t now_us = clock_now_us(&pass->clock);
    WireCardPass asked;
    MemoryReceiver receiver;
    Box box;
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_bytes);
    Buffer passed = BUFFER_OF(box_bytes);
    TRY(take(request, &asked));
    TRY(box_parse(asked.box, &box));
    TRY(check_context(&box.context, &asked, now_us));
    TRY(find_receiver(pass, asked.receiver, &receiver));
    TRY(keys_box_open(pass->keys, &box, &plain));
    TRY(spend(pass, asked.box, box.context.expiry_us, now_us));
    TRY(write_down(pass, &asked, &receiver, now_us));
    TRY(seal_for(pass, &asked, &receiver, span_of_buffer(&plain), &passed));
    return buffer_put_framed(ret_answer, span_of_buffer(&passed));
}
