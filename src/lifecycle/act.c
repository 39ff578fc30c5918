/* What was done, as a row of its own and as an audit event. */
#include "lifecycle/lifecycle_rows.h"

#include "policy/detect.h"

const char *act_kind_name(ActKind kind)
{
    switch (kind) {
    case ACT_CONSENT: return "consent";
    case ACT_CONSENT_SEPARATE: return "consent-separate";
    case ACT_WITHDRAW: return "withdraw";
    case ACT_COLLECT: return "collect";
    case ACT_SHARE: return "share";
    case ACT_DISCLOSE: return "disclose";
    case ACT_ENTRUST: return "entrust";
    case ACT_CORRECT: return "correct";
    case ACT_END: return "end";
    case ACT_RESTRICT: return "restrict";
    case ACT_DELETE: return "delete";
    case ACT_DESTROY: return "destroy";
    case ACT_HOLD: return "hold";
    case ACT_HOLD_RELEASE: return "release-hold";
    case ACT_REQUEST: return "request";
    }
    return "?";
}

static Status put_classes(ClassSet set, Buffer *b)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        if ((set >> i & 1) != 0) TRY(buffer_put_u16(b, (uint16_t)data_class_at(i)->class));
    return OK;
}

/* Not rows_next_number(): those are the postings' own. The first number that is free. */
static Status insert_numbered(Rows *rows, const Table *table, Value *values)
{
    values[0] = VALUE_OF_INT(rows_batch(rows));
    for (int64_t number = 1; number <= ACTS_MAX; number++) {
        values[1] = VALUE_OF_INT(number);
        const Status s = rows_insert(rows, table, values);
        if (!status_is(s, REFUSED_ROW_EXISTS)) return s;
    }
    return REFUSE(REFUSED_BATCH_FULL);
}

Status act_append(Rows *rows, const Act *act)
{
    static const uint8_t none[SUBJECT_DIGEST_BYTES];
    uint8_t memory[2 * DATA_CLASS_COUNT];
    Buffer classes = BUFFER_OF(memory);
    TRY(put_classes(act->classes, &classes));
    const Span digest = SPAN_OF(act->digest);
    Value values[] = {
        VALUE_OF_INT(0),
        VALUE_OF_INT(0),
        VALUE_OF_INT(rows_now_us(rows)),
        VALUE_OF_INT((int64_t)act->kind),
        VALUE_OF_TEXT(span_of_text(act->name.tenant)),
        VALUE_OF_TEXT(span_of_text(act->name.subject)),
        VALUE_OF_INT(act->purpose),
        VALUE_OF_INT((int64_t)act->basis),
        VALUE_OF_BYTES(span_of_buffer(&classes)),
        value_of_optional_text(act->party),
        value_of_optional_text(act->reference),
        span_equal(digest, SPAN_OF(none)) ? VALUE_OF_NULL : VALUE_OF_BYTES(digest),
        VALUE_OF_TEXT(span_of_text(act->actor)),
    };
    return insert_numbered(rows, &data_act_table, values);
}

Status act_get(Rows *rows, int64_t in_batch, int64_t number, Act *ret)
{
    const Value key[] = { VALUE_OF_INT(in_batch), VALUE_OF_INT(number) };
    const Row *row = NULL;
    TRY(rows_get(rows, &data_act_table, key, &row));
    REQUIRE(row != NULL, REFUSED_ROW_MISSING);
    const Value *v = row->values;
    Act act = { .kind = (ActKind)v[COLUMN_AT(ACT_KIND)].integer,
        .time_us = v[COLUMN_AT(ACT_TIME)].integer,
        .purpose = (uint16_t)v[COLUMN_AT(ACT_PURPOSE)].integer,
        .basis = (LegalBasis)v[COLUMN_AT(ACT_BASIS)].integer };
    TRY(value_copy_text(&v[COLUMN_AT(ACT_TENANT)], act.name.tenant, sizeof(act.name.tenant)));
    TRY(value_copy_text(&v[COLUMN_AT(ACT_SUBJECT)], act.name.subject, sizeof(act.name.subject)));
    TRY(value_copy_text(&v[COLUMN_AT(ACT_PARTY)], act.party, sizeof(act.party)));
    TRY(value_copy_text(&v[COLUMN_AT(ACT_REFERENCE)], act.reference, sizeof(act.reference)));
    TRY(value_copy_text(&v[COLUMN_AT(ACT_ACTOR)], act.actor, sizeof(act.actor)));
    Cursor c = cursor_of(v[COLUMN_AT(ACT_CLASSES)].bytes);
    while (c.rest.size > 0) {
        uint16_t class = 0;
        TRY(cursor_u16(&c, &class));
        act.classes |= class_set_of(class);
    }
    const Span digest = v[COLUMN_AT(ACT_DIGEST)].bytes;
    if (digest.size == SUBJECT_DIGEST_BYTES) memcpy(act.digest, digest.data, digest.size);
    *ret = act;
    return OK;
}

Status destroyed_append(Rows *rows, Span certificate, size_t subjects, int64_t blind_us)
{
    Value values[] = {
        VALUE_OF_INT(0),
        VALUE_OF_INT(0),
        VALUE_OF_INT(rows_now_us(rows)),
        VALUE_OF_INT((int64_t)subjects),
        VALUE_OF_INT(blind_us),
        VALUE_OF_BYTES(certificate),
    };
    return insert_numbered(rows, &data_destroyed_table, values);
}

/* What is refused because nobody has that name was typed by somebody: it may be a number that rests
 * nowhere (TP-8). */
static Status put_typed(Buffer *b, const char *text)
{
    const Span typed = span_of_text(text);
    return buffer_put(b, status_ok(detect_kept_text(typed)) ? typed : SPAN("(masked)"));
}

static Status tell(Rows *rows, const LifecycleRecord *record, Status s)
{
    uint8_t subject_memory[AUDIT_SUBJECT_BYTES_MAX];
    uint8_t detail_memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer subject = BUFFER_OF(subject_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    TRY(put_typed(&subject, record->name->tenant));
    TRY(buffer_put_u8(&subject, '/'));
    TRY(put_typed(&subject, record->name->subject));
    TRY(put_typed(&detail, record->detail));
    const AuditEvent event = { .kind = record->kind,
        .outcome = s.code,
        .actor = span_of_text(record->actor),
        .subject = span_of_buffer(&subject),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

Status lifecycle_end(Rows *rows, const LifecycleRecord *record, Status s)
{
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    if (status_ok(s) && record->quiet) return s;
    TRY(tell(rows, record, s));
    return s;
}
