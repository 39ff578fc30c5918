#include "policy/amend.h"

#include "policy/cells.h"

#include <stdlib.h>

enum { BLOB_FORM = 1 };
#define BLOB_MAGIC SPAN("hufupol")

/* --- bytes --- */

/* One cell, one key: kind, class, layer, purpose. */
static uint64_t key_of(const PolicyAmendment *a)
{
    const bool rule = a->kind == AMEND_RULE;
    const uint64_t place = rule ? (uint64_t)a->layer << 8 | a->purpose : 0;
    return (uint64_t)a->kind << 32 | (uint64_t)a->class << 16 | place;
}

static Status check_numbers(const PolicyAmendment *a)
{
    REQUIRE(data_class_facts(a->class) != NULL, REFUSED_POLICY_UNKNOWN);
    if (a->kind == AMEND_MASK) {
        REQUIRE(a->mask.shape < policy_name_count(POLICY_SHAPES), REFUSED_POLICY_UNKNOWN);
        return OK;
    }
    REQUIRE(a->layer >= 1 && a->layer <= POLICY_LAYER_COUNT, REFUSED_POLICY_UNKNOWN);
    REQUIRE(a->purpose < POLICY_PURPOSE_COUNT, REFUSED_POLICY_UNKNOWN);
    REQUIRE(a->forms < FORM_BIT(POLICY_FORM_COUNT), REFUSED_POLICY_UNKNOWN);
    REQUIRE((a->forms & FORM_BIT(FORM_REFUSE)) == 0, REFUSED_POLICY_BLOB);
    REQUIRE(a->usual < POLICY_FORM_COUNT, REFUSED_POLICY_UNKNOWN);
    const bool fits =
            a->forms == 0 ? a->usual == FORM_REFUSE : (a->forms & FORM_BIT(a->usual)) != 0;
    REQUIRE(fits, REFUSED_POLICY_BLOB);
    return OK;
}

static Status check_texts(const PolicyAmendment *a)
{
    REQUIRE(a->clause.size <= POLICY_CLAUSE_BYTES_MAX, REFUSED_POLICY_BLOB);
    REQUIRE(a->reason.size <= POLICY_REASON_BYTES_MAX, REFUSED_POLICY_BLOB);
    REQUIRE(span_is_utf8(a->clause) && span_is_utf8(a->reason), REFUSED_POLICY_BLOB);
    const bool whole = a->until_us >= 0 && a->until_us % CELL_SECOND_US == 0
            && a->until_us / CELL_SECOND_US <= CELL_UNTIL_MAX_S;
    REQUIRE(whole, REFUSED_POLICY_BLOB);
    return OK;
}

static Status read_one(Cursor *c, PolicyAmendment *ret)
{
    PolicyAmendment a = { 0 };
    uint8_t kind = 0;
    uint8_t four[4];
    TRY(cursor_u8(c, &kind));
    TRY(cursor_u16(c, &a.class));
    TRY(cursor_copy(c, sizeof(four), four));
    TRY(cursor_i64(c, &a.until_us));
    TRY(cursor_framed(c, POLICY_CLAUSE_BYTES_MAX, &a.clause));
    TRY(cursor_framed(c, POLICY_REASON_BYTES_MAX, &a.reason));
    REQUIRE(kind == AMEND_RULE || kind == AMEND_MASK, REFUSED_POLICY_BLOB);
    a.kind = (AmendmentKind)kind;
    if (a.kind == AMEND_MASK) {
        REQUIRE(four[3] == 0, REFUSED_POLICY_BLOB);
        a.mask = (PolicyMask) { four[0], four[1], four[2] };
    } else {
        a.layer = four[0];
        a.purpose = four[1];
        a.usual = four[2];
        a.forms = four[3];
    }
    TRY(check_numbers(&a));
    TRY(check_texts(&a));
    *ret = a;
    return OK;
}

