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

/* This subject's wrapped key; made by vaultd when there is none. Two that make one at once agree on
 * one. Refuses REFUSED_SUBJECT_DESTROYED. */
MUST_USE Status fields_subject_key(
        const Fields *fields, const WireBatchHead *head, Span subject, Buffer *ret_wrapped);
/* The same without making one: REFUSED_ROW_MISSING. */
MUST_USE Status fields_subject_key_find(
        const Fields *fields, Span tenant, Span subject, Buffer *ret_wrapped);
MUST_USE Status fields_row_find(
        const Fields *fields, const WireBatchHead *head, Span row_key, FieldRow *ret_row);
/* Within a transaction. ret_made gets the row key and mask that stand there. */
MUST_USE Status fields_row_put(Store *store, const WireBatchHead *head, Span subject,
        Span reference, const WireProtected *made, FieldsMade *ret_made);
