#define _GNU_SOURCE
#include "contract_steps.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "payer_phone.h"
#include "policy/contract_terms.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

/* What the payer reads, as his app keeps it. */
typedef struct Read {
    Span payee, mchid, code, title, account, period, zh, en, nonce, state;
    int64_t plan, one, sum, count, notice, until;
} Read;

#define PLACE(member) offsetof(Read, member)
static const JsonField read_fields[] = {
    { "payee", JSON_TEXT, true, 1, 256, PLACE(payee) },
    { "mchid", JSON_TEXT, true, 1, 32, PLACE(mchid) },
    { "out_contract_code", JSON_TEXT, true, 1, 32, PLACE(code) },
    { "plan_title", JSON_TEXT, true, 1, 96, PLACE(title) },
    { "contract_display_account", JSON_TEXT, true, 1, 96, PLACE(account) },
    { "period", JSON_TEXT, true, 1, 8, PLACE(period) },
    { "terms_zh", JSON_TEXT, true, 1, 1024, PLACE(zh) },
    { "terms_en", JSON_TEXT, true, 1, 1024, PLACE(en) },
    { "nonce", JSON_TEXT, true, 32, 32, PLACE(nonce) },
    { "contract_state", JSON_TEXT, true, 1, 16, PLACE(state) },
    { "plan_id", JSON_INT, true, 1, INT64_MAX, PLACE(plan) },
    { "one_minor", JSON_INT, true, 1, INT64_MAX, PLACE(one) },
    { "period_minor", JSON_INT, true, 1, INT64_MAX, PLACE(sum) },
    { "period_count", JSON_INT, true, 1, INT64_MAX, PLACE(count) },
    { "notice_hours", JSON_INT, true, 0, INT64_MAX, PLACE(notice) },
    { "until_us", JSON_INT, true, 1, INT64_MAX, PLACE(until) },
};

Status contract_asked(HttpClient *http, const PayerApp *app, const char *method, const char *id,
        const char *act, Span body, PayerAnswer *ret_answer, Span *ret_body)
{
    char target[128];
    snprintf(target, sizeof(target), "/payer/v1/contracts/%s%s", id, act);
    return payer_ask(app->phone, http, method, span_of_text(target), body, ret_answer, ret_body);
}

bool contract_says(Span text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* The box is for what was read, counted by the app itself, with `one` as the largest amount. */
static Status put_box(
        const BoxKey *key, const PayerApp *app, const Read *read, int64_t one, Buffer *ret_request)
{
    const ContractTerms terms = { read->mchid, read->code, read->title, read->account, read->plan,
        one, CONTRACT_EACH_MONTH, read->sum, read->count, read->notice, 156, read->until };
    uint8_t text_bytes[CONTRACT_TERMS_BYTES_MAX];
    uint8_t box_bytes[2 * BOX_BYTES_MAX];
    uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES];
    char order[CONTRACT_ORDER_BYTES + 1];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    BoxWish wish = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_PAY,
        .minor = one,
        .tenant = read->mchid,
        .payee = read->mchid };
    Buffer nonce = BUFFER_OF(wish.nonce);
    TRY(hex_decode(read->nonce, &nonce));
    TRY(contract_terms_text(&terms, &text));
    sha256(span_of_buffer(&text), digest);
    contract_terms_order(digest, order);
    wish.order = span_of_text(order);
    TRY(box_make(key, &wish, span_of_text(app->pin), &box));
    JsonWriter w = json_writer_for(ret_request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "box", span_of_buffer(&box));
    json_close(&w);
    return json_finish(&w);
}

/* Read and sign; `other_one`: the box says that it is for so much at once. */
Status contract_sign(Stand *stand, HttpClient *http, const PayerApp *app, const char *id,
        int64_t other_one, PayerAnswer *ret_answer)
{
    uint8_t request_bytes[4 * BOX_BYTES_MAX];
    Buffer request = BUFFER_OF(request_bytes);
    Span body = { 0 };
    JsonProblem problem = { 0 };
    Read read = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(payer_key_fetch(http, &stand->box_key, ret_answer));
    TRY(contract_asked(http, app, "GET", id, "", SPAN(""), ret_answer, &body));
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), read_fields,
            sizeof(read_fields) / sizeof(read_fields[0]), &read, &problem));
    REQUIRE(contract_says(read.zh, "每次最多 30.00 元")
                    && contract_says(read.zh, "每月最多 50.00 元、4 次")
                    && contract_says(read.en, "at most CNY 30.00 at once")
                    && contract_says(read.en, "4 deductions a month"),
            REFUSED_HTTP_ANSWER_INVALID);
    TRY(put_box(&stand->box_key, app, &read, other_one != 0 ? other_one : read.one, &request));
    return contract_asked(
            http, app, "POST", id, "/sign", span_of_buffer(&request), ret_answer, &body);
}
