/* The typed calls: each writes one request and reads one answer of ipc/vault_wire.h. */
#include "vaultclient/client_internal.h"

#include "base/secret.h"
#include "crypto/sign.h"

/* An answer that does not read as it should: a vaultd of another version, or not vaultd. */
#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

/* Ask without a request, and give what the answer added to `memory`. */
MUST_USE static Status ask_plain(
        VaultClient *client, VaultOperation operation, Buffer *memory, Cursor *ret_answer)
{
    const size_t start = memory->size;
    TRY(vaultclient_ask(client, operation, (Span) { NULL, 0 }, memory));
    *ret_answer = cursor_of((Span) { memory->data + start, memory->size - start });
    return OK;
}

MUST_USE static Status ask_slot(
        Slot *slot, VaultOperation operation, Buffer *memory, Cursor *ret_answer)
{
    const size_t start = memory->size;
    TRY(slot_ask(slot, operation, memory));
    *ret_answer = cursor_of((Span) { memory->data + start, memory->size - start });
    return OK;
}

/* --- state --- */

Status vaultclient_status(VaultClient *client, Buffer *memory, WireStatus *ret_status)
{
    Cursor c = { 0 };
    WireStatus status = { 0 };
    TRY(ask_plain(client, VAULT_STATUS, memory, &c));
    READ(wire_take_status(&c, &status));
    READ(cursor_end(&c));
    *ret_status = status;
    return OK;
}

Status vaultclient_checkpoint(VaultClient *client, Buffer *ret_note)
{
    return vaultclient_ask(client, VAULT_CHECKPOINT, (Span) { NULL, 0 }, ret_note);
}

/* --- signatures --- */

/* As many items as fit into one request, at least one. */
MUST_USE static Status put_items(
        Slot *slot, const VaultSignItem *items, size_t count, size_t *ret_put)
{
    Buffer *request = &slot->request;
    size_t put = 0;
    size_t bytes = 4;
    for (; put < count; put++) {
        bytes += 1 + 4 + 4 + items[put].message.size;
        if (bytes > request->capacity) break;
    }
    REQUIRE(put > 0, REFUSED_BUFFER_FULL);
    request->size = 0;
    TRY(buffer_put_u32(request, (uint32_t)put));
    for (size_t i = 0; i < put; i++) {
        const WireSignItem item = { (uint8_t)items[i].key, items[i].version, items[i].message };
        TRY(wire_put_sign_item(request, &item));
    }
    *ret_put = put;
    return OK;
}

MUST_USE static Status take_signatures(Span answer, const VaultSignItem *items, size_t count)
{
    Cursor c = cursor_of(answer);
    uint32_t signatures = 0;
    READ(cursor_u32(&c, &signatures));
    REQUIRE(signatures == count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        Span signature = { 0 };
        READ(cursor_framed(&c, SIGN_BYTES_MAX, &signature));
        TRY(buffer_put(items[i].ret_signature, signature));
    }
    READ(cursor_end(&c));
    return OK;
}

MUST_USE static Status sign_all(Slot *slot, const VaultSignItem *items, size_t count)
{
    for (size_t done = 0; done < count;) {
        size_t put = 0;
        TRY(put_items(slot, items + done, count - done, &put));
        slot->answer.size = 0;
        TRY(slot_ask(slot, VAULT_SIGN, &slot->answer));
        TRY(take_signatures(span_of_buffer(&slot->answer), items + done, put));
        done += put;
    }
    return OK;
}

Status vaultclient_sign(VaultClient *client, const VaultSignItem *items, size_t count)
{
    ASSERT(count > 0 && count <= WIRE_SIGN_ITEMS_MAX);
    size_t sizes[WIRE_SIGN_ITEMS_MAX];
    for (size_t i = 0; i < count; i++) {
        REQUIRE(items[i].message.size <= WIRE_MESSAGE_BYTES_MAX, REFUSED_BUFFER_FULL);
        sizes[i] = items[i].ret_signature->size;
    }
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    const Status status = sign_all(slot, items, count);
    for (size_t i = 0; i < count && !status_ok(status); i++)
        items[i].ret_signature->size = sizes[i];
    return status;
}

