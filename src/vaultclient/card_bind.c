#include "vaultclient/card_bind.h"

#include "ipc/password_wire.h"
#include "policy/tables.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/passwords_inside.h"

enum { ANSWER_BYTES_MAX = WIRE_BOX_BYTES_MAX + WIRE_FIELD_BYTES_MAX + WIRE_MASK_BYTES_MAX + 256 };

static const WireBatchHead cards = { .tenant = { (const uint8_t *)"hufu", 4 },
    .data_class = CLASS_CARD,
    .table = TABLE_CARD,
    .column = CLASS_CARD };

typedef struct Keeping {
    Span payer;
    WireProtected protected;
    FieldsMade *made;
} Keeping;

static Status keep(void *context, Store *store)
{
    const Keeping *k = context;
    return fields_row_put(store, &cards, k->payer, (Span) { NULL, 0 }, &k->protected, k->made);
}

/* What is on file of him; vaultd judges whether it is enough. */
static Status put_known(const Fields *fields, WireCardBind *bind, PasswordsKnown *known)
{
    static const DataClass classes[] = { CLASS_NAME, CLASS_IDENTITY_NUMBER };
    const Passwords passwords = { fields->vault, fields->domain };
    const WireOwner owner = wire_owner_of_payer(bind->payer);
    TRY(passwords_known(&passwords, &owner, classes, 2, known));
    bind->wrapped = known->wire.wrapped;
    for (size_t i = 0; i < known->wire.count; i++) {
        const WireSealedFact *fact = &known->wire.of[i];
        if (fact->data_class == CLASS_NAME) bind->known_name = fact->sealed;
        if (fact->data_class == CLASS_IDENTITY_NUMBER) bind->known_identity = fact->sealed;
    }
    return OK;
}

Status card_bind_ask(
        const Fields *fields, const WireCardBind *bind, FieldsMade *ret_made, Buffer *ret_box)
{
    uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    Span box = { NULL, 0 };
    WireCardBind whole = *bind;
    PasswordsKnown known;
    Keeping keeping = { .payer = bind->payer, .made = ret_made };
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(put_known(fields, &whole, &known));
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_card_bind(&slot->request, &whole));
    TRY(slot_ask(slot, VAULT_CARD_BIND, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_protected(&c, &keeping.protected));
    TRY(cursor_framed(&c, WIRE_BOX_BYTES_MAX, &box));
    TRY(cursor_end(&c));
    TRY(domain_transaction(fields->domain, keep, &keeping));
    return buffer_put(ret_box, box);
}

Status card_code_ask(VaultClient *client, const WireCardCode *code, Buffer *ret_box)
{
    uint8_t bytes[WIRE_BOX_BYTES_MAX + 8];
    Buffer answer = BUFFER_OF(bytes);
    Span box = { NULL, 0 };
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_card_code(&slot->request, code));
    TRY(slot_ask(slot, VAULT_CARD_CODE, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(cursor_framed(&c, WIRE_BOX_BYTES_MAX, &box));
    TRY(cursor_end(&c));
    return buffer_put(ret_box, box);
}

/* --- forget --- */

typedef struct Forgetting {
    Span payer;
    Span token;
} Forgetting;

static Status forget(void *context, Store *store)
{
    static const char sql[] = "DELETE FROM field WHERE tenant = ?1 AND table_id = ?2"
                              " AND column_id = ?3 AND row_key = ?4 AND subject = ?5";
    const Forgetting *f = context;
    const Value key[] = { VALUE_OF_TEXT(cards.tenant), VALUE_OF_INT(cards.table),
        VALUE_OF_INT(cards.column), VALUE_OF_TEXT(f->token), VALUE_OF_TEXT(f->payer) };
    return store_execute(store, sql, key, 5);
}

Status card_forget(const Fields *fields, Span payer, Span token)
{
    Forgetting forgetting = { payer, token };
    return domain_transaction(fields->domain, forget, &forgetting);
}
