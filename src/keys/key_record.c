#include "keys/keys_inside.h"

#include <stdlib.h>

static Status put_facts(const KeyEntry *entry, Span certificate, Buffer *b)
{
    TRY(buffer_put_u8(b, (uint8_t)entry->role));
    TRY(buffer_put_u8(b, entry->algorithm));
    TRY(buffer_put_u32(b, entry->version));
    TRY(buffer_put_u32(b, entry->key_id));
    TRY(buffer_put_i64(b, entry->created_us));
    TRY(buffer_put_i64(b, entry->expires_us));
    return buffer_put_framed(b, certificate);
}

/* A place is at most SEAL_PLACE_BYTES_MAX, so it carries the facts' digest. */
static void make_place(Span facts, uint8_t ret_place[DIGEST_SHA256_BYTES])
{
    const Span parts[] = { SPAN("hufu key"), facts };
    digest_parts(DIGEST_SHA256, parts, 2, ret_place);
}

static SealSuite seal_suite(const Keys *keys)
{
    return keys->suite == KEYS_SM ? SEAL_SM4_GCM : SEAL_AES_256_GCM;
}

static Status place_secret(Keys *keys, const KeyEntry *entry, Span secret)
{
    KeysSecrets *s = keys->secrets;
    REQUIRE(secret.size == KEYS_SYMMETRIC_BYTES, REFUSED_KEYSTORE_TAMPERED);
    const uint32_t id = (uint32_t)entry->role;
    const MacAlgorithm mac = keys->suite == KEYS_SM ? MAC_HMAC_SM3 : MAC_HMAC_SHA256;
    switch (entry->role) {
    case KEY_ROW_SEAL:
        REQUIRE(entry->version >= 1 && entry->version <= KEYS_SEAL_VERSIONS_MAX,
                REFUSED_KEYSTORE_TAMPERED);
        mac_key_init(&s->row_seals[entry->version - 1], mac, secret);
        if (entry->version > keys->row_seal_version) keys->row_seal_version = entry->version;
        return OK;
    case KEY_DIGEST: mac_key_init(&s->digest, MAC_HMAC_SHA512, secret); return OK;
    case KEY_JOURNAL: return secret_set(&s->journal, secret);
    case KEY_MAP: return secret_set(&s->map, secret);
    case KEY_PEPPER:
        seal_key_init(&s->pepper, seal_suite(keys), id, entry->version, secret.data);
        return OK;
    case KEY_FIELD:
        seal_key_init(&s->field, seal_suite(keys), id, entry->version, secret.data);
        return OK;
    case KEY_BACKUP:
        seal_key_init(&s->backup, seal_suite(keys), id, entry->version, secret.data);
        return OK;
    default: return REFUSE(REFUSED_KEYSTORE_TAMPERED);
    }
}

static Status place_key(Keys *keys, KeyEntry *entry, Span certificate, Span secret)
{
    if (entry->algorithm == ALGORITHM_SECRET) return place_secret(keys, entry, secret);
    TRY(private_key_from_pkcs8(secret, &entry->private_key));
    REQUIRE((uint8_t)private_key_algorithm(entry->private_key) == entry->algorithm,
            REFUSED_KEYSTORE_TAMPERED);
    if (certificate.size == 0) return OK;
    return certificate_from_der(certificate, &entry->certificate);
}

void key_entry_close(KeyEntry *entry)
{
    private_key_free(&entry->private_key);
    certificate_free(&entry->certificate);
    bytes_wipe(entry, sizeof(*entry));
}