/* --- PINs --- */

Status vaultclient_check_pin(
        VaultClient *client, const WirePinCheck *check, uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_pin_check(&slot->request, check));
    TRY(slot_ask(slot, VAULT_CHECK_PIN, &slot->answer));
    REQUIRE(slot->answer.size == WIRE_GRANT_BYTES, REFUSED_IPC_FORMAT);
    memcpy(ret_grant, slot->answer.data, WIRE_GRANT_BYTES);
    return OK;
}

Status vaultclient_set_pin(VaultClient *client, const WirePinSet *set, Buffer *ret_record)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_pin_set(&slot->request, set));
    return slot_ask(slot, VAULT_SET_PIN, ret_record);
}

/* --- keys --- */

Status vaultclient_box_key(VaultClient *client, Buffer *memory, WireBoxKey *ret_key)
{
    Cursor c = { 0 };
    WireBoxKey key = { 0 };
    TRY(ask_plain(client, VAULT_BOX_KEY, memory, &c));
    READ(wire_take_box_key(&c, &key));
    READ(cursor_end(&c));
    *ret_key = key;
    return OK;
}

Status vaultclient_box_pad(
        VaultClient *client, uint32_t key_id, Span encapsulated, uint8_t ret_digits[WIRE_PAD_KEYS])
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(buffer_put_u32(&slot->request, key_id));
    TRY(buffer_put_framed(&slot->request, encapsulated));
    TRY(slot_ask(slot, VAULT_BOX_PAD, &slot->answer));
    REQUIRE(slot->answer.size == WIRE_PAD_KEYS, REFUSED_IPC_FORMAT);
    memcpy(ret_digits, slot->answer.data, WIRE_PAD_KEYS);
    return OK;
}

Status vaultclient_public_keys(VaultClient *client, Buffer *memory, WirePublicKey *ret_keys,
        size_t capacity, size_t *ret_count)
{
    Cursor c = { 0 };
    uint32_t count = 0;
    TRY(ask_plain(client, VAULT_PUBLIC_KEYS, memory, &c));
    READ(cursor_u32(&c, &count));
    REQUIRE(count <= capacity, REFUSED_BUFFER_FULL);
    for (size_t i = 0; i < count; i++)
        READ(wire_take_public_key(&c, &ret_keys[i]));
    READ(cursor_end(&c));
    *ret_count = count;
    return OK;
}

Status vaultclient_pseudonym_key(VaultClient *client, uint8_t ret_key[WIRE_PSEUDONYM_KEY_BYTES])
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(slot_ask(slot, VAULT_PSEUDONYM_KEY, &slot->answer));
    REQUIRE(slot->answer.size == WIRE_PSEUDONYM_KEY_BYTES, REFUSED_IPC_FORMAT);
    memcpy(ret_key, slot->answer.data, WIRE_PSEUDONYM_KEY_BYTES);
    bytes_wipe(slot->answer.data, WIRE_PSEUDONYM_KEY_BYTES);
    return OK;
}

Status vaultclient_key_list(VaultClient *client, Buffer *memory, WireKeyFacts *ret_keys,
        size_t capacity, size_t *ret_count)
{
    Cursor c = { 0 };
    uint32_t count = 0;
    TRY(ask_plain(client, VAULT_KEY_LIST, memory, &c));
    READ(cursor_u32(&c, &count));
    REQUIRE(count <= capacity, REFUSED_BUFFER_FULL);
    for (size_t i = 0; i < count; i++)
        READ(wire_take_key_facts(&c, &ret_keys[i]));
    READ(cursor_end(&c));
    *ret_count = count;
    return OK;
}

