#pragma once
/*
 * hash_table: open addressing with linear probing over records whose first 16 bytes are a keyed
 * hash.
 *
 * The hash is uniform and secret, so its first bytes are the position and nobody can choose
 * collisions. Records are of one size, stored in place; the table doubles when three quarters full,
 * up to `records_max`. A deleted record leaves no tombstone. A pointer to a record lives until the
 * next insert or delete. Not thread-safe.
 */
#include "vault/keyed_hash.h"

typedef struct HashTable {
    uint8_t *slots;
    size_t record_bytes; /* >= KEYED_HASH_BYTES, a multiple of 4 */
    size_t slot_count; /* power of two, or 0 */
    size_t count;
    size_t records_max;
} HashTable;

/* Takes no memory yet. */
void hash_table_init(HashTable *ret_table, size_t record_bytes, size_t records_max);
/* Wipes and frees; the table is empty and usable again. */
void hash_table_clear(HashTable *table);
/* Make room for `count` records in all. Faults FAULT_MEMORY; refuses REFUSED_BUFFER_FULL over
 * records_max. */
MUST_USE Status hash_table_reserve(HashTable *table, size_t count);
/* The record, or NULL. */
void *hash_table_find(const HashTable *table, const KeyedHash *key);
/* The record, found or new (zeroed behind the key). Refuses REFUSED_BUFFER_FULL; faults
 * FAULT_MEMORY. */
MUST_USE Status hash_table_put(
        HashTable *table, const KeyedHash *key, void **ret_record, bool *ret_is_new);
/* True when it was there. */
bool hash_table_delete(HashTable *table, const KeyedHash *key);
/* Walk all records: start with *position 0; NULL at the end. Nothing may be inserted or deleted
 * meanwhile. */
void *hash_table_next(const HashTable *table, size_t *position);
/* Delete every record for which `expired` says so. */
void hash_table_purge(
        HashTable *table, bool (*expired)(const void *record, int64_t now_us), int64_t now_us);
