#pragma once
/*
 * routes: method and path to handler, in one table per audience (merchant, payer, probe). Default
 * deny (LL-4.5.2): what is not in the table is 404, and it is nobody's business whether a path
 * exists for another method: 405 comes from the server.
 */
#include "api/passage.h"

/* `rest`: the part of the path that stands for `*` in the pattern, undecoded; empty when there is
 * none. */
typedef void (*RouteHandler)(Passage *passage, Span rest);

typedef struct Route {
    HttpMethod method;
    const char *pattern; /* at most one '*', which stands for one non-empty segment */
    RouteHandler handler;
} Route;

/* Does the path fit? `ret_rest` is set when it does. */
bool route_matches(const char *pattern, Span path, Span *ret_rest);

/* Which route serves this; NULL: none. ret_rest as above. */
const Route *route_find(HttpMethod method, Span path, Span *ret_rest);

/* The table: `index` < routes_count(). For tests and documents. */
size_t routes_count(void);
const Route *routes_at(size_t index);

/* The HttpHandler of the server; context is the House. */
void routes_serve(void *house, HttpRequest *request);

/* merchant_*.c: RouteHandlers; each verifies the sender first. */
void merchant_native(Passage *passage, Span rest);
void merchant_app(Passage *passage, Span rest);
void merchant_jsapi(Passage *passage, Span rest);
void merchant_h5(Passage *passage, Span rest);
void merchant_codepay(Passage *passage, Span rest);
void merchant_query_by_id(Passage *passage, Span transaction_id);
void merchant_query_by_number(Passage *passage, Span out_trade_no);
void merchant_close(Passage *passage, Span out_trade_no);
void merchant_reverse(Passage *passage, Span out_trade_no);
void merchant_payee_code(Passage *passage, Span rest);
void merchant_payee_code_revoke(Passage *passage, Span reference);
void merchant_contract(Passage *passage, Span rest);
void merchant_contract_by_id(Passage *passage, Span id);
void merchant_contract_by_code(Passage *passage, Span out_contract_code);
void merchant_contract_announce(Passage *passage, Span id);
void merchant_contract_end(Passage *passage, Span id);
void merchant_deduct(Passage *passage, Span rest);
void merchant_refund(Passage *passage, Span rest);
void merchant_refund_query(Passage *passage, Span out_refund_no);
void merchant_trade_bill(Passage *passage, Span rest);
void merchant_fund_bill(Passage *passage, Span rest);
void merchant_bill_file(Passage *passage, Span rest);
void merchant_balance(Passage *passage, Span account_type);
void merchant_certificates(Passage *passage, Span rest);
void merchant_keys(Passage *passage, Span rest);
void merchant_apiv3_activate(Passage *passage, Span rest);
void merchant_apiv3_key(Passage *passage, Span rest);

/* gateway.c: merchants who sign in another way; serves the routes above. */
void merchant_gateway(Passage *passage, Span rest);
void merchant_gateway_json(Passage *passage, Span rest);

/* payer_*.c: what a payer's app asks. */
void payer_box_key(Passage *passage, Span rest);
void payer_challenge(Passage *passage, Span rest);
void payer_pad(Passage *passage, Span session);
void payer_order(Passage *passage, Span prepay_id);
void payer_pay(Passage *passage, Span prepay_id);
void payer_payee_code(Passage *passage, Span reference);
void payer_payee_code_pay(Passage *passage, Span reference);
void payer_codes(Passage *passage, Span rest);
void payer_waiting(Passage *passage, Span rest);
/* A payer's own doors: who signs with the key of a device (payer_door.h). */
void payer_register(Passage *passage, Span rest);
void payer_login(Passage *passage, Span rest);
void payer_logout(Passage *passage, Span rest);
void payer_password(Passage *passage, Span rest);
void payer_password_reset(Passage *passage, Span rest);
void payer_pin(Passage *passage, Span rest);
void payer_pin_reset(Passage *passage, Span rest);
void payer_devices(Passage *passage, Span rest);
void payer_device_end(Passage *passage, Span device);
void payer_card_bind(Passage *passage, Span rest);
void payer_card_confirm(Passage *passage, Span id);
void payer_card_pay(Passage *passage, Span prepay_id);
void payer_card_unbind(Passage *passage, Span id);
void payer_cards(Passage *passage, Span rest);
void payer_sessions(Passage *passage, Span rest);
void payer_session_end(Passage *passage, Span number);
void payer_contracts(Passage *passage, Span rest);
void payer_contract(Passage *passage, Span id);
void payer_contract_sign(Passage *passage, Span id);
void payer_contract_end(Passage *passage, Span id);
void payer_transfer_ask(Passage *passage, Span rest);
void payer_transfer_begin(Passage *passage, Span rest);
void payer_transfers(Passage *passage, Span rest);
void payer_transfer(Passage *passage, Span number);
void payer_transfer_revoke(Passage *passage, Span number);
void payer_transfer_limits(Passage *passage, Span rest);
void payer_transfer_limits_set(Passage *passage, Span rest);

void probe_health(Passage *passage, Span rest);
void probe_openapi(Passage *passage, Span rest);
