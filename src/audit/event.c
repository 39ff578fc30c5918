#include "audit/event.h"

#include "base/money.h"
#include "store/batch.h"

/* Who may do what, who came in, and what was asked of the log. */
static const char *people_kind_name(AuditKind kind)
{
    switch (kind) {
    case AUDIT_ACCESS_JOIN: return "access.join";
    case AUDIT_ACCESS_MOVE: return "access.move";
    case AUDIT_ACCESS_LEAVE: return "access.leave";
    case AUDIT_ACCESS_BEGIN: return "access.begin";
    case AUDIT_ACCESS_REQUEST: return "access.request";
    case AUDIT_ACCESS_DECIDE: return "access.decide";
    case AUDIT_ACCESS_REVOKE: return "access.revoke";
    case AUDIT_ACCESS_REVIEW: return "access.review";
    case AUDIT_ACCESS_EMERGENCY: return "access.emergency";
    case AUDIT_ACCESS_EMERGENCY_END: return "access.emergency.end";
    case AUDIT_ACCESS_EMERGENCY_REVIEW: return "access.emergency.review";
    case AUDIT_ACCESS_TABLE: return "access.table";
    case AUDIT_LOGIN: return "login";
    case AUDIT_LOGIN_PROVED: return "login.proved";
    case AUDIT_LOGOUT: return "logout";
    case AUDIT_DEVICE: return "device";
    case AUDIT_SECRET_SET: return "secret.set";
    case AUDIT_ENROLMENT: return "enrolment";
    case AUDIT_PASSKEY_ADD: return "passkey.add";
    case AUDIT_PASSKEY_REMOVE: return "passkey.remove";
    case AUDIT_PASSKEY_REFUSED: return "passkey.refuse";
    case AUDIT_PASSKEY_COPIED: return "passkey.copied";
    case AUDIT_PAYER_REGISTER: return "payer.register";
    case AUDIT_PAYER_LOGIN: return "payer.login";
    case AUDIT_PAYER_LOGOUT: return "payer.logout";
    case AUDIT_PAYER_PASSWORD_SET: return "payer.password";
    case AUDIT_PAYER_PASSWORD_RESET: return "payer.password.reset";
    case AUDIT_PAYER_PIN_SET: return "payer.pin";
    case AUDIT_PAYER_PIN_RESET: return "payer.pin.reset";
    case AUDIT_PAYER_COOL: return "payer.cool";
    case AUDIT_PAYER_DEVICE_END: return "payer.device.end";
    case AUDIT_PAYER_SESSION_END: return "payer.session.end";
    case AUDIT_TRAIL_READ: return "trail.read";
    case AUDIT_OPERATION_REFUSED: return "operation.refuse";
    case AUDIT_ALARM: return "alarm";
    case AUDIT_REQUEST_ASK: return "request.ask";
    case AUDIT_REQUEST_APPROVE: return "request.approve";
    case AUDIT_REQUEST_END: return "request.end";
    case AUDIT_REQUEST_INTERRUPTED: return "request.interrupt";
    case AUDIT_REQUEST_OUTCOME: return "request.run";
    case AUDIT_EXPORT: return "export.run";
    default: return "unknown";
    }
}

