/* The merchant's static codes: made and revoked (routes.h). */
#include "api/order_json.h"
#include "api/routes.h"
#include "policy/detect.h"

typedef struct MakeJson {
    Span appid;
    Span mchid;
    Span description;
    Span notify_url;
    int64_t limit_minor;
} MakeJson;

#define PLACE(member) offsetof(MakeJson, member)

static const JsonField make_fields[] = {
    { "appid", JSON_TEXT, true, 1, PAYMENT_APPID_BYTES_MAX, PLACE(appid) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
    { "description", JSON_TEXT, true, 1, PAYMENT_DESCRIPTION_BYTES_MAX, PLACE(description) },
    { "notify_url", JSON_TEXT, false, 8, PAYMENT_NOTIFY_URL_BYTES_MAX, PLACE(notify_url) },
    { "limit_minor", JSON_INT, true, 1, LEDGER_MINOR_MAX, PLACE(limit_minor) },
};

/* What is kept and has no grammar of its own holds nothing that may not be stored (TP-5, TP-8). */
static Status check(const MakeJson *json, const char *mchid, const char **ret_field)
{
    static const char *const names[] = { "appid", "description", "notify_url" };
    const Span texts[] = { json->appid, json->description, json->notify_url };
    size_t first = 0;
    *ret_field = "mchid";
    REQUIRE(span_equal(json->mchid, span_of_text(mchid)), REFUSED_PAYEE_CODE_FIELD);
    *ret_field = "notify_url";
    if (json->notify_url.size > 0)
        REQUIRE(order_notify_url_is_valid(json->notify_url), REFUSED_PAYEE_CODE_FIELD);
    const Status s = detect_fields(texts, sizeof(texts) / sizeof(texts[0]), &first);
    if (!status_ok(s)) *ret_field = names[first];
    TRY(s);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *ret_field = names[i];
        TRY(detect_kept_text(texts[i]));
    }
    return OK;
}

static int write_made(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    char url[PAYEE_CODE_URL_BYTES + 1];
    payee_code_url(p->work.payee_make.code.reference, url);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "code_url", span_of_text(url));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

static void fill_make(Passage *p, const MakeJson *json, PayeeCodeMake *work)
{
    PayeeCode *code = &work->code;
    passage_text(code->mchid, sizeof(code->mchid), span_of_text(p->mchid));
    passage_text(code->appid, sizeof(code->appid), json->appid);
    passage_text(code->description, sizeof(code->description), json->description);
    passage_text(code->notify_url, sizeof(code->notify_url), json->notify_url);
    code->limit_minor = json->limit_minor;
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
}

void merchant_payee_code(Passage *p, Span rest)
{
    MakeJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_verify(p)) return;
    if (!passage_read_json(
                p, make_fields, sizeof(make_fields) / sizeof(make_fields[0]), &json, &document))
        return;
    PayeeCodeMake *work = &p->work.payee_make;
    const char *field = "";
    memset(work, 0, sizeof(*work));
    Status s = check(&json, p->mchid, &field);
    if (!status_ok(s)) {
        passage_refuse_field(p, s, field);
        return;
    }
    fill_make(p, &json, work);
    s = payee_code_draw(&p->house->random, work->code.reference);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    payee_code_make_unit(work, passage_done);
    passage_submit(p, write_made);
}

static int write_revoked(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return 204;
}

void merchant_payee_code_revoke(Passage *p, Span reference)
{
    static const JsonField fields[] = { { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, 0 } };
    Span mchid = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_verify(p)) return;
    if (!passage_read_json(p, fields, 1, &mchid, &document)) return;
    if (!span_equal(mchid, span_of_text(p->mchid))) {
        passage_refuse_field(p, REFUSE(REFUSED_PAYEE_CODE_FIELD), "mchid");
        return;
    }
    if (!payee_code_is_valid(reference)) {
        passage_refuse(p, REFUSE(REFUSED_PAYEE_CODE_UNKNOWN), NULL);
        return;
    }
    PayeeCodeEnd *work = &p->work.payee_end;
    memset(work, 0, sizeof(*work));
    passage_text(work->reference, sizeof(work->reference), reference);
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    payee_code_end_unit(work, passage_done);
    passage_submit(p, write_revoked);
}
