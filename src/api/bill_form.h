#pragma once
/*
 * bill_form: what a merchant asks of bills: the query strings of the v3 profile, and the token of
 * the address that a bill is fetched from.
 *
 *   /v3/bill/tradebill?bill_date=2026-11-27[&bill_type=ALL|SUCCESS|REFUND][&tar_type=GZIP]
 *   /v3/bill/fundflowbill?bill_date=2026-11-27[&account_type=BASIC][&tar_type=GZIP]
 *   both: [&hash_type=SHA1|SHA256|SM3], ours; the profile knows SHA1 alone
 *   /v3/billdownload/file?token=<hex>
 *
 *     token = day i32 | kind u8 | gzip u8 | expiry u32, seconds | HMAC-SHA256[0..15]
 *
 * under the key of this run, over "hufu bill", the ten bytes before it and the merchant: nothing is
 * stored, and nobody else can use it. The accounts FEES and OPERATION have no bills of their own.
 */
#include "api/house.h"
#include "payment/bill.h"

enum {
    BILL_TOKEN_LIFE_S = 300,
    BILL_ORIGIN_BYTES_MAX = 256,
    BILL_TOKEN_HEX_BYTES = 2 * (10 + 16),
};

typedef enum BillHash { BILL_HASH_SHA1 = 1, BILL_HASH_SHA256 = 2, BILL_HASH_SM3 = 3 } BillHash;

typedef struct BillAsk {
    BillKind kind;
    int32_t day;
    bool gzip;
    BillHash hash;
} BillAsk;

/* A passage's (passage.h). */
typedef struct BillWork {
    Unit unit; /* none: every work begins so */
    BillForm form;
    BillAsk ask;
    bool download; /* the bill itself, not where it is */
    char origin[BILL_ORIGIN_BYTES_MAX]; /* of its address: "https://pay.example" */
} BillWork;

/* `query` borrowed, not decoded. Refuse BILL_FIELD (unknown, twice, missing, malformed), BILL_NONE
 * (an account without bills). ret_field: which, a literal. */
MUST_USE Status bill_form_trade(Span query, BillAsk *ret_ask, const char **ret_field);
MUST_USE Status bill_form_fund(Span query, BillAsk *ret_ask, const char **ret_field);

/* "SHA1"... Static storage. */
const char *bill_hash_name(BillHash hash);
/* Append the digest of a bill's text in hexadecimal. Refuses BUFFER_FULL. */
MUST_USE Status bill_hash_put(BillHash hash, Span text, Buffer *ret_hex);

void bill_token_make(const House *house, const char *mchid, const BillAsk *ask,
        char ret_token[BILL_TOKEN_HEX_BYTES + 1]);
/* The query must be exactly token=<hex>. Refuses BILL_TOKEN: malformed, another's, too old. */
MUST_USE Status bill_token_check(
        const House *house, const char *mchid, Span query, BillAsk *ret_ask);
