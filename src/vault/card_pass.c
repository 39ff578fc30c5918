#include "vault/card_pass.h"

#include "base/secret.h"
#include "ipc/field_wire.h"
#include "vault/bank_box.h"
#include "vault/box_facts.h"

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

static Status take(Span request, WireCardPass *ret_asked)
{
    Cursor c = cursor_of(request);
    TRY(wire_take_card_pass(&c, ret_asked));
    return cursor_end(&c);
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

Status card_pass(const CardPass *pass, Span request, Buffer *ret_answer)
{
    WireCardPass asked;
    Box box;
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_bytes);
    Buffer passed = BUFFER_OF(box_bytes);
    TRY(take(request, &asked));
    BankBox bank = { .memory = pass->memory,
        .random = &pass->random,
        .now_us = clock_now_us(&pass->clock),
        .receiver = asked.receiver,
        .number = asked.number,
        .minor = asked.minor,
        .data_class = CLASS_PROHIBITED,
        .reason = SPAN("card payment") };
    TRY(box_parse(asked.box, &box));
    TRY(check_context(&box.context, &asked, bank.now_us));
    TRY(bank_box_begin(&bank));
    TRY(keys_box_open(pass->keys, &box, &plain));
    TRY(bank_box_spend(&bank, &asked.box, &box.context.expiry_us, 1));
    TRY(bank_box_write_down(&bank));
    TRY(bank_box_seal(&bank, span_of_buffer(&plain), &passed));
    return buffer_put_framed(ret_answer, span_of_buffer(&passed));
}
