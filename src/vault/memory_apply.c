/* One record at a time: the state after it is the same at its first writing and at every replay. */
#include "vault/memory_event.h"
#include "vault/memory_field.h"
#include "vault/memory_operator.h"
#include "vault/memory_policy.h"
#include "vault/memory_second.h"

#include "vault/verifier.h"

#include <string.h>

static Status apply_tree(Memory *m, Cursor *c)
{
    uint8_t ever = 0;
    TRY(cursor_u64(c, &m->epoch));
    TRY(cursor_u32(c, &m->log_epoch));
    TRY(cursor_u8(c, &ever));
    TRY(cursor_i64(c, &m->signed_size));
    TRY(cursor_copy(c, MERKLE_HASH_BYTES, m->signed_root.bytes));
    m->ever_prepared = ever != 0;
    return memory_take_state(c, &m->confirmed);
}

static Status apply_lease(Memory *m, Cursor *c) { return cursor_u64(c, &m->epoch); }

static Status apply_prepare(Memory *m, Cursor *c)
{
    uint64_t epoch = 0;
    uint16_t count = 0;
    StoreState next;
    TRY(cursor_u64(c, &epoch));
    TRY(memory_take_state(c, &next));
    TRY(cursor_u16(c, &count));
    REQUIRE(count <= MEMORY_GRANTS_PER_BATCH_MAX, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(next.size == m->confirmed.size + 1, REFUSED_JOURNAL_TAMPERED);
    for (size_t i = 0; i < count; i++)
        TRY(cursor_copy(c, MEMORY_GRANT_BYTES, m->prepared_grants[i]));
    m->prepared_grant_count = count;
    m->prepared = next;
    m->has_prepared = true;
    m->ever_prepared = true;
    return OK;
}

static Status apply_confirm(Memory *m, Cursor *c)
{
    int64_t batch = 0;
    TRY(cursor_i64(c, &batch));
    REQUIRE(m->has_prepared && batch == m->confirmed.size, REFUSED_JOURNAL_TAMPERED);
    for (size_t i = 0; i < m->prepared_grant_count; i++) {
        KeyedHash grant;
        memcpy(grant.bytes, m->prepared_grants[i], sizeof(grant.bytes));
        (void)hash_table_delete(&m->grants, &grant); /* it may have expired meanwhile */
    }
    m->confirmed = m->prepared;
    m->has_prepared = false;
    return OK;
}

static Status apply_abort(Memory *m, Cursor *c)
{
    int64_t batch = 0;
    TRY(cursor_i64(c, &batch));
    REQUIRE(m->has_prepared && batch == m->confirmed.size, REFUSED_JOURNAL_TAMPERED);
    m->has_prepared = false;
    return OK;
}

static Status take_hash(Cursor *c, KeyedHash *ret)
{
    return cursor_copy(c, KEYED_HASH_BYTES, ret->bytes);
}

static Status apply_freeze(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash row;
        void *record = NULL;
        bool is_new = false;
        TRY(take_hash(c, &row));
        TRY(hash_table_put(&m->frozen, &row, &record, &is_new));
    }
    return OK;
}

Status memory_apply_approvals(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash nonce;
        void *record = NULL;
        bool is_new = false;
        int64_t expires_us = 0;
        TRY(take_hash(c, &nonce));
        TRY(cursor_i64(c, &expires_us));
        TRY(hash_table_put(&m->nonces, &nonce, &record, &is_new));
        ((MemoryNonce *)record)->expires_us = expires_us;
    }
    return OK;
}

static Status apply_release(Memory *m, Cursor *c)
{
    KeyedHash row;
    TRY(take_hash(c, &row));
    (void)hash_table_delete(&m->frozen, &row);
    return memory_apply_approvals(m, c);
}

static Status put_payer(Memory *m, const KeyedHash *payer, MemoryPayer **ret)
{
    void *record = NULL;
    bool is_new = false;
    TRY(hash_table_put(&m->payers, payer, &record, &is_new));
    *ret = record;
    return OK;
}

static Status put_box(Memory *m, const KeyedHash *box, MemoryBox **ret)
{
    void *record = NULL;
    bool is_new = false;
    TRY(hash_table_put(&m->boxes, box, &record, &is_new));
    *ret = record;
    return OK;
}

