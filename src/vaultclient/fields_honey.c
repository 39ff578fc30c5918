/* Planted cards: vaultd makes them, an operator asks for them, and they are kept like any other, so
 * that nobody who reads the store can tell (TP-8). */
#include "vaultclient/fields_inside.h"

#include "policy/tables.h"

#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

enum { REQUEST_BYTES_MAX = 64 * 1024 };

typedef struct Planting {
    const WireBatchHead *head;
    const FieldsSubject *subjects;
    size_t subject_count;
    size_t count;
    Span answer; /* from the list of cards on */
    FieldsMade *made;
} Planting;

static Status keep_cards(void *context, Store *store)
{
    const Planting *p = context;
    Cursor c = cursor_of(p->answer);
    uint32_t count = 0;
    READ(cursor_u32(&c, &count));
    REQUIRE(count == p->count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        uint32_t status = 0;
        WireProtected made;
        READ(cursor_u32(&c, &status));
        if (status != 0) return REFUSE(status);
        READ(wire_take_protected(&c, &made));
        TRY(fields_row_put(store, p->head, p->subjects[i % p->subject_count].name,
                (Span) { NULL, 0 }, &made, &p->made[i]));
    }
    READ(cursor_end(&c));
    return OK;
}

static Status ask(VaultClient *people, const Planting *p, Buffer *ret_answer)
{
    uint8_t memory[REQUEST_BYTES_MAX];
    Buffer request = BUFFER_OF(memory);
    TRY(wire_put_batch_head(&request, p->head));
    TRY(fields_put_subjects(p->subjects, p->subject_count, &request));
    TRY(buffer_put_u32(&request, (uint32_t)p->count));
    return vaultclient_ask(people, VAULT_PLANT_HONEY, span_of_buffer(&request), ret_answer);
}

Status fields_plant_honey(const Fields *fields, VaultClient *people, Span tenant,
        const Span *subjects, size_t subject_count, size_t count, FieldsMade *ret_made)
{
    static _Thread_local uint8_t memory[VAULTCLIENT_ANSWER_BYTES_MAX]; /* too large for a stack */
    Buffer answer = BUFFER_OF(memory);
    FieldsSubject keys[FIELDS_ITEMS_MAX];
    const WireBatchHead head = {
        .tenant = tenant, .data_class = CLASS_CARD, .table = TABLE_CARD, .column = CARD_NUMBER
    };
    ASSERT(count > 0 && count <= FIELDS_ITEMS_MAX);
    ASSERT(subject_count > 0 && subject_count <= FIELDS_ITEMS_MAX);
    for (size_t i = 0; i < subject_count; i++)
        keys[i].name = subjects[i];
    TRY(fields_subject_keys(fields, &head, keys, subject_count));
    Planting planting = { &head, keys, subject_count, count, { NULL, 0 }, ret_made };
    TRY(ask(people, &planting, &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    uint32_t answered = 0;
    READ(wire_take_count(&c, WIRE_BATCH_SUBJECTS_MAX, &answered));
    for (uint32_t i = 0; i < answered; i++) {
        WireSubjectAnswer unused;
        READ(wire_take_subject_answer(&c, &unused));
    }
    planting.answer = c.rest;
    return domain_transaction(fields->domain, keep_cards, &planting);
}
