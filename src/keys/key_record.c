#include "keys/keys_inside.h"

#include <stdlib.h>

static Status put_facts(const KeyHead *head, Span certificate, Buffer *b)
{
    TRY(buffer_put_u8(b, (uint8_t)head->role));
    TRY(buffer_put_u8(b, head->algorithm));
    TRY(buffer_put_u32(b, head->version));
    TRY(buffer_put_u32(b, head->key_id));
    TRY(buffer_put_i64(b, head->created_us));
    TRY(buffer_put_i64(b, head->expires_us));
    return buffer_put_framed(b, certificate);
}

/* A place is at most SEAL_PLACE_BYTES_MAX, so it carries the facts' digest. */
static void make_place(Span facts, uint8_t ret_place[DIGEST_SHA256_BYTES])
{
    const Span parts[] = { SPAN("hufu key"), facts };
    digest_parts(DIGEST_SHA256, parts, 2, ret_place);
}

/* --- loading --- */

typedef struct KeyParts {
    KeyHead head;
    Span facts; /* everything before the sealed secret */
    Span certificate;
    Span sealed;
} KeyParts;

static Status take_parts(Span payload, KeyParts *ret)
{
    Cursor c = cursor_of(payload);
    uint8_t role = 0;
    TRY(cursor_u8(&c, &role));
    TRY(cursor_u8(&c, &ret->head.algorithm));
    TRY(cursor_u32(&c, &ret->head.version));
    TRY(cursor_u32(&c, &ret->head.key_id));
    TRY(cursor_i64(&c, &ret->head.created_us));
    TRY(cursor_i64(&c, &ret->head.expires_us));
    TRY(cursor_framed(&c, CERTIFICATE_DER_BYTES_MAX, &ret->certificate));
    ret->facts = (Span) { payload.data, payload.size - c.rest.size };
    TRY(cursor_framed(&c, JOURNAL_RECORD_BYTES_MAX, &ret->sealed));
    TRY(cursor_end(&c));
    REQUIRE(role_of(role) != NULL, REFUSED_KEYSTORE_TAMPERED);
    ret->head.role = (KeyRole)role;
    return OK;
}

static Status read_pair(const KeyParts *parts, Span secret, KeyEntry *entry)
{
    TRY(private_key_from_pkcs8(secret, &entry->private_key));
    REQUIRE((uint8_t)private_key_algorithm(entry->private_key) == parts->head.algorithm,
            REFUSED_KEYSTORE_TAMPERED);
    if (parts->certificate.size == 0) return OK;
    return certificate_from_der(parts->certificate, &entry->certificate);
}

static void drop_oldest_box(Keys *keys);

/* A pair, which is not there yet; the second version and later ones by a turn. */
static bool is_expected(const Keys *keys, const KeyHead *head)
{
    if (role_of(head->role)->form != ROLE_PAIR || head->version == 0) return false;
    if (head->role == KEY_BOX) return true;
    return pair_find(keys, head->role, head->version) == NULL
            && version_remains(keys, head->role, head->version) == NULL
            && (head->version == 1 || pair_has_turn(keys, head->role, head->version));
}

static Status load_pair(Keys *keys, const KeyParts *parts, Span payload, Span secret)
{
    CHECK(keys->entry_count < KEYS_ENTRIES_MAX, FAULT_MEMORY);
    REQUIRE(is_expected(keys, &parts->head), REFUSED_KEYSTORE_TAMPERED);
    KeyEntry *entry = calloc(1, sizeof(*entry));
    CHECK(entry != NULL, FAULT_MEMORY);
    entry->head = parts->head;
    entry->payload_bytes = payload.size;
    memcpy(entry->payload, payload.data, payload.size);
    keys->entries[keys->entry_count++] = entry;
    const Status s = read_pair(parts, secret, entry);
    if (!status_ok(s)) key_entry_drop(keys, keys->entry_count - 1);
    TRY(s);
    if (entry->head.role == KEY_BOX) drop_oldest_box(keys);
    return OK;
}

