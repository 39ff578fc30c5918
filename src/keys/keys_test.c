/* Goal: keys are made once, come back after every restart, open only under their root, and a
 * changed store is refused. Method: disks in memory; every bit of a small store flipped; power cut
 * at each step of the ceremony. */
#include "base/expect.h"
#include "base/time.h"
#include "keys/keys_test_room.h"

#include <stdlib.h>

/* A signature and a MAC made now: equal keys make or verify equal ones. */
static Status mark(Keys *keys, uint8_t ret_mac[32], Buffer *ret_signature)
{
    const Span parts[] = { SPAN("mark") };
    mac_make(keys_row_seal(keys, 0, NULL), parts, 1, ret_mac);
    ret_signature->size = 0;
    return sign_make(keys_private(keys, KEY_PLATFORM_SM2), SPAN("mark"), ret_signature);
}

static void test_keys_come_back(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start(r));
    EXPECT(r->ceremony);
    uint8_t first[32];
    uint8_t second[32];
    uint8_t memory[2][SIGN_BYTES_MAX];
    Buffer a = BUFFER_OF(memory[0]);
    Buffer b = BUFFER_OF(memory[1]);
    EXPECT_OK(mark(r->keys, first, &a));
    EXPECT_OK(room_restart(r));
    EXPECT(!r->ceremony);
    EXPECT_OK(mark(r->keys, second, &b));
    EXPECT(bytes_equal_ct(first, second, 32));
    const PublicKey *public_key = certificate_key(keys_certificate(r->keys, KEY_PLATFORM_SM2));
    EXPECT_OK(sign_verify(public_key, SPAN("mark"), span_of_buffer(&a)));
    const Certificate *ca = keys_certificate(r->keys, KEY_TLS_CA);
    EXPECT_OK(certificate_verify(ca, ca, r->now_us));
    EXPECT(keys_row_seal(r->keys, 2, NULL) == NULL);
    EXPECT(keys_row_seal(r->keys, 1, NULL) == keys_row_seal(r->keys, 0, NULL));
}

static void test_another_root_opens_nothing(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start(r));
    r->root.bytes[31] ^= 1;
    EXPECT_REFUSED(room_restart(r), REFUSED_KEYSTORE_TAMPERED);
    r->root.bytes[31] ^= 1;
    r->suite = KEYS_SM;
    EXPECT_REFUSED(room_restart(r), REFUSED_KEYSTORE_SUITE);
    r->suite = 0;
    EXPECT_OK(room_restart(r));
    EXPECT(keys_suite(r->keys) == KEYS_INTERNATIONAL);
}

/* One bit in each 197 bytes of the store: all of them would take minutes. */
static void test_changed_bytes_are_refused(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start(r));
    const Span now = torn_disk_bytes(r->disks[0]);
    uint8_t *good = malloc(now.size);
    EXPECT(good != NULL);
    memcpy(good, now.data, now.size);
    const size_t size = now.size;
    int refused = 0;
    for (size_t i = 0; i < size; i += 197) {
        good[i] ^= 0x10;
        torn_disk_set(r->disks[0], (Span) { good, size });
        if (status_is(room_restart(r), REFUSED_KEYSTORE_TAMPERED))
            refused++;
        else if (status_ok(room_restart(r)) && r->ceremony)
            refused = -1000; /* made new keys */
        good[i] ^= 0x10;
    }
    free(good);
    EXPECT(refused == (int)((size + 196) / 197));
}

static void test_a_ceremony_cut_short_is_finished(void)
{
    for (uint64_t cut = 1; cut < 12; cut++) {
        CLEANUP(room_done) Room *r = room_open(cut);
        const Status s = room_start(r);
        torn_disk_restart(r->disks[0]);
        torn_disk_restart(r->disks[1]);
        torn_power_restart(&r->power, 0);
        EXPECT_OK(room_restart(r));
        EXPECT(r->ceremony == !status_ok(s));
        EXPECT_OK(room_restart(r));
        EXPECT(!r->ceremony);
        if (status_ok(s)) break; /* the cut came after the end */
    }
}

static Status seal_to(const KeysBox *today, const Random *random, Buffer *ret_box)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const KeyAlgorithm algorithm = today->suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256;
    TRY(public_key_from_point(algorithm, SPAN_OF(today->point), &key));
    const BoxContext context = { .data_class = 1, .purpose = 1 };
    ret_box->size = 0;
    return box_seal(key, today->key_id, random, &context, SPAN("284617"), ret_box);
}

