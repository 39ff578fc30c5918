/* Goal: the hash is SipHash-2-4-128, the table forgets nothing and keeps nothing it was told to
 * forget, the revision map keeps a prepared batch apart. Method: reference vectors; a seeded run
 * beside a plain array. */
#include "base/expect.h"
#include "base/seams.h"
#include "vault/hash_table.h"
#include "vault/revision_map.h"

/* github.com/veorq/SipHash vectors.h, vectors_sip128: key 00..0f, message 00, 01, ... of each
 * length; the longer two from `openssl mac SIPHASH` (3.0.22). */
static void test_siphash_vectors(void)
{
    static const struct {
        size_t size;
        uint8_t hash[16];
    } vectors[] = {
        { 0,
                { 0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7,
                        0x55, 0x02, 0x93 } },
        { 1,
                { 0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76, 0x59, 0x11, 0x9b,
                        0x22, 0xfc, 0x45 } },
        { 2,
                { 0x81, 0x77, 0x22, 0x8d, 0xa4, 0xa4, 0x5d, 0xc7, 0xfc, 0xa3, 0x8b, 0xde, 0xf6,
                        0x0a, 0xff, 0xe4 } },
        { 8,
                { 0x3b, 0x62, 0xa9, 0xba, 0x62, 0x58, 0xf5, 0x61, 0x0f, 0x83, 0xe2, 0x64, 0xf3,
                        0x14, 0x97, 0xb4 } },
        { 63,
                { 0x51, 0x50, 0xd1, 0x77, 0x2f, 0x50, 0x83, 0x4a, 0x50, 0x3e, 0x06, 0x9a, 0x97,
                        0x3f, 0xbd, 0x7c } },
    };
    uint8_t key_bytes[16];
    uint8_t message[64];
    for (size_t i = 0; i < 64; i++) {
        if (i < 16) key_bytes[i] = (uint8_t)i;
        message[i] = (uint8_t)i;
    }
    KeyedHashKey key;
    keyed_hash_key(&key, key_bytes);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        KeyedHash hash;
        keyed_hash(&key, (Span) { message, vectors[i].size }, &hash);
        EXPECT(bytes_equal_ct(hash.bytes, vectors[i].hash, 16));
    }
}

typedef struct Record {
    KeyedHash key;
    uint32_t value;
} Record;

enum { NAMES = 3000 };

/* Few different homes, so that probes run into each other and round the end. */
static KeyedHash name(uint32_t i)
{
    KeyedHash hash = { { 0 } };
    hash.bytes[0] = (uint8_t)(250 + i % 8);
    memcpy(hash.bytes + 8, &i, sizeof(i));
    hash.bytes[15] = 1;
    return hash;
}

static bool is_even(const void *record, int64_t now_us)
{
    (void)now_us;
    return ((const Record *)record)->value % 2 == 0;
}

static void test_table_against_an_array(void)
{
    static uint32_t kept[NAMES];
    SeededRandom seed;
    (void)random_seeded(&seed, 5);
    HashTable table;
    hash_table_init(&table, sizeof(Record), NAMES);
    for (int step = 0; step < 40000; step++) {
        const uint32_t i = (uint32_t)(seeded_next(&seed) % NAMES);
        const KeyedHash key = name(i);
        if (seeded_next(&seed) % 3 == 0) {
            EXPECT(hash_table_delete(&table, &key) == (kept[i] != 0));
            kept[i] = 0;
            continue;
        }
        void *record = NULL;
        bool is_new = false;
        EXPECT_OK(hash_table_put(&table, &key, &record, &is_new));
        EXPECT(is_new == (kept[i] == 0));
        kept[i] = (uint32_t)step + 1;
        ((Record *)record)->value = kept[i];
    }
    hash_table_purge(&table, is_even, 0);
    size_t count = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        const KeyedHash key = name(i);
        const Record *record = hash_table_find(&table, &key);
        const bool wanted = kept[i] % 2 == 1;
        EXPECT((record != NULL) == wanted && (!wanted || record->value == kept[i]));
        count += wanted ? 1 : 0;
    }
    EXPECT(table.count == count);
    size_t position = 0;
    size_t walked = 0;
    while (hash_table_next(&table, &position) != NULL)
        walked++;
    EXPECT(walked == count);
    hash_table_clear(&table);
    EXPECT(table.count == 0);
}

static void test_a_full_table_refuses(void)
{
    HashTable table;
    hash_table_init(&table, sizeof(Record), 10);
    void *record = NULL;
    bool is_new = false;
    for (uint32_t i = 0; i < 10; i++) {
        const KeyedHash key = name(i);
        EXPECT_OK(hash_table_put(&table, &key, &record, &is_new));
    }
    const KeyedHash eleventh = name(10);
    const KeyedHash first = name(0);
    EXPECT_REFUSED(hash_table_put(&table, &eleventh, &record, &is_new), REFUSED_BUFFER_FULL);
    EXPECT_OK(hash_table_put(&table, &first, &record, &is_new));
    EXPECT(!is_new);
    hash_table_clear(&table);
}

static void test_pending_revisions_stay_apart(void)
{
    static RevisionMap map;
    revision_map_open(&map);
    const KeyedHash a = name(1);
    const KeyedHash b = name(2);
    const RevisionTag old = { { 1 } };
    const RevisionTag new = { { 1, 2 } };
    EXPECT_OK(revision_map_load(&map, &a, 7, &old));
    EXPECT_REFUSED(revision_map_load(&map, &a, 7, &old), REFUSED_ROW_DUPLICATED);
    EXPECT(revision_map_is(&map, &a, 7, &old) && !revision_map_is(&map, &a, 7, &new));
    const RevisionChange changes[] = { { a, 8, new }, { b, 1, new } };
    EXPECT_OK(revision_map_prepare(&map, changes, 2));
    EXPECT(revision_map_get(&map, &a) == 7 && revision_map_get(&map, &b) == 0);
    EXPECT(revision_map_pending(&map, &a, 8, &new) && !revision_map_pending(&map, &a, 8, &old));
    revision_map_abort(&map);
    EXPECT(!revision_map_pending(&map, &a, 8, &new));
    revision_map_confirm(&map);
    EXPECT(revision_map_get(&map, &a) == 7 && revision_map_get(&map, &b) == 0);
    EXPECT_OK(revision_map_prepare(&map, changes, 2));
    revision_map_confirm(&map);
    EXPECT(revision_map_get(&map, &a) == 8 && revision_map_get(&map, &b) == 1);
    EXPECT(revision_map_is(&map, &a, 8, &new) && !revision_map_is(&map, &a, 8, &old));
    revision_map_close(&map);
}

TESTS(TEST(test_siphash_vectors), TEST(test_table_against_an_array),
        TEST(test_a_full_table_refuses), TEST(test_pending_revisions_stay_apart))
