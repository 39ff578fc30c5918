/*
 * Goal: a path reaches a handler only when it fits a pattern to the byte; everything else is denied
 * (LL-4.5.2). Method: the whole table below against each path, among them those that other servers
 * have let through: dots, doubled and encoded slashes, letters in another case, cut and overlong
 * ones.
 */
#include "api/routes.h"

#include "base/expect.h"

#include <stdio.h>

static bool fits(const char *pattern, const char *path, const char *wanted_rest)
{
    Span rest = SPAN("untouched");
    const bool matched = route_matches(pattern, span_of_text(path), &rest);
    return matched && span_equal(rest, span_of_text(wanted_rest));
}

static bool denied(const char *pattern, const char *path)
{
    Span rest = { 0 };
    return !route_matches(pattern, span_of_text(path), &rest) && rest.size == 0;
}

static void test_exact_paths(void)
{
    EXPECT(fits("/healthz", "/healthz", ""));
    static const char *const others[] = { "", "/", "/health", "/healthz/", "/healthz/x",
        "//healthz", "/./healthz", "/Healthz", "/healthz%00", "/%68ealthz", "healthz", "/healthz;a",
        "/x/../healthz" };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        EXPECT(denied("/healthz", others[i]));
}

static void test_the_star_is_one_segment(void)
{
    EXPECT(fits("/orders/*", "/orders/a", "a"));
    EXPECT(fits("/orders/*/pay", "/orders/a/pay", "a"));
    EXPECT(fits("/orders/*/pay", "/orders/pay/pay", "pay"));
    static const char *const last[] = { "/orders/", "/orders", "/orders//", "/orders/a/b",
        "/orders/a/", "/orders//a", "/order/a", "/Orders/a", "/orders/../healthz", "" };
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
        EXPECT(denied("/orders/*", last[i]));
    static const char *const middle[] = { "/orders//pay", "/orders/pay", "/orders/a/b/pay",
        "/orders/a/pay/", "/orders/a/pa", "/orders/a/payx", "/orders/a//pay", "/orders/../a/pay" };
    for (size_t i = 0; i < sizeof(middle) / sizeof(middle[0]); i++)
        EXPECT(denied("/orders/*/pay", middle[i]));
}

/* What a star takes is never decoded here: an encoded slash stays three characters, which the
 * handler's grammar refuses. */
static void test_nothing_is_decoded(void)
{
    EXPECT(fits("/orders/*", "/orders/a%2Fb", "a%2Fb"));
    EXPECT(fits("/orders/*", "/orders/..", ".."));
    EXPECT(fits("/orders/*", "/orders/%2e%2e", "%2e%2e"));
    EXPECT(!payment_out_trade_no_is_valid(SPAN("ABCDE%2Fb")));
    EXPECT(!payment_prepay_id_is_valid(SPAN("..")));
    EXPECT(!payment_transaction_id_is_valid(SPAN("%2e%2e")));
    EXPECT(denied("/orders/*", "/orders%2Fa"));
    EXPECT(denied("/orders/*/pay", "/orders/a%2Fpay"));
}

static void test_bytes_that_are_no_text(void)
{
    static const uint8_t with_nul[] = "/orders/a\0b";
    static const uint8_t high[] = { '/', 'o', 'r', 'd', 'e', 'r', 's', '/', 0xFF };
    Span rest = { 0 };
    EXPECT(route_matches("/orders/*", (Span) { with_nul, sizeof(with_nul) - 1 }, &rest));
    EXPECT(rest.size == 3 && !payment_out_trade_no_is_valid(rest));
    EXPECT(route_matches("/orders/*", SPAN_OF(high), &rest) && rest.size == 1);
    EXPECT(!route_matches("/healthz", (Span) { (const uint8_t *)"/healthz\0", 9 }, &rest));
    EXPECT(!route_matches("/healthz", (Span) { NULL, 0 }, &rest));
    EXPECT(!route_matches("/orders/*", (Span) { NULL, 0 }, &rest));
}

static void test_the_longest_paths(void)
{
    static char path[HTTP_HEAD_BYTES_MAX + 1];
    memset(path, 'a', sizeof(path) - 1);
    memcpy(path, "/orders/", 8);
    EXPECT(fits("/orders/*", path, path + 8));
    EXPECT(denied("/orders/*/pay", path));
    memcpy(path + sizeof(path) - 5, "/pay", 5);
    Span rest = { 0 };
    EXPECT(route_matches("/orders/*/pay", span_of_text(path), &rest));
    EXPECT(rest.size == sizeof(path) - 1 - 8 - 4);
    path[sizeof(path) / 2] = '/';
    EXPECT(denied("/orders/*/pay", path));
}

/* Each real route answers to its own path and to no other route's. */
static void test_the_table_is_unambiguous(void)
{
    for (size_t i = 0; i < routes_count(); i++) {
        char path[256];
        const char *star = strchr(routes_at(i)->pattern, '*');
        const int before = star == NULL ? (int)strlen(routes_at(i)->pattern)
                                        : (int)(star - routes_at(i)->pattern);
        snprintf(path, sizeof(path), "%.*s%s%s", before, routes_at(i)->pattern,
                star == NULL ? "" : "ANY-123", star == NULL ? "" : star + 1);
        size_t hits = 0;
        Span rest = { 0 };
        for (size_t k = 0; k < routes_count(); k++) {
            if (routes_at(k)->method != routes_at(i)->method) continue;
            if (route_matches(routes_at(k)->pattern, span_of_text(path), &rest)) hits++;
        }
        EXPECT(hits == 1);
    }
    EXPECT(routes_count() == 67);
}

TESTS(TEST(test_exact_paths), TEST(test_the_star_is_one_segment), TEST(test_nothing_is_decoded),
        TEST(test_bytes_that_are_no_text), TEST(test_the_longest_paths),
        TEST(test_the_table_is_unambiguous))