static void check_box_days(KeysSuite suite)
{
    CLEANUP(room_done) Room *r = room_open(0);
    r->suite = suite;
    EXPECT_OK(room_start(r));
    const Random random = random_system();
    uint8_t memory[BOX_BYTES_MAX];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    Buffer plain = BUFFER_OF(plain_memory);
    KeysBox today;
    KeysBox again;
    Box box;
    EXPECT_OK(keys_box_today(r->keys, &today));
    EXPECT(today.suite == (suite == KEYS_SM ? BOX_SM2_SM4_GCM : BOX_P256_AES_256_GCM));
    EXPECT_OK(seal_to(&today, &random, &bytes));
    EXPECT_OK(box_parse(span_of_buffer(&bytes), &box));
    EXPECT_OK(room_restart(r));
    EXPECT_OK(keys_box_today(r->keys, &again));
    EXPECT(again.key_id == today.key_id);
    EXPECT_OK(keys_box_open(r->keys, &box, &plain));

    r->now_us = today.expires_us + KEYS_BOX_GRACE_US; /* the next day, still in time */
    EXPECT_OK(keys_box_today(r->keys, &again));
    EXPECT(again.key_id != today.key_id);
    EXPECT_OK(keys_box_open(r->keys, &box, &plain));
    r->now_us += 1;
    EXPECT_REFUSED(keys_box_open(r->keys, &box, &plain), REFUSED_BOX_KEY_UNKNOWN);

    /* Years of days: the store turns its segments and nothing else is lost. */
    for (int day = 0; day < 400; day++) {
        r->now_us += TIME_DAY_US;
        EXPECT_OK(keys_box_today(r->keys, &again));
    }
    EXPECT_OK(room_restart(r));
    EXPECT(!r->ceremony);
    KeyFacts facts[KEYS_FACTS_MAX];
    /* The restart after a year turned what was due: nine yearly roles, codes and shred. */
    EXPECT(keys_facts(r->keys, facts) <= 22 + 11 + KEYS_BOX_MAX);
}

static void test_box_days(void) { check_box_days(KEYS_INTERNATIONAL); }
static void test_box_days_sm(void) { check_box_days(KEYS_SM); }

/* Whoever spelled a box sat before it minutes ago at most; its pad is drawn alike after a restart
 * (TP-19). */
static void test_spelled_boxes(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start(r));
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(plain_memory);
    uint8_t pad[BOX_PAD_KEYS];
    uint8_t same[BOX_PAD_KEYS];
    uint8_t tag[16] = { 0 };
    KeysBox today;
    EXPECT_OK(keys_box_today(r->keys, &today));
    Box box = { .suite = today.suite,
        .key_id = today.key_id,
        .is_spelled = true,
        .encapsulated = SPAN_OF(today.point),
        .sealed = SPAN_OF(tag) };
    box.context.expiry_us = r->now_us - 1;
    EXPECT_REFUSED(keys_box_open(r->keys, &box, &plain), REFUSED_BOX_EXPIRED);
    box.context.expiry_us = r->now_us + KEYS_SPELLED_LIFE_US + 1;
    EXPECT_REFUSED(keys_box_open(r->keys, &box, &plain), REFUSED_BOX_CONTEXT);
    box.context.expiry_us = r->now_us + KEYS_SPELLED_LIFE_US;
    EXPECT_REFUSED(keys_box_open(r->keys, &box, &plain), REFUSED_BOX_TAMPERED);

    EXPECT_OK(keys_box_pad(r->keys, today.key_id, SPAN_OF(today.point), pad));
    EXPECT_OK(room_restart(r));
    EXPECT_OK(keys_box_pad(r->keys, today.key_id, SPAN_OF(today.point), same));
    EXPECT(span_equal(SPAN_OF(pad), SPAN_OF(same)));
    EXPECT_REFUSED(keys_box_pad(r->keys, today.key_id + 1, SPAN_OF(today.point), same),
            REFUSED_BOX_KEY_UNKNOWN);
}

static void test_facts_name_every_key(void)
{
    CLEANUP(room_done) Room *r = room_open(0);
    EXPECT_OK(room_start(r));
    KeyFacts facts[KEYS_FACTS_MAX];
    const size_t count = keys_facts(r->keys, facts);
    EXPECT(count == 22);
    int serials = 0;
    for (size_t i = 0; i < count; i++) {
        EXPECT(facts[i].name[0] != '\0' && facts[i].version == 1);
        if (facts[i].serial[0] == '\0') continue;
        serials++;
        EXPECT(facts[i].expires_us > r->now_us + 4 * 365 * TIME_DAY_US);
    }
    EXPECT(serials == 4);
}

TESTS(TEST(test_keys_come_back), TEST(test_another_root_opens_nothing),
        TEST(test_changed_bytes_are_refused), TEST(test_a_ceremony_cut_short_is_finished),
        TEST(test_box_days), TEST(test_box_days_sm), TEST(test_spelled_boxes),
        TEST(test_facts_name_every_key))
