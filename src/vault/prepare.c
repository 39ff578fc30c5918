#include "vault/prepare.h"

#include "base/secret.h"
#include "crypto/digest.h"
#include "policy/transfer_columns.h"
#include "vault/money_rules.h"
#include "vault/pin.h"
#include "vault/row_seal.h"

#include <stdlib.h>

enum {
    NAME_SLOTS = 2048, /* a power of two, twice WIRE_CHANGES_MAX */
    LEAF_VERSION = 1,
    BLINDED_ROW = 0x02, /* apart from RFC 6962's 0x00 and 0x01 */
};
_Static_assert((int)MONEY_ROWS_MAX == (int)WIRE_CHANGES_MAX, "one batch");
_Static_assert((int)REVISION_PENDING_MAX == (int)WIRE_CHANGES_MAX, "one batch");

/* Everything that one batch needs, taken once at start: nothing is allocated per row. */
struct PrepareScratch {
    RowChange changes[WIRE_CHANGES_MAX];
    size_t count;
    RevisionChange revisions[WIRE_CHANGES_MAX];
    size_t revision_count;
    int64_t last_posting;
    uint64_t round;
    struct {
        KeyedHash name;
        uint64_t round;
    } names[NAME_SLOTS];
    uint8_t grants[MEMORY_GRANTS_PER_BATCH_MAX][MEMORY_GRANT_BYTES];
    size_t grant_count;
    uint8_t seals[WIRE_CHANGES_MAX][WIRE_SEAL_BYTES];
    uint8_t leaf[WIRE_LEAF_BYTES_MAX];
    MoneyScratch *money;
};

Status prepare_scratch_open(PrepareScratch **ret_scratch)
{
    PrepareScratch *scratch = calloc(1, sizeof(*scratch));
    CHECK(scratch != NULL, FAULT_MEMORY);
    const Status s = money_scratch_open(&scratch->money);
    if (!status_ok(s)) {
        free(scratch);
        return s;
    }
    *ret_scratch = scratch;
    return OK;
}

void prepare_scratch_close(PrepareScratch *scratch)
{
    if (scratch == NULL) return;
    money_scratch_close(scratch->money);
    bytes_wipe(scratch, sizeof(*scratch));
    free(scratch);
}

/* --- one row --- */

/* False when this batch has named the row before. */
static bool is_first_mention(PrepareScratch *s, const KeyedHash *name)
{
    uint32_t index = ((uint32_t)name->bytes[0] << 8 | name->bytes[1]) & (NAME_SLOTS - 1);
    while (s->names[index].round == s->round) {
        if (keyed_hash_equal(&s->names[index].name, name)) return false;
        index = (index + 1) & (NAME_SLOTS - 1);
    }
    s->names[index].name = *name;
    s->names[index].round = s->round;
    return true;
}

/* A posting's key says which batch wrote it and its place there: 1, 2, 3... with no gap. So it
 * needs no map. */
static Status check_posting(PrepareScratch *s, const RowView *row, int64_t batch)
{
    const int64_t number = row_int(row, POSTING_NUMBER, 0);
    const bool is_key = row->head.key_columns == 2 && row->ids[0] == POSTING_BATCH
            && row->ids[1] == POSTING_NUMBER;
    REQUIRE(is_key && row_int(row, POSTING_BATCH, -1) == batch, REFUSED_ROW_NOT_SUCCESSOR);
    REQUIRE(number == s->last_posting + 1, REFUSED_ROW_NOT_SUCCESSOR);
    s->last_posting = number;
    return OK;
}

static Status check_insert(StoreView *view, const RowChange *change, int64_t batch)
{
    const RowView *row = &change->new_row;
    REQUIRE(row->head.revision == 1, REFUSED_ROW_NOT_SUCCESSOR);
    if (store_view_append_only(row->head.table)) return check_posting(view->scratch, row, batch);
    REQUIRE(revision_map_get(&view->map, &change->name) == 0, REFUSED_ROW_EXISTS);
    return OK;
}

