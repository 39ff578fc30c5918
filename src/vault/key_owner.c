#include "vault/key_owner.h"

#include "crypto/key_transport.h"
#include "ipc/password_wire.h"
#include "policy/tables.h"
#include "vault/memory_password.h"
#include "vault/verify.h"

enum { SKEW_S = 300, DAY_S = 86400, MESSAGE_BYTES_MAX = 256, NAME_BYTES_MAX = 128 };

static const char target[] = "/v3/merchant-service/apiv3-key";

/* --- the row --- */

static Status check_row(StoreView *view, const RowView *row, Span seal)
{
    KeyedHash name;
    REQUIRE(row->head.table == TABLE_MERCHANT_KEY, REFUSED_KEY_OWNER);
    store_view_name(view, row->key, &name);
    REQUIRE(!memory_frozen(view->memory, &name), REFUSED_ROW_FROZEN);
    TRY(verify_row(view, row, &name, seal));
    const bool live = row_int(row, MERCHANT_KEY_STATUS, 0) == STATUS_LIVE
            && row_int(row, MERCHANT_KEY_EXPIRES, 0) > clock_now_us(&view->clock);
    REQUIRE(live, REFUSED_KEY_OWNER);
    return OK;
}

/* --- the signature --- */

static Status read_timestamp(Span text, int64_t *ret_s)
{
    int64_t s = 0;
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        REQUIRE(c >= '0' && c <= '9', REFUSED_IPC_FORMAT);
        s = s * 10 + (c - '0'); /* at most WIRE_STAMP_BYTES_MAX digits */
    }
    *ret_s = s;
    return OK;
}

/* With a line feed inside, a nonce could take the place of a body: of another message. */
static bool is_nonce(Span nonce)
{
    for (size_t i = 0; i < nonce.size; i++) {
        if (nonce.data[i] <= ' ' || nonce.data[i] > '~') return false;
    }
    return true;
}

static Status put_line(Span text, Buffer *b)
{
    TRY(buffer_put(b, text));
    return buffer_put_u8(b, '\n');
}

static Status check_signature(const PublicKey *key, const WireKeyReveal *reveal)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer message = BUFFER_OF(memory);
    REQUIRE(is_nonce(reveal->nonce), REFUSED_IPC_FORMAT);
    TRY(put_line(SPAN("GET"), &message));
    TRY(put_line(span_of_text(target), &message));
    TRY(put_line(reveal->timestamp, &message));
    TRY(put_line(reveal->nonce, &message));
    TRY(put_line(SPAN(""), &message));
    return sign_verify(key, span_of_buffer(&message), reveal->signature);
}

/* --- all of it --- */

static Status check_owner(const PublicKey *key, const ProtectedKey *secret)
{
    uint8_t fingerprint[DIGEST_SHA256_BYTES];
    public_key_fingerprint(key, fingerprint);
    const bool same =
            secret->has_owner && bytes_equal_ct(fingerprint, secret->owner, sizeof(secret->owner));
    REQUIRE(same, REFUSED_KEY_OWNER);
    return OK;
}

static Status count(const StoreView *view, Span mchid, int64_t signed_s)
{
    uint8_t memory[NAME_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    KeyedHash name;
    TRY(buffer_put_framed(&text, SPAN("key-reveal")));
    TRY(buffer_put_framed(&text, mchid));
    keyed_hash(&view->names, span_of_buffer(&text), &name);
    const int64_t day = clock_now_us(&view->clock) / ((int64_t)DAY_S * 1000000);
    return memory_reveal(view->memory, &name, day, signed_s);
}

static Status give(const PublicKey *key, const ProtectedKey *secret, Buffer *ret_answer)
{
    uint8_t memory[KEY_TRANSPORT_BYTES_MAX];
    Buffer cipher = BUFFER_OF(memory);
    TRY(policy_allow(CLASS_SIGNING_KEY, LAYER_ANSWER, PURPOSE_OWNER, FORM_ENCRYPT));
    TRY(key_transport_close(key, SPAN_OF(secret->bytes), &cipher));
    const WireKeyRevealed wire = { (uint8_t)public_key_algorithm(key), span_of_buffer(&cipher) };
    return wire_put_key_revealed(ret_answer, &wire);
}

Status key_owner_reveal(const Protect *protect, StoreView *view, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireKeyReveal reveal;
    RowView row;
    int64_t signed_s = 0;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    CLEANUP(protected_key_wipe) ProtectedKey secret = { 0 };
    TRY(wire_take_key_reveal(&c, &reveal));
    TRY(cursor_end(&c));
    TRY(row_parse(reveal.image, &row));
    TRY(check_row(view, &row, reveal.seal));
    TRY(read_timestamp(reveal.timestamp, &signed_s));
    const int64_t off_s = clock_now_us(&view->clock) / 1000000 - signed_s;
    REQUIRE(off_s >= -SKEW_S && off_s <= SKEW_S, REFUSED_TIMESTAMP_SKEWED);
    TRY(public_key_from_spki(row_bytes(&row, MERCHANT_KEY_SPKI), &key));
    TRY(check_signature(key, &reveal));
    const Span mchid = row_bytes(&row, MERCHANT_KEY_MCHID);
    TRY(protect_open(protect, mchid, reveal.record, &secret));
    TRY(check_owner(key, &secret));
    TRY(count(view, mchid, signed_s));
    return give(key, &secret, ret_answer);
}
