#pragma once
/*
 * table_ids: the append-only registry of tables. An id goes into seals, digests and audit leaves,
 * so it never changes; a name may.
 */

typedef enum TableId {
    TABLE_MERCHANT = 1,
    TABLE_MERCHANT_KEY = 2,
    TABLE_PAYER = 3,
    TABLE_ACCOUNT = 4,
    TABLE_POSTING = 5,
    TABLE_PAYMENT = 6,
    TABLE_PAY_CODE = 7,
    TABLE_DAY_END = 8,
    TABLE_ALERT = 9,
    TABLE_CALLER = 10,
    TABLE_BINDING = 11,
    TABLE_REFUND = 12,
    TABLE_REFUNDED = 13,
    /* 20, 21: not sealed rows, but places of sealed fields (vault/field.h), in the domain store */
    TABLE_CARD = 20,
    TABLE_FIELD = 21, /* identity data, bindings: whatever its owner names */
    TABLE_PAYER_LOGIN = 57,
    TABLE_PAYER_DEVICE = 58,
    TABLE_AUDIT_REPORT = 50,
    TABLE_INCIDENT = 51,
    TABLE_INCIDENT_STEP = 52,
    TABLE_AUDIT_REVIEW = 53,
    TABLE_DATA_SUBJECT = 40,
    TABLE_DATA_CONSENT = 41,
    TABLE_DATA_HOLDING = 42,
    TABLE_DATA_HOLD = 43,
    TABLE_DATA_REQUEST = 44,
    TABLE_DATA_ACT = 45,
    TABLE_DATA_DESTROYED = 46,
    TABLE_DEVICE = 54,
    TABLE_REQUEST = 47, /* what others must agree to (access/request.h) */
    TABLE_APPROVAL = 48,
    TABLE_REQUEST_PART = 49,
    TABLE_MERCHANT_TERMS = 64, /* access/merchant_terms.h */
    TABLE_SETTLEMENT = 65, /* payment/settlement.h */
    TABLE_BILL = 66,
    TABLE_PAYEE_CODE = 67,
    TABLE_PAYER_BARCODE = 68,
    TABLE_PAYMENT_FEE = 73, /* payment/fee.h */
    TABLE_RESERVE = 74, /* ledger/reserve.h */
    TABLE_CHANNEL_ORDER = 75, /* bank/channel_order.h */
    TABLE_CHANNEL_DIFFERENCE = 76, /* bank/reconcile.h */
    TABLE_ALLOWANCE = 77,
    TABLE_PASSKEY = 59,
    TABLE_PRINCIPAL = 60,
    TABLE_ACCESS_GRANT = 61,
    TABLE_ACCESS_REVIEW = 62,
    TABLE_ACCESS_TABLE = 63,
    TABLE_ORDER_PAYER = 69, /* payment/order_payer.h */
    TABLE_MERCHANT_PROFILE = 70, /* access/merchant_profile.h */
    TABLE_MERCHANT_ORIGIN = 71, /* access/merchant_origin.h */
    TABLE_MERCHANT_ADDRESS = 72, /* access/merchant_address.h */
    TABLE_TRANSFER = 78, /* payment/transfer.h */
    TABLE_TRANSFER_DAY = 79, /* payment/transfer_day.h */
    TABLE_NOTIFICATION = 80, /* payment/notification.h */
    TABLE_PAYER_CARD = 81, /* payment/payer_card.h */
    TABLE_PAYER_IDENTITY = 82, /* payment/payer_identity.h */
    TABLE_PLAN = 83, /* payment/plan.h */
    TABLE_CONTRACT = 84, /* payment/contract.h */
    TABLE_DEDUCTION = 85, /* payment/deduction.h */
    TABLE_ORDER_IDENTITY = 86, /* payment/order_identity.h */
} TableId;
