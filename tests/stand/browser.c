#include "browser.h"

#include "base/encoding.h"
#include "base/time.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    HEADERS_MAX = 9,
    TEXT_MAX = 4 * BOX_BYTES_MAX,
    PLAIN_MAX = 256,
    POLL_MS = 200,
    ELSEWHERES = 250,
};

Status browser_open_from(const Stand *stand, const char *address, Browser *ret)
{
    *ret = (Browser) { .stand = stand, .address = address };
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = stand->console_port,
        .tls = stand->tls,
        .server_name = "localhost",
        .from = address,
        .timeout_ms = 60000 };
    return http_client_open(&config, &ret->http);
}

Status browser_open(const Stand *stand, Browser *ret)
{
    return browser_open_from(stand, NULL, ret);
}

Browser browser_elsewhere(const Stand *stand)
{
    static char addresses[ELSEWHERES][16];
    static uint8_t count;
    Browser browser;
    ASSERT(count < ELSEWHERES);
    char *address = addresses[count++];
    snprintf(address, sizeof(addresses[0]), "127.0.1.%u", count);
    ASSERT(status_ok(browser_open_from(stand, address, &browser)));
    return browser;
}

void browser_close(Browser *browser) { http_client_close(&browser->http); }

/* --- one request --- */

static size_t put_header(
        HttpHeader *headers, size_t count, const char *name, const char *instead, const char *right)
{
    const char *value = instead == NULL ? right : instead;
    if (value[0] == 0) return count;
    headers[count] = (HttpHeader) { name, span_of_text(value) };
    return count + 1;
}

/* The new value of a cookie of ours in the answer's head; "" when it was cleared. */
static void take_cookie(const char *head, const char *name, char ret_value[BROWSER_SECRET_TEXT + 1])
{
    char begin[64];
    snprintf(begin, sizeof(begin), "Set-Cookie: %s=", name);
    const char *at = strstr(head, begin);
    if (at == NULL) return;
    at += strlen(begin);
    const size_t size = strcspn(at, ";\r\n");
    ret_value[0] = 0;
    if (size == BROWSER_SECRET_TEXT)
        snprintf(ret_value, BROWSER_SECRET_TEXT + 1, "%.*s", (int)size, at);
}

static void take_csrf(Browser *browser)
{
    const char *at = strstr(browser->head, "Hufu-CSRF: ");
    if (at != NULL)
        snprintf(browser->csrf, sizeof(browser->csrf), "%.64s", at + strlen("Hufu-CSRF: "));
}

static void take_code(Browser *browser)
{
    static const JsonField fields[] = { { "code", JSON_TEXT, true, 1, 63, 0 } };
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem = { 0 };
    Span code = { 0 };
    if (status_ok(json_parse(span_of_text(browser->body), &document, &problem))
            && status_ok(json_read_some(document, json_root(document), fields, 1, &code, &problem)))
        snprintf(browser->code, sizeof(browser->code), "%.*s", (int)code.size,
                (const char *)code.data);
}

static void keep_text(char *ret, size_t size_max, Span text)
{
    ASSERT(text.size <= size_max);
    if (text.size > 0) memcpy(ret, text.data, text.size);
    ret[text.size] = 0;
}

/* The server closes what was idle for a minute; browsers connect anew and ask again. */
static Status call_as_browsers_do(HttpClient *http, const HttpCall *call, HttpAnswer *ret_answer)
{
    Status s = http_client_call(http, call, ret_answer);
    if (status_is(s, REFUSED_HTTP_CLOSED)) s = http_client_call(http, call, ret_answer);
    if (!status_ok(s))
        fprintf(stderr, "  no answer to %s %.*s: %s\n", call->method, (int)call->target.size,
                (const char *)call->target.data, status_name(s));
    return s;
}

