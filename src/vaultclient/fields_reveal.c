/* Reveals and their log: what vaultd answers only to people's signatures or budgets. */
#include "vaultclient/fields_inside.h"

#include "crypto/digest.h"
#include "vaultclient/client_internal.h"

#include <stdlib.h>

enum { RECORD_BYTES_MAX = 2048 };

#define READ(expression) REQUIRE(status_ok(expression), REFUSED_IPC_FORMAT)

static Status put_approvals(const WireApproval *approvals, Buffer *request)
{
    TRY(wire_put_approval(request, &approvals[0]));
    return wire_put_approval(request, &approvals[1]);
}

static Status ask_reveal(const Fields *fields, const WireReveal *reveal,
        const WireApproval *approvals, Buffer *ret_box)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    Span box;
    TRY(slot_take(fields->vault, &slot));
    TRY(wire_put_reveal(&slot->request, reveal));
    TRY(buffer_put_u8(&slot->request, approvals != NULL ? 2 : 0));
    if (approvals != NULL) TRY(put_approvals(approvals, &slot->request));
    TRY(slot_ask(slot, VAULT_REVEAL_FIELD, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    READ(cursor_framed(&c, WIRE_BOX_BYTES_MAX, &box));
    return buffer_put(ret_box, box);
}

Status fields_reveal_given(const Fields *fields, const WireReveal *reveal,
        const WireApproval *approvals, Buffer *ret_box)
{
    uint8_t memory[WIRE_WRAPPED_BYTES_MAX];
    Buffer wrapped = BUFFER_OF(memory);
    WireReveal whole = *reveal;
    TRY(fields_subject_key_find(fields, reveal->tenant, reveal->subject, &wrapped));
    whole.wrapped = span_of_buffer(&wrapped);
    const Status s = ask_reveal(fields, &whole, approvals, ret_box);
    /* Denied or not, there is a line to keep; one that cannot be kept now is kept next time. */
    IGNORE(fields_keep_reveals(fields), "vaultd holds it until then");
    return s;
}

Status fields_reveal(const Fields *fields, const WireReveal *reveal, const WireApproval *approvals,
        Buffer *ret_box)
{
    FieldRow row;
    WireReveal whole = *reveal;
    const WireBatchHead head = { .tenant = reveal->tenant,
        .data_class = reveal->data_class,
        .table = reveal->table,
        .column = reveal->column };
    TRY(fields_row_find(fields, &head, reveal->row_key, &row));
    whole.subject = (Span) { row.subject, row.subject_bytes };
    whole.sealed = (Span) { row.sealed, row.sealed_bytes };
    return fields_reveal_given(fields, &whole, approvals, ret_box);
}

Status fields_print(const Fields *fields, const WireBatchHead *head, Span row_key,
        uint8_t ret_digest[WIRE_HASH_BYTES])
{
    FieldRow row;
    TRY(fields_row_find(fields, head, row_key, &row));
    sha256((Span) { row.sealed, row.sealed_bytes }, ret_digest);
    return OK;
}

/* --- the log --- */

static const char put_line[] =
        "INSERT INTO reveal(number, record) VALUES (?1, ?2) ON CONFLICT(number) DO NOTHING";
static const char get_lines[] =
        "SELECT record FROM reveal WHERE number > ?1 ORDER BY number LIMIT 1024";

typedef struct Taking {
    Cursor lines;
    uint32_t count;
    uint64_t first;
} Taking;

static Status keep_lines(void *context, Store *store)
{
    Taking *t = context;
    for (uint32_t i = 0; i < t->count; i++) {
        Span record;
        READ(cursor_framed(&t->lines, WIRE_MESSAGE_BYTES_MAX, &record));
        const Value values[] = { VALUE_OF_INT((int64_t)(t->first + i)), VALUE_OF_BYTES(record) };
        TRY(store_execute(store, put_line, values, 2));
    }
    return OK;
}

static Status ask_number(Slot *slot, VaultOperation operation, uint64_t number)
{
    slot->request.size = 0;
    slot->answer.size = 0;
    TRY(buffer_put_u64(&slot->request, number));
    return slot_ask(slot, operation, &slot->answer);
}

static Status keep_some(const Fields *fields, Slot *slot, uint32_t *ret_count, WireRevealHead *head)
{
    Taking taking = { 0 };
    TRY(ask_number(slot, VAULT_REVEAL_LOG, 0));
    taking.lines = cursor_of(span_of_buffer(&slot->answer));
    READ(wire_take_reveal_head(&taking.lines, head));
    READ(wire_take_count(&taking.lines, WIRE_REVEALS_MAX, &taking.count));
    *ret_count = taking.count;
    if (taking.count == 0) return OK;
    taking.first = head->kept + 1;
    TRY(domain_transaction(fields->domain, keep_lines, &taking));
    return ask_number(slot, VAULT_REVEAL_KEPT, head->kept + taking.count);
}

static Status keep_all(const Fields *fields, WireRevealHead *ret_head)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    uint32_t count = 1;
    TRY(slot_take(fields->vault, &slot));
    while (count > 0)
        TRY(keep_some(fields, slot, &count, ret_head));
    return OK;
}

Status fields_keep_reveals(const Fields *fields)
{
    WireRevealHead head;
    return keep_all(fields, &head);
}

/* --- into a restored store --- */

enum { CARRIED_MAX = 256 };

typedef struct Carrying {
    int64_t after; /* the last number that was carried */
    size_t count;
    Buffer bytes; /* number u64, record framed, each */
} Carrying;

static const char get_carried[] =
        "SELECT number, record FROM reveal WHERE number > ?1 ORDER BY number LIMIT 256";

