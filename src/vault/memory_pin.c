#include "vault/memory_pin.h"

static bool box_expired(const void *record, int64_t now_us)
{
    return ((const MemoryBox *)record)->expires_us < now_us;
}

static bool grant_expired(const void *record, int64_t now_us)
{
    return ((const MemoryGrant *)record)->expires_us < now_us;
}

/* Forget what has expired each time a table has doubled, so that the work per record stays
 * constant. */
static void purge(Memory *m, int64_t now_us)
{
    if (m->boxes.count >= m->boxes_purge_at) {
        hash_table_purge(&m->boxes, box_expired, now_us);
        m->boxes_purge_at = m->boxes.count < 2048 ? 4096 : 2 * m->boxes.count;
        if (m->boxes_purge_at > m->limits.boxes) m->boxes_purge_at = m->limits.boxes;
    }
    if (m->grants.count >= m->grants_purge_at) {
        hash_table_purge(&m->grants, grant_expired, now_us);
        m->grants_purge_at = m->grants.count < 2048 ? 4096 : 2 * m->grants.count;
        if (m->grants_purge_at > m->limits.grants) m->grants_purge_at = m->limits.grants;
    }
}

static bool has_room(const Memory *m)
{
    return m->boxes.count < m->limits.boxes && m->grants.count < m->limits.grants;
}

bool memory_pin_is_current(const MemoryPayer *payer, uint32_t version)
{
    return version > 0 && (version == payer->version || version == payer->next);
}

/* What is known of the box itself. */
static Status used_before(const Memory *m, const PinUse *use, bool *ret_repeated,
        uint8_t ret_grant[MEMORY_GRANT_BYTES])
{
    const MemoryBox *box = hash_table_find(&m->boxes, &use->box);
    *ret_repeated = false;
    if (box == NULL) return OK;
    REQUIRE(keyed_hash_equal(&box->facts, &use->facts), REFUSED_BOX_SPENT);
    REQUIRE(box->outcome != BOX_SET, REFUSED_BOX_SPENT);
    REQUIRE(box->outcome != BOX_WRONG, REFUSED_PIN_WRONG);
    if (box->outcome != BOX_RIGHT) return OK;
    memcpy(ret_grant, box->result, MEMORY_GRANT_BYTES);
    *ret_repeated = true;
    return OK;
}

bool memory_pin_is_locked(const MemoryPayer *payer, int64_t now_us)
{
    return payer->wrong >= PIN_TRIES_MAX && now_us < payer->locked_until_us;
}

/* The rules of one attempt; the lock is held. */
static Status may(Memory *m, const PinUse *use, int64_t now_us, bool *ret_repeated,
        uint8_t ret_grant[MEMORY_GRANT_BYTES])
{
    TRY(used_before(m, use, ret_repeated, ret_grant));
    if (*ret_repeated) return OK;
    const MemoryPayer *payer = hash_table_find(&m->payers, &use->payer);
    REQUIRE(payer != NULL && memory_pin_is_current(payer, use->version),
            REFUSED_VERIFIER_ROLLED_BACK);
    REQUIRE(!memory_pin_is_locked(payer, now_us), REFUSED_PIN_LOCKED);
    REQUIRE(has_room(m), REFUSED_VAULT_BUSY);
    return OK;
}

Status memory_pin_may(Memory *m, const PinUse *use, int64_t now_us, bool *ret_repeated,
        uint8_t ret_grant[MEMORY_GRANT_BYTES])
{
    MEMORY_HOLD(m);
    return may(m, use, now_us, ret_repeated, ret_grant);
}

/* 30 minutes after the last free try, then twice as long each time. */
static int64_t lock_us(uint32_t wrong)
{
    if (wrong < PIN_TRIES_MAX) return 0;
    const uint32_t doublings = wrong - PIN_TRIES_MAX;
    if (doublings >= 8) return PIN_LOCK_MAX_US;
    const int64_t us = PIN_LOCK_FIRST_US << doublings;
    return us < PIN_LOCK_MAX_US ? us : PIN_LOCK_MAX_US;
}

