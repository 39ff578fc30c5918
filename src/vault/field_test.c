/* Goal: a sensitive value becomes a sealed field that opens in its own place alone, and each box
 * and message is good once (TP-8, TP-9, TP-13, DESIGN section 6). Method: a whole vault; values as
 * a client library seals them; every part of a place wrong in turn; the same on each suite. */
#include "policy/detect_number.h"
#include "vault/field_test_desk.h"

static const char card[] = "6222021234567894";
static const char other_card[] = "4111111111111111";

static Desk desk;

static House *open_desk(void)
{
    House *h = house_open();
    desk_open(&desk, h, "shop");
    return h;
}

static void close_desk(House **h)
{
    desk_close(&desk);
    house_close(*h);
}
#define DESK(h) __attribute__((unused)) CLEANUP(close_desk) House *h = open_desk()

static bool all_digits(const char *text) { return strspn(text, "0123456789") == strlen(text); }

/* --- what comes out --- */

static void protect_and_open(SealSuite suite)
{
    DESK(h);
    DeskKept kept = { 0 };
    EXPECT_OK(desk_protect(&desk, "payer-1", "", card, &kept)); /* a box */
    EXPECT(strcmp(kept.mask, "**** **** **** 7894") == 0); /* TP-11 */
    EXPECT(strlen(kept.token) == strlen(card) && all_digits(kept.token));
    EXPECT(!detect_luhn(span_of_text(kept.token)));
    EXPECT(kept.wrapped_bytes > 0 && kept.indexes.version == 1 && kept.indexes.old_version == 0);
    SealHeader header;
    EXPECT_OK(seal_parse((Span) { kept.sealed, kept.sealed_bytes }, &header));
    EXPECT(header.suite == suite && header.key_id == KEY_CARD);
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    DeskKept again = kept;
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(desk_protect(&desk, "payer-1", "", card, &again));
        EXPECT(strcmp(again.token, kept.token) != 0); /* never derived */
        EXPECT(bytes_equal_ct(again.indexes.index, kept.indexes.index, WIRE_INDEX_BYTES));
        EXPECT(again.wrapped_bytes == kept.wrapped_bytes
                && bytes_equal_ct(again.wrapped, kept.wrapped, kept.wrapped_bytes));
    }
    bool moved = true;
    EXPECT_OK(desk_rewrap(&desk, "payer-1", again.token, &again, &moved));
    EXPECT(!moved);
}

static void test_a_card_becomes_field_token_mask_and_index(void)
{
    protect_and_open(SEAL_AES_256_GCM);
}

/* The whole flow on the Chinese suite alone: SM2 and SM4 boxes, SM3, SM4-GCM fields. */
static void test_the_same_on_the_sm_suite(void)
{
    house_use(KEYS_SM);
    protect_and_open(SEAL_SM4_GCM);
    house_use(KEYS_INTERNATIONAL);
}

static void test_only_cards_are_cards(void)
{
    static const struct {
        const char *value;
        StatusCode refusal;
    } rows[] = {
        { "6222021234567895", REFUSED_CARD_NUMBER_INVALID }, /* check digit */
        { "9999999999999995", REFUSED_CARD_NUMBER_INVALID }, /* no issuer */
        { "622202123456", REFUSED_CARD_NUMBER_INVALID },
        { "62220212345678940000", REFUSED_CARD_NUMBER_INVALID },
        { "6222 0212 3456 7894", REFUSED_CARD_NUMBER_INVALID },
        { "hello", REFUSED_CARD_NUMBER_INVALID },
        { "123", REFUSED_DATA_PROHIBITED }, /* a verification code: TP-5 */
        { "1234", REFUSED_DATA_PROHIBITED },
        { "284617", REFUSED_DATA_PROHIBITED }, /* a bank's PIN */
        { "6222021234567894=29122011000012345678", REFUSED_DATA_PROHIBITED },
        { "%B6222021234567894^LI/SI^29122011000", REFUSED_DATA_PROHIBITED },
        { "cvn2 123, 6222021234567894", REFUSED_DATA_PROHIBITED },
    };
    DESK(h);
    DeskKept kept = { 0 };
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        EXPECT_REFUSED(desk_protect(&desk, "p", "", rows[i].value, &kept), rows[i].refusal);
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
}

