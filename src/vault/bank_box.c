#include "vault/bank_box.h"

#include "base/time.h"
#include "crypto/box.h"
#include "policy/detect.h"
#include "policy/policy.h"
#include "policy/purposes.h"

enum { NAME_BYTES_MAX = 256 };
#define PASSED_LIFE_US ((int64_t)120 * 1000000) /* the bank opens it at once, or not at all */

Status bank_box_begin(BankBox *box)
{
    MemoryReceiver *found = &box->found;
    TRY(detect_free_text(box->number)); /* both go into the log */
    TRY(detect_free_text(box->receiver));
    REQUIRE(memory_receiver(box->memory, box->receiver, found), REFUSED_RECEIVER_UNKNOWN);
    REQUIRE((found->purposes >> REVEAL_BANK_CHANNEL & 1) != 0, REFUSED_RECEIVER_UNKNOWN);
    return policy_allow(CLASS_PROHIBITED, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, FORM_ENCRYPT);
}

Status bank_box_spend(const BankBox *box, const Span *boxes, const int64_t *expire_us, size_t count)
{
    MemoryExpiring spent[BANK_BOX_SPEND_MAX];
    bool fresh[BANK_BOX_SPEND_MAX];
    ASSERT(count > 0 && count <= BANK_BOX_SPEND_MAX);
    for (size_t i = 0; i < count; i++) {
        keyed_hash(&box->memory->names, boxes[i], &spent[i].name);
        spent[i].expires_us = expire_us[i];
    }
    TRY(memory_spend_boxes(box->memory, spent, count, box->now_us, fresh));
    for (size_t i = 0; i < count; i++)
        REQUIRE(fresh[i], REFUSED_BOX_SPENT);
    return OK;
}

Status bank_box_write_down(const BankBox *box)
{
    uint8_t bytes[NAME_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    WireRevealRecord record = { .time_us = box->now_us,
        .tenant = SPAN("house"),
        .data_class = box->data_class,
        .row_key = box->number,
        .receiver = box->receiver,
        .purpose = REVEAL_BANK_CHANNEL,
        .reason = box->reason };
    RevealBudget budget = { .max = box->found.per_day };
    memcpy(record.subject, box->subject.bytes, sizeof(record.subject));
    TRY(buffer_print(&text, "cards %d ", (int)time_business_day(box->now_us)));
    TRY(buffer_put(&text, box->receiver));
    keyed_hash(&box->memory->names, span_of_buffer(&text), &budget.name.name);
    budget.name.expires_us = box->now_us + TIME_DAY_US;
    return memory_log_reveal(box->memory, &record, &budget, 1, NULL, box->now_us);
}

Status bank_box_seal(const BankBox *box, Span plain, Buffer *ret_box)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    BoxContext context = { .data_class = CLASS_PROHIBITED,
        .purpose = BOX_PURPOSE_CARD,
        .amount = box->minor,
        .expiry_us = box->now_us + PASSED_LIFE_US,
        .order = box->number,
        .payee = box->receiver };
    if (box->minor > 0) memcpy(context.currency, "CNY", sizeof(context.currency));
    TRY(public_key_from_spki((Span) { box->found.key, box->found.key_bytes }, &key));
    TRY(random_fill(box->random, context.server_nonce, sizeof(context.server_nonce)));
    return box_seal(key, 0, box->random, &context, plain, ret_box);
}
