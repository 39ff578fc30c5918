#define _GNU_SOURCE
#include "ceremony.h"

#include "run_apart.h"

#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 256, FDS_MAX = OPTION_VALUES_MAX + 1, SAID_BYTES_MAX = 16384 };

typedef struct Call {
    const char *arguments[ARGUMENTS_MAX];
    size_t count;
    char program[PATH_BYTES_MAX];
    char needed[24];
    char operator_uid[24];
    char group[24];
    int fds[FDS_MAX];
    char numbers[FDS_MAX][16];
    size_t fd_count;
} Call;

static void call_done(Call *call)
{
    for (size_t i = 0; i < call->fd_count; i++)
        close(call->fds[i]);
}

static void add(Call *call, const char *name, const char *value)
{
    if (value == NULL) return;
    ASSERT(call->count + 3 < ARGUMENTS_MAX);
    call->arguments[call->count++] = name;
    call->arguments[call->count++] = value;
}

/* The file's name survives a power cut, too: a share that is lost may be the vault. */
MUST_USE static Status sync_folder_of(const char *path)
{
    char folder[PATH_BYTES_MAX];
    const int size = snprintf(folder, sizeof(folder), "%s", path);
    CHECK(size > 0 && size < PATH_BYTES_MAX, FAULT_DISK);
    const int fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) close(fd);
    CHECK(is_synced, FAULT_DISK);
    return OK;
}

/* A new file of its own, mode 0600; "-" is this terminal, shown once. Inherited by vaultd. */
MUST_USE static Status add_new_file(Call *call, const char *name, const char *path)
{
    const int fd = strcmp(path, "-") == 0
            ? dup(STDOUT_FILENO)
            : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0) fprintf(stderr, "hufu: the ceremony: %s: must be a new file\n", path);
    CHECK(fd >= 0, FAULT_DISK);
    ASSERT(call->fd_count < FDS_MAX);
    char *number = call->numbers[call->fd_count];
    call->fds[call->fd_count++] = fd;
    snprintf(number, sizeof(call->numbers[0]), "%d", fd);
    add(call, name, number);
    return strcmp(path, "-") == 0 ? OK : sync_folder_of(path);
}

static void describe_first(const Ceremony *c, Call *call)
{
    call->arguments[call->count++] = "--ceremony";
    add(call, "--custody", c->custody);
    add(call, "--suite", c->suite);
    add(call, "--hsm-module", c->module);
    add(call, "--hsm-token", c->token);
    add(call, "--hsm-pin-file", c->pin_file);
}

static void describe_turn(const Ceremony *c, const Users *users, Call *call)
{
    const CeremonyTurn *before = c->turn;
    call->arguments[call->count++] = "--turn-root";
    add(call, "--custody", before->custody);
    add(call, "--hsm-module", before->module);
    add(call, "--hsm-token", before->token);
    add(call, "--hsm-pin-file", before->pin_file);
    add(call, "--operator-socket", before->operator_socket);
    snprintf(call->operator_uid, sizeof(call->operator_uid), "%u", before->operator_uid);
    snprintf(call->group, sizeof(call->group), "%u", users->sockets);
    add(call, "--operator-uid", call->operator_uid);
    add(call, "--group", users->separate ? call->group : NULL);
    add(call, "--next-custody", c->custody);
    add(call, "--next-hsm-module", c->module);
    add(call, "--next-hsm-token", c->token);
    add(call, "--next-hsm-pin-file", c->pin_file);
}

MUST_USE static Status describe(
        const Ceremony *c, const char *programs, const Users *users, Call *call)
{
    call->arguments[call->count++] = path_in(call->program, programs, "vaultd");
    if (c->turn == NULL)
        describe_first(c, call);
    else
        describe_turn(c, users, call);
    if (c->development) call->arguments[call->count++] = "--development";
    add(call, "--directory", c->vault);
    for (size_t i = 0; i < c->who.count; i++)
        add(call, "--who", c->who.values[i]);
    snprintf(call->needed, sizeof(call->needed), "%lld", (long long)c->needed);
    add(call, "--needed", c->needed > 0 ? call->needed : NULL);
    for (size_t i = 0; i < c->shares.count; i++)
        TRY(add_new_file(call, "--share-fd", c->shares.values[i]));
    return add_new_file(call, "--record-fd", c->record);
}

/* What nothing was written to is taken back, so that the next try finds no files in its way. */
static void take_back(const char *path)
{
    struct stat about;
    if (strcmp(path, "-") == 0) return;
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size == 0) unlink(path);
}

MUST_USE static Status refused(const Ceremony *c)
{
    for (size_t i = 0; i < c->shares.count; i++)
        take_back(c->shares.values[i]);
    take_back(c->record);
    return BROKEN(FAULT_VAULT);
}

Status ceremony_hold(const Ceremony *c, const char *programs, const Users *users)
{
    CLEANUP(call_done) Call call = { 0 };
    uint8_t memory[SAID_BYTES_MAX];
    Buffer said = BUFFER_OF(memory);
    int ended = -1;
    TRY(describe(c, programs, users, &call));
    const RunApart run = { .arguments = call.arguments,
        .input_fd = c->turn == NULL ? -1 : c->turn->approvals_fd,
        .output_fd = -1,
        .user = RUN_VAULT,
        .with_sockets = c->turn != NULL,
        .with_environment = true };
    fflush(stdout); /* what is shown by vaultd comes after it */
    TRY(run_apart(users, &run, &said, &ended));
    fprintf(stderr, "%.*s", (int)said.size, (const char *)said.data); /* why, when it refused */
    return ended == 0 ? OK : refused(c);
}

void ceremony_print_forms(const Ceremony *c)
{
    for (size_t i = 0; i < c->shares.count; i++)
        printf("\nCustodian form %zu of %zu, for the record %s\n"
               "  I have received share %zu. I keep it apart from the others, show it to nobody, "
               "and\n"
               "  hand it in when the vault is opened. %lld custodians are needed.\n"
               "  name ______________________  date ____________  signature "
               "______________________\n",
                i + 1, c->shares.count, c->record, i + 1, (long long)c->needed);
}
