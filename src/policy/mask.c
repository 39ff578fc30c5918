#include "policy/mask.h"

enum { MASK_SHOWN = 4, MASK_GROUP = 4, MASK_DIGITS_MIN = 8, MASK_DIGITS_MAX = 32 };

static Status put_mask(Span digits, Buffer *ret_text)
{
    for (size_t i = 0; i < digits.size; i++) {
        const size_t left = digits.size - i;
        if (i > 0 && left % MASK_GROUP == 0) TRY(buffer_put_u8(ret_text, ' '));
        TRY(buffer_put_u8(ret_text, left <= MASK_SHOWN ? digits.data[i] : '*'));
    }
    return OK;
}

Status mask_number(Span digits, Buffer *ret_text)
{
    REQUIRE(digits.size >= MASK_DIGITS_MIN && digits.size <= MASK_DIGITS_MAX,
            REFUSED_NUMBER_INVALID);
    for (size_t i = 0; i < digits.size; i++)
        REQUIRE(digits.data[i] >= '0' && digits.data[i] <= '9', REFUSED_NUMBER_INVALID);
    const size_t before = ret_text->size;
    const Status s = put_mask(digits, ret_text);
    if (!status_ok(s)) ret_text->size = before;
    return s;
}