static void test_classes(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    desk.table = TABLE_FIELD;
    desk.data_class = CLASS_NAME;
    EXPECT_OK(desk_protect(&desk, "p", "row-1", "\xe5\xbc\xa0\xe4\xb8\x89", &kept));
    EXPECT(strstr(kept.mask, "\xe4\xb8\x89") == NULL && kept.token[0] == '\0');
    EXPECT_REFUSED(desk_protect(&desk, "p", "row-1", card, &kept), REFUSED_DATA_CARD_NUMBER);
    EXPECT_REFUSED(desk_protect(&desk, "p", "row-1", "\xff\xfe", &kept), REFUSED_TEXT_NOT_UTF8);
    EXPECT_REFUSED(desk_protect(&desk, "p", "", "Zhang San", &kept), REFUSED_SEAL_SIZE);
    desk.data_class = CLASS_BINDING;
    EXPECT_OK(desk_protect(&desk, "p", "row-2", "contract 7", &kept)); /* TP-9 */
    static const uint16_t elsewhere[] = { CLASS_PIN, CLASS_SIGNING_KEY, CLASS_PASSWORD,
        CLASS_PROHIBITED, CLASS_ONE_TIME_CODE, CLASS_BIOMETRIC, CLASS_SECOND_FACTOR, 999 };
    for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
        desk.data_class = elsewhere[i];
        EXPECT_REFUSED(desk_protect(&desk, "p", "row-1", "x", &kept), REFUSED_FIELD_CLASS);
    }
}

/* --- the place --- */

