#pragma once
/*
 * common_password: the thousand commonest passwords and the commonest numbers of six digits, which
 * a guesser tries first (TP-6: a dictionary must not help). Compiled from
 * rules/common-passwords.txt and rules/common-pins.txt. Constant; stateless. Floor 1.
 */
#include "base/bytes.h"

enum { COMMON_PASSWORD_BYTES_MAX = 32 };

size_t common_password_count(void);
/* `index` < common_password_count(): in lower case, the longest first. Static storage. */
Span common_password_at(size_t index);
/* Six digits that many have. False for what is no six digits. */
bool common_pin(Span pin);
