#define _GNU_SOURCE
#include "files.h"

#include "folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    KEYS_A = 0,
    KEYS_B = 1,
    JOURNAL_A = 2,
    JOURNAL_B = 3,
    ATTACHED_A = 4,
    ATTACHED_B = 5,
    FILES_COUNT = 6
};

static const char *const names[FILES_COUNT] = { "keys.a", "keys.b", "journal.a", "journal.b",
    "attached.a", "attached.b" };

static Status open_directory(const char *directory, Files *f)
{
    f->directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    REQUIRE(f->directory_fd >= 0, REFUSED_CUSTODY_FILE);
    struct stat facts;
    CHECK(fstat(f->directory_fd, &facts) == 0, FAULT_DISK);
    REQUIRE(facts.st_uid == geteuid() && (facts.st_mode & 077) == 0, REFUSED_CUSTODY_FILE);
    REQUIRE(flock(f->directory_fd, LOCK_EX | LOCK_NB) == 0, REFUSED_VAULT_BUSY);
    return OK;
}

static Status open_segment(Files *f, int index, Disk *ret_disk)
{
    const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
    f->fds[index] = openat(f->directory_fd, names[index], flags, 0600);
    CHECK(f->fds[index] >= 0, FAULT_DISK);
    *ret_disk = disk_of_fd(f->fds[index]);
    return OK;
}

static Status is_empty(const Disk *disk, bool *ret_empty)
{
    uint64_t size = 0;
    TRY(disk->size(disk->context, &size));
    *ret_empty = size == 0;
    return OK;
}

/* Before a file of it is opened: which root it is may have been decided, and not done. */
static Status settle(Files *f)
{
    CLEANUP(folder_close) FolderFiles opened;
    const Folder folder = folder_open(f->directory_fd, &opened);
    return root_turn_settle(&folder, &f->turned);
}

static Status open_all(const char *directory, Files *f)
{
    bool empty[2] = { false, false };
    TRY(open_directory(directory, f));
    TRY(settle(f));
    TRY(open_segment(f, KEYS_A, &f->keys[0]));
    TRY(open_segment(f, KEYS_B, &f->keys[1]));
    TRY(open_segment(f, JOURNAL_A, &f->journal[0]));
    TRY(open_segment(f, JOURNAL_B, &f->journal[1]));
    TRY(open_segment(f, ATTACHED_A, &f->attached[0]));
    TRY(open_segment(f, ATTACHED_B, &f->attached[1]));
    CHECK(fsync(f->directory_fd) == 0, FAULT_DISK); /* the names, too, survive a power cut */
    TRY(is_empty(&f->keys[0], &empty[0]));
    TRY(is_empty(&f->keys[1], &empty[1]));
    f->is_new = empty[0] && empty[1];
    return OK;
}

Status files_open(const char *directory, Files *ret_files)
{
    *ret_files = (Files) { .directory_fd = -1, .fds = { -1, -1, -1, -1, -1, -1 } };
    const Status s = open_all(directory, ret_files);
    if (!status_ok(s)) files_close(ret_files);
    return s;
}

void files_close(Files *files)
{
    for (int i = 0; i < FILES_COUNT; i++) {
        if (files->fds[i] >= 0) close(files->fds[i]);
        files->fds[i] = -1;
    }
    if (files->directory_fd >= 0) close(files->directory_fd);
    files->directory_fd = -1;
}
