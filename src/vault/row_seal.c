#include "vault/row_seal.h"

enum { REVISION_BYTES = 8 };

/* Everything in the seal before the mac. */
static void put_header(const RowSealKey *key, uint16_t schema, int64_t revision,
        uint8_t ret_header[ROW_SEAL_HEADER_BYTES])
{
    Buffer b = { ret_header, 0, ROW_SEAL_HEADER_BYTES };
    const bool fits = status_ok(buffer_put_u8(&b, ROW_SEAL_VERSION))
            && status_ok(buffer_put_u8(&b, (uint8_t)key->suite))
            && status_ok(buffer_put_u32(&b, key->version)) && status_ok(buffer_put_u16(&b, schema))
            && status_ok(buffer_put_i64(&b, revision));
    ASSERT(fits && b.size == ROW_SEAL_HEADER_BYTES);
}

/* The same for the next revision: the last eight bytes differ. */
static void put_header_again(const uint8_t before[ROW_SEAL_HEADER_BYTES], int64_t revision,
        uint8_t ret_header[ROW_SEAL_HEADER_BYTES])
{
    Buffer b = { ret_header, ROW_SEAL_HEADER_BYTES - REVISION_BYTES, ROW_SEAL_HEADER_BYTES };
    memcpy(ret_header, before, ROW_SEAL_HEADER_BYTES - REVISION_BYTES);
    ASSERT(status_ok(buffer_put_i64(&b, revision)));
}

/* What the mac is over: header, and the image with that revision. The header ends with the
 * revision, so those eight bytes serve the image as well. */
enum { PARTS = 4 };
static void put_parts(
        const RowView *row, const uint8_t header[ROW_SEAL_HEADER_BYTES], Span ret_parts[PARTS])
{
    const size_t at = row_revision_at(row);
    const size_t after = at + REVISION_BYTES;
    ret_parts[0] = (Span) { header, ROW_SEAL_HEADER_BYTES };
    ret_parts[1] = (Span) { row->image.data, at };
    ret_parts[2] = (Span) { header + ROW_SEAL_HEADER_BYTES - REVISION_BYTES, REVISION_BYTES };
    ret_parts[3] = (Span) { row->image.data + after, row->image.size - after };
}

void row_seal_under(const RowSealKey *key, const RowView *row, int64_t revision,
        uint8_t ret_seal[WIRE_SEAL_BYTES])
{
    put_header(key, row->head.schema, revision, ret_seal);
    Span parts[PARTS];
    put_parts(row, ret_seal, parts);
    mac_make(key->mac, parts, PARTS, ret_seal + ROW_SEAL_HEADER_BYTES);
}

void row_seal_under_many(const RowSealKey *key, const RowView *const *rows,
        const int64_t *revisions, size_t count, uint8_t (*ret_seals)[WIRE_SEAL_BYTES])
{
    Span parts[ROW_SEALS_MAX * PARTS];
    uint8_t macs[ROW_SEALS_MAX][32];
    ASSERT(count > 0 && count <= ROW_SEALS_MAX);
    for (size_t i = 0; i < count; i++) {
        const bool again = i > 0 && rows[i]->head.schema == rows[i - 1]->head.schema;
        if (again)
            put_header_again(ret_seals[i - 1], revisions[i], ret_seals[i]);
        else
            put_header(key, rows[i]->head.schema, revisions[i], ret_seals[i]);
        put_parts(rows[i], ret_seals[i], parts + i * PARTS);
    }
    mac_make_many(key->mac, parts, PARTS, count, macs);
    for (size_t i = 0; i < count; i++)
        memcpy(ret_seals[i] + ROW_SEAL_HEADER_BYTES, macs[i], sizeof(macs[i]));
}

void row_seal_make(Keys *keys, const RowView *row, uint8_t ret_seal[WIRE_SEAL_BYTES])
{
    RowSealKey key = { .suite = keys_suite(keys) };
    key.mac = keys_row_seal(keys, 0, &key.version);
    row_seal_under(&key, row, row->head.revision, ret_seal);
}

void row_seal_tag(const uint8_t seal[WIRE_SEAL_BYTES], RevisionTag *ret_tag)
{
    memcpy(ret_tag->bytes, seal + ROW_SEAL_HEADER_BYTES, REVISION_TAG_BYTES);
}

uint32_t row_seal_version(const uint8_t seal[WIRE_SEAL_BYTES])
{
    Cursor c = cursor_of((Span) { seal + 2, 4 });
    uint32_t version = 0;
    ASSERT(status_ok(cursor_u32(&c, &version)));
    return version;
}

Status row_seal_verify(Keys *keys, const RowView *row, Span seal)
{
    REQUIRE(seal.size == WIRE_SEAL_BYTES, REFUSED_ROW_SEAL_MISMATCH);
    Cursor c = cursor_of(seal);
    uint8_t version = 0;
    uint8_t suite = 0;
    RowSealKey key = { .suite = keys_suite(keys) };
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &suite));
    TRY(cursor_u32(&c, &key.version));
    REQUIRE(version == ROW_SEAL_VERSION && key.version > 0, REFUSED_ROW_SEAL_MISMATCH);
    key.mac = keys_row_seal(keys, key.version, NULL);
    REQUIRE(key.mac != NULL, REFUSED_ROW_SEAL_MISMATCH);

    /* Made anew and compared whole: no header byte can differ from what the row says. */
    uint8_t expected[WIRE_SEAL_BYTES];
    row_seal_under(&key, row, row->head.revision, expected);
    REQUIRE(bytes_equal_ct(expected, seal.data, WIRE_SEAL_BYTES), REFUSED_ROW_SEAL_MISMATCH);
    return OK;
}
