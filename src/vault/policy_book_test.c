/*
 * Goal: only two different enrolled people together change the policy, for just the bytes that they
 * signed, forwards only; an override ends by vaultd's clock; no restart forgets any of it (DESIGN
 * section 5.2, TP-15). Method: a whole vault, real signatures, each demand broken in turn.
 */
#include "vault/policy_book.h"

#include "crypto/digest.h"
#include "vault/field_test_desk.h"
#include "vault/vault_test_people.h"

static const int64_t day_us = INT64_C(24) * 3600 * 1000000;
static const int64_t minute_us = INT64_C(60) * 1000000;
static uint8_t next_nonce;

static House *open_with_people(void)
{
    House *h = house_open();
    people_enroll_two(h);
    return h;
}

static int64_t now_of(void *house) { return ((const House *)house)->now_us; }

static PolicyBook book_of(House *h) { return (PolicyBook) { h->memory, { now_of, h } }; }

static PolicyBlob full_display(House *h, uint64_t version)
{
    PolicyBlob blob = { .version = version, .count = 1 };
    blob.amendments[0] = (PolicyAmendment) { .kind = AMEND_RULE,
        .class = CLASS_CARD,
        .layer = LAYER_DISPLAY,
        .purpose = PURPOSE_OPERATE,
        .usual = FORM_CLEAR,
        .forms = FORM_BIT(FORM_CLEAR),
        .until_us = (h->now_us + day_us) / 1000000 * 1000000,
        .clause = SPAN("TP-8"),
        .reason = SPAN("dispute 77") };
    return blob;
}

static Act good_act(void)
{
    next_nonce = (uint8_t)(next_nonce + 2);
    return (Act) { "set-policy", { 0 }, { 0, 1 }, minute_us, next_nonce, false, false };
}

/* `signed_blob` is what the two signed, `sent` what is sent. */
static Status send(House *h, Act act, Span signed_blob, Span sent)
{
    uint8_t memory[16384];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer b = BUFFER_OF(memory);
    sha256(signed_blob, digest);
    act.subject = SPAN_OF(digest);
    TRY(people_put_approvals(h, &act, &b));
    TRY(buffer_put_framed(&b, sent));
    return house_ask_operator(h, VAULT_POLICY_SET, span_of_buffer(&b));
}

static Status set(House *h, const Act *act, PolicyBlob *blob)
{
    uint8_t memory[POLICY_BLOB_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    TRY(policy_blob_write(blob, &bytes));
    return send(h, *act, span_of_buffer(&bytes), span_of_buffer(&bytes));
}

static Status shown_clear(House *h)
{
    PolicyBook book = book_of(h);
    return policy_book_allow(&book, CLASS_CARD, LAYER_DISPLAY, PURPOSE_OPERATE, FORM_CLEAR);
}

static void test_it_takes_two(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    PolicyBlob blob = full_display(h, 1);
    Act act = good_act();
    act.people[1] = 0; /* one person, twice */
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_APPROVAL_QUORUM);
    act = good_act();
    act.people[1] = 2; /* eve is not enrolled */
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_APPROVAL_INVALID);
    act = good_act();
    act.breaks_signature = true;
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_APPROVAL_INVALID);
    act = good_act();
    act.other_subject = true;
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_APPROVAL_INVALID);
    act = good_act();
    act.operation = "release-row";
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_APPROVAL_INVALID);
    act = good_act();
    act.life_us = -1;
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(shown_clear(h), REFUSED_POLICY_FORM);
    act = good_act();
    EXPECT_OK(set(h, &act, &blob));
    EXPECT_OK(shown_clear(h));
}

static void test_what_was_signed_is_what_counts(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    uint8_t memory[2][POLICY_BLOB_BYTES_MAX];
    Buffer first = BUFFER_OF(memory[0]);
    Buffer second = BUFFER_OF(memory[1]);
    PolicyBlob blob = full_display(h, 1);
    EXPECT_OK(policy_blob_write(&blob, &first));
    blob.amendments[0].purpose = PURPOSE_ANY;
    EXPECT_OK(policy_blob_write(&blob, &second));
    const Span signed_blob = span_of_buffer(&first);
    EXPECT_REFUSED(
            send(h, good_act(), signed_blob, span_of_buffer(&second)), REFUSED_APPROVAL_INVALID);
    const Span cut = { signed_blob.data, signed_blob.size - 1 };
    EXPECT_REFUSED(send(h, good_act(), cut, cut), REFUSED_POLICY_BLOB);
    EXPECT_REFUSED(shown_clear(h), REFUSED_POLICY_FORM);
    EXPECT_REFUSED(house_ask(h, VAULT_POLICY_SET, SPAN("")), REFUSED_VAULT_FORBIDDEN);
}

