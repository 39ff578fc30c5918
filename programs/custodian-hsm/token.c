#include "token.h"

#include "module.h"
#include "pin_file.h"

#include "base/seams.h"
#include "keys/health.h"

#include <stdlib.h>

#define KEY_LABEL "hufu-root-1"
#define WRAPPED_BEGIN "HFRW\x01"
#define WRAPPED_AAD "hufu root 1"

enum { NONCE_BYTES = 12, CIPHER_BYTES = 48, SAMPLE_PIECE_BYTES = 256 };

struct Token {
    Module module;
};

static Status login(const TokenConfig *config, Token *t)
{
    REQUIRE(!module_pin_is_low(&t->module), REFUSED_HSM_PIN_LOW);
    CLEANUP(secret_wipe) Secret pin = { 0 };
    PinFile file;
    TRY(pin_file_read(config->pin_file, &file, &pin));
    REQUIRE(!pin_file_was_refused(config->refused_file, &file), REFUSED_HSM_PIN);
    const Status s = module_login(&t->module, true, &pin);
    if (status_is(s, REFUSED_HSM_PIN)) TRY(pin_file_remember_refused(config->refused_file, &file));
    return s;
}

Status token_open(const TokenConfig *config, Token **ret_token)
{
    Token *t = calloc(1, sizeof(*t));
    CHECK(t != NULL, FAULT_MEMORY);
    Status s = module_open(config->module, config->label, &t->module);
    if (status_ok(s)) s = login(config, t);
    if (!status_ok(s)) {
        token_close(t);
        return s;
    }
    *ret_token = t;
    return OK;
}

void token_close(Token *t)
{
    if (t == NULL) return;
    module_close(&t->module);
    free(t);
}

/* --- its key --- */

static Status find_key(Token *t, CK_OBJECT_HANDLE *ret_key, CK_ULONG *ret_count)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    char label[] = KEY_LABEL;
    CK_ATTRIBUTE wanted[] = { { CKA_CLASS, &class, sizeof(class) },
        { CKA_KEY_TYPE, &type, sizeof(type) }, { CKA_LABEL, label, sizeof(label) - 1 } };
    CK_OBJECT_HANDLE found[2];
    CHECK(t->module.p11->C_FindObjectsInit(t->module.session, wanted, 3) == CKR_OK, FAULT_HSM);
    const CK_RV rv = t->module.p11->C_FindObjects(t->module.session, found, 2, ret_count);
    t->module.p11->C_FindObjectsFinal(t->module.session);
    CHECK(rv == CKR_OK, FAULT_HSM);
    if (*ret_count > 0) *ret_key = found[0];
    return OK;
}

/* Made here, never outside, and it cannot leave: what the token says of it, not what we asked for.
 */
static bool stays_inside(Token *t, CK_OBJECT_HANDLE key)
{
    CK_BBOOL sensitive = CK_FALSE;
    CK_BBOOL extractable = CK_TRUE;
    CK_BBOOL never = CK_FALSE;
    CK_BBOOL local = CK_FALSE;
    CK_ATTRIBUTE facts[] = { { CKA_SENSITIVE, &sensitive, sizeof(sensitive) },
        { CKA_EXTRACTABLE, &extractable, sizeof(extractable) },
        { CKA_NEVER_EXTRACTABLE, &never, sizeof(never) }, { CKA_LOCAL, &local, sizeof(local) } };
    if (t->module.p11->C_GetAttributeValue(t->module.session, key, facts, 4) != CKR_OK)
        return false;
    return sensitive == CK_TRUE && extractable == CK_FALSE && never == CK_TRUE && local == CK_TRUE;
}

static Status the_key(Token *t, CK_OBJECT_HANDLE *ret_key)
{
    CK_ULONG count = 0;
    TRY(find_key(t, ret_key, &count));
    REQUIRE(count == 1 && stays_inside(t, *ret_key), REFUSED_HSM_KEY);
    return OK;
}

static Status make_key(Token *t)
{
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_ULONG bytes = 32;
    char label[] = KEY_LABEL;
    CK_ATTRIBUTE as[] = { { CKA_TOKEN, &yes, sizeof(yes) }, { CKA_PRIVATE, &yes, sizeof(yes) },
        { CKA_SENSITIVE, &yes, sizeof(yes) }, { CKA_EXTRACTABLE, &no, sizeof(no) },
        { CKA_MODIFIABLE, &no, sizeof(no) }, { CKA_ENCRYPT, &yes, sizeof(yes) },
        { CKA_DECRYPT, &yes, sizeof(yes) }, { CKA_VALUE_LEN, &bytes, sizeof(bytes) },
        { CKA_LABEL, label, sizeof(label) - 1 } };
    CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
    CK_OBJECT_HANDLE key = 0;
    const CK_RV rv = t->module.p11->C_GenerateKey(
            t->module.session, &mechanism, as, sizeof(as) / sizeof(as[0]), &key);
    CHECK(rv == CKR_OK, FAULT_HSM);
    return OK;
}

/* --- wrapping --- */

