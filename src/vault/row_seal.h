#pragma once
/*
 * row_seal: the 48 bytes that stand beside a row (DESIGN section 6).
 *
 *   seal = version u8 (1) | suite u8 | key version u32 | schema u16 | revision i64 | mac [32]
 *   mac  = HMAC(row seal key of that version, the 16 bytes before it | image)     SHA-256 or SM3 by
 * suite
 *
 * The image holds table, key, schema, revision and every column delimited, so a seal fits one row
 * in one place at one revision. Nothing here can fail but a mismatch. Thread-safe.
 */
#include "base/row.h"
#include "ipc/vault_wire.h"
#include "keys/keys.h"
#include "vault/revision_map.h"

enum { ROW_SEAL_VERSION = 1, ROW_SEAL_HEADER_BYTES = WIRE_SEAL_BYTES - 32 };

typedef struct RowSealKey {
    const MacKey *mac;
    KeysSuite suite;
    uint32_t version;
} RowSealKey;
/* Under this key, as if the image had this revision. */
void row_seal_under(const RowSealKey *key, const RowView *row, int64_t revision,
        uint8_t ret_seal[WIRE_SEAL_BYTES]);
/* The same for up to ROW_SEALS_MAX rows under one key, several at once. */
enum { ROW_SEALS_MAX = 64 };
void row_seal_under_many(const RowSealKey *key, const RowView *const *rows,
        const int64_t *revisions, size_t count, uint8_t (*ret_seals)[WIRE_SEAL_BYTES]);
/* Under the current key version. */
void row_seal_make(Keys *keys, const RowView *row, uint8_t ret_seal[WIRE_SEAL_BYTES]);
/* Refuses REFUSED_ROW_SEAL_MISMATCH. Old key versions stay verifiable. */
MUST_USE Status row_seal_verify(Keys *keys, const RowView *row, Span seal);
/* The piece of the mac that the revision map keeps. */
void row_seal_tag(const uint8_t seal[WIRE_SEAL_BYTES], RevisionTag *ret_tag);
/* The key version that a seal of ours names. */
uint32_t row_seal_version(const uint8_t seal[WIRE_SEAL_BYTES]);
