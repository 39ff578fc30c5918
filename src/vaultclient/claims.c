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

MUST_USE static Status take_verdicts(Cursor *c, size_t count, Status *ret_verdicts)
{
    uint32_t answered = 0;
    REQUIRE(status_ok(cursor_u32(c, &answered)), REFUSED_IPC_FORMAT);
    REQUIRE(answered == count && c->rest.size >= count * 4, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        uint32_t code = 0;
        TRY(cursor_u32(c, &code));
        ret_verdicts[i] = (Status) { (int32_t)code };
    }
    return OK;
}

Status claims_take(Span answer, size_t count, Status *ret_verdicts)
{
    Cursor c = cursor_of(answer);
    TRY(take_verdicts(&c, count, ret_verdicts));
    REQUIRE(c.rest.size == 0, REFUSED_IPC_FORMAT);
    return OK;
}

/* --- a walk along a table --- */

Status vaultclient_roll_begin(VaultClient *client, const Table *table, VaultRoll *ret_roll)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    WireRoll begun = { 0 };
    TRY(slot_take(client, &slot));
    TRY(buffer_put_u16(&slot->request, table->id));
    TRY(slot_ask(slot, VAULT_ROLL_BEGIN, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    REQUIRE(status_ok(wire_take_roll(&c, &begun)) && c.rest.size == 0, REFUSED_IPC_FORMAT);
    *ret_roll = (VaultRoll) { begun.number, begun.below, 0 };
    return OK;
}

MUST_USE static Status take_rolled(
        Span answer, size_t count, Status *ret_verdicts, VaultRollFinding *ret_finding)
{
    Cursor c = cursor_of(answer);
    uint32_t code = 0;
    uint64_t since = 0;
    TRY(take_verdicts(&c, count, ret_verdicts));
    REQUIRE(status_ok(cursor_u32(&c, &code)), REFUSED_IPC_FORMAT);
    REQUIRE(status_ok(cursor_u64(&c, &since)) && c.rest.size == 0, REFUSED_IPC_FORMAT);
    *ret_finding = (VaultRollFinding) { { (int32_t)code }, since };
    return OK;
}

Status vaultclient_roll_rows(VaultClient *client, VaultRoll *roll, const RowClaim *claims,
        size_t count, bool last, Status *ret_verdicts, VaultRollFinding *ret_finding)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const WireRollPage page = { roll->number, roll->seen, last };
    TRY(slot_take(client, &slot));
    TRY(wire_put_roll_page(&slot->request, &page));
    TRY(claims_put(&slot->request, claims, count));
    TRY(slot_ask(slot, VAULT_ROLL_ROWS, &slot->answer));
    TRY(take_rolled(span_of_buffer(&slot->answer), count, ret_verdicts, ret_finding));
    roll->seen += count;
    return OK;
}
