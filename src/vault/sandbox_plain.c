#include "vault/sandbox_extra.h"

/* The C library alone: nothing. */
const int sandbox_extra_calls[1] = { 0 };
const size_t sandbox_extra_count = 0;
