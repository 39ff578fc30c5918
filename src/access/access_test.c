/* Goal: a signature is checked only with keys that verified rows vouch for; every stranger gets the
 * right name; a payer's day counts once. */
#include "access/caller.h"
#include "access/directory.h"
#include "access/payer.h"
#include "store/store_for_tests.h"

static void register_open(TestStore *r)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    test_store_open(r, schemas, 1, 1000);
}

typedef struct Entry {
    Unit unit;
    Merchant merchant;
    MerchantKey key;
    Payer payer;
    char what; /* 'm'erchant and key, 'k'ey, 'u'pdate key, 'p'ayer, 'c'ount, 'g'ive back, 'a'dmit */
    int64_t day;
} Entry;

static Status entry_gather(Unit *unit, Rows *rows)
{
    const Entry *e = (const Entry *)unit;
    int64_t account = 0;
    TRY(merchant_gather(rows, e->merchant.mchid, e->key.serial, &account));
    return payer_gather(rows, e->payer.id, &account);
}

static Status entry_run(Unit *unit, Rows *rows)
{
    Entry *e = (Entry *)unit;
    switch (e->what) {
    case 'm': TRY(merchant_insert(rows, &e->merchant)); return merchant_key_insert(rows, &e->key);
    case 'k': return merchant_key_insert(rows, &e->key);
    case 'u': return merchant_key_update(rows, &e->key);
    case 'p': return payer_insert(rows, &e->payer);
    case 'c': return payer_count(rows, e->payer.id, e->day, 100);
    case 'g': return payer_uncount(rows, e->payer.id, e->day, 100);
    default: return merchant_admit(rows, e->merchant.mchid, e->key.serial, &e->merchant);
    }
}

static Entry entry_of(char what, const char *mchid, const char *serial, PrivateKey *signer)
{
    Entry e = { .unit = { .gather = entry_gather, .run = entry_run },
        .what = what,
        .merchant = { .status = STATUS_LIVE,
                .account = 5000,
                .suite = MERCHANT_SM2,
                .limit_minor = 9 },
        .key = { .status = STATUS_LIVE, .expires_us = 2000, .algorithm = KEY_SM2 },
        .payer = { .id = "p1", .status = STATUS_LIVE, .account = 6000, .day = 7 } };
    snprintf(e.merchant.mchid, sizeof(e.merchant.mchid), "%s", mchid);
    snprintf(e.merchant.name, sizeof(e.merchant.name), "Shop");
    snprintf(e.key.mchid, sizeof(e.key.mchid), "%s", mchid);
    snprintf(e.key.serial, sizeof(e.key.serial), "%s", serial);
    if (signer == NULL) return e;
    Buffer spki = BUFFER_OF(e.key.spki);
    ASSERT(status_ok(public_key_to_spki(private_key_public(signer), &spki)));
    e.key.spki_size = spki.size;
    return e;
}

static Status enter(TestStore *r, Entry e) { return unit_wait(r->batcher, &e.unit); }

static PrivateKey *signer_new(void)
{
    PrivateKey *key = NULL;
    ASSERT(status_ok(private_key_generate(KEY_SM2, &key)));
    return key;
}

static Status look(MerchantDirectory *d, const char *mchid, const char *serial, int64_t now_us,
        DirectoryKey *ret)
{
    return directory_find(d, span_of_text(mchid), span_of_text(serial), now_us, ret);
}

static void directory_drop(MerchantDirectory **d) { directory_close(d); }

