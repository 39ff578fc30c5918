#pragma once
/*
 * revision_map: the current revision of every row of the mutable tables, known to vaultd alone.
 *
 * A seal proves that a row was once sealed by us; the map proves that it is the newest (DESIGN
 * section 5.4), and that its batch was confirmed: the seals of an aborted batch, or of a past that
 * two people gave up, stay good macs for the same revision. So each row's entry has a piece of its
 * mac. The map is filled by the start-up scan. Two versions: what is confirmed, and the changes of
 * at most one prepared batch, which confirm applies and abort drops. 32 bytes a row and a load of
 * at most 3/4: 10 million rows take 512 MiB. Owned by the seal lane: not thread-safe.
 */
#include "vault/hash_table.h"

enum {
    REVISION_ROWS_MAX = 12 * 1000 * 1000,
    REVISION_PENDING_MAX = 1024,
    REVISION_TAG_BYTES = 12, /* two seals of one row that agree here: 2^48 batches to find some */
};

typedef struct RevisionTag {
    uint8_t bytes[REVISION_TAG_BYTES];
} RevisionTag;

typedef struct RevisionChange {
    KeyedHash row;
    uint32_t revision;
    RevisionTag tag;
} RevisionChange;

typedef struct RevisionMap {
    HashTable rows;
    RevisionChange pending[REVISION_PENDING_MAX];
    size_t pending_count;
} RevisionMap;

void revision_map_open(RevisionMap *ret_map);
void revision_map_close(RevisionMap *map);
/* Forget all rows and what is pending. */
void revision_map_forget(RevisionMap *map);
/* The confirmed revision; 0: no such row. */
uint32_t revision_map_get(const RevisionMap *map, const KeyedHash *row);
/* Is this the confirmed revision of the row, and this the seal that it was confirmed with? */
bool revision_map_is(
        const RevisionMap *map, const KeyedHash *row, int64_t revision, const RevisionTag *tag);
/* Would the outstanding batch make it so? */
bool revision_map_pending(
        const RevisionMap *map, const KeyedHash *row, int64_t revision, const RevisionTag *tag);
/* A row seen by the scan. Refuses REFUSED_ROW_DUPLICATED; faults FAULT_MEMORY, FAULT_VAULT (full).
 */
MUST_USE Status revision_map_load(
        RevisionMap *map, const KeyedHash *row, uint32_t revision, const RevisionTag *tag);
/* Replace what is pending; room for new rows is taken now, so that confirm cannot fail. */
MUST_USE Status revision_map_prepare(RevisionMap *map, const RevisionChange *changes, size_t count);
void revision_map_confirm(RevisionMap *map);
void revision_map_abort(RevisionMap *map);
