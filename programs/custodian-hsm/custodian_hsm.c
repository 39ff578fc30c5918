/* custodian-hsm: the one process that loads a PKCS#11 library, because vaultd may not. It answers
 * one question on descriptor 3, from the process that started it, and ends. */
#define _GNU_SOURCE
#include "base/log.h"
#include "token.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOCKET_FD = 3 };

static const struct option known[] = {
    { "module", required_argument, NULL, 'm' },
    { "token", required_argument, NULL, 't' },
    { "pin-file", required_argument, NULL, 'p' },
    { "refused", required_argument, NULL, 'r' },
    { NULL, 0, NULL, 0 },
};

static bool options_parse(int argc, char **argv, TokenConfig *ret)
{
    int option = 0;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'm': ret->module = optarg; break;
        case 't': ret->label = optarg; break;
        case 'p': ret->pin_file = optarg; break;
        case 'r': ret->refused_file = optarg; break;
        default: return false;
        }
    }
    return optind == argc && ret->refused_file != NULL;
}

/* It dies with its parent: nobody else asks it anything. */
static Status harden(void)
{
    const struct rlimit none = { 0, 0 };
    umask(077);
    CHECK(setrlimit(RLIMIT_CORE, &none) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, FAULT_SYSTEM);
    CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0, FAULT_SYSTEM);
    return OK;
}

static Status act(const TokenConfig *config, const HsmQuestion *question, HsmAnswer *ret_answer)
{
    Token *token = NULL;
    TRY(token_open(config, &token));
    const Status s = question->act == HSM_CREATE
            ? token_create(token, ret_answer)
            : token_unwrap(token, question->wrapped, ret_answer);
    token_close(token);
    return s;
}

static Status answer(const TokenConfig *config)
{
    uint8_t memory[HSM_MESSAGE_BYTES_MAX];
    uint8_t out_memory[HSM_MESSAGE_BYTES_MAX];
    Buffer out = BUFFER_OF(out_memory);
    HsmQuestion question;
    HsmAnswer a = { 0 };
    const ssize_t size = recv(SOCKET_FD, memory, sizeof(memory), 0);
    CHECK(size > 0, FAULT_IPC);
    TRY(hsm_take_question((Span) { memory, (size_t)size }, &question));
    a.status = act(config, &question, &a);
    Status s = hsm_put_answer(&a, &out);
    if (status_ok(s) && send(SOCKET_FD, out_memory, out.size, MSG_NOSIGNAL) < 0)
        s = BROKEN(FAULT_IPC);
    bytes_wipe(out_memory, sizeof(out_memory));
    const Status told = a.status;
    secret_wipe(&a.root);
    return status_ok(s) ? told : s;
}

int main(int argc, char **argv)
{
    TokenConfig config = { 0 };
    log_open("custodian-hsm", LOG_INFO, STDERR_FILENO);
    if (!options_parse(argc, argv, &config)) {
        fputs("custodian-hsm: started by vaultd, not by people\n", stderr);
        return 2;
    }
    Status s = harden();
    if (status_ok(s)) s = answer(&config);
    if (!status_ok(s)) LOG_STATUS(LOG_ERROR, "hsm.failed", s);
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
