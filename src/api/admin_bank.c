/* The bank's channel as operators use and see it (api/admin.h; bank/channel_order.h). */
#include "api/admin_inside.h"

#include "api/challenge.h"
#include "api/passage.h"
#include "bank/desk.h"
#include "bank/lines.h"
#include "base/encoding.h"
#include "base/secret.h"
#include "vaultclient/card.h"

typedef struct OrderJson {
    Span operation;
    Span number;
    Span holder;
    int64_t amount;
} OrderJson;

#define PLACE(member) offsetof(OrderJson, member)
static const JsonField order_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "number", JSON_TEXT, true, CHANNEL_NUMBER_BYTES_MIN, CHANNEL_NUMBER_BYTES_MAX,
            PLACE(number) },
    { "holder", JSON_TEXT, true, 1, CHANNEL_HOLDER_BYTES_MAX, PLACE(holder) },
    { "amount", JSON_INT, true, 1, LEDGER_MINOR_MAX, PLACE(amount) },
};

/* --- at most so many at once --- */

Status admin_bank_call_begin(Admin *admin)
{
    if (atomic_fetch_add(&admin->bank_calls, 1) < ADMIN_BANK_CALLS_MAX) return OK;
    atomic_fetch_sub(&admin->bank_calls, 1);
    return REFUSE(REFUSED_STORE_BUSY);
}

void admin_bank_call_end(Admin *const *admin)
{
    if (*admin != NULL) atomic_fetch_sub(&(*admin)->bank_calls, 1);
}

/* --- orders --- */

static void put_order(JsonWriter *w, const ChannelOrder *order)
{
    const Status result = { order->result };
    json_key_text(w, "number", span_of_text(order->number));
    json_key_text(w, "kind", span_of_text(channel_kind_name(order->kind)));
    json_key_text(w, "holder", span_of_text(order->holder));
    json_key_int(w, "amount", order->money.minor);
    json_key_text(w, "state", span_of_text(channel_state_name(order->state)));
    if (order->result != 0) json_key_text(w, "result", span_of_text(status_name(result)));
    json_key_int(w, "created_us", order->created_us);
    if (order->sent_us != 0) json_key_int(w, "sent_us", order->sent_us);
    if (order->ended_us != 0) json_key_int(w, "ended_us", order->ended_us);
    json_key_int(w, "queries", order->queries);
}

/* It is there from here on, whatever became of sending it: who heard a refusal would make another
 * one under another number. */
static void put_begun(JsonWriter *w, const ChannelOrder *order, Status sent)
{
    put_order(w, order);
    if (!status_ok(sent)) json_key_text(w, "outcome", span_of_text(status_name(sent)));
}

static Status take_order(const OrderJson *json, const Asker *asker, ChannelBegin *begin)
{
    REQUIRE(channel_number_is_valid(json->number), REFUSED_BANK_FIELD);
    passage_text(begin->number, sizeof(begin->number), json->number);
    passage_text(begin->holder, sizeof(begin->holder), json->holder);
    begin->money = (Money) { json->amount, CURRENCY_CNY };
    admin_actor(begin->actor, sizeof(begin->actor), asker);
    return OK;
}

static Status take(const JsonDocument *document, const Asker *asker, ChannelBegin *begin)
{
    OrderJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), order_fields,
            sizeof(order_fields) / sizeof(order_fields[0]), &json, &problem));
    return take_order(&json, asker, begin);
}

static Status begin(Admin *admin, const JsonDocument *document, const Asker *asker,
        ChannelKind kind, JsonWriter *w)
{
    ChannelDesk *desk = admin->config.house->bank_desk;
    ChannelBegin work = { .kind = kind };
    REQUIRE(desk != NULL, REFUSED_BANK_NONE);
    TRY(take(document, asker, &work));
    TRY(admin_bank_call_begin(admin));
    CLEANUP(admin_bank_call_end) Admin *const calling = admin;
    (void)calling;
    TRY(channel_desk_begin(desk, &work));
    Status sent = OK;
    if (!work.repeated) sent = channel_desk_send(desk, &work.order, (Span) { NULL, 0 });
    put_begun(w, &work.order, sent);
    return OK;
}

Status admin_bank_fund(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return begin(admin, document, asker, CHANNEL_FUNDING, w);
}

Status admin_bank_withdraw(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return begin(admin, document, asker, CHANNEL_WITHDRAWAL, w);
}

/* What rests until another agrees is an order that could be begun. */
Status admin_bank_withdraw_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    ChannelBegin ignored = { .kind = CHANNEL_WITHDRAWAL };
    REQUIRE(admin->config.house->bank_desk != NULL, REFUSED_BANK_NONE);
    return take(document, asker, &ignored);
}

/* --- card --- */

typedef struct CardJson {
    OrderJson order;
    Span card_box;
    Span nonce;
} CardJson;

/* Not json_read_request(): what may not be handed in at all is, here, on its way to its own bank
 * (TP-4). */
