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

static void test_only_when_asked_for(void)
{
    const int fd = open_directory();
    const Random random = random_system();
    Secret root = { 0 };
    const Status plain = custody_root(CUSTODY_DEVELOPMENT, false, fd, true, &random, &root);
    const Status hsm = custody_root(CUSTODY_UNATTENDED, true, fd, true, &random, &root);
    const Status people = custody_root(CUSTODY_CUSTODIANS, true, fd, true, &random, &root);
    const bool absent = faccessat(fd, "root.key", F_OK, 0) != 0;
    close_directory(fd);
    EXPECT_REFUSED(plain, REFUSED_CUSTODY_DEVELOPMENT);
    EXPECT_REFUSED(hsm, REFUSED_CUSTODY_UNAVAILABLE);
    EXPECT_REFUSED(people, REFUSED_CUSTODY_UNAVAILABLE);
    EXPECT(absent && root.size == 0);
}

static void test_made_once_and_guarded(void)
{
    const int fd = open_directory();
    const Random random = random_system();
    Secret root = { 0 };
    Secret again = { 0 };
    const Status missing = custody_root(CUSTODY_DEVELOPMENT, true, fd, false, &random, &root);
    const Status made = custody_root(CUSTODY_DEVELOPMENT, true, fd, true, &random, &root);
    struct stat facts = { 0 };
    fstatat(fd, "root.key", &facts, 0);
    const Status kept = custody_root(CUSTODY_DEVELOPMENT, true, fd, false, &random, &again);
    ASSERT(fchmodat(fd, "root.key", 0640, 0) == 0);
    const Status open_to_others =
            custody_root(CUSTODY_DEVELOPMENT, true, fd, false, &random, &again);
    ASSERT(fchmodat(fd, "root.key", 0600, 0) == 0);
    const int file = openat(fd, "root.key", O_WRONLY | O_TRUNC);
    close(file);
    const Status cut = custody_root(CUSTODY_DEVELOPMENT, true, fd, true, &random, &again);
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
