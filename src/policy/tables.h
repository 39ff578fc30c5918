#pragma once
/*
 * tables: the append-only registry of columns, and what each may hold (tables: table_ids.h).
 *
 * Ids go into seals, digests and audit leaves, so they never change; names may. A table's room owns
 * its SQL and its `Table` description. vaultd knows the columns below that money depends on: it
 * enforces the successor, zero-sum and grant rules on them (DESIGN section 2). Every column
 * declares class, level and owner (LL-4.5.1).
 */
#include "base/row.h"
#include "policy/policy.h"
#include "policy/table_ids.h"

enum CardColumn { CARD_NUMBER = 1 };

enum AccountColumn { /* TP-12's account table, in our words */
    ACCOUNT_ID = 1, /* INT, key */
    ACCOUNT_OWNER = 2, /* TEXT */
    ACCOUNT_CLASS = 3, /* INT, AccountClass */
    ACCOUNT_CURRENCY = 4, /* INT, Currency */
    ACCOUNT_BALANCE = 5, /* INT, minor units that can be spent */
    ACCOUNT_FROZEN = 6, /* INT, minor units held */
    ACCOUNT_PREVIOUS = 7, /* INT, balance + frozen at the end of the previous business day */
    ACCOUNT_PREVIOUS_DAY = 8, /* INT, that business day */
    ACCOUNT_BALANCE_TIME = 9, /* INT, time of the last change, us */
    ACCOUNT_STATUS = 10, /* INT, RegisterStatus */
};

enum MerchantKeyColumn {
    MERCHANT_KEY_MCHID = 1, /* TEXT, key: a serial is the merchant's word, so unique only there */
    MERCHANT_KEY_SERIAL = 2, /* TEXT, key: upper-case hex, or PUB_KEY_ID_... */
    MERCHANT_KEY_ALGORITHM = 3, /* INT, KeyAlgorithm */
    MERCHANT_KEY_SPKI = 4, /* BYTES: SubjectPublicKeyInfo DER */
    MERCHANT_KEY_STATUS = 5, /* INT, RegisterStatus */
    MERCHANT_KEY_CREATED = 6, /* INT, us */
    MERCHANT_KEY_EXPIRES = 7, /* INT, us */
};

/* Of an account, a merchant, a merchant's key, a payer. Stored: append only. */
typedef enum RegisterStatus {
    STATUS_LIVE = 1,
    STATUS_STOPPED = 2, /* for a while; may come back */
    STATUS_CLOSED = 3, /* for good */
} RegisterStatus;

typedef enum AccountClass {
    ACCOUNT_CLASS_PAYER = 1,
    ACCOUNT_CLASS_MERCHANT = 2,
    ACCOUNT_CLASS_SYSTEM = 3, /* the institution's own; alone may be negative */
} AccountClass;

enum PostingColumn {
    POSTING_BATCH = 1, /* INT, key: the batch that wrote it */
    POSTING_NUMBER = 2, /* INT, key: 1.. within the batch */
    POSTING_TRANSACTION = 3, /* TEXT, transaction_id or another reason's id */
    POSTING_ACCOUNT = 4, /* INT */
    POSTING_BUCKET = 5, /* INT, PostingBucket */
    POSTING_MINOR = 6, /* INT, signed */
    POSTING_CURRENCY = 7, /* INT */
    POSTING_KIND = 8, /* INT, PostingKind */
    POSTING_TIME = 9, /* INT, us */
};

typedef enum PostingBucket { POSTING_BALANCE = 0, POSTING_FROZEN = 1 } PostingBucket;

typedef enum PostingKind {
    POSTING_PAY = 1,
    POSTING_HOLD = 2,
    POSTING_RELEASE = 3,
    POSTING_CAPTURE = 4,
    POSTING_FUND = 5,
    POSTING_REFUND = 6,
    POSTING_FEE = 7, /* taken from a merchant, or given back to him */
    POSTING_SETTLE = 8, /* what a merchant has, on its way to his bank */
} PostingKind;

