#include "vault/field_test_desk.h"

#include "base/secret.h"

enum { LIFE_US = 60 * 1000000, NONCE_BYTES = 16 };

static PrivateKey *people[3];
static const char *const names[] = { "ann", "bob", "eve" };

static Span text_span(const char *text)
{
    return text != NULL ? span_of_text(text) : (Span) { NULL, 0 };
}

void desk_open(Desk *ret, House *house, const char *tenant)
{
    memset(ret, 0, sizeof(*ret));
    ret->house = house;
    ret->tenant = tenant;
    ret->data_class = CLASS_CARD;
    ret->table = TABLE_CARD;
    ret->column = CARD_NUMBER;
    house_box_key(house, &ret->box_key, &ret->key_id);
}

void desk_close(Desk *desk) { public_key_free(&desk->box_key); }

static Buffer request_of(Desk *desk)
{
    return (Buffer) { desk->request, 0, sizeof(desk->request) };
}

static void put_head(const Desk *desk, Buffer *b)
{
    WireBatchHead head = { .tenant = span_of_text(desk->tenant),
        .data_class = desk->data_class,
        .table = desk->table,
        .column = desk->column };
    memcpy(head.session, desk->session, sizeof(head.session));
    ASSERT(status_ok(wire_put_batch_head(b, &head)));
}

Status desk_session(Desk *desk, BoxPurpose purpose)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    Buffer b = request_of(desk);
    const Random random = random_system();
    const BoxContext context = { .purpose = (uint16_t)purpose,
        .expiry_us = desk->house->now_us + 10 * LIFE_US,
        .tenant = span_of_text(desk->tenant) };
    memset(desk->session, 0, sizeof(desk->session));
    ASSERT(status_ok(
            box_session_begin(desk->box_key, desk->key_id, &random, &context, &box, &desk->keys)));
    put_head(desk, &b);
    ASSERT(status_ok(buffer_put_framed(&b, span_of_buffer(&box))));
    desk->request_bytes = b.size;
    TRY(house_ask(desk->house, VAULT_SESSION, span_of_buffer(&b)));
    WireSession session;
    Cursor c = cursor_of(span_of_buffer(&desk->house->answer));
    TRY(wire_take_session(&c, &session));
    memcpy(desk->session, session.id, sizeof(desk->session));
    desk->number = 1;
    return OK;
}

static bool in_session(const Desk *desk) { return desk->number > 0; }

/* The value as a message of the session, or as a box. */
static void put_secret(Desk *desk, BoxPurpose purpose, const char *subject, const char *reference,
        const char *value, Buffer *ret_secret)
{
    const Random random = random_system();
    if (in_session(desk)) {
        uint8_t memory[WIRE_ITEM_AAD_BYTES_MAX];
        Buffer aad = BUFFER_OF(memory);
        ASSERT(status_ok(
                field_item_aad(desk->data_class, text_span(subject), text_span(reference), &aad)));
        ASSERT(status_ok(box_session_seal(
                &desk->keys, desk->number, span_of_buffer(&aad), span_of_text(value), ret_secret)));
        return;
    }
    const BoxContext context = { .data_class = desk->data_class,
        .purpose = (uint16_t)purpose,
        .expiry_us = desk->house->now_us + LIFE_US,
        .tenant = span_of_text(desk->tenant),
        .order = text_span(reference),
        .payee = text_span(subject) };
    ASSERT(status_ok(box_seal(
            desk->box_key, desk->key_id, &random, &context, span_of_text(value), ret_secret)));
}

static void put_item(Desk *desk, BoxPurpose purpose, const char *subject, const char *reference,
        const char *value, Buffer *b)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer secret = BUFFER_OF(memory);
    put_secret(desk, purpose, subject, reference, value, &secret);
    const WireFieldItem item = { 0, in_session(desk) ? desk->number++ : 0, span_of_buffer(&secret),
        text_span(reference) };
    ASSERT(status_ok(buffer_put_u32(b, 1)));
    ASSERT(status_ok(wire_put_field_item(b, &item)));
}

static void put_subject(const char *subject, const DeskKept *kept, Buffer *b)
{
    const WireSubject wire = { span_of_text(subject), { kept->wrapped, kept->wrapped_bytes } };
    ASSERT(status_ok(buffer_put_u32(b, 1)));
    ASSERT(status_ok(wire_put_subject(b, &wire)));
}

