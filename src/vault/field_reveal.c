/*
 * The only way out: a value goes, boxed, to a receiver whom two people enrolled, for a purpose that
 * receiver has, within its budgets, with a reason, and with a line in the log that is durable
 * before the answer (TP-8, TP-15). Whatever is denied has its line, too.
 */
#include "vault/field_inside.h"

#include "base/secret.h"
#include "base/time.h"
#include "policy/detect.h"
#include "policy/purposes.h"
#include "vault/approval.h"

#define DAY_US ((int64_t)86400 * 1000000)

typedef struct Asked {
    WireReveal reveal;
    bool approved;
    Span approvals; /* both, as they came */
    MemoryApprovals spent;
    WireRevealRecord record;
    KeyedHash subject;
} Asked;

/* --- who approved --- */

static Status check_approvals(FieldBatch *b, Asked *asked)
{
    uint8_t memory[512];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer message = BUFFER_OF(memory);
    Span subject;
    sha256(asked->reveal.sealed, digest);
    TRY(wire_reveal_message(&asked->reveal, digest, &message));
    sha256(span_of_buffer(&message), digest);
    Cursor c = cursor_of(asked->approvals);
    TRY(approval_take(
            b->field->config.memory, &c, SPAN("reveal-field"), b->now_us, &subject, &asked->spent));
    TRY(cursor_end(&c));
    REQUIRE(span_equal(subject, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);
    WireApproval first;
    WireApproval second;
    c = cursor_of(asked->approvals);
    TRY(wire_take_approval(&c, &first));
    TRY(wire_take_approval(&c, &second));
    const bool same = span_equal(first.reason, asked->reveal.reason)
            && span_equal(second.reason, asked->reveal.reason);
    REQUIRE(same, REFUSED_APPROVAL_INVALID);
    asked->record.first_approver = first.name;
    asked->record.second_approver = second.name;
    return OK;
}

/* TP-8 masks it for everybody: full display needs an override of the policy, which ends. */
static Status check_policy(const Field *field, const Asked *asked)
{
    const uint16_t class = asked->reveal.data_class;
    switch (asked->reveal.purpose) {
    case REVEAL_BANK_CHANNEL:
        return field_allow(field, class, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, FORM_ENCRYPT);
    case REVEAL_LEGAL_ORDER:
        return field_allow(field, class, LAYER_SHARE, PURPOSE_LEGAL_ORDER, FORM_ENCRYPT);
    case REVEAL_FULL_DISPLAY:
        return field_allow(field, class, LAYER_DISPLAY, PURPOSE_OPERATE, FORM_CLEAR);
    default: return REFUSE(REFUSED_REVEAL_FORBIDDEN);
    }
}

static Status check_purpose(const Field *field, const Asked *asked)
{
    const bool alone = asked->reveal.purpose == REVEAL_BANK_CHANNEL;
    REQUIRE(alone || asked->approved, REFUSED_REVEAL_FORBIDDEN);
    REQUIRE(status_ok(check_policy(field, asked)), REFUSED_REVEAL_FORBIDDEN);
    return OK;
}

/* --- the box --- */

static Status box_for(FieldBatch *b, const Asked *asked, const MemoryReceiver *receiver, Span value,
        Buffer *ret_box)
{
    const WireReveal *r = &asked->reveal;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki((Span) { receiver->key, receiver->key_bytes }, &key));
    BoxContext context = {
        .data_class = r->data_class,
        .purpose = BOX_PURPOSE_REVEAL,
        .expiry_us = b->now_us + FIELD_REVEAL_LIFE_US,
        .tenant = r->tenant,
        .order = r->row_key,
        .payee = r->receiver,
    };
    TRY(random_fill(&b->random, context.server_nonce, sizeof(context.server_nonce)));
    return box_seal(key, 0, &b->random, &context, value, ret_box);
}

