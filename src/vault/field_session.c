/* Sessions, and the opening of one item: each message number and each box is good once. */
#include "vault/field_inside.h"

#include "base/secret.h"
#include "policy/purposes.h"

static const uint8_t no_session[WIRE_SESSION_BYTES];

static bool is_free(const FieldSession *session, int64_t now_us)
{
    return session->purpose == 0 || session->expires_us < now_us;
}

FieldSession *field_session_slot(Field *field, const KeyedHash *tenant, int64_t now_us)
{
    FieldSession *found = NULL;
    size_t of_tenant = 0;
    for (size_t i = 0; i < FIELD_SESSIONS_MAX; i++) {
        FieldSession *session = &field->secrets->sessions[i];
        if (is_free(session, now_us))
            found = found == NULL ? session : found;
        else
            of_tenant += keyed_hash_equal(&session->tenant, tenant) ? 1 : 0;
    }
    if (found == NULL || of_tenant >= FIELD_SESSIONS_PER_TENANT_MAX) return NULL;
    bytes_wipe(found, sizeof(*found));
    return found;
}

/* --- open a session --- */

static Status take_opening(const FieldBatch *b, Span bytes, Box *ret_box)
{
    TRY(box_parse(bytes, ret_box));
    const BoxContext *context = &ret_box->context;
    const bool fits =
            (context->purpose == BOX_PURPOSE_SESSION || context->purpose == BOX_PURPOSE_LOOKUPS)
            && context->data_class == 0 && context->amount == 0
            && span_equal(context->tenant, b->head.tenant) && context->order.size == 0
            && context->payee.size == 0;
    REQUIRE(fits, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= b->now_us, REFUSED_BOX_EXPIRED);
    REQUIRE(context->expiry_us - b->now_us <= FIELD_SESSION_LIFE_MAX_US, REFUSED_BOX_CONTEXT);
    return OK;
}

/* Opened once for all times: the same opening after a restart would let every message of the
 * session be replayed. */
static Status spend_opening(const FieldBatch *b, Span bytes, int64_t expires_us)
{
    MemoryExpiring spent = { .expires_us = expires_us };
    bool fresh = false;
    keyed_hash(&b->field->secrets->names, bytes, &spent.name);
    TRY(memory_spend_boxes(b->field->config.memory, &spent, 1, b->now_us, &fresh));
    REQUIRE(fresh, REFUSED_BOX_SPENT);
    return OK;
}

static Status keep_session(
        FieldBatch *b, const Box *box, const BoxSession *keys, WireSession *ret_session)
{
    Field *field = b->field;
    KeyedHash tenant;
    uint8_t id[WIRE_SESSION_BYTES];
    TRY(random_fill(&b->random, id, sizeof(id)));
    field_name(field, "tenant", b->head.tenant, (Span) { NULL, 0 }, &tenant);
    FIELD_HOLD(field);
    FieldSession *session = field_session_slot(field, &tenant, b->now_us);
    REQUIRE(session != NULL, REFUSED_VAULT_BUSY);
    session->keys = *keys;
    session->tenant = tenant;
    session->purpose = box->context.purpose;
    session->expires_us = box->context.expiry_us;
    memcpy(session->id, id, sizeof(id));
    memcpy(ret_session->id, id, sizeof(id));
    ret_session->expires_us = session->expires_us;
    ret_session->numbers = FIELD_SESSION_NUMBERS_MAX;
    return OK;
}

Status field_session(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    TRY(field_batch_take(field, &b));
    Span bytes;
    Box box;
    TRY(wire_take_batch_head(&c, &b->head));
    TRY(cursor_framed(&c, BOX_BYTES_MAX, &bytes));
    TRY(cursor_end(&c));
    TRY(take_opening(b, bytes, &box));
    CLEANUP(box_session_wipe) BoxSession keys = { 0 };
    TRY(keys_box_accept(field->config.keys, &box, &keys));
    TRY(spend_opening(b, bytes, box.context.expiry_us));
    WireSession session = { 0 };
    TRY(keep_session(b, &box, &keys, &session));
    return wire_put_session(ret_answer, &session);
}

/* --- use it --- */

Status field_session_find(FieldBatch *b, uint16_t purpose)
{
    Field *field = b->field;
    if (bytes_equal_ct(b->head.session, no_session, sizeof(no_session))) return OK;
    KeyedHash tenant;
    field_name(field, "tenant", b->head.tenant, (Span) { NULL, 0 }, &tenant);
    FIELD_HOLD(field);
    for (size_t i = 0; i < FIELD_SESSIONS_MAX; i++) {
        const FieldSession *session = &field->secrets->sessions[i];
        if (is_free(session, b->now_us)) continue;
        if (!bytes_equal_ct(session->id, b->head.session, sizeof(session->id))) continue;
        const bool ours =
                keyed_hash_equal(&session->tenant, &tenant) && session->purpose == purpose;
        REQUIRE(ours, REFUSED_SESSION_UNKNOWN);
        /* Without the numbers: they are judged one by one, under the lock. */
        memcpy(&b->opened, session, offsetof(FieldSession, top));
        b->session = i;
        b->has_session = true;
        return OK;
    }
    return REFUSE(REFUSED_SESSION_UNKNOWN);
}

