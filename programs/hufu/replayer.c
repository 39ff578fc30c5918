#include "replayer.h"

#include "terminal.h"

#include "base/time.h"
#include "text/json.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ORDER_BYTES_MAX = 2048, NUMBER_BYTES_MAX = 33, WATCH_EVERY_US = 50000 };

static _Atomic bool interrupted;

typedef struct Replay {
    const ReplayConfig *config;
    const ReplayRows *rows;
    int64_t began_us;
    _Atomic uint64_t done;
    _Atomic unsigned running;
} Replay;

/* One worker has its own connections, its own payers and its own counts: nothing is shared but the
 * rows. */
typedef struct Worker {
    Replay *replay;
    unsigned number;
    HttpClient *shop;
    HttpClient *phone;
    BoxKey box_key;
    ReplayResult result;
    pthread_t thread;
} Worker;

void replay_interrupt(void) { interrupted = true; }

static void count_reason(ReplayResult *result, const char *code, uint64_t count)
{
    const size_t longest = sizeof(result->reasons[0].code) - 1;
    size_t i = 0;
    while (i < result->reason_count && strncmp(result->reasons[i].code, code, longest) != 0)
        i++;
    if (i == REPLAY_REASONS_MAX) i = REPLAY_REASONS_MAX - 1; /* the last one takes what is left */
    if (i == result->reason_count) {
        result->reason_count++;
        snprintf(result->reasons[i].code, sizeof(result->reasons[i].code), "%.*s", (int)longest,
                code);
    }
    result->reasons[i].count += count;
}

static void refused(Worker *w, const char *code)
{
    w->result.refused++;
    count_reason(&w->result, code, 1);
}

/* --- one payment --- */

typedef struct Sale {
    const MerchantApp *merchant;
    PayerApp *payer;
    const ReplayRow *row;
    char number[NUMBER_BYTES_MAX];
    const char *auth_code; /* NULL: the shop shows an order instead */
} Sale;

MUST_USE static Status write_order(const Sale *sale, Buffer *ret_body)
{
    JsonWriter w = json_writer_for(ret_body, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "appid", SPAN("wx0000000000000001"));
    json_key_text(&w, "mchid", span_of_text(sale->merchant->mchid));
    json_key_text(&w, "description", SPAN("Goods"));
    json_key_text(&w, "out_trade_no", span_of_text(sale->number));
    json_key_text(&w, "notify_url", SPAN("https://127.0.0.1/notify"));
    json_key_object(&w, "amount");
    json_key_int(&w, "total", sale->row->minor);
    json_key_text(&w, "currency", SPAN("CNY"));
    json_close(&w);
    if (sale->auth_code != NULL) {
        json_key_object(&w, "payer");
        json_key_text(&w, "auth_code", span_of_text(sale->auth_code));
        json_close(&w);
    }
    json_key_object(&w, "scene_info");
    json_key_object(&w, "store_info");
    json_key_text(&w, "id", span_of_text(sale->row->store));
    json_close(&w);
    json_close(&w);
    json_close(&w);
    return json_finish(&w);
}

/* Send the order; true when the answer was 2xx. Otherwise the refusal is counted. */
static bool order_sent(Worker *w, const Sale *sale, Span target, MerchantAnswer *ret_answer)
{
    uint8_t memory[ORDER_BYTES_MAX];
    Buffer body = BUFFER_OF(memory);
    Status s = write_order(sale, &body);
    if (status_ok(s))
        s = merchant_app_call(
                sale->merchant, w->shop, "POST", target, span_of_buffer(&body), ret_answer);
    if (!status_ok(s)) {
        refused(w, status_name(s));
        return false;
    }
    w->result.asked_again += ret_answer->tries - 1;
    if (ret_answer->status >= 200 && ret_answer->status < 300) return true;
    char code[64];
    answer_code(ret_answer->status, ret_answer->body, code);
    refused(w, code);
    return false;
}

