#include "vault/revision_map.h"

typedef struct RevisionRecord {
    KeyedHash row;
    uint32_t revision;
} RevisionRecord;
_Static_assert(sizeof(RevisionRecord) == 20, "20 bytes a row");

void revision_map_open(RevisionMap *ret_map)
{
    hash_table_init(&ret_map->rows, sizeof(RevisionRecord), REVISION_ROWS_MAX);
    ret_map->pending_count = 0;
}

void revision_map_close(RevisionMap *map) { revision_map_forget(map); }

void revision_map_forget(RevisionMap *map)
{
    hash_table_clear(&map->rows);
    map->pending_count = 0;
}

uint32_t revision_map_get(const RevisionMap *map, const KeyedHash *row)
{
    const RevisionRecord *record = hash_table_find(&map->rows, row);
    return record != NULL ? record->revision : 0;
}

Status revision_map_load(RevisionMap *map, const KeyedHash *row, uint32_t revision)
{
    CHECK(map->rows.count < REVISION_ROWS_MAX, FAULT_VAULT);
    void *record = NULL;
    bool is_new = false;
    TRY(hash_table_put(&map->rows, row, &record, &is_new));
    REQUIRE(is_new, REFUSED_ROW_DUPLICATED);
    ((RevisionRecord *)record)->revision = revision;
    return OK;
}

Status revision_map_prepare(RevisionMap *map, const RevisionChange *changes, size_t count)
{
    ASSERT(count <= REVISION_PENDING_MAX);
    CHECK(map->rows.count + count <= REVISION_ROWS_MAX, FAULT_VAULT);
    TRY(hash_table_reserve(&map->rows, map->rows.count + count));
    memcpy(map->pending, changes, count * sizeof(changes[0]));
    map->pending_count = count;
    return OK;
}

void revision_map_confirm(RevisionMap *map)
{
    for (size_t i = 0; i < map->pending_count; i++) {
        void *record = NULL;
        bool is_new = false;
        const Status s = hash_table_put(&map->rows, &map->pending[i].row, &record, &is_new);
        ASSERT(status_ok(s)); /* revision_map_prepare() took the room */
        ((RevisionRecord *)record)->revision = map->pending[i].revision;
    }
    map->pending_count = 0;
}

void revision_map_abort(RevisionMap *map) { map->pending_count = 0; }