static Status apply_payers(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash name;
        MemoryPayer *payer = NULL;
        TRY(take_hash(c, &name));
        TRY(put_payer(m, &name, &payer));
        TRY(cursor_u32(c, &payer->version));
        TRY(cursor_u32(c, &payer->wrong));
        TRY(cursor_i64(c, &payer->locked_until_us));
    }
    return OK;
}

static Status apply_boxes(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash name;
        MemoryBox *box = NULL;
        TRY(take_hash(c, &name));
        TRY(put_box(m, &name, &box));
        TRY(take_hash(c, &box->facts));
        TRY(cursor_copy(c, MEMORY_GRANT_BYTES, box->result));
        TRY(cursor_i64(c, &box->expires_us));
        TRY(cursor_u32(c, &box->outcome));
    }
    return OK;
}

static Status apply_grants(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash name;
        void *record = NULL;
        bool is_new = false;
        TRY(take_hash(c, &name));
        TRY(hash_table_put(&m->grants, &name, &record, &is_new));
        MemoryGrant *grant = record;
        TRY(take_hash(c, &grant->binding));
        TRY(cursor_i64(c, &grant->expires_us));
    }
    return OK;
}

Status memory_apply_attempt(Memory *m, HashTable *people, Cursor *c)
{
    KeyedHash payer_name;
    KeyedHash box_name;
    void *record = NULL;
    bool is_new = false;
    MemoryBox *box = NULL;
    TRY(take_hash(c, &payer_name));
    TRY(hash_table_put(people, &payer_name, &record, &is_new));
    MemoryPayer *payer = record;
    TRY(cursor_u32(c, &payer->wrong));
    TRY(cursor_i64(c, &payer->locked_until_us));
    TRY(take_hash(c, &box_name));
    TRY(put_box(m, &box_name, &box));
    TRY(take_hash(c, &box->facts));
    TRY(cursor_i64(c, &box->expires_us));
    box->outcome = BOX_PENDING;
    return OK;
}

static Status apply_attempt(Memory *m, Cursor *c) { return memory_apply_attempt(m, &m->payers, c); }

/* payer | box | grant | binding | expires i64 */
static Status apply_right(Memory *m, Cursor *c)
{
    KeyedHash payer_name;
    KeyedHash box_name;
    KeyedHash grant_name;
    MemoryPayer *payer = NULL;
    MemoryBox *box = NULL;
    void *record = NULL;
    bool is_new = false;
    TRY(take_hash(c, &payer_name));
    TRY(put_payer(m, &payer_name, &payer));
    payer->wrong = 0;
    payer->locked_until_us = 0;
    TRY(take_hash(c, &box_name));
    TRY(put_box(m, &box_name, &box));
    TRY(take_hash(c, &grant_name));
    box->outcome = BOX_RIGHT;
    memcpy(box->result, grant_name.bytes, MEMORY_GRANT_BYTES);
    TRY(hash_table_put(&m->grants, &grant_name, &record, &is_new));
    MemoryGrant *grant = record;
    TRY(take_hash(c, &grant->binding));
    return cursor_i64(c, &grant->expires_us);
}

static Status apply_wrong(Memory *m, Cursor *c)
{
    KeyedHash box_name;
    MemoryBox *box = NULL;
    TRY(take_hash(c, &box_name));
    TRY(put_box(m, &box_name, &box));
    box->outcome = BOX_WRONG;
    return OK;
}

Status memory_apply_verifier(Memory *m, Cursor *c)
{
    KeyedHash payer_name;
    KeyedHash box_name;
    MemoryPayer *payer = NULL;
    MemoryBox *box = NULL;
    TRY(take_hash(c, &payer_name));
    TRY(put_payer(m, &payer_name, &payer));
    TRY(cursor_u32(c, &payer->version));
    payer->wrong = 0;
    payer->locked_until_us = 0;
    payer->next = 0;
    payer->form = VERIFIER_MODERN;
    TRY(take_hash(c, &box_name));
    TRY(put_box(m, &box_name, &box));
    TRY(take_hash(c, &box->facts));
    TRY(cursor_i64(c, &box->expires_us));
    box->outcome = BOX_SET;
    Buffer result = BUFFER_OF(box->result);
    return buffer_put_u32(&result, payer->version);
}

