/* vaultd's side of custodian-hsm: start it, ask once, see it end. */
#define _GNU_SOURCE
#include "keys/custody.h"
#include "keys/hsm_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_FD = 3, ARGUMENTS_MAX = 12, ANSWER_MS_MAX = 60 * 1000 };

/* In the child: nothing but the three standard descriptors and the socket goes along. */
static void become(const CustodyHsm *hsm, int socket_fd)
{
    const char *arguments[ARGUMENTS_MAX] = { "custodian-hsm", "--refused", hsm->refused_file };
    size_t count = 3;
    const char *const pairs[][2] = { { "--module", hsm->module }, { "--token", hsm->token },
        { "--pin-file", hsm->pin_file } };
    for (size_t i = 0; i < 3; i++) {
        if (pairs[i][1] == NULL) continue;
        arguments[count++] = pairs[i][0];
        arguments[count++] = pairs[i][1];
    }
    if (socket_fd == CHILD_FD) {
        if (fcntl(CHILD_FD, F_SETFD, 0) != 0) return;
    } else if (dup2(socket_fd, CHILD_FD) != CHILD_FD) {
        return;
    }
    if (close_range(CHILD_FD + 1, ~0U, 0) != 0) return;
    execv(hsm->program, (char *const *)(uintptr_t)arguments);
}

static Status start(const CustodyHsm *hsm, pid_t *ret_child, int *ret_fd)
{
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0, FAULT_IPC);
    const pid_t child = fork();
    if (child == 0) {
        become(hsm, pair[1]);
        _exit(127);
    }
    close(pair[1]);
    if (child < 0) close(pair[0]);
    CHECK(child > 0, FAULT_SYSTEM);
    *ret_child = child;
    *ret_fd = pair[0];
    return OK;
}

static Status receive(int fd, HsmAnswer *ret_answer)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    uint8_t memory[HSM_MESSAGE_BYTES_MAX];
    int ready = 0;
    do
        ready = poll(&wait, 1, ANSWER_MS_MAX);
    while (ready < 0 && errno == EINTR);
    CHECK(ready == 1, FAULT_HSM);
    const ssize_t size = recv(fd, memory, sizeof(memory), 0);
    CHECK(size > 0, FAULT_HSM); /* it died: its own log says of what */
    const Status s = hsm_take_answer((Span) { memory, (size_t)size }, ret_answer);
    bytes_wipe(memory, sizeof(memory));
    return s;
}

static Status ask(int fd, const HsmQuestion *question, HsmAnswer *ret_answer)
{
    uint8_t memory[HSM_MESSAGE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(hsm_put_question(question, &b));
    CHECK(send(fd, memory, b.size, MSG_NOSIGNAL) == (ssize_t)b.size, FAULT_HSM);
    TRY(receive(fd, ret_answer));
    return ret_answer->status;
}

Status custody_ask_hsm(const CustodyHsm *hsm, bool create, Span wrapped, HsmAnswer *ret_answer)
{
    pid_t child = 0;
    int fd = -1;
    const HsmQuestion question = { create ? HSM_CREATE : HSM_UNWRAP, wrapped };
    REQUIRE(hsm->program != NULL && hsm->refused_file != NULL, REFUSED_HSM_MODULE);
    TRY(start(hsm, &child, &fd));
    const Status s = ask(fd, &question, ret_answer);
    close(fd);
    kill(child, SIGKILL); /* it has answered, or never will */
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) { }
    return s;
}
