/* Fields of institutions that store them beside their own rows: boxes in, ciphertext, token and
 * mask out, in batches as large as vaultd takes. */
#include "vaultclient/fields_inside.h"

#include "vaultclient/client_internal.h"

enum { ANSWER_BYTES_MAX = 1024 * 1024 };

/* A destroyed subject gets no key: vaultd says so for each of its items. */
static Status put_subjects(const Fields *fields, const FieldsBatch *batch, Buffer *request)
{
    static _Thread_local FieldsSubject subjects[WIRE_BATCH_SUBJECTS_MAX];
    REQUIRE(batch->subject_count <= WIRE_BATCH_SUBJECTS_MAX, REFUSED_IPC_TOO_LARGE);
    for (size_t i = 0; i < batch->subject_count; i++)
        subjects[i].name = batch->subjects[i].subject;
    TRY(fields_subject_keys(fields, &batch->head, subjects, batch->subject_count));
    return fields_put_subjects(subjects, batch->subject_count, request);
}

Status fields_protect_given(const Fields *fields, const FieldsBatch *batch, Buffer *ret_answer)
{
    static _Thread_local uint8_t answer_bytes[ANSWER_BYTES_MAX]; /* too large for a stack */
    Buffer answer = BUFFER_OF(answer_bytes);
    uint32_t answered = 0;
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_batch_head(&slot->request, &batch->head));
    TRY(put_subjects(fields, batch, &slot->request));
    TRY(buffer_put(&slot->request, batch->items));
    TRY(slot_ask(slot, VAULT_PROTECT_FIELDS, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &answered));
    for (uint32_t i = 0; i < answered; i++) {
        WireSubjectAnswer unused; /* keys were made before; moving them on is the walk's */
        TRY(wire_take_subject_answer(&c, &unused));
    }
    return buffer_put(ret_answer, c.rest);
}

Status fields_look_up_given(
        const Fields *fields, const WireBatchHead *head, Span items, Buffer *ret_answer)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_batch_head(&slot->request, head));
    TRY(buffer_put(&slot->request, items));
    return slot_ask(slot, VAULT_LOOKUP_FIELDS, ret_answer);
}