static void keep_wrapped(Span wrapped, DeskKept *kept)
{
    if (wrapped.size == 0) return;
    memcpy(kept->wrapped, wrapped.data, wrapped.size);
    kept->wrapped_bytes = wrapped.size;
}

static Status take_subject(Cursor *c, DeskKept *kept)
{
    uint32_t count = 0;
    WireSubjectAnswer answer;
    TRY(cursor_u32(c, &count));
    TRY(wire_take_subject_answer(c, &answer));
    keep_wrapped(answer.wrapped, kept);
    return OK;
}

static Status take_status(Cursor *c)
{
    uint32_t code = 0;
    TRY(cursor_u32(c, &code));
    return (Status) { (int32_t)code };
}

static void copy_text(Span text, char *ret)
{
    if (text.size > 0) memcpy(ret, text.data, text.size);
    ret[text.size] = '\0';
}

Status desk_protect_again(Desk *desk, DeskKept *kept)
{
    uint32_t count = 0;
    WireProtected made;
    TRY(house_ask(
            desk->house, VAULT_PROTECT_FIELDS, (Span) { desk->request, desk->request_bytes }));
    Cursor c = cursor_of(span_of_buffer(&desk->house->answer));
    TRY(take_subject(&c, kept));
    TRY(cursor_u32(&c, &count));
    TRY(take_status(&c));
    TRY(wire_take_protected(&c, &made));
    memcpy(kept->sealed, made.sealed.data, made.sealed.size);
    kept->sealed_bytes = made.sealed.size;
    copy_text(made.token, kept->token);
    copy_text(made.mask, kept->mask);
    kept->indexes = made.indexes;
    return cursor_end(&c);
}

Status desk_protect(
        Desk *desk, const char *subject, const char *reference, const char *value, DeskKept *kept)
{
    Buffer b = request_of(desk);
    put_head(desk, &b);
    put_subject(subject, kept, &b);
    put_item(desk, BOX_PURPOSE_FIELD, subject, reference, value, &b);
    desk->request_bytes = b.size;
    return desk_protect_again(desk, kept);
}

Status desk_lookup(Desk *desk, const char *value, WireIndexes *ret_indexes)
{
    Buffer b = request_of(desk);
    uint32_t count = 0;
    put_head(desk, &b);
    put_item(desk, BOX_PURPOSE_LOOKUP, NULL, NULL, value, &b);
    desk->request_bytes = b.size;
    TRY(house_ask(desk->house, VAULT_LOOKUP_FIELDS, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&desk->house->answer));
    TRY(cursor_u32(&c, &count));
    TRY(take_status(&c));
    TRY(wire_take_indexes(&c, ret_indexes));
    return cursor_end(&c);
}

Status desk_rewrap(
        Desk *desk, const char *subject, const char *row_key, DeskKept *kept, bool *ret_moved)
{
    Buffer b = request_of(desk);
    uint32_t count = 0;
    WireRewrapped moved;
    const WireSealedField field = { 0, span_of_text(row_key), { kept->sealed, kept->sealed_bytes },
        kept->indexes.version };
    put_head(desk, &b);
    put_subject(subject, kept, &b);
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_sealed_field(&b, &field));
    TRY(house_ask(desk->house, VAULT_REWRAP_FIELDS, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&desk->house->answer));
    TRY(take_subject(&c, kept));
    TRY(cursor_u32(&c, &count));
    TRY(take_status(&c));
    TRY(wire_take_rewrapped(&c, &moved));
    *ret_moved = moved.sealed.size > 0;
    if (moved.indexes.version > 0) kept->indexes = moved.indexes;
    if (!*ret_moved) return OK;
    memcpy(kept->sealed, moved.sealed.data, moved.sealed.size);
    kept->sealed_bytes = moved.sealed.size;
    return OK;
}

/* --- people --- */

static Status enroll_person(House *house, int who)
{
    uint8_t memory[512];
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Buffer spki = BUFFER_OF(spki_memory);
    TRY(public_key_to_spki(private_key_public(people[who]), &spki));
    TRY(buffer_put_framed(&b, span_of_text(names[who])));
    TRY(buffer_put_framed(&b, span_of_buffer(&spki)));
    return house_ask_operator(house, VAULT_ENROLL, span_of_buffer(&b));
}

void desk_people(House *house)
{
    for (int i = 0; i < 3; i++) {
        if (people[i] == NULL) ASSERT(status_ok(private_key_generate(KEY_ED25519, &people[i])));
        if (i < 2) ASSERT(status_ok(enroll_person(house, i)));
    }
}