static Status apply_checkpoint(Memory *m, Cursor *c)
{
    TRY(cursor_i64(c, &m->signed_size));
    return cursor_copy(c, MERKLE_HASH_BYTES, m->signed_root.bytes);
}

/* A new log: the roots of the old one bind it no longer. */
static Status apply_restore(Memory *m, Cursor *c)
{
    TRY(cursor_u32(c, &m->log_epoch));
    TRY(memory_take_state(c, &m->confirmed));
    m->has_prepared = false;
    m->ever_prepared = true;
    m->signed_size = -1;
    return memory_apply_approvals(m, c);
}

static Status apply_keystore(Memory *m, Cursor *c)
{
    uint64_t generation = 0;
    TRY(cursor_u64(c, &generation));
    REQUIRE(generation > m->keystore, REFUSED_JOURNAL_TAMPERED);
    m->keystore = generation;
    return OK;
}

typedef Status (*Apply)(Memory *m, Cursor *c);
static const Apply applies[] = {
    [MEMORY_TREE] = apply_tree,
    [MEMORY_LEASE] = apply_lease,
    [MEMORY_PREPARE] = apply_prepare,
    [MEMORY_CONFIRM] = apply_confirm,
    [MEMORY_ABORT] = apply_abort,
    [MEMORY_FREEZE] = apply_freeze,
    [MEMORY_RELEASE] = apply_release,
    [MEMORY_PAYERS] = apply_payers,
    [MEMORY_BOXES] = apply_boxes,
    [MEMORY_GRANTS] = apply_grants,
    [MEMORY_ATTEMPT] = apply_attempt,
    [MEMORY_RIGHT] = apply_right,
    [MEMORY_WRONG] = apply_wrong,
    [MEMORY_VERIFIER] = memory_apply_verifier,
    [MEMORY_OPERATOR] = memory_apply_operator,
    [MEMORY_APPROVALS] = memory_apply_approvals,
    [MEMORY_CHECKPOINT] = apply_checkpoint,
    [MEMORY_RESTORE] = apply_restore,
    [MEMORY_POLICY] = memory_apply_policy,
    [MEMORY_EXPIRY_GRANT] = memory_apply_expiry,
    [MEMORY_EXPIRY_END] = memory_apply_expiry_end,
    [MEMORY_EXPIRY_NAMED] = memory_apply_expiry_named,
    [MEMORY_KEYSTORE] = apply_keystore,
    [MEMORY_OPERATOR_STATE] = memory_apply_operator_state,
    [MEMORY_REPLACED_KEY] = memory_apply_replaced_key,
};

static Status apply_one(Memory *m, uint16_t kind, Cursor *c)
{
    if (kind >= MEMORY_LEGAL_HOLD && kind <= MEMORY_LEGAL_HOLDS)
        return memory_apply_hold(m, kind, c);
    if (kind == MEMORY_STEP) return memory_apply_steps(m, c);
    if (kind == MEMORY_EVENT) return memory_apply_event(m, c);
    if (kind == MEMORY_EVENTS_HEAD) return memory_apply_events_head(m, c);
    if (kind >= MEMORY_SUBJECTS) return memory_apply_password(m, kind, c);
    if (kind >= MEMORY_FIELD_BOXES) return memory_fields_apply(m, kind, c);
    REQUIRE(kind < sizeof(applies) / sizeof(applies[0]), REFUSED_JOURNAL_TAMPERED);
    REQUIRE(applies[kind] != NULL, REFUSED_JOURNAL_TAMPERED);
    return applies[kind](m, c);
}

Status memory_apply(Memory *m, uint16_t kind, Span payload)
{
    Cursor c = cursor_of(payload);
    const Status s = apply_one(m, kind, &c);
    if (status_broken(s)) return s; /* out of memory is not tampering */
    REQUIRE(status_ok(s) && status_ok(cursor_end(&c)), REFUSED_JOURNAL_TAMPERED);
    return OK;
}
