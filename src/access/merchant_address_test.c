/* Goal: a merchant who named addresses is served from there alone, and one who named none from
 * anywhere (LL-4.1). Method: what people write as an address and what is none; units that come from
 * inside and outside of networks, and from nowhere, against lists of several lengths. */
#include "access/merchant_address.h"

#include "base/expect.h"
#include "store/store_for_tests.h"

#include <stdio.h>

static void test_one_form_alone_is_an_address(void)
{
    static const char *const right[] = { "203.0.113.7", "203.0.113.0/28", "10.0.0.0/8",
        "2001:db8::1", "2001:db8::/32", "127.0.0.1", "::1", "198.51.100.4/30" };
    static const char *const wrong[] = { "", "localhost", "203.0.113.7/32", "203.0.113.7/28",
        "0.0.0.0/0", "::/0", "203.0.113.0/", "203.0.113.0/08", "203.0.113.0/33", "203.0.113.0 /28",
        " 203.0.113.7", "203.0.113.7 ", "203.0.113.7,203.0.113.8", "203.0.113.007", "2001:DB8::1",
        "2001:0db8::1", "2001:db8:0:0:0:0:0:1", "::ffff:1.2.3.4", "2001:db8::1/128",
        "[2001:db8::1]", "203.0.113.7:443", "fe80::1%eth0", "*", "203.0.113.*",
        "203.0.113.0-203.0.113.7" };
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        MerchantList list = { 0 };
        EXPECT_OK(merchant_list_add(&merchant_addresses, &list, span_of_text(right[i])));
        EXPECT_REFUSED(merchant_list_add(&merchant_addresses, &list, span_of_text(right[i])),
                REFUSED_ADDRESS_KNOWN);
        EXPECT_OK(merchant_list_remove(&merchant_addresses, &list, span_of_text(right[i])));
        EXPECT(list.items[0] == 0);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        MerchantList list = { 0 };
        const Status s = merchant_list_add(&merchant_addresses, &list, span_of_text(wrong[i]));
        if (!status_is(s, (StatusCode)REFUSED_ADDRESS_FORMAT))
            fprintf(stderr, "taken: %s\n", wrong[i]);
        EXPECT_REFUSED(s, REFUSED_ADDRESS_FORMAT);
    }
}

static void test_the_list_is_no_longer_than_it_may_be(void)
{
    MerchantList list = { 0 };
    char text[40];
    for (int i = 0; i < MERCHANT_ADDRESSES_MAX; i++) {
        snprintf(text, sizeof(text), "2001:db8:ffff:ffff:ffff:ffff:ffff:ff%02x", 16 + i);
        EXPECT_OK(merchant_list_add(&merchant_addresses, &list, span_of_text(text)));
    }
    EXPECT_REFUSED(merchant_list_add(&merchant_addresses, &list, SPAN("203.0.113.7")),
            REFUSED_ADDRESS_TOO_MANY);
    EXPECT_REFUSED(merchant_list_remove(&merchant_addresses, &list, SPAN("203.0.113.7")),
            REFUSED_ADDRESS_UNKNOWN);
}

/* --- who comes from where --- */

typedef struct Come {
    Unit unit;
    const char *puts; /* the list from here on; NULL: it only asks */
} Come;

static Status come_gather(Unit *unit, Rows *rows) { return merchant_address_gather(rows, "m1"); }

static Status come_run(Unit *unit, Rows *rows)
{
    const Come *come = (const Come *)unit;
    MerchantList list = { 0 };
    if (come->puts == NULL) return merchant_address_admit(rows, "m1");
    snprintf(list.items, sizeof(list.items), "%s", come->puts);
    return merchant_list_put(&merchant_addresses, rows, "m1", &list);
}

static TestStore store;

static Status come(const char *from, const char *puts)
{
    Come unit = { .unit = { .gather = come_gather, .run = come_run, .from = from }, .puts = puts };
    return unit_wait(store.batcher, &unit.unit);
}

static void test_who_named_some_is_served_from_there_alone(void)
{
    static const StoreSchema *const schemas[] = { &access_schema };
    static const char *const inside[] = { "merchant/203.0.113.16", "merchant/203.0.113.31",
        "merchant/198.51.100.9", "merchant/2001:db8:1::7", "merchant/::ffff:198.51.100.9" };
    static const char *const outside[] = { "merchant/203.0.113.15", "merchant/203.0.113.32",
        "merchant/198.51.100.8", "merchant/2001:db8:2::7", "merchant/::1", "merchant/", "merchant",
        "", "198.51.100.9", "merchant/198.51.100.9/x" };
    test_store_open(&store, schemas, 1, 1000);
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        EXPECT_OK(come(outside[i], NULL)); /* nobody has said where from */
    EXPECT_OK(come("", " 203.0.113.16/28 198.51.100.9 2001:db8:1::/48"));
    for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
        EXPECT_OK(come(inside[i], NULL));
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
        EXPECT_REFUSED(come(outside[i], NULL), REFUSED_ADDRESS_OTHER);
    EXPECT_REFUSED(come(NULL, NULL), REFUSED_ADDRESS_OTHER);
    EXPECT_OK(come("", ""));
    EXPECT_OK(come("merchant/203.0.113.15", NULL));
    test_store_close(&store);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&merchant_address_table)); }

TESTS(TEST(test_one_form_alone_is_an_address), TEST(test_the_list_is_no_longer_than_it_may_be),
        TEST(test_who_named_some_is_served_from_there_alone), TEST(test_the_table_is_dense))