static const JsonField card_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(CardJson, order.operation) },
    { "number", JSON_TEXT, true, CHANNEL_NUMBER_BYTES_MIN, CHANNEL_NUMBER_BYTES_MAX,
            offsetof(CardJson, order.number) },
    { "holder", JSON_TEXT, true, 1, CHANNEL_HOLDER_BYTES_MAX, offsetof(CardJson, order.holder) },
    { "amount", JSON_INT, true, 1, LEDGER_MINOR_MAX, offsetof(CardJson, order.amount) },
    { "card_box", JSON_TEXT, true, 1, 2 * BOX_BYTES_MAX, offsetof(CardJson, card_box) },
    { "nonce", JSON_TEXT, true, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            offsetof(CardJson, nonce) },
};

static Status read_card(const JsonDocument *document, CardJson *ret_json)
{
    JsonProblem problem = { 0 };
    TRY(policy_allow(CLASS_PROHIBITED, LAYER_REQUEST, PURPOSE_BANK_CHANNEL, FORM_ENCRYPT));
    return json_read(document, json_root(document), card_fields,
            sizeof(card_fields) / sizeof(card_fields[0]), ret_json, &problem);
}

/* The card's box for us becomes one for the bank: sent once, from this memory. */
static Status pass_on(
        House *house, const ChannelOrder *order, const CardJson *json, Buffer *ret_box)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t nonce_bytes[BOX_NONCE_BYTES];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer nonce = BUFFER_OF(nonce_bytes);
    TRY(admin_bytes(json->card_box, &box));
    TRY(hex_decode(json->nonce, &nonce));
    TRY(challenge_check(house, nonce_bytes));
    const WireCardPass pass = { .box = span_of_buffer(&box),
        .number = span_of_text(order->number),
        .receiver = span_of_text(house->bank_receiver),
        .minor = order->money.minor,
        .nonce = span_of_buffer(&nonce) };
    return vaultclient_card_pass(house->vault, &pass, ret_box);
}

static Status send_card(House *house, ChannelOrder *order, const CardJson *json)
{
    uint8_t bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    const Status passed = pass_on(house, order, json, &box);
    if (!status_ok(passed)) return channel_desk_give_up(house->bank_desk, order, passed);
    const Status s = channel_desk_send(house->bank_desk, order, span_of_buffer(&box));
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

Status admin_bank_card(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    CardJson json = { 0 };
    ChannelBegin work = { .kind = CHANNEL_CARD };
    REQUIRE(house->bank_desk != NULL, REFUSED_BANK_NONE);
    TRY(read_card(document, &json));
    TRY(take_order(&json.order, asker, &work));
    TRY(admin_bank_call_begin(admin));
    CLEANUP(admin_bank_call_end) Admin *const calling = admin;
    (void)calling;
    TRY(channel_desk_begin(house->bank_desk, &work));
    Status sent = OK;
    if (!work.repeated) sent = send_card(house, &work.order, &json);
    put_begun(w, &work.order, sent);
    return OK;
}

/* --- list --- */

typedef struct Listed {
    bool all;
    ChannelOrder orders[CHANNEL_FOUND_MAX];
    size_t count;
} Listed;

static Status find(void *context, Store *store)
{
    Listed *listed = context;
    return channel_list(store, !listed->all, listed->orders, &listed->count);
}

Status admin_bank_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    static _Thread_local Listed listed;
    listed = (Listed) { 0 };
    TRY(admin_read_all(document, &listed.all));
    TRY(batcher_between(admin->config.house->batcher, find, &listed));
    json_key_array(w, "bank_orders");
    for (size_t i = 0; i < listed.count; i++) {
        json_open_object(w);
        put_order(w, &listed.orders[i]);
        json_close(w);
    }
    json_close(w);
    return OK;
}

/* --- status --- */

static void put_line(JsonWriter *w, const LineFacts *line)
{
    json_open_object(w);
    json_key_text(w, "address", span_of_text(line->at.address));
    json_key_int(w, "port", line->at.port);
    json_key_bool(w, "in_use", line->in_use);
    json_key_bool(w, "healthy", line->healthy);
    json_key_int(w, "answered", (int64_t)line->answered);
    json_key_int(w, "failures", (int64_t)line->failed);
    json_close(w);
}

/* What began counts as a whole one. */
static int64_t whole_ms(int64_t us) { return (us + 999) / 1000; }

Status admin_bank_status(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    Lines *lines = admin->config.house->bank_lines;
    REQUIRE(lines != NULL, REFUSED_BANK_NONE);
    const LinesFacts facts = lines_facts(lines);
    json_key_array(w, "lines");
    for (int i = 0; i < LINES; i++)
        put_line(w, &facts.line[i]);
    json_close(w);
    json_key_int(w, "switches", (int64_t)facts.switches);
    json_key_int(w, "last_switch_ms", whole_ms(facts.last_switch_us));
    json_key_int(w, "worst_switch_ms", whole_ms(facts.worst_switch_us));
    return OK;
}
