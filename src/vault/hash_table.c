#include "vault/hash_table.h"

#include "base/secret.h"

#include <stdlib.h>

enum { SLOTS_MIN = 64 };

/* A slot whose key is all zeros is free. A uniform 128-bit hash is never that. */
static bool is_free(const uint8_t *slot)
{
    uint64_t words[2];
    memcpy(words, slot, sizeof(words));
    return (words[0] | words[1]) == 0;
}

static bool same_key(const uint8_t *slot, const KeyedHash *key)
{
    uint64_t a[2];
    uint64_t b[2];
    memcpy(a, slot, sizeof(a));
    memcpy(b, key->bytes, sizeof(b));
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static size_t home(const HashTable *table, const uint8_t *key)
{
    uint64_t word;
    memcpy(&word, key, sizeof(word));
    return (size_t)word & (table->slot_count - 1);
}

static uint8_t *slot_at(const HashTable *table, size_t index)
{
    return table->slots + index * table->record_bytes;
}

/* The slot that holds `key`, or the free one where it belongs. */
static uint8_t *probe(const HashTable *table, const KeyedHash *key)
{
    size_t index = home(table, key->bytes);
    for (size_t n = 0; n < table->slot_count; n++) {
        uint8_t *slot = slot_at(table, index);
        if (is_free(slot) || same_key(slot, key)) return slot;
        index = (index + 1) & (table->slot_count - 1);
    }
    status_assert_failed("a table is never full", __FILE__, __LINE__);
}

void hash_table_init(HashTable *ret_table, size_t record_bytes, size_t records_max)
{
    ASSERT(record_bytes >= KEYED_HASH_BYTES && record_bytes % 4 == 0);
    *ret_table = (HashTable) { .record_bytes = record_bytes, .records_max = records_max };
}

void hash_table_clear(HashTable *table)
{
    if (table->slots != NULL) bytes_wipe(table->slots, table->slot_count * table->record_bytes);
    free(table->slots);
    hash_table_init(table, table->record_bytes, table->records_max);
}

static Status grow(HashTable *table, size_t slot_count)
{
    HashTable larger = *table;
    larger.slot_count = slot_count;
    larger.slots = calloc(slot_count, table->record_bytes);
    CHECK(larger.slots != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < table->slot_count; i++) {
        const uint8_t *slot = slot_at(table, i);
        if (is_free(slot)) continue;
        KeyedHash key;
        memcpy(key.bytes, slot, sizeof(key.bytes));
        memcpy(probe(&larger, &key), slot, table->record_bytes);
    }
    hash_table_clear(table);
    *table = larger;
    return OK;
}

Status hash_table_reserve(HashTable *table, size_t count)
{
    REQUIRE(count <= table->records_max, REFUSED_BUFFER_FULL);
    size_t wanted = table->slot_count > 0 ? table->slot_count : SLOTS_MIN;
    while (count > wanted / 4 * 3)
        wanted *= 2;
    if (wanted == table->slot_count) return OK;
    return grow(table, wanted);
}

void *hash_table_find(const HashTable *table, const KeyedHash *key)
{
    if (table->count == 0) return NULL;
    uint8_t *slot = probe(table, key);
    return is_free(slot) ? NULL : slot;
}

Status hash_table_put(HashTable *table, const KeyedHash *key, void **ret_record, bool *ret_is_new)
{
    ASSERT(!is_free(key->bytes));
    void *found = hash_table_find(table, key);
    if (found == NULL) {
        TRY(hash_table_reserve(table, table->count + 1));
        uint8_t *slot = probe(table, key);
        memcpy(slot, key->bytes, KEYED_HASH_BYTES);
        table->count++;
        *ret_record = slot;
        *ret_is_new = true;
        return OK;
    }
    *ret_record = found;
    *ret_is_new = false;
    return OK;
}

bool hash_table_delete(HashTable *table, const KeyedHash *key)
{
    uint8_t *hole = hash_table_find(table, key);
    if (hole == NULL) return false;
    /* Close the gap: move back each follower that would otherwise be cut off from its home. */
    const size_t mask = table->slot_count - 1;
    size_t gap = (size_t)(hole - table->slots) / table->record_bytes;
    for (size_t next = (gap + 1) & mask; !is_free(slot_at(table, next)); next = (next + 1) & mask) {
        const size_t from_home = (next - home(table, slot_at(table, next))) & mask;
        const size_t from_gap = (next - gap) & mask;
        if (from_home < from_gap) continue;
        memcpy(slot_at(table, gap), slot_at(table, next), table->record_bytes);
        gap = next;
    }
    memset(slot_at(table, gap), 0, table->record_bytes);
    table->count--;
    return true;
}

void *hash_table_next(const HashTable *table, size_t *position)
{
    while (*position < table->slot_count) {
        uint8_t *slot = slot_at(table, (*position)++);
        if (!is_free(slot)) return slot;
    }
    return NULL;
}

void hash_table_purge(
        HashTable *table, bool (*expired)(const void *record, int64_t now_us), int64_t now_us)
{
    /* Deleting moves a follower into the slot just seen, so that slot is looked at again. */
    for (size_t i = 0; i < table->slot_count;) {
        uint8_t *slot = slot_at(table, i);
        if (is_free(slot) || !expired(slot, now_us)) {
            i++;
            continue;
        }
        KeyedHash key;
        memcpy(key.bytes, slot, sizeof(key.bytes));
        ASSERT(hash_table_delete(table, &key));
    }
}
