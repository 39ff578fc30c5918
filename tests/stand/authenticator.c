#include "authenticator.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "text/json.h"

#include <stdio.h>

enum {
    DATA_BYTES_MAX = 512,
    CLIENT_BYTES_MAX = 1024,
    CHALLENGE_TEXT = 43,
    COORDINATE_BYTES = 32,
    FLAG_PRESENT = 1,
    FLAG_VERIFIED = 4,
    FLAG_MAY_BE_COPIED = 8,
    FLAG_CREDENTIAL = 64,
};

#define PUT(buffer, span) ASSERT(status_ok(buffer_put((buffer), (span))))
#define BYTES(buffer, ...)                        \
    do {                                          \
        const uint8_t bytes_[] = { __VA_ARGS__ }; \
        PUT(buffer, SPAN_OF(bytes_));             \
    } while (0)

Status authenticator_make(KeyAlgorithm algorithm, Authenticator *ret)
{
    const Random random = random_system();
    *ret = (Authenticator) { .count = 1 };
    TRY(random_fill(&random, ret->id, sizeof(ret->id)));
    return private_key_generate(algorithm, &ret->key);
}

void authenticator_done(Authenticator *a) { private_key_free(&a->key); }

/* --- what it writes --- */

static const char *origin_of(const Authenticator *a, const Browser *browser, char text[64])
{
    if (a->origin != NULL) return a->origin;
    snprintf(text, 64, "https://localhost:%u", browser->stand->console_port);
    return text;
}

static Span client_data(const Authenticator *a, const Browser *browser, const char *type,
        const char *challenge, Buffer *ret)
{
    char origin[64];
    ASSERT(status_ok(buffer_print(ret,
            "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s}",
            a->type == NULL ? type : a->type, challenge, origin_of(a, browser, origin),
            a->cross_origin ? "true" : "false")));
    return span_of_buffer(ret);
}

/* The last 64 bytes of a P-256 key's SubjectPublicKeyInfo are its point, the last 32 of an Ed25519
 * one the key. */
static void put_cose_key(const Authenticator *a, Buffer *ret)
{
    uint8_t spki_bytes[128];
    Buffer spki = BUFFER_OF(spki_bytes);
    const PublicKey *key = private_key_public(a->key);
    ASSERT(status_ok(public_key_to_spki(key, &spki)));
    const uint8_t *end = spki.data + spki.size;
    if (public_key_algorithm(key) == KEY_ED25519) {
        /* {1: OKP, 3: EdDSA, -1: Ed25519, -2: x} */
        BYTES(ret, 0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, COORDINATE_BYTES);
        PUT(ret, ((Span) { end - COORDINATE_BYTES, COORDINATE_BYTES }));
        return;
    }
    /* {1: EC2, 3: ES256, -1: P-256, -2: x, -3: y} */
    BYTES(ret, 0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, COORDINATE_BYTES);
    PUT(ret, ((Span) { end - 2 * COORDINATE_BYTES, COORDINATE_BYTES }));
    BYTES(ret, 0x22, 0x58, COORDINATE_BYTES);
    PUT(ret, ((Span) { end - COORDINATE_BYTES, COORDINATE_BYTES }));
}

/* SHA-256 of the relying party | flags | count u32 | of a new passkey: model, id, key */
static Span authenticator_data(const Authenticator *a, bool creates, Buffer *ret)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    static const uint8_t model[16] = { 0 };
    unsigned flags = creates ? FLAG_CREDENTIAL : 0;
    if (!a->absent) flags |= FLAG_PRESENT;
    if (!a->unverified) flags |= FLAG_VERIFIED;
    if (a->copies) flags |= FLAG_MAY_BE_COPIED;
    sha256(span_of_text(a->rp_id == NULL ? "localhost" : a->rp_id), digest);
    PUT(ret, SPAN_OF(digest));
    BYTES(ret, (uint8_t)flags);
    ASSERT(status_ok(buffer_put_u32(ret, a->count)));
    if (!creates) return span_of_buffer(ret);
    PUT(ret, SPAN_OF(model));
    BYTES(ret, 0, AUTHENTICATOR_ID_BYTES);
    PUT(ret, SPAN_OF(a->id));
    put_cose_key(a, ret);
    return span_of_buffer(ret);
}

/* {"fmt": "none", "attStmt": {}, "authData": ...} */
static Span attestation_of(Span data, Buffer *ret)
{
    BYTES(ret, 0xa3, 0x63);
    PUT(ret, SPAN("fmt"));
    BYTES(ret, 0x64);
    PUT(ret, SPAN("none"));
    BYTES(ret, 0x67);
    PUT(ret, SPAN("attStmt"));
    BYTES(ret, 0xa0, 0x68);
    PUT(ret, SPAN("authData"));
    BYTES(ret, 0x58, (uint8_t)data.size);
    PUT(ret, data);
    return span_of_buffer(ret);
}

