/* Goal: keys are where no dump, swap, child or stray write finds them. Method: ask the kernel. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "vault/secret_arena.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void arena_done(SecretArena **arena) { secret_arena_close(*arena); }

/* The VmFlags of the mapping that holds `address`, from /proc/self/smaps. */
static void vm_flags(const void *address, char ret_flags[256])
{
    char line[512];
    bool inside = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    ret_flags[0] = '\0';
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *end = NULL; /* a mapping begins with "from-to " in hexadecimal */
        const uintptr_t from = strtoul(line, &end, 16);
        if (end != line && *end == '-')
            inside = (uintptr_t)address >= from && (uintptr_t)address < strtoul(end + 1, NULL, 16);
        if (inside && strncmp(line, "VmFlags:", 8) == 0) snprintf(ret_flags, 256, "%.255s", line);
    }
    if (file != NULL) fclose(file);
}

static void test_kernel_says_locked_not_dumped_wiped_on_fork(void)
{
    CLEANUP(arena_done) SecretArena *arena = NULL;
    void *bytes = NULL;
    char flags[256];
    EXPECT_OK(secret_arena_open(SECRET_ARENA_BYTES_MAX, &arena));
    EXPECT_OK(secret_arena_take(arena, 32, &bytes));
    vm_flags(bytes, flags);
    EXPECT(strstr(flags, " lo") != NULL && strstr(flags, " dd") != NULL
            && strstr(flags, " wf") != NULL);
    vm_flags(&flags, flags);
    EXPECT(strstr(flags, " lo") == NULL); /* it alone: the stack is not */
}

static void test_child_finds_nothing(void)
{
    CLEANUP(arena_done) SecretArena *arena = NULL;
    void *bytes = NULL;
    EXPECT_OK(secret_arena_open(1, &arena));
    EXPECT_OK(secret_arena_take(arena, 32, &bytes));
    memset(bytes, 0x5A, 32);
    const pid_t child = fork();
    if (child == 0) {
        uint8_t sum = 0;
        for (size_t i = 0; i < 32; i++)
            sum |= ((const uint8_t *)bytes)[i];
        _exit(sum);
    }
    int result = -1;
    EXPECT(waitpid(child, &result, 0) == child);
    EXPECT(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    EXPECT(*(const uint8_t *)bytes == 0x5A);
}

static bool dies_writing(uint8_t *at)
{
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would report instead */
        *(volatile uint8_t *)at = 1;
        _exit(0);
    }
    int result = -1;
    return waitpid(child, &result, 0) == child && WIFSIGNALED(result)
            && WTERMSIG(result) == SIGSEGV;
}

static void test_guard_pages_on_both_sides(void)
{
    CLEANUP(arena_done) SecretArena *arena = NULL;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *bytes = NULL;
    EXPECT_OK(secret_arena_open(page, &arena));
    EXPECT_OK(secret_arena_take(arena, page, &bytes));
    uint8_t *first = bytes;
    EXPECT(dies_writing(first - 1));
    EXPECT(dies_writing(first + page));
    EXPECT(!dies_writing(first) && !dies_writing(first + page - 1));
}

static void test_takes_are_apart_aligned_and_bounded(void)
{
    CLEANUP(arena_done) SecretArena *arena = NULL;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *one = NULL;
    void *two = NULL;
    EXPECT_OK(secret_arena_open(page, &arena));
    EXPECT_OK(secret_arena_take(arena, 1, &one));
    EXPECT_OK(secret_arena_take(arena, 33, &two));
    EXPECT((uintptr_t)two - (uintptr_t)one == SECRET_ARENA_ALIGN);
    EXPECT((uintptr_t)two % SECRET_ARENA_ALIGN == 0);
    void *untouched = &one;
    EXPECT_REFUSED(secret_arena_take(arena, page, &untouched), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(secret_arena_take(arena, SIZE_MAX, &untouched), REFUSED_BUFFER_FULL);
    EXPECT(untouched == &one);
    EXPECT_OK(secret_arena_take(arena, page - 2 * SECRET_ARENA_ALIGN, &two));
    EXPECT_REFUSED(secret_arena_take(arena, 1, &two), REFUSED_BUFFER_FULL);
}

static void test_wipe_leaves_zeros_and_all_the_room(void)
{
    CLEANUP(arena_done) SecretArena *arena = NULL;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *bytes = NULL;
    EXPECT_OK(secret_arena_open(page, &arena));
    EXPECT_OK(secret_arena_take(arena, page, &bytes));
    memset(bytes, 0xFF, page);
    secret_arena_wipe(arena);
    EXPECT_OK(secret_arena_take(arena, page, &bytes));
    for (size_t i = 0; i < page; i++)
        EXPECT(((const uint8_t *)bytes)[i] == 0);
}

TESTS(TEST(test_kernel_says_locked_not_dumped_wiped_on_fork), TEST(test_child_finds_nothing),
        TEST(test_guard_pages_on_both_sides), TEST(test_takes_are_apart_aligned_and_bounded),
        TEST(test_wipe_leaves_zeros_and_all_the_room))
