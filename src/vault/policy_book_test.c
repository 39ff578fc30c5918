/*
 * Goal: only two different enrolled people together change the policy, for just the bytes that they
 * signed, forwards only; an override ends by vaultd's clock; no restart forgets any of it (DESIGN
 * section 5.2, TP-15). The grant for card expiry needs both consents and ends; no other prohibited
 * data has one (TP-5). Method: a whole vault, real signatures, each demand broken in turn.
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

/* --- card expiry --- */

static Status grant(House *h, const Act *wanted, WireExpiryGrant asked)
{
    uint8_t memory[8192];
    uint8_t grant_memory[512];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer b = BUFFER_OF(memory);
    Buffer bytes = BUFFER_OF(grant_memory);
    Act act = *wanted;
    act.operation = "grant-expiry";
    TRY(wire_put_expiry_grant(&bytes, &asked));
    sha256(span_of_buffer(&bytes), digest);
    act.subject = SPAN_OF(digest);
    TRY(people_put_approvals(h, &act, &b));
    TRY(buffer_put(&b, span_of_buffer(&bytes)));
    return house_ask_operator(h, VAULT_EXPIRY_GRANT, span_of_buffer(&b));
}

static Status may_rest(House *h, const char *user, const char *institution)
{
    PolicyBook book = book_of(h);
    return policy_book_expiry(&book, span_of_text(user), span_of_text(institution));
}

static WireExpiryGrant both_agree(House *h)
{
    return (WireExpiryGrant) { SPAN("payer-1"), SPAN("bank-1"), { 1 }, { 2 }, h->now_us + day_us };
}

