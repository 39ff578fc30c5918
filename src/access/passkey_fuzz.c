#include "access/passkey.h"

/* Arbitrary bytes as what a browser sends: nothing is read behind the end, and what is taken for a
 * key is one. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char said[] = "{\"type\":\"webauthn.create\",\"challenge\":"
                               "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
                               "\"origin\":\"https://example.org\",\"crossOrigin\":false}";
    static const uint8_t challenge[PASSKEY_CHALLENGE_BYTES];
    const PasskeySite site = { SPAN("example.org"), SPAN("https://example.org"), false };
    const Span bytes = { data, size };
    PasskeyKey key = { .id_size = 0 };
    uint8_t theirs[PASSKEY_CHALLENGE_BYTES];
    uint32_t count = 0;
    if (status_ok(passkey_register(&site, challenge, span_of_text(said), bytes, &key))) {
        CLEANUP(public_key_free) PublicKey *public = NULL;
        ASSERT(key.id_size > 0 && key.id_size <= PASSKEY_ID_BYTES_MAX);
        ASSERT(status_ok(public_key_from_spki((Span) { key.spki, key.spki_size }, &public)));
    }
    IGNORE(passkey_challenge_of(bytes, theirs), "most are no client data");
    const PasskeyAnswer answer = { span_of_text(said), bytes, bytes };
    ASSERT(!status_ok(passkey_verify(&site, challenge, &answer, &key, &count)));
    return 0;
}
