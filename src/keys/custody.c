#define _GNU_SOURCE
#include "keys/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_NAME "root.key"
#define ROOT_NAME_NEW "root.key.new"

static const char *const names[] = {
    [CUSTODY_DEVELOPMENT] = "development",
    [CUSTODY_UNATTENDED] = "unattended",
    [CUSTODY_CUSTODIANS] = "custodians",
};

Status custody_parse(Span name, Custody *ret_custody)
{
    for (int i = CUSTODY_DEVELOPMENT; i <= CUSTODY_CUSTODIANS; i++) {
        if (!span_equal(name, span_of_text(names[i]))) continue;
        *ret_custody = (Custody)i;
        return OK;
    }
    return REFUSE(REFUSED_CUSTODY_UNKNOWN);
}

const char *custody_name(Custody custody) { return names[custody]; }

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static Status read_root(int fd, Secret *ret_root)
{
    struct stat facts;
    CHECK(fstat(fd, &facts) == 0, FAULT_DISK);
    const bool ours = S_ISREG(facts.st_mode) && (facts.st_mode & 077) == 0
            && facts.st_uid == geteuid() && facts.st_size == CUSTODY_ROOT_BYTES;
    REQUIRE(ours, REFUSED_CUSTODY_FILE);
    CHECK(pread(fd, ret_root->bytes, CUSTODY_ROOT_BYTES, 0) == CUSTODY_ROOT_BYTES, FAULT_DISK);
    ret_root->size = CUSTODY_ROOT_BYTES;
    return OK;
}

/* Written aside and renamed: a power cut leaves no root.key, or a whole one. */
static Status create_root(int directory_fd, const Random *random, Secret *ret_root)
{
    TRY(random_fill(random, ret_root->bytes, CUSTODY_ROOT_BYTES));
    ret_root->size = CUSTODY_ROOT_BYTES;
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    CLEANUP(close_fd) int fd = openat(directory_fd, ROOT_NAME_NEW, flags, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    CHECK(write(fd, ret_root->bytes, CUSTODY_ROOT_BYTES) == CUSTODY_ROOT_BYTES, FAULT_DISK);
    CHECK(fsync(fd) == 0, FAULT_DISK);
    CHECK(renameat(directory_fd, ROOT_NAME_NEW, directory_fd, ROOT_NAME) == 0, FAULT_DISK);
    CHECK(fsync(directory_fd) == 0, FAULT_DISK);
    return OK;
}

Status custody_root(Custody custody, bool development, int directory_fd, bool may_create,
        const Random *random, Secret *ret_root)
{
    REQUIRE(custody == CUSTODY_DEVELOPMENT, REFUSED_CUSTODY_UNAVAILABLE);
    REQUIRE(development, REFUSED_CUSTODY_DEVELOPMENT);
    CLEANUP(secret_wipe) Secret root = { 0 };
    CLEANUP(close_fd) int fd = openat(directory_fd, ROOT_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0) {
        TRY(read_root(fd, &root));
    } else {
        REQUIRE(errno == ENOENT && may_create, REFUSED_CUSTODY_FILE);
        TRY(create_root(directory_fd, random, &root));
    }
    *ret_root = root;
    return OK;
}
