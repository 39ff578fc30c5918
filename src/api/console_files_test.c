#define _GNU_SOURCE
/*
 * Goal: the console serves the files of its page and nothing else, with headers under which nothing
 * foreign runs in it; a folder that holds anything else is refused at start. Method: real folders;
 * every way a path could lead out of one, over HTTP.
 */
#include "api/console_files.h"
#include "base/expect.h"
#include "http/client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_MAX_BYTES = 256 };

static char folder[64];
static ConsoleFiles *files;
static HttpServer *server;
static HttpClient *client;

static void put(const char *name, size_t size)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    ASSERT(file != NULL);
    for (size_t i = 0; i < size; i++)
        ASSERT(fputc('a' + (int)(i % 26), file) != EOF);
    ASSERT(fclose(file) == 0);
}

static void drop(const char *name)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    ASSERT(remove(path) == 0);
}

static void make_folder(void)
{
    char path[PATH_MAX_BYTES];
    snprintf(folder, sizeof(folder), "/tmp/hufu-console-XXXXXX");
    ASSERT(mkdtemp(folder) != NULL);
    snprintf(path, sizeof(path), "%s/assets", folder);
    ASSERT(mkdir(path, 0755) == 0);
    put("index.html", 100);
    put("assets/index-Ab_1.js", 3000);
    put("assets/index-Ab_1.css", 0);
}

static bool is_refused(void)
{
    ConsoleFiles *read = NULL;
    const Status s = console_files_open(folder, &read);
    console_files_close(&read);
    return status_is(s, REFUSED_CONSOLE_FILES);
}

/* --- reading --- */

static void test_a_folder_with_anything_else_is_refused(void)
{
    static const char *const names[] = { "index.php", "assets/.hidden.js", "assets/a b.js",
        "noending", "assets/x.html~", "assets/\xe9.js", "a.js.map" };
    make_folder();
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put(names[i], 1);
        EXPECT(is_refused());
        drop(names[i]);
    }
    put("large.js", CONSOLE_FILE_BYTES_MAX + 1);
    EXPECT(is_refused());
    drop("large.js");
    EXPECT_OK(console_files_open(folder, &files));
}

static void test_a_link_leads_nowhere(void)
{
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "%s/passwords.txt", folder);
    ASSERT(symlink("/etc/passwd", path) == 0);
    EXPECT(is_refused());
    drop("passwords.txt");
    ASSERT(mkfifo(path, 0600) == 0);
    EXPECT(is_refused());
    drop("passwords.txt");
    ASSERT(mkdir(path, 0700) == 0);
    EXPECT(is_refused());
    drop("passwords.txt");
    snprintf(path, sizeof(path), "%s/assets/inner", folder);
    ASSERT(mkdir(path, 0700) == 0);
    EXPECT(is_refused());
    drop("assets/inner");
}

static void test_too_many_are_refused(void)
{
    char name[32];
    for (int i = 0; i < CONSOLE_FILES_MAX - 3; i++) {
        snprintf(name, sizeof(name), "assets/n%d.js", i);
        put(name, 1);
    }
    ConsoleFiles *read = NULL;
    EXPECT_OK(console_files_open(folder, &read));
    console_files_close(&read);
    put("one-more.txt", 1);
    EXPECT(is_refused());
    drop("one-more.txt");
    for (int i = 0; i < CONSOLE_FILES_MAX - 3; i++) {
        snprintf(name, sizeof(name), "assets/n%d.js", i);
        drop(name);
    }
}

static void test_no_page_is_refused(void)
{
    drop("index.html");
    EXPECT(is_refused());
    put("index.html", 100);
    ConsoleFiles *read = NULL;
    EXPECT_REFUSED(console_files_open("/nowhere", &read), REFUSED_CONSOLE_FILES);
}

/* --- answering --- */

static void serve(void *context, HttpRequest *request)
{
    if (!console_files_answer(context, request))
        http_answer(request, 404, NULL, 0, (Span) { NULL, 0 });
}

static HttpAnswer ask(const char *method, const char *target, const char *etag)
{
    const HttpHeader headers[] = { { "If-None-Match", span_of_text(etag) } };
    const HttpCall call = { method, span_of_text(target), headers, etag[0] != 0,
        (Span) { NULL, 0 } };
    HttpAnswer answer = { 0 };
    ASSERT(status_ok(http_client_call(client, &call, &answer)));
    return answer;
}

