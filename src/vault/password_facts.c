#include "vault/password_facts.h"

#include "base/time.h"
#include "policy/tables.h"
#include "vault/field_inside.h"

static bool has_digits(uint16_t data_class)
{
    return data_class == CLASS_IDENTITY_NUMBER || data_class == CLASS_PHONE;
}

static Status open_fact(
        FieldBatch *b, const WireOwner *owner, const WireSealedFact *fact, PersonalFacts *facts)
{
    uint8_t memory[FIELD_PLAIN_BYTES_MAX];
    CLEANUP(field_wipe_buffer) Buffer plain = BUFFER_OF(memory);
    TRY(field_fact_open(b, owner->user, fact->data_class, fact->sealed, &plain));
    personal_facts_add(facts, fact->data_class == CLASS_IDENTITY_NUMBER,
            (Span) { plain.data + 1, plain.size - 1 }); /* the first byte is its FieldKind */
    return OK;
}

Status password_facts_open(
        Field *field, const WireOwner *owner, const WireKnown *known, PersonalFacts *ret_facts)
{
    CLEANUP(field_batch_give) FieldBatch *b = NULL;
    if (known->count == 0) return OK;
    TRY(field_batch_take(field, &b));
    b->head = (WireBatchHead) { .tenant = owner->tenant, .table = TABLE_FIELD };
    TRY(field_subject_find(b, owner->user, known->wrapped));
    for (size_t i = 0; i < known->count; i++)
        if (has_digits(known->of[i].data_class)) TRY(open_fact(b, owner, &known->of[i], ret_facts));
    return OK;
}

/* One more of what may be done with this person's facts so often a day. */
static Status count(
        Field *field, Span what, const WireOwner *owner, uint32_t most, StatusCode refusal)
{
    uint8_t memory[64 + WIRE_TENANT_BYTES_MAX + WIRE_USER_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    MemoryExpiring day;
    Memory *m = field->config.memory;
    const int64_t now_us = clock_now_us(&field->config.clock);
    TRY(buffer_put_framed(&text, what));
    TRY(buffer_put_framed(&text, owner->tenant));
    TRY(buffer_put_framed(&text, owner->user));
    TRY(buffer_put_i64(&text, time_business_day(now_us)));
    keyed_hash(&m->names, span_of_buffer(&text), &day.name);
    day.expires_us = now_us + TIME_DAY_US;
    return memory_budget_use(m, &day, 1, most, refusal, now_us);
}

Status password_facts_try(Field *field, const WireOwner *owner)
{
    return count(field, SPAN("password-fact-tries"), owner, PASSWORD_FACT_TRIES_PER_DAY,
            REFUSED_PIN_LOCKED);
}

Status password_facts_take(
        Field *field, const WireOwner *owner, Cursor *c, PersonalFacts *ret_facts)
{
    WireKnown known;
    TRY(wire_take_known(c, &known));
    TRY(cursor_end(c));
    for (size_t i = 0; i < known.count; i++)
        REQUIRE(has_digits(known.of[i].data_class), REFUSED_PASSWORD_FACTS);
    if (known.count > 0)
        TRY(count(field, SPAN("password-fact-sets"), owner, PASSWORD_FACT_SETS_PER_DAY,
                REFUSED_PASSWORD_SETS));
    return password_facts_open(field, owner, &known, ret_facts);
}
