#pragma once
/*
 * weak_key: keys that nobody may use, told by their bytes alone (TP-10: long and random enough,
 * no text; NIST SP 800-67 for the weak keys of DES; PCI PIN for a degenerate triple key).
 *
 * A random key is refused by mistake less often than once in 10^6 (16 bytes) or 10^12 (32 bytes).
 * A key that passes is not proven random: only its making can be. Stateless. Floor 1.
 */
#include "base/bytes.h"

enum { WEAK_KEY_BYTES_MIN = 16, WEAK_KEY_BYTES_MAX = 64 };

/*
 * Refuses REFUSED_KEY_TOO_SHORT (or over WEAK_KEY_BYTES_MAX), REFUSED_KEY_IS_TEXT (every byte is
 * printable: also hexadecimal and base64 text of a good key), REFUSED_KEY_IS_PATTERN (zeros, one
 * piece repeated, counted up or down, too few different bytes).
 */
MUST_USE Status weak_key_check(Span key);

/* A key of legacy 3DES (16 or 24 bytes, parity ignored), which only decrypts. Refuses as above, and
 * REFUSED_KEY_IS_WEAK_DES (a weak or semi-weak part, or two equal ones that leave single DES). */
MUST_USE Status weak_key_check_3des(Span key);