/* A posting of a fee is named so, and by the payment's transaction_id or the refund's refund_id. */
#define POSTING_FEE_PREFIX "fee/"
/* A posting of a settlement is named by it: SETTLEMENT_ID begins so. */
#define POSTING_SETTLE_PREFIX "settle/"

enum ChannelOrderColumn {
    CHANNEL_ORDER_NUMBER = 1, /* TEXT, key: what the bank knows it by */
    CHANNEL_ORDER_KIND = 2, /* INT, ChannelKind */
    CHANNEL_ORDER_HOLDER = 3, /* TEXT: payer id or mchid */
    CHANNEL_ORDER_ACCOUNT = 4, /* INT: the holder's */
    CHANNEL_ORDER_MINOR = 5, /* INT */
    CHANNEL_ORDER_CURRENCY = 6, /* INT */
    CHANNEL_ORDER_STATE = 7, /* INT, ChannelState */
    CHANNEL_ORDER_RESULT = 8, /* INT: the status code that it ended with; 0: none */
    CHANNEL_ORDER_CREATED = 9, /* INT, us */
    CHANNEL_ORDER_SENT = 10, /* INT, us, or NULL */
    CHANNEL_ORDER_ENDED = 11, /* INT, us, or NULL */
    CHANNEL_ORDER_DUE = 12, /* INT, us: when the bank is asked next */
    CHANNEL_ORDER_QUERIES = 13, /* INT: how often it was asked */
    CHANNEL_ORDER_TARGET = 14, /* TEXT or NULL: token of the bank account that is paid to */
};

/* Stored: append only. */
typedef enum ChannelKind {
    CHANNEL_FUNDING = 1, /* bank account -> balance */
    CHANNEL_WITHDRAWAL = 2, /* balance -> the holder's own bank account */
    CHANNEL_CARD = 3, /* card -> balance */
} ChannelKind;

typedef enum ChannelState {
    CHANNEL_CREATED = 1, /* not sent yet; a withdrawal's money is held */
    CHANNEL_SENT = 2, /* durable before the request leaves */
    CHANNEL_UNKNOWN = 3, /* sent, and no answer: the bank is asked */
    CHANNEL_SUCCESS = 4,
    CHANNEL_FAILED = 5,
} ChannelState;

enum PaymentColumn {
    PAYMENT_MCHID = 1, /* TEXT, key */
    PAYMENT_OUT_TRADE_NO = 2, /* TEXT, key */
    PAYMENT_TRANSACTION_ID = 3, /* TEXT, unique */
    PAYMENT_PREPAY_ID = 4, /* TEXT, unique: what a payer's app holds; never the merchant's number */
    PAYMENT_TRADE_TYPE = 5, /* INT, TradeType */
    PAYMENT_STATE = 6, /* INT, TradeState */
    PAYMENT_REQUEST_HASH = 7, /* BYTES 32: the request's parameters, for the conflict answer */
    PAYMENT_APPID = 8, /* TEXT */
    PAYMENT_DESCRIPTION = 9, /* TEXT */
    PAYMENT_ATTACH = 10, /* TEXT or NULL */
    PAYMENT_NOTIFY_URL = 11, /* TEXT or NULL */
    PAYMENT_MINOR = 12, /* INT */
    PAYMENT_CURRENCY = 13, /* INT */
    PAYMENT_PAYER = 14, /* TEXT or NULL */
    PAYMENT_PAYER_ACCOUNT = 15, /* INT or NULL */
    PAYMENT_PAYEE_ACCOUNT = 16, /* INT */
    PAYMENT_GRANT = 17, /* BYTES 16 or NULL: the PIN grant that this payment consumed */
    PAYMENT_RISK = 18, /* INT, RiskOutcome of the last decision */
    PAYMENT_CREATED = 19, /* INT, us */
    PAYMENT_EXPIRES = 20, /* INT, us: time_expire */
    PAYMENT_DECIDE_BY = 21, /* INT, us or NULL: when a held payment is refused by default */
    PAYMENT_SUCCESS_TIME = 22, /* INT, us or NULL */
    PAYMENT_STORE_ID = 23, /* TEXT or NULL: scene_info.store_info.id */
    PAYMENT_REASON = 24, /* INT: the refusal that ended it (REFUSED_...), 0: none */
    PAYMENT_RISK_REASONS =
            25, /* INT: set of RiskReason bits of the last decision (fraud/decide.h) */
    PAYMENT_BEGUN = 26, /* INT, us or NULL: when the payer's money was first touched */
};

