/* What somebody says of a person against what was sealed of him: nothing leaves but yes or no. */
#include "vault/field_inside.h"

#include "policy/tables.h"

Status field_fact_open(
        FieldBatch *b, Span subject, uint16_t data_class, Span sealed, Buffer *ret_plain)
{
    b->head.data_class = data_class;
    b->head.column = data_class;
    REQUIRE(field_role(data_class, &b->role), REFUSED_FIELD_CLASS);
    b->old_class_key.key_version = 0; /* it may be of another role */
    return field_open_sealed(b, 0, subject, sealed, ret_plain);
}

static Status compare(
        FieldBatch *b, const WireSubjectName *subject, const FieldFact *fact, bool *ret_same)
{
    uint8_t memory[FIELD_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer plain = BUFFER_OF(memory);
    TRY(field_fact_open(b, subject->subject, fact->data_class, fact->sealed, &plain));
    const Span value = { plain.data + 1, plain.size - 1 };
    *ret_same = plain.data[0] == FIELD_ORDINARY && value.size == fact->claimed.size
            && bytes_equal_ct(value.data, fact->claimed.data, value.size);
    return OK;
}

Status field_facts_are(Field *field, const WireSubjectName *subject, Span wrapped,
        const FieldFact *facts, size_t count, bool *ret_true)
{
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    bool all = count > 0;
    TRY(field_batch_take(field, &b));
    b->head = (WireBatchHead) { .tenant = subject->tenant, .table = TABLE_FIELD };
    TRY(field_subject_find(b, subject->subject, wrapped));
    for (size_t i = 0; i < count; i++) {
        bool same = false;
        TRY(compare(b, subject, &facts[i], &same));
        all = all && same;
    }
    *ret_true = all;
    return OK;
}
