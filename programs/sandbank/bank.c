#include "bank.h"

#include "base/encoding.h"
#include "base/log.h"
#include "base/seams.h"
#include "base/secret.h"
#include "base/time.h"
#include "binding_calls.h"
#include "crypto/box.h"
#include "crypto/certificate.h"
#include "http/server.h"
#include "text/json.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { KEPT_MAX = 256, STOP_MS = 5000, ANSWER_BYTES_MAX = 256, LOOPS = 4, BOX_TEXT_MAX = 8192 };
enum {
    AMOUNT_FAILS = 91,
    AMOUNT_LOST = 92,
    AMOUNT_PENDING = 93,
    AMOUNT_TWICE = 94,
    AMOUNT_SLOW = 95,
    AMOUNT_REFUSED = 96,
    AMOUNT_MAX = 1000000000,
};

struct Bank {
    Book *book;
    const char *client;
    const PrivateKey *box_key;
    Bindings bindings;
    HttpServer *lines[BANK_LINES];
    int line_count;
    pthread_mutex_t lock; /* of all below, and of the book */
    size_t kept_count;
    HttpRequest *kept[KEPT_MAX]; /* their answers are lost */
    uint8_t file[BOOK_FILE_BYTES_MAX];
};

typedef struct Asked {
    Span number;
    Span kind;
    int64_t amount;
    Span account; /* of a withdrawal; of a card payment its agreement, when there is one */
    Span card_box; /* of another card payment; read and forgotten */
} Asked;

