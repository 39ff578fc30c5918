#include "keys/ceremony_record.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/library.h"
#include "crypto/signed_text.h"
#include "keys/keys_inside.h"

enum { CHECK_VALUE_BYTES = 8 };

static Status put_hex(Buffer *b, const char *label, Span bytes)
{
    TRY(buffer_print(b, "%s: ", label));
    TRY(hex_encode(bytes, b));
    return buffer_put_u8(b, '\n');
}

/* One line, whatever people wrote. */
static Status put_line(Buffer *b, const char *label, Span text)
{
    TRY(buffer_print(b, "%s: ", label));
    for (size_t i = 0; i < text.size && i < CEREMONY_LINE_BYTES_MAX; i++) {
        const uint8_t c = text.data[i];
        TRY(buffer_put_u8(b, c < 0x20 || c == 0x7F ? ' ' : c));
    }
    return buffer_put_u8(b, '\n');
}

static void check_value(const Keys *keys, const KeyVersion *v, uint8_t ret_value[MAC_BYTES_MAX])
{
    (void)keys;
    const Span parts[] = { SPAN("hufu key check value") };
    switch (role_of(v->role)->form) {
    case ROLE_SEALS: mac_make(&v->key.seal.derive, parts, 1, ret_value); return;
    case ROLE_MACS: mac_make(&v->key.mac, parts, 1, ret_value); return;
    default: mac_once(MAC_HMAC_SHA256, secret_span(&v->key.raw), parts[0], ret_value); return;
    }
}

static Status put_versions(const Keys *keys, Buffer *b)
{
    for (size_t i = 0; i < KEYS_VERSIONS_MAX; i++) {
        const KeyVersion *v = &keys->secrets->versions[i];
        if (v->role == 0) continue;
        uint8_t value[MAC_BYTES_MAX];
        check_value(keys, v, value);
        TRY(buffer_print(b, "key: %s %u %s check ", role_of(v->role)->name, v->version,
                role_algorithm(v->role, keys->suite)));
        TRY(hex_encode((Span) { value, CHECK_VALUE_BYTES }, b));
        TRY(buffer_put_u8(b, '\n'));
    }
    return OK;
}

static Status put_pairs(const Keys *keys, Buffer *b)
{
    for (uint32_t role = 0; role < KEY_ROLE_COUNT; role++) {
        const KeyEntry *entry = role == KEY_BOX ? NULL : pair_current(keys, (KeyRole)role);
        if (entry == NULL) continue;
        uint8_t fingerprint[32];
        public_key_fingerprint(private_key_public(entry->private_key), fingerprint);
        TRY(buffer_print(b, "key: %s %u sha256 ", role_of(role)->name, entry->head.version));
        TRY(hex_encode(SPAN_OF(fingerprint), b));
        if (entry->certificate != NULL) {
            TRY(buffer_print(b, " serial "));
            TRY(certificate_serial(entry->certificate, b));
        }
        TRY(buffer_put_u8(b, '\n'));
    }
    return OK;
}

static Status put_custody(const CeremonyFacts *facts, Buffer *b)
{
    TRY(buffer_print(b, "custody: %s\n", facts->custody));
    if (facts->token != NULL) TRY(buffer_print(b, "token: %.32s\n", facts->token));
    if (facts->count == 0) return OK;
    TRY(buffer_print(b, "custodians: %u of %u\n", facts->needed, facts->count));
    return put_hex(b, "set", facts->set);
}

static Status put_turn(const CeremonyTurn *turn, Buffer *b)
{
    TRY(buffer_print(b, "custody before: %s\n", turn->custody));
    TRY(put_hex(b, "root before, check", SPAN_OF(turn->old_check)));
    TRY(put_hex(b, "root, check", SPAN_OF(turn->new_check)));
    TRY(put_line(b, "approved by", turn->approved[0]));
    TRY(put_line(b, "and by", turn->approved[1]));
    return put_line(b, "reason", turn->reason);
}

Status ceremony_record_put(Keys *keys, const CeremonyFacts *facts, Buffer *ret_record)
{
    CLEANUP(keys_unlock) Keys *held = keys;
    pthread_rwlock_rdlock(&held->lock);
    Buffer *b = ret_record;
    TRY(buffer_print(b, facts->turn == NULL ? "hufu key ceremony 1\n" : "hufu root turn 1\n"));
    TRY(put_hex(b, "ledger", SPAN_OF(keys->instance)));
    TRY(buffer_print(b, "time: "));
    TRY(time_format(facts->time_us, b));
    TRY(buffer_print(b, "\nsoftware: hufu, %s\n", library_version()));
    TRY(buffer_print(b, "suite: %s\n", keys->suite == KEYS_SM ? "sm" : "international"));
    TRY(put_custody(facts, b));
    if (facts->turn != NULL) TRY(put_turn(facts->turn, b));
    for (size_t i = 0; i < facts->who_count; i++)
        TRY(put_line(b, "took part", span_of_text(facts->who[i])));
    TRY(buffer_print(b, "tested: source of randomness (repetition, proportion), known answers\n"));
    TRY(put_versions(keys, b));
    TRY(put_pairs(keys, b));
    return signed_text_close(pair_current(keys, KEY_CHECKPOINT_ED25519)->private_key,
            pair_current(keys, KEY_CHECKPOINT_SM2)->private_key, b);
}
