/*
 * Blind indexes: find a value again without being able to read it.
 *
 * One key a tenant, class, table and column, so that equal values of two columns or tenants do not
 * show. 16 of 32 bytes: enough that two cards never share one (an index decides which token a card
 * has), half the size; what protects it is its key (PCI DSS 3.5.1.1: a keyed hash of the whole
 * number) and the budget of look-ups, not its length. A shorter one, which makes several values
 * share an index on purpose, hides how often a value occurs; a card number occurs once.
 */
#include "vault/field_inside.h"

#include "base/secret.h"
#include "base/time.h"
#include "policy/classes.h"
#include "policy/purposes.h"

#define DAY_US ((int64_t)86400 * 1000000)

static Status column_key(FieldBatch *b, uint32_t version, MacKey *ret_key, uint32_t *ret_version)
{
    CLEANUP(mac_key_wipe) MacKey root = { 0 };
    TRY(keys_mac_copy(b->field->config.keys, KEY_INDEX, version, &root, ret_version));
    uint8_t memory[32 + FIELD_TENANT_BYTES_MAX];
    Buffer names = BUFFER_OF(memory);
    TRY(buffer_put(&names, SPAN("hufu index 1")));
    TRY(buffer_put_framed(&names, b->head.tenant));
    TRY(buffer_put_u16(&names, b->head.data_class));
    TRY(buffer_put_u16(&names, b->head.table));
    TRY(buffer_put_u16(&names, b->head.column));
    const Span part = span_of_buffer(&names);
    uint8_t key[MAC_BYTES_MAX];
    mac_make(&root, &part, 1, key);
    mac_key_init(ret_key, root.algorithm, (Span) { key, mac_bytes(root.algorithm) });
    bytes_wipe(key, sizeof(key));
    return OK;
}

/* The version before the current one is kept beside it until somebody destroys it. */
Status field_index_keys(FieldBatch *b)
{
    TRY(column_key(b, 0, &b->index_key, &b->index_version));
    if (b->index_version == 1) return OK;
    uint32_t old = 0;
    const Status s = column_key(b, b->index_version - 1, &b->old_index_key, &old);
    if (status_is(s, REFUSED_KEY_DESTROYED) || status_is(s, REFUSED_KEY_UNKNOWN)) return OK;
    TRY(s);
    b->old_index_version = old;
    return OK;
}

static void make(const MacKey *key, Span value, uint8_t ret_index[WIRE_INDEX_BYTES])
{
    uint8_t mac[MAC_BYTES_MAX];
    mac_make(key, &value, 1, mac);
    memcpy(ret_index, mac, WIRE_INDEX_BYTES);
}

void field_indexes(const FieldBatch *b, Span value, WireIndexes *ret_indexes)
{
    *ret_indexes = (WireIndexes) { .version = b->index_version };
    make(&b->index_key, value, ret_indexes->index);
    if (b->old_index_version == 0) return;
    ret_indexes->old_version = b->old_index_version;
    make(&b->old_index_key, value, ret_indexes->old_index);
}

