#include "vaultclient/claims.h"

#include "vaultclient/client_internal.h"

Span claims_seal(Span seal) { return seal.size == WIRE_SEAL_BYTES ? seal : (Span) { NULL, 0 }; }

Status claims_put(Buffer *request, const RowClaim *claims, size_t count)
{
    TRY(wire_put_count(request, count, WIRE_CLAIMS_MAX));
    for (size_t i = 0; i < count; i++) {
        const WireClaim claim = { claims[i].absent, claims[i].image, claims_seal(claims[i].seal) };
        TRY(wire_put_claim(request, &claim));
    }
    return OK;
}

Status claims_take(Span answer, size_t count, Status *ret_verdicts)
{
    Cursor c = cursor_of(answer);
    uint32_t answered = 0;
    REQUIRE(status_ok(cursor_u32(&c, &answered)), REFUSED_IPC_FORMAT);
    REQUIRE(answered == count && c.rest.size == count * 4, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        uint32_t code = 0;
        TRY(cursor_u32(&c, &code));
        ret_verdicts[i] = (Status) { (int32_t)code };
    }
    return OK;
}

Status vaultclient_verify(
        VaultClient *client, const RowClaim *claims, size_t count, Status *ret_verdicts)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(claims_put(&slot->request, claims, count));
    TRY(slot_ask(slot, VAULT_VERIFY, &slot->answer));
    return claims_take(span_of_buffer(&slot->answer), count, ret_verdicts);
}
