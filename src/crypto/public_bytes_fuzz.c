/* What others send us as a public key or a certificate, any bytes: taken or refused; a key that is
 * taken is written and read again as itself. */
#include "crypto/certificate.h"
#include "crypto/library.h"
#include "crypto/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(const PublicKey *key)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    CLEANUP(public_key_free) PublicKey *again = NULL;
    if (!status_ok(public_key_to_spki(key, &spki))) return; /* larger than any of ours */
    ASSERT(status_ok(public_key_from_spki(span_of_buffer(&spki), &again)));
    ASSERT(public_key_algorithm(again) == public_key_algorithm(key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ASSERT(status_ok(library_start()));
    const Span bytes = { data, size };
    CLEANUP(public_key_free) PublicKey *from_spki = NULL;
    CLEANUP(public_key_free) PublicKey *from_pem = NULL;
    CLEANUP(certificate_free) Certificate *from_der = NULL;
    CLEANUP(certificate_free) Certificate *from_text = NULL;
    if (status_ok(public_key_from_spki(bytes, &from_spki))) write_again(from_spki);
    if (status_ok(public_key_from_pem(bytes, &from_pem))) write_again(from_pem);
    IGNORE(certificate_from_der(bytes, &from_der), "refused is fine");
    IGNORE(certificate_from_pem(bytes, &from_text), "refused is fine");
    return 0;
}
