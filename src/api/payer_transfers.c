/* A payer's transfers (routes.h): seen, and revoked while they wait; and his own limits of a day.
 * His session is enough for all that lets no money leave; higher limits need his PIN. */
#include "api/challenge.h"
#include "api/payer_desk.h"
#include "api/routes.h"
#include "api/transfer_json.h"
#include "base/encoding.h"
#include "payment/transfer_limits.h"
#include "store/unit_wait.h"

/* --- seen --- */

enum { SHOWN_MAX = 20 /* as many as an answer surely holds; the others by their numbers */ };

typedef struct Listing {
    const char *payer;
    TransferId ids[TRANSFER_FOUND_MAX];
    size_t count;
} Listing;

static Status find(void *context, Store *store)
{
    Listing *listing = context;
    return transfer_list(store, listing->payer, 0, listing->ids, &listing->count);
}

static Status list(Passage *p)
{
    Listing listing = { .payer = p->comes.payer };
    TRY(batcher_between(p->house->batcher, find, &listing));
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    json_key_array(&w, "transfers");
    for (size_t i = 0; i < listing.count && i < SHOWN_MAX; i++)
        TRY(transfer_put_line(p->house, listing.ids[i], p->comes.payer, true, &w));
    json_close(&w);
    json_key_bool(&w, "more", listing.count > SHOWN_MAX);
    json_close(&w);
    return json_finish(&w);
}

static Status write_one(Passage *p, const Transfer *transfer)
{
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    transfer_put_json(&w, transfer, true);
    json_close(&w);
    return json_finish(&w);
}

/* The number came in the path, which lives as long as the request. */
static Status name_in_path(const Passage *p, const char *pattern, TransferId ret_id)
{
    char number[TRANSFER_NUMBER_BYTES_MAX + 1];
    Span text = { 0 };
    ASSERT(route_matches(pattern, http_request_path(p->http), &text));
    REQUIRE(transfer_number_is_valid(text), REFUSED_TRANSFER_UNKNOWN);
    passage_text(number, sizeof(number), text);
    transfer_name(p->comes.payer, number, ret_id);
    return OK;
}

static Status show(Passage *p)
{
    TransferRead work = { 0 };
    TRY(name_in_path(p, "/payer/v1/transfers/*", work.id));
    memcpy(work.payer, p->comes.payer, sizeof(work.payer));
    transfer_read_unit(&work, NULL);
    TRY(unit_wait(p->house->batcher, &work.unit));
    return write_one(p, &work.transfer);
}

/* --- revoked --- */

static Status revoke(Passage *p)
{
    TransferEnd work = {
        .act = TRANSFER_REVOKE, .door = passage_payer_door(p), .rules = &p->house->rules
    };
    TRY(name_in_path(p, "/payer/v1/transfers/*/revoke", work.id));
    memcpy(work.payer, p->comes.payer, sizeof(work.payer));
    memcpy(work.nonce_digest, p->comes.sender.nonce_digest, sizeof(work.nonce_digest));
    transfer_end_unit(&work, NULL);
    work.unit.from = passage_from(p);
    TRY(unit_wait(p->house->batcher, &work.unit));
    return write_one(p, &work.transfer);
}

/* --- limits --- */

typedef struct LimitsJson {
    int64_t minor;
    int64_t count;
    Span box;
    Span nonce;
} LimitsJson;

static const JsonField limits_fields[] = {
    { "day_limit_minor", JSON_INT, true, 0, LEDGER_MINOR_MAX, offsetof(LimitsJson, minor) },
    { "day_limit_count", JSON_INT, true, 0, INT32_MAX, offsetof(LimitsJson, count) },
    { "box", JSON_TEXT, false, 1, 2 * BOX_BYTES_MAX, offsetof(LimitsJson, box) },
    { "nonce", JSON_TEXT, false, 2 * BOX_NONCE_BYTES, 2 * BOX_NONCE_BYTES,
            offsetof(LimitsJson, nonce) },
};

