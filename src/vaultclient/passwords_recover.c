/* Who forgot a password: what is known of him goes to vaultd with what he says. */
#include "vaultclient/passwords.h"

#include "base/secret.h"
#include "policy/tables.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/domain_inside.h"
#include "vaultclient/fields_inside.h"
#include "vaultclient/passwords_inside.h"

static void wipe(Buffer *record) { bytes_wipe(record->data, record->capacity); }

static Status missing_is_fine(Status s) { return status_is(s, REFUSED_ROW_MISSING) ? OK : s; }

Status passwords_has(const Passwords *passwords, const WireOwner *owner, bool *ret_has)
{
    uint8_t memory[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer record = BUFFER_OF(memory);
    TRY(passwords_find(passwords, owner, &record));
    *ret_has = record.size > 0;
    return OK;
}

typedef struct Known {
    FieldRow rows[WIRE_FACTS_MAX];
    DataClass classes[WIRE_FACTS_MAX];
    size_t count;
} Known;

static Status find_fact(
        const Fields *fields, const WireOwner *owner, DataClass class, Known *ret_known)
{
    const WireBatchHead head = { .tenant = owner->tenant,
        .data_class = (uint16_t) class,
        .table = TABLE_FIELD,
        .column = (uint16_t) class };
    FieldRow *row = &ret_known->rows[ret_known->count];
    TRY(missing_is_fine(fields_row_find(fields, &head, owner->user, row)));
    if (row->sealed_bytes > 0) ret_known->classes[ret_known->count++] = class;
    return OK;
}

static Status put_known(const Known *known, Buffer *request)
{
    TRY(wire_put_count(request, known->count, WIRE_FACTS_MAX));
    for (size_t i = 0; i < known->count; i++) {
        const WireSealedFact fact = { (uint16_t)known->classes[i],
            { known->rows[i].sealed, known->rows[i].sealed_bytes } };
        TRY(wire_put_sealed_fact(request, &fact));
    }
    return OK;
}

/* What the domain store has of him; nothing is as good a question as something. */
static Status ask(const Passwords *passwords, const WirePasswordRecover *recover,
        const DataClass *classes, size_t count, Buffer *request)
{
    const Fields fields = { passwords->domain, passwords->vault };
    uint8_t wrapped_bytes[WIRE_WRAPPED_BYTES_MAX];
    uint8_t record_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer wrapped = BUFFER_OF(wrapped_bytes);
    CLEANUP(wipe) Buffer record = BUFFER_OF(record_bytes);
    const WireOwner *owner = &recover->owner;
    WirePasswordRecover whole = *recover;
    Known known = { .count = 0 };
    TRY(passwords_find(passwords, owner, &record));
    TRY(missing_is_fine(fields_subject_key_find(&fields, owner->tenant, owner->user, &wrapped)));
    for (size_t i = 0; i < count && wrapped.size > 0; i++)
        TRY(find_fact(&fields, owner, classes[i], &known));
    whole.verifier = span_of_buffer(&record);
    whole.wrapped = span_of_buffer(&wrapped);
    TRY(wire_put_password_recover(request, &whole));
    return put_known(&known, request);
}

Status passwords_recover(const Passwords *passwords, const WirePasswordRecover *recover,
        const DataClass *classes, size_t count)
{
    ASSERT(count > 0 && count <= WIRE_FACTS_MAX);
    CLEANUP(slot_give) Slot *slot = NULL;
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &recover->owner);
    pthread_mutex_lock(turn);
    TRY(slot_take(passwords->vault, &slot));
    TRY(ask(passwords, recover, classes, count, &slot->request));
    TRY(slot_ask(slot, VAULT_PASSWORD_RECOVER, &slot->answer));
    const Status s = passwords_keep(passwords, &recover->owner, span_of_buffer(&slot->answer));
    bytes_wipe(slot->answer.data, slot->answer.size);
    return s;
}
