#include "audit/event.h"

enum { EVENT_VERSION = 1 };

typedef struct KindName {
    AuditKind kind;
    const char *name;
} KindName;

static const KindName names[] = {
    { AUDIT_ORDER_CREATE, "order.create" },
    { AUDIT_ORDER_CODEPAY, "order.codepay" },
    { AUDIT_ORDER_PAY, "order.pay" },
    { AUDIT_ORDER_CLOSE, "order.close" },
    { AUDIT_ORDER_EXPIRE, "order.expire" },
    { AUDIT_ORDER_QUERY, "order.query" },
    { AUDIT_CODE_ISSUE, "code.issue" },
    { AUDIT_MERCHANT_ADD, "merchant.add" },
    { AUDIT_MERCHANT_KEY, "merchant.key" },
    { AUDIT_PAYER_ADD, "payer.add" },
    { AUDIT_DAY_END, "day.end" },
    { AUDIT_ALERT, "alert" },
    { AUDIT_RESTORE, "restore" },
    { AUDIT_BACKUP, "backup" },
};

const char *audit_kind_name(AuditKind kind)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].kind == kind) return names[i].name;
    }
    return "unknown";
}

static Status put(const AuditEvent *event, Buffer *b)
{
    TRY(buffer_put_u8(b, EVENT_VERSION));
    TRY(buffer_put_u16(b, (uint16_t)event->kind));
    TRY(buffer_put_u32(b, (uint32_t)event->outcome));
    TRY(buffer_put_i64(b, event->time_us));
    TRY(buffer_put(b, SPAN_OF(event->nonce_digest)));
    TRY(buffer_put_framed(b, event->actor));
    TRY(buffer_put_framed(b, event->subject));
    return buffer_put_framed(b, event->detail);
}

Status audit_event_put(const AuditEvent *event, Buffer *ret_bytes)
{
    REQUIRE(event->actor.size <= AUDIT_ACTOR_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(event->subject.size <= AUDIT_SUBJECT_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(event->detail.size <= AUDIT_DETAIL_BYTES_MAX, REFUSED_BUFFER_FULL);
    const size_t before = ret_bytes->size;
    const Status s = put(event, ret_bytes);
    if (!status_ok(s)) ret_bytes->size = before;
    return s;
}

static Status parse(Span bytes, AuditEvent *event)
{
    Cursor c = cursor_of(bytes);
    uint8_t version = 0;
    uint16_t kind = 0;
    uint32_t outcome = 0;
    TRY(cursor_u8(&c, &version));
    REQUIRE(version == EVENT_VERSION, REFUSED_AUDIT_LEAF_FORMAT);
    TRY(cursor_u16(&c, &kind));
    TRY(cursor_u32(&c, &outcome));
    TRY(cursor_i64(&c, &event->time_us));
    TRY(cursor_copy(&c, AUDIT_NONCE_BYTES, event->nonce_digest));
    TRY(cursor_framed(&c, AUDIT_ACTOR_BYTES_MAX, &event->actor));
    TRY(cursor_framed(&c, AUDIT_SUBJECT_BYTES_MAX, &event->subject));
    TRY(cursor_framed(&c, AUDIT_DETAIL_BYTES_MAX, &event->detail));
    event->kind = (AuditKind)kind;
    event->outcome = (int32_t)outcome;
    return cursor_end(&c);
}

Status audit_event_parse(Span bytes, AuditEvent *ret_event)
{
    AuditEvent event = { 0 };
    REQUIRE(status_ok(parse(bytes, &event)), REFUSED_AUDIT_LEAF_FORMAT);
    *ret_event = event;
    return OK;
}

Status audit_events_each(Span events, AuditVisit visit, void *context)
{
    if (events.size == 0) return OK;
    Cursor c = cursor_of(events);
    uint32_t count = 0;
    REQUIRE(status_ok(cursor_u32(&c, &count)), REFUSED_AUDIT_LEAF_FORMAT);
    REQUIRE(count <= AUDIT_EVENTS_MAX, REFUSED_AUDIT_LEAF_FORMAT);
    for (uint32_t i = 0; i < count; i++) {
        Span bytes = { 0 };
        AuditEvent event = { 0 };
        REQUIRE(status_ok(cursor_framed(&c, AUDIT_EVENT_BYTES_MAX, &bytes)),
                REFUSED_AUDIT_LEAF_FORMAT);
        TRY(audit_event_parse(bytes, &event));
        TRY(visit(context, &event));
    }
    REQUIRE(status_ok(cursor_end(&c)), REFUSED_AUDIT_LEAF_FORMAT);
    return OK;
}
