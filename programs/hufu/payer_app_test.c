/* Goal: the app makes boxes for no key but one that the pinned platform key signed. Method: a box
 * key
 * in order, then each of its parts forged, another signer, no pin. Message: ipc/vault_wire.h. */
#include "payer_app.h"

#include "base/encoding.h"
#include "base/expect.h"
#include "text/json.h"

static PrivateKey *platform;
static PrivateKey *other;
static PrivateKey *today[2];

typedef struct Forgery {
    const PrivateKey *signer;
    int key; /* of `today`, shown */
    int signed_key; /* of `today`, signed */
    int64_t id, suite, expires_us; /* shown, less what is signed */
    int label; /* 1: without one */
    int flip; /* of the signature's bytes; -1: none */
} Forgery;

static void point_of(const PrivateKey *key, uint8_t ret_point[65])
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    ASSERT(status_ok(public_key_to_spki(private_key_public(key), &spki)));
    memcpy(ret_point, spki.data + spki.size - 65, 65); /* SPKI ends with the point */
}

static Span box_key(const Forgery *f, Buffer *ret_json)
{
    uint8_t point[65];
    uint8_t message_bytes[256];
    uint8_t signature_bytes[SIGN_BYTES_MAX];
    uint8_t text_bytes[2][2048];
    Buffer message = BUFFER_OF(message_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    Buffer texts[] = { BUFFER_OF(text_bytes[0]), BUFFER_OF(text_bytes[1]) };
    point_of(today[f->signed_key], point);
    if (f->label == 0) ASSERT(status_ok(buffer_put(&message, SPAN("hufu-box-key"))));
    ASSERT(status_ok(buffer_put_u32(&message, 20260131)));
    ASSERT(status_ok(buffer_put_u8(&message, BOX_P256_AES_256_GCM)));
    ASSERT(status_ok(buffer_put_i64(&message, 1000000)));
    ASSERT(status_ok(buffer_put(&message, SPAN_OF(point))));
    ASSERT(status_ok(sign_make(f->signer, span_of_buffer(&message), &signature)));
    if (f->flip >= 0) signature.data[f->flip] ^= 1;
    point_of(today[f->key], point);
    ASSERT(status_ok(base64_encode(SPAN_OF(point), &texts[0])));
    ASSERT(status_ok(base64_encode(span_of_buffer(&signature), &texts[1])));
    JsonWriter w = json_writer_for(ret_json, LAYER_REQUEST);
    json_open_object(&w);
    json_key_int(&w, "key_id", 20260131 + f->id);
    json_key_int(&w, "suite", BOX_P256_AES_256_GCM + f->suite);
    json_key_int(&w, "expires_us", 1000000 + f->expires_us);
    json_key_text(&w, "public_key", span_of_buffer(&texts[0]));
    json_key_text(&w, "signature", span_of_buffer(&texts[1]));
    json_close(&w);
    ASSERT(status_ok(json_finish(&w)));
    return span_of_buffer(ret_json);
}

static Status read_with(PublicKey *pin, const Forgery *f, BoxKey *ret_key)
{
    uint8_t memory[8192];
    Buffer json = BUFFER_OF(memory);
    *ret_key = (BoxKey) { .platform = pin };
    const Status s = box_key_read(box_key(f, &json), ret_key);
    public_key_free(&ret_key->key);
    return s;
}

/* A copy that a BoxKey may own. */
static PublicKey *pin_of(const PrivateKey *key)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    PublicKey *pin = NULL;
    ASSERT(status_ok(public_key_to_spki(private_key_public(key), &spki)));
    ASSERT(status_ok(public_key_from_spki(span_of_buffer(&spki), &pin)));
    return pin;
}

static void test_only_a_signed_box_key_is_believed(void)
{
    ASSERT(status_ok(private_key_generate_rsa(2048, &platform)));
    ASSERT(status_ok(private_key_generate_rsa(2048, &other)));
    ASSERT(status_ok(private_key_generate(KEY_P256, &today[0])));
    ASSERT(status_ok(private_key_generate(KEY_P256, &today[1])));
    const Forgery forgeries[] = {
        { other, 0, 0, 0, 0, 0, 0, -1 }, /* hufud's own signer */
        { platform, 1, 0, 0, 0, 0, 0, -1 }, /* its own key under a true signature */
        { platform, 0, 0, 1, 0, 0, 0, -1 },
        { platform, 0, 0, 0, 0, 1, 0, -1 },
        { platform, 0, 0, 0, 1, 0, 0, -1 },
        { platform, 0, 0, 0, 0, 0, 1, -1 },
        { platform, 0, 0, 0, 0, 0, 0, 0 },
        { platform, 0, 0, 0, 0, 0, 0, 255 },
    };
    const Forgery honest = { platform, 0, 0, 0, 0, 0, 0, -1 };
    CLEANUP(public_key_free) PublicKey *pin = pin_of(platform);
    BoxKey key = { 0 };
    EXPECT_OK(read_with(pin, &honest, &key));
    EXPECT(key.id == 20260131 && key.expires_us == 1000000 && key.platform == pin);
    for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
        EXPECT_REFUSED(read_with(pin, &forgeries[i], &key), REFUSED_SIGNATURE_INVALID);
        EXPECT(key.key == NULL && key.id == 0);
    }
    EXPECT_REFUSED(read_with(NULL, &honest, &key), REFUSED_SIGNATURE_INVALID);
    private_key_free(&platform);
    private_key_free(&other);
    private_key_free(&today[0]);
    private_key_free(&today[1]);
}

TESTS(TEST(test_only_a_signed_box_key_is_believed))
