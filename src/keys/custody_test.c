/* Goal: a root key in a file is used only where somebody said so, and only while nobody else can
 * read it. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "keys/custody.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static int open_directory(void)
{
    snprintf(path, sizeof(path), "/tmp/hufu_custody_XXXXXX");
    ASSERT(mkdtemp(path) != NULL);
    return open(path, O_RDONLY | O_DIRECTORY);
}

static void close_directory(int fd)
{
    unlinkat(fd, "root.key", 0);
    close(fd);
    rmdir(path);
}

static Status root_of(Custody custody, bool development, int fd, bool may_create, Secret *ret_root)
{
    const CustodyConfig config = { .custody = custody,
        .development = development,
        .directory_fd = fd,
        .may_create = may_create,
        .random = random_system(),
        .hsm = { .program = "/nonexistent", .refused_file = "/nonexistent" } };
    return custody_root(&config, ret_root);
}

static void test_only_when_asked_for(void)
{
    const int fd = open_directory();
    Secret root = { 0 };
    const Status plain = root_of(CUSTODY_DEVELOPMENT, false, fd, true, &root);
    const Status hsm = root_of(CUSTODY_UNATTENDED, true, fd, true, &root);
    const Status people = root_of(CUSTODY_CUSTODIANS, true, fd, true, &root);
    const bool absent = faccessat(fd, "root.key", F_OK, 0) != 0;
    close_directory(fd);
    EXPECT_REFUSED(plain, REFUSED_CUSTODY_DEVELOPMENT);
    EXPECT(status_is(hsm, FAULT_HSM)); /* no such program */
    EXPECT_REFUSED(people, REFUSED_CUSTODY_UNAVAILABLE);
    EXPECT(absent && root.size == 0);
}

static void test_made_once_and_guarded(void)
{
    const int fd = open_directory();
    Secret root = { 0 };
    Secret again = { 0 };
    const Status missing = root_of(CUSTODY_DEVELOPMENT, true, fd, false, &root);
    const Status made = root_of(CUSTODY_DEVELOPMENT, true, fd, true, &root);
    struct stat facts = { 0 };
    fstatat(fd, "root.key", &facts, 0);
    const Status kept = root_of(CUSTODY_DEVELOPMENT, true, fd, false, &again);
    ASSERT(fchmodat(fd, "root.key", 0640, 0) == 0);
    const Status open_to_others = root_of(CUSTODY_DEVELOPMENT, true, fd, false, &again);
    ASSERT(fchmodat(fd, "root.key", 0600, 0) == 0);
    const int file = openat(fd, "root.key", O_WRONLY | O_TRUNC);
    close(file);
    const Status cut = root_of(CUSTODY_DEVELOPMENT, true, fd, true, &again);
    close_directory(fd);
    EXPECT_REFUSED(missing, REFUSED_CUSTODY_FILE);
    EXPECT_OK(made);
    EXPECT((facts.st_mode & 0777) == 0600);
    EXPECT_OK(kept);
    EXPECT(root.size == 32 && bytes_equal_ct(root.bytes, again.bytes, 32));
    EXPECT_REFUSED(open_to_others, REFUSED_CUSTODY_FILE);
    EXPECT_REFUSED(cut, REFUSED_CUSTODY_FILE); /* never replaced by a new one */
}

static void test_names(void)
{
    Custody custody = CUSTODY_DEVELOPMENT;
    EXPECT_OK(custody_parse(SPAN("custodians"), &custody));
    EXPECT(custody == CUSTODY_CUSTODIANS);
    EXPECT_REFUSED(custody_parse(SPAN("hsm"), &custody), REFUSED_CUSTODY_UNKNOWN);
    EXPECT(custody == CUSTODY_CUSTODIANS);
}

TESTS(TEST(test_only_when_asked_for), TEST(test_made_once_and_guarded), TEST(test_names))
