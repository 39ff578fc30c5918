/* The records of memory_password.h, as memory_apply.c. */
#include "vault/memory_password.h"

#include "vault/verifier.h"

static Status take_hash(Cursor *c, KeyedHash *ret)
{
    return cursor_copy(c, KEYED_HASH_BYTES, ret->bytes);
}

static Status put_person(HashTable *people, Cursor *c, MemoryPayer **ret)
{
    KeyedHash name;
    void *record = NULL;
    bool is_new = false;
    TRY(take_hash(c, &name));
    TRY(hash_table_put(people, &name, &record, &is_new));
    *ret = record;
    return OK;
}

static Status apply_people(HashTable *people, Cursor *c)
{
    while (c->rest.size > 0) {
        MemoryPayer *payer = NULL;
        TRY(put_person(people, c, &payer));
        TRY(cursor_u32(c, &payer->version));
        TRY(cursor_u32(c, &payer->wrong));
        TRY(cursor_i64(c, &payer->locked_until_us));
        TRY(cursor_u32(c, &payer->next));
        TRY(cursor_u8(c, &payer->form));
        TRY(cursor_u8(c, &payer->next_form));
    }
    return OK;
}

/* Anybody can try names that nobody has: they may not fill our memory. */
static Status apply_stranger(Memory *m, Cursor *c)
{
    if (m->strangers.count >= MEMORY_STRANGERS_MAX) hash_table_clear(&m->strangers);
    return memory_apply_attempt(m, &m->strangers, c);
}

/* payer | next u32 | form u8 */
static Status apply_offer(Memory *m, Cursor *c)
{
    MemoryPayer *payer = NULL;
    TRY(put_person(&m->payers, c, &payer));
    TRY(cursor_u32(c, &payer->next));
    return cursor_u8(c, &payer->next_form);
}

/* payer | version u32: the one that was offered */
static Status apply_stored(Memory *m, Cursor *c)
{
    MemoryPayer *payer = NULL;
    uint32_t version = 0;
    TRY(put_person(&m->payers, c, &payer));
    TRY(cursor_u32(c, &version));
    REQUIRE(version == payer->next, REFUSED_JOURNAL_TAMPERED);
    payer->version = version;
    payer->form = payer->next_form;
    payer->next = 0;
    payer->next_form = 0;
    return OK;
}

/* The place of this realm, or a free one; NULL: all are taken. */
static MemoryLegacy *legacy_place(Memory *m, const KeyedHash *realm)
{
    MemoryLegacy *free = NULL;
    for (size_t i = 0; i < MEMORY_LEGACY_MAX; i++) {
        MemoryLegacy *legacy = &m->legacy[i];
        if (legacy->formula == 0 && free == NULL) free = legacy;
        if (legacy->formula != 0 && keyed_hash_equal(&legacy->realm, realm)) return legacy;
    }
    return free;
}

/* realm | formula u8 | inner u8 | sealed key framed | approvals */
static Status apply_legacy(Memory *m, Cursor *c)
{
    MemoryLegacy next = { 0 };
    Span key;
    TRY(take_hash(c, &next.realm));
    TRY(cursor_u8(c, &next.formula));
    TRY(cursor_u8(c, &next.inner));
    TRY(cursor_framed(c, MEMORY_LEGACY_KEY_BYTES_MAX, &key));
    if (key.size > 0) memcpy(next.key, key.data, key.size);
    next.key_bytes = (uint16_t)key.size;
    MemoryLegacy *place = legacy_place(m, &next.realm);
    REQUIRE(place != NULL, REFUSED_JOURNAL_TAMPERED);
    *place = next;
    return memory_apply_approvals(m, c);
}

/* verifier's bytes framed | approvals */
static Status apply_reset(Memory *m, Cursor *c)
{
    Span verifier;
    TRY(cursor_framed(c, 128, &verifier));
    Cursor inside = cursor_of(verifier);
    TRY(memory_apply_verifier(m, &inside));
    TRY(cursor_end(&inside));
    return memory_apply_approvals(m, c);
}

static Status apply_spent(Memory *m, Cursor *c)
{
    KeyedHash grant;
    TRY(take_hash(c, &grant));
    (void)hash_table_delete(&m->grants, &grant); /* it may have expired before a snapshot */
    return OK;
}

static Status apply_revealed(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash owner;
        void *record = NULL;
        bool is_new = false;
        TRY(take_hash(c, &owner));
        TRY(hash_table_put(&m->reveals, &owner, &record, &is_new));
        MemoryReveal *reveal = record;
        TRY(cursor_i64(c, &reveal->day));
        TRY(cursor_u32(c, &reveal->count));
        TRY(cursor_i64(c, &reveal->signed_s));
    }
    return OK;
}

Status memory_apply_password(Memory *m, uint16_t kind, Cursor *c)
{
    switch (kind) {
    case MEMORY_SUBJECTS: return apply_people(&m->payers, c);
    case MEMORY_STRANGER: return apply_stranger(m, c);
    case MEMORY_STRANGERS: return apply_people(&m->strangers, c);
    case MEMORY_OFFER: return apply_offer(m, c);
    case MEMORY_STORED: return apply_stored(m, c);
    case MEMORY_LEGACY: return apply_legacy(m, c);
    case MEMORY_RESET: return apply_reset(m, c);
    case MEMORY_SPENT: return apply_spent(m, c);
    case MEMORY_REVEALED: return apply_revealed(m, c);
    default: return REFUSE(REFUSED_JOURNAL_TAMPERED);
    }
}
