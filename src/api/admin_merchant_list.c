/* A merchant's lists (api/admin.h): whose pages may frame protected fields for him, where his
 * requests are taken from. */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "payment/merchant_lists.h"
#include "store/unit_wait.h"

typedef struct ListJson {
    Span operation;
    Span mchid;
    Span item;
} ListJson;

/* What the operations on one kind of list say and answer. */
typedef struct Spoken {
    const MerchantListKind *kind;
    const char *begins; /* an operation's name */
    const char *removes; /* the operation */
    const char *list;
    JsonField fields[3];
} Spoken;

#define FIELDS(name)                                                                               \
    {                                                                                              \
        { "operation", JSON_TEXT, true, 1, 64, offsetof(ListJson, operation) },                    \
                { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, offsetof(ListJson, mchid) }, \
                { name, JSON_TEXT, true, 1, MERCHANT_LIST_ITEM_BYTES_MAX,                          \
                    offsetof(ListJson, item) },                                                    \
    }

static const Spoken spoken[] = {
    { &merchant_origins, "merchant.origin.", "merchant.origin.remove", "origins",
            FIELDS("origin") },
    { &merchant_addresses, "merchant.address.", "merchant.address.remove", "addresses",
            FIELDS("address") },
};

typedef struct OperationJson {
    Span operation;
} OperationJson;

static Status kind_of(const JsonDocument *document, const Spoken **ret_spoken)
{
    static const JsonField field = { "operation", JSON_TEXT, true, 1, 64, 0 };
    OperationJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_some(document, json_root(document), &field, 1, &json, &problem));
    for (size_t i = 0; i < sizeof(spoken) / sizeof(spoken[0]); i++) {
        const Span begins = span_of_text(spoken[i].begins);
        Span first = { 0 };
        Cursor c = cursor_of(json.operation);
        const bool fits = status_ok(cursor_take(&c, begins.size, &first));
        if (!fits || !span_equal(first, begins)) continue;
        *ret_spoken = &spoken[i];
        return OK;
    }
    return REFUSE(REFUSED_ADMIN_OPERATION);
}

static Status read(
        const JsonDocument *document, const Spoken **ret_spoken, MerchantListChange *work)
{
    ListJson json = { 0 };
    JsonProblem problem = { 0 };
    MerchantList fresh = { 0 };
    TRY(kind_of(document, ret_spoken));
    const Spoken *s = *ret_spoken;
    TRY(json_read_request(document, json_root(document), s->fields, 3, &json, &problem));
    passage_text(work->mchid, sizeof(work->mchid), json.mchid);
    passage_text(work->item, sizeof(work->item), json.item);
    work->kind = s->kind;
    work->removes = span_equal(json.operation, span_of_text(s->removes));
    return merchant_list_add(s->kind, &fresh, json.item); /* is it one? */
}

static void put_items(JsonWriter *w, const Spoken *s, const char *mchid, const MerchantList *list)
{
    Span item = { 0 };
    Cursor items = cursor_of(span_of_text(list->items));
    json_key_text(w, "mchid", span_of_text(mchid));
    const char *key = s->list; /* "origins", "addresses" */
    json_key_array(w, key);
    while (merchant_list_next(&items, &item))
        json_item_text(w, item);
    json_close(w);
}

Status admin_merchant_list_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    const Spoken *s = NULL;
    MerchantListChange work = { 0 };
    return read(document, &s, &work);
}

Status admin_merchant_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    const Spoken *s = NULL;
    MerchantListChange work = { 0 };
    TRY(read(document, &s, &work));
    admin_actor(work.actor, sizeof(work.actor), asker);
    merchant_list_change_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    put_items(w, s, work.mchid, &work.list);
    return OK;
}

Status admin_merchant_list_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    const Spoken *s = NULL;
    ListJson json = { 0 };
    JsonProblem problem = { 0 };
    MerchantListAsk work = { 0 };
    TRY(kind_of(document, &s));
    TRY(json_read_request(document, json_root(document), s->fields, 2, &json, &problem));
    work.kind = s->kind;
    passage_text(work.mchid, sizeof(work.mchid), json.mchid);
    admin_actor(work.actor, sizeof(work.actor), asker);
    merchant_list_show_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    put_items(w, s, work.mchid, &work.list);
    return OK;
}
