#pragma once
/*
 * moved_clock: sets the clocks of the stand's programs, and of the test itself, as somebody with
 * root on the machine would: the programs are the real ones and know nothing of it. It takes the
 * place of the C library's clock_gettime(), time() and gettimeofday(): in the test because it is
 * linked into it, in every program that the test starts because it is preloaded.
 *
 * Offsets are to the true time. CLOCK_MONOTONIC stays as it is: waits end when they would have.
 */
#include "base/status.h"

/* Before stand_open(): programs that start from now on have moved clocks. Faults FAULT_DISK. */
MUST_USE Status moved_clock_begin(void);
/* The wall clock: CLOCK_REALTIME. Negative: set back. */
void moved_clock_set_wall(int64_t seconds);
/* The clock that nobody can set but the machine's sleep: CLOCK_BOOTTIME. */
void moved_clock_set_steady(int64_t seconds);