static Status check_update(const StoreView *view, const RowChange *change)
{
    const RowView *before = &change->old_row;
    const RowView *now = &change->new_row;
    REQUIRE(!store_view_append_only(now->head.table), REFUSED_ROW_NOT_SUCCESSOR);
    REQUIRE(span_equal(before->key, now->key), REFUSED_ROW_NOT_SUCCESSOR);
    TRY(row_seal_verify(view->keys, before, change->old_seal));
    RevisionTag tag;
    row_seal_tag(change->old_seal.data, &tag);
    REQUIRE(revision_map_is(&view->map, &change->name, before->head.revision, &tag),
            REFUSED_ROW_ROLLED_BACK);
    REQUIRE(before->head.revision < UINT32_MAX && now->head.revision == before->head.revision + 1,
            REFUSED_ROW_NOT_SUCCESSOR);
    REQUIRE(now->head.schema >= before->head.schema, REFUSED_ROW_NOT_SUCCESSOR);
    return OK;
}

/*
 * One row, one image, one name: columns in the order of their ids, none twice, and for what money
 * depends on the very key that its table has. Otherwise one account could stand under two names,
 * and what is taken from the one be given by the other.
 */
static Status check_shape(const RowView *row)
{
    for (size_t i = 1; i < row->count; i++)
        REQUIRE(row->ids[i - 1] < row->ids[i], REFUSED_ROW_INVALID);
    const uint8_t key_columns = row->head.key_columns;
    if (row->head.table == TABLE_ACCOUNT)
        REQUIRE(key_columns == 1 && row->ids[0] == ACCOUNT_ID, REFUSED_ROW_INVALID);
    if (row->head.table == TABLE_SETTLEMENT)
        REQUIRE(key_columns == 1 && row->ids[0] == SETTLEMENT_ID, REFUSED_ROW_INVALID);
    if (row->head.table == TABLE_TRANSFER)
        REQUIRE(key_columns == 1 && row->ids[0] == TRANSFER_ID, REFUSED_ROW_INVALID);
    const uint16_t table = row->head.table;
    if (table == TABLE_PAYMENT || table == TABLE_REFUND || table == TABLE_REFUNDED
            || table == TABLE_PAYMENT_FEE || table == TABLE_CONTRACT || table == TABLE_DEDUCTION) {
        const bool is_key = key_columns == 2 && row->ids[0] == PAYMENT_MCHID
                && row->ids[1] == PAYMENT_OUT_TRADE_NO && row->values[0].type == VALUE_TEXT
                && row->values[1].type == VALUE_TEXT; /* 1 and 2 in each of the six */
        REQUIRE(is_key, REFUSED_ROW_INVALID);
    }
    return OK;
}

static Status check_change(
        StoreView *view, const WireChange *wire, int64_t batch, RowChange *change)
{
    TRY(row_parse(wire->new_image, &change->new_row));
    TRY(check_shape(&change->new_row));
    const RowHead *head = &change->new_row.head;
    REQUIRE(head->table >= 1 && head->table < DIGEST_TABLES_MAX, REFUSED_ROW_INVALID);
    REQUIRE(head->batch == batch, REFUSED_ROW_NOT_SUCCESSOR);
    store_view_name(view, change->new_row.key, &change->name);
    REQUIRE(!memory_frozen(view->memory, &change->name), REFUSED_ROW_FROZEN);
    REQUIRE(is_first_mention(view->scratch, &change->name), REFUSED_ROW_DUPLICATED);
    change->is_insert = wire->old_image.size == 0;
    change->old_seal = wire->old_seal;
    if (change->is_insert) return check_insert(view, change, batch);
    TRY(row_parse(wire->old_image, &change->old_row));
    return check_update(view, change);
}

/* --- grants --- */

/* The grant that a row newly names; NULL: none, or one that an earlier batch consumed. */
static const Value *new_grant(const RowChange *change, uint16_t column)
{
    const Value *now = row_value(&change->new_row, column);
    const Value *before = change->is_insert ? NULL : row_value(&change->old_row, column);
    if (now == NULL || now->type == VALUE_NULL) return NULL;
    return before != NULL && before->type != VALUE_NULL ? NULL : now;
}