static Status read_all(Cursor *c, PolicyBlob *ret)
{
    Span magic;
    uint8_t form = 0;
    uint16_t count = 0;
    TRY(cursor_take(c, BLOB_MAGIC.size, &magic));
    TRY(cursor_u8(c, &form));
    TRY(cursor_u64(c, &ret->version));
    TRY(cursor_u16(c, &count));
    REQUIRE(span_equal(magic, BLOB_MAGIC) && form == BLOB_FORM, REFUSED_POLICY_BLOB);
    REQUIRE(ret->version > 0 && count <= POLICY_AMENDMENTS_MAX, REFUSED_POLICY_BLOB);
    uint64_t before = 0;
    for (ret->count = 0; ret->count < count; ret->count++) {
        PolicyAmendment *a = &ret->amendments[ret->count];
        TRY(read_one(c, a));
        REQUIRE(key_of(a) > before, REFUSED_POLICY_BLOB);
        before = key_of(a);
    }
    return cursor_end(c);
}

Status policy_blob_read(Span bytes, PolicyBlob *ret_blob)
{
    REQUIRE(bytes.size <= POLICY_BLOB_BYTES_MAX, REFUSED_POLICY_BLOB);
    Cursor c = cursor_of(bytes);
    *ret_blob = (PolicyBlob) { 0 };
    const Status s = read_all(&c, ret_blob);
    if (status_ok(s)) return s;
    *ret_blob = (PolicyBlob) { 0 };
    return status_is(s, REFUSED_POLICY_UNKNOWN) ? s : REFUSE(REFUSED_POLICY_BLOB);
}

static int by_key(const void *a, const void *b)
{
    const uint64_t left = key_of(a);
    const uint64_t right = key_of(b);
    return left < right ? -1 : left > right;
}

static Status write_one(const PolicyAmendment *a, Buffer *b)
{
    const bool rule = a->kind == AMEND_RULE;
    const uint8_t four[] = { rule ? a->layer : a->mask.shape, rule ? a->purpose : a->mask.first,
        rule ? a->usual : a->mask.last, rule ? a->forms : 0 };
    TRY(check_numbers(a));
    TRY(check_texts(a));
    TRY(buffer_put_u8(b, (uint8_t)a->kind));
    TRY(buffer_put_u16(b, a->class));
    TRY(buffer_put(b, SPAN_OF(four)));
    TRY(buffer_put_i64(b, a->until_us));
    TRY(buffer_put_framed(b, a->clause));
    return buffer_put_framed(b, a->reason);
}

static Status write_all(const PolicyBlob *blob, Buffer *b)
{
    TRY(buffer_put(b, BLOB_MAGIC));
    TRY(buffer_put_u8(b, BLOB_FORM));
    TRY(buffer_put_u64(b, blob->version));
    TRY(buffer_put_u16(b, (uint16_t)blob->count));
    for (size_t i = 0; i < blob->count; i++) {
        const bool twice =
                i > 0 && key_of(&blob->amendments[i]) == key_of(&blob->amendments[i - 1]);
        REQUIRE(!twice, REFUSED_POLICY_BLOB);
        TRY(write_one(&blob->amendments[i], b));
    }
    return OK;
}

Status policy_blob_write(PolicyBlob *blob, Buffer *ret_bytes)
{
    ASSERT(blob->count <= POLICY_AMENDMENTS_MAX && blob->version > 0);
    qsort(blob->amendments, blob->count, sizeof(PolicyAmendment), by_key);
    const size_t before = ret_bytes->size;
    Status s = write_all(blob, ret_bytes);
    if (status_ok(s) && ret_bytes->size - before > POLICY_BLOB_BYTES_MAX)
        s = REFUSE(REFUSED_BUFFER_FULL);
    if (!status_ok(s)) ret_bytes->size = before;
    return s;
}

/* --- meaning --- */

bool policy_mask_is_looser(uint32_t class, PolicyMask mask)
{
    const PolicyMask usual = policy_mask(policy_default(), class, 0);
    if (mask.shape == MASK_SHAPE_ALL) return false;
    return mask.shape != usual.shape || mask.first > usual.first || mask.last > usual.last;
}

