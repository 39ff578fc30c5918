/* record: what the audit log hears of each unit. */
#include "payment/payment_rows.h"

static Status put_name(Buffer *b, const char *before, const char *after)
{
    TRY(buffer_put(b, span_of_text(before)));
    if (before[0] != 0 && after[0] != 0) TRY(buffer_put_u8(b, '/'));
    return buffer_put(b, span_of_text(after));
}

static Status put_detail(Buffer *b, const Payment *payment)
{
    TRY(buffer_print(b, "%s %s", trade_state_name(payment->state), payment->transaction_id));
    if (payment->reason == 0) return OK;
    return buffer_print(b, " %s", status_name((Status) { payment->reason }));
}

static Status tell(Rows *rows, const Record *record, Status s)
{
    uint8_t actor_memory[AUDIT_ACTOR_BYTES_MAX];
    uint8_t subject_memory[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    TRY(put_name(&actor, record->role, record->actor));
    TRY(put_name(&subject, record->mchid, record->subject));
    if (status_ok(s) && record->payment != NULL) TRY(put_detail(&detail, record->payment));
    if (record->detail != NULL) TRY(buffer_put(&detail, span_of_text(record->detail)));

    AuditEvent event = { .kind = record->kind,
        .outcome = s.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail) };
    if (record->nonce_digest != NULL)
        memcpy(event.nonce, record->nonce_digest, sizeof(event.nonce));
    return audit_event_tell(rows, &event);
}

Status record_end(Rows *rows, const Record *record, Status s)
{
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    if (status_ok(s) && record->quiet) return s;
    TRY(tell(rows, record, s));
    return s;
}