static Status load(Keys *keys, Span payload, KeyEntry *entry)
{
    Cursor c = cursor_of(payload);
    uint8_t role = 0;
    Span certificate;
    Span sealed;
    TRY(cursor_u8(&c, &role));
    TRY(cursor_u8(&c, &entry->algorithm));
    TRY(cursor_u32(&c, &entry->version));
    TRY(cursor_u32(&c, &entry->key_id));
    TRY(cursor_i64(&c, &entry->created_us));
    TRY(cursor_i64(&c, &entry->expires_us));
    TRY(cursor_framed(&c, CERTIFICATE_DER_BYTES_MAX, &certificate));
    const Span facts = { payload.data, payload.size - c.rest.size };
    TRY(cursor_framed(&c, JOURNAL_RECORD_BYTES_MAX, &sealed));
    TRY(cursor_end(&c));
    REQUIRE(role > 0 && role < KEY_ROLE_COUNT, REFUSED_KEYSTORE_TAMPERED);
    entry->role = (KeyRole)role;

    uint8_t place[DIGEST_SHA256_BYTES];
    uint8_t memory[SIGN_PKCS8_BYTES_MAX];
    Buffer secret = BUFFER_OF(memory);
    make_place(facts, place);
    Status s = seal_open(&keys->secrets->store, SPAN_OF(place), sealed, &secret);
    if (status_ok(s)) s = place_key(keys, entry, certificate, span_of_buffer(&secret));
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    memcpy(entry->payload, payload.data, payload.size);
    entry->payload_bytes = payload.size;
    return OK;
}

/* A replay meets the keys of many days; only the newest can still open something. */
static void drop_oldest_box(Keys *keys)
{
    size_t boxes = 0;
    size_t oldest = 0;
    for (size_t i = keys->entry_count; i-- > 0;) {
        if (keys->entries[i].role != KEY_BOX) continue;
        boxes++;
        oldest = i;
    }
    if (boxes > KEYS_BOX_MAX) key_entry_drop(keys, oldest);
}

void key_entry_drop(Keys *keys, size_t index)
{
    ASSERT(keys->entries[index].role == KEY_BOX);
    key_entry_close(&keys->entries[index]);
    const size_t behind = keys->entry_count - index - 1;
    memmove(&keys->entries[index], &keys->entries[index + 1], behind * sizeof(KeyEntry));
    keys->entry_count--;
}

Status key_record_load(Keys *keys, Span payload)
{
    REQUIRE(keys->has_instance, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(payload.size <= JOURNAL_RECORD_BYTES_MAX, REFUSED_KEYSTORE_TAMPERED);
    CHECK(keys->entry_count < KEYS_ENTRIES_MAX, FAULT_MEMORY);
    KeyEntry *entry = &keys->entries[keys->entry_count];
    *entry = (KeyEntry) { 0 };
    const Status s = load(keys, payload, entry);
    if (!status_ok(s)) key_entry_close(entry);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_KEYSTORE_TAMPERED);
    keys->entry_count++;
    if (entry->role == KEY_BOX)
        drop_oldest_box(keys);
    else
        keys->by_role[entry->role] = entry;
    return OK;
}

Status key_record_add(Keys *keys, const KeyEntry *facts, Span secret)
{
    uint8_t der_memory[CERTIFICATE_DER_BYTES_MAX];
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    uint8_t sealed_memory[JOURNAL_RECORD_BYTES_MAX];
    uint8_t place[DIGEST_SHA256_BYTES];
    Buffer der = BUFFER_OF(der_memory);
    Buffer payload = BUFFER_OF(memory);
    Buffer sealed = BUFFER_OF(sealed_memory);
    if (facts->certificate != NULL) TRY(certificate_to_der(facts->certificate, &der));
    TRY(put_facts(facts, span_of_buffer(&der), &payload));
    make_place(span_of_buffer(&payload), place);
    TRY(seal_close(&keys->secrets->store, &keys->random, SPAN_OF(place), secret, &sealed));
    TRY(buffer_put_framed(&payload, span_of_buffer(&sealed)));
    uint64_t position = 0;
    TRY(journal_append(keys->journal, KEYS_KEY, span_of_buffer(&payload), &position));
    return key_record_load(keys, span_of_buffer(&payload));
}