enum BillColumn {
    BILL_MCHID = 1, /* TEXT, key */
    BILL_DAY = 2, /* INT, key: business day */
    BILL_KIND = 3, /* INT, key: BillKind (payment/bill.h) */
    BILL_LINES = 4, /* INT */
    BILL_SHA256 = 5, /* BYTES 32: of its text */
    BILL_IN_MINOR = 6, /* INT: what came to the merchant, in minor units */
    BILL_OUT_MINOR = 7, /* INT: what left */
    BILL_MADE = 8, /* INT, us */
};

enum PaymentFeeColumn { /* what a payment cost its merchant; as it was agreed when it was paid */
    PAYMENT_FEE_MCHID = 1, /* TEXT, key */
    PAYMENT_FEE_OUT_TRADE_NO = 2, /* TEXT, key */
    PAYMENT_FEE_TRANSACTION_ID = 3, /* TEXT: this and the four below are the payment's, and stay */
    PAYMENT_FEE_TOTAL = 4, /* INT */
    PAYMENT_FEE_CURRENCY = 5, /* INT */
    PAYMENT_FEE_PAYEE_ACCOUNT = 6, /* INT */
    PAYMENT_FEE_ACCOUNT = 7, /* INT: of the house, that got it */
    PAYMENT_FEE_RATE = 8, /* INT: of ten thousand */
    PAYMENT_FEE_MINOR = 9, /* INT: that was taken; more than 0 */
    PAYMENT_FEE_RETURNED = 10, /* INT: of it, with refunds; grows */
    PAYMENT_FEE_TAKEN = 11, /* INT, us */
};

enum SettlementColumn { /* what a merchant is paid out */
    SETTLEMENT_ID = 1, /* TEXT, key: "settle/MCHID/YYYYMMDD/N" */
    SETTLEMENT_MCHID = 2, /* TEXT: this and the eight below stay */
    SETTLEMENT_DAY = 3, /* INT: business day whose evening it is of; on request: the day itself */
    SETTLEMENT_NUMBER = 4, /* INT: 0: of the evening, 1..: on request */
    SETTLEMENT_MINOR = 5, /* INT; more than 0 */
    SETTLEMENT_CURRENCY = 6, /* INT */
    SETTLEMENT_ACCOUNT = 7, /* INT: the merchant's */
    SETTLEMENT_PAYABLE = 8, /* INT: of the house, where it rests */
    SETTLEMENT_TARGET = 9, /* TEXT: token of the bank account, as agreed then */
    SETTLEMENT_CREATED = 10, /* INT, us */
    SETTLEMENT_STATE = 11, /* INT, SettlementState */
    SETTLEMENT_SUBMITTED = 12, /* INT, us, or NULL */
    SETTLEMENT_ENDED = 13, /* INT, us, or NULL */
};

/* Stored: append only. */
typedef enum SettlementState {
    SETTLEMENT_DUE = 1,
    SETTLEMENT_SUBMITTED_TO_BANK = 2,
    SETTLEMENT_PAID = 3,
    SETTLEMENT_FAILED = 4, /* the merchant has it again */
} SettlementState;

enum RefundColumn {
    REFUND_MCHID = 1, /* TEXT, key */
    REFUND_NUMBER = 2, /* TEXT, key: out_refund_no; of a reversed order "reverse/" out_trade_no */
    REFUND_ID = 3, /* TEXT: refund_id; its postings' transaction */
    REFUND_OUT_TRADE_NO = 4, /* TEXT */
    REFUND_TRANSACTION_ID = 5, /* TEXT: of the payment */
    REFUND_STATE = 6, /* INT, RefundState */
    REFUND_MINOR = 7, /* INT */
    REFUND_TOTAL = 8, /* INT: of the payment */
    REFUND_CURRENCY = 9, /* INT */
    REFUND_PAYER_ACCOUNT = 10, /* INT: gets it */
    REFUND_PAYEE_ACCOUNT = 11, /* INT: gives it */
    REFUND_REASON = 12, /* TEXT or NULL */
    REFUND_NOTIFY_URL = 13, /* TEXT or NULL */
    REFUND_CREATED = 14, /* INT, us */
    REFUND_SUCCESS_TIME = 15, /* INT, us or NULL */
};

