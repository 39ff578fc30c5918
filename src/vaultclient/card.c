#include "vaultclient/card.h"

#include "vaultclient/client_internal.h"

enum { ANSWER_BYTES_MAX = WIRE_BOX_BYTES_MAX + 8 };

Status vaultclient_card_pass(VaultClient *client, const WireCardPass *pass, Buffer *ret_box)
{
    uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    Span box = { NULL, 0 };
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_card_pass(&slot->request, pass));
    TRY(slot_ask(slot, VAULT_CARD_PASS, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(cursor_framed(&c, WIRE_BOX_BYTES_MAX, &box));
    TRY(cursor_end(&c));
    return buffer_put(ret_box, box);
}
