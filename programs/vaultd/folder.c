#define _GNU_SOURCE
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static Status open_file(void *context, const char *name, Disk *ret_disk)
{
    FolderFiles *f = context;
    ASSERT(f->count < FOLDER_FILES_MAX);
    const int fd = openat(f->directory_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    f->fds[f->count++] = fd;
    *ret_disk = disk_of_fd(fd);
    return OK;
}

static bool has_file(void *context, const char *name)
{
    const FolderFiles *f = context;
    return faccessat(f->directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static Status rename_file(void *context, const char *from, const char *to)
{
    const FolderFiles *f = context;
    CHECK(renameat(f->directory_fd, from, f->directory_fd, to) == 0, FAULT_DISK);
    return OK;
}

static Status remove_file(void *context, const char *name)
{
    const FolderFiles *f = context;
    CHECK(unlinkat(f->directory_fd, name, 0) == 0 || errno == ENOENT, FAULT_DISK);
    return OK;
}

static Status sync_names(void *context)
{
    const FolderFiles *f = context;
    CHECK(fsync(f->directory_fd) == 0, FAULT_DISK);
    return OK;
}

Folder folder_open(int directory_fd, FolderFiles *ret_files)
{
    *ret_files = (FolderFiles) { .directory_fd = directory_fd };
    return (Folder) { open_file, has_file, rename_file, remove_file, sync_names, ret_files };
}

void folder_close(FolderFiles *files)
{
    for (size_t i = 0; i < files->count; i++)
        close(files->fds[i]);
    files->count = 0;
}
