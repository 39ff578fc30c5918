#pragma once
/*
 * legacy: the sample formula of TP-12, to verify what stands in a table once more before it is
 * sealed, and for nothing else: its fields are not delimited ("100"+"50" is "1005"+"0") and MD5 is
 * broken.
 *
 *   Fhash_sum = sha256(each field's text, one after another | md5(password | user id))
 *
 * in lower-case hexadecimal; md5 in hexadecimal too. A column of 32 characters holds the first half
 * (varchar(32), as the sample has it). Floor 3.
 */
#include "base/bytes.h"

enum { ATTACH_LEGACY_FIELDS_MAX = 32 };

typedef struct AttachLegacy {
    Span password; /* secret */
    Span user_id;
    Span fields[ATTACH_LEGACY_FIELDS_MAX]; /* their text, in the order of the formula */
    size_t count;
} AttachLegacy;

/* Does `stored` (32 or 64 hexadecimal digits, either case) match? */
bool attach_legacy_matches(const AttachLegacy *row, Span stored);
