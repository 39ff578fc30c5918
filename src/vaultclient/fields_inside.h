#pragma once
/* fields_inside: the domain store's side of fields.h, for its files. */
#include "vaultclient/domain_inside.h"
#include "vaultclient/fields.h"

/* As stored. */
typedef struct FieldRow {
    uint8_t subject[WIRE_SUBJECT_BYTES_MAX];
    size_t subject_bytes;
    uint8_t sealed[WIRE_FIELD_BYTES_MAX];
    size_t sealed_bytes;
} FieldRow;

typedef struct FieldsSubject {
    Span name;
    uint8_t wrapped[WIRE_WRAPPED_BYTES_MAX];
    size_t wrapped_bytes; /* 0: destroyed, there is no key */
} FieldsSubject;
/* The wrapped keys of these subjects (0..WIRE_BATCH_SUBJECTS_MAX), durable. Those that have none
 * get one: all of them by one message and one transaction. Calls that race agree on one key a
 * subject. */
MUST_USE Status fields_subject_keys(
        const Fields *fields, const WireBatchHead *head, FieldsSubject *subjects, size_t count);
/* As a message lists them. */
MUST_USE Status fields_put_subjects(
        const FieldsSubject *subjects, size_t count, Buffer *ret_request);
/* One, without making it: REFUSED_ROW_MISSING. */
MUST_USE Status fields_subject_key_find(
        const Fields *fields, Span tenant, Span subject, Buffer *ret_wrapped);
MUST_USE Status fields_row_find(
        const Fields *fields, const WireBatchHead *head, Span row_key, FieldRow *ret_row);
/* May a field of this class rest in the domain store? vaultd asked for the grant, where one is
 * needed (TP-5). */
MUST_USE Status fields_may_rest(DataClass class);
/* Within a transaction. ret_made gets the row key and mask that stand there. */
MUST_USE Status fields_row_put(Store *store, const WireBatchHead *head, Span subject,
        Span reference, const WireProtected *made, FieldsMade *ret_made);