static Status take_carried(void *context, const Value *values, size_t count)
{
    Carrying *c = context;
    ASSERT(count == 2 && c->count < CARRIED_MAX);
    c->count++;
    c->after = values[0].integer;
    TRY(buffer_put_u64(&c->bytes, (uint64_t)values[0].integer));
    return buffer_put_framed(&c->bytes, values[1].bytes);
}

static Status put_carried(void *context, Store *store)
{
    const Carrying *carrying = context;
    Cursor c = cursor_of(span_of_buffer(&carrying->bytes));
    for (size_t i = 0; i < carrying->count; i++) {
        uint64_t number = 0;
        Span record;
        TRY(cursor_u64(&c, &number));
        TRY(cursor_framed(&c, WIRE_MESSAGE_BYTES_MAX, &record));
        const Value values[] = { VALUE_OF_INT((int64_t)number), VALUE_OF_BYTES(record) };
        TRY(store_execute(store, put_line, values, 2));
    }
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status fields_carry_reveals(DomainStore *from, DomainStore *to)
{
    enum { BYTES = CARRIED_MAX * (RECORD_BYTES_MAX + 16) };
    CLEANUP(memory_free) uint8_t *memory = malloc(BYTES);
    CHECK(memory != NULL, FAULT_MEMORY);
    Carrying carrying = { .count = 1 };
    while (carrying.count > 0) {
        const Value after = VALUE_OF_INT(carrying.after);
        carrying.count = 0;
        carrying.bytes = (Buffer) { memory, 0, BYTES };
        TRY(domain_query(from, get_carried, &after, 1, take_carried, &carrying));
        TRY(domain_transaction(to, put_carried, &carrying));
    }
    return OK;
}

/* --- what the audit log has of them --- */

typedef struct Visiting {
    FieldsVisit visit;
    void *context;
} Visiting;

static Status visit_line(void *context, const Value *values, size_t count)
{
    const Visiting *v = context;
    WireRevealRecord record;
    ASSERT(count == 1);
    Cursor c = cursor_of(values[0].bytes);
    REQUIRE(status_ok(wire_take_reveal_record(&c, &record)), REFUSED_ROW_INVALID);
    return v->visit(v->context, &record);
}

Status fields_reveals_after(const Fields *fields, uint64_t number, FieldsVisit visit, void *context)
{
    const Value after = VALUE_OF_INT((int64_t)number);
    Visiting visiting = { visit, context };
    return domain_query(fields->domain, get_lines, &after, 1, visit_line, &visiting);
}

static const char get_told[] = "SELECT done FROM walk WHERE name = 'reveals told'";
static const char put_told[] =
        "INSERT INTO walk(name, total, done, tenant, table_id, column_id, row_key)"
        " VALUES ('reveals told', 0, ?1, '', 0, 0, '')"
        " ON CONFLICT(name) DO UPDATE SET done = excluded.done";

static Status take_told(void *context, const Value *values, size_t count)
{
    ASSERT(count == 1);
    *(uint64_t *)context = (uint64_t)values[0].integer;
    return OK;
}

Status fields_reveals_told(const Fields *fields, uint64_t *ret_number)
{
    *ret_number = 0;
    return domain_query(fields->domain, get_told, NULL, 0, take_told, ret_number);
}

static Status store_told(void *context, Store *store)
{
    const Value number = VALUE_OF_INT((int64_t) * (const uint64_t *)context);
    return store_execute(store, put_told, &number, 1);
}

Status fields_reveals_tell(const Fields *fields, uint64_t number)
{
    return domain_transaction(fields->domain, store_told, &number);
}

/* --- proving it --- */

typedef struct Proving {
    uint8_t chain[WIRE_HASH_BYTES];
    uint64_t number; /* of the last line seen */
    uint64_t until; /* lines behind it are newer than the head */
    int64_t from_us;
    int64_t to_us;
    FieldsVisit visit; /* NULL: only prove */
    void *context;
} Proving;

static Status prove_line(void *context, const Value *values, size_t count)
{
    Proving *p = context;
    ASSERT(count == 1);
    WireRevealRecord record;
    Cursor c = cursor_of(values[0].bytes);
    if (p->number == p->until) return OK;
    REQUIRE(status_ok(wire_take_reveal_record(&c, &record)), REFUSED_ROW_MISSING);
    REQUIRE(record.number == p->number + 1, REFUSED_ROW_MISSING);
    const Span parts[] = { SPAN_OF(p->chain), values[0].bytes };
    uint8_t next[DIGEST_SHA256_BYTES];
    digest_parts(DIGEST_SHA256, parts, 2, next);
    memcpy(p->chain, next, sizeof(next));
    p->number++;
    const bool asked = record.time_us >= p->from_us && record.time_us < p->to_us;
    return p->visit != NULL && asked ? p->visit(p->context, &record) : OK;
}

static Status walk_lines(const Fields *fields, Proving *p)
{
    while (p->number < p->until) {
        const uint64_t before = p->number;
        const Value after = VALUE_OF_INT((int64_t)before);
        TRY(domain_query(fields->domain, get_lines, &after, 1, prove_line, p));
        REQUIRE(p->number > before, REFUSED_ROW_MISSING);
    }
    return OK;
}

Status fields_reveals(
        const Fields *fields, int64_t from_us, int64_t to_us, FieldsVisit visit, void *context)
{
    WireRevealHead head;
    TRY(keep_all(fields, &head));
    Proving proving = { .until = head.count, .from_us = from_us, .to_us = to_us };
    TRY(walk_lines(fields, &proving));
    REQUIRE(bytes_equal_ct(proving.chain, head.chain, sizeof(head.chain)), REFUSED_ROW_MISSING);
    Proving visiting = {
        .until = head.count, .from_us = from_us, .to_us = to_us, .visit = visit, .context = context
    };
    return walk_lines(fields, &visiting);
}