/* The PIN for exactly these two numbers; without a box there is none. */
static Status check_pin(Passage *p, const LimitsJson *json, bool *ret_with_pin)
{
    uint8_t count_bytes[24];
    uint8_t grant[WIRE_GRANT_BYTES]; /* proves the PIN; no money leaves by it */
    Buffer count = BUFFER_OF(count_bytes);
    Buffer nonce = BUFFER_OF(p->server_nonce);
    Box box = { 0 };
    *ret_with_pin = json->box.size > 0;
    if (json->box.size == 0) return OK;
    TRY(payer_take_box(p, json->box, &box));
    TRY(hex_decode(json->nonce, &nonce));
    REQUIRE(nonce.size == sizeof(p->server_nonce), REFUSED_BOX_CONTEXT);
    TRY(challenge_check(p->house, p->server_nonce));
    TRY(buffer_print(&count, "%lld", (long long)json->count));
    p->pin = (WirePinCheck) { .purpose = SPAN("transfer-limits"),
        .tenant = span_of_text(p->comes.payer),
        .order = span_of_buffer(&count),
        .minor = json->minor,
        .payer = span_of_text(p->comes.payer),
        .nonce = SPAN_OF(p->server_nonce) };
    return payer_check_pin(p, grant);
}

static Status write_limits(Passage *p, const TransferLimits *work)
{
    JsonWriter w = json_writer_to_owner(&p->body);
    json_open_object(&w);
    json_key_int(&w, "day_limit_minor", work->day.limit_minor);
    json_key_int(&w, "day_limit_count", work->day.limit_count);
    json_key_int(&w, "day_most_minor", work->most.minor);
    json_key_int(&w, "day_most_count", work->most.count);
    json_key_int(&w, "day_minor", work->day.minor);
    json_key_int(&w, "day_count", work->day.count);
    json_close(&w);
    return json_finish(&w);
}

static Status limits(Passage *p, const LimitsJson *json)
{
    TransferLimits work = {
        .door = passage_payer_door(p), .rules = &p->house->rules, .sets = json != NULL
    };
    memcpy(work.payer, p->comes.payer, sizeof(work.payer));
    memcpy(work.nonce_digest, p->comes.sender.nonce_digest, sizeof(work.nonce_digest));
    if (json != NULL) {
        work.limit_minor = json->minor;
        work.limit_count = json->count;
        TRY(check_pin(p, json, &work.with_pin));
    }
    transfer_limits_unit(&work, NULL);
    work.unit.from = passage_from(p);
    TRY(unit_wait(p->house->batcher, &work.unit));
    return write_limits(p, &work);
}

/* --- on an opener --- */

static void open_and_list(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, list(p), payer_write_made);
}

static void open_and_show(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, show(p), payer_write_made);
}

static void open_and_revoke(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, revoke(p), payer_write_made);
}

static void open_and_show_limits(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, limits(p, NULL), payer_write_made);
}

static void open_and_set_limits(Job *job)
{
    Passage *p = passage_of_job(job);
    LimitsJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_read_json(p, limits_fields, sizeof(limits_fields) / sizeof(limits_fields[0]),
                &json, &document))
        return;
    passage_finish(p, limits(p, &json), payer_write_made);
}

static void serve(Passage *p, void (*run)(Job *job))
{
    if (!payer_comes(p)) return;
    passage_not_coming(p);
    payer_submit(p, run);
}

void payer_transfers(Passage *p, Span rest) { serve(p, open_and_list); }
void payer_transfer(Passage *p, Span number) { serve(p, open_and_show); }
void payer_transfer_revoke(Passage *p, Span number) { serve(p, open_and_revoke); }
void payer_transfer_limits(Passage *p, Span rest) { serve(p, open_and_show_limits); }
void payer_transfer_limits_set(Passage *p, Span rest) { serve(p, open_and_set_limits); }
