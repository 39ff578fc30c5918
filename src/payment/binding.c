#include "payment/binding.h"

#include "base/time.h"
#include "payment/payment_rows.h"
#include "policy/detect.h"
#include "policy/detect_number.h"

static const Column columns[] = {
    { BINDING_TENANT, "tenant", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { BINDING_ID, "id", VALUE_TEXT, false, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_KIND, "kind", VALUE_INT, false, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_USER, "user_id", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "payment" },
    { BINDING_CARD, "card", VALUE_TEXT, true, CLASS_CARD, LEVEL_C2, "payment", FORM_TOKEN },
    { BINDING_MERCHANT, "merchant", VALUE_TEXT, true, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_PLAN, "plan", VALUE_TEXT, true, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_LIMIT, "limit_minor", VALUE_INT, false, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_DAY_LIMIT, "day_limit_minor", VALUE_INT, false, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_STATUS, "status", VALUE_INT, false, CLASS_BINDING, LEVEL_C2, "payment" },
    { BINDING_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
    { BINDING_EXPIRES, "expires", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "payment" },
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table binding_table = {
    TABLE_BINDING,
    .schema = 1,
    .name = "binding",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

static const char *const kinds[] = {
    [BINDING_CONTRACT] = "contract",
    [BINDING_DEDUCTION] = "deduction",
    [BINDING_QUICK_PAY] = "quick-pay",
};

bool binding_kind_of(Span name, BindingKind *ret_kind)
{
    for (int kind = BINDING_CONTRACT; kind <= BINDING_QUICK_PAY; kind++) {
        if (!span_equal(name, span_of_text(kinds[kind]))) continue;
        *ret_kind = (BindingKind)kind;
        return true;
    }
    return false;
}

const char *binding_kind_name(BindingKind kind)
{
    ASSERT(kind >= BINDING_CONTRACT && kind <= BINDING_QUICK_PAY);
    return kinds[kind];
}

/* --- rows --- */

static void key_of(const Binding *binding, Value ret_key[2])
{
    ret_key[0] = VALUE_OF_TEXT(span_of_text(binding->tenant));
    ret_key[1] = VALUE_OF_TEXT(span_of_text(binding->id));
}

static Status of_row(const Row *row, Binding *ret)
{
    const Value *v = row->values;
    Binding b = {
        .kind = (BindingKind)v[COLUMN_AT(BINDING_KIND)].integer,
        .limit_minor = v[COLUMN_AT(BINDING_LIMIT)].integer,
        .day_limit_minor = v[COLUMN_AT(BINDING_DAY_LIMIT)].integer,
        .status = (RegisterStatus)v[COLUMN_AT(BINDING_STATUS)].integer,
        .created_us = v[COLUMN_AT(BINDING_CREATED)].integer,
        .expires_us = v[COLUMN_AT(BINDING_EXPIRES)].integer,
    };
    REQUIRE(b.kind >= BINDING_CONTRACT && b.kind <= BINDING_QUICK_PAY, REFUSED_ROW_INVALID);
    TRY(value_copy_text(&v[COLUMN_AT(BINDING_TENANT)], b.tenant, sizeof(b.tenant)));
    TRY(value_copy_text(&v[COLUMN_AT(BINDING_ID)], b.id, sizeof(b.id)));
    TRY(value_copy_text(&v[COLUMN_AT(BINDING_USER)], b.user, sizeof(b.user)));
    TRY(value_copy_text(&v[COLUMN_AT(BINDING_CARD)], b.card, sizeof(b.card)));
    TRY(value_copy_text(&v[COLUMN_AT(BINDING_MERCHANT)], b.merchant, sizeof(b.merchant)));
    TRY(value_copy_text(&v[COLUMN_AT(BINDING_PLAN)], b.plan, sizeof(b.plan)));
    *ret = b;
    return OK;
}

static void values_of(const Binding *b, Value ret_values[COLUMNS])
{
    key_of(b, ret_values);
    ret_values[COLUMN_AT(BINDING_KIND)] = VALUE_OF_INT((int64_t)b->kind);
    ret_values[COLUMN_AT(BINDING_USER)] = VALUE_OF_TEXT(span_of_text(b->user));
    ret_values[COLUMN_AT(BINDING_CARD)] = value_of_optional_text(b->card);
    ret_values[COLUMN_AT(BINDING_MERCHANT)] = value_of_optional_text(b->merchant);
    ret_values[COLUMN_AT(BINDING_PLAN)] = value_of_optional_text(b->plan);
    ret_values[COLUMN_AT(BINDING_LIMIT)] = VALUE_OF_INT(b->limit_minor);
    ret_values[COLUMN_AT(BINDING_DAY_LIMIT)] = VALUE_OF_INT(b->day_limit_minor);
    ret_values[COLUMN_AT(BINDING_STATUS)] = VALUE_OF_INT((int64_t)b->status);
    ret_values[COLUMN_AT(BINDING_CREATED)] = VALUE_OF_INT(b->created_us);
    ret_values[COLUMN_AT(BINDING_EXPIRES)] = VALUE_OF_INT(b->expires_us);
}

/* --- what may be in one --- */

/* Letters, digits and `_-./`. Digits alone are at most twelve, so that no card's number is one. */
static bool is_id(Span span, size_t least)
{
    size_t digits = 0;
    for (size_t i = 0; i < span.size; i++) {
        const uint8_t c = span.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool mark = c == '_' || c == '-' || c == '.' || c == '/';
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !mark && !digit) return false;
        digits += digit;
    }
    return span.size >= least && (digits < span.size || digits < DETECT_DIGITS_MIN);
}

bool binding_id_is_valid(Span id)
{
    return is_id(id, 1) && detect_kind(id, DETECT_ALL) == DETECT_NOTHING;
}

/* What the detectors of free text find is in no name either. A token is digits that no card is. */
static Status holds_no_card(const Binding *b)
{
    const char *const texts[] = { b->id, b->user, b->plan };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        TRY(detect_kept_text(span_of_text(texts[i])));
    REQUIRE(!detect_luhn(span_of_text(b->card)), REFUSED_DATA_CARD_NUMBER);
    return OK;
}

static bool is_token(const char *text)
{
    const Span span = span_of_text(text);
    for (size_t i = 0; i < span.size; i++) {
        if (span.data[i] < '0' || span.data[i] > '9') return false;
    }
    return span.size == 0 || (span.size >= DETECT_DIGITS_MIN && span.size <= DETECT_DIGITS_MAX);
}

static Status check(const Binding *b, int64_t now_us)
{
    TRY(holds_no_card(b));
    REQUIRE(b->kind >= BINDING_CONTRACT && b->kind <= BINDING_QUICK_PAY, REFUSED_BINDING_FIELD);
    REQUIRE(is_id(span_of_text(b->id), 1) && is_id(span_of_text(b->user), 1)
                    && is_id(span_of_text(b->plan), 0),
            REFUSED_BINDING_FIELD);
    REQUIRE(is_token(b->card), REFUSED_BINDING_FIELD);
    REQUIRE(b->merchant[0] == 0 || merchant_id_is_valid(span_of_text(b->merchant)),
            REFUSED_BINDING_FIELD);
    REQUIRE(b->kind != BINDING_QUICK_PAY || b->card[0] != 0, REFUSED_BINDING_FIELD);
    REQUIRE(b->kind != BINDING_DEDUCTION || b->merchant[0] != 0, REFUSED_BINDING_FIELD);
    REQUIRE(b->limit_minor >= 0 && b->limit_minor <= LEDGER_MINOR_MAX, REFUSED_BINDING_FIELD);
    REQUIRE(b->day_limit_minor >= b->limit_minor && b->day_limit_minor <= LEDGER_MINOR_MAX,
            REFUSED_BINDING_FIELD);
    REQUIRE(b->expires_us > now_us, REFUSED_BINDING_FIELD);
    return OK;
}

static bool same_terms(const Binding *a, const Binding *b)
{
    return a->kind == b->kind && strcmp(a->user, b->user) == 0 && strcmp(a->card, b->card) == 0
            && strcmp(a->merchant, b->merchant) == 0 && strcmp(a->plan, b->plan) == 0
            && a->limit_minor == b->limit_minor && a->day_limit_minor == b->day_limit_minor
            && a->expires_us == b->expires_us;
}

/* --- the unit --- */

static Status gather(Unit *unit, Rows *rows)
{
    const BindingWork *work = (const BindingWork *)unit;
    Value key[2];
    const Row *row = NULL;
    key_of(&work->binding, key);
    return rows_get(rows, &binding_table, key, &row);
}

static Status make(BindingWork *work, Rows *rows, const Row *row)
{
    Binding *binding = &work->binding;
    Value values[COLUMNS];
    if (row != NULL) {
        Binding there;
        TRY(of_row(row, &there));
        REQUIRE(same_terms(&there, binding), REFUSED_BINDING_EXISTS);
        *binding = there;
        return OK;
    }
    TRY(check(binding, rows_now_us(rows)));
    binding->status = STATUS_LIVE;
    binding->created_us = rows_now_us(rows);
    values_of(binding, values);
    return rows_insert(rows, &binding_table, values);
}

static Status act(BindingWork *work, Rows *rows)
{
    Value key[2];
    Value values[COLUMNS];
    const Row *row = NULL;
    key_of(&work->binding, key);
    TRY(rows_get(rows, &binding_table, key, &row));
    if (work->act == BINDING_MAKE) return make(work, rows, row);
    REQUIRE(row != NULL, REFUSED_BINDING_UNKNOWN);
    TRY(of_row(row, &work->binding));
    if (work->act == BINDING_READ || work->binding.status == STATUS_CLOSED) return OK;
    work->binding.status = STATUS_CLOSED;
    values_of(&work->binding, values);
    return rows_update(rows, &binding_table, values);
}

static Status run(Unit *unit, Rows *rows)
{
    BindingWork *work = (BindingWork *)unit;
    const Status s = act(work, rows);
    const Record record = { .kind = work->act == BINDING_END ? AUDIT_BINDING_END
                                                             : AUDIT_BINDING_MAKE,
        .role = "caller",
        .actor = work->caller,
        .mchid = work->binding.tenant,
        .subject = work->binding.id,
        .quiet = work->act == BINDING_READ };
    /* A refused number must not stand in the log that keeps everything. */
    if (status_is(s, REFUSED_DATA_CARD_NUMBER) || status_is(s, REFUSED_BINDING_FIELD)) return s;
    return record_end(rows, &record, s);
}

void binding_unit(BindingWork *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = gather, .run = run, .done = done };
}
