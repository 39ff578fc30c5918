#include "vault/mac_key.h"

#include "base/secret.h"
#include "base/time.h"
#include "crypto/weak_key.h"
#include "ipc/password_wire.h"
#include "policy/purposes.h"
#include "vault/memory_field.h"

enum { PLACE_BYTES_MAX = 32 + WIRE_TENANT_BYTES_MAX + WIRE_USER_BYTES_MAX };

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* Framed: no tenant's name reaches into that of a key. */
static Status put_place(const char *what, Span tenant, Span name, Buffer *b)
{
    TRY(buffer_put(b, span_of_text(what)));
    TRY(buffer_put_framed(b, tenant));
    return buffer_put_framed(b, name);
}

/* --- keeping --- */

static Status check_context(const BoxContext *context, const WireMacKeySet *set, int64_t now_us)
{
    const bool same = context->data_class == CLASS_SIGNING_KEY
            && context->purpose == BOX_PURPOSE_MAC_KEY && span_equal(context->tenant, set->tenant)
            && span_equal(context->payee, set->name) && context->order.size == 0
            && context->amount == 0;
    REQUIRE(same, REFUSED_BOX_CONTEXT);
    REQUIRE(context->expiry_us >= now_us, REFUSED_BOX_EXPIRED);
    return OK;
}

/* Merchants' keys of this kind are text by custom (32 letters and digits, 190 bits); what is a
 * pattern or too short is refused whatever it is made of. */
static Status check_key(Span key)
{
    uint8_t memory[MAC_KEY_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer raised = BUFFER_OF(memory);
    const Status s = weak_key_check(key);
    if (!status_is(s, REFUSED_KEY_IS_TEXT) || key.size < 32) return s;
    for (size_t i = 0; i < key.size; i++) /* no text any more, but the same pattern */
        TRY(buffer_put_u8(&raised, key.data[i] ^ 0x80));
    return weak_key_check(span_of_buffer(&raised));
}

Status mac_key_set(const MacKeys *keys, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireMacKeySet set;
    Box box;
    uint8_t place_memory[PLACE_BYTES_MAX];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    TRY(wire_take_mac_key_set(&c, &set));
    TRY(cursor_end(&c));
    TRY(box_parse(set.box, &box));
    TRY(check_context(&box.context, &set, clock_now_us(&keys->clock)));
    TRY(put_place("mac-key", set.tenant, set.name, &place));
    TRY(keys_box_open(keys->keys, &box, &plain));
    REQUIRE(plain.size <= MAC_KEY_BYTES_MAX, REFUSED_KEY_TOO_SHORT);
    TRY(check_key(span_of_buffer(&plain)));
    TRY(keys_seal_copy(keys->keys, KEY_FIELD, 0, &key));
    return seal_close(
            &key, &keys->random, span_of_buffer(&place), span_of_buffer(&plain), ret_answer);
}

/* --- using --- */

static Status open_key(const MacKeys *keys, const WireKeyMac *wanted, Buffer *ret_key)
{
    uint8_t place_memory[PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    CLEANUP(seal_key_wipe) SealKey key = { 0 };
    TRY(put_place("mac-key", wanted->tenant, wanted->name, &place));
    TRY(keys_seal_copy_for(keys->keys, KEY_FIELD, wanted->record, &key));
    return seal_open(&key, span_of_buffer(&place), wanted->record, ret_key);
}

Status mac_key_count(const MacKeys *keys, Span tenant, Span name, uint32_t uses)
{
    uint8_t memory[PLACE_BYTES_MAX + 16];
    Buffer text = BUFFER_OF(memory);
    MemoryExpiring day;
    const int64_t now_us = clock_now_us(&keys->clock);
    TRY(put_place("mac-uses", tenant, name, &text));
    TRY(buffer_put_i64(&text, time_business_day(now_us)));
    keyed_hash(&keys->memory->names, span_of_buffer(&text), &day.name);
    day.expires_us = now_us + TIME_DAY_US;
    return memory_budget_use(
            keys->memory, &day, uses, MAC_KEY_USES_PER_DAY_MAX, REFUSED_PROTECT_BUDGET, now_us);
}

static Status algorithm_of(const WireKeyMac *wanted, MacAlgorithm *ret)
{
    const bool sm = wanted->algorithm == WIRE_MAC_HMAC_SM3;
    REQUIRE(sm || wanted->algorithm == WIRE_MAC_HMAC_SHA256, REFUSED_KEY_UNKNOWN);
    REQUIRE(wanted->form == WIRE_MAC_PLAIN || wanted->form == WIRE_MAC_KEY_BEHIND,
            REFUSED_KEY_UNKNOWN);
    *ret = sm ? MAC_HMAC_SM3 : MAC_HMAC_SHA256;
    return OK;
}

Status mac_key_use(const MacKeys *keys, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireKeyMac wanted;
    MacAlgorithm algorithm;
    uint8_t key_memory[SEAL_PLAIN_BYTES_MAX];
    uint8_t mac[MAC_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer bytes = BUFFER_OF(key_memory);
    CLEANUP(mac_key_wipe) MacKey key = { 0 };
    TRY(wire_take_key_mac(&c, &wanted));
    TRY(cursor_end(&c));
    TRY(algorithm_of(&wanted, &algorithm));
    REQUIRE(wanted.mac.size == 0 || wanted.mac.size == WIRE_MAC_BYTES, REFUSED_IPC_FORMAT);
    TRY(open_key(keys, &wanted, &bytes));
    TRY(mac_key_count(keys, wanted.tenant, wanted.name, 1));
    mac_key_init(&key, algorithm, span_of_buffer(&bytes));
    const Span parts[] = { wanted.message, SPAN("&key="), span_of_buffer(&bytes) };
    mac_make(&key, parts, wanted.form == WIRE_MAC_KEY_BEHIND ? 3 : 1, mac);
    if (wanted.mac.size == 0) return buffer_put(ret_answer, (Span) { mac, WIRE_MAC_BYTES });
    REQUIRE(bytes_equal_ct(mac, wanted.mac.data, WIRE_MAC_BYTES), REFUSED_SIGNATURE_INVALID);
    return OK;
}
