#pragma once
/*
 * seams: what the outside world does to us, passed in so that a seeded simulation can replace it.
 *
 * Clock   now, in microseconds since 1970-01-01T00:00:00Z
 * Random  bytes for keys and nonces; the system one is getrandom(), health-tested at first use
 *         (TP-10: no key of a pseudo-random source)
 * Disk    one open file: read, write, sync, truncate
 */
#include "base/bytes.h"

typedef struct Clock {
    int64_t (*now_us)(void *context);
    void *context;
} Clock;

typedef struct Random {
    MUST_USE Status (*fill)(void *context, uint8_t *ret_bytes, size_t size);
    void *context;
} Random;

/* Faults FAULT_DISK unless all bytes were moved. read refuses REFUSED_BYTES_TRUNCATED past the end.
 */
typedef struct Disk {
    MUST_USE Status (*read)(void *context, uint64_t offset, uint8_t *ret_bytes, size_t size);
    MUST_USE Status (*write)(void *context, uint64_t offset, Span bytes);
    MUST_USE Status (*sync)(void *context);
    MUST_USE Status (*truncate)(void *context, uint64_t size);
    MUST_USE Status (*size)(void *context, uint64_t *ret_size);
    void *context;
} Disk;

static inline int64_t clock_now_us(const Clock *clock) { return clock->now_us(clock->context); }
MUST_USE static inline Status random_fill(const Random *random, void *ret_bytes, size_t size)
{
    return random->fill(random->context, ret_bytes, size);
}

/* CLOCK_REALTIME. */
Clock clock_system(void);
/* CLOCK_BOOTTIME: since some start; nobody can set it, and it goes on while the machine sleeps. */
Clock clock_steady(void);

/* getrandom(); a repeated or constant first block is FAULT_RANDOM. Thread-safe. */
Random random_system(void);

/* A seeded stream (xoshiro256**): for simulations and tests, never for keys.
 * `state` is the caller's and lives as long as the Random. Not thread-safe. */
typedef struct SeededRandom {
    uint64_t s[4];
} SeededRandom;
Random random_seeded(SeededRandom *state, uint64_t seed);
uint64_t seeded_next(SeededRandom *state);

/* A file descriptor (pread, pwrite, fdatasync, ftruncate). The caller keeps and closes fd. */
Disk disk_of_fd(int fd);
