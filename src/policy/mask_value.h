#pragma once
/*
 * mask_value: how a value of any class is shown (TP-11), by the mask of the policy in force.
 *
 *   card             9555123456781234      **** **** **** 1234
 *   identity number  11010519491231002X    ** **** **** **** 002X
 *   phone            +86 138-1234-5678     +** ***-****-5678
 *   name             欧阳明月              欧阳**
 *   e-mail           wang@example.com      w***@example.com
 *   address          上海市浦东新区世纪大道100号  上海市浦东新*********
 *
 * Characters are code points, never bytes. Whatever the policy says: a card shows at most its first
 * six and last four (PCI DSS 3.4.1), and no value more than half of its characters. Floor 0.
 */
#include "policy/policy.h"

enum { MASK_VALUE_CHARACTERS_MAX = 128, MASK_TEXT_BYTES_MAX = 4 * MASK_VALUE_CHARACTERS_MAX + 64 };

/* Append the mask of `value`, by what is in force now. Refuses REFUSED_MASK_INPUT (not of this
 * kind, not UTF-8, characters that cannot be seen, too long), REFUSED_BUFFER_FULL; then nothing was
 * appended. */
MUST_USE Status mask_value(DataClass class, Span value, Buffer *ret_text);
/* The same with this mask. */
MUST_USE Status mask_value_with(DataClass class, PolicyMask mask, Span value, Buffer *ret_text);

/* Append asterisks that say nothing, not even how long the value was. */
MUST_USE Status mask_nothing(Buffer *ret_text);

/* What may leave through a door that shows values (display, export, notification, partner): the
 * value itself, or its mask, as the policy in force says for this layer and purpose. Refuses
 * REFUSED_POLICY_REFUSES; REFUSED_POLICY_FORM when only a token, hash or ciphertext may leave. */
MUST_USE Status policy_show(
        DataClass class, PolicyLayer layer, PolicyPurpose purpose, Span value, Buffer *ret_text);
