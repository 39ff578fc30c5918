#include "vault/sandbox.h"
#include "vault/sandbox_extra.h"

#include <malloc.h>

/* The C library alone: nothing. */
const int sandbox_extra_calls[1] = { 0 };
const size_t sandbox_extra_count = 0;

enum { KEPT_BYTES = 32 << 20 }; /* more than a password hash's memory (crypto/password.h) */

Status sandbox_begin(void)
{
    CHECK(mallopt(M_ARENA_MAX, 1) == 1, FAULT_SYSTEM);
    CHECK(mallopt(M_MMAP_THRESHOLD, KEPT_BYTES) == 1, FAULT_SYSTEM);
    CHECK(mallopt(M_TRIM_THRESHOLD, 8 * KEPT_BYTES) == 1, FAULT_SYSTEM);
    return OK;
}
