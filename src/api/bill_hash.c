/* The digests that a bill can be checked with (bill_form.h). SHA-1 is what the v3 profile's clients
 * compare: it finds a download that broke, and decides nothing. What proves a bill is the SHA-256
 * of its sealed row. */
#include "api/bill_form.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/legacy_digest.h"

const char *bill_hash_name(BillHash hash)
{
    switch (hash) {
    case BILL_HASH_SHA1: return "SHA1";
    case BILL_HASH_SHA256: return "SHA256";
    case BILL_HASH_SM3: return "SM3";
    }
    return "";
}

Status bill_hash_put(BillHash hash, Span text, Buffer *ret_hex)
{
    uint8_t digest[DIGEST_BYTES_MAX];
    size_t size = DIGEST_SHA256_BYTES;
    switch (hash) {
    case BILL_HASH_SHA1:
        legacy_sha1_verify_only(&text, 1, digest);
        size = LEGACY_SHA1_BYTES;
        break;
    case BILL_HASH_SHA256: sha256(text, digest); break;
    case BILL_HASH_SM3: sm3(text, digest); break;
    }
    return hex_encode((Span) { digest, size }, ret_hex);
}