static void test_strangers_are_told_apart(void)
{
    TestStore r;
    register_open(&r);
    CLEANUP(private_key_free) PrivateKey *a = signer_new();
    CLEANUP(directory_drop) MerchantDirectory *d = NULL;
    DirectoryKey key = { 0 };
    size_t loaded = 0;
    size_t left_out = 0;
    EXPECT_OK(directory_open(&d));
    EXPECT_REFUSED(look(d, "m1", "AA", 0, &key), REFUSED_MERCHANT_UNKNOWN);
    EXPECT_OK(enter(&r, entry_of('m', "m1", "AA", a)));
    EXPECT_REFUSED(enter(&r, entry_of('m', "m1", "AB", a)), REFUSED_MERCHANT_EXISTS);
    EXPECT_REFUSED(enter(&r, entry_of('k', "m1", "AA", a)), REFUSED_MERCHANT_KEY_EXISTS);
    EXPECT_OK(directory_refresh(d, r.batcher, &loaded, &left_out));
    EXPECT(loaded == 1 && left_out == 0);
    EXPECT_OK(look(d, "m1", "AA", 1999, &key));
    EXPECT(key.algorithm == KEY_SM2 && key.suite == MERCHANT_SM2);
    EXPECT_REFUSED(look(d, "m1", "AA", 2000, &key), REFUSED_MERCHANT_KEY_EXPIRED);
    EXPECT_REFUSED(look(d, "m1", "AB", 0, &key), REFUSED_MERCHANT_KEY_UNKNOWN);
    EXPECT_REFUSED(look(d, "m2", "AA", 0, &key), REFUSED_MERCHANT_UNKNOWN);
    EXPECT_REFUSED(look(d, "", "", 0, &key), REFUSED_MERCHANT_UNKNOWN);

    uint8_t memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(memory);
    EXPECT_OK(sign_make(a, SPAN("hello"), &signature));
    EXPECT_OK(look(d, "m1", "AA", 0, &key));
    EXPECT_OK(sign_verify(key.key, SPAN("hello"), span_of_buffer(&signature)));
    test_store_close(&r);
}

static void test_serials_belong_to_their_merchant(void)
{
    TestStore r;
    register_open(&r);
    CLEANUP(private_key_free) PrivateKey *a = signer_new();
    CLEANUP(private_key_free) PrivateKey *b = signer_new();
    CLEANUP(directory_drop) MerchantDirectory *d = NULL;
    DirectoryKey first = { 0 };
    DirectoryKey second = { 0 };
    size_t loaded = 0;
    size_t left_out = 0;
    EXPECT_OK(directory_open(&d));
    EXPECT_OK(enter(&r, entry_of('m', "m1", "AA", a)));
    EXPECT_OK(enter(&r, entry_of('m', "m2", "AA", b)));
    EXPECT_OK(directory_refresh(d, r.batcher, &loaded, &left_out));
    EXPECT_OK(look(d, "m1", "AA", 0, &first));
    EXPECT_OK(look(d, "m2", "AA", 0, &second));
    uint8_t prints[2][32];
    public_key_fingerprint(first.key, prints[0]);
    public_key_fingerprint(second.key, prints[1]);
    EXPECT(!bytes_equal_ct(prints[0], prints[1], 32));
    test_store_close(&r);
}

static Status execute(void *context, Store *store)
{
    return store_execute(store, context, NULL, 0);
}

static void test_a_swapped_key_is_left_out(void)
{
    static char swap[] = "UPDATE merchant_key SET spki ="
                         " (SELECT spki FROM merchant_key WHERE mchid = 'm2') WHERE mchid = 'm1'";
    TestStore r;
    register_open(&r);
    CLEANUP(private_key_free) PrivateKey *a = signer_new();
    CLEANUP(private_key_free) PrivateKey *b = signer_new();
    CLEANUP(directory_drop) MerchantDirectory *d = NULL;
    DirectoryKey key = { 0 };
    size_t loaded = 0;
    size_t left_out = 0;
    EXPECT_OK(directory_open(&d));
    EXPECT_OK(enter(&r, entry_of('m', "m1", "AA", a)));
    EXPECT_OK(enter(&r, entry_of('m', "m2", "AA", b)));
    EXPECT_OK(batcher_between(r.batcher, execute, swap));
    EXPECT_OK(directory_refresh(d, r.batcher, &loaded, &left_out));
    EXPECT(loaded == 1 && left_out == 1);
    EXPECT_REFUSED(look(d, "m1", "AA", 0, &key), REFUSED_MERCHANT_UNKNOWN);
    EXPECT_OK(look(d, "m2", "AA", 0, &key));
    EXPECT_REFUSED(enter(&r, entry_of('a', "m1", "AA", NULL)), REFUSED_ROW_SEAL_MISMATCH);
    EXPECT_OK(enter(&r, entry_of('a', "m2", "AA", NULL)));
    test_store_close(&r);
}

