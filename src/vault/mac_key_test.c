/* Goal: a merchant's symmetric key signs and verifies inside, and nothing brings it out (TP-7).
 * Both suites. Method: boxes as a caller makes them; MACs computed beside with the same key;
 * records of another name, tenant or key; the answers and the journal searched for the key. */
#define _GNU_SOURCE /* memmem */
#include "base/encoding.h"
#include "ipc/password_wire.h"
#include "policy/purposes.h"
#include "vault/mac_key.h"
#include "vault/memory_field.h"
#include "vault/vault_test_house.h"

static const char key[] = "canaryMACkeyCANARYmacKEYcanary42";
static uint8_t record_memory[WIRE_VERIFIER_BYTES_MAX];
static Span record;

typedef struct Wish {
    const char *key;
    size_t key_size;
    Span tenant;
    Span name;
    uint16_t purpose;
    Span asked_name;
} Wish;

static Status put_box(House *h, const Wish *wish, Buffer *ret_box)
{
    KeysBox today;
    CLEANUP(public_key_free) PublicKey *point = NULL;
    const Random random = random_system();
    const BoxContext context = { .data_class = CLASS_SIGNING_KEY,
        .purpose = wish->purpose,
        .tenant = wish->tenant,
        .payee = wish->name,
        .expiry_us = h->now_us + 1000000 };
    TRY(keys_box_today(house_keys(), &today));
    TRY(public_key_from_point(
            today.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256, SPAN_OF(today.point), &point));
    return box_seal(point, today.key_id, &random, &context,
            (Span) { (const uint8_t *)wish->key, wish->key_size }, ret_box);
}

static Status set(House *h, const Wish *wish)
{
    uint8_t box_memory[BOX_BYTES_MAX];
    uint8_t memory[2 * BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_memory);
    Buffer b = BUFFER_OF(memory);
    TRY(put_box(h, wish, &box));
    const WireMacKeySet asked = { wish->tenant, wish->asked_name, span_of_buffer(&box) };
    TRY(wire_put_mac_key_set(&b, &asked));
    TRY(house_ask(h, VAULT_MAC_KEY_SET, span_of_buffer(&b)));
    memcpy(record_memory, h->answer.data, h->answer.size);
    record = (Span) { record_memory, h->answer.size };
    return OK;
}

static Wish good_wish(void)
{
    return (Wish) { key, 32, SPAN("bank-a"), SPAN("m-1"), BOX_PURPOSE_MAC_KEY, SPAN("m-1") };
}

static Status set_good(House *h)
{
    const Wish wish = good_wish();
    return set(h, &wish);
}

static int64_t house_time(void *context) { return ((House *)context)->now_us; }

static Status use(House *h, const WireKeyMac *wanted)
{
    uint8_t memory[4096];
    Buffer b = BUFFER_OF(memory);
    TRY(wire_put_key_mac(&b, wanted));
    return house_ask(h, VAULT_KEY_MAC, span_of_buffer(&b));
}

static WireKeyMac wanted_of(uint8_t algorithm, uint8_t form, Span message)
{
    return (WireKeyMac) { .tenant = SPAN("bank-a"),
        .name = SPAN("m-1"),
        .record = record,
        .algorithm = algorithm,
        .form = form,
        .message = message };
}

