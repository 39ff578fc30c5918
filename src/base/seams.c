#define _GNU_SOURCE
#include "base/seams.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us_of(clockid_t clock)
{
    struct timespec t = { 0 };
    ASSERT(clock_gettime(clock, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now_us(void *context)
{
    (void)context;
    return now_us_of(CLOCK_REALTIME);
}

static int64_t steady_now_us(void *context)
{
    (void)context;
    return now_us_of(CLOCK_BOOTTIME);
}

Clock clock_system(void) { return (Clock) { system_now_us, NULL }; }
Clock clock_steady(void) { return (Clock) { steady_now_us, NULL }; }

static Status fill_once(uint8_t *ret_bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t n = getrandom(ret_bytes + done, size - done, 0);
        if (n < 0 && errno == EINTR) continue;
        CHECK(n > 0, FAULT_RANDOM);
        done += (size_t)n;
    }
    return OK;
}

/* Two first blocks that are equal or constant mean a broken source: refuse before any key is made.
 */
static Status health_test(void)
{
    uint8_t a[32];
    uint8_t b[32];
    TRY(fill_once(a, sizeof(a)));
    TRY(fill_once(b, sizeof(b)));
    CHECK(!bytes_equal_ct(a, b, sizeof(a)), FAULT_RANDOM);
    bool constant = true;
    for (size_t i = 1; i < sizeof(a); i++)
        constant = constant && a[i] == a[0];
    CHECK(!constant, FAULT_RANDOM);
    return OK;
}

static Status system_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    (void)context;
    static atomic_bool healthy;
    if (!atomic_load(&healthy)) {
        TRY(health_test());
        atomic_store(&healthy, true);
    }
    return fill_once(ret_bytes, size);
}

Random random_system(void) { return (Random) { system_fill, NULL }; }

static uint64_t rotate_left(uint64_t v, int bits) { return (v << bits) | (v >> (64 - bits)); }

uint64_t seeded_next(SeededRandom *state)
{
    uint64_t *s = state->s;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

static Status seeded_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    SeededRandom *state = context;
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)(seeded_next(state) >> 24);
    return OK;
}

Random random_seeded(SeededRandom *state, uint64_t seed)
{
    /* splitmix64 spreads one seed over the whole state, as the generator's authors advise. */
    for (size_t i = 0; i < 4; i++) {
        seed += 0x9E3779B97F4A7C15u;
        uint64_t z = seed;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        state->s[i] = z ^ (z >> 31);
    }
    return (Random) { seeded_fill, state };
}

static int fd_of(void *context) { return (int)(intptr_t)context; }

static Status fd_read(void *context, uint64_t offset, uint8_t *ret_bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t n =
                pread(fd_of(context), ret_bytes + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) continue;
        CHECK(n >= 0, FAULT_DISK);
        REQUIRE(n > 0, REFUSED_BYTES_TRUNCATED);
        done += (size_t)n;
    }
    return OK;
}

static Status fd_write(void *context, uint64_t offset, Span bytes)
{
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t n = pwrite(
                fd_of(context), bytes.data + done, bytes.size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) continue;
        CHECK(n > 0, FAULT_DISK);
        done += (size_t)n;
    }
    return OK;
}

static Status fd_sync(void *context)
{
    CHECK(fdatasync(fd_of(context)) == 0, FAULT_DISK);
    return OK;
}

static Status fd_truncate(void *context, uint64_t size)
{
    CHECK(ftruncate(fd_of(context), (off_t)size) == 0, FAULT_DISK);
    return OK;
}

static Status fd_size(void *context, uint64_t *ret_size)
{
    struct stat facts = { 0 };
    CHECK(fstat(fd_of(context), &facts) == 0, FAULT_DISK);
    *ret_size = (uint64_t)facts.st_size;
    return OK;
}

Disk disk_of_fd(int fd)
{
    return (Disk) { fd_read, fd_write, fd_sync, fd_truncate, fd_size, (void *)(intptr_t)fd };
}
