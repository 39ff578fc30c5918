#include "vault/field_inside.h"

#include "base/secret.h"

#include <stdlib.h>

static Status buffered_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    FieldRandom *r = context;
    if (size > sizeof(r->bytes)) return random_fill(r->source, ret_bytes, size);
    if (size > r->left) {
        TRY(random_fill(r->source, r->bytes, sizeof(r->bytes)));
        r->left = sizeof(r->bytes);
    }
    uint8_t *at = r->bytes + r->left - size;
    memcpy(ret_bytes, at, size);
    bytes_wipe(at, size); /* what was given out is nobody else's */
    r->left -= size;
    return OK;
}

Random field_random(FieldRandom *random) { return (Random) { buffered_fill, random }; }

void field_wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

static SealSuite suite_of(const FieldConfig *config)
{
    if (config->suite != 0) return config->suite;
    return keys_suite(config->keys) == KEYS_SM ? SEAL_SM4_GCM : SEAL_AES_256_GCM;
}

Status field_open(const FieldConfig *config, Field **ret_field)
{
    Field *f = calloc(1, sizeof(*f));
    CHECK(f != NULL, FAULT_MEMORY);
    f->config = *config;
    if (f->config.lookups_per_day == 0) f->config.lookups_per_day = FIELD_LOOKUPS_PER_DAY;
    if (f->config.protects_per_day == 0) f->config.protects_per_day = FIELD_PROTECTS_PER_DAY;
    f->suite = suite_of(config);
    f->secrets = config->secrets;
    keyed_hash_key(&f->secrets->names, keys_secret(config->keys, KEY_MAP)->bytes);
    pthread_mutex_init(&f->lock, NULL);
    *ret_field = f;
    return OK;
}

void field_close(Field *field)
{
    if (field == NULL) return;
    bytes_wipe(field->secrets, sizeof(*field->secrets));
    pthread_mutex_destroy(&field->lock);
    free(field);
}

/* --- names and places --- */

