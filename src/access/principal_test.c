/*
 * Goal: an id is one person's for ever, and a person and a key are one live principal's (TP-15,
 * LL-4.5.2: unique identity); the book says what verified rows say. Method: rows through a real
 * batch; the same again; a row changed in the database behind its seal's back.
 */
#include "access/merchant.h"
#include "access/principal.h"
#include "store/store_for_tests.h"

static void register_open(TestStore *r)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    test_store_open(r, schemas, 1, 1000);
}

typedef struct Entry {
    Unit unit;
    Principal principal;
    bool update;
} Entry;

static Status entry_gather(Unit *unit, Rows *rows)
{
    Entry *e = (Entry *)unit;
    Principal before;
    bool found = false;
    return principal_get(rows, e->principal.id, &before, &found);
}

static Status entry_run(Unit *unit, Rows *rows)
{
    const Entry *e = (const Entry *)unit;
    return e->update ? principal_update(rows, &e->principal)
                     : principal_insert(rows, &e->principal);
}

static Status enter(TestStore *r, const Principal *principal, bool update)
{
    Entry e = { .unit = { .gather = entry_gather, .run = entry_run },
        .principal = *principal,
        .update = update };
    return unit_wait(r->batcher, &e.unit);
}

static Principal person(const char *id, uint8_t who, KeyAlgorithm algorithm)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    Principal p = { .tenant = ASKER_HOUSE,
        .kind = PRINCIPAL_OF_PERSON,
        .roles = ((RoleSet)1 << 63) | 5,
        .status = STATUS_LIVE,
        .created_us = 1,
        .changed_us = 2,
        .review_us = 3 };
    snprintf(p.id, sizeof(p.id), "%s", id);
    memset(p.person, who, sizeof(p.person));
    ASSERT(status_ok(private_key_generate(algorithm, &key)));
    ASSERT(status_ok(principal_set_key(&p, private_key_public(key))));
    return p;
}

static void test_what_comes_back_is_what_went_in(void)
{
    static const KeyAlgorithm algorithms[] = { KEY_ED25519, KEY_P256, KEY_SM2 };
    static const char *const ids[] = { "li", "wang", "zhao" };
    TestStore r;
    register_open(&r);
    for (size_t i = 0; i < 3; i++) {
        const Principal p = person(ids[i], (uint8_t)(i + 1), algorithms[i]);
        EXPECT_OK(enter(&r, &p, false));
    }
    CLEANUP(principal_book_close) PrincipalBook *book = NULL;
    size_t loaded = 0;
    size_t left_out = 0;
    EXPECT_OK(principal_book_open(&book));
    EXPECT_OK(principal_book_refresh(book, r.batcher, &loaded, &left_out));
    EXPECT(loaded == 3 && left_out == 0 && principal_book_count(book) == 3);
    Principal found = { 0 };
    EXPECT_OK(principal_book_find(book, SPAN("wang"), &found));
    EXPECT(found.algorithm == KEY_P256 && found.roles == (((RoleSet)1 << 63) | 5));
    EXPECT(found.person[31] == 2 && found.created_us == 1 && found.review_us == 3);
    EXPECT_REFUSED(principal_book_find(book, SPAN("wan"), &found), REFUSED_PRINCIPAL_UNKNOWN);
    test_store_close(&r);
}

static void test_a_person_is_one(void)
{
    CLEANUP(principal_book_close) PrincipalBook *book = NULL;
    EXPECT_OK(principal_book_open(&book));
    Principal li = person("li", 1, KEY_ED25519);
    EXPECT_OK(principal_book_put(book, &li));
    Principal again = person("li2", 1, KEY_ED25519);
    EXPECT(principal_book_person_is_taken(book, &again));
    EXPECT(!principal_book_key_is_taken(book, &again));
    Principal borrowed = person("wang", 2, KEY_ED25519);
    memcpy(borrowed.key, li.key, sizeof(li.key));
    EXPECT(principal_book_key_is_taken(book, &borrowed));
    EXPECT(!principal_book_person_is_taken(book, &li)); /* himself */
    li.status = STATUS_CLOSED;
    EXPECT_OK(principal_book_put(book, &li));
    EXPECT(principal_book_count(book) == 1);
    EXPECT(!principal_book_person_is_taken(book, &again)); /* he may come back, under another id */
    EXPECT_REFUSED(principal_book_find(book, SPAN("li"), &again), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT(principal_book_look(book, SPAN("li"), &again) && again.status == STATUS_CLOSED);
}

static void test_an_id_is_never_given_again(void)
{
    TestStore r;
    register_open(&r);
    Principal li = person("li", 1, KEY_ED25519);
    EXPECT_OK(enter(&r, &li, false));
    li.status = STATUS_CLOSED;
    EXPECT_OK(enter(&r, &li, true));
    const Principal other = person("li", 9, KEY_P256);
    EXPECT_REFUSED(enter(&r, &other, false), REFUSED_PRINCIPAL_EXISTS);
    test_store_close(&r);
}

/* A role added in the database is no role: the row is left out, and said so. */
static void test_a_row_changed_behind_our_back(void)
{
    TestStore r;
    register_open(&r);
    const Principal li = person("li", 1, KEY_ED25519);
    const Principal wang = person("wang", 2, KEY_ED25519);
    EXPECT_OK(enter(&r, &li, false));
    EXPECT_OK(enter(&r, &wang, false));
    EXPECT_OK(store_execute(
            r.store, "UPDATE principal SET roles = roles | 2 WHERE id = 'li'", NULL, 0));
    CLEANUP(principal_book_close) PrincipalBook *book = NULL;
    size_t loaded = 0;
    size_t left_out = 0;
    EXPECT_OK(principal_book_open(&book));
    EXPECT_OK(principal_book_refresh(book, r.batcher, &loaded, &left_out));
    EXPECT(loaded == 1 && left_out == 1);
    Principal found;
    EXPECT_REFUSED(principal_book_find(book, SPAN("li"), &found), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT_OK(principal_book_find(book, SPAN("wang"), &found));
    test_store_close(&r);
}

static void test_ids_and_keys(void)
{
    static const char *const wrong[] = { "", "Li", "1li", "li wang", "li/wang", "-li", "李",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddd" };
    EXPECT(principal_id_is_valid(SPAN("li.wang-2_x")));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT(!principal_id_is_valid(span_of_text(wrong[i])));
    CLEANUP(private_key_free) PrivateKey *rsa = NULL;
    Principal p = { 0 };
    EXPECT_OK(private_key_generate(KEY_RSA, &rsa));
    EXPECT_REFUSED(principal_set_key(&p, private_key_public(rsa)), REFUSED_PRINCIPAL_KEY);
}

TESTS(TEST(test_what_comes_back_is_what_went_in), TEST(test_a_person_is_one),
        TEST(test_an_id_is_never_given_again), TEST(test_a_row_changed_behind_our_back),
        TEST(test_ids_and_keys))
