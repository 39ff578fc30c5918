#include "attach/value.h"

/* OIDs of pg_type.dat: they never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_JSON = 114,
    TYPE_FLOAT4 = 700,
    TYPE_FLOAT8 = 701,
    TYPE_BPCHAR = 1042,
    TYPE_VARCHAR = 1043,
    TYPE_DATE = 1082,
    TYPE_TIME = 1083,
    TYPE_TIMESTAMP = 1114,
    TYPE_TIMESTAMPTZ = 1184,
    TYPE_NUMERIC = 1700,
    TYPE_UUID = 2950,
};

/* PostgreSQL counts from 2000-01-01. */
#define EPOCH_US ((int64_t)946684800 * 1000000)
enum { EPOCH_DAYS = 10957 };

uint8_t attach_kind(uint32_t type)
{
    switch (type) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
    case TYPE_DATE:
    case TYPE_TIME: return ATTACHED_INT;
    case TYPE_NAME:
    case TYPE_TEXT:
    case TYPE_JSON:
    case TYPE_BPCHAR:
    case TYPE_VARCHAR: return ATTACHED_TEXT;
    case TYPE_BYTEA:
    case TYPE_FLOAT4:
    case TYPE_FLOAT8:
    case TYPE_UUID: return ATTACHED_BYTES;
    case TYPE_NUMERIC: return ATTACHED_NUMERIC;
    case TYPE_TIMESTAMP:
    case TYPE_TIMESTAMPTZ: return ATTACHED_TIME;
    default: return 0;
    }
}

/* A big-endian two's complement integer of 1, 2, 4 or 8 bytes. */
static Status take_int(Cursor *c, size_t size, int64_t *ret)
{
    Span bytes;
    TRY(cursor_take(c, size, &bytes));
    uint64_t number = (bytes.data[0] & 0x80) != 0 && size > 1 ? ~(uint64_t)0 : 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | bytes.data[i];
    *ret = (int64_t)number;
    return cursor_end(c);
}

static Status integer(uint32_t type, Cursor *c, Value *ret)
{
    int64_t number = 0;
    const size_t size = type == TYPE_BOOL            ? 1
            : type == TYPE_INT2                      ? 2
            : type == TYPE_INT4 || type == TYPE_DATE ? 4
                                                     : 8;
    TRY(take_int(c, size, &number));
    const bool infinite = number == INT32_MAX || number == INT32_MIN;
    if (type == TYPE_DATE && !infinite) number += EPOCH_DAYS;
    *ret = VALUE_OF_INT(number);
    return OK;
}

static Status time_of(Cursor *c, Value *ret)
{
    int64_t us = 0;
    TRY(take_int(c, 8, &us));
    const bool infinite = us == INT64_MAX || us == INT64_MIN;
    REQUIRE(infinite || us < INT64_MAX - EPOCH_US, REFUSED_ATTACH_VALUE);
    *ret = VALUE_OF_INT(infinite ? us : us + EPOCH_US);
    return OK;
}

/* --- numeric: groups of four decimal digits --- */

enum {
    GROUP_DIGITS = 4,
    GROUPS_MAX = 128,
    SIGN_PLUS = 0,
    SIGN_MINUS = 0x4000,
    SIGN_NAN = 0xC000,
    SIGN_PINF = 0xD000,
    SIGN_NINF = 0xF000,
};

typedef struct Numeric {
    int groups;
    int weight; /* of the first group: 10000^weight */
    uint16_t sign;
    uint16_t digits[GROUPS_MAX];
} Numeric;

static Status take_numeric(Cursor *c, Numeric *ret)
{
    uint16_t groups = 0;
    uint16_t weight = 0;
    uint16_t scale = 0;
    TRY(cursor_u16(c, &groups));
    TRY(cursor_u16(c, &weight));
    TRY(cursor_u16(c, &ret->sign));
    TRY(cursor_u16(c, &scale));
    REQUIRE(groups <= GROUPS_MAX, REFUSED_ATTACH_VALUE);
    ret->groups = groups;
    ret->weight = (int16_t)weight;
    REQUIRE(ret->weight < GROUPS_MAX && ret->weight > -GROUPS_MAX, REFUSED_ATTACH_VALUE);
    for (int i = 0; i < groups; i++) {
        TRY(cursor_u16(c, &ret->digits[i]));
        REQUIRE(ret->digits[i] < 10000, REFUSED_ATTACH_VALUE);
    }
    return cursor_end(c);
}

