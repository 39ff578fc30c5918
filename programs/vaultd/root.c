#define _GNU_SOURCE
#include "root.h"

#include "unseal.h"

#include "base/log.h"
#include "keys/keeper_wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 512, KEEPER_MS_MAX = 5000 };

/* --- the keeper --- */

static Status keeper_call(int fd, Span question, uint8_t *ret_answer, size_t *ret_size)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    CHECK(send(fd, question.data, question.size, MSG_NOSIGNAL) == (ssize_t)question.size,
            FAULT_IPC);
    CHECK(poll(&wait, 1, KEEPER_MS_MAX) == 1, FAULT_IPC);
    const ssize_t size = recv(fd, ret_answer, KEEPER_MESSAGE_BYTES_MAX, 0);
    CHECK(size > 0, FAULT_IPC);
    *ret_size = (size_t)size;
    return OK;
}

static Status ask_keeper(int fd, Secret *ret_root)
{
    uint8_t answer[KEEPER_MESSAGE_BYTES_MAX];
    const uint8_t question = KEEPER_GET;
    size_t size = 0;
    TRY(keeper_call(fd, (Span) { &question, 1 }, answer, &size));
    const bool has_root = size == KEEPER_MESSAGE_BYTES_MAX && answer[0] == KEEPER_ROOT;
    CHECK(has_root || (size == 1 && answer[0] == KEEPER_NONE), FAULT_IPC);
    if (!has_root) return OK;
    const Status s = secret_set(ret_root, (Span) { answer + 1, KEEPER_ROOT_BYTES });
    bytes_wipe(answer, sizeof(answer));
    return s;
}

static Status tell_keeper(int fd, const Secret *root)
{
    uint8_t question[KEEPER_MESSAGE_BYTES_MAX] = { KEEPER_PUT };
    uint8_t answer[KEEPER_MESSAGE_BYTES_MAX];
    size_t size = 0;
    memcpy(question + 1, root->bytes, KEEPER_ROOT_BYTES);
    const Status s = keeper_call(fd, SPAN_OF(question), answer, &size);
    bytes_wipe(question, sizeof(question));
    TRY(s);
    CHECK(size == 1 && answer[0] == KEEPER_KEPT, FAULT_IPC);
    return OK;
}

static Status root_of_people(const Options *o, const Files *files, Secret *root)
{
    if (o->keeper_fd >= 0) TRY(ask_keeper(o->keeper_fd, root));
    if (root->size == KEEPER_ROOT_BYTES) {
        LOG(LOG_INFO, "vault.kept");
        return OK;
    }
    ShareSet set;
    TRY(custody_share_set(files->directory_fd, &set));
    LOG(LOG_ALERT, "vault.sealed", LOG_NUMBER(COUNT, set.needed));
    const UnsealConfig config = { .set = &set,
        .socket = o->operator_socket,
        .group = o->group,
        .operator_uid = o->users.operator_uid };
    TRY(unseal_wait(&config, root));
    return o->keeper_fd >= 0 ? tell_keeper(o->keeper_fd, root) : OK;
}

/* --- custody --- */

/* custodian-hsm lies beside vaultd unless somebody says where. */
static const char *program_beside(const char *given, char memory[PATH_BYTES_MAX])
{
    if (given != NULL) return given;
    const ssize_t size = readlink("/proc/self/exe", memory, PATH_BYTES_MAX - 1);
    if (size <= 0) return NULL;
    memory[size] = '\0';
    char *slash = strrchr(memory, '/');
    const char name[] = "/custodian-hsm";
    if (slash == NULL || (size_t)(slash - memory) + sizeof(name) > PATH_BYTES_MAX) return NULL;
    memcpy(slash, name, sizeof(name));
    return memory;
}

typedef struct CustodyPaths {
    char program[PATH_BYTES_MAX];
    char refused[PATH_BYTES_MAX];
} CustodyPaths;

