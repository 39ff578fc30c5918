#define _GNU_SOURCE
#include "bank.h"
#include "http/client.h"
#include "http/peer_for_tests.h"

#include <stdlib.h>
#include <unistd.h>

/* The sandbox bank over its own lines: one order for a number, whichever line, whatever is lost. */

static TestIdentity root, bank_leaf, client_leaf;
static char folder[] = "/tmp/hufu-sandbank-XXXXXX";
static char book_path[64];
static unsigned patience_ms; /* 0: the client's own */

static void folder_make(void)
{
    if (book_path[0] == 0) ASSERT(mkdtemp(folder) != NULL);
}

static Bank *bank_new(const char *name)
{
    Bank *bank = NULL;
    if (root.key == NULL) {
        root = test_identity("root", NULL, 1);
        bank_leaf = test_identity("server", &root, 2);
        client_leaf = test_identity("client", &root, 3);
    }
    folder_make();
    snprintf(book_path, sizeof(book_path), "%s/%s", folder, name);
    SSL_CTX *tls = test_tls(true, &bank_leaf, &root);
    const BankConfig config = {
        .book_path = book_path, .line_count = BANK_LINES, .tls = tls, .client = "client"
    };
    const Status s = bank_open(&config, &bank);
    SSL_CTX_free(tls);
    ASSERT(status_ok(s));
    return bank;
}

static Status ask(Bank *bank, int line, const TestIdentity *who, const char *method, Span target,
        Span body, int *ret_status, Buffer *ret_body)
{
    SSL_CTX *tls = test_tls(false, who, &root);
    const HttpClientConfig config = { .address = "127.0.0.1",
        .port = bank_port(bank, line),
        .tls = tls,
        .server_name = "hufu.test",
        .timeout_ms = patience_ms };
    const HttpCall call = { .method = method, .target = target, .body = body };
    CLEANUP(http_client_close) HttpClient *client = NULL;
    HttpAnswer answer = { 0 };
    const Status opened = http_client_open(&config, &client);
    SSL_CTX_free(tls);
    TRY(opened);
    TRY(http_client_call(client, &call, &answer));
    REQUIRE(http_answer_header(&answer, "X-Sandbox").size > 0, REFUSED_HTTP_ANSWER_INVALID);
    *ret_status = answer.status;
    ret_body->size = 0;
    return buffer_put(ret_body, answer.body);
}

static bool says(const Buffer *body, const char *text)
{
    return memmem(body->data, body->size, text, strlen(text)) != NULL;
}

static void test_a_number_is_one_order(void)
{
    CLEANUP(bank_close) Bank *bank = bank_new("one");
    uint8_t memory[4096];
    Buffer body = BUFFER_OF(memory);
    int status = 0;
    const Span first = SPAN("{\"out_trade_no\":\"A1\",\"kind\":\"FUNDING\",\"amount\":1000}");
    const Span other = SPAN("{\"out_trade_no\":\"A1\",\"kind\":\"FUNDING\",\"amount\":2000}");
    for (int line = 0; line < BANK_LINES; line++) {
        EXPECT_OK(ask(
                bank, line, &client_leaf, "POST", SPAN("/sandbox/orders"), first, &status, &body));
        EXPECT(status == 200 && says(&body, "\"SUCCESS\""));
    }
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", SPAN("/sandbox/orders"), other, &status, &body));
    EXPECT(status == 409 && says(&body, "\"DIFFERS\""));
}

static void test_faults_to_order(void)
{
    CLEANUP(bank_close) Bank *bank = bank_new("faults");
    uint8_t memory[4096];
    Buffer body = BUFFER_OF(memory);
    int status = 0;
    const Span target = SPAN("/sandbox/orders");
    const Span fails = SPAN("{\"out_trade_no\":\"F1\",\"kind\":\"CARD\",\"amount\":191}");
    const Span lost = SPAN("{\"out_trade_no\":\"L1\",\"kind\":\"WITHDRAWAL\",\"amount\":192}");
    const Span pending = SPAN("{\"out_trade_no\":\"P1\",\"kind\":\"FUNDING\",\"amount\":193}");
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", target, fails, &status, &body));
    EXPECT(says(&body, "\"FAILED\""));
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", target, pending, &status, &body));
    EXPECT(says(&body, "\"PENDING\""));
    EXPECT_OK(ask(
            bank, 1, &client_leaf, "GET", SPAN("/sandbox/orders/P1"), SPAN(""), &status, &body));
    EXPECT(says(&body, "\"SUCCESS\""));
    patience_ms = 2000;
    EXPECT_REFUSED(
            ask(bank, 0, &client_leaf, "POST", target, lost, &status, &body), REFUSED_HTTP_TIMEOUT);
    patience_ms = 0;
    EXPECT_OK(ask(
            bank, 1, &client_leaf, "GET", SPAN("/sandbox/orders/L1"), SPAN(""), &status, &body));
    EXPECT(status == 200 && says(&body, "\"SUCCESS\"")); /* done, only its answer is lost */
    EXPECT_OK(ask(
            bank, 1, &client_leaf, "GET", SPAN("/sandbox/orders/N1"), SPAN(""), &status, &body));
    EXPECT(status == 404);
}