static const JsonField asked_fields[] = {
    { "out_trade_no", JSON_TEXT, true, 1, BOOK_NUMBER_BYTES_MAX, offsetof(Asked, number), NULL, 0 },
    { "kind", JSON_TEXT, true, 1, 16, offsetof(Asked, kind), NULL, 0 },
    { "amount", JSON_INT, true, 1, AMOUNT_MAX, offsetof(Asked, amount), NULL, 0 },
    { "account_token", JSON_TEXT, false, 1, 64, offsetof(Asked, account), NULL, 0 },
    { "card_box", JSON_TEXT, false, 1, BOX_TEXT_MAX, offsetof(Asked, card_box), NULL, 0 },
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

static Status answer_state(HttpRequest *request, Span number, const BookFound *found)
{
    uint8_t memory[ANSWER_BYTES_MAX];
    Buffer body = BUFFER_OF(memory);
    JsonWriter w = json_writer(&body);
    json_open_object(&w);
    json_key_text(&w, "out_trade_no", number);
    if (found->state != BOOK_UNKNOWN) {
        json_key_text(&w, "kind", span_of_text(book_kind_name(found->kind)));
        json_key_int(&w, "amount", found->amount);
    }
    json_key_text(&w, "state", span_of_text(book_state_name(found->state)));
    json_close(&w);
    TRY(json_finish(&w));
    answer(request, status_of(found->state), span_of_buffer(&body));
    return OK;
}

/* Others are served meanwhile. */
static void be_slow(Bank *bank)
{
    const struct timespec wait = { BANK_SLOW_MS / 1000, BANK_SLOW_MS % 1000 * 1000000L };
    pthread_mutex_unlock(&bank->lock);
    nanosleep(&wait, NULL);
    pthread_mutex_lock(&bank->lock);
}

static bool fault_is(const Asked *asked, int64_t fault) { return asked->amount % 100 == fault; }

/* A bank would ask the card's issuer; here it is enough that it can be read. */
static Status look_at_card(const Bank *bank, const Asked *asked)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer bytes = BUFFER_OF(box_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    Box box;
    REQUIRE(bank->box_key != NULL && asked->card_box.size > 0, REFUSED_BOX_FORMAT);
    TRY(base64_decode(asked->card_box, &bytes));
    TRY(box_parse(span_of_buffer(&bytes), &box));
    const Status s = box_open(bank->box_key, &box, &plain);
    bytes_wipe(plain_bytes, sizeof(plain_bytes));
    TRY(s);
    const bool of_it =
            span_equal(box.context.order, asked->number) && box.context.amount == asked->amount;
    REQUIRE(of_it, REFUSED_BOX_CONTEXT);
    return OK;
}

/* By an agreement its holder made, or with the card itself. */
static bool card_pays(const Bank *bank, const Asked *asked)
{
    bool agreed = false;
    if (asked->account.size == 0) return status_ok(look_at_card(bank, asked));
    return status_ok(bindings_agreed(&bank->bindings, asked->account, &agreed)) && agreed;
}

static BookState state_ordered(const Bank *bank, const Asked *asked)
{
    const bool is_card = span_equal(asked->kind, span_of_text(book_kind_name(BOOK_CARD)));
    if (is_card && !card_pays(bank, asked)) return BOOK_FAILED;
    if (fault_is(asked, AMOUNT_FAILS)) return BOOK_FAILED;
    return fault_is(asked, AMOUNT_PENDING) ? BOOK_PENDING : BOOK_SUCCESS;
}

static Status write_down(Bank *bank, const Asked *asked, BookState wanted, BookFound *ret_found)
{
    const Clock clock = clock_system();
    BookOrder order = { .number = asked->number,
        .amount = asked->amount,
        .state = wanted,
        .twice = fault_is(asked, AMOUNT_TWICE) };
    REQUIRE(span_is_plain_name(asked->number, BOOK_NUMBER_BYTES_MAX), REFUSED_JSON_RANGE);
    TRY(book_kind_read(asked->kind, &order.kind));
    ret_found->kind = order.kind;
    ret_found->amount = order.amount;
    return book_do(bank->book, &order, time_business_day(clock_now_us(&clock)), &ret_found->state);
}

static Status order(Bank *bank, HttpRequest *request, bool closes)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem;
    Asked asked = { 0 };
    BookFound found = { 0 };
    TRY(json_parse(http_request_body(request), &document, &problem));
    TRY(json_read(document, json_root(document), asked_fields,
            sizeof(asked_fields) / sizeof(asked_fields[0]), &asked, &problem));
    if (closes) {
        TRY(write_down(bank, &asked, BOOK_FAILED, &found));
        return answer_state(request, asked.number, &found);
    }
    if (fault_is(&asked, AMOUNT_REFUSED)) {
        answer(request, 403, SPAN(""));
        return OK;
    }
    TRY(write_down(bank, &asked, state_ordered(bank, &asked), &found));
    if (fault_is(&asked, AMOUNT_SLOW)) be_slow(bank);
    if (fault_is(&asked, AMOUNT_LOST) && bank->kept_count < KEPT_MAX) {
        bank->kept[bank->kept_count++] = request;
        return OK;
    }
    return answer_state(request, asked.number, &found);
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

/* --- cards that are bound --- */

static void answer_binding(Bank *bank, HttpRequest *request, const BindingAnswer *found, Span body)
{
    if (found->fault == BINDING_FAULT_SLOW) be_slow(bank);
    if (found->fault == BINDING_FAULT_REFUSED) {
        answer(request, 403, SPAN(""));
    } else if (found->fault == BINDING_FAULT_LOST && bank->kept_count < KEPT_MAX) {
        bank->kept[bank->kept_count++] = request;
    } else {
        answer(request, found->status, body);
    }
}

static Status binding(Bank *bank, HttpRequest *request, Span place)
{
    const Clock clock = clock_system();
    uint8_t memory[ANSWER_BYTES_MAX];
    Buffer body = BUFFER_OF(memory);
    BindingAnswer found = { 0 };
    if (http_request_method(request) == HTTP_POST)
        TRY(binding_post(&bank->bindings, bank->box_key, place, http_request_body(request),
                clock_now_us(&clock), &found, &body));
    else
        TRY(binding_get(&bank->bindings, (Span) { place.data + 1, place.size - 1 }, &found, &body));
    answer_binding(bank, request, &found, span_of_buffer(&body));
    return OK;
}

/* What stands behind "/sandbox/bindings": nothing, or "/..."; false: it is another path. */
static bool is_binding(const HttpRequest *request, Span *ret_place)
{
    const Span before = SPAN("/sandbox/bindings");
    const Span path = http_request_path(request);
    if (path.size < before.size || !span_equal((Span) { path.data, before.size }, before))
        return false;
    *ret_place = (Span) { path.data + before.size, path.size - before.size };
    const bool gets = http_request_method(request) != HTTP_POST;
    return ret_place->size > 0 ? ret_place->data[0] == '/' : !gets;
}

static Status post(Bank *bank, HttpRequest *request)
{
    const Span path = http_request_path(request);
    const bool closes = span_equal(path, SPAN("/sandbox/closed"));
    REQUIRE(closes || span_equal(path, SPAN("/sandbox/orders")), REFUSED_JSON_RANGE);
    return order(bank, request, closes);
}

static Status dispatch(Bank *bank, HttpRequest *request)
{
    Cursor c = cursor_of(http_request_path(request));
    Span start, place;
    BookFound found = { 0 };
    if (is_binding(request, &place)) return binding(bank, request, place);
    if (http_request_method(request) == HTTP_POST) return post(bank, request);
    if (span_equal(c.rest, SPAN("/sandbox/health"))) {
        answer(request, 200, SPAN(""));
        return OK;
    }
    TRY(cursor_take(&c, sizeof("/sandbox/") - 1, &start));
    REQUIRE(span_equal(start, SPAN("/sandbox/")), REFUSED_JSON_RANGE);
    TRY(cursor_until(&c, '/', &place));
    if (span_equal(place, SPAN("days"))) return day_file(bank, request, c.rest);
    REQUIRE(span_equal(place, SPAN("orders")), REFUSED_JSON_RANGE);
    REQUIRE(span_is_plain_name(c.rest, BOOK_NUMBER_BYTES_MAX), REFUSED_JSON_RANGE);
    TRY(book_query(bank->book, c.rest, &found));
    return answer_state(request, c.rest, &found);
}

/* The authority certifies others than our client, too. */
static Status identify(const Bank *bank, const HttpRequest *request)
{
    uint8_t memory[CERTIFICATE_NAME_BYTES_MAX];
    Buffer name = BUFFER_OF(memory);
    CLEANUP(certificate_free) Certificate *certificate = NULL;
    TRY(certificate_from_der(http_request_peer_certificate(request), &certificate));
    TRY(certificate_common_name(certificate, &name));
    REQUIRE(span_equal(span_of_buffer(&name), span_of_text(bank->client)),
            REFUSED_CERTIFICATE_INVALID);
    return OK;
}

static void handle(void *context, HttpRequest *request)
{
    Bank *bank = context;
    pthread_mutex_lock(&bank->lock);
    Status s = identify(bank, request);
    if (status_ok(s)) s = dispatch(bank, request);
    pthread_mutex_unlock(&bank->lock);
    if (status_ok(s)) return;
    LOG_STATUS(LOG_WARNING, "sandbank.refused", s);
    answer(request, status_refused(s) ? 400 : 500, SPAN(""));
}

Status bank_open(const BankConfig *config, Bank **ret_bank)
{
    CLEANUP(bank_close) Bank *bank = calloc(1, sizeof(*bank));
    CHECK(bank != NULL, FAULT_MEMORY);
    pthread_mutex_init(&bank->lock, NULL);
    bank->client = config->client;
    bank->box_key = config->box_key;
    bank->line_count = config->line_count;
    TRY(book_open(config->book_path, &bank->book));
    bank->bindings = (Bindings) { .book = bank->book, .folder = config->folder };
    memcpy(bank->bindings.key, config->binding_key, sizeof(bank->bindings.key));
    for (int line = 0; line < bank->line_count; line++) {
        const HttpServerConfig server = { .port = config->ports[line],
            .loops = LOOPS,
            .tls = config->tls,
            .handler = handle,
            .context = bank };
        TRY(http_server_start(&server, &bank->lines[line]));
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

/* What is kept back while a line stops is let go, too. */
static void stop_line(Bank *bank, int line)
{
    Status s = REFUSE(REFUSED_HTTP_TIMEOUT);
    while (status_is(s, REFUSED_HTTP_TIMEOUT)) {
        give_up(bank);
        s = http_server_stop(bank->lines[line], STOP_MS);
    }
    ASSERT(status_ok(s));
    http_server_free(&bank->lines[line]);
}

void bank_close(Bank **bank)
{
    Bank *closing = *bank;
    if (closing == NULL) return;
    for (int line = 0; line < closing->line_count; line++)
        if (closing->lines[line] != NULL) stop_line(closing, line);
    book_close(&closing->book);
    pthread_mutex_destroy(&closing->lock);
    free(closing);
    *bank = NULL;
}
