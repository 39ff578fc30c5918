/* Settlements: looked at, made on request, handed to the bank by people, and ended by two of them
 * (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "base/time.h"
#include "payment/settlement.h"
#include "store/unit_wait.h"

enum { PAGE_SKIP_MAX = 1000000 };

typedef struct SettlementJson {
    Span operation;
    Span state;
    Span id;
    Span mchid;
    int64_t skip;
} SettlementJson;

#define PLACE(member) offsetof(SettlementJson, member)
#define OPERATION                                             \
    {                                                         \
        "operation", JSON_TEXT, true, 1, 64, PLACE(operation) \
    }

static const JsonField list_fields[] = {
    OPERATION,
    { "state", JSON_TEXT, false, 1, 16, PLACE(state) },
    { "skip", JSON_INT, false, 0, PAGE_SKIP_MAX, PLACE(skip) },
};
static const JsonField id_fields[] = {
    OPERATION,
    { "id", JSON_TEXT, true, 1, SETTLEMENT_ID_BYTES_MAX, PLACE(id) },
};
static const JsonField request_fields[] = {
    OPERATION,
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
};

#define READ(document, fields, json)                                                               \
    json_read_request(document, json_root(document), fields, sizeof(fields) / sizeof((fields)[0]), \
            json, &(JsonProblem) { 0 })

static void put(JsonWriter *w, const Settlement *s)
{
    char day[9];
    time_business_day_text(s->day, day);
    json_key_text(w, "id", span_of_text(s->id));
    json_key_text(w, "mchid", span_of_text(s->mchid));
    json_key_text(w, "day", span_of_text(day));
    json_key_int(w, "minor", s->money.minor);
    json_key_text(w, "currency", span_of_text(currency_name(s->money.currency)));
    json_key_text(w, "account_token", span_of_text(s->target));
    if (s->mask[0] != 0) json_key_text(w, "account_mask", span_of_text(s->mask));
    json_key_text(w, "state", span_of_text(settlement_state_name(s->state)));
    json_key_int(w, "created_us", s->created_us);
    if (s->submitted_us != 0) json_key_int(w, "submitted_us", s->submitted_us);
    if (s->ended_us != 0) json_key_int(w, "ended_us", s->ended_us);
}

/* --- list --- */

typedef struct Listing {
    SettlementState state; /* 0: all */
    int64_t skip;
    SettlementId ids[SETTLEMENT_FOUND_MAX];
    size_t count;
} Listing;

static Status state_of(Span name, SettlementState *ret_state)
{
    *ret_state = (SettlementState)0;
    if (name.size == 0) return OK;
    for (int state = SETTLEMENT_DUE; state <= SETTLEMENT_FAILED; state++)
        if (span_equal(name, span_of_text(settlement_state_name((SettlementState)state))))
            *ret_state = (SettlementState)state;
    return *ret_state != 0 ? OK : REFUSE(REFUSED_SETTLEMENT_STATE);
}

static Status find(void *context, Store *store)
{
    Listing *listing = context;
    return settlement_list(store, listing->state, listing->skip, listing->ids, &listing->count);
}

/* One line, from its verified row; else its id and what is wrong with the row. */
static Status put_line(House *house, const char *id, JsonWriter *w)
{
    SettlementRead read = { 0 };
    memcpy(read.id, id, sizeof(read.id));
    settlement_read_unit(&read);
    const Status s = unit_wait(house->batcher, &read.unit);
    if (status_broken(s)) return s;
    json_open_object(w);
    if (status_ok(s)) {
        put(w, &read.settlement);
    } else {
        json_key_text(w, "id", span_of_text(id));
        json_key_text(w, "outcome", span_of_text(status_name(s)));
    }
    json_close(w);
    return OK;
}

Status admin_settlement_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SettlementJson json = { 0 };
    Listing listing = { 0 };
    TRY(READ(document, list_fields, &json));
    TRY(state_of(json.state, &listing.state));
    listing.skip = json.skip;
    TRY(batcher_between(house->batcher, find, &listing));
    json_key_array(w, "settlements");
    for (size_t i = 0; i < listing.count; i++)
        TRY(put_line(house, listing.ids[i], w));
    json_close(w);
    json_key_bool(w, "more", listing.count == SETTLEMENT_FOUND_MAX);
    return OK;
}

/* --- on request --- */

static Status find_number(void *context, Store *store)
{
    SettlementMake *work = context;
    return settlement_next_number(store, work->mchid, work->day, &work->number);
}

Status admin_settlement_request(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SettlementJson json = { 0 };
    char actor[ADMIN_TEXT_BYTES_MAX + 1];
    SettlementMake work = { .actor = actor };
    TRY(READ(document, request_fields, &json));
    REQUIRE(merchant_id_is_valid(json.mchid), REFUSED_MERCHANT_UNKNOWN);
    passage_text(work.mchid, sizeof(work.mchid), json.mchid);
    admin_actor(actor, sizeof(actor), asker);
    work.day = time_business_day(clock_now_us(&house->clock));
    TRY(batcher_between(house->batcher, find_number, &work));
    settlement_make_unit(&work, NULL);
    TRY(unit_wait(house->batcher, &work.unit));
    put(w, &work.settlement);
    return OK;
}

/* --- moved on --- */

static Status move_to(Admin *admin, const JsonDocument *document, const Asker *asker,
        SettlementState to, JsonWriter *w)
{
    SettlementJson json = { 0 };
    char actor[ADMIN_TEXT_BYTES_MAX + 1];
    SettlementMove work = { .actor = actor, .to = to };
    TRY(READ(document, id_fields, &json));
    passage_text(work.id, sizeof(work.id), json.id);
    admin_actor(actor, sizeof(actor), asker);
    settlement_move_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    put(w, &work.settlement);
    return OK;
}

/* What rests until another agrees is about a settlement that there is, and that is not over. */
Status admin_settlement_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    SettlementJson json = { 0 };
    SettlementRead read = { 0 };
    TRY(READ(document, id_fields, &json));
    passage_text(read.id, sizeof(read.id), json.id);
    settlement_read_unit(&read);
    TRY(unit_wait(admin->config.house->batcher, &read.unit));
    REQUIRE(read.settlement.state == SETTLEMENT_SUBMITTED_TO_BANK, REFUSED_SETTLEMENT_STATE);
    return OK;
}

Status admin_settlement_submit(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return move_to(admin, document, asker, SETTLEMENT_SUBMITTED_TO_BANK, w);
}

Status admin_settlement_confirm(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return move_to(admin, document, asker, SETTLEMENT_PAID, w);
}

Status admin_settlement_fail(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return move_to(admin, document, asker, SETTLEMENT_FAILED, w);
}