static Status open_and_box(
        FieldBatch *b, const Asked *asked, const MemoryReceiver *receiver, Buffer *ret_box)
{
    const WireReveal *r = &asked->reveal;
    uint8_t memory[FIELD_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer plain = BUFFER_OF(memory);
    b->head.tenant = r->tenant;
    b->head.data_class = r->data_class;
    b->head.table = r->table;
    b->head.column = r->column;
    REQUIRE(field_role(r->data_class, &b->role), REFUSED_FIELD_CLASS);
    TRY(field_subject_find(b, r->subject, r->wrapped));
    TRY(field_open_sealed(b, 0, r->row_key, r->sealed, &plain));
    const FieldConfig *config = &b->field->config;
    if (plain.data[0] == FIELD_HONEY && config->alert != NULL)
        config->alert(config->alert_context, VAULT_REVEAL_FIELD, REFUSE(REFUSED_HONEY_TOUCHED));
    return box_for(b, asked, receiver, (Span) { plain.data + 1, plain.size - 1 }, ret_box);
}

/* --- the budgets --- */

static void name_budget(const FieldBatch *b, const char *kind, Span receiver, Span subject,
        RevealBudget *ret_budget)
{
    char text[48];
    Buffer out = BUFFER_OF(text);
    const int32_t day = time_business_day(b->now_us);
    ASSERT(status_ok(buffer_print(&out, "%s %d%c", kind, (int)day, '\0')));
    field_name(b->field, text, receiver, subject, &ret_budget->name.name);
    ret_budget->name.expires_us = b->now_us + DAY_US;
}

static Status decide(FieldBatch *b, Asked *asked, Buffer *ret_box)
{
    MemoryReceiver receiver;
    Memory *memory = b->field->config.memory;
    const uint8_t purpose = asked->reveal.purpose;
    REQUIRE(memory_receiver(memory, asked->reveal.receiver, &receiver), REFUSED_RECEIVER_UNKNOWN);
    const bool may = purpose < 8 && (receiver.purposes >> purpose & 1) != 0;
    REQUIRE(may, REFUSED_RECEIVER_UNKNOWN);
    if (asked->approved) TRY(check_approvals(b, asked));
    TRY(check_purpose(b->field, asked));
    TRY(open_and_box(b, asked, &receiver, ret_box));
    RevealBudget budgets[2] = { { .max = receiver.per_day }, { .max = receiver.per_subject_day } };
    /* Each tenant has a day's budget of its own: none uses up another's. */
    name_budget(b, "reveals", asked->reveal.receiver, asked->reveal.tenant, &budgets[0]);
    name_budget(
            b, "reveals of", asked->reveal.receiver, SPAN_OF(asked->subject.bytes), &budgets[1]);
    return memory_log_reveal(
            memory, &asked->record, budgets, 2, asked->approved ? &asked->spent : NULL, b->now_us);
}

/* --- the question --- */

static Status take(FieldBatch *b, Span request, Asked *ret)
{
    Cursor c = cursor_of(request);
    uint8_t approvals = 0;
    TRY(wire_take_reveal(&c, &ret->reveal));
    TRY(cursor_u8(&c, &approvals));
    REQUIRE(approvals == 0 || (approvals == 2 && c.rest.size > 0), REFUSED_IPC_FORMAT);
    if (approvals == 0) TRY(cursor_end(&c));
    ret->approved = approvals == 2;
    ret->approvals = c.rest;
    const WireReveal *r = &ret->reveal;
    field_name(b->field, "subject", r->tenant, r->subject, &ret->subject);
    ret->record = (WireRevealRecord) {
        .time_us = b->now_us,
        .tenant = r->tenant,
        .data_class = r->data_class,
        .table = r->table,
        .column = r->column,
        .row_key = r->row_key,
        .receiver = r->receiver,
        .purpose = r->purpose,
        .reason = r->reason,
    };
    memcpy(ret->record.subject, ret->subject.bytes, sizeof(ret->record.subject));
    return OK;
}

/* The log is no way out either: a text that holds a card number is not written down. */
static Status check_texts(Asked *asked)
{
    const Span texts[] = { asked->reveal.reason, asked->reveal.receiver, asked->reveal.row_key,
        asked->reveal.tenant };
    Span *const lines[] = { &asked->record.reason, &asked->record.receiver, &asked->record.row_key,
        &asked->record.tenant };
    Status s = OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const Status found =
                span_is_utf8(texts[i]) ? detect_free_text(texts[i]) : REFUSE(REFUSED_TEXT_NOT_UTF8);
        if (status_ok(found)) continue;
        *lines[i] = SPAN("(withheld)");
        s = found;
    }
    return s;
}

