#include "bank.h"

#include "base/log.h"
#include "base/seams.h"
#include "base/time.h"
#include "http/server.h"
#include "text/json.h"

#include <pthread.h>
#include <stdlib.h>

enum { KEPT_MAX = 256, STOP_MS = 5000, ANSWER_BYTES_MAX = 256 };
enum { AMOUNT_FAILS = 91, AMOUNT_LOST = 92, AMOUNT_PENDING = 93, AMOUNT_MAX = 1000000000 };

struct Bank {
    Book *book;
    HttpServer *lines[BANK_LINES];
    pthread_mutex_t lock; /* of all below, and of the book */
    size_t kept_count;
    HttpRequest *kept[KEPT_MAX]; /* their answers are lost */
    uint8_t file[BOOK_FILE_BYTES_MAX];
};

typedef struct Asked {
    Span number;
    Span kind;
    int64_t amount;
} Asked;

static const JsonField asked_fields[] = {
    { "out_trade_no", JSON_TEXT, true, 1, BOOK_NUMBER_BYTES_MAX, offsetof(Asked, number), NULL, 0 },
    { "kind", JSON_TEXT, true, 1, 16, offsetof(Asked, kind), NULL, 0 },
    { "amount", JSON_INT, true, 1, AMOUNT_MAX, offsetof(Asked, amount), NULL, 0 },
};

static void answer(HttpRequest *request, int status, Span body)
{
    const HttpHeader header = { "X-Sandbox", SPAN("sandbox bank: no money moves") };
    http_answer(request, status, &header, 1, body);
}

static int status_of(BookState state)
{
    if (state == BOOK_UNKNOWN) return 404;
    return state == BOOK_DIFFERS ? 409 : 200;
}

static Status answer_state(HttpRequest *request, Span number, BookState state)
{
    uint8_t memory[ANSWER_BYTES_MAX];
    Buffer body = BUFFER_OF(memory);
    JsonWriter w = json_writer(&body);
    json_open_object(&w);
    json_key_text(&w, "out_trade_no", number);
    json_key_text(&w, "state", span_of_text(book_state_name(state)));
    json_close(&w);
    TRY(json_finish(&w));
    answer(request, status_of(state), span_of_buffer(&body));
    return OK;
}

static BookState state_ordered(int64_t amount)
{
    if (amount % 100 == AMOUNT_FAILS) return BOOK_FAILED;
    return amount % 100 == AMOUNT_PENDING ? BOOK_PENDING : BOOK_SUCCESS;
}

static Status order(Bank *bank, HttpRequest *request)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem;
    Asked asked = { 0 };
    const Clock clock = clock_system();
    BookOrder wanted = { 0 };
    BookState state = BOOK_UNKNOWN;
    TRY(json_parse(http_request_body(request), &document, &problem));
    TRY(json_read(document, json_root(document), asked_fields, 3, &asked, &problem));
    REQUIRE(span_is_plain_name(asked.number, BOOK_NUMBER_BYTES_MAX), REFUSED_JSON_RANGE);
    TRY(book_kind_read(asked.kind, &wanted.kind));
    wanted.number = asked.number;
    wanted.amount = asked.amount;
    wanted.state = state_ordered(asked.amount);
    TRY(book_do(bank->book, &wanted, time_business_day(clock_now_us(&clock)), &state));
    if (asked.amount % 100 == AMOUNT_LOST && bank->kept_count < KEPT_MAX) {
        bank->kept[bank->kept_count++] = request;
        return OK;
    }
    return answer_state(request, asked.number, state);
}

static Status day_file(Bank *bank, HttpRequest *request, Span day_text)
{
    uint8_t memory[32];
    Buffer text = BUFFER_OF(memory);
    Buffer file = BUFFER_OF(bank->file);
    Cursor c = cursor_of(day_text);
    Span year, month, day;
    int64_t at_us = 0;
    TRY(cursor_take(&c, 4, &year));
    TRY(cursor_take(&c, 2, &month));
    TRY(cursor_take(&c, 2, &day));
    TRY(cursor_end(&c));
    TRY(buffer_print(&text, "%.4s-%.2s-%.2sT00:00:00+08:00", (const char *)year.data,
            (const char *)month.data, (const char *)day.data));
    TRY(time_parse(span_of_buffer(&text), &at_us));
    TRY(book_file(bank->book, time_business_day(at_us), &file));
    answer(request, 200, span_of_buffer(&file));
    return OK;
}

static Status dispatch(Bank *bank, HttpRequest *request)
{
    Cursor c = cursor_of(http_request_path(request));
    Span start, place;
    BookState state = BOOK_UNKNOWN;
    if (http_request_method(request) == HTTP_POST) {
        REQUIRE(span_equal(c.rest, SPAN("/sandbox/orders")), REFUSED_JSON_RANGE);
        return order(bank, request);
    }
    TRY(cursor_take(&c, sizeof("/sandbox/") - 1, &start));
    REQUIRE(span_equal(start, SPAN("/sandbox/")), REFUSED_JSON_RANGE);
    TRY(cursor_until(&c, '/', &place));
    if (span_equal(place, SPAN("days"))) return day_file(bank, request, c.rest);
    REQUIRE(span_equal(place, SPAN("orders")), REFUSED_JSON_RANGE);
    REQUIRE(span_is_plain_name(c.rest, BOOK_NUMBER_BYTES_MAX), REFUSED_JSON_RANGE);
    TRY(book_query(bank->book, c.rest, &state));
    return answer_state(request, c.rest, state);
}

static void handle(void *context, HttpRequest *request)
{
    Bank *bank = context;
    pthread_mutex_lock(&bank->lock);
    const Status s = dispatch(bank, request);
    pthread_mutex_unlock(&bank->lock);
    if (status_ok(s)) return;
    LOG_STATUS(LOG_WARNING, "sandbank.refused", s);
    answer(request, status_refused(s) ? 400 : 500, SPAN(""));
}

Status bank_open(const char *book_path, const uint16_t ports[BANK_LINES], struct ssl_ctx_st *tls,
        Bank **ret_bank)
{
    CLEANUP(bank_close) Bank *bank = calloc(1, sizeof(*bank));
    CHECK(bank != NULL, FAULT_MEMORY);
    pthread_mutex_init(&bank->lock, NULL);
    TRY(book_open(book_path, &bank->book));
    for (int line = 0; line < BANK_LINES; line++) {
        const HttpServerConfig config = {
            .port = ports[line], .loops = 1, .tls = tls, .handler = handle, .context = bank
        };
        TRY(http_server_start(&config, &bank->lines[line]));
    }
    *ret_bank = bank;
    bank = NULL;
    return OK;
}

uint16_t bank_port(const Bank *bank, int line) { return http_server_port(bank->lines[line]); }

static void give_up(Bank *bank)
{
    pthread_mutex_lock(&bank->lock);
    for (size_t i = 0; i < bank->kept_count; i++)
        answer(bank->kept[i], 504, SPAN(""));
    bank->kept_count = 0;
    pthread_mutex_unlock(&bank->lock);
}

void bank_close(Bank **bank)
{
    Bank *closing = *bank;
    if (closing == NULL) return;
    give_up(closing);
    for (int line = 0; line < BANK_LINES; line++) {
        if (closing->lines[line] == NULL) continue;
        const Status s = http_server_stop(closing->lines[line], STOP_MS);
        ASSERT(status_ok(s));
        http_server_free(&closing->lines[line]);
    }
    book_close(&closing->book);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *bank = NULL;
}
