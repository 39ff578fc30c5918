#include "vault/table_digest.h"

#include "base/secret.h"

static void table_set_add(TableSet *set, unsigned table)
{
    set->words[table / 64] |= (uint64_t)1 << table % 64;
}

TableSet table_set_of(unsigned table)
{
    TableSet set = { 0 };
    table_set_add(&set, table);
    return set;
}

bool table_set_has(const TableSet *set, unsigned table)
{
    return table < DIGEST_TABLES_MAX && (set->words[table / 64] >> table % 64 & 1) != 0;
}

bool table_set_is_empty(const TableSet *set)
{
    for (size_t i = 0; i < sizeof(set->words) / sizeof(set->words[0]); i++) {
        if (set->words[i] != 0) return false;
    }
    return true;
}

void table_commitment(const MacKey *digest_key, uint16_t table, const DigestSet *set,
        uint8_t ret_commitment[COMMITMENT_BYTES])
{
    const DigestSet empty = { 0 };
    if (digest_set_equal(set, &empty)) {
        memset(ret_commitment, 0, COMMITMENT_BYTES);
        return;
    }
    uint8_t memory[2 + DIGEST_SET_BYTES];
    Buffer b = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_put_u16(&b, table)) && status_ok(digest_set_put(set, &b)));
    /* A row's image begins with its version byte 1, never with 'h': the two uses of the key stay
     * apart. */
    const Span parts[] = { SPAN("hufu table commitment"), span_of_buffer(&b) };
    uint8_t mac[MAC_BYTES_MAX];
    mac_make(digest_key, parts, 2, mac);
    memcpy(ret_commitment, mac, COMMITMENT_BYTES);
    bytes_wipe(memory, sizeof(memory));
}

void store_state_of(const MacKey *digest_key, const TableDigests *digests,
        const MerkleFrontier *tree, StoreState *ret_state)
{
    ret_state->size = (int64_t)tree->size;
    merkle_root(tree, &ret_state->root);
    for (uint16_t t = 0; t < DIGEST_TABLES_MAX; t++)
        table_commitment(digest_key, t, &digests->sets[t], ret_state->commitments[t]);
}

void store_state_empty(StoreState *ret_state)
{
    *ret_state = (StoreState) { 0 };
    const MerkleFrontier tree = { 0 };
    merkle_root(&tree, &ret_state->root);
}

TableSet store_state_difference(const StoreState *a, const StoreState *b)
{
    TableSet difference = { 0 };
    if (a->size != b->size || !merkle_equal(&a->root, &b->root)) table_set_add(&difference, 0);
    for (unsigned t = 1; t < DIGEST_TABLES_MAX; t++) {
        if (bytes_equal_ct(a->commitments[t], b->commitments[t], COMMITMENT_BYTES)) continue;
        table_set_add(&difference, t);
    }
    return difference;
}
