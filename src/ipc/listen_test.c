/* Goal: a socket file is open to whom its mode says, and listening destroys nothing of others. */
#define _GNU_SOURCE
#include "base/expect.h"
#include "ipc/channel.h"
#include "ipc/service.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const path = "/tmp/hufu_listen_test.sock";

static void test_socket_file_mode_keeps_strangers_out(void)
{
    if (getuid() != 0) {
        printf("SKIPPED: only root can become another user\n");
        return;
    }
    int listener = -1;
    struct stat facts;
    EXPECT_OK(service_listen(path, 0660, 0, &listener));
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
    EXPECT_OK(service_listen(path, 0600, -1, &first));
    EXPECT_OK(service_listen(path, 0600, -1, &second));
    close(first);
    close(second);
    unlink(path);
    FILE *file = fopen(path, "w");
    EXPECT(file != NULL && fclose(file) == 0);
    EXPECT_STATUS(service_listen(path, 0600, -1, &first), FAULT_IPC);
    EXPECT(unlink(path) == 0);
}

TESTS(TEST(test_socket_file_mode_keeps_strangers_out),
        TEST(test_listening_replaces_a_socket_but_no_other_file))
