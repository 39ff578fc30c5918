/* The wrapped keys of a batch's subjects: those that are new are made in one message and stored in
 * one transaction, however many they are. */
#include "vaultclient/fields_inside.h"

#include "policy/detect.h"
#include "policy/policy.h"
#include "vaultclient/client_internal.h"

#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

enum { ANSWER_BYTES_MAX = WIRE_BATCH_SUBJECTS_MAX * (8 + WIRE_WRAPPED_BYTES_MAX) + 8 };

static const char get_key[] = "SELECT wrapped FROM subject_key WHERE tenant = ?1 AND subject = ?2";
static const char put_key[] =
        "INSERT INTO subject_key(tenant, subject, wrapped) VALUES (?1, ?2, ?3)"
        " ON CONFLICT(tenant, subject) DO NOTHING";

static Status take_key(void *context, const Value *values, size_t count)
{
    FieldsSubject *subject = context;
    ASSERT(count == 1);
    REQUIRE(values[0].bytes.size <= sizeof(subject->wrapped), REFUSED_ROW_INVALID);
    memcpy(subject->wrapped, values[0].bytes.data, values[0].bytes.size);
    subject->wrapped_bytes = values[0].bytes.size;
    return OK;
}

typedef struct Making {
    const WireBatchHead *head;
    FieldsSubject *subjects;
    size_t count;
    size_t missing;
    Span answer; /* one element for each that was missing, in order */
} Making;

static Status read_key(const Making *m, Store *store, FieldsSubject *subject)
{
    const Value key[] = { VALUE_OF_TEXT(m->head->tenant), VALUE_OF_TEXT(subject->name) };
    return store_query(store, get_key, key, 2, take_key, subject);
}

static Status find_all(void *context, Store *store)
{
    Making *m = context;
    for (size_t i = 0; i < m->count; i++) {
        m->subjects[i].wrapped_bytes = 0;
        TRY(read_key(m, store, &m->subjects[i]));
        m->missing += m->subjects[i].wrapped_bytes == 0;
    }
    return OK;
}

/* A batch without items makes keys and nothing else. */
static Status ask_keys(const Fields *fields, const Making *m, Buffer *ret_answer)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    WireBatchHead plain = *m->head;
    memset(plain.session, 0, sizeof(plain.session));
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_batch_head(&slot->request, &plain));
    TRY(wire_put_count(&slot->request, m->missing, WIRE_BATCH_SUBJECTS_MAX));
    for (size_t i = 0; i < m->count; i++) {
        if (m->subjects[i].wrapped_bytes > 0) continue;
        TRY(detect_free_text(m->subjects[i].name)); /* stored as it is: no card's number (TP-8) */
        TRY(wire_put_subject(&slot->request, &(WireSubject) { m->subjects[i].name, { NULL, 0 } }));
    }
    TRY(wire_put_count(&slot->request, 0, 0));
    return slot_ask(slot, VAULT_PROTECT_FIELDS, ret_answer);
}

/* Whoever came first stands: what is there afterwards is read, not what was made. */
static Status keep_keys(void *context, Store *store)
{
    const Making *m = context;
    Cursor c = cursor_of(m->answer);
    for (size_t i = 0; i < m->count; i++) {
        FieldsSubject *subject = &m->subjects[i];
        WireSubjectAnswer made;
        if (subject->wrapped_bytes > 0) continue;
        READ(wire_take_subject_answer(&c, &made));
        if (made.status == REFUSED_SUBJECT_DESTROYED) continue;
        if (made.status != 0) return REFUSE(made.status);
        const Value values[] = { VALUE_OF_TEXT(m->head->tenant), VALUE_OF_TEXT(subject->name),
            VALUE_OF_BYTES(made.wrapped) };
        TRY(store_execute(store, put_key, values, 3));
    }
    for (size_t i = 0; i < m->count; i++) {
        if (m->subjects[i].wrapped_bytes == 0) TRY(read_key(m, store, &m->subjects[i]));
    }
    return OK;
}

Status fields_subject_keys(
        const Fields *fields, const WireBatchHead *head, FieldsSubject *subjects, size_t count)
{
    static _Thread_local uint8_t answer_bytes[ANSWER_BYTES_MAX]; /* too large for a stack */
    Buffer answer = BUFFER_OF(answer_bytes);
    Making making = { .head = head, .subjects = subjects, .count = count };
    uint32_t answered = 0;
    ASSERT(count <= WIRE_BATCH_SUBJECTS_MAX);
    TRY(domain_read(fields->domain, find_all, &making));
    if (making.missing == 0) return OK;
    TRY(fields_may_rest(head->data_class));
    TRY(ask_keys(fields, &making, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    READ(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &answered));
    REQUIRE(answered == making.missing, REFUSED_IPC_FORMAT);
    making.answer = c.rest;
    return domain_transaction(fields->domain, keep_keys, &making);
}

Status fields_put_subjects(const FieldsSubject *subjects, size_t count, Buffer *request)
{
    TRY(wire_put_count(request, count, WIRE_BATCH_SUBJECTS_MAX));
    for (size_t i = 0; i < count; i++) {
        const FieldsSubject *s = &subjects[i];
        TRY(wire_put_subject(
                request, &(WireSubject) { s->name, { s->wrapped, s->wrapped_bytes } }));
    }
    return OK;
}

Status fields_subject_key_find(const Fields *fields, Span tenant, Span subject, Buffer *ret_wrapped)
{
    const Value key[] = { VALUE_OF_TEXT(tenant), VALUE_OF_TEXT(subject) };
    return domain_get_record(fields->domain, get_key, key, 2, ret_wrapped);
}