static Status write_attempt(Memory *m, MemoryKind kind, const PinUse *use, uint32_t wrong_before,
        int64_t now_us, uint64_t *ret_position)
{
    const uint32_t wrong = wrong_before < UINT32_MAX ? wrong_before + 1 : wrong_before;
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(use->payer.bytes)));
    TRY(buffer_put_u32(&b, wrong));
    TRY(buffer_put_i64(&b, now_us + lock_us(wrong)));
    TRY(buffer_put(&b, SPAN_OF(use->box.bytes)));
    TRY(buffer_put(&b, SPAN_OF(use->facts.bytes)));
    TRY(buffer_put_i64(&b, use->expires_us));
    return memory_write(m, kind, span_of_buffer(&b), ret_position);
}

Status memory_pin_write_stored(Memory *m, const MemoryPayer *payer, uint64_t *ret_position)
{
    uint8_t memory[32];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(payer->payer.bytes)));
    TRY(buffer_put_u32(&b, payer->next));
    return memory_write(m, MEMORY_STORED, span_of_buffer(&b), ret_position);
}

Status memory_pin_unlocked(Memory *m, const KeyedHash *name, int64_t now_us)
{
    MEMORY_HOLD(m);
    const MemoryPayer *payer = hash_table_find(&m->payers, name);
    REQUIRE(payer == NULL || !memory_pin_is_locked(payer, now_us), REFUSED_PIN_LOCKED);
    return OK;
}

static Status attempt_locked(Memory *m, const PinUse *use, int64_t now_us, bool *ret_repeated,
        uint8_t ret_grant[MEMORY_GRANT_BYTES], uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    purge(m, now_us);
    TRY(may(m, use, now_us, ret_repeated, ret_grant));
    if (*ret_repeated) return OK;
    const MemoryPayer *payer = hash_table_find(&m->payers, &use->payer);
    const uint32_t wrong = payer->wrong;
    /* Who shows the version that was offered has stored it: the one before is over. */
    if (use->version == payer->next) TRY(memory_pin_write_stored(m, payer, ret_position));
    return write_attempt(m, MEMORY_ATTEMPT, use, wrong, now_us, ret_position);
}

Status memory_pin_attempt(Memory *m, const PinUse *use, int64_t now_us, bool *ret_repeated,
        uint8_t ret_grant[MEMORY_GRANT_BYTES])
{
    uint64_t position = 0;
    TRY(attempt_locked(m, use, now_us, ret_repeated, ret_grant, &position));
    return *ret_repeated ? OK : memory_sync(m, position);
}

static Status stranger_locked(Memory *m, const PinUse *use, int64_t now_us, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    purge(m, now_us);
    bool repeated = false;
    uint8_t unused[MEMORY_GRANT_BYTES];
    TRY(used_before(m, use, &repeated, unused));
    REQUIRE(!repeated, REFUSED_BOX_SPENT);
    const MemoryPayer *known = hash_table_find(&m->payers, &use->payer);
    REQUIRE(known == NULL,
            REFUSED_VERIFIER_ROLLED_BACK); /* somebody's record was lost, or hidden */
    const MemoryPayer *stranger = hash_table_find(&m->strangers, &use->payer);
    REQUIRE(stranger == NULL || !memory_pin_is_locked(stranger, now_us), REFUSED_PIN_LOCKED);
    REQUIRE(has_room(m), REFUSED_VAULT_BUSY);
    const uint32_t wrong = stranger != NULL ? stranger->wrong : 0;
    return write_attempt(m, MEMORY_STRANGER, use, wrong, now_us, ret_position);
}

Status memory_pin_stranger(Memory *m, const PinUse *use, int64_t now_us)
{
    uint64_t position = 0;
    TRY(stranger_locked(m, use, now_us, &position));
    return memory_sync(m, position);
}

static Status right_locked(Memory *m, const PinUse *use, const KeyedHash *binding, int64_t now_us,
        const uint8_t grant[MEMORY_GRANT_BYTES], uint8_t ret_grant[MEMORY_GRANT_BYTES],
        uint64_t *ret_position, bool *ret_written)
{
    MEMORY_HOLD(m);
    const MemoryBox *box = hash_table_find(&m->boxes, &use->box);
    if (box != NULL && box->outcome == BOX_RIGHT) {
        memcpy(ret_grant, box->result, MEMORY_GRANT_BYTES); /* one box, one grant */
        return OK;
    }
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(use->payer.bytes)));
    TRY(buffer_put(&b, SPAN_OF(use->box.bytes)));
    TRY(buffer_put(&b, (Span) { grant, MEMORY_GRANT_BYTES }));
    TRY(buffer_put(&b, SPAN_OF(binding->bytes)));
    TRY(buffer_put_i64(&b, now_us + GRANT_LIFE_US));
    TRY(memory_write(m, MEMORY_RIGHT, span_of_buffer(&b), ret_position));
    *ret_written = true;
    memcpy(ret_grant, grant, MEMORY_GRANT_BYTES);
    return OK;
}