/* Opening is seen through a rewrap after the class key moved on: only what opens is moved. */
static void test_a_field_opens_in_its_own_place_alone(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    bool moved = false;
    EXPECT_OK(desk_protect(&desk, "p1", "", card, &kept));
    DeskKept stranger = { 0 };
    EXPECT_OK(desk_protect(&desk, "p2", "", other_card, &stranger));
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));

    DeskKept wrong = kept;
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", stranger.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    desk.column++;
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    desk.column--;
    desk.table = TABLE_FIELD;
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    desk.table = TABLE_CARD;
    desk.data_class = CLASS_BANK_ACCOUNT; /* the same class key, another class */
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    desk.data_class = CLASS_NAME; /* another class key */
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_FORMAT);
    desk.data_class = CLASS_CARD;
    desk.tenant = "thief"; /* another tenant: the subject's key does not open, nor the field */
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    DeskKept of_thief = { 0 };
    EXPECT_OK(desk_protect(&desk, "p1", "", card, &of_thief));
    memcpy(wrong.wrapped, of_thief.wrapped, of_thief.wrapped_bytes);
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    EXPECT(!bytes_equal_ct(of_thief.indexes.index, kept.indexes.index, WIRE_INDEX_BYTES));
    desk.tenant = "shop";
    wrong = kept; /* another subject's key, under its own name and under ours */
    EXPECT_REFUSED(desk_rewrap(&desk, "p2", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    memcpy(wrong.wrapped, stranger.wrapped, stranger.wrapped_bytes);
    EXPECT_REFUSED(desk_rewrap(&desk, "p2", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    wrong = kept;
    for (size_t i = 0; i < kept.sealed_bytes; i++) { /* each byte of it */
        wrong.sealed[i] ^= 1;
        EXPECT(status_refused(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved)));
        wrong.sealed[i] ^= 1;
    }
    wrong.sealed_bytes--;
    EXPECT_REFUSED(desk_rewrap(&desk, "p1", kept.token, &wrong, &moved), REFUSED_SEAL_TAMPERED);
    EXPECT_OK(desk_rewrap(&desk, "p1", kept.token, &kept, &moved));
    EXPECT(moved);
}

/* --- once --- */

static void test_a_box_is_good_once(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_REFUSED(desk_protect_again(&desk, &kept), REFUSED_BOX_SPENT);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(desk_protect_again(&desk, &kept), REFUSED_BOX_SPENT);
    h->now_us += FIELD_BOX_LIFE_MAX_US + 1; /* then its own expiry refuses it */
    DeskKept later = { 0 };
    EXPECT_OK(desk_protect(&desk, "p", "", card, &later));
    desk.request[0] ^= 0;
}

static void test_a_box_is_for_its_tenant_subject_and_class(void)
{
    DESK(h);
    static const char *const tenants[] = { "shop", "thief" };
    for (int wrong = 0; wrong < 4; wrong++) {
        uint8_t memory[BOX_BYTES_MAX];
        uint8_t request[2 * BOX_BYTES_MAX];
        Buffer box = BUFFER_OF(memory);
        Buffer b = BUFFER_OF(request);
        const Random random = random_system();
        const BoxContext context = { .data_class = wrong == 1 ? CLASS_NAME : CLASS_CARD,
            .purpose = wrong == 2 ? BOX_PURPOSE_LOOKUP : BOX_PURPOSE_FIELD,
            .expiry_us = h->now_us + 1000000,
            .tenant = span_of_text(tenants[wrong == 0]),
            .payee = wrong == 3 ? SPAN("q") : SPAN("p") };
        EXPECT_OK(box_seal(desk.box_key, desk.key_id, &random, &context, span_of_text(card), &box));
        const WireBatchHead head = { .tenant = SPAN("shop"),
            .data_class = CLASS_CARD,
            .table = TABLE_CARD,
            .column = CARD_NUMBER };
        const WireFieldItem item = { 0, 0, span_of_buffer(&box), { NULL, 0 } };
        EXPECT_OK(wire_put_batch_head(&b, &head));
        EXPECT_OK(buffer_put_u32(&b, 1));
        EXPECT_OK(wire_put_subject(&b, &(WireSubject) { SPAN("p"), { NULL, 0 } }));
        EXPECT_OK(buffer_put_u32(&b, 1));
        EXPECT_OK(wire_put_field_item(&b, &item));
        memcpy(desk.request, b.data, b.size);
        desk.request_bytes = b.size;
        DeskKept kept = { 0 };
        EXPECT_REFUSED(desk_protect_again(&desk, &kept), REFUSED_BOX_CONTEXT);
    }
}

static void test_a_message_of_a_session_is_good_once(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    uint8_t opening[BOX_BYTES_MAX];
    const size_t opening_bytes = desk.request_bytes;
    memcpy(opening, desk.request, opening_bytes);
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_REFUSED(desk_protect_again(&desk, &kept), REFUSED_SESSION_REPLAYED);
    /* out of order is fine, within the window */
    desk.number = 9000;
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    desk.number = 9000 - FIELD_SESSION_WINDOW + 1;
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_REFUSED(desk_protect_again(&desk, &kept), REFUSED_SESSION_REPLAYED);
    desk.number = 9000 - FIELD_SESSION_WINDOW; /* slid past: used, whether or not it was */
    EXPECT_REFUSED(desk_protect(&desk, "p", "", card, &kept), REFUSED_SESSION_REPLAYED);
    desk.number = 8999;
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    /* the opening neither opens it twice, nor after a restart */
    EXPECT_REFUSED(
            house_ask(h, VAULT_SESSION, (Span) { opening, opening_bytes }), REFUSED_BOX_SPENT);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(
            house_ask(h, VAULT_SESSION, (Span) { opening, opening_bytes }), REFUSED_BOX_SPENT);
    EXPECT_REFUSED(desk_protect(&desk, "p", "", card, &kept), REFUSED_SESSION_UNKNOWN);
}

static void test_a_session_is_for_its_tenant_and_purpose(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    WireIndexes indexes;
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    EXPECT_REFUSED(desk_lookup(&desk, card, &indexes), REFUSED_SESSION_UNKNOWN);
    desk.tenant = "thief";
    EXPECT_REFUSED(desk_protect(&desk, "p", "", card, &kept), REFUSED_SESSION_UNKNOWN);
    desk.tenant = "shop";
    h->now_us += FIELD_SESSION_LIFE_MAX_US;
    EXPECT_REFUSED(desk_protect(&desk, "p", "", card, &kept), REFUSED_SESSION_UNKNOWN);
}

/* hufud gives a message out as another subject's, another class's, another row's. */
static void test_a_message_says_what_it_is(void)
{
    DESK(h);
    DeskKept kept = { 0 };
    for (int wrong = 0; wrong < 3; wrong++) {
        EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
        uint8_t memory[WIRE_ITEM_AAD_BYTES_MAX];
        uint8_t sealed_memory[256];
        uint8_t request[1024];
        Buffer aad = BUFFER_OF(memory);
        Buffer sealed = BUFFER_OF(sealed_memory);
        Buffer b = BUFFER_OF(request);
        EXPECT_OK(field_item_aad(wrong == 0 ? CLASS_NAME : CLASS_CARD,
                wrong == 1 ? SPAN("q") : SPAN("p"), wrong == 2 ? SPAN("r") : (Span) { NULL, 0 },
                &aad));
        EXPECT_OK(
                box_session_seal(&desk.keys, 1, span_of_buffer(&aad), span_of_text(card), &sealed));
        WireBatchHead head = { .tenant = SPAN("shop"),
            .data_class = CLASS_CARD,
            .table = TABLE_CARD,
            .column = CARD_NUMBER };
        memcpy(head.session, desk.session, sizeof(head.session));
        EXPECT_OK(wire_put_batch_head(&b, &head));
        EXPECT_OK(buffer_put_u32(&b, 1));
        EXPECT_OK(wire_put_subject(&b, &(WireSubject) { SPAN("p"), { NULL, 0 } }));
        EXPECT_OK(buffer_put_u32(&b, 1));
        EXPECT_OK(wire_put_field_item(
                &b, &(WireFieldItem) { 0, 1, span_of_buffer(&sealed), { NULL, 0 } }));
        memcpy(desk.request, b.data, b.size);
        desk.request_bytes = b.size;
        EXPECT_REFUSED(desk_protect_again(&desk, &kept), REFUSED_BOX_TAMPERED);
    }
}

/* --- a batch --- */

static void test_one_bad_item_fails_alone_and_bad_batches_fail_whole(void)
{
    DESK(h);
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    DeskKept kept = { 0 };
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    uint8_t *request = desk.request;
    for (size_t size = 0; size < desk.request_bytes; size++) /* truncated anywhere */
        EXPECT(status_refused(house_ask(h, VAULT_PROTECT_FIELDS, (Span) { request, size })));
    request[desk.request_bytes] = 0;
    EXPECT(status_refused(
            house_ask(h, VAULT_PROTECT_FIELDS, (Span) { request, desk.request_bytes + 1 })));

    static uint8_t memory[512 * 1024];
    Buffer b = BUFFER_OF(memory);
    WireBatchHead head = {
        .tenant = SPAN("shop"), .data_class = CLASS_CARD, .table = TABLE_CARD, .column = CARD_NUMBER
    };
    memcpy(head.session, desk.session, sizeof(head.session));
    EXPECT_OK(wire_put_batch_head(&b, &head));
    const size_t start = b.size;
    EXPECT_OK(buffer_put_u32(&b, WIRE_BATCH_SUBJECTS_MAX + 1)); /* over-full */
    for (int i = 0; i <= WIRE_BATCH_SUBJECTS_MAX; i++)
        EXPECT_OK(wire_put_subject(&b, &(WireSubject) { SPAN("p"), { NULL, 0 } }));
    EXPECT_REFUSED(house_ask(h, VAULT_PROTECT_FIELDS, span_of_buffer(&b)), REFUSED_IPC_FORMAT);

    b.size = start;
    EXPECT_OK(buffer_put_u32(&b, 1));
    EXPECT_OK(wire_put_subject(
            &b, &(WireSubject) { SPAN("p"), { kept.wrapped, kept.wrapped_bytes } }));
    EXPECT_OK(buffer_put_u32(&b, 3));
    for (uint64_t i = 0; i < 3; i++) {
        uint8_t aad_memory[WIRE_ITEM_AAD_BYTES_MAX];
        uint8_t sealed_memory[64];
        Buffer aad = BUFFER_OF(aad_memory);
        Buffer sealed = BUFFER_OF(sealed_memory);
        EXPECT_OK(field_item_aad(CLASS_CARD, SPAN("p"), (Span) { NULL, 0 }, &aad));
        EXPECT_OK(box_session_seal(&desk.keys, 100 + i, span_of_buffer(&aad),
                i == 1 ? SPAN("123") : span_of_text(card), &sealed));
        EXPECT_OK(wire_put_field_item(
                &b, &(WireFieldItem) { 0, 100 + i, span_of_buffer(&sealed), { NULL, 0 } }));
    }
    EXPECT_OK(house_ask(h, VAULT_PROTECT_FIELDS, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t number = 0;
    WireSubjectAnswer subject;
    WireProtected made;
    EXPECT_OK(cursor_u32(&c, &number));
    EXPECT_OK(wire_take_subject_answer(&c, &subject));
    EXPECT_OK(cursor_u32(&c, &number));
    EXPECT_OK(cursor_u32(&c, &number));
    EXPECT(number == 0);
    EXPECT_OK(wire_take_protected(&c, &made));
    EXPECT_OK(cursor_u32(&c, &number));
    EXPECT(number == REFUSED_DATA_PROHIBITED);
    EXPECT_OK(cursor_u32(&c, &number));
    EXPECT(number == 0);
    EXPECT_OK(wire_take_protected(&c, &made));
    EXPECT_OK(cursor_end(&c));
}

/* --- look-ups --- */

static void test_lookups_find_and_are_counted(void)
{
    CLEANUP(close_desk) House *h = house_open();
    h->lookups_per_day = 3;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    desk_open(&desk, h, "shop");
    DeskKept kept = { 0 };
    WireIndexes indexes;
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_OK(desk_lookup(&desk, card, &indexes));
    EXPECT(bytes_equal_ct(indexes.index, kept.indexes.index, WIRE_INDEX_BYTES));
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_LOOKUPS));
    EXPECT_OK(desk_lookup(&desk, other_card, &indexes));
    EXPECT(!bytes_equal_ct(indexes.index, kept.indexes.index, WIRE_INDEX_BYTES));
    EXPECT_OK(house_restart(h)); /* the count survives */
    EXPECT_OK(house_scan(h));
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_LOOKUPS));
    EXPECT_OK(desk_lookup(&desk, card, &indexes));
    EXPECT_REFUSED(desk_lookup(&desk, card, &indexes), REFUSED_LOOKUP_BUDGET);
    EXPECT(h->alerts > 0);
    desk.tenant = "other"; /* has its own */
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_LOOKUPS));
    EXPECT_OK(desk_lookup(&desk, card, &indexes));
    desk.tenant = "shop";
    h->now_us += (int64_t)24 * 3600 * 1000000;
    desk_close(&desk);
    desk_open(&desk, h, "shop");
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_LOOKUPS));
    EXPECT_OK(desk_lookup(&desk, card, &indexes));
}

