#include "text/cbor.h"

typedef struct Head {
    uint8_t kind;
    uint64_t value; /* a number, a size, a count */
} Head;

/* The least value of each longer form: a smaller one has a shorter form. */
static Status take_value(Cursor *c, uint8_t form, uint64_t *ret)
{
    uint8_t v8 = 0;
    uint16_t v16 = 0;
    uint32_t v32 = 0;
    *ret = form;
    if (form < 24) return OK;
    switch (form) {
    case 24:
        TRY(cursor_u8(c, &v8));
        *ret = v8;
        REQUIRE(v8 >= 24, REFUSED_CBOR_FORMAT);
        return OK;
    case 25:
        TRY(cursor_u16(c, &v16));
        *ret = v16;
        REQUIRE(v16 > UINT8_MAX, REFUSED_CBOR_FORMAT);
        return OK;
    case 26:
        TRY(cursor_u32(c, &v32));
        *ret = v32;
        REQUIRE(v32 > UINT16_MAX, REFUSED_CBOR_FORMAT);
        return OK;
    case 27:
        TRY(cursor_u64(c, ret));
        REQUIRE(*ret > UINT32_MAX, REFUSED_CBOR_FORMAT);
        return OK;
    default: return REFUSE(REFUSED_CBOR_FORMAT); /* reserved, or of indefinite length */
    }
}

static Status take_head(Cursor *c, Head *ret)
{
    uint8_t first = 0;
    TRY(cursor_u8(c, &first));
    ret->kind = first >> 5;
    TRY(take_value(c, first & 31, &ret->value));
    if (ret->kind != CBOR_SIMPLE) return OK;
    REQUIRE(ret->value >= 20 && ret->value <= 22, REFUSED_CBOR_FORMAT);
    return OK;
}

/* At `at`, a copy of the cursor; it is put back by the caller when all was well. */
static Status take_kind(Cursor *at, uint8_t kind, uint64_t *ret_value)
{
    Head head;
    REQUIRE(status_ok(take_head(at, &head)) && head.kind == kind, REFUSED_CBOR_FORMAT);
    *ret_value = head.value;
    return OK;
}

Status cbor_int(Cursor *c, int64_t *ret)
{
    Cursor at = *c;
    Head head;
    REQUIRE(status_ok(take_head(&at, &head)), REFUSED_CBOR_FORMAT);
    REQUIRE(head.kind == CBOR_UNSIGNED || head.kind == CBOR_NEGATIVE, REFUSED_CBOR_FORMAT);
    REQUIRE(head.value <= INT64_MAX, REFUSED_CBOR_FORMAT);
    *ret = head.kind == CBOR_UNSIGNED ? (int64_t)head.value : -1 - (int64_t)head.value;
    *c = at;
    return OK;
}

static Status take_string(Cursor *c, uint8_t kind, Span *ret)
{
    Cursor at = *c;
    uint64_t size = 0;
    TRY(take_kind(&at, kind, &size));
    REQUIRE(size <= at.rest.size, REFUSED_CBOR_FORMAT);
    REQUIRE(status_ok(cursor_take(&at, (size_t)size, ret)), REFUSED_CBOR_FORMAT);
    *c = at;
    return OK;
}

Status cbor_bytes(Cursor *c, Span *ret) { return take_string(c, CBOR_BYTES, ret); }

Status cbor_text(Cursor *c, Span *ret)
{
    Cursor at = *c;
    Span text;
    TRY(take_string(&at, CBOR_TEXT, &text));
    REQUIRE(span_is_utf8(text), REFUSED_CBOR_FORMAT);
    *ret = text;
    *c = at;
    return OK;
}

Status cbor_map(Cursor *c, uint64_t *ret_count)
{
    Cursor at = *c;
    uint64_t count = 0;
    TRY(take_kind(&at, CBOR_MAP, &count));
    REQUIRE(count <= at.rest.size / 2, REFUSED_CBOR_FORMAT);
    *ret_count = count;
    *c = at;
    return OK;
}

/* Items that are still to come at each level; no recursion, so depth costs nothing but a word. */
static Status skip_all(Cursor *at)
{
    uint64_t left[CBOR_DEPTH_MAX + 1] = { 1 };
    size_t depth = 0;
    while (true) {
        while (left[depth] == 0) {
            if (depth == 0) return OK;
            depth--;
        }
        left[depth]--;
        Head head;
        Span unused;
        TRY(take_head(at, &head));
        if (head.kind == CBOR_BYTES || head.kind == CBOR_TEXT) {
            REQUIRE(head.value <= at->rest.size, REFUSED_CBOR_FORMAT);
            TRY(cursor_take(at, (size_t)head.value, &unused));
        }
        REQUIRE(head.kind != 6, REFUSED_CBOR_FORMAT); /* a tag */
        if (head.kind != CBOR_ARRAY && head.kind != CBOR_MAP) continue;
        REQUIRE(depth < CBOR_DEPTH_MAX && head.value <= at->rest.size, REFUSED_CBOR_FORMAT);
        left[++depth] = head.kind == CBOR_MAP ? 2 * head.value : head.value;
    }
}

Status cbor_skip(Cursor *c)
{
    Cursor at = *c;
    REQUIRE(status_ok(skip_all(&at)), REFUSED_CBOR_FORMAT);
    *c = at;
    return OK;
}
