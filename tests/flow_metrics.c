/*
 * Goal: a monitoring system sees what the house does and whether it takes payments, in Prometheus'
 * text format, and nothing of anybody. Method: the real programs; every line is read by the
 * format's rules (version 0.0.4: families described before their samples, histograms that add up);
 * counts before and after known requests; vaultd stands still and goes on.
 */
#include "base/expect.h"
#include "merchant_steps.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_MAX = 128 * 1024, FAMILY_MAX = 128, TRIES = 300, PAUSE_MS = 100 };

static Stand stand;
static MerchantApp shop;
static HttpClient *http; /* to the payment API */
static HttpClient *watcher; /* to the metrics */
static char text[TEXT_MAX];

static Status get(HttpClient *client, const char *path, int *ret_status)
{
    const HttpCall call = { "GET", span_of_text(path), NULL, 0, { NULL, 0 } };
    HttpAnswer answer = { 0 };
    TRY(http_client_call(client, &call, &answer));
    REQUIRE(answer.body.size < sizeof(text), REFUSED_HTTP_TOO_LARGE);
    memcpy(text, answer.body.data, answer.body.size);
    text[answer.body.size] = 0;
    *ret_status = answer.status;
    return OK;
}

static bool scrape(void)
{
    int status = 0;
    return status_ok(get(watcher, "/metrics", &status)) && status == 200;
}

/* The value of a sample, by its name and labels as they are written; -1: there is none. */
static double value_of(const char *sample)
{
    char start[256];
    snprintf(start, sizeof(start), "\n%s ", sample);
    const char *at = strstr(text, start);
    return at == NULL ? -1 : strtod(at + strlen(start), NULL);
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { .notify = "notifiers: 2" }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_connect(&stand, &http));
    const HttpClientConfig config = { .address = "127.0.0.1", .port = stand.metrics_port };
    EXPECT_OK(http_client_open(&config, &watcher));
}

/* --- the format --- */

static bool is_name(const char *name, size_t size)
{
    if (size == 0 || (name[0] >= '0' && name[0] <= '9')) return false;
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != ':') return false;
    }
    return true;
}

/* name="value",...: quotes, backslashes and line ends do not stand in a value unescaped. */
static bool labels_are_right(const char *at, const char *end)
{
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (equals == NULL || !is_name(at, (size_t)(equals - at)) || equals[1] != '"') return false;
        const char *quote = memchr(equals + 2, '"', (size_t)(end - equals - 2));
        if (quote == NULL || memchr(equals + 2, '\\', (size_t)(quote - equals - 2)) != NULL)
            return false;
        at = quote + 1;
        if (at < end && *at++ != ',') return false;
    }
    return true;
}

/* A sample of the family that was described last. */
static bool sample_is_right(const char *line, const char *family)
{
    char *number_end = NULL;
    const size_t name = strcspn(line, "{ ");
    const char *rest = line + name;
    if (!is_name(line, name) || strncmp(line, family, strlen(family)) != 0) return false;
    if (*rest == '{') {
        const char *close = strrchr(rest, '}');
        if (close == NULL || !labels_are_right(rest + 1, close)) return false;
        rest = close + 1;
    }
    if (*rest != ' ') return false;
    strtod(rest + 1, &number_end);
    return number_end > rest + 1 && *number_end == 0;
}

/* "# HELP name text" or "# TYPE name kind": its name; false: it is neither. */
static bool describes(const char *line, const char *start, char ret_name[FAMILY_MAX])
{
    const size_t size = strlen(start);
    if (strncmp(line, start, size) != 0) return false;
    const size_t name = strcspn(line + size, " ");
    if (name >= FAMILY_MAX || line[size + name] != ' ') return false;
    memcpy(ret_name, line + size, name);
    ret_name[name] = 0;
    return is_name(ret_name, name);
}

typedef struct Family {
    char helped[FAMILY_MAX];
    char name[FAMILY_MAX];
} Family;

static bool line_is_right(const char *line, Family *family)
{
    if (line[0] != '#') return sample_is_right(line, family->name);
    if (describes(line, "# HELP ", family->helped)) return true;
    return describes(line, "# TYPE ", family->name) && strcmp(family->name, family->helped) == 0;
}

static bool lines_are_right(void)
{
    Cursor c = cursor_of(span_of_text(text));
    Family family = { "", "" };
    Span bytes = { 0 };
    while (status_ok(cursor_until(&c, '\n', &bytes))) {
        char line[512];
        if (bytes.size >= sizeof(line)) return false;
        memcpy(line, bytes.data, bytes.size);
        line[bytes.size] = 0;
        if (line_is_right(line, &family)) continue;
        fprintf(stderr, "  wrong: %s\n", line);
        return false;
    }
    return c.rest.size == 0;
}