const char *audit_kind_name(AuditKind kind)
{
    switch (kind) {
    case AUDIT_ORDER_CREATE: return "order.create";
    case AUDIT_ORDER_PAY: return "order.pay";
    case AUDIT_ORDER_CODEPAY: return "order.codepay";
    case AUDIT_ORDER_CLOSE: return "order.close";
    case AUDIT_ORDER_EXPIRE: return "order.expire";
    case AUDIT_ORDER_DECIDE: return "order.decide";
    case AUDIT_REFUND: return "refund.create";
    case AUDIT_ORDER_REVERSE: return "order.reverse";
    case AUDIT_BILL: return "merchant.bill";
    case AUDIT_SETTLEMENT: return "merchant.settlement";
    case AUDIT_TRANSFER: return "transfer";
    case AUDIT_TRANSFER_LIMITS: return "transfer.limits";
    case AUDIT_CHANNEL_ORDER: return "bank.order";
    case AUDIT_CHANNEL_RECONCILE: return "bank.reconcile";
    case AUDIT_NOTIFICATION: return "notification";
    case AUDIT_CODE_ISSUE: return "code.issue";
    case AUDIT_PAYEE_CODE_MAKE: return "payee.code.make";
    case AUDIT_PAYEE_CODE_END: return "payee.code.end";
    case AUDIT_MERCHANT_ADD: return "merchant.add";
    case AUDIT_MERCHANT_KEY: return "merchant.key";
    case AUDIT_MERCHANT_CHANGE: return "merchant.change";
    case AUDIT_LEGACY_SIGNATURE: return "merchant.legacy-signature";
    case AUDIT_CALLER_ADD: return "caller.add";
    case AUDIT_CALLER_REVOKE: return "caller.revoke";
    case AUDIT_BINDING_MAKE: return "binding.make";
    case AUDIT_BINDING_END: return "binding.end";
    case AUDIT_PAYER_ADD: return "payer.add";
    case AUDIT_PAYER_CHANGE: return "payer.change";
    case AUDIT_PIN_SET: return "pin.set";
    case AUDIT_PASSWORD_IMPORT: return "password.import";
    case AUDIT_PASSWORD_SWEEP: return "password.sweep";
    case AUDIT_FUND: return "fund";
    case AUDIT_DAY_END: return "day.end";
    case AUDIT_ALERT: return "alert";
    case AUDIT_RELEASE_ROW: return "row.release";
    case AUDIT_BACKUP: return "backup";
    case AUDIT_RESTORE: return "restore";
    case AUDIT_READ: return "read";
    case AUDIT_REFUSED_AT_DOOR: return "door.refuse";
    case AUDIT_REPORT_KEPT: return "report.keep";
    case AUDIT_INCIDENT_OPEN: return "incident.open";
    case AUDIT_INCIDENT_STEP: return "incident.step";
    case AUDIT_INCIDENT_CLOSE: return "incident.close";
    case AUDIT_REPORT_REVIEW: return "report.review";
    case AUDIT_SUBJECT_CONSENT: return "subject.consent";
    case AUDIT_SUBJECT_COLLECT: return "subject.collect";
    case AUDIT_SUBJECT_USE: return "subject.use";
    case AUDIT_SUBJECT_REQUEST: return "subject.request";
    case AUDIT_SUBJECT_HOLD: return "subject.hold";
    case AUDIT_SUBJECT_DELETE: return "subject.delete";
    case AUDIT_SUBJECT_DESTROY: return "subject.destroy";
    case AUDIT_VAULT_ACT: return "vault.act";
    case AUDIT_VAULT_ALARM: return "vault.alarm";
    case AUDIT_REVEAL: return "reveal";
    default: return people_kind_name(kind);
    }
}

static Status put_short(Buffer *b, Span text, size_t size_max)
{
    REQUIRE(text.size <= size_max, REFUSED_BUFFER_FULL);
    REQUIRE(span_is_utf8(text), REFUSED_TEXT_NOT_UTF8); /* no reader would take it, for ever */
    TRY(buffer_put_u8(b, (uint8_t)text.size));
    return buffer_put(b, text);
}

static Status put_event(Buffer *b, const AuditEvent *event)
{
    TRY(buffer_put_u8(b, AUDIT_EVENT_VERSION));
    TRY(buffer_put_u16(b, (uint16_t)event->kind));
    TRY(buffer_put_u32(b, (uint32_t)event->outcome));
    TRY(buffer_put(b, SPAN_OF(event->nonce)));
    TRY(put_short(b, event->actor, AUDIT_ACTOR_BYTES_MAX));
    TRY(put_short(b, event->subject, AUDIT_SUBJECT_BYTES_MAX));
    TRY(put_short(b, event->detail, AUDIT_DETAIL_BYTES_MAX));
    TRY(put_short(b, event->from, AUDIT_FROM_BYTES_MAX));
    return put_short(b, event->reason, AUDIT_REASON_BYTES_MAX);
}

Status audit_event_put(Buffer *b, const AuditEvent *event)
{
    const size_t before = b->size;
    const Status s = put_event(b, event);
    if (!status_ok(s)) b->size = before;
    return s;
}

