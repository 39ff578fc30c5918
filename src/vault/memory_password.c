#include "vault/memory_password.h"

#include "vault/verifier.h"

/* --- versions --- */

static Status write_offer(
        Memory *m, const KeyedHash *subject, uint32_t next, uint8_t form, uint64_t *ret_position)
{
    uint8_t memory[32];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(subject->bytes)));
    TRY(buffer_put_u32(&b, next));
    TRY(buffer_put_u8(&b, form));
    return memory_write(m, MEMORY_OFFER, span_of_buffer(&b), ret_position);
}

static Status offer_locked(
        Memory *m, const PinUse *use, uint8_t form, uint32_t *ret_version, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    const MemoryPayer *payer = hash_table_find(&m->payers, &use->payer);
    REQUIRE(payer != NULL && payer->version == use->version, REFUSED_VERIFIER_ROLLED_BACK);
    REQUIRE(payer->version < UINT32_MAX, REFUSED_VAULT_BUSY);
    *ret_version = payer->version + 1;
    *ret_position = journal_position(m->journal);
    if (payer->next == *ret_version && payer->next_form == form) return OK;
    return write_offer(m, &use->payer, *ret_version, form, ret_position);
}

Status memory_password_offer(Memory *m, const PinUse *use, uint8_t form, uint32_t *ret_version)
{
    uint64_t position = 0;
    uint32_t version = 0;
    TRY(offer_locked(m, use, form, &version, &position));
    TRY(memory_sync(m, position));
    *ret_version = version;
    return OK;
}

Status memory_password_import(Memory *m, const KeyedHash *subject, uint8_t form)
{
    MEMORY_HOLD(m);
    uint64_t position = 0;
    const MemoryPayer *payer = hash_table_find(&m->payers, subject);
    REQUIRE(payer == NULL || payer->version == 0, REFUSED_PASSWORD_EXISTS);
    REQUIRE(payer != NULL || m->payers.count < MEMORY_PAYERS_MAX, REFUSED_VAULT_BUSY);
    return write_offer(m, subject, 1, form, &position);
}

Status memory_password_stored(Memory *m, const KeyedHash *subject, uint32_t version)
{
    MEMORY_HOLD(m);
    uint64_t position = 0;
    const MemoryPayer *payer = hash_table_find(&m->payers, subject);
    REQUIRE(payer != NULL && memory_pin_is_current(payer, version), REFUSED_VERIFIER_ROLLED_BACK);
    if (payer->version == version) return OK;
    return memory_pin_write_stored(m, payer, &position);
}

static uint64_t position_now(Memory *m)
{
    MEMORY_HOLD(m);
    return journal_position(m->journal);
}

Status memory_password_settle(Memory *m) { return memory_sync(m, position_now(m)); }

/* --- acts of two people --- */

static Status reset_locked(Memory *m, const PinUse *use, const MemoryApprovals *approvals,
        uint32_t *ret_version, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    const MemoryPayer *payer = hash_table_find(&m->payers, &use->payer);
    REQUIRE(hash_table_find(&m->boxes, &use->box) == NULL, REFUSED_BOX_SPENT);
    REQUIRE(payer != NULL || m->payers.count < MEMORY_PAYERS_MAX, REFUSED_VAULT_BUSY);
    REQUIRE(m->boxes.count < m->limits.boxes, REFUSED_VAULT_BUSY);
    uint32_t last = payer != NULL ? payer->version : 0;
    if (payer != NULL && payer->next > last) last = payer->next;
    REQUIRE(last < UINT32_MAX, REFUSED_VAULT_BUSY);

    uint8_t inside_memory[128];
    uint8_t memory[256];
    Buffer inside = BUFFER_OF(inside_memory);
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&inside, SPAN_OF(use->payer.bytes)));
    TRY(buffer_put_u32(&inside, last + 1));
    TRY(buffer_put(&inside, SPAN_OF(use->box.bytes)));
    TRY(buffer_put(&inside, SPAN_OF(use->facts.bytes)));
    TRY(buffer_put_i64(&inside, use->expires_us));
    TRY(buffer_put_framed(&b, span_of_buffer(&inside)));
    TRY(memory_put_approvals(approvals, &b));
    TRY(memory_write(m, MEMORY_RESET, span_of_buffer(&b), ret_position));
    *ret_version = last + 1;
    return OK;
}

Status memory_password_reset(
        Memory *m, const PinUse *use, const MemoryApprovals *approvals, uint32_t *ret_version)
{
    uint64_t position = 0;
    uint32_t version = 0;
    TRY(reset_locked(m, use, approvals, &version, &position));
    TRY(memory_sync(m, position));
    *ret_version = version;
    return OK;
}

