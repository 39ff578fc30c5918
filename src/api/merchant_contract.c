/* The merchant's contracts of deductions: asked for, looked at, announced by, ended (routes.h). */
#include "api/contract_json.h"
#include "api/routes.h"
#include "policy/detect.h"

typedef struct ContractJson {
    Span appid;
    Span mchid;
    Span code;
    Span account;
    Span user;
    Span remark;
    Span currency;
    Span unit;
    int64_t plan;
    int64_t amount;
    int64_t count;
} ContractJson;

enum { USER_BYTES_MAX = 64, REMARK_BYTES_MAX = 256, DURATION_MAX = 365 };

#define PLACE(member) offsetof(ContractJson, member)
#define SENDER(appid_required)                                                        \
    { "appid", JSON_TEXT, appid_required, 1, PAYMENT_APPID_BYTES_MAX, PLACE(appid) }, \
    {                                                                                 \
        "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid)              \
    }

static const JsonField request_fields[] = {
    SENDER(true),
    { "plan_id", JSON_INT, true, 1, PLAN_NUMBER_MAX, PLACE(plan) },
    { "out_contract_code", JSON_TEXT, true, 1, CONTRACT_CODE_BYTES_MAX, PLACE(code) },
    { "contract_display_account", JSON_TEXT, true, 1, CONTRACT_ACCOUNT_BYTES_MAX, PLACE(account) },
    { "out_user_code", JSON_TEXT, false, 1, USER_BYTES_MAX, PLACE(user) },
};
static const JsonField duration_fields[] = {
    { "count", JSON_INT, true, 1, DURATION_MAX, PLACE(count) },
    { "unit", JSON_TEXT, true, 1, 8, PLACE(unit) },
};
static const JsonField estimated_fields[] = {
    { "amount", JSON_INT, true, 1, LEDGER_MINOR_MAX, PLACE(amount) },
    { "currency", JSON_TEXT, false, 3, 3, PLACE(currency) },
};
static const JsonField notify_fields[] = {
    SENDER(false),
    { "deduct_duration", JSON_RECORD, false, 0, 0, 0, duration_fields, 2 },
    { "estimated_amount", JSON_RECORD, true, 0, 0, 0, estimated_fields, 2 },
};
static const JsonField terminate_fields[] = {
    SENDER(false),
    { "contract_termination_remark", JSON_TEXT, false, 1, REMARK_BYTES_MAX, PLACE(remark) },
};

/* The body, from the sender himself; false: the passage is answered and gone. */
static bool read_body(Passage *p, const JsonField *fields, size_t count, ContractJson *ret_json,
        JsonDocument **ret_document)
{
    if (!passage_read_json(p, fields, count, ret_json, ret_document)) return false;
    if (span_equal(ret_json->mchid, span_of_text(p->mchid))) return true;
    passage_refuse_field(p, REFUSE(REFUSED_CONTRACT_FIELD), "mchid");
    return false;
}

/* --- ask for one --- */

/* What has no grammar of its own holds nothing that may not be stored (TP-5, TP-8). The merchant's
 * own name for the payer is taken for its form alone, and not kept. */
static Status check(const ContractJson *json, const char **ret_field)
{
    static const char *const names[] = { "appid", "contract_display_account", "out_user_code" };
    const Span texts[] = { json->appid, json->account, json->user };
    size_t first = 0;
    *ret_field = "out_contract_code";
    REQUIRE(contract_code_is_valid(json->code), REFUSED_CONTRACT_FIELD);
    const Status s = detect_fields(texts, sizeof(texts) / sizeof(texts[0]), &first);
    if (!status_ok(s)) *ret_field = names[first];
    TRY(s);
    *ret_field = names[1];
    return detect_kept_text(json->account);
}

static int write_asked(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    const Contract *contract = &p->work.contract_request.contract;
    char url[CONTRACT_URL_BYTES + 1];
    contract_url(contract->id, url);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "pre_entrustweb_id", span_of_text(contract->id));
    json_key_text(&w, "contract_url", span_of_text(url));
    json_close(&w);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

void merchant_contract(Passage *p, Span rest)
{
    ContractJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    const char *field = "";
    if (!passage_verify(p)) return;
    if (!read_body(p, request_fields, sizeof(request_fields) / sizeof(request_fields[0]), &json,
                &document))
        return;
    ContractRequest *work = &p->work.contract_request;
    memset(work, 0, sizeof(*work));
    Status s = check(&json, &field);
    if (!status_ok(s)) {
        passage_refuse_field(p, s, field);
        return;
    }
    Contract *contract = &work->contract;
    passage_text(contract->mchid, sizeof(contract->mchid), span_of_text(p->mchid));
    passage_text(contract->code, sizeof(contract->code), json.code);
    passage_text(contract->account, sizeof(contract->account), json.account);
    contract->plan = json.plan;
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    s = contract_id_draw(&p->house->random, contract->id);
    if (!status_ok(s)) {
        passage_refuse(p, s, NULL);
        return;
    }
    contract_request_unit(work, passage_done);
    passage_submit(p, write_asked);
}

/* --- look at one, announce, end --- */

static ContractWork *begin(Passage *p, ContractAct act)
{
    ContractWork *work = &p->work.contract;
    memset(work, 0, sizeof(*work));
    work->act = act;
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    return work;
}

static int write_found(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    JsonWriter w = json_writer(ret_body);
    contract_write_for_merchant(&w, p->house, &p->work.contract.contract);
    return status_ok(json_finish(&w)) ? 200 : 500;
}

static int write_done(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return 204;
}

static void submit(Passage *p, ContractWork *work, PassageWrite write)
{
    contract_unit(work, passage_done);
    passage_submit(p, write);
}

void merchant_contract_by_id(Passage *p, Span id)
{
    if (!passage_verify(p)) return;
    if (!contract_id_is_valid(id)) {
        passage_refuse_field(p, REFUSE(REFUSED_CONTRACT_UNKNOWN), "contract_id");
        return;
    }
    ContractWork *work = begin(p, CONTRACT_LOOK);
    passage_text(work->id, sizeof(work->id), id);
    submit(p, work, write_found);
}

void merchant_contract_by_code(Passage *p, Span code)
{
    if (!passage_verify(p)) return;
    if (!contract_code_is_valid(code)) {
        passage_refuse_field(p, REFUSE(REFUSED_CONTRACT_UNKNOWN), "out_contract_code");
        return;
    }
    ContractWork *work = begin(p, CONTRACT_LOOK);
    passage_text(work->code, sizeof(work->code), code);
    submit(p, work, write_found);
}

static void change(Passage *p, Span id, ContractAct act, const JsonField *fields, size_t count)
{
    ContractJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!passage_verify(p)) return;
    if (!read_body(p, fields, count, &json, &document)) return;
    if (!contract_id_is_valid(id)) {
        passage_refuse_field(p, REFUSE(REFUSED_CONTRACT_UNKNOWN), "contract_id");
        return;
    }
    if (json.currency.size > 0 && !span_equal(json.currency, SPAN("CNY"))) {
        passage_refuse_field(p, REFUSE(REFUSED_CONTRACT_FIELD), "estimated_amount.currency");
        return;
    }
    ContractWork *work = begin(p, act);
    passage_text(work->id, sizeof(work->id), id);
    work->minor = json.amount;
    submit(p, work, write_done);
}

void merchant_contract_announce(Passage *p, Span id)
{
    change(p, id, CONTRACT_ANNOUNCE, notify_fields,
            sizeof(notify_fields) / sizeof(notify_fields[0]));
}

void merchant_contract_end(Passage *p, Span id)
{
    change(p, id, CONTRACT_END, terminate_fields,
            sizeof(terminate_fields) / sizeof(terminate_fields[0]));
}