static void check_both_ways(MacAlgorithm algorithm, uint8_t wire, uint8_t form)
{
    CLEANUP(house_done) House *h = house_open();
    uint8_t expected[MAC_BYTES_MAX];
    uint8_t text_memory[128];
    Buffer text = BUFFER_OF(text_memory);
    const Span message = SPAN("appid=wx1&nonce_str=5K8264ILTKCH16CQ2502SI8ZNMTM67VS");
    EXPECT_OK(set_good(h));
    WireKeyMac wanted = wanted_of(wire, form, message);
    EXPECT_OK(use(h, &wanted));
    EXPECT_OK(buffer_put(&text, message));
    if (form == WIRE_MAC_KEY_BEHIND) {
        EXPECT_OK(buffer_put(&text, SPAN("&key=")));
        EXPECT_OK(buffer_put(&text, span_of_text(key)));
    }
    mac_once(algorithm, span_of_text(key), span_of_buffer(&text), expected);
    const Span right = { expected, WIRE_MAC_BYTES };
    EXPECT(span_equal(span_of_buffer(&h->answer), right));
    wanted.mac = right;
    EXPECT_OK(use(h, &wanted));
    EXPECT(h->answer.size == 0);
    for (size_t bit = 0; bit < 8 * WIRE_MAC_BYTES; bit += 5) {
        expected[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_REFUSED(use(h, &wanted), REFUSED_SIGNATURE_INVALID);
        EXPECT(h->answer.size == 0);
        expected[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    wanted.mac.size = WIRE_MAC_BYTES - 1; /* a part of the right one */
    EXPECT_REFUSED(use(h, &wanted), REFUSED_IPC_FORMAT);
}

static void test_sha256(void)
{
    check_both_ways(MAC_HMAC_SHA256, WIRE_MAC_HMAC_SHA256, WIRE_MAC_PLAIN);
    check_both_ways(MAC_HMAC_SHA256, WIRE_MAC_HMAC_SHA256, WIRE_MAC_KEY_BEHIND);
}

static void test_sm3(void)
{
    check_both_ways(MAC_HMAC_SM3, WIRE_MAC_HMAC_SM3, WIRE_MAC_PLAIN);
    check_both_ways(MAC_HMAC_SM3, WIRE_MAC_HMAC_SM3, WIRE_MAC_KEY_BEHIND);
}

static void test_a_key_is_of_one_name_and_for_one_use(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_good(h));
    const WireKeyMac right = wanted_of(WIRE_MAC_HMAC_SHA256, WIRE_MAC_PLAIN, SPAN("m"));
    WireKeyMac wanted = right;
    wanted.name = SPAN("m-2");
    EXPECT_REFUSED(use(h, &wanted), REFUSED_SEAL_TAMPERED);
    wanted = right;
    wanted.tenant = SPAN("bank-b");
    EXPECT_REFUSED(use(h, &wanted), REFUSED_SEAL_TAMPERED);
    wanted = right;
    record_memory[record.size / 2] ^= 1;
    EXPECT(status_refused(use(h, &wanted)));
    record_memory[record.size / 2] ^= 1;
    wanted.algorithm = 3;
    EXPECT_REFUSED(use(h, &wanted), REFUSED_KEY_UNKNOWN);
    wanted = right;
    wanted.form = 3;
    EXPECT_REFUSED(use(h, &wanted), REFUSED_KEY_UNKNOWN);
    /* Nor does the downlink encrypt under it: its place is another. */
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    EXPECT_OK(buffer_put_framed(&b, SPAN("m-1")));
    EXPECT_OK(buffer_put_framed(&b, record));
    EXPECT_OK(buffer_put_u8(&b, 1));
    EXPECT_OK(buffer_put_framed(&b, SPAN("certificate")));
    EXPECT_OK(buffer_put_framed(&b, SPAN("plain")));
    EXPECT_REFUSED(house_ask(h, VAULT_ENCRYPT_DOWNLINK, span_of_buffer(&b)), REFUSED_SEAL_TAMPERED);
}

static void test_boxes_and_keys_that_are_refused(void)
{
    CLEANUP(house_done) House *h = house_open();
    Wish wish = good_wish();
    wish.asked_name = SPAN("m-2");
    EXPECT_REFUSED(set(h, &wish), REFUSED_BOX_CONTEXT);
    wish = good_wish();
    wish.purpose = BOX_PURPOSE_SIGNING_KEY;
    EXPECT_REFUSED(set(h, &wish), REFUSED_BOX_CONTEXT);
    wish = good_wish();
    wish.key = "short";
    wish.key_size = 5;
    EXPECT_REFUSED(set(h, &wish), REFUSED_KEY_TOO_SHORT);
    wish.key = "text of 24 letters, weak";
    wish.key_size = 24;
    EXPECT_REFUSED(set(h, &wish), REFUSED_KEY_IS_TEXT);
    wish.key = "abababababababababababababababab";
    wish.key_size = 32;
    EXPECT_REFUSED(set(h, &wish), REFUSED_KEY_IS_PATTERN);
    static const char zeros[80] = "";
    wish.key = zeros;
    EXPECT_REFUSED(set(h, &wish), REFUSED_KEY_IS_PATTERN);
    wish.key_size = 80;
    EXPECT_REFUSED(set(h, &wish), REFUSED_KEY_TOO_SHORT);
}

/* The day's uses are counted before the answer, and the count survives a restart. */
static void test_uses_have_a_budget(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_good(h));
    const WireKeyMac wanted = wanted_of(WIRE_MAC_HMAC_SHA256, WIRE_MAC_PLAIN, SPAN("m"));
    EXPECT_OK(use(h, &wanted));
    MacKeys near_end = { house_keys(), h->memory, { house_time, h }, random_system() };
    uint8_t memory[4096];
    uint8_t mac_memory[64];
    Buffer b = BUFFER_OF(memory);
    Buffer mac = BUFFER_OF(mac_memory);
    EXPECT_OK(wire_put_key_mac(&b, &wanted));
    EXPECT_OK(mac_key_count(&near_end, SPAN("bank-a"), SPAN("m-1"), MAC_KEY_USES_PER_DAY_MAX - 2));
    EXPECT_OK(mac_key_use(&near_end, span_of_buffer(&b), &mac)); /* the last one */
    EXPECT_REFUSED(mac_key_use(&near_end, span_of_buffer(&b), &mac), REFUSED_PROTECT_BUDGET);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(use(h, &wanted), REFUSED_PROTECT_BUDGET);
    WireKeyMac other = wanted;
    other.name = SPAN("m-2");
    EXPECT_REFUSED(use(h, &other), REFUSED_SEAL_TAMPERED); /* and not that one's budget */
    h->now_us += (int64_t)86400 * 1000000;
    EXPECT_OK(use(h, &wanted));
}

static void test_no_answer_holds_the_key(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_good(h));
    EXPECT(memmem(record.data, record.size, key, 32) == NULL);
    for (uint8_t form = WIRE_MAC_PLAIN; form <= WIRE_MAC_KEY_BEHIND; form++) {
        const WireKeyMac wanted = wanted_of(WIRE_MAC_HMAC_SHA256, form, SPAN(""));
        EXPECT_OK(use(h, &wanted));
        EXPECT(h->answer.size == WIRE_MAC_BYTES);
        EXPECT(memmem(h->answer.data, h->answer.size, key, 16) == NULL);
    }
}

TESTS(TEST(test_sha256), TEST(test_sm3), TEST(test_a_key_is_of_one_name_and_for_one_use),
        TEST(test_boxes_and_keys_that_are_refused), TEST(test_uses_have_a_budget),
        TEST(test_no_answer_holds_the_key))