int browser_ask(Browser *browser, const char *method, const char *path, const char *json)
{
    char cookie[256] = "";
    char origin[64];
    HttpHeader headers[HEADERS_MAX];
    HttpAnswer answer = { 0 };
    size_t count = 0;
    const bool posts = strcmp(method, "GET") != 0;
    snprintf(origin, sizeof(origin), "https://localhost:%u", browser->stand->console_port);
    if (browser->session[0] != 0 || browser->device[0] != 0)
        snprintf(cookie, sizeof(cookie), "%s%s%s%s%s",
                browser->device[0] == 0 ? "" : "__Host-hufu-device=", browser->device,
                browser->device[0] == 0 || browser->session[0] == 0 ? "" : "; ",
                browser->session[0] == 0 ? "" : "__Host-hufu=", browser->session);
    count = put_header(headers, count, "Cookie", NULL, cookie);
    count = put_header(headers, count, "Origin", browser->origin, posts ? origin : "");
    count = put_header(headers, count, "Sec-Fetch-Site", browser->site, "same-origin");
    count = put_header(
            headers, count, "Content-Type", browser->content_type, posts ? "application/json" : "");
    count = put_header(
            headers, count, "Hufu-CSRF", browser->csrf_instead, posts ? browser->csrf : "");
    count = put_header(headers, count, "Accept-Language", NULL, "en");
    count = put_header(headers, count, "X-Forwarded-For", browser->forwarded, "");
    const HttpCall call = { method, span_of_text(path), headers, count, span_of_text(json) };
    browser->status = 0;
    browser->code[0] = browser->head[0] = browser->body[0] = 0;
    if (!status_ok(call_as_browsers_do(browser->http, &call, &answer))) return 0;
    browser->status = answer.status;
    keep_text(browser->head, BROWSER_HEAD_BYTES_MAX, answer.head);
    keep_text(browser->body, BROWSER_BODY_BYTES_MAX, answer.body);
    take_cookie(browser->head, "__Host-hufu", browser->session);
    take_cookie(browser->head, "__Host-hufu-device", browser->device);
    take_csrf(browser);
    take_code(browser);
    return browser->status;
}

bool browser_says(const Browser *browser, const char *text)
{
    if (strstr(browser->body, text) != NULL) return true;
    fprintf(stderr, "  no '%s' in HTTP %d: %s\n", text, browser->status, browser->body);
    return false;
}

/* --- boxes --- */

typedef struct ChallengeJson {
    Span public_key;
    Span nonce;
    int64_t key_id;
    int64_t suite;
} ChallengeJson;

static const JsonField challenge_fields[] = {
    { "nonce", JSON_TEXT, true, 32, 32, offsetof(ChallengeJson, nonce) },
    { "key_id", JSON_INT, true, 0, UINT32_MAX, offsetof(ChallengeJson, key_id) },
    { "suite", JSON_INT, true, 1, 2, offsetof(ChallengeJson, suite) },
    { "public_key", JSON_TEXT, true, 1, 256, offsetof(ChallengeJson, public_key) },
};

static const char *tenant_of(const ConsoleUser *person)
{
    return person->tenant == NULL ? "hufu" : person->tenant;
}

