/* Payers' transfers, as the institution's people see them (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "api/transfer_json.h"
#include "store/unit_wait.h"

enum { PAGE_SKIP_MAX = 1000000 };

typedef struct TransferJson {
    Span operation;
    Span payer_id;
    Span number;
    int64_t skip;
} TransferJson;

#define PLACE(member) offsetof(TransferJson, member)
#define WHOSE                                                               \
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },              \
    {                                                                       \
        "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, PLACE(payer_id) \
    }

static const JsonField list_fields[] = { WHOSE,
    { "skip", JSON_INT, false, 0, PAGE_SKIP_MAX, PLACE(skip) } };
static const JsonField show_fields[] = { WHOSE,
    { "out_transfer_no", JSON_TEXT, true, TRANSFER_NUMBER_MIN, TRANSFER_NUMBER_BYTES_MAX,
            PLACE(number) } };

typedef struct Listing {
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t skip;
    TransferId ids[TRANSFER_FOUND_MAX];
    size_t count;
} Listing;

static Status find(void *context, Store *store)
{
    Listing *listing = context;
    return transfer_list(store, listing->payer, listing->skip, listing->ids, &listing->count);
}

Status admin_transfer_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    TransferJson json = { 0 };
    JsonProblem problem = { 0 };
    Listing listing = { 0 };
    TRY(json_read_request(document, json_root(document), list_fields,
            sizeof(list_fields) / sizeof(list_fields[0]), &json, &problem));
    REQUIRE(payer_id_is_valid(json.payer_id), REFUSED_TRANSFER_FIELD);
    TRY(admin_write_down(admin, asker, AUDIT_READ, json.payer_id, SPAN("transfers")));
    passage_text(listing.payer, sizeof(listing.payer), json.payer_id);
    listing.skip = json.skip;
    TRY(batcher_between(house->batcher, find, &listing));
    json_key_array(w, "transfers");
    for (size_t i = 0; i < listing.count; i++)
        TRY(transfer_put_line(house, listing.ids[i], listing.payer, false, w));
    json_close(w);
    json_key_bool(w, "more", listing.count == TRANSFER_FOUND_MAX);
    return OK;
}

Status admin_transfer_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    TransferJson json = { 0 };
    JsonProblem problem = { 0 };
    TransferRead read = { 0 };
    char number[TRANSFER_NUMBER_BYTES_MAX + 1];
    TRY(json_read_request(document, json_root(document), show_fields,
            sizeof(show_fields) / sizeof(show_fields[0]), &json, &problem));
    REQUIRE(payer_id_is_valid(json.payer_id), REFUSED_TRANSFER_FIELD);
    passage_text(read.payer, sizeof(read.payer), json.payer_id);
    passage_text(number, sizeof(number), json.number);
    transfer_name(read.payer, number, read.id);
    TRY(admin_write_down(admin, asker, AUDIT_READ, span_of_text(read.id), SPAN("transfer")));
    transfer_read_unit(&read, NULL);
    TRY(unit_wait(admin->config.house->batcher, &read.unit));
    transfer_put_json(w, &read.transfer, false);
    return OK;
}
