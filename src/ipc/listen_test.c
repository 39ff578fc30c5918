/* Goal: a socket file is open to whom its mode says, and listening destroys nothing of others. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "ipc/channel.h"
#include "ipc/service.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char path[EXPECT_PATH_BYTES];

static void test_socket_file_mode_keeps_strangers_out(void)
{
    if (getuid() != 0) {
        printf("SKIPPED: only root can become another user\n");
        return;
    }
    int listener = -1;
    struct stat facts;
    EXPECT_OK(service_listen(expect_path("listen-test", path), 0660, 0, &listener));
    EXPECT(stat(path, &facts) == 0 && (facts.st_mode & 0777) == 0660);
    const pid_t child = fork();
    if (child == 0) {
        Channel *channel = NULL;
        if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
        _exit(status_is(channel_connect(path, 100, &channel), REFUSED_IPC_PEER) ? 0 : 2);
    }
    int result = -1;
    EXPECT(waitpid(child, &result, 0) == child);
    EXPECT(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    close(listener);
    unlink(path);
}

static void test_listening_replaces_a_socket_but_no_other_file(void)
{
    int first = -1;
    int second = -1;
    EXPECT_OK(service_listen(expect_path("listen-test", path), 0600, -1, &first));
    EXPECT_OK(service_listen(path, 0600, -1, &second));
    close(first);
    close(second);
    unlink(path);
    FILE *file = fopen(path, "w");
    EXPECT(file != NULL && fclose(file) == 0);
    EXPECT_STATUS(service_listen(path, 0600, -1, &first), FAULT_IPC);
    EXPECT(unlink(path) == 0);
}

/* Somebody else listens at this path, as another user; the one who connects is root, whom no file's
 * mode keeps out. */
static Status connect_to_another(const char *socket_path)
{
    int told[2];
    char byte = 0;
    Channel *channel = NULL;
    ASSERT(pipe(told) == 0);
    const pid_t child = fork();
    if (child == 0) {
        int listener = -1;
        if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
        const Status s = service_listen(socket_path, 0666, -1, &listener);
        byte = status_ok(s) ? 'y' : 'n';
        if (write(told[1], &byte, 1) != 1) _exit(1);
        pause();
    }
    close(told[1]);
    const bool listens = read(told[0], &byte, 1) == 1 && byte == 'y';
    const Status s = listens ? channel_connect(socket_path, 1000, &channel) : BROKEN(FAULT_IPC);
    channel_close(channel);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    unlink(socket_path);
    close(told[0]);
    return s;
}

/* TP-17: both ends of a local socket know each other: who connects asks who listens. */
static void test_a_listener_in_the_right_ones_place_is_refused(void)
{
    char folder[] = "/tmp/hufu-listen-XXXXXX";
    char inside[EXPECT_PATH_BYTES];
    if (getuid() != 0) {
        printf("SKIPPED: only root can become another user\n");
        return;
    }
    EXPECT_REFUSED(connect_to_another(expect_path("listen-test", path)),
            REFUSED_IPC_PEER); /* anybody may write in /tmp */
    EXPECT(mkdtemp(folder) != NULL && chown(folder, 65534, 65534) == 0);
    snprintf(inside, sizeof(inside), "%s/socket", folder);
    EXPECT_OK(connect_to_another(inside)); /* a folder of its own */
    EXPECT(chmod(folder, 0770) == 0);
    EXPECT_REFUSED(connect_to_another(inside), REFUSED_IPC_PEER);
    EXPECT(chown(folder, 65533, 65534) == 0 && chmod(folder, 0777) == 0);
    EXPECT_REFUSED(connect_to_another(inside), REFUSED_IPC_PEER); /* another one's folder */
    EXPECT(rmdir(folder) == 0);
}

TESTS(TEST(test_socket_file_mode_keeps_strangers_out),
        TEST(test_a_listener_in_the_right_ones_place_is_refused),
        TEST(test_listening_replaces_a_socket_but_no_other_file))