static Status load(Keys *keys, Span payload)
{
    KeyParts parts = { 0 };
    TRY(take_parts(payload, &parts));
    uint8_t place[DIGEST_SHA256_BYTES];
    uint8_t memory[SIGN_PKCS8_BYTES_MAX];
    Buffer secret = BUFFER_OF(memory);
    make_place(parts.facts, place);
    Status s = seal_open(&keys->secrets->store, SPAN_OF(place), parts.sealed, &secret);
    if (status_ok(s) && parts.head.algorithm == ALGORITHM_SECRET)
        s = version_load(keys, &parts.head, payload, span_of_buffer(&secret));
    else if (status_ok(s))
        s = load_pair(keys, &parts, payload, span_of_buffer(&secret));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

/* A replay meets the keys of many days; only the newest can still open something. */
static void drop_oldest_box(Keys *keys)
{
    size_t boxes = 0;
    size_t oldest = 0;
    for (size_t i = keys->entry_count; i-- > 0;) {
        if (keys->entries[i]->head.role != KEY_BOX) continue;
        boxes++;
        oldest = i;
    }
    if (boxes > KEYS_BOX_MAX) key_entry_drop(keys, oldest);
}

void key_entry_drop(Keys *keys, size_t index)
{
    KeyEntry *entry = keys->entries[index];
    const size_t behind = keys->entry_count - index - 1;
    memmove(&keys->entries[index], &keys->entries[index + 1], behind * sizeof(KeyEntry *));
    keys->entry_count--;
    private_key_free(&entry->private_key);
    certificate_free(&entry->certificate);
    bytes_wipe(entry, sizeof(*entry));
    free(entry);
}

Status key_record_load(Keys *keys, Span payload)
{
    REQUIRE(keys->has_instance, REFUSED_KEYSTORE_TAMPERED);
    REQUIRE(payload.size <= JOURNAL_RECORD_BYTES_MAX, REFUSED_KEYSTORE_TAMPERED);
    const Status s = load(keys, payload);
    if (status_broken(s) || status_is(s, REFUSED_KEY_VERSIONS_FULL)) return s;
    REQUIRE(status_ok(s), REFUSED_KEYSTORE_TAMPERED);
    return OK;
}

Status key_record_add(Keys *keys, const KeyHead *head, const Certificate *certificate, Span secret)
{
    uint8_t der_memory[CERTIFICATE_DER_BYTES_MAX];
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    uint8_t sealed_memory[JOURNAL_RECORD_BYTES_MAX];
    uint8_t place[DIGEST_SHA256_BYTES];
    Buffer der = BUFFER_OF(der_memory);
    Buffer payload = BUFFER_OF(memory);
    Buffer sealed = BUFFER_OF(sealed_memory);
    if (certificate != NULL) TRY(certificate_to_der(certificate, &der));
    TRY(put_facts(head, span_of_buffer(&der), &payload));
    make_place(span_of_buffer(&payload), place);
    TRY(seal_close(&keys->secrets->store, &keys->random, SPAN_OF(place), secret, &sealed));
    TRY(buffer_put_framed(&payload, span_of_buffer(&sealed)));
    TRY(keys_append(keys, KEYS_KEY, span_of_buffer(&payload)));
    return key_record_load(keys, span_of_buffer(&payload));
}

Status key_record_reseal(Keys *keys, const SealKey *next, uint8_t *payload, size_t size)
{
    KeyParts parts = { 0 };
    uint8_t place[DIGEST_SHA256_BYTES];
    uint8_t memory[SIGN_PKCS8_BYTES_MAX];
    uint8_t sealed_memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer secret = BUFFER_OF(memory);
    Buffer sealed = BUFFER_OF(sealed_memory);
    TRY(take_parts((Span) { payload, size }, &parts));
    make_place(parts.facts, place);
    Status s = seal_open(&keys->secrets->store, SPAN_OF(place), parts.sealed, &secret);
    if (status_ok(s))
        s = seal_close(next, &keys->random, SPAN_OF(place), span_of_buffer(&secret), &sealed);
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    CHECK(sealed.size == parts.sealed.size, FAULT_CRYPTO);
    memcpy(payload + size - sealed.size, sealed_memory, sealed.size);
    return OK;
}
