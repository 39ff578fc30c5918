/* Who forgot a password: what is known of him goes to vaultd with what he says. */
#include "vaultclient/passwords.h"

#include "base/secret.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/domain_inside.h"
#include "vaultclient/passwords_inside.h"

static void wipe(Buffer *record) { bytes_wipe(record->data, record->capacity); }

Status passwords_has(const Passwords *passwords, const WireOwner *owner, bool *ret_has)
{
    uint8_t memory[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer record = BUFFER_OF(memory);
    TRY(passwords_find(passwords, owner, &record));
    *ret_has = record.size > 0;
    return OK;
}

/* What the domain store has of him; nothing is as good a question as something. */
static Status ask(const Passwords *passwords, const WirePasswordRecover *recover,
        const DataClass *classes, size_t count, Buffer *request)
{
    uint8_t record_bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer record = BUFFER_OF(record_bytes);
    const WireOwner *owner = &recover->owner;
    WirePasswordRecover whole = *recover;
    PasswordsKnown known;
    TRY(passwords_find(passwords, owner, &record));
    TRY(passwords_known(passwords, owner, classes, count, &known));
    whole.verifier = span_of_buffer(&record);
    whole.wrapped = known.wire.wrapped;
    TRY(wire_put_password_recover(request, &whole));
    TRY(wire_put_count(request, known.wire.count, WIRE_FACTS_MAX));
    for (size_t i = 0; i < known.wire.count; i++)
        TRY(wire_put_sealed_fact(request, &known.wire.of[i]));
    return OK;
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