void field_name(const Field *field, const char *kind, Span tenant, Span name, KeyedHash *ret_hash)
{
    uint8_t memory[64 + 2 * WIRE_NAME_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const bool fits = status_ok(buffer_put_framed(&b, span_of_text(kind)))
            && status_ok(buffer_put_framed(&b, tenant)) && status_ok(buffer_put_framed(&b, name));
    ASSERT(fits); /* both came through field_wire.h */
    keyed_hash(&field->secrets->names, span_of_buffer(&b), ret_hash);
}

Status field_place(const WireBatchHead *head, Span row_key, Buffer *ret_place)
{
    REQUIRE(row_key.size > 0 && row_key.size <= FIELD_REFERENCE_BYTES_MAX, REFUSED_SEAL_SIZE);
    TRY(buffer_put(ret_place, SPAN("hufu field 1")));
    TRY(buffer_put_framed(ret_place, head->tenant));
    TRY(buffer_put_u16(ret_place, head->data_class));
    TRY(buffer_put_u16(ret_place, head->table));
    TRY(buffer_put_u16(ret_place, head->column));
    return buffer_put_framed(ret_place, row_key);
}

/* --- scratch --- */

static FieldBatch *free_batch(Field *field)
{
    FIELD_HOLD(field);
    for (size_t i = 0; i < FIELD_SCRATCHES; i++) {
        FieldBatch *batch = &field->secrets->batches[i];
        if (batch->taken) continue;
        batch->taken = true;
        return batch;
    }
    return NULL;
}

Status field_batch_take(Field *field, FieldBatch **ret_batch)
{
    FieldBatch *b = free_batch(field);
    REQUIRE(b != NULL, REFUSED_VAULT_BUSY);
    b->field = field;
    b->now_us = clock_now_us(&field->config.clock);
    b->buffered.source = &field->config.random;
    b->buffered.left = 0;
    b->random = field_random(&b->buffered);
    b->subject_count = 0;
    b->key_of = SIZE_MAX;
    b->has_session = false;
    b->index_version = 0;
    b->old_index_version = 0;
    b->old_class_key.key_version = 0;
    *ret_batch = b;
    return OK;
}

/* The subjects are wiped as far as they were used: the array is large, most batches are not. */
void field_batch_give(FieldBatch **batch)
{
    FieldBatch *b = *batch;
    if (b == NULL) return;
    Field *field = b->field;
    bytes_wipe(b->subjects, b->subject_count * sizeof(b->subjects[0]));
    bytes_wipe(&b->buffered, sizeof(b->buffered));
    bytes_wipe(&b->opened.keys, sizeof(b->opened.keys));
    bytes_wipe(b->opened.legacy_key, sizeof(b->opened.legacy_key));
    seal_key_wipe(&b->class_key);
    seal_key_wipe(&b->old_class_key);
    seal_key_wipe(&b->field_key);
    mac_key_wipe(&b->index_key);
    mac_key_wipe(&b->old_index_key);
    FIELD_HOLD(field);
    b->taken = false;
}

static Status begin(FieldBatch *b, Cursor *c)
{
    TRY(wire_take_batch_head(c, &b->head));
    REQUIRE(field_role(b->head.data_class, &b->role), REFUSED_FIELD_CLASS);
    return keys_seal_copy(b->field->config.keys, b->role, 0, &b->class_key);
}

Status field_batch_begin(Field *field, Cursor *c, FieldBatch **ret_batch)
{
    FieldBatch *b = NULL;
    TRY(field_batch_take(field, &b));
    const Status s = begin(b, c);
    if (!status_ok(s)) {
        field_batch_give(&b);
        return s;
    }
    *ret_batch = b;
    return OK;
}

/* --- the key tree --- */

/* field key = HMAC(class key, ...): without either half nothing opens. */
static void derive(const FieldBatch *b, const SealKey *class_key, size_t subject, SealSuite suite,
        SealKey *ret_key)
{
    const BatchSubject *s = &b->subjects[subject];
    uint8_t memory[16 + 8 + FIELD_TENANT_BYTES_MAX + WIRE_SUBJECT_BYTES_MAX];
    Buffer names = BUFFER_OF(memory);
    const bool fits = status_ok(buffer_put(&names, SPAN("hufu field 1")))
            && status_ok(buffer_put_framed(&names, b->head.tenant))
            && status_ok(buffer_put_framed(&names, s->name));
    ASSERT(fits);
    const Span parts[] = { span_of_buffer(&names), SPAN_OF(s->key) };
    uint8_t key[MAC_BYTES_MAX];
    ASSERT(mac_bytes(class_key->derive.algorithm) == SEAL_KEY_BYTES);
    mac_make(&class_key->derive, parts, 2, key);
    seal_key_init(ret_key, suite, (uint32_t)b->role, class_key->key_version, key);
    bytes_wipe(key, sizeof(key));
}

const SealKey *field_batch_key(FieldBatch *b, size_t subject)
{
    if (b->key_of == subject) return &b->field_key;
    derive(b, &b->class_key, subject, b->field->suite, &b->field_key);
    b->key_of = subject;
    return &b->field_key;
}

Status field_batch_old_key(
        FieldBatch *b, size_t subject, const SealHeader *header, SealKey *ret_key)
{
    /* Version 0 is nobody's: it marks a key that is not there. */
    REQUIRE(header->key_id == (uint32_t)b->role && header->key_version > 0, REFUSED_SEAL_FORMAT);
    const SealKey *class_key = &b->class_key;
    if (header->key_version != class_key->key_version) {
        if (b->old_class_key.key_version != header->key_version) {
            TRY(keys_seal_copy(
                    b->field->config.keys, b->role, header->key_version, &b->old_class_key));
        }
        class_key = &b->old_class_key;
    }
    derive(b, class_key, subject, header->suite, ret_key);
    return OK;
}