static void approve_one(
        House *house, int who, const char *operation, Span subject, const char *reason, Buffer *b)
{
    uint8_t nonce[NONCE_BYTES];
    uint8_t message_memory[WIRE_APPROVAL_BYTES_MAX];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_memory);
    Buffer signature = BUFFER_OF(signature_memory);
    const Random random = random_system();
    ASSERT(status_ok(random_fill(&random, nonce, sizeof(nonce))));
    WireApproval approval = { span_of_text(names[who]), span_of_text(operation), subject,
        span_of_text(reason), house->now_us + LIFE_US, SPAN_OF(nonce), { NULL, 0 } };
    ASSERT(status_ok(wire_approval_message(&approval, &message)));
    ASSERT(status_ok(sign_make(people[who], span_of_buffer(&message), &signature)));
    approval.signature = span_of_buffer(&signature);
    ASSERT(status_ok(wire_put_approval(b, &approval)));
}

void desk_approve(House *house, const int who[2], const char *operation, Span subject,
        const char *reason, Buffer *b)
{
    approve_one(house, who[0], operation, subject, reason, b);
    approve_one(house, who[1], operation, subject, reason, b);
}

Status desk_enroll(House *house, const DeskReceiver *receiver, const int who[2])
{
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    uint8_t body_memory[1024];
    uint8_t memory[8192];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer spki = BUFFER_OF(spki_memory);
    Buffer body = BUFFER_OF(body_memory);
    Buffer b = BUFFER_OF(memory);
    TRY(public_key_to_spki(private_key_public(receiver->key), &spki));
    const WireReceiver wire = { span_of_text(receiver->name), span_of_buffer(&spki),
        receiver->purposes, receiver->per_day, receiver->per_subject_day };
    TRY(wire_put_receiver(&body, &wire));
    sha256(span_of_buffer(&body), digest);
    desk_approve(house, who, "enroll-receiver", SPAN_OF(digest), "a bank", &b);
    TRY(buffer_put(&b, span_of_buffer(&body)));
    return house_ask_operator(house, VAULT_RECEIVER_ADD, span_of_buffer(&b));
}

/* --- reveals --- */

WireReveal desk_reveal_of(
        const Desk *desk, const char *subject, const DeskKept *kept, const char *receiver)
{
    return (WireReveal) {
        .tenant = span_of_text(desk->tenant),
        .data_class = desk->data_class,
        .table = desk->table,
        .column = desk->column,
        .row_key = span_of_text(kept->token),
        .subject = span_of_text(subject),
        .wrapped = { kept->wrapped, kept->wrapped_bytes },
        .sealed = { kept->sealed, kept->sealed_bytes },
        .receiver = span_of_text(receiver),
        .purpose = REVEAL_BANK_CHANNEL,
        .reason = SPAN("settlement 20261127"),
    };
}

static Status read_box(const Desk *desk, const DeskReceiver *receiver, char *ret_value)
{
    Cursor c = cursor_of(span_of_buffer(&desk->house->answer));
    Span bytes;
    Box box;
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    Buffer value = BUFFER_OF(memory);
    TRY(cursor_framed(&c, BOX_BYTES_MAX, &bytes));
    TRY(box_parse(bytes, &box));
    TRY(box_open(receiver->key, &box, &value));
    copy_text(span_of_buffer(&value), ret_value);
    return OK;
}

Status desk_reveal(Desk *desk, const WireReveal *reveal, const int who[2],
        const DeskReceiver *receiver, char ret_value[WIRE_VALUE_BYTES_MAX + 1])
{
    Buffer b = request_of(desk);
    uint8_t memory[512];
    uint8_t digest[DIGEST_SHA256_BYTES];
    char reason[WIRE_REASON_BYTES_MAX + 1];
    Buffer message = BUFFER_OF(memory);
    TRY(wire_put_reveal(&b, reveal));
    TRY(buffer_put_u8(&b, who != NULL ? 2 : 0));
    sha256(reveal->sealed, digest);
    TRY(wire_reveal_message(reveal, digest, &message));
    sha256(span_of_buffer(&message), digest);
    copy_text(reveal->reason, reason);
    if (who != NULL) desk_approve(desk->house, who, "reveal-field", SPAN_OF(digest), reason, &b);
    desk->request_bytes = b.size;
    TRY(house_ask(desk->house, VAULT_REVEAL_FIELD, span_of_buffer(&b)));
    return read_box(desk, receiver, ret_value);
}
