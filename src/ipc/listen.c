#define _GNU_SOURCE
#include "ipc/channel.h"
#include "ipc/service.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = SERVICE_CONNECTIONS_MAX };

static void fd_done(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static Status bind_file(int fd, const char *path, uint32_t mode, int group)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t size = strlen(path);
    CHECK(size > 0 && size <= CHANNEL_PATH_BYTES_MAX, FAULT_IPC);
    memcpy(address.sun_path, path, size);

    struct stat old = { 0 };
    if (lstat(path, &old) == 0) {
        CHECK(S_ISSOCK(old.st_mode), FAULT_IPC);
        CHECK(unlink(path) == 0, FAULT_IPC);
    }
    /* bind() gives the file the socket's own mode: nobody gets in between bind() and chmod(). */
    CHECK(fchmod(fd, S_IRUSR | S_IWUSR) == 0, FAULT_IPC);
    CHECK(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0, FAULT_IPC);
    if (group >= 0) CHECK(lchown(path, (uid_t)-1, (gid_t)group) == 0, FAULT_IPC);
    CHECK(chmod(path, (mode_t)mode) == 0, FAULT_IPC);
    CHECK(listen(fd, BACKLOG) == 0, FAULT_IPC);
    return OK;
}

Status service_listen(const char *path, uint32_t mode, int group, int *ret_fd)
{
    CLEANUP(fd_done) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    CHECK(fd >= 0, FAULT_IPC);
    TRY(bind_file(fd, path, mode, group));
    *ret_fd = fd;
    fd = -1; /* transferred */
    return OK;
}