static void test_a_revoked_key_stays_readable_for_who_holds_it(void)
{
    TestStore r;
    register_open(&r);
    CLEANUP(private_key_free) PrivateKey *a = signer_new();
    CLEANUP(private_key_free) PrivateKey *b = signer_new();
    CLEANUP(directory_drop) MerchantDirectory *d = NULL;
    DirectoryKey key = { 0 };
    EXPECT_OK(directory_open(&d));
    Entry e = entry_of('m', "m1", "AA", a);
    EXPECT_OK(directory_put(d, &e.merchant, &e.key));
    EXPECT_OK(look(d, "m1", "AA", 0, &key));
    const PublicKey *held = key.key;
    EXPECT_OK(directory_put(d, &e.merchant, &e.key)); /* the same again: the same pointer */
    EXPECT_OK(look(d, "m1", "AA", 0, &key));
    EXPECT(key.key == held);
    Entry other = entry_of('m', "m1", "AA", b);
    EXPECT_OK(directory_put(d, &other.merchant, &other.key));
    EXPECT_OK(look(d, "m1", "AA", 0, &key));
    EXPECT(key.key != held && public_key_algorithm(held) == KEY_SM2); /* ASan: still there */
    other.key.status = STATUS_CLOSED;
    EXPECT_OK(directory_put(d, &other.merchant, &other.key));
    EXPECT_REFUSED(look(d, "m1", "AA", 0, &key), REFUSED_MERCHANT_KEY_EXPIRED);
    other.merchant.status = STATUS_STOPPED;
    EXPECT_OK(directory_put(d, &other.merchant, &other.key));
    EXPECT_REFUSED(look(d, "m1", "AA", 0, &key), REFUSED_MERCHANT_CLOSED);
    Entry broken = entry_of('m', "m3", "AA", a);
    broken.key.spki_size -= 1;
    EXPECT_REFUSED(directory_put(d, &broken.merchant, &broken.key), REFUSED_KEY_FORMAT);
    broken = entry_of('m', "m3", "AA", a);
    broken.key.algorithm = KEY_RSA;
    EXPECT_REFUSED(directory_put(d, &broken.merchant, &broken.key), REFUSED_KEY_FORMAT);
    EXPECT_REFUSED(look(d, "m3", "AA", 0, &key), REFUSED_MERCHANT_UNKNOWN);
    test_store_close(&r);
}

static void test_more_keys_than_one_group_are_loaded(void)
{
    TestStore r;
    register_open(&r);
    CLEANUP(private_key_free) PrivateKey *a = signer_new();
    CLEANUP(directory_drop) MerchantDirectory *d = NULL;
    DirectoryKey key = { 0 };
    size_t loaded = 0;
    size_t left_out = 0;
    EXPECT_OK(directory_open(&d));
    EXPECT_OK(enter(&r, entry_of('m', "m1", "S0", a)));
    for (int i = 1; i < 2 * DIRECTORY_GROUP_MAX; i++) {
        char serial[8];
        snprintf(serial, sizeof(serial), "S%d", i);
        EXPECT_OK(enter(&r, entry_of('k', "m1", serial, a)));
    }
    EXPECT_OK(directory_refresh(d, r.batcher, &loaded, &left_out));
    EXPECT(loaded == 2 * DIRECTORY_GROUP_MAX && left_out == 0);
    EXPECT_OK(look(d, "m1", "S63", 0, &key));
    test_store_close(&r);
}

static void test_admission_names_what_is_missing(void)
{
    TestStore r;
    register_open(&r);
    EXPECT_REFUSED(enter(&r, entry_of('a', "m1", "AA", NULL)), REFUSED_MERCHANT_UNKNOWN);
    Entry e = entry_of('m', "m1", "AA", NULL);
    e.key.spki_size = 1;
    EXPECT_OK(enter(&r, e));
    EXPECT_OK(enter(&r, entry_of('a', "m1", "AA", NULL)));
    EXPECT_REFUSED(enter(&r, entry_of('a', "m1", "AB", NULL)), REFUSED_MERCHANT_KEY_UNKNOWN);
    r.now_us = 2000;
    EXPECT_REFUSED(enter(&r, entry_of('a', "m1", "AA", NULL)), REFUSED_MERCHANT_KEY_EXPIRED);
    r.now_us = 1000;
    e.what = 'u';
    e.key.status = STATUS_CLOSED;
    EXPECT_OK(enter(&r, e));
    EXPECT_REFUSED(enter(&r, entry_of('a', "m1", "AA", NULL)), REFUSED_MERCHANT_KEY_EXPIRED);
    e = entry_of('m', "m2", "AA", NULL);
    e.key.spki_size = 1;
    e.merchant.status = STATUS_STOPPED;
    EXPECT_OK(enter(&r, e));
    EXPECT_REFUSED(enter(&r, entry_of('a', "m2", "AA", NULL)), REFUSED_MERCHANT_CLOSED);
    test_store_close(&r);
}

