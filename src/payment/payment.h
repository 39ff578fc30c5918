#pragma once
/*
 * payment: one payment's row, and the table of steps that it may take.
 *
 *   none        create: NOTPAY; codepay decides: SUCCESS, USERPAYING (money held) or PAYERROR
 *   NOTPAY      pay(PIN): SUCCESS or USERPAYING; close: CLOSED; timer past expires: CLOSED
 *   USERPAYING  pay(PIN) of a challenge: SUCCESS, or held on for a delay; of a delay or review:
 *               same; close: ORDER_PAYING; timer past decide_by: a delay SUCCESS, else PAYERROR
 *               (released)
 *   SUCCESS     pay: same; close: ORDER_PAID; refund: REFUND; reverse: REVOKED (refund.h)
 *   REFUND      pay: ORDER_STATE; close: ORDER_PAID
 *   REVOKED     create again: ORDER_CONFLICT; pay: ORDER_STATE; close: same
 *   PAYERROR    pay: ORDER_STATE; close: same
 *   CLOSED      create again: ORDER_CONFLICT; pay: ORDER_CLOSED; close: same
 *
 * create again with the same terms is "same" but where another thing is said.
 * "same" = the stored outcome again, nothing written. A NOTPAY past its time_expire counts as
 * CLOSED at once, whether or not the timer has come by. Units (order.h, pay.h, pay_code.h, enrol.h)
 * are plain structs: the caller fills the inputs, calls the `*_unit()` function with its `done`,
 * submits, and reads the outputs in `done`. They own no memory; everything is inline.
 *
 * Draw ids and codes before submitting (a unit may run more than once and must do the same each
 * time).
 */
#include "access/payer_login.h"
#include "fraud/decide.h"
#include "ledger/account.h"
#include "payment/account_rules.h"
#include "payment/barcode_rules.h"
#include "payment/transfer_rules.h"

extern const Table payment_table;
extern const Table pay_code_table; /* pay_code.h */
extern const StoreSchema payment_schema;

enum {
    PAYMENT_OUT_TRADE_NO_MIN = 6,
    PAYMENT_OUT_TRADE_NO_MAX = 32,
    PAYMENT_TRANSACTION_ID_BYTES = 28,
    PAYMENT_PREPAY_ID_BYTES = 36,
    PAYMENT_CODE_URL_BYTES = 11 + PAYMENT_PREPAY_ID_BYTES, /* hufu://pay/<prepay_id> */
    PAYMENT_APPID_BYTES_MAX = 32,
    PAYMENT_DESCRIPTION_BYTES_MAX = 508, /* 127 characters */
    PAYMENT_ATTACH_BYTES_MAX = 512, /* 128 characters */
    PAYMENT_NOTIFY_URL_BYTES_MAX = 255,
    PAYMENT_STORE_ID_BYTES_MAX = 32,
    PAYMENT_OPENID_BYTES = 28,
    PAYMENT_CONTRACT_BYTES_MAX = 30, /* payment/contract.h */
    PAYMENT_GRANT_BYTES = 16,
    PAYMENT_HASH_BYTES = 32,
    PAYMENT_NONCE_DIGEST_BYTES = 16, /* of the request's nonce, for the audit event */
    PAYMENT_DUE_MAX = 64,
    IDENTITY_PRINT_BYTES = 16,
    IDENTITY_SHOWN_BYTES_MAX = 512,
};
#define PAYMENT_EXPIRY_DEFAULT_US (2 * 3600 * TIME_SECOND_US)
#define PAYMENT_EXPIRY_MAX_US (7 * TIME_DAY_US)

/* A payment as a unit leaves it; texts end with NUL, "" when absent. */
typedef struct Payment {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char out_trade_no[PAYMENT_OUT_TRADE_NO_MAX + 1];
    char transaction_id[PAYMENT_TRANSACTION_ID_BYTES + 1]; /* shown to merchants once paid */
    char prepay_id[PAYMENT_PREPAY_ID_BYTES + 1];
    TradeType trade_type;
    TradeState state;
    uint8_t request_hash[PAYMENT_HASH_BYTES];
    char appid[PAYMENT_APPID_BYTES_MAX + 1];
    char description[PAYMENT_DESCRIPTION_BYTES_MAX + 1];
    char attach[PAYMENT_ATTACH_BYTES_MAX + 1];
    char notify_url[PAYMENT_NOTIFY_URL_BYTES_MAX + 1];
    Money money;
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t payer_account; /* 0: none yet */
    int64_t payee_account;
    bool has_grant;
    uint8_t grant[PAYMENT_GRANT_BYTES];
    RiskOutcome risk;
    uint32_t risk_reasons;
    int32_t reason; /* REFUSED_... that ended it (status_name, status_advice), 0: none */
    int64_t created_us;
    int64_t begun_us;
    int64_t expires_us;
    int64_t decide_by_us; /* 0: none */
    int64_t success_time_us; /* 0: none */
    char store_id[PAYMENT_STORE_ID_BYTES_MAX + 1];
} Payment;

