#include "api/routes.h"

#include "api/field_frame.h"
#include "api/health.h"
#include "api/signer.h"

static const Route routes[] = {
    { HTTP_POST, "/v3/pay/transactions/native", merchant_native },
    { HTTP_POST, "/v3/pay/transactions/app", merchant_app },
    { HTTP_POST, "/v3/pay/transactions/jsapi", merchant_jsapi },
    { HTTP_POST, "/v3/pay/transactions/h5", merchant_h5 },
    { HTTP_POST, "/v3/pay/transactions/codepay", merchant_codepay },
    { HTTP_GET, "/v3/pay/transactions/id/*", merchant_query_by_id },
    { HTTP_GET, "/v3/pay/transactions/out-trade-no/*", merchant_query_by_number },
    { HTTP_POST, "/v3/pay/transactions/out-trade-no/*/close", merchant_close },
    { HTTP_POST, "/v3/pay/transactions/out-trade-no/*/reverse", merchant_reverse },
    { HTTP_POST, "/v3/pay/payee-codes", merchant_payee_code },
    { HTTP_POST, "/v3/pay/payee-codes/*/revoke", merchant_payee_code_revoke },
    { HTTP_POST, "/v3/papay/contracts/pre-entrust-sign", merchant_contract },
    { HTTP_GET, "/v3/papay/contracts/id/*", merchant_contract_by_id },
    { HTTP_GET, "/v3/papay/contracts/out-contract-code/*", merchant_contract_by_code },
    { HTTP_POST, "/v3/papay/contracts/*/notify", merchant_contract_announce },
    { HTTP_POST, "/v3/papay/contracts/*/terminate", merchant_contract_end },
    { HTTP_POST, "/v3/papay/pay/transactions/apply", merchant_deduct },
    { HTTP_POST, "/v3/refund/domestic/refunds", merchant_refund },
    { HTTP_GET, "/v3/refund/domestic/refunds/*", merchant_refund_query },
    { HTTP_GET, "/v3/bill/tradebill", merchant_trade_bill },
    { HTTP_GET, "/v3/bill/fundflowbill", merchant_fund_bill },
    { HTTP_GET, "/v3/billdownload/file", merchant_bill_file },
    { HTTP_GET, "/v3/merchant/fund/balance/*", merchant_balance },
    { HTTP_GET, "/v3/certificates", merchant_certificates },
    { HTTP_GET, "/v3/merchant-service/apiv3-key", merchant_apiv3_key },
    { HTTP_POST, "/v3/merchant-service/apiv3-key/activate", merchant_apiv3_activate },
    { HTTP_GET, "/v3/merchant-service/keys", merchant_keys },
    { HTTP_POST, "/gateway", merchant_gateway },
    { HTTP_POST, "/gateway/json", merchant_gateway_json },
    { HTTP_GET, "/payer/v1/box-key", payer_box_key },
    { HTTP_GET, "/payer/v1/challenge", payer_challenge },
    { HTTP_GET, "/payer/v1/pads/*", payer_pad },
    { HTTP_GET, "/payer/v1/orders/*", payer_order },
    { HTTP_POST, "/payer/v1/orders/*/pay", payer_pay },
    { HTTP_POST, "/payer/v1/orders/*/card-pay", payer_card_pay },
    { HTTP_GET, "/payer/v1/payee-codes/*", payer_payee_code },
    { HTTP_POST, "/payer/v1/payee-codes/*/pay", payer_payee_code_pay },
    { HTTP_POST, "/payer/v1/codes", payer_codes },
    { HTTP_POST, "/payer/v1/waiting", payer_waiting },
    { HTTP_POST, "/payer/v1/register", payer_register },
    { HTTP_POST, "/payer/v1/login", payer_login },
    { HTTP_POST, "/payer/v1/logout", payer_logout },
    { HTTP_POST, "/payer/v1/password", payer_password },
    { HTTP_POST, "/payer/v1/password/reset", payer_password_reset },
    { HTTP_POST, "/payer/v1/pin", payer_pin },
    { HTTP_POST, "/payer/v1/pin/reset", payer_pin_reset },
    { HTTP_GET, "/payer/v1/devices", payer_devices },
    { HTTP_POST, "/payer/v1/devices/*/end", payer_device_end },
    { HTTP_GET, "/payer/v1/cards", payer_cards },
    { HTTP_POST, "/payer/v1/cards", payer_card_bind },
    { HTTP_POST, "/payer/v1/cards/*/confirm", payer_card_confirm },
    { HTTP_POST, "/payer/v1/cards/*/unbind", payer_card_unbind },
    { HTTP_GET, "/payer/v1/sessions", payer_sessions },
    { HTTP_POST, "/payer/v1/sessions/*/end", payer_session_end },
    { HTTP_GET, "/payer/v1/contracts", payer_contracts },
    { HTTP_GET, "/payer/v1/contracts/*", payer_contract },
    { HTTP_POST, "/payer/v1/contracts/*/sign", payer_contract_sign },
    { HTTP_POST, "/payer/v1/contracts/*/end", payer_contract_end },
    { HTTP_POST, "/payer/v1/transfer-ask", payer_transfer_ask },
    { HTTP_GET, "/payer/v1/transfer-limits", payer_transfer_limits },
    { HTTP_POST, "/payer/v1/transfer-limits", payer_transfer_limits_set },
    { HTTP_POST, "/payer/v1/transfers", payer_transfer_begin },
    { HTTP_GET, "/payer/v1/transfers", payer_transfers },
    { HTTP_GET, "/payer/v1/transfers/*", payer_transfer },
    { HTTP_POST, "/payer/v1/transfers/*/revoke", payer_transfer_revoke },
    { HTTP_GET, "/healthz", probe_health },
    { HTTP_GET, "/openapi.yaml", probe_openapi },
};

