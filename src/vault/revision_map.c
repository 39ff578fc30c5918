#include "vault/revision_map.h"

#include "base/secret.h"

typedef struct RevisionRecord {
    KeyedHash row;
    uint32_t revision;
    RevisionTag tag;
} RevisionRecord;
_Static_assert(sizeof(RevisionRecord) == 32, "32 bytes a row");

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

static bool same_tag(const RevisionTag *a, const RevisionTag *b)
{
    return bytes_equal_ct(a->bytes, b->bytes, REVISION_TAG_BYTES);
}

bool revision_map_is(
        const RevisionMap *map, const KeyedHash *row, int64_t revision, const RevisionTag *tag)
{
    const RevisionRecord *record = hash_table_find(&map->rows, row);
    return record != NULL && record->revision == revision && same_tag(&record->tag, tag);
}

bool revision_map_pending(
        const RevisionMap *map, const KeyedHash *row, int64_t revision, const RevisionTag *tag)
{
    for (size_t i = 0; i < map->pending_count; i++) {
        const RevisionChange *change = &map->pending[i];
        if (!keyed_hash_equal(&change->row, row)) continue;
        return change->revision == revision && same_tag(&change->tag, tag);
    }
    return false;
}

Status revision_map_load(
        RevisionMap *map, const KeyedHash *row, uint32_t revision, const RevisionTag *tag)
{
    CHECK(map->rows.count < REVISION_ROWS_MAX, FAULT_VAULT);
    void *record = NULL;
    bool is_new = false;
    TRY(hash_table_put(&map->rows, row, &record, &is_new));
    REQUIRE(is_new, REFUSED_ROW_DUPLICATED);
    RevisionRecord *loaded = record;
    loaded->revision = revision;
    loaded->tag = *tag;
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
        RevisionRecord *changed = record;
        changed->revision = map->pending[i].revision;
        changed->tag = map->pending[i].tag;
    }
    map->pending_count = 0;
}

void revision_map_abort(RevisionMap *map) { map->pending_count = 0; }
