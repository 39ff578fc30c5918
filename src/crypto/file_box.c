#include "crypto/file_box.h"

#include "base/secret.h"
#include "crypto/aead.h"

#define MAGIC "hufu file 1\n"

enum { KEY_BYTES = 32 };

typedef struct FileKey {
    uint8_t bytes[KEY_BYTES]; /* secret */
} FileKey;

static void key_wipe(FileKey *key) { bytes_wipe(key->bytes, sizeof(key->bytes)); }

static AeadSuite suite_of(KeyAlgorithm algorithm)
{
    return algorithm == KEY_SM2 ? AEAD_SM4_GCM : AEAD_AES_256_GCM;
}

static Span key_span(const FileKey *key, AeadSuite suite)
{
    return (Span) { key->bytes, aead_key_bytes(suite) };
}

Status file_box_seal(const PublicKey *recipient, const Random *random, const BoxContext *context,
        Span plain, Buffer *ret_file)
{
    CLEANUP(key_wipe) FileKey key;
    uint8_t nonce[AEAD_NONCE_BYTES];
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    const AeadSuite suite = suite_of(public_key_algorithm(recipient));
    const size_t begin = ret_file->size;
    REQUIRE(plain.size <= FILE_BOX_PLAIN_BYTES_MAX, REFUSED_BOX_FORMAT);
    REQUIRE(ret_file->capacity - begin >= plain.size + FILE_BOX_OVERHEAD_BYTES_MAX,
            REFUSED_BUFFER_FULL);
    TRY(random_fill(random, key.bytes, sizeof(key.bytes)));
    TRY(random_fill(random, nonce, sizeof(nonce)));
    TRY(box_seal(recipient, 0, random, context, SPAN_OF(key.bytes), &box));
    TRY(buffer_put(ret_file, SPAN(MAGIC)));
    TRY(buffer_put_framed(ret_file, span_of_buffer(&box)));
    const Span before = { ret_file->data + begin, ret_file->size - begin };
    TRY(buffer_put(ret_file, SPAN_OF(nonce)));
    TRY(buffer_put_u32(ret_file, (uint32_t)(plain.size + AEAD_TAG_BYTES)));
    return aead_close(suite, key_span(&key, suite), nonce, before, plain, ret_file);
}

MUST_USE static Status open_key(
        const PrivateKey *key, Span box_bytes, BoxContext *ret_context, FileKey *ret_key)
{
    Box box;
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    Buffer opened = BUFFER_OF(memory);
    TRY(box_parse(box_bytes, &box));
    const Status s = box_open(key, &box, &opened);
    if (status_ok(s) && opened.size == KEY_BYTES) memcpy(ret_key->bytes, memory, KEY_BYTES);
    const size_t size = opened.size;
    bytes_wipe(memory, sizeof(memory));
    TRY(s);
    REQUIRE(size == KEY_BYTES, REFUSED_BOX_FORMAT);
    *ret_context = box.context;
    return OK;
}

Status file_box_open(const PrivateKey *key, Span file, BoxContext *ret_context, Buffer *ret_plain)
{
    CLEANUP(key_wipe) FileKey file_key = { { 0 } };
    Cursor c = cursor_of(file);
    Span magic = { 0 };
    Span box = { 0 };
    Span sealed = { 0 };
    uint8_t nonce[AEAD_NONCE_BYTES];
    const AeadSuite suite = suite_of(private_key_algorithm(key));
    bool whole = status_ok(cursor_take(&c, strlen(MAGIC), &magic)) && span_equal(magic, SPAN(MAGIC))
            && status_ok(cursor_framed(&c, BOX_BYTES_MAX, &box));
    const Span before = { file.data, file.size - c.rest.size };
    whole = whole && status_ok(cursor_copy(&c, sizeof(nonce), nonce))
            && status_ok(cursor_framed(&c, FILE_BOX_PLAIN_BYTES_MAX + AEAD_TAG_BYTES, &sealed))
            && status_ok(cursor_end(&c));
    REQUIRE(whole, REFUSED_BOX_FORMAT);
    TRY(open_key(key, box, ret_context, &file_key));
    return aead_open(suite, key_span(&file_key, suite), nonce, before, sealed, ret_plain);
}

Status file_box_part_name(Span order, int64_t number, bool last, Buffer *ret_name)
{
    TRY(buffer_put(ret_name, order));
    return buffer_print(ret_name, "/%lld%s", (long long)number, last ? "/last" : "");
}
