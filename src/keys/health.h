#pragma once
/*
 * health: is the source of random bytes alive, and do the algorithms compute what the standards
 * say? Asked before the first key is made or used; who fails does not start (TP-10: no key of a
 * pseudo-random source; NIST SP 800-90B section 4.4; FIPS 140-3 self tests).
 *
 * The two tests see a source that is stuck or badly skewed. They cannot tell a good generator with
 * a known seed from entropy: that the bytes come from getrandom() or from the token is the code's
 * part (seams.h, hsm.h).
 */
#include "base/seams.h"

enum {
    HEALTH_SAMPLE_BYTES = 4096, /* SP 800-90B wants at least 1,024 at start */
    /* Cut-offs for 8 bits of entropy a byte and one false alarm in 2^40 windows. */
    HEALTH_REPETITION_CUTOFF = 6, /* 1 + 40 / 8 */
    HEALTH_PROPORTION_WINDOW = 512,
    HEALTH_PROPORTION_CUTOFF = 19, /* critical value of Binomial(512, 1/256) */
};

/* Repetition count and adaptive proportion tests over raw output. Faults FAULT_RANDOM (stuck or
 * skewed, or fewer than HEALTH_PROPORTION_WINDOW bytes). */
MUST_USE Status health_check_sample(Span sample);
/* Draw HEALTH_SAMPLE_BYTES and check them; they are wiped and used for nothing. */
MUST_USE Status health_check_source(const Random *random);
/* Known answers of SHA-256, SHA-512, SM3, HMAC, HKDF, AES-256-GCM and SM4-GCM; a pair of Ed25519,
 * SM2 and P-256 each signs and verifies, and a changed message does not. FAULT_SELF_TEST. */
MUST_USE Status health_check_algorithms(void);
