#define _GNU_SOURCE
#include "stand.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* nftw() has no context: one search at a time. */
static Span wanted;
static bool found;

static int look_into(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)place;
    if (kind != FTW_F || !S_ISREG(facts->st_mode) || facts->st_size == 0) return 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const size_t size = (size_t)facts->st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) return 0;
    if (memmem(bytes, size, wanted.data, wanted.size) != NULL) found = true;
    munmap(bytes, size);
    return 0;
}

bool stand_holds(const Stand *stand, Span text)
{
    wanted = text;
    found = false;
    ASSERT(nftw(stand->folder, look_into, 16, FTW_PHYS) == 0);
    return found;
}
