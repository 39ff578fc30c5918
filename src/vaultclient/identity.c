#include "vaultclient/identity.h"

#include "vaultclient/passwords_inside.h"

static Status take_prints(Slot *slot, WireIdentityPrints *ret_prints)
{
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    TRY(wire_take_identity_prints(&c, ret_prints));
    return cursor_end(&c);
}

Status identity_said(VaultClient *vault, const WireIdentity *said,
        uint8_t ret_number[WIRE_PRINT_BYTES], uint8_t ret_name[WIRE_PRINT_BYTES], Buffer *ret_shown)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    WireIdentityPrints prints = { 0 };
    TRY(slot_take(vault, &slot));
    TRY(wire_put_identity(&slot->request, said));
    TRY(slot_ask(slot, VAULT_IDENTITY_SAID, &slot->answer));
    TRY(take_prints(slot, &prints));
    TRY(buffer_put(ret_shown, prints.shown));
    memcpy(ret_number, prints.number, sizeof(prints.number));
    memcpy(ret_name, prints.name, sizeof(prints.name));
    return OK;
}

Status identity_of_payer(const Passwords *passwords, Span payer,
        uint8_t ret_number[WIRE_PRINT_BYTES], uint8_t ret_name[WIRE_PRINT_BYTES], bool *ret_there)
{
    static const DataClass classes[] = { CLASS_IDENTITY_NUMBER, CLASS_NAME };
    CLEANUP(slot_give) Slot *slot = NULL;
    const WireOwner owner = wire_owner_of_payer(payer);
    const WireSubjectName subject = { SPAN("hufu"), payer };
    WireIdentityPrints prints = { 0 };
    PasswordsKnown known;
    TRY(passwords_known(passwords, &owner, classes, 2, &known));
    *ret_there = known.wire.count == 2;
    if (!*ret_there) return OK;
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_subject_name(&slot->request, &subject));
    TRY(wire_put_known(&slot->request, &known.wire));
    const Status s = slot_ask(slot, VAULT_IDENTITY_KNOWN, &slot->answer);
    *ret_there = !status_is(s, REFUSED_SUBJECT_DESTROYED);
    if (!*ret_there) return OK;
    TRY(s);
    TRY(take_prints(slot, &prints));
    memcpy(ret_number, prints.number, sizeof(prints.number));
    memcpy(ret_name, prints.name, sizeof(prints.name));
    return OK;
}
