#define _GNU_SOURCE
#include "orders.h"

#include "api/challenge.h"
#include "base/time.h"
#include "payment/payment.h"
#include "policy/purposes.h"

#include <stdio.h>
#include <stdlib.h>

enum { ORDER_MINOR = 990 };

static void number_of(const OrderPlan *plan, size_t i, char ret_number[33])
{
    snprintf(ret_number, 33, "%s-%06zu", plan->prefix, i);
}

/* Sign one merchant request as its SDK would. */
static Status sign_request(const OrderPlan *plan, LoadRequest *request)
{
    static uint8_t scratch_bytes[MESSAGE_CANONICAL_BYTES_MAX];
    uint8_t text_bytes[CLIENT_AUTHORIZATION_BYTES_MAX + 1];
    Buffer scratch = BUFFER_OF(scratch_bytes);
    Buffer text = { text_bytes, 0, CLIENT_AUTHORIZATION_BYTES_MAX };
    const Random random = random_system();
    const Clock clock = clock_system();
    char nonce[CLIENT_NONCE_BYTES];
    const MerchantApp *m = plan->merchant;
    const MessageSigner signer = { m->profile, m->key, span_of_text(m->mchid),
        span_of_text(m->serial) };
    TRY(client_nonce(&random, nonce));
    TRY(client_sign(&signer, SPAN("POST"), span_of_text(request->target),
            span_of_text(request->body), clock_now_us(&clock) / TIME_SECOND_US,
            (Span) { (const uint8_t *)nonce, sizeof(nonce) }, &scratch, &text));
    text_bytes[text.size] = 0;
    request->authorization = strdup((const char *)text_bytes);
    CHECK(request->authorization != NULL, FAULT_MEMORY);
    return OK;
}

size_t orders_payers(size_t count)
{
    return (count + ORDERS_ROUND - 1) / ORDERS_ROUND * ORDERS_PAYERS;
}

static PayerApp *payer_of(const OrderPlan *plan, size_t i)
{
    const size_t index = i / ORDERS_ROUND * ORDERS_PAYERS + i % ORDERS_PAYERS;
    ASSERT(index < plan->payer_count);
    return &plan->payers[index];
}

Status orders_codepay(const OrderPlan *plan, size_t count, LoadRequest *ret)
{
    HttpClient *http = NULL;
    TRY(stand_connect(plan->stand, &http));
    for (size_t i = 0; i < plan->payer_count; i++)
        plan->payers[i].codes_left = 0; /* fresh ones would void what is left */
    Status s = OK;
    for (size_t i = 0; i < count && status_ok(s); i++) {
        char number[33];
        const char *code = NULL;
        PayerAnswer answer = { 0 };
        PayerApp *payer = payer_of(plan, i);
        s = payer_app_code(payer, http, &plan->stand->box_key, &answer, &code);
        if (!status_ok(s)) fprintf(stderr, "no code: HTTP %d %s\n", answer.status, answer.code);
        if (!status_ok(s)) break;
        number_of(plan, i, number);
        ret[i].target = strdup("/v3/pay/transactions/codepay");
        CHECK(asprintf(&ret[i].body,
                      "{\"appid\":\"wxbench\",\"mchid\":\"%s\",\"description\":\"A "
                      "book\",\"out_trade_no\":\"%s\","
                      "\"amount\":{\"total\":%d,\"currency\":\"CNY\"},\"payer\":{\"auth_code\":\"%"
                      "s\"},"
                      "\"scene_info\":{\"store_info\":{\"id\":\"S1\"}}}",
                      plan->merchant->mchid, number, ORDER_MINOR, code)
                        > 0,
                FAULT_MEMORY);
        s = sign_request(plan, &ret[i]);
    }
    http_client_close(&http);
    return s;
}

Status orders_native(const OrderPlan *plan, size_t count, LoadRequest *ret)
{
    const char *notify_url =
            plan->notify_url == NULL ? "https://merchant.example/notify" : plan->notify_url;
    for (size_t i = 0; i < count; i++) {
        char number[33];
        number_of(plan, i, number);
        ret[i].target = strdup("/v3/pay/transactions/native");
        CHECK(asprintf(&ret[i].body,
                      "{\"appid\":\"wxbench\",\"mchid\":\"%s\",\"description\":\"A "
                      "book\",\"out_trade_no\":\"%s\","
                      "\"notify_url\":\"%s\","
                      "\"amount\":{\"total\":%d,\"currency\":\"CNY\"}}",
                      plan->merchant->mchid, number, notify_url, ORDER_MINOR)
                        > 0,
                FAULT_MEMORY);
        TRY(sign_request(plan, &ret[i]));
    }
    return OK;
}

static Status make_pin(const OrderPlan *plan, const char *prepay_id, size_t i, LoadRequest *ret)
{
    char number[33];
    uint8_t box_bytes[2 * BOX_BYTES_MAX];
    Buffer box = { box_bytes, 0, sizeof(box_bytes) - 1 };
    const PayerApp *payer = payer_of(plan, i);
    number_of(plan, i, number);
    BoxWish wish = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_PAY,
        .minor = ORDER_MINOR,
        .tenant = span_of_text(plan->merchant->mchid),
        .order = span_of_text(number),
        .payee = span_of_text(plan->merchant->mchid) };
    challenge_of_order(span_of_text(prepay_id), wish.nonce);
    TRY(box_make(&plan->stand->box_key, &wish, span_of_text(payer->pin), &box));
    box_bytes[box.size] = 0;
    CHECK(asprintf(&ret->target, "/payer/v1/orders/%s/pay", prepay_id) > 0, FAULT_MEMORY);
    CHECK(asprintf(&ret->body, "{\"payer_id\":\"%s\",\"box\":\"%s\"}", payer->id,
                  (const char *)box_bytes)
                    > 0,
            FAULT_MEMORY);
    return OK;
}

Status orders_pins(const OrderPlan *plan, const LoadRequest *sent, size_t count, LoadRequest *ret)
{
    HttpClient *http = NULL;
    TRY(stand_connect(plan->stand, &http));
    Status s = box_key_fetch(http, &plan->stand->box_key);
    http_client_close(&http);
    for (size_t i = 0; i < count && status_ok(s); i++)
        s = make_pin(plan, sent[i].prepay_id, i, &ret[i]);
    return s;
}

void orders_free(LoadRequest *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(requests[i].target);
        free(requests[i].authorization);
        free(requests[i].body);
        requests[i] = (LoadRequest) { 0 };
    }
}
