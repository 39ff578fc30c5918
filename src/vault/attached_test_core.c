#include "vault/attached_test_core.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "vault/vault_test_people.h"

Status core_approve(Core *c, Span operation, Span subject, Buffer *message)
{
    char text[64] = { 0 };
    memcpy(text, operation.data, operation.size);
    const Act act = { text, subject, { 0, 1 }, 1000000, c->nonce, false, false };
    c->nonce = (uint8_t)(c->nonce + 2);
    return people_put_approvals(c->house, &act, message);
}

static Span definition(Core *c, const char *name, uint32_t columns)
{
    static uint8_t memory[WIRE_ATTACHED_DEFINITION_BYTES_MAX];
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(spki_memory);
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(public_key_to_spki(private_key_public(c->key), &spki)));
    const WireAttachedTable table = { SPAN("core@db"), span_of_text(name), span_of_buffer(&spki) };
    ASSERT(status_ok(wire_put_attached_table(&b, &table)));
    ASSERT(status_ok(buffer_put_u32(&b, columns)));
    for (uint32_t i = 0; i < columns; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s_%0*u", i == 0 ? "id" : "balance", columns > 2 ? 55 : 1, i);
        const WireAttachedColumn column = { ATTACHED_INT, i == 0, span_of_text(text) };
        ASSERT(status_ok(wire_put_attached_column(&b, &column)));
    }
    return span_of_buffer(&b);
}

Status core_register(Core *c, const char *name) { return core_register_columns(c, name, 2); }

Status core_register_columns(Core *c, const char *name, uint32_t columns)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t subject_memory[256];
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer b = BUFFER_OF(c->memory);
    const Span defined = definition(c, name, columns);
    sha256(defined, digest);
    TRY(buffer_print(&subject, "core@db %s ", name));
    TRY(hex_encode(SPAN_OF(digest), &subject));
    TRY(buffer_put_u8(&b, ATTACHED_REGISTER));
    TRY(buffer_put_framed(&b, defined));
    TRY(core_approve(c, SPAN(ATTACHED_OPERATION_REGISTER), span_of_buffer(&subject), &b));
    c->registration = span_of_buffer(&b);
    TRY(house_ask_operator(c->house, VAULT_ATTACHED_TABLE, span_of_buffer(&b)));
    Cursor answer = cursor_of(span_of_buffer(&c->house->answer));
    return cursor_u16(&answer, &c->table);
}

Status core_complete(Core *c)
{
    uint8_t memory[3];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u8(&b, ATTACHED_COMPLETE));
    TRY(buffer_put_u16(&b, c->table));
    return house_ask_operator(c->house, VAULT_ATTACHED_TABLE, span_of_buffer(&b));
}

Status core_session(Core *c)
{
    TRY(house_ask_core(c->house, VAULT_ATTACHED_SESSION, (Span) { NULL, 0 }));
    Cursor answer = cursor_of(span_of_buffer(&c->house->answer));
    c->sequence = 0;
    return cursor_copy(&answer, sizeof(c->session), c->session);
}

Status core_open(Core *ret_core)
{
    Core *c = ret_core;
    *c = (Core) { .house = house_open(), .transaction = 700 };
    TRY(private_key_generate(KEY_ED25519, &c->key));
    people_enroll_two(c->house);
    TRY(core_register(c, "pay"));
    TRY(core_complete(c));
    return core_session(c);
}

void core_done(Core *c)
{
    private_key_free(&c->key);
    house_close(c->house);
}

void core_image(const Core *c, int64_t id, int64_t balance, CoreRow *ret_row)
{
    static const uint16_t ids[] = { 1, 2 };
    const Value values[] = { VALUE_OF_INT(id), VALUE_OF_INT(balance) };
    const RowHead head = { c->table, 1, 1, 0, 0 };
    Buffer b = BUFFER_OF(ret_row->image);
    ASSERT(status_ok(row_encode(&head, ids, values, 2, &b)));
    ret_row->size = b.size;
}

static Span image_of(const CoreRow *row)
{
    return row == NULL ? (Span) { NULL, 0 } : (Span) { row->image, row->size };
}

