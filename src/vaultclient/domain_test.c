#include "vaultclient/domain_inside.h"

#include "base/expect.h"
#include "store/practice.h"

static char path[EXPECT_PATH_BYTES];

static void remove_file(void) { practice_remove(expect_path("domain-test", path)); }

static void records_come_back(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN("p1"), &record), REFUSED_ROW_MISSING);
    EXPECT_OK(domain_put_verifier(domain, SPAN("p1"), SPAN("one\0zero")));
    EXPECT_OK(domain_put_verifier(domain, SPAN("p1"), SPAN("two\0zero")));
    EXPECT_OK(domain_put_signing_key(domain, SPAN("p1"), SPAN("key")));
    domain_close(domain);

    EXPECT_OK(domain_open(path, NULL, &domain)); /* durable, and the tables are apart */
    EXPECT_OK(domain_get_verifier(domain, SPAN("p1"), &record));
    EXPECT(span_equal(span_of_buffer(&record), SPAN("two\0zero")));
    record.size = 0;
    EXPECT_OK(domain_get_signing_key(domain, SPAN("p1"), 0, &record));
    EXPECT(span_equal(span_of_buffer(&record), SPAN("key")));
    EXPECT_REFUSED(domain_get_signing_key(domain, SPAN("p2"), 0, &record), REFUSED_ROW_MISSING);
    domain_close(domain);
    remove_file();
}

static bool has_key(DomainStore *domain, const char *mchid, int64_t now_us, const char *wanted)
{
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    return status_ok(domain_get_signing_key(domain, span_of_text(mchid), now_us, &record))
            && span_equal(span_of_buffer(&record), span_of_text(wanted));
}

/* Two keys of a merchant: the old one until its time, the new one from there on or from when it is
 * called for; then the old one is in no row. */
static void keys_follow_one_another(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    EXPECT_REFUSED(
            domain_put_next_signing_key(domain, SPAN("m1"), SPAN("new"), 100), REFUSED_ROW_MISSING);
    EXPECT_OK(domain_put_signing_key(domain, SPAN("m1"), SPAN("old")));
    EXPECT_OK(domain_put_signing_key(domain, SPAN("m2"), SPAN("other")));
    EXPECT_OK(domain_put_next_signing_key(domain, SPAN("m1"), SPAN("wrong"), 50));
    EXPECT_OK(domain_put_next_signing_key(domain, SPAN("m1"), SPAN("new"), 100));
    EXPECT(has_key(domain, "m1", 99, "old") && has_key(domain, "m1", 100, "new"));
    EXPECT_OK(domain_turn_signing_keys(domain, 99));
    EXPECT(has_key(domain, "m1", 99, "old"));
    EXPECT_OK(domain_turn_signing_keys(domain, 100));
    EXPECT(has_key(domain, "m1", 0, "new") && has_key(domain, "m2", 200, "other"));

    EXPECT_OK(domain_put_next_signing_key(domain, SPAN("m1"), SPAN("third"), 1000));
    EXPECT_OK(domain_turn_signing_key(domain, SPAN("m2"))); /* it has none */
    EXPECT(has_key(domain, "m1", 0, "new") && has_key(domain, "m2", 0, "other"));
    EXPECT_OK(domain_turn_signing_key(domain, SPAN("m1")));
    EXPECT(has_key(domain, "m1", 0, "third"));
    EXPECT_OK(domain_put_next_signing_key(domain, SPAN("m1"), SPAN("fourth"), 1000));
    EXPECT_OK(domain_put_signing_key(domain, SPAN("m1"), SPAN("fifth"))); /* at once, for good */
    EXPECT_OK(domain_turn_signing_keys(domain, 2000));
    EXPECT(has_key(domain, "m1", 2000, "fifth"));
    domain_close(domain);
    remove_file();
}

static void names_are_data(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    EXPECT_OK(domain_put_verifier(domain, SPAN("' OR 1=1 --"), SPAN("x")));
    uint8_t bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(bytes);
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN("%"), &record), REFUSED_ROW_MISSING);
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN(""), &record), REFUSED_ROW_MISSING);
    domain_close(domain);
    remove_file();
}

static void sizes_are_bounded(void)
{
    remove_file();
    DomainStore *domain = NULL;
    EXPECT_OK(domain_open(path, NULL, &domain));
    static uint8_t big[DOMAIN_RECORD_BYTES_MAX + 1];
    char name[DOMAIN_NAME_BYTES_MAX + 1];
    memset(name, 'a', sizeof(name));
    EXPECT_REFUSED(domain_put_verifier(domain, SPAN("p"), SPAN_OF(big)), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(domain_put_verifier(domain, SPAN_OF(name), SPAN("x")), REFUSED_BUFFER_FULL);
    EXPECT_OK(domain_put_verifier(domain, SPAN("p"), (Span) { big, DOMAIN_RECORD_BYTES_MAX }));
    Buffer tight = { big, 0, 10 };
    EXPECT_REFUSED(domain_get_verifier(domain, SPAN("p"), &tight), REFUSED_BUFFER_FULL);
    domain_close(domain);
    remove_file();
}

static const char put_field[] = "INSERT OR REPLACE INTO field VALUES"
                                "('t', 1, 1, 'k', 104, 's', x'00', ?1, 1, x'00', 0, x'00')";
static const char get_field[] = "SELECT mask FROM field WHERE row_key = ?1";

static Status write_mask(void *context, Store *store)
{
    const Value mask = VALUE_OF_TEXT(span_of_text(context));
    return store_execute(store, put_field, &mask, 1);
}

static bool mask_is(DomainStore *domain, Span mask)
{
    uint8_t bytes[64];
    Buffer found = BUFFER_OF(bytes);
    const Value key = VALUE_OF_TEXT(SPAN("k"));
    return status_ok(domain_get_mask(domain, CLASS_CARD, SPAN("name"), get_field, &key, 1, &found))
            && span_equal(span_of_buffer(&found), mask);
}

/* TP-8: a mask may lie in memory, as long as nothing was written. */
static void masks_are_read_once(void)
{
    remove_file();
    DomainStore *domain = NULL;
    char first[] = "**** 1111";
    char second[] = "**** 2222";
    EXPECT_OK(domain_open(path, NULL, &domain));
    EXPECT(!mask_is(domain, SPAN("**** 1111")));
    EXPECT_OK(domain_transaction(domain, write_mask, first));
    EXPECT(mask_is(domain, SPAN("**** 1111")));
    const Value other = VALUE_OF_TEXT(SPAN("**** 3333"));
    EXPECT_OK(domain_put_record(domain, CLASS_CARD, FORM_TOKEN, put_field, &other, 1));
    EXPECT(mask_is(domain, SPAN("**** 1111"))); /* from memory: nobody else writes rows so */
    EXPECT_OK(domain_transaction(domain, write_mask, second));
    EXPECT(mask_is(domain, SPAN("**** 2222")));
    /* A full number in the mask's place is shown by no cache. */
    char number[] = "4111111111111111";
    EXPECT_OK(domain_transaction(domain, write_mask, number));
    EXPECT(mask_is(domain, SPAN("4111111111111111")));
    EXPECT_OK(domain_put_record(domain, CLASS_CARD, FORM_TOKEN, put_field, &other, 1));
    EXPECT(mask_is(domain, SPAN("**** 3333")));
    domain_close(domain);
    remove_file();
}

TESTS(TEST(masks_are_read_once), TEST(records_come_back), TEST(keys_follow_one_another),
        TEST(names_are_data), TEST(sizes_are_bounded))
