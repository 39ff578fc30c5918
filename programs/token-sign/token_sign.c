/*
 * token-sign: one signature by a key that never leaves its token. Started by `hufu`, which does not
 * load a PKCS#11 library itself.
 *
 *   token-sign URI < message > version u8 (1) | WireSignatureEncoding u8 | signature framed
 *
 * P-256 (CKM_ECDSA over SHA-256; r | s) or Ed25519 (CKM_EDDSA). The PIN comes from the URI's
 * pin-source, a file of mode 0600, or from the terminal. It is tried once, and not at all while the
 * token says that few tries are left.
 */
#define _GNU_SOURCE
#include "hidden.h"
#include "module.h"
#include "pin_file.h"

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "ipc/vault_wire.h"
#include "text/pkcs11_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { MESSAGE_BYTES_MAX = 1024 * 1024, PIN_BYTES_MAX = 64 };

static Status harden(void)
{
    const struct rlimit none = { 0, 0 };
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, FAULT_SYSTEM);
    return OK;
}

static Status read_message(Buffer *ret)
{
    ssize_t n = 1;
    while (n > 0) {
        REQUIRE(ret->size < ret->capacity, REFUSED_BUFFER_FULL);
        n = read(STDIN_FILENO, ret->data + ret->size, ret->capacity - ret->size);
        ret->size += n > 0 ? (size_t)n : 0;
    }
    CHECK(n == 0, FAULT_IPC);
    return OK;
}

/* --- the PIN --- */

static void wipe_text(char (*text)[PIN_BYTES_MAX + 1]) { bytes_wipe(*text, sizeof(*text)); }

static Status get_pin(const Pkcs11Uri *uri, Secret *ret_pin)
{
    CLEANUP(wipe_text) char typed[PIN_BYTES_MAX + 1];
    char prompt[PKCS11_TOKEN_BYTES_MAX + 32];
    PinFile file;
    if (uri->pin_file[0] != '\0') return pin_file_read(uri->pin_file, &file, ret_pin);
    snprintf(prompt, sizeof(prompt), "PIN of the token %s: ", uri->token);
    REQUIRE(hidden_ask(prompt, typed, sizeof(typed)), REFUSED_HSM_PIN);
    return secret_set(ret_pin, span_of_text(typed));
}

static Status login(const Pkcs11Uri *uri, Module *m)
{
    CLEANUP(secret_wipe) Secret pin = { 0 };
    REQUIRE(!module_pin_is_low(m), REFUSED_HSM_PIN_LOW);
    TRY(get_pin(uri, &pin));
    return module_login(m, false, &pin);
}

/* --- the key --- */

/* The one private key with this name. */
static Status find_key(const Pkcs11Uri *uri, Module *m, CK_OBJECT_HANDLE *ret_key)
{
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;
    char label[PKCS11_OBJECT_BYTES_MAX + 1];
    uint8_t id[PKCS11_ID_BYTES_MAX];
    CK_ATTRIBUTE wanted[3] = { { CKA_CLASS, &class, sizeof(class) } };
    CK_ULONG parts = 1;
    memcpy(label, uri->object, sizeof(label));
    memcpy(id, uri->id, sizeof(id));
    if (label[0] != '\0') wanted[parts++] = (CK_ATTRIBUTE) { CKA_LABEL, label, strlen(label) };
    if (uri->id_bytes > 0) wanted[parts++] = (CK_ATTRIBUTE) { CKA_ID, id, uri->id_bytes };
    CHECK(m->p11->C_FindObjectsInit(m->session, wanted, parts) == CKR_OK, FAULT_HSM);
    const CK_RV rv = m->p11->C_FindObjects(m->session, found, 2, &count);
    m->p11->C_FindObjectsFinal(m->session);
    CHECK(rv == CKR_OK, FAULT_HSM);
    REQUIRE(count == 1, REFUSED_TOKEN_KEY);
    *ret_key = found[0];
    return OK;
}