/* The text of one member of an answer, into `ret_text` of 128 bytes; false when it has none. */
static bool answer_text(Span body, const char *name, char ret_text[128])
{
    const JsonField fields[] = { { name, JSON_TEXT, true, 1, 127, 0 } };
    JsonProblem problem = { 0 };
    Span text = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!status_ok(json_parse(body, &document, &problem))) return false;
    if (!status_ok(json_read_some(document, json_root(document), fields, 1, &text, &problem)))
        return false;
    snprintf(ret_text, 128, "%.*s", (int)text.size, (const char *)text.data);
    return true;
}

static void count_state(Worker *w, const Sale *sale, const char *state)
{
    if (strcmp(state, "SUCCESS") == 0) {
        w->result.paid++;
        w->result.paid_minor += sale->row->minor;
        return;
    }
    if (strcmp(state, "USERPAYING") == 0) {
        w->result.held++;
        return;
    }
    refused(w, state);
}

static void ask_state(Worker *w, const Sale *sale);

/* The payment waits for its payer, perhaps: the app shows what waits for the PIN, and the payer
 * types it. What waits for anything else (a delay, a reviewer) is not in that list, and held. */
static void answer_challenge(Worker *w, Sale *sale)
{
    uint8_t url_bytes[PAYER_APP_CODE_URL_BYTES_MAX];
    Buffer url = BUFFER_OF(url_bytes);
    PayerAnswer phone = { 0 };
    Status s = payer_app_waiting(sale->payer, w->phone, &w->box_key,
            span_of_text(sale->merchant->mchid), span_of_text(sale->number), &phone, &url);
    if (status_is(s, REFUSED_ORDER_NOT_EXIST)) {
        w->result.held++;
        return;
    }
    if (status_ok(s))
        s = payer_app_pay(sale->payer, w->phone, &w->box_key, span_of_buffer(&url), &phone);
    const bool lost = status_is(s, REFUSED_HTTP_CLOSED) || status_is(s, REFUSED_HTTP_TIMEOUT);
    if (!status_ok(s) && !lost) {
        refused(w, phone.code[0] != '\0' ? phone.code : status_name(s));
        return;
    }
    if (status_ok(s)) w->result.challenged++;
    ask_state(w, sale);
}

/* The shop scans a code from the payer's app. */
static void pay_by_code(Worker *w, Sale *sale)
{
    PayerAnswer phone = { 0 };
    const Status s = payer_app_code(sale->payer, w->phone, &w->box_key, &phone, &sale->auth_code);
    if (!status_ok(s)) {
        refused(w, phone.code[0] != '\0' ? phone.code : status_name(s));
        return;
    }
    const int64_t began_us = monotonic_us();
    MerchantAnswer answer = { 0 };
    if (!order_sent(w, sale, SPAN("/v3/pay/transactions/codepay"), &answer)) return;
    latency_add(&w->result.by_code, monotonic_us() - began_us);
    char state[128];
    if (!answer_text(answer.body, "trade_state", state))
        refused(w, "ANSWER_WITHOUT_STATE");
    else if (strcmp(state, "USERPAYING") == 0)
        answer_challenge(w, sale);
    else
        count_state(w, sale, state);
}

/* What the shop sees of its own order; it asks, because its answer alone is signed. */
static void ask_state(Worker *w, const Sale *sale)
{
    uint8_t memory[256];
    Buffer target = BUFFER_OF(memory);
    MerchantAnswer answer = { 0 };
    Status s = buffer_print(&target, "/v3/pay/transactions/out-trade-no/%s?mchid=%s", sale->number,
            sale->merchant->mchid);
    if (status_ok(s))
        s = merchant_app_call(
                sale->merchant, w->shop, "GET", span_of_buffer(&target), SPAN(""), &answer);
    char state[128];
    if (!status_ok(s))
        refused(w, status_name(s));
    else if (!answer_text(answer.body, "trade_state", state))
        refused(w, "ANSWER_WITHOUT_STATE");
    else
        count_state(w, sale, state);
}