static bool has(const HttpAnswer *answer, const char *line)
{
    char head[8192];
    snprintf(head, sizeof(head), "%.*s", (int)answer->head.size, (const char *)answer->head.data);
    if (strstr(head, line) != NULL) return true;
    fprintf(stderr, "  no '%s' in:\n%s", line, head);
    return false;
}

static void test_files_are_served_with_strict_headers(void)
{
    static const char *const always[] = { "Content-Security-Policy: default-src 'self'; ",
        "frame-ancestors 'none'", "X-Content-Type-Options: nosniff", "X-Frame-Options: DENY",
        "Referrer-Policy: no-referrer", "Cross-Origin-Resource-Policy: same-origin" };
    const HttpServerConfig config = { .handler = serve, .context = files, .loops = 1 };
    EXPECT_OK(http_server_start(&config, &server));
    const HttpClientConfig to = { .address = "127.0.0.1",
        .port = http_server_port(server),
        .server_name = "localhost",
        .timeout_ms = 20000 };
    EXPECT_OK(http_client_open(&to, &client));
    HttpAnswer answer = ask("GET", "/", "");
    EXPECT(answer.status == 200 && answer.body.size == 100);
    EXPECT(has(&answer, "Content-Type: text/html; charset=utf-8"));
    EXPECT(has(&answer, "Cache-Control: no-cache"));
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        EXPECT(has(&answer, always[i]));
    answer = ask("GET", "/index.html", "");
    EXPECT(answer.status == 200 && answer.body.size == 100);
    answer = ask("GET", "/assets/index-Ab_1.js?x=1", "");
    EXPECT(answer.status == 200 && answer.body.size == 3000 && answer.body.data[27] == 'b');
    EXPECT(has(&answer, "Content-Type: text/javascript; charset=utf-8"));
    EXPECT(has(&answer, "Cache-Control: public, max-age=31536000, immutable"));
    answer = ask("GET", "/assets/index-Ab_1.css", "");
    EXPECT(answer.status == 200 && answer.body.size == 0);
}

static void test_what_a_browser_has_is_not_sent_again(void)
{
    char etag[80];
    HttpAnswer answer = ask("GET", "/", "");
    const char *at = memmem(answer.head.data, answer.head.size, "ETag: ", 6);
    EXPECT(at != NULL);
    snprintf(etag, sizeof(etag), "%.66s", at + 6);
    answer = ask("GET", "/", etag);
    EXPECT(answer.status == 304 && answer.body.size == 0);
    answer = ask("GET", "/assets/index-Ab_1.js", etag);
    EXPECT(answer.status == 200);
    etag[5] = etag[5] == '0' ? '1' : '0';
    answer = ask("GET", "/", etag);
    EXPECT(answer.status == 200);
}

static void test_nothing_else_is_served(void)
{
    static const char *const targets[] = { "/assets", "/assets/", "/index.htm", "/INDEX.HTML",
        "/assets/../index.html", "/./index.html", "//index.html", "/%69ndex.html",
        "/assets/..%2findex.html", "/assets/index-Ab_1.js/", "/assets//index-Ab_1.js",
        "/../../../../../../etc/passwd", "/assets/../../../../../etc/passwd", "/index.html%00",
        "/index.html;x", "/console/v1/whoami" };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const HttpAnswer answer = ask("GET", targets[i], "");
        if (answer.status == 200) fprintf(stderr, "  %s is served\n", targets[i]);
        EXPECT(answer.status != 200);
    }
    put("later.js", 1); /* what came after the start is none of it */
    const HttpAnswer later = ask("GET", "/later.js", "");
    EXPECT(later.status == 404);
    const HttpAnswer post = ask("POST", "/index.html", "");
    EXPECT(post.status == 404);
    drop("later.js");
}

static void test_the_end(void)
{
    http_client_close(&client);
    EXPECT_OK(http_server_stop(server, 10000));
    http_server_free(&server);
    console_files_close(&files);
    drop("assets/index-Ab_1.js");
    drop("assets/index-Ab_1.css");
    drop("index.html");
    drop("assets");
    EXPECT(remove(folder) == 0);
}

TESTS(TEST(test_a_folder_with_anything_else_is_refused), TEST(test_a_link_leads_nowhere),
        TEST(test_too_many_are_refused), TEST(test_no_page_is_refused),
        TEST(test_files_are_served_with_strict_headers),
        TEST(test_what_a_browser_has_is_not_sent_again), TEST(test_nothing_else_is_served),
        TEST(test_the_end))