static void test_neither_replay_nor_roll_back(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    PolicyBlob blob = full_display(h, 2);
    Act act = good_act();
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_POLICY_VERSION); /* not the successor */
    blob = full_display(h, 1);
    const Act first = good_act();
    EXPECT_OK(set(h, &first, &blob));
    EXPECT_REFUSED(set(h, &first, &blob), REFUSED_APPROVAL_REPLAYED);
    PolicyBlob strict = { .version = 2, .count = 0 };
    act = good_act();
    EXPECT_OK(set(h, &act, &strict));
    EXPECT_REFUSED(shown_clear(h), REFUSED_POLICY_FORM);
    act = good_act(); /* signed anew, and still the old policy */
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_POLICY_VERSION);
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(set(h, &first, &blob), REFUSED_APPROVAL_REPLAYED);
    act = good_act();
    EXPECT_REFUSED(set(h, &act, &blob), REFUSED_POLICY_VERSION);
    EXPECT_REFUSED(shown_clear(h), REFUSED_POLICY_FORM);
}

static void test_an_override_ends_by_this_clock(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    PolicyBlob blob = full_display(h, 1);
    const Act act = good_act();
    EXPECT_OK(set(h, &act, &blob));
    EXPECT_OK(shown_clear(h));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(shown_clear(h));
    h->now_us += day_us + 1000000;
    EXPECT_REFUSED(shown_clear(h), REFUSED_POLICY_FORM);
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(shown_clear(h), REFUSED_POLICY_FORM);
}

/* TP-5: vaultd itself refuses what hufu would have refused to sign. */
static void test_law_is_stronger_than_signatures(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    static const uint16_t fixed[] = { CLASS_PROHIBITED, CLASS_CARD_EXPIRY, CLASS_PIN };
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        PolicyBlob blob = full_display(h, 1);
        blob.amendments[0].class = fixed[i];
        const Act act = good_act();
        EXPECT_REFUSED(set(h, &act, &blob), REFUSED_POLICY_FIXED);
    }
    PolicyBlob endless = full_display(h, 1);
    endless.amendments[0].until_us = 0;
    const Act act = good_act();
    EXPECT_REFUSED(set(h, &act, &endless), REFUSED_POLICY_OVERRIDE);
}

/* More sets than are remembered, over several segments of the journal. */
static void test_the_book_is_kept(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    for (uint64_t version = 1; version <= MEMORY_POLICY_SETS_MAX + 6; version++) {
        PolicyBlob blob = full_display(h, version);
        const Act act = good_act();
        EXPECT_OK(set(h, &act, &blob));
        h->now_us += 11 * minute_us;
    }
    EXPECT_OK(journal_renew(h->memory->journal));
    EXPECT_OK(house_restart(h));
    for (uint32_t index = 0; index < MEMORY_POLICY_SETS_MAX; index++) {
        uint8_t memory[4];
        Buffer b = BUFFER_OF(memory);
        WirePolicyBook book;
        WirePolicySet one;
        EXPECT_OK(buffer_put_u32(&b, index));
        EXPECT_OK(house_ask(h, VAULT_POLICY_GET, span_of_buffer(&b)));
        Cursor c = cursor_of(span_of_buffer(&h->answer));
        EXPECT_OK(wire_take_policy_book(&c, &book));
        EXPECT_OK(wire_take_policy_set(&c, &one));
        EXPECT(book.sets == MEMORY_POLICY_SETS_MAX && book.now_us == h->now_us);
        EXPECT(one.version == MEMORY_POLICY_SETS_MAX + 6 - index);
        EXPECT(span_equal(one.first, SPAN("ann")) && span_equal(one.second, SPAN("bob")));
        EXPECT(span_equal(one.reason, SPAN("because")));
    }
    EXPECT_OK(house_ask(h, VAULT_POLICY_GET, SPAN("\xFF\xFF\xFF\xFF")));
    EXPECT(h->answer.size == 12); /* no such set */
}

/* --- masks of fields --- */

