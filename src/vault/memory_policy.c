#include "vault/memory_policy.h"

#include <stdlib.h>

struct MemoryPolicies {
    MemoryPolicySet sets[MEMORY_POLICY_SETS_MAX]; /* a ring: version n lies at n modulo its size */
    uint64_t version; /* of the newest; 0: the default is in force */
    uint64_t oldest; /* version of the oldest that is remembered */
    Policy policy;
    HashTable expiry;
};

Status memory_policies_open(Memory *m)
{
    m->policies = calloc(1, sizeof(*m->policies));
    CHECK(m->policies != NULL, FAULT_MEMORY);
    hash_table_init(&m->policies->expiry, sizeof(MemoryExpiry),
            memory_replayed_max(m, MEMORY_EXPIRY_GRANTS_MAX));
    return OK;
}

void memory_policies_close(Memory *m)
{
    if (m->policies == NULL) return;
    hash_table_clear(&m->policies->expiry);
    free(m->policies);
}

static bool position_of(const Memory *m, Span name, uint8_t *ret)
{
    for (size_t i = 0; i < m->operator_count; i++) {
        const MemoryOperator *o = &m->operators[i];
        if (!span_equal(name, (Span) { o->name, o->name_bytes })) continue;
        *ret = (uint8_t)i;
        return true;
    }
    return false;
}

Span memory_person(const Memory *m, uint8_t position)
{
    if (position >= m->operator_count) return SPAN("?");
    const MemoryOperator *o = &m->operators[position];
    return (Span) { o->name, o->name_bytes };
}

static Status find_people(const Memory *m, const MemoryAct *act, uint8_t ret_people[2])
{
    for (size_t i = 0; i < 2; i++)
        REQUIRE(position_of(m, act->people[i], &ret_people[i]), REFUSED_APPROVAL_INVALID);
    return OK;
}

static bool is_spent(const Memory *m, const MemoryApprovals *approvals)
{
    return hash_table_find(&m->nonces, &approvals->nonces[0].nonce) != NULL
            || hash_table_find(&m->nonces, &approvals->nonces[1].nonce) != NULL;
}

/* The record ends with the approvals that it spends; in a snapshot they have records of their own.
 */
static Status put_spent(const MemoryApprovals *approvals, Buffer *b)
{
    for (size_t i = 0; i < 2; i++) {
        TRY(buffer_put(b, SPAN_OF(approvals->nonces[i].nonce.bytes)));
        TRY(buffer_put_i64(b, approvals->nonces[i].expires_us));
    }
    return OK;
}

/* --- policies: version u64 | set i64 | people u8 u8 | reason framed | blob framed | spent --- */

static Status put_set(uint64_t version, int64_t set_us, Buffer *b)
{
    TRY(buffer_put_u64(b, version));
    return buffer_put_i64(b, set_us);
}

static Status set_locked(
        Memory *m, int64_t now_us, const MemoryAct *act, Span bytes, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    PolicyBlob blob;
    uint8_t people[2];
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    REQUIRE(!is_spent(m, &act->approvals), REFUSED_APPROVAL_REPLAYED);
    TRY(policy_blob_read(bytes, &blob));
    REQUIRE(blob.version == m->policies->version + 1, REFUSED_POLICY_VERSION);
    REQUIRE(act->reason.size <= POLICY_REASON_BYTES_MAX, REFUSED_APPROVAL_INVALID);
    TRY(put_set(blob.version, now_us, &b));
    TRY(find_people(m, act, people));
    TRY(buffer_put(&b, SPAN_OF(people)));
    TRY(buffer_put_framed(&b, act->reason));
    TRY(buffer_put_framed(&b, bytes));
    TRY(put_spent(&act->approvals, &b));
    return memory_write(m, MEMORY_POLICY, span_of_buffer(&b), ret_position);
}

Status memory_policy_set(Memory *m, int64_t now_us, const MemoryAct *act, Span blob)
{
    uint64_t position = 0;
    TRY(set_locked(m, now_us, act, blob, &position));
    return memory_sync(m, position);
}

static Status take_set(Cursor *c, MemoryPolicySet *ret, PolicyBlob *ret_blob)
{
    Span reason;
    Span blob;
    TRY(cursor_u64(c, &ret->version));
    TRY(cursor_i64(c, &ret->set_us));
    TRY(cursor_copy(c, sizeof(ret->people), ret->people));
    TRY(cursor_framed(c, POLICY_REASON_BYTES_MAX, &reason));
    TRY(cursor_framed(c, POLICY_BLOB_BYTES_MAX, &blob));
    memcpy(ret->reason, reason.data, reason.size);
    memcpy(ret->blob, blob.data, blob.size);
    ret->reason_bytes = (uint8_t)reason.size;
    ret->blob_bytes = (uint16_t)blob.size;
    return policy_blob_read(blob, ret_blob);
}

