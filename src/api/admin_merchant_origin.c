/* Whose pages may frame protected fields for a merchant (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "payment/origins.h"
#include "store/unit_wait.h"

typedef struct OriginJson {
    Span operation;
    Span mchid;
    Span origin;
} OriginJson;

static const JsonField fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(OriginJson, operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, offsetof(OriginJson, mchid) },
    { "origin", JSON_TEXT, true, 1, MERCHANT_ORIGIN_BYTES_MAX, offsetof(OriginJson, origin) },
};

static Status read(const JsonDocument *document, OriginsChange *work)
{
    OriginJson json = { 0 };
    JsonProblem problem = { 0 };
    MerchantOrigins fresh = { 0 };
    TRY(json_read_request(document, json_root(document), fields, 3, &json, &problem));
    passage_text(work->mchid, sizeof(work->mchid), json.mchid);
    passage_text(work->origin, sizeof(work->origin), json.origin);
    work->removes = span_equal(json.operation, SPAN("merchant.origin.remove"));
    return merchant_origins_add(&fresh, json.origin); /* is it one? */
}

static void put_origins(JsonWriter *w, const char *mchid, const MerchantOrigins *origins)
{
    Span origin = { 0 };
    Cursor list = cursor_of(span_of_text(origins->list));
    json_key_text(w, "mchid", span_of_text(mchid));
    json_key_array(w, "origins");
    while (merchant_origins_next(&list, &origin))
        json_item_text(w, origin);
    json_close(w);
}

Status admin_merchant_origin_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    OriginsChange work = { 0 };
    return read(document, &work);
}

Status admin_merchant_origin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    OriginsChange work = { 0 };
    TRY(read(document, &work));
    admin_actor(work.actor, sizeof(work.actor), asker);
    origins_change_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    put_origins(w, work.mchid, &work.origins);
    return OK;
}

Status admin_merchant_origin_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    OriginJson json = { 0 };
    JsonProblem problem = { 0 };
    OriginsAsk work = { 0 };
    TRY(json_read_request(document, json_root(document), fields, 2, &json, &problem));
    passage_text(work.mchid, sizeof(work.mchid), json.mchid);
    admin_actor(work.actor, sizeof(work.actor), asker);
    origins_show_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    put_origins(w, work.mchid, &work.origins);
    return OK;
}
