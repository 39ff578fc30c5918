#pragma once
/*
 * revision_map: the current revision of every row of the mutable tables, known to vaultd alone.
 *
 * A seal proves that a row was once ours; the map proves that it is the newest (DESIGN
 * section 5.4). It is filled by the start-up scan. Two versions: what is confirmed, and the changes
 * of at most one prepared batch, which confirm applies and abort drops. 20 bytes a row and a load
 * of at most 3/4: 10 million rows take 320 MiB. Owned by the seal lane: not thread-safe.
 */
#include "vault/hash_table.h"

enum { REVISION_ROWS_MAX = 12 * 1000 * 1000, REVISION_PENDING_MAX = 1024 };

typedef struct RevisionChange {
    KeyedHash row;
    uint32_t revision;
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
/* A row seen by the scan. Refuses REFUSED_ROW_DUPLICATED; faults FAULT_MEMORY, FAULT_VAULT (full).
 */
MUST_USE Status revision_map_load(RevisionMap *map, const KeyedHash *row, uint32_t revision);
/* Replace what is pending; room for new rows is taken now, so that confirm cannot fail. */
MUST_USE Status revision_map_prepare(RevisionMap *map, const RevisionChange *changes, size_t count);
void revision_map_confirm(RevisionMap *map);
void revision_map_abort(RevisionMap *map);