/* A box over a fresh challenge; appends base64. */
static Status make_box(Browser *browser, const ConsoleUser *person, uint16_t class,
        uint16_t purpose, Span plain, Buffer *ret_base64)
{
    static const char challenge[] = "/console/v1/login/challenge";
    ChallengeJson json = { 0 };
    JsonProblem problem = { 0 };
    char realm[96];
    uint8_t point_bytes[BOX_POINT_BYTES];
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer point = BUFFER_OF(point_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    const Random random = random_system();
    const Clock clock = clock_system();
    CLEANUP(json_free) JsonDocument *document = NULL;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    REQUIRE(browser_get(browser, challenge) == 200, REFUSED_HTTP_ANSWER_INVALID);
    TRY(json_parse(span_of_text(browser->body), &document, &problem));
    TRY(json_read_some(document, json_root(document), challenge_fields, 4, &json, &problem));
    snprintf(realm, sizeof(realm), "%s/%s", tenant_of(person),
            person->tenant == NULL ? "staff" : "administrators");
    BoxContext context = { .data_class = class,
        .purpose = purpose,
        .expiry_us = clock_now_us(&clock) + 120 * TIME_SECOND_US,
        .tenant = span_of_text(realm),
        .payee = span_of_text(person->name) };
    Buffer nonce = BUFFER_OF(context.server_nonce);
    TRY(hex_decode(json.nonce, &nonce));
    TRY(base64_decode(json.public_key, &point));
    const KeyAlgorithm algorithm = json.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256;
    TRY(public_key_from_point(algorithm, span_of_buffer(&point), &key));
    TRY(box_seal(key, (uint32_t)json.key_id, &random, &context, plain, &box));
    return base64_encode(span_of_buffer(&box), ret_base64);
}

/* u8 length, a text, another text: how a code stands before a password, or an old secret before a
 * new one. */
static Status put_two(Buffer *plain, Span first, Span second)
{
    TRY(buffer_put_u8(plain, (uint8_t)first.size));
    TRY(buffer_put(plain, first));
    return buffer_put(plain, second);
}

void person_code(ConsoleUser *person, char ret_code[TOTP_DIGITS + 1])
{
    const Clock clock = clock_system();
    uint32_t step = person->step + 1;
    for (;;) {
        const uint32_t now = totp_step(clock_now_us(&clock));
        if (step < now - TOTP_WINDOW) step = now - TOTP_WINDOW;
        if (step <= now + TOTP_WINDOW) break;
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        nanosleep(&wait, NULL); /* the app shows its next code when its time has come */
    }
    person->step = step;
    ASSERT(status_ok(totp_code(SPAN_OF(person->secret), step, (uint8_t *)ret_code)));
    ret_code[TOTP_DIGITS] = 0;
}

Status browser_login_body(Browser *browser, const ConsoleUser *person, const char *password,
        const char *code, Buffer *ret_json)
{
    uint8_t plain_bytes[PLAIN_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    TRY(put_two(&plain, span_of_text(code), span_of_text(password)));
    TRY(buffer_print(ret_json, "{\"name\":\"%s\",\"tenant\":\"%s\",\"box\":\"", person->name,
            tenant_of(person)));
    TRY(make_box(browser, person, CLASS_PASSWORD, BOX_PURPOSE_LOGIN_CODE, span_of_buffer(&plain),
            ret_json));
    TRY(buffer_put(ret_json, SPAN("\"}")));
    return buffer_put_u8(ret_json, 0);
}

int browser_login_with(
        Browser *browser, const ConsoleUser *person, const char *password, const char *code)
{
    static uint8_t bytes[TEXT_MAX];
    Buffer json = BUFFER_OF(bytes);
    if (!status_ok(browser_login_body(browser, person, password, code, &json))) return 0;
    return browser_post(browser, "/console/v1/login", (const char *)bytes);
}

int browser_login(Browser *browser, ConsoleUser *person)
{
    char code[TOTP_DIGITS + 1];
    person_code(person, code);
    return browser_login_with(browser, person, person->password, code);
}

int browser_log_out(Browser *browser)
{
    const int status = browser_post(browser, "/console/v1/logout", "{}");
    browser_close(browser);
    return status;
}

int browser_prove(Browser *browser, ConsoleUser *person)
{
    static uint8_t bytes[TEXT_MAX];
    Buffer json = BUFFER_OF(bytes);
    uint8_t plain_bytes[PLAIN_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    char code[TOTP_DIGITS + 1];
    person_code(person, code);
    ASSERT(status_ok(put_two(&plain, span_of_text(code), span_of_text(person->password))));
    ASSERT(status_ok(buffer_put(&json, SPAN("{\"box\":\""))));
    if (!status_ok(make_box(browser, person, CLASS_PASSWORD, BOX_PURPOSE_LOGIN_CODE,
                span_of_buffer(&plain), &json)))
        return 0;
    ASSERT(status_ok(buffer_put(&json, (Span) { (const uint8_t *)"\"}", 3 })));
    return browser_post(browser, "/console/v1/prove", (const char *)bytes);
}

int browser_enrol(Browser *browser, ConsoleUser *person, const char *enrolment_code)
{
    static uint8_t bytes[TEXT_MAX];
    Buffer json = BUFFER_OF(bytes);
    uint8_t plain_bytes[PLAIN_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    const Random random = random_system();
    ASSERT(status_ok(random_fill(&random, person->secret, sizeof(person->secret))));
    ASSERT(status_ok(buffer_print(&json,
            "{\"name\":\"%s\",\"tenant\":\"%s\",\"enrolment_code\":\"%s\",\"box\":\"", person->name,
            tenant_of(person), enrolment_code)));
    ASSERT(status_ok(put_two(&plain, SPAN(""), span_of_text(person->password))));
    if (!status_ok(make_box(browser, person, CLASS_PASSWORD, BOX_PURPOSE_SET_PASSWORD,
                span_of_buffer(&plain), &json)))
        return 0;
    ASSERT(status_ok(buffer_put(&json, SPAN("\",\"second_box\":\""))));
    plain.size = 0;
    ASSERT(status_ok(put_two(&plain, SPAN(""), SPAN_OF(person->secret))));
    if (!status_ok(make_box(browser, person, CLASS_SECOND_FACTOR, BOX_PURPOSE_SET_SECOND,
                span_of_buffer(&plain), &json)))
        return 0;
    ASSERT(status_ok(buffer_put(&json, (Span) { (const uint8_t *)"\"}", 3 })));
    return browser_post(browser, "/console/v1/enrol", (const char *)bytes);
}

int browser_password(Browser *browser, const ConsoleUser *person, const char *from, const char *to)
{
    static uint8_t bytes[TEXT_MAX];
    Buffer json = BUFFER_OF(bytes);
    uint8_t plain_bytes[PLAIN_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    ASSERT(status_ok(put_two(&plain, span_of_text(from), span_of_text(to))));
    ASSERT(status_ok(buffer_put(&json, SPAN("{\"box\":\""))));
    if (!status_ok(make_box(browser, person, CLASS_PASSWORD, BOX_PURPOSE_SET_PASSWORD,
                span_of_buffer(&plain), &json)))
        return 0;
    ASSERT(status_ok(buffer_put(&json, (Span) { (const uint8_t *)"\"}", 3 })));
    return browser_post(browser, "/console/v1/password", (const char *)bytes);
}