/* What people tune about payments; borrowed by units until they are done. */
typedef struct PaymentRules {
    Strategy strategy;
    AccountRules accounts;
    BarcodeRules barcode;
    TransferRules transfers;
    bool terms_required; /* only merchants with a licence and an agreement in force take orders */
} PaymentRules;

typedef struct PaymentKey {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char out_trade_no[PAYMENT_OUT_TRADE_NO_MAX + 1];
} PaymentKey;

/* How an order is named. */
typedef enum PaymentName {
    PAYMENT_BY_OUT_TRADE_NO = 1,
    PAYMENT_BY_TRANSACTION_ID,
    PAYMENT_BY_PREPAY_ID,
} PaymentName;

/* Of a person, as vaultd knows one from another (order_identity.h). */
typedef struct IdentityPrints {
    uint8_t number[IDENTITY_PRINT_BYTES];
    uint8_t name[IDENTITY_PRINT_BYTES];
} IdentityPrints;

/* The one person who may pay an order. */
typedef struct OrderIdentity {
    bool named; /* else anybody */
    IdentityPrints prints;
    uint8_t shown[IDENTITY_SHOWN_BYTES_MAX]; /* the masked name, encrypted to the merchant */
    size_t shown_size;
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* of the merchant's key */
} OrderIdentity;

/* What a merchant orders. Texts end with NUL, "" when absent. */
typedef struct PaymentOrder {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* the key that signed the request */
    char out_trade_no[PAYMENT_OUT_TRADE_NO_MAX + 1];
    char appid[PAYMENT_APPID_BYTES_MAX + 1];
    char description[PAYMENT_DESCRIPTION_BYTES_MAX + 1];
    char attach[PAYMENT_ATTACH_BYTES_MAX + 1];
    char notify_url[PAYMENT_NOTIFY_URL_BYTES_MAX + 1];
    char store_id[PAYMENT_STORE_ID_BYTES_MAX + 1];
    char openid[PAYMENT_OPENID_BYTES + 1]; /* jsapi: the one payer who may pay; else "" */
    char contract[PAYMENT_CONTRACT_BYTES_MAX + 1]; /* of a deduction: by which; else "" */
    OrderIdentity identity;
    Money money;
    int64_t time_expire_us; /* 0: not given */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
} PaymentOrder;

/* Drawn once per create or codepay; stored only when the order is new. */
typedef struct PaymentIds {
    char transaction_id[PAYMENT_TRANSACTION_ID_BYTES
            + 1]; /* "42" | yyyymmdd | ms of the day, 8 digits | 10 random digits */
    char prepay_id[PAYMENT_PREPAY_ID_BYTES
            + 1]; /* "hf" | ms in base 36, 9 digits | 25 random of [0-9a-z] */
} PaymentIds;

MUST_USE Status payment_ids_draw(const Random *random, int64_t now_us, PaymentIds *ret_ids);

/* 6..32 of digits, letters, `_ - * |`. */
bool payment_out_trade_no_is_valid(Span text);
/* 28 digits. */
bool payment_transaction_id_is_valid(Span text);
bool payment_prepay_id_is_valid(Span text);
/* "hufu://pay/<prepay_id>" with its NUL. TP-18: holds nothing about the payer or an account. */
void payment_code_url(const Payment *payment, char ret_url[PAYMENT_CODE_URL_BYTES + 1]);
/* USERPAYING from a card: the bank has not said what became of it, and only it ends that. Nothing
 * is held then, and no time decides (payer_card_pay.h). */
#define PAYMENT_AT_BANK_US INT64_C(253402271999000000) /* the end of the year 9999 */
static inline bool payment_is_at_bank(const Payment *payment)
{
    return payment->state == TRADE_USERPAYING && payment->decide_by_us == PAYMENT_AT_BANK_US;
}
/* "SUCCESS", "NATIVE"... as the v3 profile writes them. Static storage. */
const char *trade_state_name(TradeState state);
const char *trade_type_name(TradeType type);

/* What a payer must be told and the PIN box was made for: the payer's view of payment->state at
 * `now_us`. */
TradeState payment_state_at(const Payment *payment, int64_t now_us);

/* --- plain reads: keys only, never verified; what is done with them goes through units --- */

/* Payments whose timer has run out: NOTPAY past expires, USERPAYING past decide_by. Oldest first.
 */
MUST_USE Status payment_due(
        Store *store, int64_t now_us, PaymentKey ret_keys[PAYMENT_DUE_MAX], size_t *ret_count);
/* The same behind the first `skip`: a frozen row that cannot be handled must not stop the others.
 */
MUST_USE Status payment_due_behind(Store *store, int64_t now_us, size_t skip,
        PaymentKey ret_keys[PAYMENT_DUE_MAX], size_t *ret_count);
/* Payments of this payer that wait for the PIN: what the payer's app shows. Newest first. */
MUST_USE Status payment_waiting(
        Store *store, const char *payer, PaymentKey ret_keys[PAYMENT_DUE_MAX], size_t *ret_count);
