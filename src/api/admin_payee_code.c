/* A merchant's static codes, as the institution looks them over (api/admin.h; 银发 [2017] 296: who
 * lets them be printed checks them). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "payment/payee_code.h"

typedef struct ListJson {
    Span operation;
    Span mchid;
    int64_t skip;
    bool all;
} ListJson;

static const JsonField fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(ListJson, operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, offsetof(ListJson, mchid) },
    { "skip", JSON_INT, false, 0, INT32_MAX, offsetof(ListJson, skip) },
    { "all", JSON_BOOL, false, 0, 0, offsetof(ListJson, all) },
};

typedef struct Listed {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    bool all;
    int64_t skip;
    PayeeCodeFound codes[PAYEE_CODES_FOUND_MAX];
    size_t count;
} Listed;

static Status find(void *context, Store *store)
{
    Listed *listed = context;
    return payee_code_list(
            store, listed->mchid, listed->all, listed->skip, listed->codes, &listed->count);
}

static void put_code(JsonWriter *w, const PayeeCodeFound *code)
{
    json_open_object(w);
    json_key_text(w, "reference", span_of_text(code->reference));
    json_key_text(w, "description", span_of_text(code->description));
    json_key_int(w, "limit_minor", code->limit_minor);
    json_key_text(w, "state", code->state == PAYEE_CODE_LIVE ? SPAN("LIVE") : SPAN("REVOKED"));
    json_key_int(w, "created_us", code->created_us);
    json_close(w);
}

Status admin_payee_code_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    static _Thread_local Listed listed;
    ListJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), fields, 4, &json, &problem));
    listed = (Listed) { .all = json.all, .skip = json.skip };
    passage_text(listed.mchid, sizeof(listed.mchid), json.mchid);
    TRY(batcher_between(admin->config.house->batcher, find, &listed));
    json_key_array(w, "payee_codes");
    for (size_t i = 0; i < listed.count; i++)
        put_code(w, &listed.codes[i]);
    json_close(w);
    return OK;
}
