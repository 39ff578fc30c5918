#include "vault/sandbox.h"
#include "vault/sandbox_extra.h"

#include <malloc.h>

/* The C library alone: nothing. */
const int sandbox_extra_calls[1] = { 0 };
const size_t sandbox_extra_count = 0;

Status sandbox_begin(void)
{
    CHECK(mallopt(M_ARENA_MAX, 1) == 1, FAULT_SYSTEM);
    return OK;
}
