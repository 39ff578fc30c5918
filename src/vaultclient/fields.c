#include "vaultclient/fields_inside.h"

#include "policy/policy.h"
#include "policy/tables.h"
#include "store/cache.h"
#include "vaultclient/client_internal.h"

#include <stdlib.h>

/* An answer that does not read as it should: a vaultd of another version, or not vaultd. */
#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

Status fields_session(const Fields *fields, Span tenant, Span box, WireSession *ret_session)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const WireBatchHead head = { .tenant = tenant };
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_batch_head(&slot->request, &head));
    TRY(buffer_put_framed(&slot->request, box));
    TRY(slot_ask(slot, VAULT_SESSION, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(wire_take_session(&c, ret_session));
    return OK;
}

/* --- rows --- */

static const char get_row[] = "SELECT subject, sealed FROM field WHERE tenant = ?1"
                              " AND table_id = ?2 AND column_id = ?3 AND row_key = ?4";
static const char get_mask[] = "SELECT mask FROM field WHERE tenant = ?1 AND table_id = ?2"
                               " AND column_id = ?3 AND row_key = ?4";
static const char get_same[] =
        "SELECT row_key, mask FROM field WHERE tenant = ?1 AND table_id = ?2 AND column_id = ?3"
        " AND subject = ?4 AND (blind = ?5 OR blind = ?6) LIMIT 1";
static const char get_found[] =
        "SELECT row_key, mask FROM field WHERE tenant = ?1 AND table_id = ?2 AND column_id = ?3"
        " AND (blind = ?4 OR blind = ?5) ORDER BY row_key LIMIT 16";
static const char put_row[] =
        "INSERT INTO field(tenant, table_id, column_id, row_key, data_class, subject, sealed, mask,"
        " index_version, blind, old_version, old_blind)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        " ON CONFLICT(tenant, table_id, column_id, row_key) DO UPDATE SET"
        " data_class = excluded.data_class, subject = excluded.subject, sealed = excluded.sealed,"
        " mask = excluded.mask, index_version = excluded.index_version, blind = excluded.blind,"
        " old_version = excluded.old_version, old_blind = excluded.old_blind";

static void put_column(const WireBatchHead *head, Value *ret_values)
{
    ret_values[0] = VALUE_OF_TEXT(head->tenant);
    ret_values[1] = VALUE_OF_INT(head->table);
    ret_values[2] = VALUE_OF_INT(head->column);
}

static Status take_row(void *context, const Value *values, size_t count)
{
    FieldRow *row = context;
    ASSERT(count == 2);
    REQUIRE(values[0].bytes.size <= sizeof(row->subject), REFUSED_ROW_INVALID);
    REQUIRE(values[1].bytes.size <= sizeof(row->sealed), REFUSED_ROW_INVALID);
    memcpy(row->subject, values[0].bytes.data, values[0].bytes.size);
    memcpy(row->sealed, values[1].bytes.data, values[1].bytes.size);
    row->subject_bytes = values[0].bytes.size;
    row->sealed_bytes = values[1].bytes.size;
    return OK;
}

Status fields_row_find(
        const Fields *fields, const WireBatchHead *head, Span row_key, FieldRow *ret_row)
{
    Value key[4];
    put_column(head, key);
    key[3] = VALUE_OF_TEXT(row_key);
    ret_row->sealed_bytes = 0;
    TRY(domain_query(fields->domain, get_row, key, 4, take_row, ret_row));
    REQUIRE(ret_row->sealed_bytes > 0, REFUSED_ROW_MISSING);
    return OK;
}

Status fields_mask(const Fields *fields, const WireBatchHead *head, Span row_key, Buffer *ret_mask)
{
    Value key[4];
    put_column(head, key);
    key[3] = VALUE_OF_TEXT(row_key);
    uint8_t memory[CACHE_KEY_BYTES_MAX];
    Buffer name = BUFFER_OF(memory);
    TRY(buffer_put_u16(&name, head->table));
    TRY(buffer_put_u16(&name, head->column));
    TRY(buffer_put_framed(&name, head->tenant));
    TRY(buffer_put(&name, row_key));
    return domain_get_mask(fields->domain, (DataClass)head->data_class, span_of_buffer(&name),
            get_mask, key, 4, ret_mask);
}

static Status copy_text(Span text, char *ret, size_t size)
{
    REQUIRE(text.size < size, REFUSED_ROW_INVALID);
    memcpy(ret, text.data, text.size);
    ret[text.size] = '\0';
    return OK;
}

typedef struct Names {
    FieldsMade *made;
    size_t count;
} Names;

static Status take_name(void *context, const Value *values, size_t count)
{
    Names *names = context;
    ASSERT(count == 2 && names->count < FIELDS_FOUND_MAX);
    FieldsMade *made = &names->made[names->count++];
    made->status = OK;
    TRY(copy_text(values[0].bytes, made->row_key, sizeof(made->row_key)));
    return copy_text(values[1].bytes, made->mask, sizeof(made->mask));
}

/* Two versions may stand in `blind` while a walk moves them: both are asked for. */
static Value old_blind(const WireIndexes *indexes)
{
    return VALUE_OF_BYTES(
            indexes->old_version > 0 ? SPAN_OF(indexes->old_index) : SPAN_OF(indexes->index));
}

Status fields_row_put(Store *store, const WireBatchHead *head, Span subject, Span reference,
        const WireProtected *made, FieldsMade *ret_made)
{
    const bool is_card = head->table == TABLE_CARD && made->token.size > 0;
    const WireIndexes *x = &made->indexes;
    Value values[12];
    TRY(fields_may_rest(head->data_class));
    put_column(head, values);
    if (is_card) {
        Names names = { ret_made, 0 };
        values[3] = VALUE_OF_TEXT(subject);
        values[4] = VALUE_OF_BYTES(SPAN_OF(x->index));
        values[5] = old_blind(x);
        TRY(store_query(store, get_same, values, 6, take_name, &names));
        if (names.count > 0) return OK; /* this card has its token */
    }
    const Span row_key = is_card ? made->token : reference;
    values[3] = VALUE_OF_TEXT(row_key);
    values[4] = VALUE_OF_INT(head->data_class);
    values[5] = VALUE_OF_TEXT(subject);
    values[6] = VALUE_OF_BYTES(made->sealed);
    values[7] = VALUE_OF_TEXT(made->mask);
    values[8] = VALUE_OF_INT(x->version);
    values[9] = VALUE_OF_BYTES(SPAN_OF(x->index));
    values[10] = VALUE_OF_INT(x->old_version);
    values[11] = VALUE_OF_BYTES(SPAN_OF(x->old_index));
    TRY(store_execute(store, put_row, values, 12));
    ret_made->status = OK;
    TRY(copy_text(row_key, ret_made->row_key, sizeof(ret_made->row_key)));
    return copy_text(made->mask, ret_made->mask, sizeof(ret_made->mask));
}

/* --- protect --- */

typedef struct Keeping { /* of one call */
    const WireBatchHead *head;
    const FieldsItem *items;
    size_t count;
    Span answer; /* from the list of items on */
    FieldsMade *made;
} Keeping;

static Status keep_answers(void *context, Store *store)
{
    const Keeping *k = context;
    Cursor c = cursor_of(k->answer);
    uint32_t count = 0;
    READ(wire_take_count(&c, FIELDS_ITEMS_MAX, &count));
    REQUIRE(count == k->count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++) {
        uint32_t status = 0;
        WireProtected made;
        READ(cursor_u32(&c, &status));
        k->made[i] = (FieldsMade) { .status = { (int32_t)status } };
        if (status != 0) continue;
        READ(wire_take_protected(&c, &made));
        TRY(fields_row_put(
                store, k->head, k->items[i].subject, k->items[i].reference, &made, &k->made[i]));
    }
    READ(cursor_end(&c));
    return OK;
}

/* Each item names its own subject: equal neighbours share one. */
static Status put_subjects(const Fields *fields, const WireBatchHead *head, const FieldsItem *items,
        size_t count, uint32_t *ret_subjects, Buffer *request)
{
    FieldsSubject subjects[FIELDS_ITEMS_MAX];
    uint32_t different = 0;
    for (size_t i = 0; i < count; i++) {
        const bool same = i > 0 && span_equal(items[i].subject, items[i - 1].subject);
        if (!same) subjects[different++].name = items[i].subject;
        ret_subjects[i] = different - 1;
    }
    TRY(fields_subject_keys(fields, head, subjects, different));
    return fields_put_subjects(subjects, different, request);
}

static Status put_items(
        const FieldsItem *items, const uint32_t *subjects, size_t count, Buffer *request)
{
    TRY(wire_put_count(request, count, FIELDS_ITEMS_MAX));
    for (size_t i = 0; i < count; i++) {
        const WireFieldItem wire = { subjects[i], items[i].number, items[i].secret,
            items[i].reference };
        TRY(wire_put_field_item(request, &wire));
    }
    return OK;
}

Status fields_protect(const Fields *fields, const WireBatchHead *head, const FieldsItem *items,
        size_t count, FieldsMade *ret_made)
{
    ASSERT(count > 0 && count <= FIELDS_ITEMS_MAX);
    uint32_t subjects[FIELDS_ITEMS_MAX];
    uint32_t answered = 0;
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_batch_head(&slot->request, head));
    TRY(put_subjects(fields, head, items, count, subjects, &slot->request));
    TRY(put_items(items, subjects, count, &slot->request));
    TRY(slot_ask(slot, VAULT_PROTECT_FIELDS, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(wire_take_count(&c, FIELDS_ITEMS_MAX, &answered));
    for (uint32_t i = 0; i < answered; i++) {
        WireSubjectAnswer unused;
        READ(wire_take_subject_answer(&c, &unused));
    }
    Keeping keeping = { head, items, count, c.rest, ret_made };
    return domain_transaction(fields->domain, keep_answers, &keeping);
}

/* --- find --- */

Status fields_find(const Fields *fields, const WireBatchHead *head, const FieldsItem *item,
        FieldsMade *ret_found, size_t *ret_count)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const uint32_t no_subject = 0;
    uint32_t number = 0;
    WireIndexes indexes;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_batch_head(&slot->request, head));
    TRY(put_items(item, &no_subject, 1, &slot->request));
    TRY(slot_ask(slot, VAULT_LOOKUP_FIELDS, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(wire_take_count(&c, 1, &number));
    READ(cursor_u32(&c, &number));
    if (number != 0) return REFUSE(number);
    READ(wire_take_indexes(&c, &indexes));
    Names names = { ret_found, 0 };
    Value key[5];
    put_column(head, key);
    key[3] = VALUE_OF_BYTES(SPAN_OF(indexes.index));
    key[4] = old_blind(&indexes);
    TRY(domain_query(fields->domain, get_found, key, 5, take_name, &names));
    *ret_count = names.count;
    return OK;
}
