#define _GNU_SOURCE
#include "vault/secret_arena.h"

#include "base/secret.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

struct SecretArena {
    uint8_t *mapping; /* guard page, bytes, guard page */
    size_t mapping_size;
    uint8_t *bytes;
    size_t size;
    size_t taken;
};

/* The soft limit is often far below what the process may ask for. */
static void raise_lock_limit(void)
{
    struct rlimit limit = { 0 };
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_MEMLOCK, &limit); /* if not, mlock() itself complains */
}

static Status map(SecretArena *arena, size_t page)
{
    arena->mapping_size = arena->size + 2 * page;
    void *mapping = mmap(NULL, arena->mapping_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mapping != MAP_FAILED, FAULT_MEMORY);
    arena->mapping = mapping;
    arena->bytes = arena->mapping + page;
    CHECK(mprotect(arena->bytes, arena->size, PROT_READ | PROT_WRITE) == 0, FAULT_MEMORY);
    CHECK(madvise(arena->bytes, arena->size, MADV_DONTDUMP) == 0, FAULT_SYSTEM);
    CHECK(madvise(arena->bytes, arena->size, MADV_WIPEONFORK) == 0, FAULT_SYSTEM);
    raise_lock_limit();
    /* Asked of the kernel itself: a sanitizer's run-time makes mlock() do nothing. */
    CHECK(syscall(SYS_mlock, arena->bytes, arena->size) == 0, FAULT_SYSTEM);
    return OK;
}

Status secret_arena_open(size_t size, SecretArena **ret_arena)
{
    ASSERT(size > 0 && size <= SECRET_ARENA_BYTES_MAX);
    SecretArena *arena = calloc(1, sizeof(*arena));
    CHECK(arena != NULL, FAULT_MEMORY);
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    arena->size = (size + page - 1) / page * page;
    const Status s = map(arena, page);
    if (!status_ok(s)) {
        secret_arena_close(arena);
        return s;
    }
    *ret_arena = arena;
    return OK;
}

Status secret_arena_take(SecretArena *arena, size_t size, void **ret_bytes)
{
    REQUIRE(size <= arena->size - arena->taken, REFUSED_BUFFER_FULL);
    *ret_bytes = arena->bytes + arena->taken; /* zero since the mapping or the last wipe */
    const size_t rounded =
            (size + SECRET_ARENA_ALIGN - 1) / SECRET_ARENA_ALIGN * SECRET_ARENA_ALIGN;
    arena->taken += rounded; /* a page is a multiple of the alignment: never past the end */
    return OK;
}

void secret_arena_wipe(SecretArena *arena)
{
    bytes_wipe(arena->bytes, arena->taken);
    arena->taken = 0;
}

void secret_arena_close(SecretArena *arena)
{
    if (arena == NULL) return;
    if (arena->mapping != NULL) {
        secret_arena_wipe(arena);
        munmap(arena->mapping, arena->mapping_size); /* unlocks it too */
    }
    free(arena);
}
