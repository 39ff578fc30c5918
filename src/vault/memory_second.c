#include "vault/memory_second.h"

#include "vault/memory_pin.h"

static Status put_step(const void *record, Buffer *b)
{
    const MemoryStep *step = record;
    TRY(buffer_put(b, SPAN_OF(step->subject.bytes)));
    return buffer_put_u32(b, step->step);
}

static Status write_step(Memory *m, const KeyedHash *subject, uint32_t step, uint64_t *ret_position)
{
    uint8_t memory[32];
    Buffer b = BUFFER_OF(memory);
    const MemoryStep used = { .subject = *subject, .step = step };
    TRY(put_step(&used, &b));
    return memory_write(m, MEMORY_STEP, span_of_buffer(&b), ret_position);
}

Status memory_second_begin(Memory *m, const KeyedHash *subject)
{
    MEMORY_HOLD(m);
    uint64_t position = 0;
    if (hash_table_find(&m->steps, subject) != NULL) return OK;
    REQUIRE(m->steps.count < MEMORY_PAYERS_MAX, REFUSED_VAULT_BUSY);
    return write_step(m, subject, 0, &position);
}

static Status use_locked(Memory *m, const KeyedHash *subject, uint32_t step, uint64_t *ret_position)
{
    MEMORY_HOLD(m);
    const MemoryStep *last = hash_table_find(&m->steps, subject);
    REQUIRE(last == NULL || step > last->step, REFUSED_PIN_WRONG);
    REQUIRE(last != NULL || m->steps.count < MEMORY_PAYERS_MAX, REFUSED_VAULT_BUSY);
    return write_step(m, subject, step, ret_position);
}

Status memory_second_use(Memory *m, const KeyedHash *subject, uint32_t step)
{
    uint64_t position = 0;
    TRY(use_locked(m, subject, step, &position));
    return memory_sync(m, position);
}

Status memory_second_shown(Memory *m, const KeyedHash *subject, uint32_t version)
{
    MEMORY_HOLD(m);
    const MemoryPayer *known = hash_table_find(&m->payers, subject);
    const bool fits = known == NULL || known->version == 0 ? version == 0
                                                           : memory_pin_is_current(known, version);
    REQUIRE(fits, REFUSED_VERIFIER_ROLLED_BACK);
    return OK;
}

/* subject | step u32, again and again */
Status memory_apply_steps(Memory *m, Cursor *c)
{
    while (c->rest.size > 0) {
        KeyedHash subject;
        void *record = NULL;
        bool is_new = false;
        TRY(cursor_copy(c, KEYED_HASH_BYTES, subject.bytes));
        TRY(hash_table_put(&m->steps, &subject, &record, &is_new));
        TRY(cursor_u32(c, &((MemoryStep *)record)->step));
    }
    return OK;
}

Status memory_snapshot_steps(const Memory *m, Journal *journal)
{
    return memory_put_table(journal, MEMORY_STEP, &m->steps, put_step);
}