static uint64_t *word_of(FieldSession *session, uint64_t number)
{
    return &session->used[number % FIELD_SESSION_WINDOW / 64];
}

/* The window slides: what it passes over is used for good. */
static void slide(FieldSession *session, uint64_t number)
{
    const uint64_t steps = number - session->top;
    if (steps >= FIELD_SESSION_WINDOW) memset(session->used, 0, sizeof(session->used));
    for (uint64_t n = session->top + 1; n <= number && steps < FIELD_SESSION_WINDOW; n++)
        *word_of(session, n) &= ~((uint64_t)1 << (n % 64));
    session->top = number;
}

/* After the message was found authentic, so that nobody else uses up its number. */
static Status claim(const FieldBatch *b, uint64_t number)
{
    Field *field = b->field;
    FIELD_HOLD(field);
    FieldSession *session = &field->secrets->sessions[b->session];
    /* The slot may have been given to another one meanwhile. */
    REQUIRE(bytes_equal_ct(session->id, b->opened.id, sizeof(session->id)),
            REFUSED_SESSION_UNKNOWN);
    if (number > session->top) slide(session, number);
    REQUIRE(session->top - number < FIELD_SESSION_WINDOW, REFUSED_SESSION_REPLAYED);
    const uint64_t bit = (uint64_t)1 << (number % 64);
    REQUIRE((*word_of(session, number) & bit) == 0, REFUSED_SESSION_REPLAYED);
    *word_of(session, number) |= bit;
    return OK;
}

static Status open_message(FieldBatch *b, const WireFieldItem *item, Buffer *ret_value)
{
    REQUIRE(b->has_session, REFUSED_SESSION_UNKNOWN);
    REQUIRE(item->number <= FIELD_SESSION_NUMBERS_MAX, REFUSED_BOX_FORMAT);
    const bool has_subject = item->subject < b->subject_count;
    uint8_t memory[WIRE_ITEM_AAD_BYTES_MAX];
    Buffer aad = BUFFER_OF(memory);
    const Span subject = has_subject ? b->subjects[item->subject].name : (Span) { NULL, 0 };
    TRY(field_item_aad(b->head.data_class, subject, item->reference, &aad));
    TRY(box_session_open(
            &b->opened.keys, item->number, span_of_buffer(&aad), item->secret, ret_value));
    return claim(b, item->number);
}

static Status open_box(
        FieldBatch *b, const WireFieldItem *item, uint16_t purpose, Buffer *ret_value)
{
    Box box;
    TRY(box_parse(item->secret, &box));
    const BoxContext *context = &box.context;
    const bool has_subject = item->subject < b->subject_count;
    const Span subject = has_subject ? b->subjects[item->subject].name : (Span) { NULL, 0 };
    const bool fits = context->purpose == purpose && context->data_class == b->head.data_class
            && context->amount == 0 && span_equal(context->tenant, b->head.tenant)
            && span_equal(context->order, item->reference) && span_equal(context->payee, subject);
    REQUIRE(fits, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= b->now_us, REFUSED_BOX_EXPIRED);
    REQUIRE(context->expiry_us - b->now_us <= FIELD_BOX_LIFE_MAX_US, REFUSED_BOX_CONTEXT);
    return keys_box_open(b->field->config.keys, &box, ret_value);
}

Status field_item_open(
        FieldBatch *b, const WireFieldItem *item, uint16_t purpose, Buffer *ret_value)
{
    if (item->number > 0) return open_message(b, item, ret_value);
    return open_box(b, item, purpose, ret_value);
}

Status field_spend_boxes(FieldBatch *b, const WireFieldItem *items, size_t count, bool *ret_fresh)
{
    MemoryExpiring boxes[WIRE_BATCH_ITEMS_MAX];
    bool fresh[WIRE_BATCH_ITEMS_MAX];
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        Box box;
        ret_fresh[i] = true;
        if (items[i].number > 0 || !status_ok(box_parse(items[i].secret, &box))) continue;
        keyed_hash(&b->field->secrets->names, items[i].secret, &boxes[size].name);
        /* Past its own expiry it does not open anyway. */
        boxes[size++].expires_us = b->now_us + FIELD_BOX_LIFE_MAX_US;
    }
    if (size == 0) return OK;
    TRY(memory_spend_boxes(b->field->config.memory, boxes, size, b->now_us, fresh));
    for (size_t i = 0, k = 0; i < count; i++) {
        Box box;
        if (items[i].number > 0 || !status_ok(box_parse(items[i].secret, &box))) continue;
        ret_fresh[i] = fresh[k++];
    }
    return OK;
}