static CK_GCM_PARAMS gcm(uint8_t nonce[NONCE_BYTES], char *aad)
{
    CK_GCM_PARAMS parameters;
    memset(&parameters, 0, sizeof(parameters));
    parameters.pIv = nonce;
    parameters.ulIvLen = NONCE_BYTES;
    parameters.ulIvBits = 8 * NONCE_BYTES;
    parameters.pAAD = (CK_BYTE_PTR)aad;
    parameters.ulAADLen = sizeof(WRAPPED_AAD) - 1;
    parameters.ulTagBits = 128;
    return parameters;
}

Status token_unwrap(Token *t, Span wrapped, HsmAnswer *ret_answer)
{
    Cursor c = cursor_of(wrapped);
    Span begin;
    uint8_t nonce[NONCE_BYTES];
    uint8_t cipher[CIPHER_BYTES];
    char aad[] = WRAPPED_AAD;
    TRY(cursor_take(&c, sizeof(WRAPPED_BEGIN) - 1, &begin));
    TRY(cursor_copy(&c, sizeof(nonce), nonce));
    TRY(cursor_copy(&c, sizeof(cipher), cipher));
    REQUIRE(span_equal(begin, SPAN(WRAPPED_BEGIN)), REFUSED_HSM_WRAPPED);
    CK_OBJECT_HANDLE key = 0;
    TRY(the_key(t, &key));
    CK_GCM_PARAMS parameters = gcm(nonce, aad);
    CK_MECHANISM mechanism = { CKM_AES_GCM, &parameters, sizeof(parameters) };
    REQUIRE(t->module.p11->C_DecryptInit(t->module.session, &mechanism, key) == CKR_OK,
            REFUSED_HSM_MODULE);
    CK_ULONG size = SECRET_BYTES_MAX;
    const CK_RV rv = t->module.p11->C_Decrypt(
            t->module.session, cipher, sizeof(cipher), ret_answer->root.bytes, &size);
    REQUIRE(rv == CKR_OK && size == HSM_ROOT_BYTES, REFUSED_HSM_WRAPPED);
    ret_answer->root.size = HSM_ROOT_BYTES;
    memcpy(ret_answer->wrapped, wrapped.data, HSM_WRAPPED_BYTES);
    return OK;
}

static Status token_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    Token *t = context;
    for (size_t done = 0; done < size;) {
        const size_t piece = size - done < SAMPLE_PIECE_BYTES ? size - done : SAMPLE_PIECE_BYTES;
        CHECK(t->module.p11->C_GenerateRandom(t->module.session, ret_bytes + done, piece) == CKR_OK,
                FAULT_RANDOM);
        done += piece;
    }
    return OK;
}

/* Two sources: whoever knows what one of them gives knows nothing of the root. */
static Status draw_root(Token *t, Secret *ret_root)
{
    const Random ours = random_system();
    const Random theirs = { token_fill, t };
    uint8_t other[HSM_ROOT_BYTES];
    TRY(health_check_source(&ours));
    TRY(health_check_source(&theirs));
    TRY(random_fill(&ours, ret_root->bytes, HSM_ROOT_BYTES));
    TRY(random_fill(&theirs, other, sizeof(other)));
    for (size_t i = 0; i < HSM_ROOT_BYTES; i++)
        ret_root->bytes[i] ^= other[i];
    bytes_wipe(other, sizeof(other));
    ret_root->size = HSM_ROOT_BYTES;
    return OK;
}

static Status wrap(Token *t, CK_OBJECT_HANDLE key, HsmAnswer *answer)
{
    const Random random = random_system();
    uint8_t nonce[NONCE_BYTES];
    uint8_t cipher[2 * CIPHER_BYTES];
    char aad[] = WRAPPED_AAD;
    TRY(random_fill(&random, nonce, sizeof(nonce)));
    CK_GCM_PARAMS parameters = gcm(nonce, aad);
    CK_MECHANISM mechanism = { CKM_AES_GCM, &parameters, sizeof(parameters) };
    REQUIRE(t->module.p11->C_EncryptInit(t->module.session, &mechanism, key) == CKR_OK,
            REFUSED_HSM_MODULE);
    CK_ULONG size = sizeof(cipher);
    const CK_RV rv = t->module.p11->C_Encrypt(
            t->module.session, answer->root.bytes, answer->root.size, cipher, &size);
    CHECK(rv == CKR_OK && size == CIPHER_BYTES, FAULT_HSM);
    Buffer b = { answer->wrapped, 0, sizeof(answer->wrapped) };
    TRY(buffer_put(&b, SPAN(WRAPPED_BEGIN)));
    TRY(buffer_put(&b, SPAN_OF(nonce)));
    return buffer_put(&b, (Span) { cipher, CIPHER_BYTES });
}

Status token_create(Token *t, HsmAnswer *ret_answer)
{
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG count = 0;
    TRY(find_key(t, &key, &count));
    if (count == 0) TRY(make_key(t));
    TRY(the_key(t, &key));
    TRY(draw_root(t, &ret_answer->root));
    TRY(wrap(t, key, ret_answer));
    const CK_TOKEN_INFO *info = &t->module.info;
    memcpy(ret_answer->token, info->label, sizeof(info->label));
    memcpy(ret_answer->token + sizeof(info->label), info->serialNumber, sizeof(info->serialNumber));
    ret_answer->token_bytes = sizeof(info->label) + sizeof(info->serialNumber);
    return OK;
}