static unsigned group_at(const Numeric *n, int power)
{
    const int place = n->weight - power;
    return place >= 0 && place < n->groups ? n->digits[place] : 0;
}

/* All digits of the whole part, then of the fraction; zeros that say nothing are left out. */
static Status print_number(const Numeric *n, Buffer *b)
{
    bool begun = false;
    for (int power = n->weight > 0 ? n->weight : 0; power >= 0; power--) {
        const unsigned group = group_at(n, power);
        if (!begun && group == 0 && power > 0) continue;
        TRY(buffer_print(b, begun ? "%04u" : "%u", group));
        begun = true;
    }
    const int last = n->weight - n->groups + 1;
    if (last >= 0) return OK;
    TRY(buffer_put_u8(b, '.'));
    for (int power = -1; power >= last; power--)
        TRY(buffer_print(b, "%04u", group_at(n, power)));
    while (b->data[b->size - 1] == '0')
        b->size--;
    if (b->data[b->size - 1] == '.') b->size--;
    return OK;
}

static bool is_zero(const Numeric *n)
{
    for (int i = 0; i < n->groups; i++) {
        if (n->digits[i] != 0) return false;
    }
    return true;
}

static Status numeric(Cursor *c, Buffer *scratch, Value *ret)
{
    Numeric n = { .groups = 0 };
    const size_t before = scratch->size;
    TRY(take_numeric(c, &n));
    switch (n.sign) {
    case SIGN_NAN: TRY(buffer_put(scratch, SPAN("NaN"))); break;
    case SIGN_PINF: TRY(buffer_put(scratch, SPAN("Infinity"))); break;
    case SIGN_NINF: TRY(buffer_put(scratch, SPAN("-Infinity"))); break;
    case SIGN_PLUS:
    case SIGN_MINUS:
        if (n.sign == SIGN_MINUS && !is_zero(&n)) TRY(buffer_put_u8(scratch, '-'));
        TRY(print_number(&n, scratch));
        break;
    default: return REFUSE(REFUSED_ATTACH_VALUE);
    }
    *ret = VALUE_OF_TEXT(((Span) { scratch->data + before, scratch->size - before }));
    return OK;
}

static Status text(uint32_t type, Span bytes, Value *ret)
{
    while (type == TYPE_BPCHAR && bytes.size > 0 && bytes.data[bytes.size - 1] == ' ')
        bytes.size--;
    REQUIRE(span_is_utf8(bytes), REFUSED_ATTACH_VALUE);
    *ret = VALUE_OF_TEXT(bytes);
    return OK;
}

static Status convert(uint32_t type, Span binary, Buffer *scratch, Value *ret)
{
    Cursor c = cursor_of(binary);
    switch (attach_kind(type)) {
    case ATTACHED_INT: return integer(type, &c, ret);
    case ATTACHED_TIME: return time_of(&c, ret);
    case ATTACHED_TEXT: return text(type, binary, ret);
    case ATTACHED_BYTES: *ret = VALUE_OF_BYTES(binary); return OK;
    default: return numeric(&c, scratch, ret);
    }
}

Status attach_value(uint32_t type, Span binary, Buffer *scratch, Value *ret_value)
{
    REQUIRE(attach_kind(type) != 0, REFUSED_ATTACH_COLUMN_TYPE);
    if (binary.data == NULL) {
        *ret_value = VALUE_OF_NULL;
        return OK;
    }
    REQUIRE(binary.size <= ROW_VALUE_BYTES_MAX, REFUSED_ATTACH_VALUE);
    const size_t before = scratch->size;
    const Status s = convert(type, binary, scratch, ret_value);
    if (status_ok(s)) return OK;
    scratch->size = before;
    return REFUSE(REFUSED_ATTACH_VALUE);
}
