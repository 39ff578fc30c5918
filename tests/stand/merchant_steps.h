#pragma once
/*
 * merchant_steps: what a flow test says to the house in one line: order, charge, query, close,
 * confirm. Every call is a signed request over TLS; answers of 2xx are verified by the merchant's
 * own code.
 */
#include "stand.h"

/* What came back, the few fields that flows look at; texts end with NUL, "" when absent. */
typedef struct Answered {
    int status;
    char code[64]; /* of an error */
    char field[128]; /* detail.field of an error */
    char code_url[128];
    char h5_url[128];
    char trade_state[32];
    char transaction_id[64];
    char refund_id[64];
    char refund_status[32];
    int64_t total;
    int64_t refund;
} Answered;

/* One signed request; a body of "" is none. */
MUST_USE Status step_call(const MerchantApp *app, HttpClient *http, const char *method,
        const char *target, const char *body, Answered *ret);

MUST_USE Status step_native(
        const MerchantApp *app, HttpClient *http, const char *number, int64_t minor, Answered *ret);
/* An h5 order: the payer's browser goes to ret->h5_url. */
MUST_USE Status step_h5(
        const MerchantApp *app, HttpClient *http, const char *number, int64_t minor, Answered *ret);
MUST_USE Status step_codepay(const MerchantApp *app, HttpClient *http, const char *number,
        int64_t minor, const char *auth_code, Answered *ret);
MUST_USE Status step_query(
        const MerchantApp *app, HttpClient *http, const char *number, Answered *ret);
MUST_USE Status step_query_id(
        const MerchantApp *app, HttpClient *http, const char *id, Answered *ret);
MUST_USE Status step_close(
        const MerchantApp *app, HttpClient *http, const char *number, Answered *ret);

/* `total`: of the order, which out_trade_no `number` names. */
MUST_USE Status step_refund(const MerchantApp *app, HttpClient *http, const char *number,
        const char *out_refund_no, int64_t refund, int64_t total, Answered *ret);
MUST_USE Status step_refund_query(
        const MerchantApp *app, HttpClient *http, const char *out_refund_no, Answered *ret);
MUST_USE Status step_reverse(
        const MerchantApp *app, HttpClient *http, const char *number, Answered *ret);

/* HTTP status of a query that this key signs: 404 (no such order) when it is believed; 0: none. */
int step_believed(const MerchantApp *app, HttpClient *http);
/* Until that status is `wanted`; false: it was not within 30 s. */
bool step_await_believed(const MerchantApp *app, HttpClient *http, int wanted);

/* The fields of an answer's body. */
void step_read(int status, Span body, Answered *ret);