static MemoryLegacy *find_legacy(Memory *m, const KeyedHash *realm, size_t *ret_count)
{
    MemoryLegacy *found = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < MEMORY_LEGACY_MAX; i++) {
        MemoryLegacy *legacy = &m->legacy[i];
        if (legacy->formula == LEGACY_NONE) continue;
        ++*ret_count;
        if (keyed_hash_equal(&legacy->realm, realm)) found = legacy;
    }
    return found;
}

bool memory_password_legacy(Memory *m, const KeyedHash *realm, MemoryLegacy *ret_legacy)
{
    MEMORY_HOLD(m);
    size_t count = 0;
    const MemoryLegacy *found = find_legacy(m, realm, &count);
    if (found == NULL) return false;
    *ret_legacy = *found;
    return true;
}

static Status allow_locked(Memory *m, const MemoryLegacy *legacy, const MemoryApprovals *approvals,
        uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    size_t count = 0;
    REQUIRE(!memory_approvals_are_spent(m, approvals), REFUSED_APPROVAL_REPLAYED);
    const MemoryLegacy *found = find_legacy(m, &legacy->realm, &count);
    REQUIRE(found != NULL || count < MEMORY_LEGACY_MAX, REFUSED_VAULT_BUSY);
    uint8_t memory[128 + MEMORY_LEGACY_KEY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(legacy->realm.bytes)));
    TRY(buffer_put_u8(&b, legacy->formula));
    TRY(buffer_put_u8(&b, legacy->inner));
    TRY(buffer_put_framed(&b, (Span) { legacy->key, legacy->key_bytes }));
    TRY(memory_put_approvals(approvals, &b));
    return memory_write(m, MEMORY_LEGACY, span_of_buffer(&b), ret_position);
}

Status memory_password_allow_legacy(
        Memory *m, const MemoryLegacy *legacy, const MemoryApprovals *approvals)
{
    uint64_t position = 0;
    TRY(allow_locked(m, legacy, approvals, &position));
    return memory_sync(m, position);
}

/* --- grants, counts, reveals --- */

static Status spend_locked(Memory *m, const KeyedHash *grant, const KeyedHash *binding,
        int64_t now_us, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    const MemoryGrant *found = hash_table_find(&m->grants, grant);
    REQUIRE(found != NULL && now_us <= found->expires_us, REFUSED_GRANT_INVALID);
    REQUIRE(keyed_hash_equal(&found->binding, binding), REFUSED_GRANT_INVALID);
    return memory_write(m, MEMORY_SPENT, SPAN_OF(grant->bytes), ret_position);
}

Status memory_password_spend(Memory *m, const uint8_t grant[MEMORY_GRANT_BYTES],
        const KeyedHash *binding, int64_t now_us)
{
    uint64_t position = 0;
    KeyedHash name;
    memcpy(name.bytes, grant, sizeof(name.bytes));
    TRY(spend_locked(m, &name, binding, now_us, &position));
    return memory_sync(m, position);
}

void memory_password_counts(Memory *m, int64_t now_us, PasswordCounts *ret_counts)
{
    MEMORY_HOLD(m);
    PasswordCounts counts = { 0 };
    size_t position = 0;
    for (const MemoryPayer *p = hash_table_next(&m->payers, &position); p != NULL;
            p = hash_table_next(&m->payers, &position)) {
        if (hash_table_find(&m->steps, &p->payer) != NULL) continue; /* a second factor */
        const uint8_t form = p->version > 0 ? p->form : p->next_form;
        counts.by_form[form == VERIFIER_NONE ? VERIFIER_MODERN : form & 3]++;
        if (memory_pin_is_locked(p, now_us)) counts.locked++;
    }
    *ret_counts = counts;
}

static Status reveal_locked(
        Memory *m, const KeyedHash *owner, int64_t day, int64_t signed_s, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    const MemoryReveal *reveal = hash_table_find(&m->reveals, owner);
    const uint32_t before = reveal != NULL && reveal->day == day ? reveal->count : 0;
    REQUIRE(reveal == NULL || reveal->signed_s < signed_s, REFUSED_NONCE_REPLAYED);
    REQUIRE(before < REVEALS_PER_DAY_MAX, REFUSED_REVEAL_LIMIT);
    REQUIRE(reveal != NULL || m->reveals.count < MEMORY_REVEALS_MAX, REFUSED_VAULT_BUSY);
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(owner->bytes)));
    TRY(buffer_put_i64(&b, day));
    TRY(buffer_put_u32(&b, before + 1));
    TRY(buffer_put_i64(&b, signed_s));
    return memory_write(m, MEMORY_REVEALED, span_of_buffer(&b), ret_position);
}

Status memory_reveal(Memory *m, const KeyedHash *owner, int64_t day, int64_t signed_s)
{
    uint64_t position = 0;
    TRY(reveal_locked(m, owner, day, signed_s, &position));
    return memory_sync(m, position);
}