static void put_member(Buffer *json, const char *name, Span bytes)
{
    ASSERT(status_ok(buffer_print(json, "%s\"%s\":\"", json->size == 0 ? "{" : ",", name)));
    ASSERT(status_ok(base64url_encode(bytes, json)));
    PUT(json, SPAN("\""));
}

void authenticator_attest(const Authenticator *a, const Browser *browser, const char *challenge,
        char ret_json[AUTHENTICATOR_JSON_BYTES_MAX])
{
    uint8_t client_bytes[CLIENT_BYTES_MAX];
    uint8_t data_bytes[DATA_BYTES_MAX];
    uint8_t object_bytes[DATA_BYTES_MAX];
    Buffer client = BUFFER_OF(client_bytes);
    Buffer data = BUFFER_OF(data_bytes);
    Buffer object = BUFFER_OF(object_bytes);
    Buffer json = { (uint8_t *)ret_json, 0, AUTHENTICATOR_JSON_BYTES_MAX };
    put_member(
            &json, "client_data", client_data(a, browser, "webauthn.create", challenge, &client));
    put_member(&json, "attestation", attestation_of(authenticator_data(a, true, &data), &object));
    BYTES(&json, '}', 0);
}

static Span sign(const Authenticator *a, Span data, Span client, Buffer *ret)
{
    uint8_t message_bytes[DATA_BYTES_MAX + DIGEST_SHA256_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer message = BUFFER_OF(message_bytes);
    sha256(client, digest);
    PUT(&message, data);
    PUT(&message, SPAN_OF(digest));
    ASSERT(status_ok(sign_make(a->key, span_of_buffer(&message), ret)));
    if (a->unsigned_answer) ret->data[ret->size - 1] ^= 1;
    return span_of_buffer(ret);
}

void authenticator_assert(Authenticator *a, const Browser *browser, const char *challenge,
        char ret_json[AUTHENTICATOR_JSON_BYTES_MAX])
{
    uint8_t client_bytes[CLIENT_BYTES_MAX];
    uint8_t data_bytes[DATA_BYTES_MAX];
    uint8_t signature_bytes[128];
    Buffer client = BUFFER_OF(client_bytes);
    Buffer data = BUFFER_OF(data_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    Buffer json = { (uint8_t *)ret_json, 0, AUTHENTICATOR_JSON_BYTES_MAX };
    if (a->count != 0) a->count++;
    const Span said = client_data(a, browser, "webauthn.get", challenge, &client);
    const Span shown = authenticator_data(a, false, &data);
    put_member(&json, "id", SPAN_OF(a->id));
    put_member(&json, "client_data", said);
    put_member(&json, "authenticator_data", shown);
    put_member(&json, "signature", sign(a, shown, said, &signature));
    BYTES(&json, '}', 0);
}

/* --- with a browser --- */

/* A text member of the last answer. */
static Status member_of(const Browser *browser, const char *name, int64_t size_max, char *ret_text)
{
    const JsonField fields[] = { { name, JSON_TEXT, true, 1, size_max, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span text = { 0 };
    TRY(json_parse(span_of_text(browser->body), &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &text, &problem));
    memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = 0;
    return OK;
}

Status authenticator_challenge(Browser *browser, const char *path, char ret_challenge[64])
{
    int status = browser_get(browser, path);
    if (status == 0) status = browser_get(browser, path); /* it was idle: connect anew */
    REQUIRE(status == 200, REFUSED_HTTP_ANSWER_INVALID);
    return member_of(browser, "challenge", CHALLENGE_TEXT, ret_challenge);
}

int authenticator_register(Authenticator *a, Browser *browser)
{
    static const char path[] = "/console/v1/passkey/registration";
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    if (!status_ok(authenticator_challenge(browser, path, challenge))) return 0;
    authenticator_attest(a, browser, challenge, json);
    if (browser_post(browser, path, json) == 200)
        ASSERT(status_ok(member_of(browser, "passkey", sizeof(a->name) - 1, a->name)));
    return browser->status;
}

static int answer(Authenticator *a, Browser *browser, const char *path)
{
    char challenge[64];
    char json[AUTHENTICATOR_JSON_BYTES_MAX];
    if (!status_ok(authenticator_challenge(browser, path, challenge))) return 0;
    authenticator_assert(a, browser, challenge, json);
    return browser_post(browser, path, json);
}

int authenticator_login(Authenticator *a, Browser *browser)
{
    return answer(a, browser, "/console/v1/passkey/login");
}

int authenticator_prove(Authenticator *a, Browser *browser)
{
    return answer(a, browser, "/console/v1/passkey/proof");
}

bool authenticator_refused(const Browser *b, const char *what)
{
    const bool same = b->status == 401 && strcmp(b->code, "LOGIN_REFUSED") == 0
            && strstr(b->head, "Set-Cookie") == NULL && b->session[0] == 0;
    if (!same) fprintf(stderr, "  %s: HTTP %d %s\n%s", what, b->status, b->body, b->head);
    return same;
}
