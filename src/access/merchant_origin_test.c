/* Goal: no text gets into a content policy that is not one https origin (TP-19). Method: what
 * browsers or people might write instead; the list full, empty, and with what it has already. */
#include "access/merchant_origin.h"

#include "base/expect.h"

#include <stdio.h>

static void test_one_form_alone_is_an_origin(void)
{
    static const char *const right[] = { "https://shop.example", "https://a", "https://a-b.c:8443",
        "https://127.0.0.1:1", "https://xn--fiq228c.example:65535" };
    static const char *const wrong[] = { "", "https://", "http://shop.example",
        "https://Shop.example", "HTTPS://shop.example", "https://shop.example/",
        "https://shop.example/a", "https://shop.example?a", "https://shop.example#a",
        "https://u@shop.example", "https://*.example", "https://*", "*", "'self'",
        "https://shop.example:443", "https://shop.example:0", "https://shop.example:08443",
        "https://shop.example:65536", "https://shop.example:", "https://shop.example:1:2",
        "https://.example", "https://shop..example", "https://shop.example.",
        "https://-shop.example", "https://shop-.example",
        "https://shop.example https://evil.example", "https://shop.example;script-src *",
        "https://shop.example\n", "https://shop_1.example", "https://[::1]",
        "https://m\xc3\xbcnchen.example" };
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        MerchantList origins = { 0 };
        EXPECT_OK(merchant_list_add(&merchant_origins, &origins, span_of_text(right[i])));
        EXPECT(origins.items[0] == ' ' && strcmp(origins.items + 1, right[i]) == 0);
    }
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        MerchantList origins = { 0 };
        const Status s = merchant_list_add(&merchant_origins, &origins, span_of_text(wrong[i]));
        if (!status_is(s, (StatusCode)REFUSED_ORIGIN_FORMAT))
            fprintf(stderr, "taken: %s\n", wrong[i]);
        EXPECT_REFUSED(s, REFUSED_ORIGIN_FORMAT);
        EXPECT(origins.items[0] == 0);
    }
}

static void test_the_list_holds_each_once_and_no_more_than_it_may(void)
{
    MerchantList origins = { 0 };
    char origin[MERCHANT_LIST_ITEM_BYTES_MAX + 2];
    for (int i = 0; i < MERCHANT_ORIGINS_MAX; i++) {
        snprintf(origin, sizeof(origin), "https://%089d.a%d", i, i); /* the longest */
        EXPECT(strlen(origin) == MERCHANT_LIST_ITEM_BYTES_MAX);
        EXPECT_OK(merchant_list_add(&merchant_origins, &origins, span_of_text(origin)));
        EXPECT_REFUSED(merchant_list_add(&merchant_origins, &origins, span_of_text(origin)),
                REFUSED_ORIGIN_KNOWN);
    }
    EXPECT_REFUSED(merchant_list_add(&merchant_origins, &origins, SPAN("https://b")),
            REFUSED_ORIGIN_TOO_MANY);
    snprintf(origin, sizeof(origin), "https://%090d.a0", 0);
    EXPECT_REFUSED(merchant_list_add(&merchant_origins, &origins, span_of_text(origin)),
            REFUSED_ORIGIN_FORMAT);
}

static void test_what_is_removed_is_gone_alone(void)
{
    MerchantList origins = { " https://a https://ab https://b" };
    EXPECT_REFUSED(merchant_list_remove(&merchant_origins, &origins, SPAN("https://")),
            REFUSED_ORIGIN_UNKNOWN);
    EXPECT_OK(merchant_list_remove(&merchant_origins, &origins, SPAN("https://a")));
    EXPECT(strcmp(origins.items, " https://ab https://b") == 0);
    EXPECT_REFUSED(merchant_list_remove(&merchant_origins, &origins, SPAN("https://a")),
            REFUSED_ORIGIN_UNKNOWN);
    EXPECT_OK(merchant_list_remove(&merchant_origins, &origins, SPAN("https://b")));
    EXPECT_OK(merchant_list_remove(&merchant_origins, &origins, SPAN("https://ab")));
    EXPECT(origins.items[0] == 0);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&merchant_origin_table)); }

TESTS(TEST(test_one_form_alone_is_an_origin),
        TEST(test_the_list_holds_each_once_and_no_more_than_it_may),
        TEST(test_what_is_removed_is_gone_alone), TEST(test_the_table_is_dense))
