/* Goal: the system's seams do what they say; a seeded stream is the same each time; the
 * system's randomness is not (TP-10). */
#define _GNU_SOURCE
#include "base/expect.h"
#include "base/seams.h"

#include <sys/mman.h>
#include <unistd.h>

static void test_seeded_streams(void)
{
    SeededRandom a;
    SeededRandom b;
    uint8_t x[64];
    uint8_t y[64];
    const Random first = random_seeded(&a, 42);
    const Random second = random_seeded(&b, 42);
    EXPECT_OK(random_fill(&first, x, sizeof(x)));
    EXPECT_OK(random_fill(&second, y, sizeof(y)));
    EXPECT(bytes_equal_ct(x, y, sizeof(x)));
    const Random third = random_seeded(&b, 43);
    EXPECT_OK(random_fill(&third, y, sizeof(y)));
    EXPECT(!bytes_equal_ct(x, y, sizeof(x)));
    /* xoshiro256** from the state 1, 2, 3, 4: the authors' first outputs (also in Rust's
     * rand_xoshiro). */
    SeededRandom known = { { 1, 2, 3, 4 } };
    EXPECT(seeded_next(&known) == 11520 && seeded_next(&known) == 0
            && seeded_next(&known) == 1509978240);
}

/* The steady clock tells the same seconds as the system's, from another beginning. */
static void test_steady_clock(void)
{
    const Clock system = clock_system();
    const Clock steady = clock_steady();
    const int64_t apart_us = clock_now_us(&system) - clock_now_us(&steady);
    const int64_t before_us = clock_now_us(&steady);
    while (clock_now_us(&steady) - before_us < 2000) { }
    const int64_t drift_us = clock_now_us(&system) - clock_now_us(&steady) - apart_us;
    EXPECT(before_us > 0 && drift_us > -1000000 && drift_us < 1000000);
}

static void test_system_randomness(void)
{
    uint8_t x[32] = { 0 };
    uint8_t y[32] = { 0 };
    const Random random = random_system();
    EXPECT_OK(random_fill(&random, x, sizeof(x)));
    EXPECT_OK(random_fill(&random, y, sizeof(y)));
    EXPECT(!bytes_equal_ct(x, y, sizeof(x)));
    EXPECT_OK(random_fill(&random, NULL, 0));
}

static void test_clock(void)
{
    const Clock clock = clock_system();
    const int64_t now = clock_now_us(&clock);
    EXPECT(now > 1600000000000000 && clock_now_us(&clock) >= now - 1000000);
}

static void test_disk(void)
{
    const int fd = memfd_create("seams", 0);
    EXPECT(fd >= 0);
    const Disk disk = disk_of_fd(fd);
    uint8_t bytes[8] = { 0 };
    uint64_t size = 0;
    EXPECT_OK(disk.write(disk.context, 3, SPAN("hello")));
    EXPECT_OK(disk.sync(disk.context));
    EXPECT_OK(disk.size(disk.context, &size));
    EXPECT(size == 8);
    EXPECT_OK(disk.read(disk.context, 0, bytes, 8));
    EXPECT(span_equal(SPAN_OF(bytes), SPAN("\0\0\0hello")));
    EXPECT_REFUSED(disk.read(disk.context, 4, bytes, 5), REFUSED_BYTES_TRUNCATED);
    EXPECT_OK(disk.truncate(disk.context, 4));
    EXPECT_REFUSED(disk.read(disk.context, 0, bytes, 5), REFUSED_BYTES_TRUNCATED);
    close(fd);
    const Disk gone = disk_of_fd(-1);
    EXPECT_STATUS(gone.write(gone.context, 0, SPAN("x")), FAULT_DISK);
    EXPECT_STATUS(gone.read(gone.context, 0, bytes, 1), FAULT_DISK);
    EXPECT_STATUS(gone.sync(gone.context), FAULT_DISK);
    EXPECT_STATUS(gone.truncate(gone.context, 0), FAULT_DISK);
    EXPECT_STATUS(gone.size(gone.context, &size), FAULT_DISK);
}

TESTS(TEST(test_seeded_streams), TEST(test_steady_clock), TEST(test_system_randomness),
        TEST(test_clock), TEST(test_disk))