static Status is_p256(Module *m, CK_OBJECT_HANDLE key, bool *ret_is)
{
    static const uint8_t prime256v1[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01,
        0x07 };
    CK_KEY_TYPE type = 0;
    uint8_t curve[64];
    CK_ATTRIBUTE facts[] = { { CKA_KEY_TYPE, &type, sizeof(type) },
        { CKA_EC_PARAMS, curve, sizeof(curve) } };
    REQUIRE(m->p11->C_GetAttributeValue(m->session, key, facts, 1) == CKR_OK, REFUSED_TOKEN_KEY);
    *ret_is = false;
    if (type == CKK_EC_EDWARDS) return OK;
    REQUIRE(type == CKK_EC, REFUSED_TOKEN_KEY);
    REQUIRE(m->p11->C_GetAttributeValue(m->session, key, facts, 2) == CKR_OK, REFUSED_TOKEN_KEY);
    const Span named = { curve, facts[1].ulValueLen };
    REQUIRE(named.size <= sizeof(curve) && span_equal(named, SPAN_OF(prime256v1)),
            REFUSED_TOKEN_KEY);
    *ret_is = true;
    return OK;
}

/* Both make 64 bytes. */
static Status sign(Module *m, CK_OBJECT_HANDLE key, bool p256, Span message, uint8_t *ret_bytes)
{
    CK_MECHANISM mechanism = { p256 ? CKM_ECDSA : CKM_EDDSA, NULL, 0 };
    uint8_t digest[DIGEST_SHA256_BYTES];
    CK_ULONG size = SIGN_RAW_BYTES;
    sha256(message, digest);
    const Span input = p256 ? SPAN_OF(digest) : message;
    REQUIRE(m->p11->C_SignInit(m->session, &mechanism, key) == CKR_OK, REFUSED_HSM_MODULE);
    const CK_RV rv = m->p11->C_Sign(
            m->session, (CK_BYTE_PTR)(uintptr_t)input.data, input.size, ret_bytes, &size);
    CHECK(rv == CKR_OK && size == SIGN_RAW_BYTES, FAULT_HSM);
    return OK;
}

static Status put_signature(const Pkcs11Uri *uri, Module *m, Span message, Buffer *ret)
{
    uint8_t bytes[SIGN_RAW_BYTES];
    CK_OBJECT_HANDLE key = 0;
    bool p256 = false;
    TRY(module_open(uri->module_path, uri->token, m));
    TRY(login(uri, m));
    TRY(find_key(uri, m, &key));
    TRY(is_p256(m, key, &p256));
    TRY(sign(m, key, p256, message, bytes));
    TRY(buffer_put_u8(ret, 1));
    TRY(buffer_put_u8(ret, p256 ? WIRE_SIGNATURE_RAW : WIRE_SIGNATURE_OWN));
    return buffer_put_framed(ret, SPAN_OF(bytes));
}

static Status run(const char *text)
{
    static uint8_t message_bytes[MESSAGE_BYTES_MAX];
    uint8_t answer_bytes[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    Pkcs11Uri uri;
    Module module = { 0 };
    TRY(harden());
    TRY(pkcs11_uri_parse(span_of_text(text), &uri));
    TRY(read_message(&message));
    const Status s = put_signature(&uri, &module, span_of_buffer(&message), &answer);
    module_close(&module);
    TRY(s);
    CHECK(write(STDOUT_FILENO, answer_bytes, answer.size) == (ssize_t)answer.size, FAULT_IPC);
    return OK;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("token-sign: started by hufu, not by people\n", stderr);
        return 2;
    }
    const Status s = run(argv[1]);
    if (status_ok(s)) return EXIT_SUCCESS;
    fprintf(stderr, "token-sign: %s (%s)\n", status_advice(s), status_name(s));
    return EXIT_FAILURE;
}
