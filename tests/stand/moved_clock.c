#define _GNU_SOURCE
#include "moved_clock.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FILE_VARIABLE "HUFU_MOVED_CLOCK_FILE"

typedef struct Moved {
    _Atomic int64_t wall_s;
    _Atomic int64_t steady_s;
} Moved;

static Moved unmoved;
static Moved *moved = &unmoved; /* shared by all of them */

static Moved *map_file(int fd, int protection)
{
    void *memory = mmap(NULL, sizeof(Moved), protection, MAP_SHARED, fd, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* In a program that the test started; in the test itself nothing is named yet. */
__attribute__((constructor)) static void begin(void)
{
    const char *given = getenv(FILE_VARIABLE);
    const int fd = given == NULL ? -1 : open(given, O_RDONLY | O_CLOEXEC);
    Moved *file = fd < 0 ? NULL : map_file(fd, PROT_READ);
    if (fd >= 0) close(fd);
    if (file != NULL) moved = file;
}

static char path[] = "/tmp/hufu-clock-XXXXXX";

static void remove_file(void) { unlink(path); }

Status moved_clock_begin(void)
{
    char options[512];
    const char *given = getenv("ASAN_OPTIONS");
    const int fd = mkstemp(path);
    CHECK(fd >= 0 && atexit(remove_file) == 0, FAULT_DISK);
    CHECK(ftruncate(fd, sizeof(Moved)) == 0, FAULT_DISK);
    Moved *file = map_file(fd, PROT_READ | PROT_WRITE);
    CHECK(file != NULL, FAULT_DISK);
    close(fd);
    moved = file;
    /* Where the sanitizer's library is not the first, it asks to be told that this is meant. */
    snprintf(options, sizeof(options), "%s:verify_asan_link_order=0", given == NULL ? "" : given);
    const bool set = setenv(FILE_VARIABLE, path, 1) == 0 && setenv("ASAN_OPTIONS", options, 1) == 0
            && setenv("LD_PRELOAD", MOVED_CLOCK, 1) == 0;
    CHECK(set, FAULT_SYSTEM);
    return OK;
}

void moved_clock_set_wall(int64_t seconds) { atomic_store(&moved->wall_s, seconds); }

void moved_clock_set_steady(int64_t seconds) { atomic_store(&moved->steady_s, seconds); }

/* --- in the C library's place --- */

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    const long failed = syscall(SYS_clock_gettime, clock, ret);
    if (failed != 0) return -1;
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        ret->tv_sec += atomic_load(&moved->wall_s);
    if (clock == CLOCK_BOOTTIME) ret->tv_sec += atomic_load(&moved->steady_s);
    return 0;
}

time_t time(time_t *ret)
{
    struct timespec now = { 0 };
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret != NULL) *ret = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now = { 0 };
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
    *ret = (struct timeval) { now.tv_sec, now.tv_nsec / 1000 };
    return 0;
}
