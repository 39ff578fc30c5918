#include "command.h"

#include "base/time.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *directory_default(void)
{
    const char *given = getenv("HUFU_DIRECTORY");
    return given != NULL && given[0] != '\0' ? given : "var";
}

const char *path_in(char path[PATH_BYTES_MAX], const char *directory, const char *name)
{
    const int length = snprintf(path, PATH_BYTES_MAX, "%s/%s", directory, name);
    if (length > 0 && length < PATH_BYTES_MAX) return path;
    fprintf(stderr, "hufu: %s/%s: the path is too long; choose a shorter --directory\n", directory,
            name);
    exit(EXIT_FAILED);
}

Status programs_folder(char ret_path[PATH_BYTES_MAX])
{
    char path[PATH_BYTES_MAX];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    CHECK(size > 0, FAULT_SYSTEM);
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    CHECK(slash != NULL, FAULT_SYSTEM);
    *slash = '\0';
    memcpy(ret_path, path, strlen(path) + 1);
    return OK;
}

static void file_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

Status file_read(const char *path, Buffer *ret_bytes)
{
    CLEANUP(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0, FAULT_DISK);
    size_t size = ret_bytes->size;
    for (;;) {
        const ssize_t n = read(fd, ret_bytes->data + size, ret_bytes->capacity - size);
        CHECK(n >= 0, FAULT_DISK);
        if (n == 0) break;
        size += (size_t)n;
        REQUIRE(size < ret_bytes->capacity, REFUSED_BUFFER_FULL);
    }
    ret_bytes->size = size;
    return OK;
}

Status file_write(const char *path, unsigned mode, Span bytes)
{
    char beside[PATH_BYTES_MAX + 8];
    const int length = snprintf(beside, sizeof(beside), "%s.new", path);
    REQUIRE(length > 0 && (size_t)length < sizeof(beside), REFUSED_BUFFER_FULL);
    unlink(beside);
    CLEANUP(file_close) int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    CHECK(fd >= 0, FAULT_DISK);
    CHECK(fchmod(fd, mode) == 0, FAULT_DISK);
    size_t done = 0;
    while (done < bytes.size) {
        const ssize_t n = write(fd, bytes.data + done, bytes.size - done);
        CHECK(n > 0, FAULT_DISK);
        done += (size_t)n;
    }
    CHECK(fsync(fd) == 0, FAULT_DISK);
    CHECK(rename(beside, path) == 0, FAULT_DISK);
    return OK;
}

Status file_read_secret(const char *path, Buffer *ret_bytes)
{
    TRY(file_read(path, ret_bytes));
    while (ret_bytes->size > 0 && ret_bytes->data[ret_bytes->size - 1] == '\n')
        ret_bytes->size--;
    return OK;
}

void day_text(int64_t time_us, char ret_day[11])
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    snprintf(ret_day, 11, "never");
    if (time_us == 0 || !status_ok(time_format(time_us, &text))) return;
    memcpy(ret_day, memory, 10);
    ret_day[10] = '\0';
}