/* Stored: append only. */
typedef enum RefundState {
    REFUND_SUCCESS = 1,
    REFUND_CLOSED = 2,
    REFUND_PROCESSING = 3,
    REFUND_ABNORMAL = 4,
} RefundState;

enum RefundedColumn { /* what one payment has given back so far */
    REFUNDED_MCHID = 1, /* TEXT, key */
    REFUNDED_OUT_TRADE_NO = 2, /* TEXT, key */
    REFUNDED_TRANSACTION_ID = 3, /* TEXT: this and the four below are the payment's, and stay */
    REFUNDED_TOTAL = 4, /* INT */
    REFUNDED_CURRENCY = 5, /* INT */
    REFUNDED_PAYER_ACCOUNT = 6, /* INT */
    REFUNDED_PAYEE_ACCOUNT = 7, /* INT */
    REFUNDED_MINOR = 8, /* INT: sum of its refunds; grows, and never over REFUNDED_TOTAL */
    REFUNDED_COUNT = 9, /* INT: how many */
};

enum NotificationColumn { /* what a merchant is to be told: names rows, holds nothing of them */
    NOTIFICATION_ID = 1, /* TEXT, key: "EV-" and the id of the payment or the refund */
    NOTIFICATION_MCHID = 2, /* TEXT */
    NOTIFICATION_OUT_TRADE_NO = 3, /* TEXT */
    NOTIFICATION_OUT_REFUND_NO = 4, /* TEXT or NULL: of a refund */
    NOTIFICATION_SEQUENCE = 5, /* INT: 0: the payment, n: its n-th refund; told in this order */
    NOTIFICATION_STATE = 6, /* INT, NotificationState */
    NOTIFICATION_ATTEMPTS = 7, /* INT: that failed, since it was last begun */
    NOTIFICATION_DUE = 8, /* INT, us: when it is tried next */
    NOTIFICATION_CREATED = 9, /* INT, us */
    NOTIFICATION_ENDED = 10, /* INT, us or NULL: delivered, or given up */
    NOTIFICATION_RESULT = 11, /* INT: why the last attempt failed (REFUSED_...), 0: it did not */
};

/* Stored: append only. */
typedef enum NotificationState {
    NOTIFICATION_WAITING = 1,
    NOTIFICATION_DELIVERED = 2,
    NOTIFICATION_DEAD = 3, /* the schedule is over */
} NotificationState;

/* Stored: append only. */
typedef enum TradeType {
    TRADE_NATIVE = 1,
    TRADE_MICROPAY = 2,
    TRADE_APP = 3,
    TRADE_JSAPI = 4,
    TRADE_MWEB = 5, /* h5 */
    TRADE_PAYEE_CODE = 16, /* a merchant's static code (payment/payee_code.h) */
    TRADE_DEDUCTION = 17, /* by a contract, without asking (payment/deduction.h) */
} TradeType;

/* reference/message.md section 1. Stored: append only. */
typedef enum TradeState {
    TRADE_SUCCESS = 1,
    TRADE_REFUND = 2,
    TRADE_NOTPAY = 3,
    TRADE_CLOSED = 4,
    TRADE_REVOKED = 5,
    TRADE_USERPAYING = 6, /* the money is held */
    TRADE_PAYERROR = 7,
} TradeState;

/* What the decide step says, mildest first. Stored: append only. */
typedef enum RiskOutcome {
    RISK_NONE = 0, /* not decided yet */
    RISK_ALLOW = 1,
    RISK_CHALLENGE = 2, /* the payer must give the PIN */
    RISK_DELAY = 3, /* held, then captured at its time */
    RISK_REVIEW = 4, /* held for a person; refused by default */
    RISK_REFUSE = 5,
} RiskOutcome;