/* Two framed fields and nothing behind them. */
MUST_USE static Status take_pair(Cursor *c, Span *ret_first, Span *ret_second)
{
    Span first = { 0 };
    Span second = { 0 };
    READ(cursor_framed(c, VAULTCLIENT_ANSWER_BYTES_MAX, &first));
    READ(cursor_framed(c, VAULTCLIENT_ANSWER_BYTES_MAX, &second));
    READ(cursor_end(c));
    *ret_first = first;
    *ret_second = second;
    return OK;
}

Status vaultclient_tls_leaf(
        VaultClient *client, Span spki, Buffer *memory, Span *ret_certificate, Span *ret_authority)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    Cursor c = { 0 };
    TRY(buffer_put_framed(&slot->request, spki));
    TRY(ask_slot(slot, VAULT_TLS_LEAF, memory, &c));
    return take_pair(&c, ret_certificate, ret_authority);
}

Status vaultclient_caller_leaf(VaultClient *client, Span spki, Span name, Buffer *memory,
        Span *ret_certificate, Span *ret_authority)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    Cursor c = { 0 };
    TRY(buffer_put_framed(&slot->request, spki));
    TRY(buffer_put_framed(&slot->request, name));
    TRY(ask_slot(slot, VAULT_CALLER_LEAF, memory, &c));
    return take_pair(&c, ret_certificate, ret_authority);
}

Status vaultclient_merchant_leaf(VaultClient *client, const WireMerchantLeaf *wanted,
        Buffer *memory, Span *ret_certificate, Span *ret_authority)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    Cursor c = { 0 };
    TRY(slot_take(client, &slot));
    TRY(wire_put_merchant_leaf(&slot->request, wanted));
    TRY(ask_slot(slot, VAULT_MERCHANT_LEAF, memory, &c));
    return take_pair(&c, ret_certificate, ret_authority);
}

/* --- fields --- */

Status vaultclient_protect(VaultClient *client, Span mchid, Span box, Buffer *ret_sealed)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(buffer_put_framed(&slot->request, box));
    TRY(buffer_put_framed(&slot->request, mchid));
    return slot_ask(slot, VAULT_PROTECT, ret_sealed);
}

MUST_USE static Status put_downlink(Buffer *request, const VaultDownlink *downlink)
{
    TRY(buffer_put_framed(request, downlink->mchid));
    TRY(buffer_put_framed(request, downlink->sealed_key));
    TRY(buffer_put_u8(request, downlink->algorithm));
    TRY(buffer_put_framed(request, downlink->aad));
    return buffer_put_framed(request, downlink->plain);
}

Status vaultclient_encrypt_downlink(VaultClient *client, const VaultDownlink *downlink,
        Buffer *memory, Span *ret_nonce, Span *ret_cipher)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    Cursor c = { 0 };
    Status status = put_downlink(&slot->request, downlink);
    if (status_ok(status)) status = ask_slot(slot, VAULT_ENCRYPT_DOWNLINK, memory, &c);
    /* What is encrypted for a merchant may be a person's name: it does not stay in the pool. */
    bytes_wipe(slot->request.data, slot->request.size);
    TRY(status);
    return take_pair(&c, ret_nonce, ret_cipher);
}

Status vaultclient_key_reveal(VaultClient *client, const WireKeyReveal *reveal, Buffer *memory,
        WireKeyRevealed *ret_revealed)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    Cursor c = { 0 };
    TRY(wire_put_key_reveal(&slot->request, reveal));
    TRY(ask_slot(slot, VAULT_KEY_REVEAL, memory, &c));
    READ(wire_take_key_revealed(&c, ret_revealed));
    READ(cursor_end(&c));
    return OK;
}

/* --- what people approve --- */

MUST_USE static Status put_approvals(Buffer *request, const WireApproval approvals[2])
{
    TRY(wire_put_approval(request, &approvals[0]));
    return wire_put_approval(request, &approvals[1]);
}

MUST_USE static Status approve(
        VaultClient *client, VaultOperation operation, const WireApproval approvals[2])
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(put_approvals(&slot->request, approvals));
    return slot_ask(slot, operation, &slot->answer);
}