static Span seal_of(const CoreRow *row)
{
    static const uint8_t none[WIRE_SEAL_BYTES] = { 0 };
    if (row == NULL || span_equal(SPAN_OF(row->seal), SPAN_OF(none))) return (Span) { NULL, 0 };
    return SPAN_OF(row->seal);
}

Status core_send(Core *c, uint8_t operation, Span message)
{
    uint8_t bytes_memory[4096];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer bytes = BUFFER_OF(bytes_memory);
    Buffer signature = BUFFER_OF(signature_memory);
    TRY(wire_attached_signed_bytes(operation, message, &bytes));
    TRY(sign_make(c->key, span_of_buffer(&bytes), &signature));
    c->request = BUFFER_OF(c->memory);
    TRY(wire_put_attached_signed(
            &c->request, &(WireAttachedSigned) { message, span_of_buffer(&signature) }));
    return house_ask_core(c->house, operation, span_of_buffer(&c->request));
}

static Status put_head(Core *c, uint64_t transaction, Buffer *b)
{
    WireAttachedHead head = {
        .sequence = ++c->sequence, .transaction = transaction, .table = c->table
    };
    memcpy(head.session, c->session, sizeof(head.session));
    return wire_put_attached_head(b, &head);
}

Status core_announce(Core *c, const CoreRow *old_row, const CoreRow *new_row)
{
    Buffer b = BUFFER_OF(c->message);
    TRY(put_head(c, c->transaction, &b));
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_attached_change(
            &b, &(WireAttachedChange) { image_of(old_row), seal_of(old_row), image_of(new_row) }));
    TRY(core_send(c, VAULT_ATTACHED_ANNOUNCE, span_of_buffer(&b)));
    Cursor answer = cursor_of(span_of_buffer(&c->house->answer));
    uint32_t count = 0;
    TRY(cursor_u32(&answer, &count));
    if (new_row != NULL) c->announced = *new_row;
    return cursor_copy(&answer, WIRE_SEAL_BYTES, c->announced.seal);
}

Status core_resolve(Core *c, uint64_t transaction, int outcome)
{
    Buffer b = BUFFER_OF(c->message);
    TRY(put_head(c, transaction, &b));
    TRY(buffer_put_u8(&b, (uint8_t)outcome));
    return core_send(c, VAULT_ATTACHED_RESOLVE, span_of_buffer(&b));
}

Status core_write(Core *c, CoreRow *row, int64_t id, int64_t balance)
{
    CoreRow next = { .size = 0 };
    core_image(c, id, balance, &next);
    c->transaction++;
    TRY(core_announce(c, row->size > 0 ? row : NULL, &next));
    *row = c->announced;
    return core_resolve(c, c->transaction, ATTACHED_COMMITTED);
}

Status core_delete(Core *c, CoreRow *row)
{
    c->transaction++;
    TRY(core_announce(c, row, NULL));
    row->size = 0;
    return core_resolve(c, c->transaction, ATTACHED_COMMITTED);
}

static Status check(Core *c, const WireAttachedClaim *claim, WireAttachedVerdict *ret_verdict)
{
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_attached_claim(&b, claim));
    TRY(house_ask_core(c->house, VAULT_ATTACHED_CHECK, span_of_buffer(&b)));
    Cursor answer = cursor_of(span_of_buffer(&c->house->answer));
    uint32_t count = 0;
    TRY(cursor_u32(&answer, &count));
    return wire_take_attached_verdict(&answer, ret_verdict);
}

Status core_check(Core *c, const CoreRow *row, bool locked, WireAttachedVerdict *ret_verdict)
{
    return check(c,
            &(WireAttachedClaim) { .locked = locked, .image = image_of(row), .seal = seal_of(row) },
            ret_verdict);
}

Status core_check_absent(
        Core *c, const CoreRow *row, uint64_t stamp, WireAttachedVerdict *ret_verdict)
{
    RowView view;
    TRY(row_parse(image_of(row), &view));
    return check(c, &(WireAttachedClaim) { .absent = true, .stamp = stamp, .image = view.key },
            ret_verdict);
}

Status core_locked(Core *c, const CoreRow *row)
{
    WireAttachedVerdict verdict;
    TRY(core_check(c, row, true, &verdict));
    return (Status) { (int32_t)verdict.status };
}