Status memory_apply_policy(Memory *m, Cursor *c)
{
    MemoryPolicies *p = m->policies;
    MemoryPolicySet set = { 0 };
    PolicyBlob blob;
    TRY(take_set(c, &set, &blob));
    /* A snapshot begins with the oldest that is remembered, whatever its number. */
    REQUIRE(blob.version == set.version, REFUSED_JOURNAL_TAMPERED);
    REQUIRE(p->version == 0 || set.version == p->version + 1, REFUSED_JOURNAL_TAMPERED);
    if (p->version == 0) p->oldest = set.version;
    p->version = set.version;
    if (p->version - p->oldest >= MEMORY_POLICY_SETS_MAX) p->oldest++;
    p->sets[set.version % MEMORY_POLICY_SETS_MAX] = set;
    policy_adopt(&p->policy, &blob);
    return memory_apply_approvals(m, c);
}

uint32_t memory_policy_count(Memory *m)
{
    MEMORY_HOLD(m);
    const MemoryPolicies *p = m->policies;
    return p->version == 0 ? 0 : (uint32_t)(p->version - p->oldest + 1);
}

bool memory_policy_at(Memory *m, uint32_t index, MemoryPolicySet *ret_set)
{
    MEMORY_HOLD(m);
    const MemoryPolicies *p = m->policies;
    if (p->version == 0 || index > p->version - p->oldest) return false;
    *ret_set = p->sets[(p->version - index) % MEMORY_POLICY_SETS_MAX];
    return true;
}

const Policy *memory_policy(const Memory *m) { return &m->policies->policy; }

/* --- grants: name | until i64 | evidence x2 | people u8 u8 | withdrawn u8 | names framed | spent;
 * in journals of before names were kept, without these two --- */

enum { EXPIRY_RECORD_BYTES_MAX = 512 };

static bool expiry_over(const void *record, int64_t now_us)
{
    return ((const MemoryExpiry *)record)->until_us <= now_us;
}

static Status put_expiry(const MemoryExpiry *grant, const uint8_t people[2], Buffer *b)
{
    TRY(buffer_put(b, SPAN_OF(grant->name.bytes)));
    TRY(buffer_put_i64(b, grant->until_us));
    TRY(buffer_put(b, SPAN_OF(grant->evidence[0])));
    TRY(buffer_put(b, SPAN_OF(grant->evidence[1])));
    TRY(buffer_put(b, (Span) { people, 2 }));
    TRY(buffer_put_u8(b, grant->withdrawn));
    return buffer_put_framed(b, (Span) { grant->names, grant->names_bytes });
}

static Status grant_locked(Memory *m, int64_t now_us, const MemoryAct *act,
        const MemoryExpiry *grant, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    uint8_t memory[EXPIRY_RECORD_BYTES_MAX];
    uint8_t people[2];
    Buffer b = BUFFER_OF(memory);
    HashTable *expiry = &m->policies->expiry;
    REQUIRE(!is_spent(m, &act->approvals), REFUSED_APPROVAL_REPLAYED);
    if (expiry->count >= MEMORY_EXPIRY_GRANTS_MAX) hash_table_purge(expiry, expiry_over, now_us);
    REQUIRE(expiry->count < MEMORY_EXPIRY_GRANTS_MAX, REFUSED_VAULT_BUSY);
    TRY(find_people(m, act, people));
    TRY(put_expiry(grant, people, &b));
    TRY(put_spent(&act->approvals, &b));
    return memory_write(m, MEMORY_EXPIRY_NAMED, span_of_buffer(&b), ret_position);
}

Status memory_expiry_grant(
        Memory *m, int64_t now_us, const MemoryAct *act, const MemoryExpiry *grant)
{
    uint64_t position = 0;
    TRY(grant_locked(m, now_us, act, grant, &position));
    return memory_sync(m, position);
}

static Status take_expiry(Cursor *c, MemoryExpiry *grant)
{
    TRY(cursor_copy(c, sizeof(grant->name.bytes), grant->name.bytes));
    TRY(cursor_i64(c, &grant->until_us));
    TRY(cursor_copy(c, MEMORY_EVIDENCE_BYTES, grant->evidence[0]));
    TRY(cursor_copy(c, MEMORY_EVIDENCE_BYTES, grant->evidence[1]));
    return cursor_copy(c, sizeof(grant->people), grant->people);
}

static Status keep_expiry(Memory *m, const MemoryExpiry *grant, Cursor *c)
{
    void *record = NULL;
    bool is_new = false;
    TRY(hash_table_put(&m->policies->expiry, &grant->name, &record, &is_new));
    *(MemoryExpiry *)record = *grant;
    return memory_apply_approvals(m, c);
}

Status memory_apply_expiry(Memory *m, Cursor *c)
{
    MemoryExpiry grant = { 0 };
    TRY(take_expiry(c, &grant));
    return keep_expiry(m, &grant, c);
}