bool policy_amendment_is_override(const PolicyAmendment *a)
{
    if (a->kind == AMEND_MASK) return policy_mask_is_looser(a->class, a->mask);
    const PolicyDecision d = policy_decide(policy_default(), a->class, a->layer, a->purpose, 0);
    return (a->forms & ~d.forms) != 0;
}

bool policy_amendment_is_over(const PolicyAmendment *a, int64_t now_us)
{
    return a->until_us != 0 && now_us >= a->until_us;
}

/* Grants are vaultd's own (TP-5); authentication secrets are never in clear where the default has
 * them otherwise; a card shows no more than its first six and last four. */
static bool is_fixed(const PolicyAmendment *a)
{
    if (policy_is_fixed(a->class)) return true;
    const bool card = a->class == CLASS_CARD || a->class == CLASS_BANK_ACCOUNT;
    if (a->kind == AMEND_MASK)
        return (card
                       && (a->mask.first > POLICY_CARD_FIRST_MAX
                               || a->mask.last > POLICY_CARD_LAST_MAX))
                || (data_class_facts(a->class)->level == LEVEL_C3);
    const bool secret = data_class_facts(a->class)->level == LEVEL_C3;
    return a->purpose == PURPOSE_GRANTED || (secret && (a->forms & FORM_BIT(FORM_CLEAR)) != 0);
}

static Status check_one(const PolicyAmendment *a, int64_t now_us)
{
    if (!policy_amendment_is_override(a)) return OK;
    REQUIRE(!is_fixed(a), REFUSED_POLICY_FIXED);
    REQUIRE(a->reason.size > 0 && a->clause.size > 0, REFUSED_POLICY_OVERRIDE);
    const bool ends = a->until_us > now_us && a->until_us - now_us <= POLICY_OVERRIDE_MAX_US;
    REQUIRE(ends, REFUSED_POLICY_OVERRIDE);
    return OK;
}

Status policy_blob_check(const PolicyBlob *blob, int64_t now_us, size_t *ret_wrong)
{
    for (size_t i = 0; i < blob->count; i++) {
        *ret_wrong = i;
        TRY(check_one(&blob->amendments[i], now_us));
    }
    return OK;
}

/* --- laying over --- */

static uint64_t pack(const PolicyAmendment *a)
{
    const uint64_t until_s = (uint64_t)(a->until_us / CELL_SECOND_US);
    if (a->kind == AMEND_MASK)
        return CELL_AMENDED | until_s << CELL_MASK_UNTIL | (uint64_t)a->mask.last << 16
                | (uint64_t)a->mask.first << 8 | a->mask.shape;
    return CELL_AMENDED | until_s << CELL_RULE_UNTIL | (uint64_t)a->usual << 8 | a->forms;
}

static const PolicyAmendment *find(const PolicyBlob *blob, uint64_t key)
{
    for (size_t i = 0; i < blob->count; i++)
        if (key_of(&blob->amendments[i]) == key) return &blob->amendments[i];
    return NULL;
}

static void put_cell(_Atomic uint64_t *cell, const PolicyAmendment *a)
{
    atomic_store_explicit(cell, a == NULL ? 0 : pack(a), memory_order_relaxed);
}

void policy_adopt(Policy *policy, const PolicyBlob *blob)
{
    atomic_store(&policy->amended, true); /* before the cells, so that nobody misses an end */
    for (size_t c = 0; c < DATA_CLASS_COUNT; c++) {
        PolicyAmendment key = { .kind = AMEND_MASK, .class = (uint16_t)data_class_at(c)->class };
        put_cell(&policy->masks[c], find(blob, key_of(&key)));
        key.kind = AMEND_RULE;
        for (key.layer = 1; key.layer <= POLICY_LAYER_COUNT; key.layer++) {
            for (key.purpose = 0; key.purpose < POLICY_PURPOSE_COUNT; key.purpose++)
                put_cell(&policy->cells[c][key.layer - 1][key.purpose], find(blob, key_of(&key)));
        }
    }
    if (blob->count == 0) atomic_store(&policy->amended, false);
}
