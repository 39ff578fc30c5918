/*
 * Goal: a card's expiry rests under a grant alone: both consents, two people, an end; operators see
 * all grants, hufud none; no other prohibited data has such a door (TP-5, TP-15). Method: a whole
 * vault, real signatures, each demand broken in turn, restarts and snapshots between.
 */
#include "vault/policy_book.h"

#include "crypto/digest.h"
#include "vault/field_test_desk.h"
#include "vault/vault_test_people.h"
#include "vault/vault_test_trace.h"

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

static Act good_act(void)
{
    next_nonce = (uint8_t)(next_nonce + 2);
    return (Act) { "set-policy", { 0 }, { 0, 1 }, minute_us, next_nonce, false, false };
}

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

/* One page; how many, -1 when refused. */
static int list(House *h, WireExpiryListed *ret_listed, size_t capacity)
{
    uint8_t memory[4] = { 0 };
    WireExpiryPage page;
    uint32_t count = 0;
    if (!status_ok(house_ask_operator(h, VAULT_EXPIRY_LIST, SPAN_OF(memory)))) return -1;
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(wire_take_expiry_page(&c, &page)) && page.last);
    ASSERT(status_ok(wire_take_count(&c, WIRE_EXPIRY_PAGE_MAX, &count)));
    ASSERT(count <= capacity && count == page.grants);
    for (uint32_t i = 0; i < count; i++)
        ASSERT(status_ok(wire_take_expiry_listed(&c, &ret_listed[i])));
    return status_ok(cursor_end(&c)) ? (int)count : -1;
}

static Status end(House *h, const char *user, const char *institution)
{
    uint8_t memory[256];
    Buffer b = BUFFER_OF(memory);
    const WireExpiryName name = { span_of_text(user), span_of_text(institution) };
    TRY(wire_put_expiry_name(&b, &name));
    return house_ask(h, VAULT_EXPIRY_END, span_of_buffer(&b));
}

/* Operators see whose card's expiry may rest, also after the end, over restarts and snapshots;
 * hufud does not, and the journal names nobody (TP-5, TP-15). */
static void test_grants_are_listed(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    WireExpiryListed seen[2];
    Act act = good_act();
    EXPECT(list(h, seen, 2) == 0);
    EXPECT_OK(grant(h, &act, both_agree(h)));
    EXPECT_REFUSED(house_ask(h, VAULT_EXPIRY_LIST, SPAN("\0\0\0\0")), REFUSED_VAULT_FORBIDDEN);
    for (int round = 0; round < 3; round++) {
        EXPECT(list(h, seen, 2) == 1);
        EXPECT(seen[0].lives && !seen[0].withdrawn && seen[0].until_us == h->now_us + day_us);
        EXPECT(span_equal(seen[0].user, SPAN("payer-1")));
        EXPECT(span_equal(seen[0].institution, SPAN("bank-1")));
        EXPECT(span_equal(seen[0].first, SPAN("ann")) && span_equal(seen[0].second, SPAN("bob")));
        if (round == 0) EXPECT_OK(journal_renew(h->memory->journal));
        EXPECT_OK(house_restart(h));
    }
    h->now_us += minute_us;
    EXPECT_OK(end(h, "payer-1", "bank-1"));
    EXPECT_OK(journal_renew(h->memory->journal));
    EXPECT_OK(house_restart(h));
    EXPECT(list(h, seen, 2) == 1);
    EXPECT(!seen[0].lives && seen[0].withdrawn && seen[0].until_us == h->now_us);
    EXPECT(span_equal(seen[0].user, SPAN("payer-1")));
    act = good_act();
    EXPECT_OK(grant(h, &act, both_agree(h))); /* once more */
    EXPECT(list(h, seen, 2) == 1 && seen[0].lives && !seen[0].withdrawn);
    h->now_us += 2 * day_us;
    EXPECT(list(h, seen, 2) == 1 && !seen[0].lives && !seen[0].withdrawn);
    trace_expect_absent_from_journal(h, SPAN("payer-1"));
}

static Status destroy(House *h, Span tenant, Span subject)
{
    uint8_t memory[8192];
    uint8_t list_memory[256];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer b = BUFFER_OF(memory);
    Buffer names = BUFFER_OF(list_memory);
    const WireSubjectName name = { tenant, subject };
    Act act = good_act();
    act.operation = "destroy-subjects";
    TRY(wire_put_count(&names, 1, WIRE_DESTROY_MAX));
    TRY(wire_put_subject_name(&names, &name));
    sha256(span_of_buffer(&names), digest);
    act.subject = SPAN_OF(digest);
    TRY(people_put_approvals(h, &act, &b));
    TRY(buffer_put(&b, span_of_buffer(&names)));
    return house_ask_operator(h, VAULT_DESTROY_SUBJECTS, span_of_buffer(&b));
}

/* Who was destroyed is on no list (TP-3). */
static void test_a_destroyed_user_is_listed_no_more(void)
{
    CLEANUP(house_done) House *h = open_with_people();
    WireExpiryListed seen[2];
    Act act = good_act();
    EXPECT_OK(grant(h, &act, both_agree(h)));
    EXPECT_OK(destroy(h, SPAN("bank-2"), SPAN("payer-1"))); /* another institution's */
    EXPECT(list(h, seen, 2) == 1);
    EXPECT_OK(destroy(h, SPAN("bank-1"), SPAN("payer-1")));
    EXPECT_OK(house_restart(h));
    EXPECT(list(h, seen, 2) == 0);
    EXPECT_REFUSED(may_rest(h, "payer-1", "bank-1"), REFUSED_EXPIRY_GRANT);
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

TESTS(TEST(test_both_must_agree), TEST(test_a_grant_ends), TEST(test_either_side_withdraws),
        TEST(test_grants_are_listed), TEST(test_a_destroyed_user_is_listed_no_more),
        TEST(test_no_other_data_has_a_grant), TEST(test_expiry_is_kept_under_a_grant_alone))
