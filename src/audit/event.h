#pragma once
/*
 * event: one line of the audit log: who did what, on what, with what outcome. Units put events into the batch; vaultd
 * hashes them into the leaf without understanding them.
 *
 *   event = version u8 (1) | kind u16 | outcome i32 (StatusCode; 0 = OK) | time i64 us | nonce digest [16]
 *         | actor framed | subject framed | detail framed
 *   events = count u32 | each event framed                  (as they stand in the leaf, store/batch.h)
 *
 * actor    "merchant:<mchid>", "payer:<id>", "operator:<uid>", "timer"
 * subject  "order:<mchid>/<out_trade_no>", "payer:<id>", ...
 * detail   a short machine text ("NOTPAY>SUCCESS"); never a body, never a secret
 * nonce    digest of a merchant request's nonce (message/nonce.h), zeros when there is none; with `time` it
 *          rebuilds the replay set after a restart
 */
#include "base/bytes.h"

enum {
    AUDIT_NONCE_BYTES = 16,
    AUDIT_ACTOR_BYTES_MAX = 96,
    AUDIT_SUBJECT_BYTES_MAX = 128,
    AUDIT_DETAIL_BYTES_MAX = 256,
    AUDIT_EVENT_BYTES_MAX = 1 + 2 + 4 + 8 + AUDIT_NONCE_BYTES + 12 + AUDIT_ACTOR_BYTES_MAX
            + AUDIT_SUBJECT_BYTES_MAX + AUDIT_DETAIL_BYTES_MAX,
    AUDIT_EVENTS_MAX = 4096, /* of one leaf */
};

/* Append only. */
typedef enum AuditKind {
    AUDIT_ORDER_CREATE = 1,
    AUDIT_ORDER_CODEPAY = 2,
    AUDIT_ORDER_PAY = 3,
    AUDIT_ORDER_CLOSE = 4,
    AUDIT_ORDER_EXPIRE = 5,
    AUDIT_ORDER_QUERY = 6,
    AUDIT_CODE_ISSUE = 7,
    AUDIT_MERCHANT_ADD = 8,
    AUDIT_MERCHANT_KEY = 9,
    AUDIT_PAYER_ADD = 10,
    AUDIT_DAY_END = 11,
    AUDIT_ALERT = 12,
    AUDIT_RESTORE = 13,
    AUDIT_BACKUP = 14,
} AuditKind;

typedef struct AuditEvent {
    AuditKind kind;
    int32_t outcome;
    int64_t time_us;
    uint8_t nonce_digest[AUDIT_NONCE_BYTES];
    Span actor; /* UTF-8, borrowed */
    Span subject;
    Span detail;
} AuditEvent;

/* "order.pay"; "unknown" for a kind of a newer program. Static storage. */
const char *audit_kind_name(AuditKind kind);

/* Append one event (not framed). Refuses REFUSED_BUFFER_FULL (a text over its maximum, or the buffer). */
MUST_USE Status audit_event_put(const AuditEvent *event, Buffer *ret_bytes);
/* Refuses REFUSED_AUDIT_LEAF_FORMAT unless `bytes` is exactly one event. */
MUST_USE Status audit_event_parse(Span bytes, AuditEvent *ret_event);

/* Walk the events of a leaf. Refuses REFUSED_AUDIT_LEAF_FORMAT, or what `visit` refuses. */
typedef Status (*AuditVisit)(void *context, const AuditEvent *event);
MUST_USE Status audit_events_each(Span events, AuditVisit visit, void *context);