typedef struct Question {
    const char *sql;
    int64_t answer;
} Question;

static Status ask(void *context, Store *store)
{
    Question *q = context;
    q->answer = practice_number(store, q->sql);
    return OK;
}

/* count * 1000 + minor + day * 1,000,000 */
static int64_t counters(TestStore *r)
{
    Question q = { "SELECT day * 1000000 + day_count * 1000 + day_minor FROM payer", 0 };
    ASSERT(status_ok(batcher_between(r->batcher, ask, &q)));
    return q.answer;
}

static void test_a_day_counts_and_gives_back(void)
{
    TestStore r;
    register_open(&r);
    Entry e = entry_of('p', "m1", "AA", NULL);
    EXPECT_OK(enter(&r, e));
    EXPECT_REFUSED(enter(&r, e), REFUSED_PAYER_EXISTS);
    e.what = 'c';
    e.day = 7;
    EXPECT_OK(enter(&r, e));
    EXPECT_OK(enter(&r, e));
    EXPECT(counters(&r) == 7002200);
    e.what = 'g';
    EXPECT_OK(enter(&r, e));
    EXPECT(counters(&r) == 7001100);
    e.what = 'c';
    e.day = 8;
    EXPECT_OK(enter(&r, e));
    EXPECT(counters(&r) == 8001100);
    e.what = 'g';
    e.day = 7; /* yesterday's hold is released today: today's counters stay */
    EXPECT_OK(enter(&r, e));
    EXPECT(counters(&r) == 8001100);
    e.what = 'c';
    e.day = 6; /* a clock that steps back opens no fresh day */
    EXPECT_OK(enter(&r, e));
    EXPECT(counters(&r) == 8002200);
    test_store_close(&r);
}

static void test_names_have_their_grammar(void)
{
    EXPECT(merchant_id_is_valid(SPAN("1900000001")) && merchant_id_is_valid(SPAN("m_a-Z")));
    EXPECT(!merchant_id_is_valid(SPAN("")) && !merchant_id_is_valid(SPAN("a/b")));
    EXPECT(!merchant_id_is_valid(SPAN("123456789012345678901234567890123")));
    /* None is called like the house: its name would open what the house keeps under it. */
    EXPECT(!merchant_id_is_valid(SPAN("hufu")) && !merchant_id_is_valid(SPAN("house")));
    EXPECT(!caller_tenant_is_valid(SPAN("hufu")) && !caller_tenant_is_valid(SPAN("a/b")));
    EXPECT(caller_tenant_is_valid(SPAN("house")) && caller_name_is_valid(SPAN("hufu")));
    EXPECT(merchant_serial_is_valid(SPAN("PUB_KEY_ID_0114232134912410000000000000")));
    EXPECT(merchant_serial_is_valid(SPAN("5157F09EFDC096DE15EBE81A47057A7232F1B8E1")));
    EXPECT(!merchant_serial_is_valid(SPAN("5157f0")) && !merchant_serial_is_valid(SPAN("A B")));
    EXPECT(payer_id_is_valid(SPAN("p1")) && !payer_id_is_valid(SPAN("p'1"))
            && !payer_id_is_valid(SPAN("")));
    EXPECT(table_is_dense(&merchant_table) && table_is_dense(&merchant_key_table)
            && table_is_dense(&payer_table));
}

TESTS(TEST(test_strangers_are_told_apart), TEST(test_serials_belong_to_their_merchant),
        TEST(test_a_swapped_key_is_left_out),
        TEST(test_a_revoked_key_stays_readable_for_who_holds_it),
        TEST(test_more_keys_than_one_group_are_loaded), TEST(test_admission_names_what_is_missing),
        TEST(test_a_day_counts_and_gives_back), TEST(test_names_have_their_grammar))
