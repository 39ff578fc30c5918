#pragma once
/*
 * event: what happened, as the audit log keeps it: one event a unit, also for refusals.
 *
 *   event = version u8 (2) | kind u16 | outcome i32 | nonce digest [16] (zeros: none)
 *           | actor u8 length, text | subject u8 length, text | detail u8 length, text
 *           | from u8 length, text | reason u8 length, text         (version 1 ends before `from`)
 *
 * Who did what, on whom, from where and why (LL-4.5.3). Texts are ids and numbers, never what a
 * customer typed; nothing here is secret or prohibited (TP-5, TP-14). Version 1 is read for ever.
 * The events of a batch are a u32 count and each event framed (store/batch.h). Floor 3. No shared
 * state.
 */
#include "base/bytes.h"

enum {
    AUDIT_EVENT_VERSION = 2,
    AUDIT_NONCE_BYTES = 16,
    AUDIT_ACTOR_BYTES_MAX = 64,
    AUDIT_SUBJECT_BYTES_MAX = 160,
    AUDIT_DETAIL_BYTES_MAX = 240,
    AUDIT_FROM_BYTES_MAX = 64,
    AUDIT_REASON_BYTES_MAX = 160,
    AUDIT_EVENT_BYTES_MAX = 1 + 2 + 4 + AUDIT_NONCE_BYTES + 5 + AUDIT_ACTOR_BYTES_MAX
            + AUDIT_SUBJECT_BYTES_MAX + AUDIT_DETAIL_BYTES_MAX + AUDIT_FROM_BYTES_MAX
            + AUDIT_REASON_BYTES_MAX,
    AUDIT_EVENTS_MAX = 64, /* of one batch */
};

/* Stored: append only. */
typedef enum AuditKind {
    AUDIT_ORDER_CREATE = 1,
    AUDIT_ORDER_PAY = 2,
    AUDIT_ORDER_CODEPAY = 3,
    AUDIT_ORDER_CLOSE = 4,
    AUDIT_ORDER_EXPIRE = 5, /* by a timer */
    AUDIT_ORDER_DECIDE = 6, /* a held payment was let through or refused */
    AUDIT_CODE_ISSUE = 7,
    AUDIT_REFUND = 8,
    AUDIT_ORDER_REVERSE = 9,
    AUDIT_BILL = 174, /* made for a merchant; detail: lines, SHA-256 */
    AUDIT_SETTLEMENT = 175, /* due, handed to the bank, paid or failed; detail: amount */
    AUDIT_TRANSFER = 190, /* begun, done, revoked, failed; detail: state, speed, amount */
    AUDIT_TRANSFER_LIMITS = 191, /* a payer's own; detail: sum and count of a day */
    AUDIT_CHANNEL_ORDER = 180, /* a bank order began, was sent, ended */
    AUDIT_CHANNEL_RECONCILE = 181, /* a day was compared with the bank's file */
    AUDIT_PAYEE_CODE_MAKE = 18,
    AUDIT_PAYEE_CODE_END = 19,
    AUDIT_NOTIFICATION = 10, /* given up, or begun anew by hand */
    AUDIT_MERCHANT_ADD = 20,
    AUDIT_MERCHANT_KEY = 21,
    AUDIT_MERCHANT_CHANGE = 22,
    AUDIT_LEGACY_SIGNATURE = 23, /* taken under a profile with a broken digest */
    AUDIT_CALLER_ADD = 25,
    AUDIT_CALLER_REVOKE = 26,
    AUDIT_BINDING_MAKE = 27,
    AUDIT_BINDING_END = 28,
    AUDIT_PAYER_ADD = 30,
    AUDIT_PAYER_CHANGE = 31,
    AUDIT_PIN_SET = 32,
    AUDIT_PASSWORD_IMPORT = 33,
    AUDIT_PASSWORD_SWEEP = 34,
    AUDIT_FUND = 40,
    AUDIT_DAY_END = 41,
    AUDIT_ALERT = 50,
    AUDIT_RELEASE_ROW = 51,
    AUDIT_BACKUP = 60,
    AUDIT_RESTORE = 61,
    AUDIT_READ = 70, /* an operator looked at something */
    AUDIT_REFUSED_AT_DOOR = 90, /* before any unit; detail "times N": several alike in one event */
    AUDIT_REPORT_KEPT = 91,
    AUDIT_INCIDENT_OPEN = 92,
    AUDIT_INCIDENT_STEP = 93,
    AUDIT_INCIDENT_CLOSE = 94,
    AUDIT_REPORT_REVIEW = 95, /* two people read a kept report */
    AUDIT_SUBJECT_CONSENT = 80, /* given or withdrawn */
    AUDIT_SUBJECT_COLLECT = 81,
    AUDIT_SUBJECT_USE = 82, /* shared, disclosed, entrusted; or refused */
    AUDIT_SUBJECT_REQUEST = 83, /* what the subject asked for */
    AUDIT_SUBJECT_HOLD = 84, /* placed or released */
    AUDIT_SUBJECT_DELETE = 85,
    AUDIT_SUBJECT_DESTROY = 86,
    AUDIT_VAULT_ACT = 100, /* upon keys, receivers, policy; vaultd told it */
    AUDIT_VAULT_ALARM = 101,
    AUDIT_LOGIN = 125, /* a session began; failed ones are AUDIT_REFUSED_AT_DOOR */
    AUDIT_LOGIN_PROVED = 126, /* again, within a session */
    AUDIT_LOGOUT = 127, /* sessions ended by their owner */
    AUDIT_DEVICE = 128, /* became known, or was forgotten */
    AUDIT_SECRET_SET = 129, /* a password or second factor, by its owner */
    AUDIT_ENROLMENT = 130, /* half of a newcomer's code was handed out */
    AUDIT_PASSKEY_ADD = 131,
    AUDIT_PASSKEY_REMOVE = 132, /* by its owner, or for him; its sessions are over */
    AUDIT_PASSKEY_REFUSED = 133, /* at a log-in or a proof; subject: whose, where it is known */
    AUDIT_PASSKEY_COPIED = 134, /* its counter went back: it was removed */
    AUDIT_PAYER_REGISTER = 145,
    AUDIT_PAYER_LOGIN = 146, /* or why not; detail: device, address */
    AUDIT_PAYER_LOGOUT = 147,
    AUDIT_PAYER_PASSWORD_SET = 148,
    AUDIT_PAYER_PASSWORD_RESET = 149,
    AUDIT_PAYER_PIN_SET = 150,
    AUDIT_PAYER_PIN_RESET = 151,
    AUDIT_PAYER_COOL = 152, /* no money leaves for a while, or does again */
    AUDIT_PAYER_DEVICE_END = 153,
    AUDIT_PAYER_SESSION_END = 154,
    AUDIT_TRAIL_READ = 160, /* somebody searched this log, or had a leaf of it proved */
    AUDIT_OPERATION_REFUSED = 161, /* to somebody of the house; subject: the operation */
    AUDIT_ALARM = 162, /* raised over events of this log (alarm.h); subject: by whom */
    AUDIT_ACCESS_JOIN = 110,
    AUDIT_ACCESS_MOVE = 111, /* other roles, or another key */
    AUDIT_ACCESS_LEAVE = 112,
    AUDIT_ACCESS_BEGIN = 113, /* one of the first people */
    AUDIT_ACCESS_REQUEST = 115, /* an action for a while */
    AUDIT_ACCESS_DECIDE = 116,
    AUDIT_ACCESS_REVOKE = 117,
    AUDIT_ACCESS_REVIEW = 118, /* somebody's rights were looked at */
    AUDIT_ACCESS_EMERGENCY = 119, /* the glass is broken */
    AUDIT_ACCESS_EMERGENCY_END = 120,
    AUDIT_ACCESS_EMERGENCY_REVIEW = 121,
    AUDIT_ACCESS_TABLE = 122, /* another table of rights */
    AUDIT_REQUEST_ASK = 135, /* something that others must agree to */
    AUDIT_REQUEST_APPROVE = 136,
    AUDIT_REQUEST_END = 137, /* refused, withdrawn, expired */
    AUDIT_REQUEST_INTERRUPTED = 138, /* begun, and nobody knows how far it came */
    AUDIT_REQUEST_OUTCOME = 139, /* it was run; outcome: of what was run */
    AUDIT_EXPORT = 140, /* data left the house, encrypted; detail: rows, SHA-256 of the file */
    AUDIT_REVEAL = 102, /* lines of vaultd's log of reveals; detail "times N lines A-B ..." */
} AuditKind;