static Status consume(StoreView *view, const Value *now, const KeyedHash *binding)
{
    PrepareScratch *s = view->scratch;
    REQUIRE(now->type == VALUE_BYTES && now->bytes.size == MEMORY_GRANT_BYTES,
            REFUSED_GRANT_INVALID);
    REQUIRE(s->grant_count < MEMORY_GRANTS_PER_BATCH_MAX, REFUSED_GRANT_INVALID);
    for (size_t i = 0; i < s->grant_count; i++)
        REQUIRE(!span_equal(SPAN_OF(s->grants[i]), now->bytes), REFUSED_GRANT_INVALID);
    uint8_t *grant = s->grants[s->grant_count];
    memcpy(grant, now->bytes.data, MEMORY_GRANT_BYTES);
    TRY(memory_grant_check(view->memory, grant, binding, clock_now_us(&view->clock)));
    s->grant_count++;
    return OK;
}

/* A payment that newly names a grant consumes it; the grant must be bound to exactly this payment.
 * A contract's is no payment's, whose number has no '/'. */
static Status take_grant(StoreView *view, const RowChange *change)
{
    const RowView *row = &change->new_row;
    const Value *now = new_grant(change, PAYMENT_GRANT);
    if (now == NULL) return OK;
    const Span number = row_bytes(row, PAYMENT_OUT_TRADE_NO);
    const int64_t currency = row_int(row, PAYMENT_CURRENCY, 0);
    REQUIRE(currency > 0 && currency <= UINT32_MAX, REFUSED_GRANT_INVALID);
    REQUIRE(memchr(number.data, '/', number.size) == NULL, REFUSED_GRANT_INVALID);
    KeyedHash binding;
    pin_binding(&view->names, BOX_PURPOSE_PAY, row_bytes(row, PAYMENT_PAYER),
            row_bytes(row, PAYMENT_MCHID), number, row_int(row, PAYMENT_MINOR, -1),
            (uint32_t)currency, &binding);
    return consume(view, now, &binding);
}

/* A contract is signed with a grant for exactly its terms. */
static Status take_signature(StoreView *view, const RowChange *change)
{
    const RowView *row = &change->new_row;
    const Value *now = new_grant(change, CONTRACT_GRANT);
    if (now == NULL) return OK;
    uint8_t memory[CONTRACT_TERMS_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES];
    char order[CONTRACT_ORDER_BYTES + 1];
    ContractTerms terms;
    KeyedHash binding;
    contract_row_terms(row, &terms);
    REQUIRE(terms.currency > 0 && terms.currency <= UINT32_MAX, REFUSED_GRANT_INVALID);
    TRY(contract_terms_text(&terms, &text));
    sha256(span_of_buffer(&text), digest);
    contract_terms_order(digest, order);
    pin_binding(&view->names, BOX_PURPOSE_PAY, row_bytes(row, CONTRACT_PAYER), terms.mchid,
            span_of_text(order), terms.one_minor, (uint32_t)terms.currency, &binding);
    return consume(view, now, &binding);
}

/* Rule 18: no transfer begins without its payer's grant; later it only stays (money_transfer.c). */
static Status take_transfer_grant(StoreView *view, const RowChange *change)
{
    const RowView *row = &change->new_row;
    const Value *grant = row_value(row, TRANSFER_GRANT);
    const int64_t currency = row_int(row, TRANSFER_CURRENCY, 0);
    const Span number = row_bytes(row, TRANSFER_NUMBER);
    uint8_t order_bytes[16 + 1 + TRANSFER_NUMBER_BYTES_MAX];
    Buffer order = BUFFER_OF(order_bytes);
    KeyedHash binding;
    if (!change->is_insert) return OK;
    REQUIRE(grant != NULL && currency > 0 && currency <= UINT32_MAX, REFUSED_GRANT_INVALID);
    REQUIRE(number.size > 0 && number.size <= TRANSFER_NUMBER_BYTES_MAX, REFUSED_GRANT_INVALID);
    TRY(buffer_put(&order, span_of_text(transfer_speed_name(row_int(row, TRANSFER_SPEED, 0)))));
    TRY(buffer_put_u8(&order, '/'));
    TRY(buffer_put(&order, number));
    pin_binding(&view->names, BOX_PURPOSE_TRANSFER, row_bytes(row, TRANSFER_PAYER),
            row_bytes(row, TRANSFER_RECEIVER), span_of_buffer(&order),
            row_int(row, TRANSFER_MINOR, -1), (uint32_t)currency, &binding);
    return consume(view, grant, &binding);
}