/* Protecting shows an index, so it is a guess as good as a look-up: counted, too. */
static void test_protecting_is_counted(void)
{
    CLEANUP(close_desk) House *h = house_open();
    h->protects_per_day = FIELD_PROTECTS_STEP + 2;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    desk_open(&desk, h, "shop");
    DeskKept kept = { 0 };
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    for (int i = 0; i < 3; i++)
        EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_OK(house_restart(h)); /* a restart gives back nothing of the step */
    EXPECT_OK(house_scan(h));
    EXPECT_OK(desk_session(&desk, BOX_PURPOSE_SESSION));
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_OK(desk_protect(&desk, "p", "", card, &kept));
    EXPECT_REFUSED(desk_protect(&desk, "p", "", card, &kept), REFUSED_PROTECT_BUDGET);
    EXPECT(h->alerts > 0);
}

TESTS(TEST(test_a_card_becomes_field_token_mask_and_index), TEST(test_the_same_on_the_sm_suite),
        TEST(test_only_cards_are_cards), TEST(test_classes),
        TEST(test_a_field_opens_in_its_own_place_alone), TEST(test_a_box_is_good_once),
        TEST(test_a_box_is_for_its_tenant_subject_and_class),
        TEST(test_a_message_of_a_session_is_good_once),
        TEST(test_a_session_is_for_its_tenant_and_purpose), TEST(test_a_message_says_what_it_is),
        TEST(test_one_bad_item_fails_alone_and_bad_batches_fail_whole),
        TEST(test_lookups_find_and_are_counted), TEST(test_protecting_is_counted))