typedef struct AuditEvent {
    AuditKind kind;
    int32_t outcome; /* Status code: 0, a refusal, a fault */
    uint8_t nonce[AUDIT_NONCE_BYTES]; /* digest of the request's nonce */
    Span actor; /* who asked: "merchant/1900000001", "payer/p17", "operator/li", "timer" */
    Span subject; /* about what: "1900000001/N42" */
    Span detail;
    Span from; /* where: "DOOR/WHENCE": "merchant/203.0.113.9", "cli/uid:1000"; empty: not known */
    Span reason; /* why, as who asked said it; empty: no reason was asked for */
} AuditEvent;

/* The kind's name ("order.pay"), or "unknown". Static storage. */
const char *audit_kind_name(AuditKind kind);

/* Append the event. Refuses REFUSED_BUFFER_FULL (also for a text over its _MAX); unchanged then. */
MUST_USE Status audit_event_put(Buffer *b, const AuditEvent *event);
/* The event of the running unit (store/batch.h): `from` and `reason`, when empty, are the unit's.
 * Refuses what audit_event_put() and rows_event() refuse. */
struct Rows;
MUST_USE Status audit_event_tell(struct Rows *rows, const AuditEvent *event);
/* How often it happened: refusals at a door and lines of reveals are told as "times N". */
uint64_t audit_event_times(const AuditEvent *event);
/* As much of a text as fits, cut between characters: for a reason that was given at length. */
Span audit_text_cut(Span text, size_t size_max);
/* One whole event; spans borrow. Refuses REFUSED_AUDIT_LEAF_FORMAT. A kind of a later version is
 * taken. */
MUST_USE Status audit_event_parse(Span bytes, AuditEvent *ret_event);

/* The events of a batch, one after another: begin, then next until *ret_more is false. */
typedef struct AuditEvents {
    Cursor rest;
    uint32_t left;
} AuditEvents;
/* Refuses REFUSED_AUDIT_LEAF_FORMAT; so do the others. */
MUST_USE Status audit_events_begin(Span events, AuditEvents *ret_events);
MUST_USE Status audit_events_next(AuditEvents *events, AuditEvent *ret_event, bool *ret_more);
