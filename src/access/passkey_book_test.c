/* Goal: a passkey is its principal's alone, over restarts, and only a row that verifies is believed
 * (TP-12, LL-4.5.2). Method: rows written through the batch; a book that is loaded anew; rows that
 * were changed by hand. */
#include "access/merchant.h"
#include "access/passkey_book.h"
#include "store/store_for_tests.h"

typedef struct Register {
    TestStore rows;
    PasskeyBook *book;
} Register;

static void register_open(Register *r)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    test_store_open(&r->rows, schemas, 1, 1000);
    ASSERT(status_ok(passkey_book_open(&r->book)));
}

static void register_close(Register *r)
{
    passkey_book_close(&r->book);
    test_store_close(&r->rows);
}

typedef struct Write {
    Unit unit;
    Passkey passkey;
    bool update;
} Write;

static Status write_gather(Unit *unit, Rows *rows)
{
    const Write *work = (const Write *)unit;
    Passkey before;
    bool found = false;
    return passkey_get(rows, work->passkey.principal, work->passkey.name, &before, &found);
}

static Status write_run(Unit *unit, Rows *rows)
{
    const Write *work = (const Write *)unit;
    return work->update ? passkey_update(rows, &work->passkey)
                        : passkey_insert(rows, &work->passkey);
}

static Span id_of(const Passkey *p) { return (Span) { p->key.id, p->key.id_size }; }

static Passkey passkey_of(const char *principal, uint8_t number)
{
    Passkey p = { .status = STATUS_LIVE, .added_us = number };
    p.key = (PasskeyKey) { .id = { number, 1, 2 },
        .id_size = 20,
        .algorithm = KEY_P256,
        .spki = { number },
        .spki_size = 91,
        .count = UINT32_MAX - number,
        .may_be_copied = number % 2 == 0 };
    snprintf(p.principal, sizeof(p.principal), "%s", principal);
    passkey_name(id_of(&p), p.name);
    return p;
}

static Status write_passkey(Register *r, const Passkey *passkey, bool update)
{
    Write work = {
        .unit = { .gather = write_gather, .run = write_run }, .passkey = *passkey, .update = update
    };
    TRY(unit_wait(r->rows.batcher, &work.unit));
    return passkey_book_put(r->book, passkey);
}

static void refresh(Register *r, size_t loaded, size_t left_out)
{
    size_t got = 0;
    size_t out = 0;
    passkey_book_close(&r->book);
    EXPECT_OK(passkey_book_open(&r->book));
    EXPECT_OK(passkey_book_refresh(r->book, r->rows.batcher, &got, &out));
    EXPECT(got == loaded && out == left_out);
}

static bool is_same(const Passkey *a, const Passkey *b)
{
    return strcmp(a->principal, b->principal) == 0 && strcmp(a->name, b->name) == 0
            && span_equal(id_of(a), id_of(b)) && a->key.count == b->key.count
            && a->key.algorithm == b->key.algorithm && a->key.spki_size == b->key.spki_size
            && bytes_equal_ct(a->key.spki, b->key.spki, a->key.spki_size)
            && a->key.may_be_copied == b->key.may_be_copied;
}

static void test_a_passkey_is_its_principals_alone(void)
{
    Register r;
    Passkey found;
    Passkey list[PASSKEYS_EACH_MAX];
    const Passkey laptop = passkey_of("alice", 1);
    Passkey phone = passkey_of("alice", 2);
    Passkey lost = passkey_of("alice", 3);
    register_open(&r);
    EXPECT_OK(write_passkey(&r, &laptop, false));
    EXPECT_OK(write_passkey(&r, &phone, false));
    EXPECT_OK(write_passkey(&r, &lost, false));
    EXPECT_REFUSED(write_passkey(&r, &laptop, false), REFUSED_PASSKEY_EXISTS);
    lost.status = STATUS_CLOSED;
    phone.key.count++;
    EXPECT_OK(write_passkey(&r, &lost, true));
    EXPECT_OK(write_passkey(&r, &phone, true));
    for (int again = 0; again < 2; again++) {
        EXPECT_OK(passkey_book_find(r.book, SPAN("alice"), id_of(&laptop), &found));
        EXPECT(is_same(&found, &laptop));
        EXPECT_OK(passkey_book_find_id(r.book, id_of(&phone), &found));
        EXPECT(is_same(&found, &phone));
        EXPECT_REFUSED(passkey_book_find(r.book, SPAN("bob"), id_of(&laptop), &found),
                REFUSED_PASSKEY_UNKNOWN);
        EXPECT_REFUSED(passkey_book_find(r.book, SPAN("alice"), id_of(&lost), &found),
                REFUSED_PASSKEY_UNKNOWN);
        EXPECT_REFUSED(passkey_book_find_id(r.book, id_of(&lost), &found), REFUSED_PASSKEY_UNKNOWN);
        EXPECT(passkey_book_list(r.book, SPAN("alice"), list) == 2);
        EXPECT(is_same(&list[0], &laptop) && is_same(&list[1], &phone));
        refresh(&r, 2, 0);
    }
    register_close(&r);
}

/* Two with one id: a log-in by that id alone is nobody's. */
static void test_one_id_of_two_people(void)
{
    Register r;
    Passkey found;
    const Passkey alices = passkey_of("alice", 1);
    const Passkey bobs = passkey_of("bob", 1);
    register_open(&r);
    EXPECT_OK(write_passkey(&r, &alices, false));
    EXPECT_OK(write_passkey(&r, &bobs, false));
    EXPECT_REFUSED(passkey_book_find_id(r.book, id_of(&bobs), &found), REFUSED_PASSKEY_UNKNOWN);
    EXPECT_OK(passkey_book_find(r.book, SPAN("bob"), id_of(&bobs), &found));
    EXPECT(strcmp(found.principal, "bob") == 0);
    register_close(&r);
}

static void test_so_many_each(void)
{
    Register r;
    register_open(&r);
    for (uint8_t i = 0; i < PASSKEYS_EACH_MAX; i++) {
        const Passkey p = passkey_of("alice", i);
        EXPECT_OK(passkey_book_put(r.book, &p));
    }
    const Passkey more = passkey_of("alice", 200);
    const Passkey bobs = passkey_of("bob", 200);
    EXPECT_REFUSED(passkey_book_put(r.book, &more), REFUSED_PASSKEYS_FULL);
    EXPECT_OK(passkey_book_put(r.book, &bobs));
    register_close(&r);
}

static Status execute(void *context, Store *store)
{
    return store_execute(store, context, NULL, 0);
}

static void test_a_key_that_was_written_by_hand_is_not_believed(void)
{
    static char *const changes[] = { "UPDATE passkey SET principal = 'bob'",
        "UPDATE passkey SET spki = X'00'", "UPDATE passkey SET uses = 0" };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        Register r;
        const Passkey laptop = passkey_of("alice", 1);
        register_open(&r);
        EXPECT_OK(write_passkey(&r, &laptop, false));
        EXPECT_OK(batcher_between(r.rows.batcher, execute, changes[i]));
        refresh(&r, 0, 1);
        register_close(&r);
    }
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&passkey_table)); }

TESTS(TEST(test_a_passkey_is_its_principals_alone), TEST(test_one_id_of_two_people),
        TEST(test_so_many_each), TEST(test_a_key_that_was_written_by_hand_is_not_believed),
        TEST(test_the_table_is_dense))