bool route_matches(const char *pattern, Span path, Span *ret_rest)
{
    const char *star = strchr(pattern, '*');
    *ret_rest = (Span) { NULL, 0 };
    if (star == NULL) return span_equal(path, span_of_text(pattern));

    const Span before = { (const uint8_t *)pattern, (size_t)(star - pattern) };
    const Span after = span_of_text(star + 1);
    if (path.size <= before.size + after.size) return false;
    const Span middle = { path.data + before.size, path.size - before.size - after.size };
    const Span tail = { path.data + path.size - after.size, after.size };
    if (!span_equal((Span) { path.data, before.size }, before) || !span_equal(tail, after))
        return false;
    if (memchr(middle.data, '/', middle.size) != NULL) return false;
    *ret_rest = middle;
    return true;
}

size_t routes_count(void) { return sizeof(routes) / sizeof(routes[0]); }

const Route *routes_at(size_t index)
{
    ASSERT(index < routes_count());
    return &routes[index];
}

const Route *route_find(HttpMethod method, Span path, Span *ret_rest)
{
    for (size_t i = 0; i < routes_count(); i++) {
        if (routes[i].method == method && route_matches(routes[i].pattern, path, ret_rest))
            return &routes[i];
    }
    return NULL;
}

/* With which method this path would be served, or NULL. Only GET and POST get here (server.h), so
 * one that did not fit leaves the other. */
static const char *method_of_path(Span path)
{
    Span rest = { 0 };
    if (route_find(HTTP_GET, path, &rest) != NULL) return "GET";
    return route_find(HTTP_POST, path, &rest) != NULL ? "POST" : NULL;
}

static TrafficAudience audience_of(const char *pattern)
{
    if (strncmp(pattern, "/payer/", 7) == 0) return TRAFFIC_PAYER;
    const bool merchants = strncmp(pattern, "/v3/", 4) == 0 || strncmp(pattern, "/gateway", 8) == 0;
    return merchants ? TRAFFIC_MERCHANT : TRAFFIC_OTHER;
}

static int write_not_found(Passage *p, Buffer *ret_body)
{
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

void routes_serve(void *context, HttpRequest *request)
{
    if (field_frame_answer(context, request)) return;
    Passage *p = passage_open(context, request);
    if (p == NULL) return;
    Span rest = { 0 };
    const Route *route =
            route_find(http_request_method(request), http_request_path(request), &rest);
    p->route = route == NULL ? routes_count() : (size_t)(route - routes);
    p->audience = route == NULL ? TRAFFIC_OTHER : audience_of(route->pattern);
    if (route != NULL) {
        route->handler(p, rest);
        return;
    }
    p->allow = method_of_path(http_request_path(request));
    const Status refusal =
            p->allow == NULL ? REFUSE(REFUSED_ROUTE_UNKNOWN) : REFUSE(REFUSED_ROUTE_METHOD);
    passage_finish(p, refusal, write_not_found);
}

/* Nothing more to strangers: which part does not answer stands among the metrics. */
static int write_health(Passage *p, Buffer *ret_body)
{
    const bool ready = health_is_ready(p->house->health);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "status", ready ? SPAN("ok") : SPAN("unready"));
    json_close(&w);
    if (!status_ok(json_finish(&w))) return 500;
    return ready ? 200 : 503;
}

void probe_health(Passage *p, Span rest) { passage_finish(p, OK, write_health); }
