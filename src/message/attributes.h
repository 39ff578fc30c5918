#pragma once
/*
 * attributes: the strict reader of name="value" pairs behind an Authorization's scheme: in any
 * order, each exactly once, nothing else; blanks allowed around commas. Values are visible ASCII
 * without quote or backslash (there is no escaping on this wire).
 */
#include "base/bytes.h"

typedef struct AttributeRule {
    const char *name;
    size_t size_max;
    Status refusal; /* of a value that is too long, empty or has other letters */
} AttributeRule;

/*
 * Take all `count` attributes to the end of the header.
 *
 * ret_values  zeros when called, one a rule; borrow from the header
 * ret_blame   the attribute that a refusal is about, or ""; static storage
 *
 * Refuses REFUSED_AUTHORIZATION_FORMAT and what the rules say.
 */
MUST_USE Status attributes_take(Cursor *c, const AttributeRule *rules, size_t count,
        Span *ret_values, const char **ret_blame);

/* Decimal digits without a leading zero: one number has one text. At most 18 of them, so nothing
 * overflows. Refuses REFUSED_AUTHORIZATION_FORMAT. */
MUST_USE Status attributes_timestamp(Span text, int64_t *ret_s);