enum AuditReportColumn { /* kept reports (TP-16): auditor compares them with their files */
    AUDIT_REPORT_BATCH = 1, /* INT, key */
    AUDIT_REPORT_NUMBER = 2, /* INT, key: 1.. within the batch */
    AUDIT_REPORT_ID = 3, /* TEXT, unique: also the name of its folder */
    AUDIT_REPORT_KIND = 4, /* INT, ReportKind */
    AUDIT_REPORT_FROM = 5, /* INT, us */
    AUDIT_REPORT_TO = 6, /* INT, us: the first moment behind the period */
    AUDIT_REPORT_MADE = 7, /* INT, us */
    AUDIT_REPORT_LEAVES = 8, /* INT: evidence is of this many leaves of the log */
    AUDIT_REPORT_NOTE = 9, /* BYTES 32: SHA-256 of the signed note, which has the files' digests */
    AUDIT_REPORT_BY = 10, /* TEXT: the operator's user */
};

/* Stored: append only. */
typedef enum ReportKind {
    REPORT_AUDIT = 1, /* the half-yearly audit */
    REPORT_INCIDENT = 2, /* the file of one incident */
} ReportKind;

enum AuditReviewColumn { /* two people read a kept report */
    AUDIT_REVIEW_BATCH = 1, /* INT, key */
    AUDIT_REVIEW_NUMBER = 2, /* INT, key: 1.. within the batch */
    AUDIT_REVIEW_TIME = 3, /* INT, us */
    AUDIT_REVIEW_REPORT = 4, /* TEXT: AUDIT_REPORT_ID */
    AUDIT_REVIEW_NOTE = 5, /* BYTES 32: AUDIT_REPORT_NOTE, which both signed */
    AUDIT_REVIEW_FIRST = 6, /* TEXT: an operator */
    AUDIT_REVIEW_SECOND = 7, /* TEXT: another */
    AUDIT_REVIEW_TEXT = 8, /* TEXT: what they have to say */
};

/* What others must agree to, and their approvals (access/request.h): auditor checks the signatures
 * again. */
enum AskedColumn {
    ASKED_ID = 1, /* TEXT, key */
    ASKED_ACTION = 2, /* TEXT: "caller.add" */
    ASKED_PARTS = 3, /* INT: rows of request_part that hold what was asked */
    ASKED_DIGEST = 4, /* BYTES: SHA-256 of what was asked */
    ASKED_ASKER = 5, /* TEXT, principal */
    ASKED_PERSON = 6, /* BYTES 32: the asker's, so that another name of his is known */
    ASKED_DOOR = 7, /* INT, AccessDoor */
    ASKED_FROM = 8, /* TEXT */
    ASKED_AT = 9, /* INT, us */
    ASKED_EXPIRES = 10, /* INT, us */
    ASKED_NEEDS = 11, /* INT: approvals */
    ASKED_STATE = 12, /* INT, AskedState */
    ASKED_CHANGED = 13, /* INT, us */
    ASKED_FIRST = 14, /* TEXT or NULL: who approved */
    ASKED_SECOND = 15, /* TEXT or NULL */
    ASKED_ENDED_BY = 16, /* TEXT or NULL: who refused or withdrew it */
    ASKED_WHY = 17, /* TEXT or NULL: why */
    ASKED_OUTCOME = 18, /* INT or NULL: status of what was run */
    ASKED_ANSWER = 19, /* BYTES or NULL: what it answered */
};

enum AskedPartColumn {
    ASKED_PART_REQUEST = 1, /* TEXT, key */
    ASKED_PART_NUMBER = 2, /* INT, key: 1.. */
    ASKED_PART_BYTES = 3, /* BYTES */
};

