#include "bank/sandbox.h"

#include "base/encoding.h"
#include "base/time.h"
#include "text/json.h"

enum {
    ORDER_BYTES_MAX = 512 + 2 * CHANNEL_CARD_BOX_BYTES_MAX,
    ANSWER_BYTES_MAX = 1024,
    TARGET_BYTES_MAX = 96,
};

/* --- answers --- */

typedef struct Said {
    Span number;
    Span kind;
    Span state;
    int64_t amount;
} Said;

static const JsonField said_fields[] = {
    { "out_trade_no", JSON_TEXT, true, 1, CHANNEL_NUMBER_BYTES_MAX, offsetof(Said, number) },
    { "kind", JSON_TEXT, true, 1, 16, offsetof(Said, kind) },
    { "state", JSON_TEXT, true, 1, 16, offsetof(Said, state) },
    { "amount", JSON_INT, true, 0, INT64_MAX, offsetof(Said, amount) },
};

static const struct {
    const char *state;
    ChannelOutcome outcome;
} states[] = {
    { "SUCCESS", CHANNEL_IS_DONE },
    { "FAILED", CHANNEL_IS_NOT_DONE },
    { "PENDING", CHANNEL_IS_PENDING },
};

static Status read_order(const ChannelAsk *ask, Span body, ChannelOutcome *ret_outcome)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem;
    Said said = { 0 };
    REQUIRE(status_ok(json_parse(body, &document, &problem)), REFUSED_BANK_ANSWER);
    const Status s = json_read_some(document, json_root(document), said_fields,
            sizeof(said_fields) / sizeof(said_fields[0]), &said, &problem);
    REQUIRE(status_ok(s), REFUSED_BANK_ANSWER);
    const bool ours = span_equal(said.number, span_of_text(ask->number))
            && span_equal(said.kind, span_of_text(channel_kind_name(ask->kind)))
            && said.amount == ask->money.minor;
    REQUIRE(ours, REFUSED_BANK_ANSWER);
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (!span_equal(said.state, span_of_text(states[i].state))) continue;
        *ret_outcome = states[i].outcome;
        return OK;
    }
    return REFUSE(REFUSED_BANK_ANSWER);
}

Status sandbox_read(
        const ChannelAsk *ask, bool sends, int status, Span body, ChannelOutcome *ret_outcome)
{
    if (status == 404) {
        *ret_outcome = CHANNEL_IS_NOT_THERE;
        return OK;
    }
    if (sends && status == 403) {
        *ret_outcome = CHANNEL_IS_NOT_DONE;
        return OK;
    }
    REQUIRE(status == 200, REFUSED_BANK_ANSWER);
    return read_order(ask, body, ret_outcome);
}

/* --- calls --- */

/* One POST of an order's terms. */
static HttpCall post_of(const char *target, const HttpHeader *header, const Buffer *order)
{
    return (HttpCall) { .method = "POST",
        .target = span_of_text(target),
        .headers = header,
        .header_count = 1,
        .body = span_of_buffer(order) };
}

static Status put_order(const ChannelAsk *ask, Buffer *ret_body)
{
    uint8_t box_bytes[2 * CHANNEL_CARD_BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    JsonWriter w = json_writer_for(ret_body, LAYER_PARTNER);
    w.purpose = PURPOSE_BANK_CHANNEL;
    json_open_object(&w);
    json_key_text(&w, "out_trade_no", span_of_text(ask->number));
    json_key_text(&w, "kind", span_of_text(channel_kind_name(ask->kind)));
    json_key_int(&w, "amount", ask->money.minor);
    if (ask->target[0] != 0) json_key_text(&w, "account_token", span_of_text(ask->target));
    if (ask->card_box.size > 0) {
        TRY(base64_encode(ask->card_box, &box));
        json_key_text(&w, "card_box", span_of_buffer(&box));
    }
    json_close(&w);
    return json_finish(&w);
}

static Status send(void *context, const ChannelAsk *ask, ChannelOutcome *ret_outcome)
{
    const Sandbox *sandbox = context;
    uint8_t order_bytes[ORDER_BYTES_MAX];
    uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer order = BUFFER_OF(order_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    int status = 0;
    TRY(put_order(ask, &order));
    const HttpHeader header = { "Content-Type", SPAN("application/json") };
    const HttpCall call = post_of("/sandbox/orders", &header, &order);
    TRY(lines_call(sandbox->lines, &call, false, &status, &answer));
    return sandbox_read(ask, true, status, span_of_buffer(&answer), ret_outcome);
}

/* What may be asked twice. */
static Status ask_again(const Sandbox *sandbox, const ChannelAsk *ask, const HttpCall *call,
        ChannelOutcome *ret_outcome)
{
    uint8_t answer_bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(answer_bytes);
    int status = 0;
    TRY(lines_call(sandbox->lines, call, true, &status, &answer));
    return sandbox_read(ask, false, status, span_of_buffer(&answer), ret_outcome);
}

static Status query(void *context, const ChannelAsk *ask, ChannelOutcome *ret_outcome)
{
    uint8_t target_bytes[TARGET_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    TRY(buffer_print(&target, "/sandbox/orders/%s", ask->number));
    const HttpCall call = { .method = "GET", .target = span_of_buffer(&target) };
    return ask_again(context, ask, &call, ret_outcome);
}

/* With its terms: what the bank never saw it writes down as never to be done. */
static Status close_order(void *context, const ChannelAsk *ask, ChannelOutcome *ret_outcome)
{
    uint8_t order_bytes[ORDER_BYTES_MAX];
    Buffer order = BUFFER_OF(order_bytes);
    const ChannelAsk terms = { ask->number, ask->kind, ask->money, "", { NULL, 0 } };
    TRY(put_order(&terms, &order));
    const HttpHeader header = { "Content-Type", SPAN("application/json") };
    const HttpCall call = post_of("/sandbox/closed", &header, &order);
    return ask_again(context, ask, &call, ret_outcome);
}

static Status day_file(void *context, int32_t day, Buffer *ret_file)
{
    const Sandbox *sandbox = context;
    uint8_t target_bytes[TARGET_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    char date[9];
    int status = 0;
    time_business_day_text(day, date);
    TRY(buffer_print(&target, "/sandbox/days/%s", date));
    const HttpCall call = { .method = "GET", .target = span_of_buffer(&target) };
    TRY(lines_call(sandbox->lines, &call, true, &status, ret_file));
    REQUIRE(status == 200, REFUSED_BANK_FILE);
    return OK;
}

void sandbox_open(Lines *lines, Sandbox *ret_sandbox)
{
    *ret_sandbox = (Sandbox) { .lines = lines };
    ret_sandbox->channel = (Channel) { .context = ret_sandbox,
        .send = send,
        .query = query,
        .close = close_order,
        .day_file = day_file };
}

Span sandbox_probe_target(void) { return SPAN("/sandbox/health"); }