/* Rule 6, and grants. */
static Status check_confirmed(StoreView *view, const RowChange *change)
{
    switch (change->new_row.head.table) {
    case TABLE_TRANSFER: return take_transfer_grant(view, change);
    case TABLE_CONTRACT: return take_signature(view, change);
    case TABLE_PAYMENT: TRY(money_check_payment(change)); return take_grant(view, change);
    default: return OK;
    }
}

static Status check_batch(StoreView *view, Cursor *c, int64_t batch)
{
    PrepareScratch *s = view->scratch;
    uint32_t count = 0;
    TRY(wire_take_count(c, WIRE_CHANGES_MAX, &count));
    s->round++;
    s->last_posting = 0;
    s->grant_count = 0;
    s->count = count;
    for (size_t i = 0; i < count; i++) {
        WireChange wire;
        TRY(wire_take_change(c, &wire));
        TRY(check_change(view, &wire, batch, &s->changes[i]));
    }
    TRY(cursor_end(c));
    TRY(money_check(s->money, &view->names, s->changes, count, clock_now_us(&view->clock)));
    for (size_t i = 0; i < count; i++)
        TRY(check_confirmed(view, &s->changes[i]));
    return OK;
}

/* --- what the batch makes --- */

static void change_digests(StoreView *view)
{
    const PrepareScratch *s = view->scratch;
    const MacKey *key = keys_digest(view->keys);
    view->pending_digests = view->digests;
    for (size_t i = 0; i < s->count; i++) {
        const RowChange *change = &s->changes[i];
        DigestSet *set = &view->pending_digests.sets[change->new_row.head.table];
        if (!change->is_insert) digest_set_subtract(set, key, change->old_row.image);
        digest_set_add(set, key, change->new_row.image);
    }
}

static void make_seals(StoreView *view)
{
    PrepareScratch *s = view->scratch;
    s->revision_count = 0;
    for (size_t i = 0; i < s->count; i++) {
        const RowView *row = &s->changes[i].new_row;
        row_seal_make(view->keys, row, s->seals[i]);
        store_view_saw_seal(view, row_seal_version(s->seals[i]));
        if (store_view_append_only(row->head.table)) continue;
        RevisionChange *change = &s->revisions[s->revision_count++];
        change->row = s->changes[i].name;
        change->revision = (uint32_t)row->head.revision;
        row_seal_tag(s->seals[i], &change->tag);
    }
}

static Status put_leaf(const PrepareScratch *s, const WireDraftHead *head,
        const uint8_t salt[WIRE_SALT_BYTES], Buffer *leaf)
{
    TRY(buffer_put_u8(leaf, LEAF_VERSION));
    TRY(buffer_put_i64(leaf, head->batch));
    TRY(buffer_put_i64(leaf, head->time_us));
    TRY(buffer_put_framed(leaf, head->events));
    TRY(buffer_put_u32(leaf, (uint32_t)s->count));
    const uint8_t prefix = BLINDED_ROW;
    for (size_t i = 0; i < s->count; i++) {
        const RowView *row = &s->changes[i].new_row;
        TRY(buffer_put_u16(leaf, row->head.table));
        TRY(buffer_put_u32(leaf, (uint32_t)row->head.revision));
        uint8_t *hash = NULL;
        TRY(buffer_reserve(leaf, WIRE_HASH_BYTES, &hash));
        const Span parts[] = { { &prefix, 1 }, { salt, WIRE_SALT_BYTES }, row->image };
        digest_parts(DIGEST_SHA256, parts, 3, hash);
    }
    return OK;
}