Status memory_pin_right(Memory *m, const PinUse *use, const KeyedHash *binding, int64_t now_us,
        const uint8_t grant[MEMORY_GRANT_BYTES], uint8_t ret_grant[MEMORY_GRANT_BYTES])
{
    uint64_t position = 0;
    bool written = false;
    TRY(right_locked(m, use, binding, now_us, grant, ret_grant, &position, &written));
    return written ? memory_sync(m, position) : OK;
}

Status memory_pin_wrong(Memory *m, const PinUse *use)
{
    MEMORY_HOLD(m);
    uint64_t position = 0;
    return memory_write(m, MEMORY_WRONG, SPAN_OF(use->box.bytes), &position);
}

/* The version that this very box set before; 0: it did not. */
static Status set_before(
        const MemoryBox *box, const PinUse *use, uint32_t current, uint32_t *ret_version)
{
    *ret_version = 0;
    if (box == NULL) return OK;
    REQUIRE(keyed_hash_equal(&box->facts, &use->facts), REFUSED_BOX_SPENT);
    if (box->outcome == BOX_PENDING) return OK;
    REQUIRE(box->outcome == BOX_SET, REFUSED_BOX_SPENT);
    uint32_t version = 0;
    Cursor c = cursor_of(SPAN_OF(box->result));
    TRY(cursor_u32(&c, &version));
    REQUIRE(version == current, REFUSED_BOX_SPENT);
    *ret_version = version;
    return OK;
}

static Status set_locked(Memory *m, const PinUse *use, bool proven, int64_t now_us,
        uint32_t *ret_version, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    purge(m, now_us);
    const MemoryPayer *payer = hash_table_find(&m->payers, &use->payer);
    const MemoryBox *box = hash_table_find(&m->boxes, &use->box);
    const uint32_t current = payer != NULL ? payer->version : 0;
    const uint32_t last = payer != NULL && payer->next > current ? payer->next : current;
    TRY(set_before(box, use, current, ret_version));
    if (*ret_version > 0) {
        *ret_position = journal_position(m->journal); /* its record may still be on its way */
        return OK;
    }
    REQUIRE(proven || last == 0, REFUSED_PIN_WRONG);
    REQUIRE(!proven || current == use->version, REFUSED_VERIFIER_ROLLED_BACK);
    REQUIRE(has_room(m) && last < UINT32_MAX, REFUSED_VAULT_BUSY);
    REQUIRE(payer != NULL || m->payers.count < MEMORY_PAYERS_MAX, REFUSED_VAULT_BUSY);
    uint8_t memory[128];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put(&b, SPAN_OF(use->payer.bytes)));
    TRY(buffer_put_u32(&b, last + 1));
    TRY(buffer_put(&b, SPAN_OF(use->box.bytes)));
    TRY(buffer_put(&b, SPAN_OF(use->facts.bytes)));
    TRY(buffer_put_i64(&b, use->expires_us));
    TRY(memory_write(m, MEMORY_VERIFIER, span_of_buffer(&b), ret_position));
    *ret_version = last + 1;
    return OK;
}

Status memory_pin_set(
        Memory *m, const PinUse *use, bool proven, int64_t now_us, uint32_t *ret_version)
{
    uint64_t position = 0;
    uint32_t version = 0;
    TRY(set_locked(m, use, proven, now_us, &version, &position));
    TRY(memory_sync(m, position));
    *ret_version = version;
    return OK;
}

Status memory_grant_check(Memory *m, const uint8_t grant[MEMORY_GRANT_BYTES],
        const KeyedHash *binding, int64_t now_us)
{
    MEMORY_HOLD(m);
    KeyedHash name;
    memcpy(name.bytes, grant, sizeof(name.bytes));
    const MemoryGrant *found = hash_table_find(&m->grants, &name);
    REQUIRE(found != NULL && now_us <= found->expires_us, REFUSED_GRANT_INVALID);
    REQUIRE(keyed_hash_equal(&found->binding, binding), REFUSED_GRANT_INVALID);
    return OK;
}