/* The payer scans the shop's order and types the PIN. */
static void pay_by_pin(Worker *w, Sale *sale)
{
    const int64_t began_us = monotonic_us();
    MerchantAnswer answer = { 0 };
    if (!order_sent(w, sale, SPAN("/v3/pay/transactions/native"), &answer)) return;
    char url[128];
    if (!answer_text(answer.body, "code_url", url)) {
        refused(w, "ANSWER_WITHOUT_CODE_URL");
        return;
    }
    PayerAnswer phone = { 0 };
    const Status s = payer_app_pay(sale->payer, w->phone, &w->box_key, span_of_text(url), &phone);
    const bool lost = status_is(s, REFUSED_HTTP_CLOSED) || status_is(s, REFUSED_HTTP_TIMEOUT);
    if (!status_ok(s) && !lost) {
        refused(w, phone.code[0] != '\0' ? phone.code : status_name(s));
        return;
    }
    if (!lost) latency_add(&w->result.by_pin, monotonic_us() - began_us);
    ask_state(w, sale);
}

/* --- all payments --- */

static void pace(const Replay *replay, size_t row)
{
    if (replay->config->rate == 0) return;
    const int64_t at_us = replay->began_us + (int64_t)row * TIME_SECOND_US / replay->config->rate;
    const struct timespec at = { at_us / TIME_SECOND_US, at_us % TIME_SECOND_US * 1000 };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void *work(void *argument)
{
    Worker *w = argument;
    Replay *replay = w->replay;
    const ReplayConfig *config = replay->config;
    for (size_t i = 0; i < replay->rows->count && !interrupted; i++) {
        const ReplayRow *row = &replay->rows->items[i];
        const size_t payer = row->customer % config->payers->count;
        if (payer % config->workers != w->number) continue;
        pace(replay, i);
        Sale sale = { .row = row, .payer = &config->payers->items[payer] };
        sale.merchant = &config->merchants->items[row->terminal % config->merchants->count];
        snprintf(sale.number, sizeof(sale.number), "%s-%08zu", config->prefix, i);
        if (row->minor > REPLAY_PIN_OVER_MINOR || row->terminal / 7 % 4 == 0)
            pay_by_pin(w, &sale);
        else
            pay_by_code(w, &sale);
        replay->done++;
    }
    replay->running--;
    return NULL;
}

MUST_USE static Status connect_two(
        const ReplayConfig *config, HttpClient **ret_a, HttpClient **ret_b)
{
    const HttpClientConfig http = {
        .address = config->address, .port = config->port, .tls = config->tls, .timeout_ms = 20000
    };
    TRY(http_client_open(&http, ret_a));
    return ret_b == NULL ? OK : http_client_open(&http, ret_b);
}

/* Each merchant fetches the certificate that answers must bear. */
MUST_USE static Status learn_all(const ReplayConfig *config)
{
    CLEANUP(http_client_close) HttpClient *http = NULL;
    TRY(connect_two(config, &http, NULL));
    for (size_t i = 0; i < config->merchants->count; i++) {
        if (config->merchants->items[i].platform == NULL)
            TRY(merchant_app_learn(&config->merchants->items[i], http));
    }
    return OK;
}

static void merge(ReplayResult *total, const ReplayResult *part)
{
    total->paid += part->paid;
    total->held += part->held;
    total->challenged += part->challenged;
    total->refused += part->refused;
    total->paid_minor += part->paid_minor;
    total->asked_again += part->asked_again;
    latency_merge(&total->by_code, &part->by_code);
    latency_merge(&total->by_pin, &part->by_pin);
    for (size_t i = 0; i < part->reason_count; i++)
        count_reason(total, part->reasons[i].code, part->reasons[i].count);
}

static int by_count(const void *left, const void *right)
{
    const ReplayReason *a = left;
    const ReplayReason *b = right;
    return (b->count > a->count) - (b->count < a->count);
}

static void watch(Replay *replay)
{
    Progress progress = progress_begin(replay->config->label, replay->rows->count);
    while (replay->running > 0) {
        const struct timespec pause = { 0, WATCH_EVERY_US * 1000 };
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        progress_show(&progress, replay->done);
    }
    progress_end(&progress, replay->done);
}

static void worker_free(Worker *w)
{
    http_client_close(&w->shop);
    http_client_close(&w->phone);
    box_key_free(&w->box_key);
}

Status replay_run(const ReplayConfig *config, const ReplayRows *rows, ReplayResult *ret_result)
{
    ASSERT(config->workers >= 1 && config->workers <= REPLAY_WORKERS_MAX);
    TRY(learn_all(config));
    Worker *workers = calloc(config->workers, sizeof(Worker));
    CHECK(workers != NULL, FAULT_MEMORY);
    Replay replay = { .config = config, .rows = rows, .began_us = monotonic_us() };
    unsigned started = 0;
    Status s = OK;
    for (; started < config->workers; started++) {
        Worker *w = &workers[started];
        w->replay = &replay;
        w->number = started;
        s = box_key_pin(config->folder, &w->box_key);
        if (status_ok(s)) s = connect_two(config, &w->shop, &w->phone);
        if (!status_ok(s)) break;
        replay.running++;
        if (pthread_create(&w->thread, NULL, work, w) != 0) {
            replay.running--;
            s = BROKEN(FAULT_THREAD);
            break;
        }
    }
    if (!status_ok(s)) interrupted = true;
    if (status_ok(s)) watch(&replay);
    for (unsigned i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        merge(ret_result, &workers[i].result);
    }
    for (unsigned i = 0; i < config->workers; i++)
        worker_free(&workers[i]);
    free(workers);
    ret_result->interrupted = interrupted;
    ret_result->duration_us = monotonic_us() - replay.began_us;
    qsort(ret_result->reasons, ret_result->reason_count, sizeof(ReplayReason), by_count);
    return s;
}

/* --- for people --- */

static void print_latency(const char *name, const Latency *latency)
{
    if (latency->total == 0) return;
    char count[28];
    printf("  %-18s %8s   p50 %.1f ms   p99 %.1f ms   slowest %.1f ms\n", name,
            number_text((int64_t)latency->total, count),
            (double)latency_percentile_us(latency, 500) / 1000,
            (double)latency_percentile_us(latency, 990) / 1000, (double)latency->most_us / 1000);
}

void replay_print(const ReplayResult *r)
{
    char paid[28];
    char minor[32];
    char refused_text[28];
    char held[28];
    const double seconds = (double)r->duration_us / TIME_SECOND_US;
    const uint64_t total = r->paid + r->held + r->refused;
    printf("  payments/s         %8.0f\n", seconds > 0 ? (double)total / seconds : 0);
    printf("  paid               %8s   %s CNY\n", number_text((int64_t)r->paid, paid),
            money_text(r->paid_minor, minor));
    print_latency("  by scanned code", &r->by_code);
    print_latency("  by PIN", &r->by_pin);
    if (r->challenged > 0)
        printf("    asked for the PIN %7s   scanned codes that risk rules challenged\n",
                number_text((int64_t)r->challenged, held));
    if (r->held > 0)
        printf("  held               %8s   waits for a delay or a reviewer\n",
                number_text((int64_t)r->held, held));
    printf("  refused            %8s\n", number_text((int64_t)r->refused, refused_text));
    for (size_t i = 0; i < r->reason_count; i++)
        printf("    %-24s %s\n", r->reasons[i].code,
                number_text((int64_t)r->reasons[i].count, held));
    if (r->asked_again > 0)
        printf("  asked again        %8s   requests whose answer had been lost\n",
                number_text((int64_t)r->asked_again, held));
}