Status field_reveal(Field *field, Span request, Buffer *ret_answer)
{
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    Asked asked = { 0 };
    uint8_t box_memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_memory);
    TRY(field_batch_take(field, &b));
    TRY(take(b, request, &asked));
    Status s = check_texts(&asked);
    if (status_ok(s)) s = decide(b, &asked, &box);
    if (status_ok(s)) return buffer_put_framed(ret_answer, span_of_buffer(&box));
    if (status_broken(s) || status_is(s, REFUSED_REVEAL_LOG_FULL)) return s;
    asked.record.status = (uint32_t)s.code;
    TRY(memory_log_reveal(field->config.memory, &asked.record, NULL, 0, NULL, b->now_us));
    return s;
}

/* --- receivers --- */

static Status take_receiver(Cursor *c, WireReceiver *ret_receiver)
{
    TRY(wire_take_receiver(c, ret_receiver));
    TRY(cursor_end(c));
    REQUIRE(span_is_utf8(ret_receiver->name), REFUSED_TEXT_NOT_UTF8);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki(ret_receiver->spki, &key));
    const KeyAlgorithm algorithm = public_key_algorithm(key);
    REQUIRE(algorithm == KEY_P256 || algorithm == KEY_SM2, REFUSED_KEY_FORMAT);
    return OK;
}

Status field_receiver_add(Field *field, Span request)
{
    Cursor c = cursor_of(request);
    Span subject;
    MemoryApprovals approvals;
    WireReceiver receiver;
    uint8_t digest[DIGEST_SHA256_BYTES];
    Memory *memory = field->config.memory;
    TRY(approval_take(memory, &c, SPAN("enroll-receiver"), clock_now_us(&field->config.clock),
            &subject, &approvals));
    sha256(c.rest, digest);
    REQUIRE(span_equal(subject, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);
    TRY(take_receiver(&c, &receiver));
    return memory_receiver_add(memory, &receiver, &approvals);
}

Status field_receiver_remove(Field *field, Span request)
{
    Cursor c = cursor_of(request);
    Span subject;
    Span name;
    MemoryApprovals approvals;
    Memory *memory = field->config.memory;
    TRY(approval_take(memory, &c, SPAN("remove-receiver"), clock_now_us(&field->config.clock),
            &subject, &approvals));
    TRY(cursor_framed(&c, WIRE_RECEIVER_BYTES_MAX, &name));
    TRY(cursor_end(&c));
    REQUIRE(span_equal(subject, name), REFUSED_APPROVAL_INVALID);
    return memory_receiver_remove(memory, name, &approvals);
}

/* --- the log --- */

static Status take_number(Span request, uint64_t *ret_number)
{
    Cursor c = cursor_of(request);
    TRY(cursor_u64(&c, ret_number));
    return cursor_end(&c);
}

Status field_reveal_log(Field *field, Span request, Buffer *ret_answer)
{
    uint64_t first = 0;
    TRY(take_number(request, &first));
    return memory_reveal_log(field->config.memory, first, ret_answer);
}

Status field_reveal_kept(Field *field, Span request)
{
    uint64_t number = 0;
    TRY(take_number(request, &number));
    return memory_reveal_kept(field->config.memory, number);
}