Status audit_event_tell(Rows *rows, const AuditEvent *event)
{
    uint8_t memory[AUDIT_EVENT_BYTES_MAX];
    Buffer bytes = BUFFER_OF(memory);
    AuditEvent told = *event;
    if (told.from.size == 0) told.from = audit_text_cut(rows_from(rows), AUDIT_FROM_BYTES_MAX);
    if (told.reason.size == 0)
        told.reason = audit_text_cut(rows_reason(rows), AUDIT_REASON_BYTES_MAX);
    TRY(audit_event_put(&bytes, &told));
    return rows_event(rows, span_of_buffer(&bytes));
}

uint64_t audit_event_times(const AuditEvent *event)
{
    Span times = { 0 };
    int64_t count = 0;
    Cursor c = cursor_of(event->detail);
    if (event->kind != AUDIT_REFUSED_AT_DOOR && event->kind != AUDIT_REVEAL) return 1;
    if (!status_ok(cursor_until(&c, ' ', &times)) || !span_equal(times, SPAN("times"))) return 1;
    if (!status_ok(cursor_until(&c, ' ', &times)) || !status_ok(i64_parse(times, &count))) return 1;
    return count > 0 ? (uint64_t)count : 1;
}

Span audit_text_cut(Span text, size_t size_max)
{
    Span cut = { text.data, text.size < size_max ? text.size : size_max };
    while (cut.size > 0 && !span_is_utf8(cut))
        cut.size--;
    return cut;
}

static Status take_short(Cursor *c, size_t size_max, Span *ret)
{
    uint8_t size = 0;
    TRY(cursor_u8(c, &size));
    REQUIRE(size <= size_max, REFUSED_BUFFER_FULL);
    TRY(cursor_take(c, size, ret));
    REQUIRE(span_is_utf8(*ret), REFUSED_TEXT_NOT_UTF8);
    return OK;
}

static Status parse_event(Cursor *c, AuditEvent *e)
{
    uint8_t version = 0;
    uint16_t kind = 0;
    uint32_t outcome = 0;
    TRY(cursor_u8(c, &version));
    REQUIRE(version >= 1 && version <= AUDIT_EVENT_VERSION, REFUSED_AUDIT_LEAF_FORMAT);
    TRY(cursor_u16(c, &kind));
    TRY(cursor_u32(c, &outcome));
    TRY(cursor_copy(c, AUDIT_NONCE_BYTES, e->nonce));
    e->kind = (AuditKind)kind;
    e->outcome = (int32_t)outcome;
    TRY(take_short(c, AUDIT_ACTOR_BYTES_MAX, &e->actor));
    TRY(take_short(c, AUDIT_SUBJECT_BYTES_MAX, &e->subject));
    TRY(take_short(c, AUDIT_DETAIL_BYTES_MAX, &e->detail));
    if (version == 1) return cursor_end(c);
    TRY(take_short(c, AUDIT_FROM_BYTES_MAX, &e->from));
    TRY(take_short(c, AUDIT_REASON_BYTES_MAX, &e->reason));
    return cursor_end(c);
}

Status audit_event_parse(Span bytes, AuditEvent *ret_event)
{
    AuditEvent event = { 0 };
    Cursor c = cursor_of(bytes);
    REQUIRE(status_ok(parse_event(&c, &event)), REFUSED_AUDIT_LEAF_FORMAT);
    *ret_event = event;
    return OK;
}

Status audit_events_begin(Span events, AuditEvents *ret_events)
{
    AuditEvents made = { cursor_of(events), 0 };
    REQUIRE(status_ok(cursor_u32(&made.rest, &made.left)), REFUSED_AUDIT_LEAF_FORMAT);
    REQUIRE(made.left <= AUDIT_EVENTS_MAX, REFUSED_AUDIT_LEAF_FORMAT);
    *ret_events = made;
    return OK;
}

Status audit_events_next(AuditEvents *events, AuditEvent *ret_event, bool *ret_more)
{
    Span bytes = { 0 };
    if (events->left == 0) {
        REQUIRE(status_ok(cursor_end(&events->rest)), REFUSED_AUDIT_LEAF_FORMAT);
        *ret_more = false;
        return OK;
    }
    REQUIRE(status_ok(cursor_framed(&events->rest, AUDIT_EVENT_BYTES_MAX, &bytes)),
            REFUSED_AUDIT_LEAF_FORMAT);
    TRY(audit_event_parse(bytes, ret_event));
    events->left--;
    *ret_more = true;
    return OK;
}
