#include "attach/legacy.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/legacy_digest.h"

enum { HALF_DIGITS = 32, WHOLE_DIGITS = 64 };

static Status make(const AttachLegacy *row, Buffer *ret_text)
{
    uint8_t md5[LEGACY_MD5_BYTES];
    uint8_t salt_memory[2 * LEGACY_MD5_BYTES];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer salt = BUFFER_OF(salt_memory);
    const Span secret[] = { row->password, row->user_id };
    Span parts[ATTACH_LEGACY_FIELDS_MAX + 1];
    ASSERT(row->count <= ATTACH_LEGACY_FIELDS_MAX);
    memcpy(parts, row->fields, row->count * sizeof(parts[0]));
    legacy_md5_verify_only(secret, 2, md5);
    TRY(hex_encode(SPAN_OF(md5), &salt));
    parts[row->count] = span_of_buffer(&salt);
    digest_parts(DIGEST_SHA256, parts, row->count + 1, digest);
    return hex_encode(SPAN_OF(digest), ret_text);
}

bool attach_legacy_matches(const AttachLegacy *row, Span stored)
{
    uint8_t expected_memory[WHOLE_DIGITS];
    uint8_t given[WHOLE_DIGITS];
    Buffer expected = BUFFER_OF(expected_memory);
    if (stored.size != HALF_DIGITS && stored.size != WHOLE_DIGITS) return false;
    if (!status_ok(make(row, &expected))) return false;
    for (size_t i = 0; i < stored.size; i++) {
        const uint8_t c = stored.data[i];
        given[i] = c >= 'A' && c <= 'F' ? (uint8_t)(c + 32) : c;
    }
    return bytes_equal_ct(given, expected_memory, stored.size);
}
