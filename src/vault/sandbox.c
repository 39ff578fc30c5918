#define _GNU_SOURCE
#include "vault/sandbox.h"

#include "base/seams.h"
#include "crypto/library.h"
#include "vault/sandbox_extra.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* What may be asked for with any arguments. SCMP_SYS also names calls that a processor does not
 * have. */
static const int allowed[] = {
    /* what is open: journal, sockets, the log */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(close),
    /* peers */
    SCMP_SYS(accept4),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt),
    /* waiting */
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(futex),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(sched_yield),
    /* time and randomness (most of it never leaves the process, thanks to the vdso) */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getrandom),
    /* memory; mmap and mprotect follow below. glibc's qsort asks sysinfo, its malloc
       sched_getaffinity. */
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_getaffinity),
    /* signals, and who am I */
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    /* the end, of a thread or of all */
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
};

static void filter_done(scmp_filter_ctx *filter)
{
    if (*filter != NULL) seccomp_release(*filter);
}

static Status allow(scmp_filter_ctx filter, int call)
{
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0, FAULT_SYSTEM);
    return OK;
}

static Status allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, condition) == 0, FAULT_SYSTEM);
    return OK;
}

static Status fill(scmp_filter_ctx filter)
{
    /* All threads, not only this one; and the other personalities of the processor die as well. */
    CHECK(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0, FAULT_SYSTEM);
    CHECK(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0,
            FAULT_SYSTEM);
    CHECK(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0, FAULT_SYSTEM); /* a tree */
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        TRY(allow(filter, allowed[i]));
    for (size_t i = 0; i < sandbox_extra_count; i++)
        TRY(allow(filter, sandbox_extra_calls[i]));

    /* Memory, but never memory that runs. */
    TRY(allow_if(filter, SCMP_SYS(mmap), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
    TRY(allow_if(filter, SCMP_SYS(mprotect), SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)));
    /* fstat() of the C library, of a descriptor. */
    TRY(allow_if(filter, SCMP_SYS(newfstatat), SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH)));
    /* abort() signals ourselves, and nobody else. */
    return allow_if(filter, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

/* What libraries look up when they are first used. */
static Status touch(void)
{
    uint8_t byte = 0;
    const Random random = random_system();
    TRY(library_start());
    TRY(random_fill(&random, &byte, 1));
    tzset();
    const time_t now = time(NULL);
    struct tm parts;
    CHECK(localtime_r(&now, &parts) != NULL, FAULT_SYSTEM);
    return OK;
}

Status sandbox_close(void)
{
    TRY(touch());
    const struct rlimit none = { 0, 0 };
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, FAULT_SYSTEM);

    CLEANUP(filter_done) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    CHECK(filter != NULL, FAULT_SYSTEM);
    TRY(fill(filter));
    CHECK(seccomp_load(filter) == 0, FAULT_SYSTEM);
    return OK;
}