Status memory_apply_expiry_named(Memory *m, Cursor *c)
{
    MemoryExpiry grant = { 0 };
    Span names;
    TRY(take_expiry(c, &grant));
    TRY(cursor_u8(c, &grant.withdrawn));
    TRY(cursor_framed(c, sizeof(grant.names), &names));
    if (names.size > 0) memcpy(grant.names, names.data, names.size);
    grant.names_bytes = (uint16_t)names.size;
    return keep_expiry(m, &grant, c);
}

/* name, and i64 when it ended; a name alone: it is forgotten. */
static Status end_locked(Memory *m, const KeyedHash *name, const int64_t *now_us, uint64_t *ret)
{
    MEMORY_HOLD(m);
    uint8_t memory[sizeof(name->bytes) + 8];
    Buffer b = BUFFER_OF(memory);
    const MemoryExpiry *grant = hash_table_find(&m->policies->expiry, name);
    REQUIRE(grant != NULL && (now_us == NULL || grant->until_us > *now_us), REFUSED_EXPIRY_GRANT);
    TRY(buffer_put(&b, SPAN_OF(name->bytes)));
    if (now_us != NULL) TRY(buffer_put_i64(&b, *now_us));
    return memory_write(m, MEMORY_EXPIRY_END, span_of_buffer(&b), ret);
}

Status memory_expiry_end(Memory *m, int64_t now_us, const KeyedHash *name)
{
    uint64_t position = 0;
    TRY(end_locked(m, name, &now_us, &position));
    return memory_sync(m, position);
}

Status memory_expiry_forget(Memory *m, const KeyedHash *name)
{
    uint64_t position = 0;
    const Status s = end_locked(m, name, NULL, &position);
    if (status_is(s, REFUSED_EXPIRY_GRANT)) return OK;
    TRY(s);
    return memory_sync(m, position);
}

Status memory_apply_expiry_end(Memory *m, Cursor *c)
{
    KeyedHash name;
    int64_t ended_us = 0;
    TRY(cursor_copy(c, sizeof(name.bytes), name.bytes));
    if (c->rest.size == 0) {
        (void)hash_table_delete(&m->policies->expiry, &name);
        return OK;
    }
    TRY(cursor_i64(c, &ended_us));
    MemoryExpiry *grant = hash_table_find(&m->policies->expiry, &name);
    if (grant == NULL) return OK; /* it was purged: it had ended */
    grant->until_us = ended_us;
    grant->withdrawn = 1;
    return OK;
}

void memory_expiry_count(Memory *m, int64_t now_us, uint32_t *ret_live, uint32_t *ret_over)
{
    MEMORY_HOLD(m);
    const HashTable *expiry = &m->policies->expiry;
    size_t position = 0;
    *ret_live = 0;
    *ret_over = 0;
    for (const MemoryExpiry *g = hash_table_next(expiry, &position); g != NULL;
            g = hash_table_next(expiry, &position))
        (*(expiry_over(g, now_us) ? ret_over : ret_live))++;
}

bool memory_expiry(Memory *m, const KeyedHash *name, MemoryExpiry *ret_grant)
{
    MEMORY_HOLD(m);
    const MemoryExpiry *grant = hash_table_find(&m->policies->expiry, name);
    if (grant != NULL) *ret_grant = *grant;
    return grant != NULL;
}

size_t memory_expiry_page(
        Memory *m, size_t *position, MemoryExpiry *ret_grants, size_t capacity, size_t *ret_total)
{
    MEMORY_HOLD(m);
    size_t count = 0;
    *ret_total = m->policies->expiry.count;
    while (count < capacity) {
        const MemoryExpiry *grant = hash_table_next(&m->policies->expiry, position);
        if (grant == NULL) break;
        ret_grants[count++] = *grant;
    }
    return count;
}

/* --- snapshot --- */

static Status snapshot_set(const MemoryPolicySet *set, Journal *journal)
{
    uint8_t memory[JOURNAL_RECORD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(put_set(set->version, set->set_us, &b));
    TRY(buffer_put(&b, SPAN_OF(set->people)));
    TRY(buffer_put_framed(&b, (Span) { set->reason, set->reason_bytes }));
    TRY(buffer_put_framed(&b, (Span) { set->blob, set->blob_bytes }));
    return journal_snapshot_put(journal, MEMORY_POLICY, span_of_buffer(&b));
}

Status memory_snapshot_policies(const Memory *m, Journal *journal)
{
    const MemoryPolicies *p = m->policies;
    for (uint64_t v = p->oldest; p->version != 0 && v <= p->version; v++)
        TRY(snapshot_set(&p->sets[v % MEMORY_POLICY_SETS_MAX], journal));
    size_t position = 0;
    for (const MemoryExpiry *g = hash_table_next(&p->expiry, &position); g != NULL;
            g = hash_table_next(&p->expiry, &position)) {
        uint8_t memory[EXPIRY_RECORD_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        TRY(put_expiry(g, g->people, &b));
        TRY(journal_snapshot_put(journal, MEMORY_EXPIRY_NAMED, span_of_buffer(&b)));
    }
    return OK;
}
