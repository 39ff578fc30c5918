#include "vault/sandbox.h"
#include "vault/sandbox_extra.h"

#include <seccomp.h>

/* Reports are written with bare addresses, and no leak check runs at exit: both would open files
 * and trace threads, which is just what must stay forbidden for the tests to mean anything. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "symbolize=0:detect_leaks=0"; }

const int sandbox_extra_calls[] = { SCMP_SYS(prctl), SCMP_SYS(getrlimit), SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage) };
const size_t sandbox_extra_count = sizeof(sandbox_extra_calls) / sizeof(sandbox_extra_calls[0]);

/* The sanitizer brings its own memory allocator, without the C library's arenas. */
Status sandbox_begin(void) { return OK; }