static Status make_leaf(StoreView *view, const WireDraftHead *head, WireSealed *ret_sealed)
{
    PrepareScratch *s = view->scratch;
    Buffer leaf = BUFFER_OF(s->leaf);
    TRY(random_fill(&view->random, ret_sealed->salt, WIRE_SALT_BYTES));
    TRY(put_leaf(s, head, ret_sealed->salt, &leaf));
    ret_sealed->leaf = span_of_buffer(&leaf);
    MerkleHash hash;
    merkle_leaf(ret_sealed->leaf, &hash);
    memcpy(ret_sealed->leaf_hash, hash.bytes, WIRE_HASH_BYTES);
    view->pending_tree = view->tree;
    merkle_append(&view->pending_tree, &hash);
    return OK;
}

/* Durable first; only then may a seal be put into the answer. */
static Status remember(StoreView *view, const WireDraftHead *head, WireSealed *sealed)
{
    const PrepareScratch *s = view->scratch;
    StoreState next;
    store_state_of(keys_digest(view->keys), &view->pending_digests, &view->pending_tree, &next);
    memcpy(sealed->root, next.root.bytes, WIRE_HASH_BYTES);
    TRY(revision_map_prepare(&view->map, s->revisions, s->revision_count));
    const Status journaled =
            memory_prepare(view->memory, head->epoch, &next, s->grants, s->grant_count);
    if (!status_ok(journaled)) revision_map_abort(&view->map);
    TRY(journaled);
    view->has_pending = true;
    view->pending_batch = head->batch;
    return OK;
}

static Status put_answer(const PrepareScratch *s, const WireSealed *sealed, Buffer *ret_answer)
{
    TRY(buffer_put_u32(ret_answer, (uint32_t)s->count));
    TRY(buffer_put(ret_answer, (Span) { s->seals[0], s->count * WIRE_SEAL_BYTES }));
    return wire_put_sealed(ret_answer, sealed);
}

Status prepare_batch(StoreView *view, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireDraftHead head;
    WireSealed sealed = { 0 };
    TRY(wire_take_draft_head(&c, &head));
    REQUIRE(head.epoch == view->memory->epoch, REFUSED_EPOCH_FENCED);
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    const bool is_next = head.batch == (int64_t)view->tree.size && !view->has_pending;
    REQUIRE(is_next, REFUSED_BATCH_OUT_OF_ORDER);
    TRY(check_batch(view, &c, head.batch));
    TRY(keys_count_uses(view->keys, KEY_ROW_SEAL, view->scratch->count));
    change_digests(view);
    make_seals(view);
    TRY(make_leaf(view, &head, &sealed));
    TRY(remember(view, &head, &sealed));
    return put_answer(view->scratch, &sealed, ret_answer);
}

/* --- the outcome --- */

static Status take_decision(Span request, uint64_t *ret_epoch, int64_t *ret_batch)
{
    Cursor c = cursor_of(request);
    TRY(cursor_u64(&c, ret_epoch));
    TRY(cursor_i64(&c, ret_batch));
    return cursor_end(&c);
}

Status prepare_confirm(StoreView *view, Span request)
{
    uint64_t epoch = 0;
    int64_t batch = 0;
    TRY(take_decision(request, &epoch, &batch));
    REQUIRE(epoch == view->memory->epoch, REFUSED_EPOCH_FENCED);
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    /* Said twice because the first answer was lost: nothing is left to do. */
    if (!view->has_pending && batch == (int64_t)view->tree.size - 1) return OK;
    REQUIRE(view->has_pending && batch == view->pending_batch, REFUSED_BATCH_OUT_OF_ORDER);
    TRY(memory_confirm(view->memory, epoch, batch));
    revision_map_confirm(&view->map);
    view->digests = view->pending_digests;
    view->tree = view->pending_tree;
    view->has_pending = false;
    return OK;
}

Status prepare_abort(StoreView *view, Span request)
{
    uint64_t epoch = 0;
    int64_t batch = 0;
    TRY(take_decision(request, &epoch, &batch));
    REQUIRE(epoch == view->memory->epoch, REFUSED_EPOCH_FENCED);
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    if (!view->has_pending && batch == (int64_t)view->tree.size) return OK;
    REQUIRE(view->has_pending && batch == view->pending_batch, REFUSED_BATCH_OUT_OF_ORDER);
    TRY(memory_abort(view->memory, epoch, batch));
    revision_map_abort(&view->map);
    view->has_pending = false;
    return OK;
}