static void test_strangers_are_refused(void)
{
    CLEANUP(bank_close) Bank *bank = bank_new("strangers");
    uint8_t memory[64];
    Buffer body = BUFFER_OF(memory);
    int status = 0;
    const Span target = SPAN("/sandbox/orders");
    const Span nothing = SPAN("{\"out_trade_no\":\"A1\",\"kind\":\"FUNDING\",\"amount\":0}");
    EXPECT(status_refused(ask(bank, 0, NULL, "POST", target, nothing, &status, &body)));
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", target, nothing, &status, &body));
    EXPECT(status == 400);
    EXPECT_OK(ask(
            bank, 0, &client_leaf, "GET", SPAN("/sandbox/days/2026"), SPAN(""), &status, &body));
    EXPECT(status == 400);
    EXPECT_OK(ask(bank, 0, &client_leaf, "GET", SPAN("/elsewhere"), SPAN(""), &status, &body));
    EXPECT(status == 400);
    EXPECT_OK(ask(bank, 0, &client_leaf, "GET", SPAN("/sandbox/days/20260131"), SPAN(""), &status,
            &body));
    EXPECT(status == 200 && says(&body, "sandbox_order,kind,amount"));
}

static void test_what_is_closed_is_never_done(void)
{
    CLEANUP(bank_close) Bank *bank = bank_new("closed");
    uint8_t memory[4096];
    Buffer body = BUFFER_OF(memory);
    int status = 0;
    const Span target = SPAN("/sandbox/orders");
    const Span closed = SPAN("/sandbox/closed");
    const Span late = SPAN("{\"out_trade_no\":\"C1\",\"kind\":\"FUNDING\",\"amount\":100}");
    const Span done = SPAN("{\"out_trade_no\":\"C2\",\"kind\":\"FUNDING\",\"amount\":100}");
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", closed, late, &status, &body));
    EXPECT(status == 200 && says(&body, "\"FAILED\""));
    EXPECT_OK(ask(bank, 1, &client_leaf, "POST", target, late, &status, &body));
    EXPECT(status == 200 && says(&body, "\"FAILED\"")); /* it came late */
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", target, done, &status, &body));
    EXPECT_OK(ask(bank, 1, &client_leaf, "POST", closed, done, &status, &body));
    EXPECT(status == 200 && says(&body, "\"SUCCESS\"") && says(&body, "\"amount\":100"));
}

static void test_others_of_the_same_authority_are_refused(void)
{
    CLEANUP(bank_close) Bank *bank = bank_new("others");
    CLEANUP(test_identity_free) TestIdentity other = test_identity("caller", &root, 4);
    uint8_t memory[4096];
    Buffer body = BUFFER_OF(memory);
    int status = 0;
    EXPECT_OK(ask(bank, 0, &other, "GET", SPAN("/sandbox/health"), SPAN(""), &status, &body));
    EXPECT(status == 400);
    EXPECT_OK(ask(bank, 0, &client_leaf, "GET", SPAN("/sandbox/health"), SPAN(""), &status, &body));
    EXPECT(status == 200);
}

static void test_a_card_must_open(void)
{
    CLEANUP(bank_close) Bank *bank = bank_new("cards");
    uint8_t memory[4096];
    Buffer body = BUFFER_OF(memory);
    int status = 0;
    const Span none = SPAN("{\"out_trade_no\":\"K1\",\"kind\":\"CARD\",\"amount\":100}");
    const Span wrong = SPAN("{\"out_trade_no\":\"K2\",\"kind\":\"CARD\",\"amount\":100,"
                            "\"card_box\":\"AAAA\"}");
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", SPAN("/sandbox/orders"), none, &status, &body));
    EXPECT(status == 200 && says(&body, "\"FAILED\""));
    EXPECT_OK(ask(bank, 0, &client_leaf, "POST", SPAN("/sandbox/orders"), wrong, &status, &body));
    EXPECT(status == 200 && says(&body, "\"FAILED\""));
}

/* Its file names are those above, with what SQLite puts beside them. */
static void test_nothing_is_left_behind(void)
{
    static const char *const names[] = { "one", "faults", "strangers", "closed", "others", "cards",
        "days" };
    static const char *const ends[] = { "", "-wal", "-shm", "-journal", ".lock" };
    char path[128];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (size_t k = 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
            snprintf(path, sizeof(path), "%s/%s%s", folder, names[i], ends[k]);
            unlink(path);
        }
    }
    EXPECT(rmdir(folder) == 0);
}

static void test_the_days_file(void)
{
    CLEANUP(book_close) Book *book = NULL;
    uint8_t memory[4096];
    Buffer file = BUFFER_OF(memory);
    BookState state = BOOK_UNKNOWN;
    folder_make();
    snprintf(book_path, sizeof(book_path), "%s/days", folder);
    EXPECT_OK(book_open(book_path, &book));
    const BookOrder first = { SPAN("D1"), BOOK_FUNDING, 100, BOOK_SUCCESS };
    const BookOrder failed = { SPAN("D2"), BOOK_FUNDING, 200, BOOK_FAILED };
    const BookOrder next = { SPAN("D3"), BOOK_CARD, 300, BOOK_SUCCESS };
    EXPECT_OK(book_do(book, &first, 20000, &state));
    EXPECT_OK(book_do(book, &first, 20001, &state)); /* again, a day later: still the first day's */
    EXPECT_OK(book_do(book, &failed, 20000, &state));
    EXPECT_OK(book_do(book, &next, 20001, &state));
    book_close(&book);
    EXPECT_OK(book_open(book_path, &book));
    EXPECT_OK(book_file(book, 20000, &file));
    EXPECT(span_equal(
            span_of_buffer(&file), SPAN("sandbox_order,kind,amount\r\nD1,FUNDING,100\r\n")));
}

TESTS(TEST(test_a_number_is_one_order), TEST(test_faults_to_order),
        TEST(test_strangers_are_refused), TEST(test_what_is_closed_is_never_done),
        TEST(test_others_of_the_same_authority_are_refused), TEST(test_a_card_must_open),
        TEST(test_the_days_file), TEST(test_nothing_is_left_behind))