Status vaultclient_key_rotate(
        VaultClient *client, const WireApproval approvals[2], uint32_t *ret_version)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(put_approvals(&slot->request, approvals));
    TRY(slot_ask(slot, VAULT_KEY_ROTATE, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(cursor_u32(&c, ret_version));
    READ(cursor_end(&c));
    return OK;
}

Status vaultclient_key_destroy(
        VaultClient *client, const WireApproval approvals[2], Buffer *ret_certificate)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(put_approvals(&slot->request, approvals));
    return slot_ask(slot, VAULT_KEY_DESTROY, ret_certificate);
}

Status vaultclient_release_row(VaultClient *client, const WireApproval approvals[2])
{
    return approve(client, VAULT_RELEASE_ROW, approvals);
}

Status vaultclient_close_incident(VaultClient *client, const WireApproval approvals[2])
{
    return approve(client, VAULT_CLOSE_INCIDENT, approvals);
}

Status vaultclient_review_report(VaultClient *client, const WireApproval approvals[2])
{
    return approve(client, VAULT_REVIEW_REPORT, approvals);
}

Status vaultclient_sign_report(VaultClient *client, const WireReport *report,
        const WireReportFile *files, size_t file_count, Buffer *ret_note)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(wire_put_report(&slot->request, report));
    TRY(wire_put_count(&slot->request, file_count, WIRE_REPORT_FILES_MAX));
    for (size_t i = 0; i < file_count; i++)
        TRY(wire_put_report_file(&slot->request, &files[i]));
    return slot_ask(slot, VAULT_SIGN_REPORT, ret_note);
}

Status vaultclient_accept_restore(VaultClient *client, const WireApproval approvals[2])
{
    return approve(client, VAULT_ACCEPT_RESTORE, approvals);
}

static Status hold(
        VaultClient *client, VaultOperation operation, Span approvals, const WireLegalHold *wire)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(buffer_put(&slot->request, approvals));
    TRY(wire_put_legal_hold(&slot->request, wire));
    return slot_ask(slot, operation, &slot->answer);
}

Status vaultclient_hold_subject(VaultClient *client, Span approvals, const WireLegalHold *wire)
{
    return hold(client, VAULT_HOLD_SUBJECT, approvals, wire);
}

Status vaultclient_release_hold(VaultClient *client, Span approvals, const WireLegalHold *wire)
{
    return hold(client, VAULT_RELEASE_HOLD, approvals, wire);
}

Status vaultclient_held_until(VaultClient *client, Span tenant, Span subject, int64_t *ret_until_us)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    const WireHeldSubject wire = { tenant, subject };
    TRY(wire_put_held_subject(&slot->request, &wire));
    TRY(slot_ask(slot, VAULT_HELD_UNTIL, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    int64_t until_us = 0;
    TRY(cursor_i64(&c, &until_us));
    TRY(cursor_end(&c));
    *ret_until_us = until_us;
    return OK;
}

Status vaultclient_unwrap_key(
        VaultClient *client, const WireApproval approvals[2], Span wrapped, Buffer *ret_key)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(put_approvals(&slot->request, approvals));
    TRY(buffer_put_framed(&slot->request, wrapped));
    return slot_ask(slot, VAULT_UNWRAP_KEY, ret_key);
}

Status vaultclient_wrap_key(VaultClient *client, Buffer *memory, Span *ret_wrapped, Span *ret_key)
{
    Cursor c = { 0 };
    TRY(ask_plain(client, VAULT_WRAP_KEY, memory, &c));
    return take_pair(&c, ret_wrapped, ret_key);
}

Status vaultclient_enroll(VaultClient *client, Span name, Span public_key_spki)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    TRY(buffer_put_framed(&slot->request, name));
    TRY(buffer_put_framed(&slot->request, public_key_spki));
    return slot_ask(slot, VAULT_ENROLL, &slot->answer);
}

Status vaultclient_stop(VaultClient *client)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    return slot_ask(slot, VAULT_STOP, &slot->answer);
}
