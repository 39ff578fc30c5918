#define _GNU_SOURCE
/*
 * Goal: the cashier page and its fields run named scripts only, and are framed only by whom the
 * house names: by default nobody (TP-4, TP-19). Method: a real folder over HTTP; a merchant with
 * origins, one without.
 */
#include "api/field_files.h"
#include "base/expect.h"
#include "http/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SCRIPT "go();"
#define SCRIPT_HASH "'sha256-bYOqbsii8BMz1hC57p5sZG4K4cMuk6QQDiwupM2aRMM='" /* by openssl dgst */

enum { PATH_MAX_BYTES = 256 };

static char folder[64];
static FieldFiles *files;
static HttpServer *server;
static HttpClient *client;

static void put(const char *name, const char *text)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ASSERT(file != NULL && fputs(text, file) >= 0);
    ASSERT(fclose(file) == 0);
}

static void drop(const char *name)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    ASSERT(remove(path) == 0);
}

static void serve(void *context, HttpRequest *request)
{
    Span merchant = { 0 };
    const bool known = field_files_for_merchant(context, request, &merchant)
            && span_equal(merchant, SPAN("1900000001"));
    const Span origins = known ? SPAN(" https://shop.example") : (Span) { NULL, 0 };
    if (!field_files_answer(context, origins, request))
        http_answer(request, 404, NULL, 0, (Span) { NULL, 0 });
}

static HttpAnswer ask(const char *target)
{
    const HttpCall call = { "GET", span_of_text(target), NULL, 0, (Span) { NULL, 0 } };
    HttpAnswer answer = { 0 };
    ASSERT(status_ok(http_client_call(client, &call, &answer)));
    return answer;
}

/* The answer's content policy; empty when it is not 200. */
static const char *policy_of(const char *target)
{
    static char policy[FIELD_POLICY_BYTES_MAX];
    static const char name[] = "Content-Security-Policy: ";
    const HttpAnswer answer = ask(target);
    const char *at = memmem(answer.head.data, answer.head.size, name, sizeof(name) - 1);
    policy[0] = 0;
    if (answer.status != 200 || at == NULL) return policy;
    const size_t left = (size_t)((const char *)answer.head.data + answer.head.size - at);
    const char *end = memchr(at, '\r', left);
    ASSERT(end != NULL);
    snprintf(policy, sizeof(policy), "%.*s", (int)(end - at), at);
    return policy;
}

static bool holds(const char *text, const char *part)
{
    if (strstr(text, part) != NULL) return true;
    fprintf(stderr, "  no \"%s\" in: %s\n", part, text);
    return false;
}

static void test_a_folder_without_a_field_is_refused(void)
{
    char path[PATH_MAX_BYTES];
    snprintf(folder, sizeof(folder), "/tmp/hufu-fields-XXXXXX");
    ASSERT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/assets", folder);
    ASSERT(mkdir(path, 0755) == 0);
    put("index.html", "<!doctype html>");
    put("assets/go.js", SCRIPT);
    EXPECT_REFUSED(field_files_open(folder, &files), REFUSED_CONSOLE_FILES);
    put("field.html", "<!doctype html>");
    EXPECT_OK(field_files_open(folder, &files));
    const HttpServerConfig config = { .handler = serve, .context = files, .loops = 1 };
    EXPECT_OK(http_server_start(&config, &server));
    const HttpClientConfig to = { .address = "127.0.0.1",
        .port = http_server_port(server),
        .server_name = "localhost",
        .timeout_ms = 20000 };
    EXPECT_OK(http_client_open(&to, &client));
}

static void test_scripts_are_named_by_digest(void)
{
    static const char *const pages[] = { "/cashier/", "/cashier/field.html" };
    for (size_t i = 0; i < 2; i++) {
        const char *policy = policy_of(pages[i]);
        EXPECT(holds(policy, "default-src 'none'") && holds(policy, "trusted-types 'none'"));
        EXPECT(holds(policy, "script-src " SCRIPT_HASH "; "));
        EXPECT(holds(policy, "require-trusted-types-for 'script'")
                && holds(policy, "base-uri 'none'"));
        EXPECT(strstr(policy, "unsafe") == NULL && strstr(policy, "*") == NULL);
    }
}

static bool framed_by(const char *target, const char *wanted)
{
    char ending[128];
    const char *policy = policy_of(target);
    snprintf(ending, sizeof(ending), "frame-ancestors %s", wanted);
    const char *at = strstr(policy, "frame-ancestors ");
    return at != NULL && strcmp(at, ending) == 0;
}

static void test_who_may_frame(void)
{
    EXPECT(framed_by("/cashier/", "'none'"));
    EXPECT(framed_by("/cashier/?merchant=1900000001", "'none'"));
    EXPECT(framed_by("/cashier/field.html", "'self'"));
    EXPECT(framed_by("/cashier/field.html?merchant=1900000001", "https://shop.example"));
    EXPECT(framed_by("/cashier/field.html?merchant=1900000002", "'none'"));
    EXPECT(framed_by("/cashier/field.html?merchant=1900000001%20https://x.example", "'none'"));
    EXPECT(framed_by("/cashier/field.html?merchant=", "'none'"));
    EXPECT(framed_by("/cashier/field.html?x=1", "'none'"));
    EXPECT(framed_by("/cashier/field.html?", "'none'"));
    EXPECT(holds(policy_of("/cashier/field.html"), "; sandbox allow-scripts; "));
}

static void test_nothing_else_is_served(void)
{
    static const char *const targets[] = { "/", "/index.html", "/field.html", "/cashier",
        "/cashierfield.html", "/cashier/../cashier/field.html", "/cashier//field.html",
        "/cashier/assets/", "/cashier/%66ield.html", "/CASHIER/field.html" };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        EXPECT(ask(targets[i]).status != 200);
    EXPECT(ask("/cashier/assets/go.js").status == 200);
}

static void test_the_end(void)
{
    http_client_close(&client);
    EXPECT_OK(http_server_stop(server, 10000));
    http_server_free(&server);
    field_files_close(&files);
    drop("assets/go.js");
    drop("field.html");
    drop("index.html");
    drop("assets");
    EXPECT(remove(folder) == 0);
}

TESTS(TEST(test_a_folder_without_a_field_is_refused), TEST(test_scripts_are_named_by_digest),
        TEST(test_who_may_frame), TEST(test_nothing_else_is_served), TEST(test_the_end))
