#include "vault/row_seal.h"

/* Everything in the seal before the mac. */
static void put_header(const Keys *keys, uint32_t key_version, const RowView *row,
        uint8_t ret_header[ROW_SEAL_HEADER_BYTES])
{
    Buffer b = { ret_header, 0, ROW_SEAL_HEADER_BYTES };
    const bool fits = status_ok(buffer_put_u8(&b, ROW_SEAL_VERSION))
            && status_ok(buffer_put_u8(&b, (uint8_t)keys_suite(keys)))
            && status_ok(buffer_put_u32(&b, key_version))
            && status_ok(buffer_put_u16(&b, row->head.schema))
            && status_ok(buffer_put_i64(&b, row->head.revision));
    ASSERT(fits && b.size == ROW_SEAL_HEADER_BYTES);
}

static void make_mac(const MacKey *key, const uint8_t header[ROW_SEAL_HEADER_BYTES], Span image,
        uint8_t ret_mac[32])
{
    const Span parts[] = { { header, ROW_SEAL_HEADER_BYTES }, image };
    mac_make(key, parts, 2, ret_mac);
}

void row_seal_make(Keys *keys, const RowView *row, uint8_t ret_seal[WIRE_SEAL_BYTES])
{
    uint32_t version = 0;
    const MacKey *key = keys_row_seal(keys, 0, &version);
    put_header(keys, version, row, ret_seal);
    make_mac(key, ret_seal, row->image, ret_seal + ROW_SEAL_HEADER_BYTES);
}

void row_seal_tag(const uint8_t seal[WIRE_SEAL_BYTES], RevisionTag *ret_tag)
{
    memcpy(ret_tag->bytes, seal + ROW_SEAL_HEADER_BYTES, REVISION_TAG_BYTES);
}

Status row_seal_verify(Keys *keys, const RowView *row, Span seal)
{
    REQUIRE(seal.size == WIRE_SEAL_BYTES, REFUSED_ROW_SEAL_MISMATCH);
    Cursor c = cursor_of(seal);
    uint8_t version = 0;
    uint8_t suite = 0;
    uint32_t key_version = 0;
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &suite));
    TRY(cursor_u32(&c, &key_version));
    REQUIRE(version == ROW_SEAL_VERSION && key_version > 0, REFUSED_ROW_SEAL_MISMATCH);
    const MacKey *key = keys_row_seal(keys, key_version, NULL);
    REQUIRE(key != NULL, REFUSED_ROW_SEAL_MISMATCH);

    /* Made anew and compared whole: no header byte can differ from what the row says. */
    uint8_t expected[WIRE_SEAL_BYTES];
    put_header(keys, key_version, row, expected);
    make_mac(key, expected, row->image, expected + ROW_SEAL_HEADER_BYTES);
    REQUIRE(bytes_equal_ct(expected, seal.data, WIRE_SEAL_BYTES), REFUSED_ROW_SEAL_MISMATCH);
    return OK;
}