enum ApprovalColumn {
    APPROVAL_REQUEST = 1, /* TEXT, key */
    APPROVAL_APPROVER = 2, /* TEXT, key: principal */
    APPROVAL_PERSON = 3, /* BYTES 32 */
    APPROVAL_KEY = 4, /* BYTES: the approver's SubjectPublicKeyInfo of then */
    APPROVAL_OPERATION = 5, /* TEXT: signed, as the four below */
    APPROVAL_SUBJECT = 6, /* TEXT */
    APPROVAL_REASON = 7, /* TEXT */
    APPROVAL_EXPIRES = 8, /* INT, us */
    APPROVAL_NONCE = 9, /* BYTES */
    APPROVAL_SIGNATURE = 10, /* BYTES */
    APPROVAL_ENCODING = 11, /* INT, WireSignatureEncoding */
    APPROVAL_GIVEN = 12, /* INT, us */
};

/* Stored: append only. */
typedef enum AskedState {
    ASKED_WAITING = 1,
    ASKED_RUNNING = 2,
    ASKED_DONE = 3,
    ASKED_FAILED = 4, /* it was run and refused */
    ASKED_REFUSED = 5,
    ASKED_WITHDRAWN = 6,
    ASKED_EXPIRED = 7,
    ASKED_INTERRUPTED = 8, /* nobody knows how far it came */
    ASKED_STATES = 9,
} AskedState;

enum HoldingColumn { /* what is held of a person (lifecycle/subject.h) */
    HOLDING_TENANT = 1, /* TEXT, key */
    HOLDING_SUBJECT = 2, /* TEXT, key */
    HOLDING_CLASS = 3, /* INT, key: DataClass */
    HOLDING_STATE = 4, /* INT, HoldingState */
    HOLDING_SINCE = 5, /* INT, us */
    HOLDING_DUE = 6, /* INT, us: when it is to be deleted; 0: no clock runs */
    HOLDING_VERSION = 7, /* INT */
    HOLDING_REFERENCE = 8, /* TEXT or NULL */
    HOLDING_PURPOSES = 9, /* BYTES: purpose u16 | since i64 | ended i64, each */
};

/* Stored: append only. */
typedef enum HoldingState {
    HOLDING_HELD = 1,
    HOLDING_RESTRICTED = 2, /* a law alone keeps it, until `due` */
    HOLDING_DELETING = 3, /* no door finds it; the domain store is being cleared */
    HOLDING_DELETED = 4,
} HoldingState;

enum DestroyedColumn { /* certificates of destruction (lifecycle/retention.h) */
    DESTROYED_IN_BATCH = 1, /* INT, key */
    DESTROYED_NUMBER = 2, /* INT, key */
    DESTROYED_TIME = 3, /* INT, us */
    DESTROYED_SUBJECTS = 4, /* INT: how many it names */
    DESTROYED_BLIND = 5, /* INT, us: after it the backups are blind, too */
    DESTROYED_CERTIFICATE = 6, /* BYTES: as vaultd signed it */
};

typedef struct Column {
    uint16_t id;
    const char *name; /* in SQL */
    ValueType type;
    bool nullable;
    DataClass class;
    DataLevel level;
    const char *owner; /* the room or role that answers for it */
    uint8_t form; /* PolicyForm of what is stored; 0: FORM_SEAL, as it is in a sealed row */
} Column;

/* May the column hold what it says, by the policy in force (rules/policy.yaml, layer database)?
 * Refuses what policy_allow() refuses. */
MUST_USE Status column_allow(const Column *column);

typedef struct Table {
    uint16_t id;
    uint16_t schema; /* version of this description */
    const char *name;
    bool append_only; /* no `revision` column; the revision is always 1 */
    uint8_t key_columns; /* the first columns */
    uint8_t column_count;
    const Column *columns;
} Table;

/* Position of a column in the table's order; ASSERTs that it exists. */
size_t table_position(const Table *table, uint16_t column);

/* Columns whose ids are dense stand at their id - 1; `table_is_dense` is for each room's test of
 * that. */
#define COLUMN_AT(column) ((size_t)(column)-1)
bool table_is_dense(const Table *table);

/*
 * Copy a text (NULL value: empty) into an inline array of `capacity` bytes with its NUL.
 * Refuses REFUSED_ROW_INVALID when it does not fit or holds a NUL.
 */
MUST_USE Status value_copy_text(const Value *value, char *ret_text, size_t capacity);
/* A text value over a NUL-terminated text, NULL when it is empty. */
Value value_of_optional_text(const char *text);