static bool field_shows(House *h, DataClass class, const char *value, const char *mask)
{
    static unsigned row;
    CLEANUP(desk_close) Desk desk;
    DeskKept kept = { 0 };
    char reference[16];
    desk_open(&desk, h, "shop");
    desk.data_class = (uint16_t) class;
    desk.table = class == CLASS_CARD ? TABLE_CARD : TABLE_FIELD;
    snprintf(reference, sizeof(reference), "row-%u", row++);
    const char *key = class == CLASS_CARD ? "" : reference;
    const bool made = status_ok(desk_protect(&desk, "payer-1", key, value, &kept));
    if (!made || strcmp(kept.mask, mask) != 0) fprintf(stderr, "  %s: %s\n", value, kept.mask);
    return made && strcmp(kept.mask, mask) == 0;
}

/* TP-11: each class is shown by its own rule; what does not read as its class, not at all. */
static void test_each_class_has_its_mask(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    EXPECT(field_shows(h, CLASS_CARD, "6222021234567894", "**** **** **** 7894"));
    EXPECT(field_shows(h, CLASS_BANK_ACCOUNT, "0200001009000089", "**** **** **** 0089"));
    EXPECT(field_shows(h, CLASS_IDENTITY_NUMBER, "11010519491231002X", "** **** **** **** 002X"));
    EXPECT(field_shows(h, CLASS_PHONE, "+86 138-1234-5678", "+** ***-****-5678"));
    EXPECT(field_shows(h, CLASS_NAME, "欧阳明月", "欧阳**"));
    EXPECT(field_shows(h, CLASS_EMAIL, "wang@example.com", "w***@example.com"));
    EXPECT(field_shows(h, CLASS_ADDRESS, "上海市浦东新区世纪大道100号", "上海市浦东新*********"));
    EXPECT(field_shows(h, CLASS_EMAIL, "nobody at all", "********"));
    EXPECT(field_shows(h, CLASS_PHONE, "电话不详", "********"));
    EXPECT(field_shows(h, CLASS_BINDING, "contract 7", "********"));
}

static PolicyAmendment mask_of(House *h, DataClass class, PolicyMask mask)
{
    return (PolicyAmendment) { .kind = AMEND_MASK,
        .class = (uint16_t) class,
        .mask = mask,
        .until_us = (h->now_us + day_us) / 1000000 * 1000000,
        .clause = SPAN("TP-11"),
        .reason = SPAN("dispute 77") };
}

/* A stricter mask counts at once; a looser one is for displays, and ends: what is kept beside a
 * field would outlive it. Law's own cards and vaultd's own rule for the class count, too. */
static void test_masks_follow_the_policy(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    PolicyBlob blob = { .version = 1, .count = 3 };
    blob.amendments[0] = mask_of(h, CLASS_PHONE, (PolicyMask) { MASK_SHAPE_NUMBER, 0, 2 });
    blob.amendments[1] = mask_of(h, CLASS_CARD, (PolicyMask) { MASK_SHAPE_NUMBER, 6, 4 });
    blob.amendments[2] = (PolicyAmendment) {
        .kind = AMEND_RULE, .class = CLASS_EMAIL, .layer = LAYER_DOMAIN, .usual = FORM_REFUSE
    };
    const Act act = good_act();
    EXPECT_OK(set(h, &act, &blob));
    EXPECT(field_shows(h, CLASS_PHONE, "13812345678", "*********78"));
    EXPECT(field_shows(h, CLASS_CARD, "6222021234567894", "**** **** **** 7894"));
    CLEANUP(desk_close) Desk desk;
    DeskKept kept = { 0 };
    desk_open(&desk, h, "shop");
    desk.data_class = CLASS_EMAIL;
    desk.table = TABLE_FIELD;
    EXPECT_REFUSED(desk_protect(&desk, "payer-1", "row", "wang@example.com", &kept),
            REFUSED_POLICY_REFUSES);
    h->now_us += 2 * day_us;
    EXPECT(field_shows(h, CLASS_PHONE, "13812345678", "*******5678"));
}

TESTS(TEST(test_it_takes_two), TEST(test_what_was_signed_is_what_counts),
        TEST(test_neither_replay_nor_roll_back), TEST(test_an_override_ends_by_this_clock),
        TEST(test_law_is_stronger_than_signatures), TEST(test_the_book_is_kept),
        TEST(test_each_class_has_its_mask), TEST(test_masks_follow_the_policy))
