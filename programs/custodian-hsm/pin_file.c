#define _GNU_SOURCE
#include "pin_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 512, MEMORY_BYTES = 16 };

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static const char *path_of(const char *path, char memory[PATH_MAX_BYTES])
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (path != NULL || directory == NULL) return path;
    const int size = snprintf(memory, PATH_MAX_BYTES, "%s/hsm-pin", directory);
    return size > 0 && size < PATH_MAX_BYTES ? memory : NULL;
}

Status pin_file_read(const char *path, PinFile *ret_file, Secret *ret_pin)
{
    char memory[PATH_MAX_BYTES];
    const char *where = path_of(path, memory);
    REQUIRE(where != NULL, REFUSED_HSM_PIN_FILE);
    CLEANUP(close_fd) int fd = open(where, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat facts;
    REQUIRE(fd >= 0 && fstat(fd, &facts) == 0, REFUSED_HSM_PIN_FILE);
    const bool ours = S_ISREG(facts.st_mode) && (facts.st_mode & 077) == 0
            && facts.st_uid == geteuid() && facts.st_size > 0 && facts.st_size <= SECRET_BYTES_MAX;
    REQUIRE(ours, REFUSED_HSM_PIN_FILE);
    const ssize_t size = read(fd, ret_pin->bytes, SECRET_BYTES_MAX);
    REQUIRE(size == facts.st_size, REFUSED_HSM_PIN_FILE);
    ret_pin->size = (size_t)size;
    if (ret_pin->bytes[ret_pin->size - 1] == '\n') ret_pin->size--;
    REQUIRE(ret_pin->size > 0, REFUSED_HSM_PIN_FILE);
    ret_file->inode = facts.st_ino;
    ret_file->changed_ns =
            (int64_t)facts.st_ctim.tv_sec * 1000000000 + (int64_t)facts.st_ctim.tv_nsec;
    return OK;
}

bool pin_file_was_refused(const char *refused_path, const PinFile *file)
{
    CLEANUP(close_fd) int fd = open(refused_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    uint8_t memory[MEMORY_BYTES];
    PinFile refused = { 0 };
    if (fd < 0 || read(fd, memory, sizeof(memory)) != sizeof(memory)) return false;
    Cursor c = cursor_of(SPAN_OF(memory));
    if (!status_ok(cursor_u64(&c, &refused.inode))) return false;
    if (!status_ok(cursor_i64(&c, &refused.changed_ns))) return false;
    return refused.inode == file->inode && refused.changed_ns == file->changed_ns;
}

Status pin_file_remember_refused(const char *refused_path, const PinFile *file)
{
    uint8_t memory[MEMORY_BYTES];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_u64(&b, file->inode));
    TRY(buffer_put_i64(&b, file->changed_ns));
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    CLEANUP(close_fd) int fd = open(refused_path, flags, 0600);
    CHECK(fd >= 0 && write(fd, memory, b.size) == (ssize_t)b.size && fsync(fd) == 0, FAULT_DISK);
    return OK;
}