static Status describe_custody(
        const Options *o, const Files *files, CustodyPaths *paths, CustodyConfig *ret_config)
{
    const int size = snprintf(paths->refused, PATH_BYTES_MAX, "%s/hsm.refused", o->directory);
    REQUIRE(size > 0 && size < PATH_BYTES_MAX, REFUSED_CUSTODY_FILE);
    *ret_config = (CustodyConfig) {
        .custody = o->custody,
        .development = o->development,
        .directory_fd = files->directory_fd,
        .random = random_system(),
        .hsm = o->hsm,
    };
    ret_config->hsm.program = program_beside(o->hsm.program, paths->program);
    ret_config->hsm.refused_file = paths->refused;
    return OK;
}

static Status root_of_custody(
        const Options *o, const Files *files, bool may_create, Secret *ret_root)
{
    CustodyPaths paths;
    CustodyConfig config;
    TRY(describe_custody(o, files, &paths, &config));
    config.may_create = may_create;
    return custody_root(&config, ret_root);
}

Status root_get(const Options *o, const Files *files, Secret *ret_root)
{
    if (o->custody == CUSTODY_CUSTODIANS) return root_of_people(o, files, ret_root);
    return root_of_custody(o, files, files->is_new, ret_root);
}

/* --- the ceremony --- */

static Status write_all(int fd, Span bytes)
{
    for (size_t done = 0; done < bytes.size;) {
        const ssize_t n = write(fd, bytes.data + done, bytes.size - done);
        CHECK(n > 0, FAULT_DISK);
        done += (size_t)n;
    }
    CHECK(fsync(fd) == 0 || errno == EINVAL, FAULT_DISK); /* a terminal cannot be synced */
    return OK;
}

static Status hand_out(const Options *o, const Share *shares)
{
    for (uint8_t i = 0; i < o->share_count; i++) {
        uint8_t memory[SHARE_TEXT_BYTES_MAX];
        Buffer text = BUFFER_OF(memory);
        Status s = share_put_text(&shares[i], &text);
        if (status_ok(s)) s = write_all(o->share_fds[i], span_of_buffer(&text));
        bytes_wipe(memory, sizeof(memory));
        TRY(s);
    }
    return OK;
}

static Status share_out(const Options *o, Secret *root, ShareSet *ret_set)
{
    const Random random = random_system();
    Share shares[SHARES_MAX] = { { 0 } };
    TRY(random_fill(&random, root->bytes, CUSTODY_ROOT_BYTES));
    root->size = CUSTODY_ROOT_BYTES;
    Status s = shares_split(root, o->shares_needed, o->share_count, &random, shares, ret_set);
    if (status_ok(s)) s = hand_out(o, shares);
    bytes_wipe(shares, sizeof(shares));
    return s;
}

/* The shares are in their owners' hands before the set is kept, and the set before the root is
 * used: a ceremony that is cut short leaves no keys that nobody can open. */
static Status make_for_people(const Options *o, const Files *files, Secret *root, ShareSet *ret_set)
{
    TRY(share_out(o, root, ret_set));
    return custody_share_set_keep(files->directory_fd, ret_set);
}

Status root_make(const Options *o, const Files *files, Secret *ret_root, ShareSet *ret_set)
{
    REQUIRE(files->is_new, REFUSED_CUSTODY_MISMATCH);
    if (o->custody == CUSTODY_CUSTODIANS) return make_for_people(o, files, ret_root, ret_set);
    return root_of_custody(o, files, true, ret_root);
}

Status root_renew(
        const Options *o, const Files *files, Secret *ret_root, Buffer *ret_file, ShareSet *ret_set)
{
    if (o->custody == CUSTODY_CUSTODIANS) {
        TRY(share_out(o, ret_root, ret_set));
        return share_set_put(ret_set, ret_file);
    }
    CustodyPaths paths;
    CustodyConfig config;
    TRY(describe_custody(o, files, &paths, &config));
    return custody_make(&config, ret_root, ret_file);
}
