#define _GNU_SOURCE
#include "processor.h"

#include "base/status.h"

#include <time.h>

static double seconds_of(clockid_t clock)
{
    struct timespec t = { 0 };
    ASSERT(clock_gettime(clock, &t) == 0);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double processor_thread_s(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

double processor_program_s(pid_t pid)
{
    clockid_t clock = 0;
    ASSERT(clock_getcpuclockid(pid, &clock) == 0);
    return seconds_of(clock);
}