void field_honey_name(const FieldBatch *b, Span value, KeyedHash *ret_name)
{
    uint8_t memory[WIRE_VALUE_BYTES_MAX + 64 + FIELD_TENANT_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer bytes = BUFFER_OF(memory);
    const bool fits = status_ok(buffer_put_framed(&bytes, SPAN("honey")))
            && status_ok(buffer_put_framed(&bytes, b->head.tenant))
            && status_ok(buffer_put_u16(&bytes, b->head.data_class))
            && status_ok(buffer_put(&bytes, value));
    ASSERT(fits);
    keyed_hash(&b->field->secrets->names, span_of_buffer(&bytes), ret_name);
}

/* --- look-up --- */

static Status look_up(FieldBatch *b, const WireFieldItem *item, bool fresh, WireIndexes *ret)
{
    uint8_t memory[BOX_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer value = BUFFER_OF(memory);
    REQUIRE(fresh, REFUSED_BOX_SPENT);
    const uint16_t purpose = item->number > 0 ? BOX_PURPOSE_LOOKUPS : BOX_PURPOSE_LOOKUP;
    TRY(field_item_open(b, item, purpose, &value));
    TRY(field_value_check(b->head.data_class, span_of_buffer(&value)));
    field_indexes(b, span_of_buffer(&value), ret);
    KeyedHash honey;
    field_honey_name(b, span_of_buffer(&value), &honey);
    const FieldConfig *config = &b->field->config;
    if (memory_is_honey(config->memory, &honey) && config->alert != NULL)
        config->alert(config->alert_context, VAULT_LOOKUP_FIELDS, REFUSE(REFUSED_HONEY_TOUCHED));
    return OK;
}

/* --- budgets: a captured hufud could otherwise try every number there is --- */

static void name_budget(const FieldBatch *b, const char *what, MemoryExpiring *ret_name)
{
    char kind[32];
    Buffer text = BUFFER_OF(kind);
    const int32_t day = time_business_day(b->now_us);
    ASSERT(status_ok(buffer_print(&text, "%s %d%c", what, (int)day, '\0')));
    field_name(b->field, kind, b->head.tenant, (Span) { NULL, 0 }, &ret_name->name);
    ret_name->expires_us = b->now_us + DAY_US;
}

static Status use_lookups(FieldBatch *b, uint32_t count)
{
    MemoryExpiring name;
    name_budget(b, "lookups", &name);
    return memory_budget_use(b->field->config.memory, &name, count,
            b->field->config.lookups_per_day, REFUSED_LOOKUP_BUDGET, b->now_us);
}

static bool use_allowance(Field *field, const KeyedHash *name, uint32_t count)
{
    FIELD_HOLD(field);
    for (size_t i = 0; i < FIELD_TENANTS_MAX; i++) {
        FieldAllowance *allowance = &field->allowances[i];
        if (!keyed_hash_equal(&allowance->name, name) || allowance->left < count) continue;
        allowance->left -= count;
        return true;
    }
    return false;
}

static void add_allowance(Field *field, const KeyedHash *name, uint32_t left)
{
    FIELD_HOLD(field);
    FieldAllowance *place = &field->allowances[field->next_allowance];
    for (size_t i = 0; i < FIELD_TENANTS_MAX; i++) {
        if (keyed_hash_equal(&field->allowances[i].name, name)) place = &field->allowances[i];
    }
    if (place == &field->allowances[field->next_allowance])
        field->next_allowance = (field->next_allowance + 1) % FIELD_TENANTS_MAX;
    *place = (FieldAllowance) { *name, left }; /* what another one had left is used up */
}

/* A sync of the journal for each batch would cost more than the batch: a step is counted ahead. */
Status field_use_protects(FieldBatch *b, uint32_t count)
{
    Field *field = b->field;
    const FieldConfig *config = &field->config;
    MemoryExpiring name;
    name_budget(b, "protects", &name);
    if (count == 0 || use_allowance(field, &name.name, count)) return OK;
    uint32_t step = count > FIELD_PROTECTS_STEP ? count : FIELD_PROTECTS_STEP;
    Status s = memory_budget_use(config->memory, &name, step, config->protects_per_day,
            REFUSED_PROTECT_BUDGET, b->now_us);
    if (status_is(s, REFUSED_PROTECT_BUDGET)) { /* the rest of the day, one batch at a time */
        step = count;
        s = memory_budget_use(config->memory, &name, step, config->protects_per_day,
                REFUSED_PROTECT_BUDGET, b->now_us);
    }
    TRY(s);
    if (step > count) add_allowance(field, &name.name, step - count);
    return OK;
}

static Status take_items(Cursor *c, WireFieldItem *ret_items, uint32_t *ret_count)
{
    TRY(wire_take_count(c, WIRE_BATCH_ITEMS_MAX, ret_count));
    for (uint32_t i = 0; i < *ret_count; i++)
        TRY(wire_take_field_item(c, &ret_items[i]));
    return cursor_end(c);
}

Status field_lookup(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    WireFieldItem items[WIRE_BATCH_ITEMS_MAX];
    bool fresh[WIRE_BATCH_ITEMS_MAX];
    uint32_t count = 0;
    TRY(field_batch_begin(field, &c, &b));
    REQUIRE(b->head.data_class != CLASS_CARD_EXPIRY, REFUSED_FIELD_CLASS); /* it has no index */
    TRY(take_items(&c, items, &count));
    TRY(field_session_find(b, BOX_PURPOSE_LOOKUPS));
    TRY(field_index_keys(b));
    TRY(use_lookups(b, count));
    TRY(field_spend_boxes(b, items, count, fresh));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireIndexes indexes = { 0 };
        const Status s = look_up(b, &items[i], fresh[i], &indexes);
        if (status_broken(s)) return s;
        TRY(buffer_put_u32(ret_answer, (uint32_t)s.code));
        if (status_ok(s)) TRY(wire_put_indexes(ret_answer, &indexes));
    }
    return OK;
}