static void test_both_must_agree(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    Act act = good_act();
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-1"), REFUSED_EXPIRY_GRANT);
    WireExpiryGrant asked = both_agree(h);
    memset(asked.user_evidence, 0, sizeof(asked.user_evidence));
    EXPECT_REFUSED(grant(h, &act, asked), REFUSED_EXPIRY_EVIDENCE);
    asked = both_agree(h);
    memset(asked.institution_evidence, 0, sizeof(asked.institution_evidence));
    EXPECT_REFUSED(grant(h, &act, asked), REFUSED_EXPIRY_EVIDENCE);
    asked = both_agree(h); /* one document for both */
    memcpy(asked.institution_evidence, asked.user_evidence, sizeof(asked.user_evidence));
    EXPECT_REFUSED(grant(h, &act, asked), REFUSED_EXPIRY_EVIDENCE);
    asked = both_agree(h);
    asked.until_us = 0;
    EXPECT_REFUSED(grant(h, &act, asked), REFUSED_EXPIRY_EVIDENCE);
    asked.until_us = h->now_us + 400 * day_us;
    EXPECT_REFUSED(grant(h, &act, asked), REFUSED_EXPIRY_EVIDENCE);
    act.people[1] = 0;
    EXPECT_REFUSED(grant(h, &act, both_agree(h)), REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-1"), REFUSED_EXPIRY_GRANT);
}

static void test_a_grant_ends(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    const Act act = good_act();
    EXPECT_OK(grant(h, &act, both_agree(h)));
    EXPECT_REFUSED(grant(h, &act, both_agree(h)), REFUSED_APPROVAL_REPLAYED);
    EXPECT_OK(may_rest(h, "payer-1", "bank-1"));
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-2"), REFUSED_EXPIRY_GRANT);
    EXPECT_REFUSED(may_rest(h, "payer-1b", "ank-1"), REFUSED_EXPIRY_GRANT);
    EXPECT_REFUSED(may_rest(h, "", "bank-1"), REFUSED_EXPIRY_GRANT);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(may_rest(h, "payer-1", "bank-1"));
    EXPECT_OK(journal_renew(h->memory->journal));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(may_rest(h, "payer-1", "bank-1"));
    h->now_us += day_us;
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-1"), REFUSED_EXPIRY_GRANT);
}

static void test_either_side_withdraws(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    const Act act = good_act();
    WireExpiryLook look;
    EXPECT_OK(grant(h, &act, both_agree(h)));
    const WireExpiryName name = { SPAN("payer-1"), SPAN("bank-1") };
    EXPECT_OK(wire_put_expiry_name(&b, &name));
    EXPECT_OK(house_ask(h, VAULT_EXPIRY_LOOK, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    EXPECT_OK(wire_take_expiry_look(&c, &look));
    EXPECT(look.lives && look.user_evidence[0] == 1 && look.institution_evidence[0] == 2);
    EXPECT(span_equal(look.first, SPAN("ann")) && span_equal(look.second, SPAN("bob")));
    EXPECT_OK(house_ask(h, VAULT_EXPIRY_END, span_of_buffer(&b)));
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-1"), REFUSED_EXPIRY_GRANT);
    EXPECT_REFUSED(house_ask(h, VAULT_EXPIRY_END, span_of_buffer(&b)), REFUSED_EXPIRY_GRANT);
    EXPECT_OK(house_restart(h));
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-1"), REFUSED_EXPIRY_GRANT);
    EXPECT_REFUSED(grant(h, &act, both_agree(h)), REFUSED_APPROVAL_REPLAYED);
}

/* TP-5: with a live grant there is still no door for anything else; none that names `granted`. */
static void test_no_other_data_has_a_grant(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    const Act act = good_act();
    EXPECT_OK(grant(h, &act, both_agree(h)));
    PolicyBook book = book_of(h);
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        const DataClass class = data_class_at(i)->class;
        EXPECT_REFUSED(policy_book_allow(&book, class, LAYER_DOMAIN, PURPOSE_GRANTED, FORM_ENCRYPT),
                REFUSED_POLICY_REFUSES);
    }
    for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++) {
        for (uint32_t form = 1; form < POLICY_FORM_COUNT; form++) {
            EXPECT_REFUSED(policy_book_allow(&book, CLASS_PROHIBITED, (PolicyLayer)layer,
                                   PURPOSE_ANY, (PolicyForm)form),
                    REFUSED_POLICY_REFUSES);
        }
    }
    EXPECT_REFUSED(
            policy_book_allow(&book, CLASS_CARD_EXPIRY, LAYER_DOMAIN, PURPOSE_ANY, FORM_ENCRYPT),
            REFUSED_POLICY_REFUSES);
}

static Status keep_expiry(Desk *desk, const char *value, DeskKept *kept)
{
    desk->data_class = CLASS_CARD_EXPIRY;
    desk->table = TABLE_FIELD;
    return desk_protect(desk, "payer-1", "row-1", value, kept);
}

/* A card's expiry is kept while both sides' grant lives, of that user at that institution alone;
 * afterwards it is neither taken nor opened (TP-5). It has no index: there are a few hundred. */
static void test_expiry_is_kept_under_a_grant_alone(void)
{
    static const uint8_t none[WIRE_INDEX_BYTES];
    CLEANUP(house_done) House *h = open_with_people();
    CLEANUP(desk_close) Desk desk;
    CLEANUP(desk_close) Desk other;
    const Act act = good_act();
    DeskKept kept = { 0 };
    WireIndexes indexes;
    bool moved = false;
    desk_open(&desk, h, "bank-1");
    desk_open(&other, h, "bank-2");
    EXPECT_REFUSED(keep_expiry(&desk, "0931", &kept), REFUSED_EXPIRY_GRANT);
    EXPECT_OK(grant(h, &act, both_agree(h)));
    EXPECT_OK(keep_expiry(&desk, "0931", &kept));
    EXPECT(kept.token[0] == 0 && strchr(kept.mask, '0') == NULL && kept.indexes.version == 0);
    EXPECT(bytes_equal_ct(kept.indexes.index, none, sizeof(none)));
    EXPECT_REFUSED(desk_lookup(&desk, "0931", &indexes), REFUSED_FIELD_CLASS);
    EXPECT_REFUSED(keep_expiry(&desk, "1331", &kept), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(keep_expiry(&desk, "931", &kept), REFUSED_DATA_PROHIBITED); /* a CVN */
    DeskKept elsewhere = { 0 };
    EXPECT_REFUSED(keep_expiry(&other, "0931", &elsewhere), REFUSED_EXPIRY_GRANT);
    elsewhere = (DeskKept) { 0 };
    EXPECT_REFUSED(
            desk_protect(&desk, "payer-2", "row-1", "0931", &elsewhere), REFUSED_EXPIRY_GRANT);
    elsewhere = (DeskKept) { 0 };
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    EXPECT_OK(desk_rewrap(&desk, "payer-1", "row-1", &kept, &moved));
    EXPECT(moved);
    h->now_us += day_us; /* the grant's end */
    EXPECT_REFUSED(keep_expiry(&desk, "0931", &elsewhere), REFUSED_EXPIRY_GRANT);
    EXPECT_OK(keys_rotate(house_keys(), KEY_CARD));
    EXPECT_REFUSED(desk_rewrap(&desk, "payer-1", "row-1", &kept, &moved), REFUSED_EXPIRY_GRANT);
}

TESTS(TEST(test_it_takes_two), TEST(test_what_was_signed_is_what_counts),
        TEST(test_neither_replay_nor_roll_back), TEST(test_an_override_ends_by_this_clock),
        TEST(test_law_is_stronger_than_signatures), TEST(test_the_book_is_kept),
        TEST(test_each_class_has_its_mask), TEST(test_masks_follow_the_policy),
        TEST(test_both_must_agree), TEST(test_expiry_is_kept_under_a_grant_alone),
        TEST(test_a_grant_ends), TEST(test_either_side_withdraws),
        TEST(test_no_other_data_has_a_grant))
