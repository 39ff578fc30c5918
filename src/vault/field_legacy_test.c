/* Goal: columns of before Hufu move in once, under two approvals, only where vaultd was started for
 * it, and only under a key that hid something (TP-13). Method: a whole vault; ciphertext of the
 * openssl command; each condition missing in turn. */
#include "base/encoding.h"
#include "vault/field_test_desk.h"

static const int both[2] = { 0, 1 };
static Desk desk;
static uint8_t handle[WIRE_SESSION_BYTES];

static House *open_desk(bool legacy)
{
    House *h = house_open();
    h->legacy_import = legacy;
    ASSERT(status_ok(house_restart(h)) && status_ok(house_scan(h)));
    desk_open(&desk, h, "shop");
    desk_people(h);
    return h;
}

static void close_desk(House **h)
{
    desk_close(&desk);
    house_close(*h);
}

static Span bytes_of(const char *hex)
{
    static uint8_t memory[4][128];
    static int next;
    Buffer b = BUFFER_OF(memory[next++ % 4]);
    ASSERT(status_ok(hex_decode(span_of_text(hex), &b)));
    return span_of_buffer(&b);
}

static Status bring_key(House *h, uint8_t profile, const char *key, const int people[2],
        const char *approved_tenant)
{
    uint8_t box_memory[BOX_BYTES_MAX];
    uint8_t body_memory[BOX_BYTES_MAX + 256];
    uint8_t memory[2 * BOX_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer box = BUFFER_OF(box_memory);
    Buffer body = BUFFER_OF(body_memory);
    Buffer other = BUFFER_OF(memory);
    const Random random = random_system();
    const BoxContext context = { .data_class = CLASS_SIGNING_KEY,
        .purpose = BOX_PURPOSE_CIPHER_KEY,
        .expiry_us = h->now_us + 60 * 1000000,
        .tenant = SPAN("shop"),
        .payee = SPAN("shop") };
    TRY(box_seal(desk.box_key, desk.key_id, &random, &context, bytes_of(key), &box));
    TRY(wire_put_legacy_key(
            &body, &(WireLegacyKey) { SPAN("shop"), profile, span_of_buffer(&box) }));
    TRY(wire_put_legacy_key(&other,
            &(WireLegacyKey) { span_of_text(approved_tenant), profile, span_of_buffer(&box) }));
    sha256(span_of_buffer(&other), digest);
    Buffer b = BUFFER_OF(memory);
    desk_approve(h, people, "import-legacy", SPAN_OF(digest), "migration", &b);
    TRY(buffer_put(&b, span_of_buffer(&body)));
    TRY(house_ask(h, VAULT_LEGACY_KEY, span_of_buffer(&b)));
    REQUIRE(h->answer.size == sizeof(handle), REFUSED_IPC_FORMAT);
    memcpy(handle, h->answer.data, sizeof(handle));
    return OK;
}

static Status import(
        House *h, const char *tenant, const char *iv, const char *cipher, WireProtected *ret_made)
{
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    uint32_t number = 0;
    WireSubjectAnswer subject;
    WireBatchHead head = { .tenant = span_of_text(tenant),
        .data_class = CLASS_CARD,
        .table = TABLE_CARD,
        .column = CARD_NUMBER };
    memcpy(head.session, handle, sizeof(handle));
    TRY(wire_put_batch_head(&b, &head));
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_subject(&b, &(WireSubject) { SPAN("payer-1"), { NULL, 0 } }));
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_legacy_item(
            &b, &(WireLegacyItem) { 0, bytes_of(iv), bytes_of(cipher), { NULL, 0 } }));
    TRY(house_ask(h, VAULT_IMPORT_FIELDS, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(cursor_u32(&c, &number));
    TRY(wire_take_subject_answer(&c, &subject));
    TRY(cursor_u32(&c, &number));
    TRY(cursor_u32(&c, &number));
    if (number != 0) return REFUSE(number);
    return wire_take_protected(&c, ret_made);
}

static const char key[] = "0123456789abcdef23456789abcdef01456789abcdef0123";
static const char iv[] = "0011223344556677";
static const char cipher[] = "402dda16e8907939af6529b24444b50746efade371000437";

static void test_a_column_moves_in(void)
{
    CLEANUP(close_desk) House *h = open_desk(true);
    WireProtected made;
    EXPECT_OK(bring_key(h, LEGACY_3DES_CBC, key, both, "shop"));
    EXPECT_OK(import(h, "shop", iv, cipher, &made));
    EXPECT(span_equal(made.mask, SPAN("**** **** **** 7894")));
    SealHeader header;
    EXPECT_OK(seal_parse(made.sealed, &header));
    EXPECT(header.suite == SEAL_AES_256_GCM);
    EXPECT_REFUSED(import(h, "shop", "0011223344556678", cipher, &made),
            REFUSED_CARD_NUMBER_INVALID); /* bare CBC notices nothing, the rules of cards do */
    EXPECT_REFUSED(import(h, "shop", iv, "402dda16e8907939af6529b24444b507", &made),
            REFUSED_LEGACY_FORMAT);
    EXPECT_REFUSED(import(h, "shop", iv, "40", &made), REFUSED_LEGACY_FORMAT);
    EXPECT_REFUSED(import(h, "thief", iv, cipher, &made), REFUSED_SESSION_UNKNOWN);
    h->now_us += FIELD_SESSION_LIFE_MAX_US + 1;
    EXPECT_REFUSED(import(h, "shop", iv, cipher, &made), REFUSED_SESSION_UNKNOWN);
}

static void test_keys_need_two_and_must_have_hidden_something(void)
{
    static const int one[2] = { 1, 1 };
    CLEANUP(close_desk) House *h = open_desk(true);
    WireProtected made;
    EXPECT_REFUSED(bring_key(h, LEGACY_3DES_CBC, key, one, "shop"), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(bring_key(h, LEGACY_3DES_CBC, key, both, "other"), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(bring_key(h, LEGACY_3DES_CBC, "0123456789abcdef0123456789abcdef0123456789abcdef",
                           both, "shop"),
            REFUSED_LEGACY_KEY_WEAK);
    EXPECT_REFUSED(bring_key(h, LEGACY_AES_128_ECB, key, both, "shop"), REFUSED_LEGACY_KEY_WEAK);
    EXPECT_REFUSED(bring_key(h, 9, key, both, "shop"), REFUSED_LEGACY_KEY_WEAK);
    EXPECT_REFUSED(import(h, "shop", iv, cipher, &made), REFUSED_SESSION_UNKNOWN);
    /* An ordinary session is no key. */
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    memcpy(handle, desk.session, sizeof(handle));
    EXPECT_REFUSED(import(h, "shop", iv, cipher, &made), REFUSED_SESSION_UNKNOWN);
}

static void test_it_is_off_by_default(void)
{
    CLEANUP(close_desk) House *h = open_desk(false);
    WireProtected made;
    EXPECT_REFUSED(bring_key(h, LEGACY_3DES_CBC, key, both, "shop"), REFUSED_LEGACY_OFF);
    EXPECT_REFUSED(import(h, "shop", iv, cipher, &made), REFUSED_LEGACY_OFF);
}

TESTS(TEST(test_a_column_moves_in), TEST(test_keys_need_two_and_must_have_hidden_something),
        TEST(test_it_is_off_by_default))