static void test_every_line_is_of_the_format(void)
{
    Answered a = { 0 };
    EXPECT_OK(step_native(&shop, http, "FORMAT-1", 100, &a));
    EXPECT(scrape() && lines_are_right());
}

/* --- what it says --- */

#define NATIVE                                                                        \
    "hufu_http_requests_total{route=\"/v3/pay/transactions/native\",method=\"POST\"," \
    "status=\"%s\"}"
#define TOOK "hufu_http_request_duration_seconds"

static double natives(const char *class)
{
    char sample[256];
    snprintf(sample, sizeof(sample), NATIVE, class);
    const double value = value_of(sample);
    return value < 0 ? 0 : value;
}

/* The answer is there before it is counted. */
static bool natives_become(const char *class, double wanted)
{
    for (int i = 0; i < TRIES; i++) {
        if (scrape() && natives(class) >= wanted) return natives(class) == wanted;
        nanosleep(&(struct timespec) { 0, PAUSE_MS * 1000000L }, NULL);
    }
    return false;
}

static void test_requests_are_counted(void)
{
    Answered a = { 0 };
    EXPECT(natives_become("2xx", 1));
    const double refused = natives("4xx");
    EXPECT_OK(step_native(&shop, http, "COUNT-1", 100, &a));
    EXPECT_OK(step_native(&shop, http, "COUNT-1", 200, &a)); /* contradicts the first */
    EXPECT(a.status == 400);
    EXPECT(natives_become("2xx", 2) && natives_become("4xx", refused + 1));
    EXPECT(value_of(TOOK "_count{audience=\"merchant\"}")
            == value_of(TOOK "_bucket{audience=\"merchant\",le=\"+Inf\"}"));
    EXPECT(value_of(TOOK "_count{audience=\"merchant\"}") >= 3);
    EXPECT(value_of(TOOK "_bucket{audience=\"merchant\",le=\"0.001\"}")
            <= value_of(TOOK "_bucket{audience=\"merchant\",le=\"10\"}"));
    EXPECT(value_of(TOOK "_sum{audience=\"merchant\"}") > 0);
    EXPECT(value_of("hufu_connections{door=\"payments\"}") >= 1);
    EXPECT(value_of("hufu_units_total") > 0 && value_of("hufu_vault_calls_total") > 0);
    EXPECT(value_of("hufu_frozen_rows") == 0);
    EXPECT(value_of("hufu_notifications_given_up_total") == 0);
    EXPECT(value_of("process_resident_memory_bytes") > 1e6);
}

/* Numbers of things, never whose. */
static void test_nobody_is_named(void)
{
    EXPECT(scrape());
    EXPECT(strstr(text, shop.mchid) == NULL && strstr(text, "COUNT-1") == NULL);
}

static bool health_becomes(HttpClient *client, int wanted)
{
    for (int i = 0; i < TRIES; i++) {
        int status = 0;
        if (status_ok(get(client, "/healthz", &status)) && status == wanted) return true;
        nanosleep(&(struct timespec) { 0, PAUSE_MS * 1000000L }, NULL);
    }
    return false;
}

/* A house whose vault does not answer takes no payments, and says so to who asks. */
static void test_ready_means_that_payments_are_taken(void)
{
    EXPECT(health_becomes(http, 200) && scrape() && value_of("hufu_ready") == 1);
    kill(stand.pids[STAND_VAULTD], SIGSTOP);
    EXPECT(health_becomes(http, 503) && health_becomes(watcher, 503));
    EXPECT(strcmp(text, "{\"status\":\"unready\"}") == 0);
    EXPECT(scrape() && value_of("hufu_ready") == 0);
    kill(stand.pids[STAND_VAULTD], SIGCONT);
    EXPECT(health_becomes(http, 200) && health_becomes(watcher, 200));
}

static void test_nothing_else_is_served_there(void)
{
    int status = 0;
    EXPECT_OK(get(watcher, "/v3/certificates", &status));
    EXPECT(status == 404);
    EXPECT_OK(get(http, "/metrics", &status)); /* strangers reach that door */
    EXPECT(status == 404);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    http_client_close(&watcher);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_every_line_is_of_the_format),
        TEST(test_requests_are_counted), TEST(test_nobody_is_named),
        TEST(test_ready_means_that_payments_are_taken), TEST(test_nothing_else_is_served_there),
        TEST(test_house_closes))
