#define _GNU_SOURCE
#include "keys/custody.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOT_NAME "root.key"
#define WRAPPED_NAME "root.wrapped"
#define SHARES_NAME "root.shares"
#define NEW_NAME "root.new"

static const char *const names[] = {
    [CUSTODY_DEVELOPMENT] = "development",
    [CUSTODY_UNATTENDED] = "unattended",
    [CUSTODY_CUSTODIANS] = "custodians",
};

Status custody_parse(Span name, Custody *ret_custody)
{
    for (int i = CUSTODY_DEVELOPMENT; i <= CUSTODY_CUSTODIANS; i++) {
        if (!span_equal(name, span_of_text(names[i]))) continue;
        *ret_custody = (Custody)i;
        return OK;
    }
    return REFUSE(REFUSED_CUSTODY_UNKNOWN);
}

const char *custody_name(Custody custody) { return names[custody]; }

const char *custody_file(Custody custody)
{
    static const char *const files[] = {
        [CUSTODY_DEVELOPMENT] = ROOT_NAME,
        [CUSTODY_UNATTENDED] = WRAPPED_NAME,
        [CUSTODY_CUSTODIANS] = SHARES_NAME,
    };
    return files[custody];
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* A file of ours of at most the buffer's capacity. Refuses REFUSED_CUSTODY_FILE. */
static Status read_file(int directory_fd, const char *name, Buffer *ret_bytes)
{
    CLEANUP(close_fd) int fd = openat(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat facts;
    REQUIRE(fd >= 0, REFUSED_CUSTODY_FILE);
    CHECK(fstat(fd, &facts) == 0, FAULT_DISK);
    const bool ours = S_ISREG(facts.st_mode) && (facts.st_mode & 077) == 0
            && facts.st_uid == geteuid() && facts.st_size >= 0
            && (uint64_t)facts.st_size <= ret_bytes->capacity;
    REQUIRE(ours, REFUSED_CUSTODY_FILE);
    CHECK(pread(fd, ret_bytes->data, (size_t)facts.st_size, 0) == facts.st_size, FAULT_DISK);
    ret_bytes->size = (size_t)facts.st_size;
    return OK;
}

/* Written aside and renamed: a power cut leaves no file, or a whole one. */
static Status write_file(int directory_fd, const char *name, Span bytes)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    CLEANUP(close_fd) int fd = openat(directory_fd, NEW_NAME, flags, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    CHECK(write(fd, bytes.data, bytes.size) == (ssize_t)bytes.size, FAULT_DISK);
    CHECK(fsync(fd) == 0, FAULT_DISK);
    CHECK(renameat(directory_fd, NEW_NAME, directory_fd, name) == 0, FAULT_DISK);
    CHECK(fsync(directory_fd) == 0, FAULT_DISK);
    return OK;
}

static bool exists(int directory_fd, const char *name)
{
    return faccessat(directory_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static Status draw_root(const CustodyConfig *config, Secret *ret_root)
{
    TRY(random_fill(&config->random, ret_root->bytes, CUSTODY_ROOT_BYTES));
    ret_root->size = CUSTODY_ROOT_BYTES;
    return OK;
}

static Status root_of_file(const CustodyConfig *config, Secret *ret_root)
{
    REQUIRE(config->development, REFUSED_CUSTODY_DEVELOPMENT);
    if (exists(config->directory_fd, ROOT_NAME)) {
        Buffer root = { ret_root->bytes, 0, CUSTODY_ROOT_BYTES };
        TRY(read_file(config->directory_fd, ROOT_NAME, &root));
        REQUIRE(root.size == CUSTODY_ROOT_BYTES, REFUSED_CUSTODY_FILE);
        ret_root->size = root.size;
        return OK;
    }
    REQUIRE(config->may_create, REFUSED_CUSTODY_FILE);
    TRY(draw_root(config, ret_root));
    return write_file(config->directory_fd, ROOT_NAME, secret_span(ret_root));
}

static Status ask_token(const CustodyConfig *config, HsmAnswer *answer)
{
    uint8_t memory[HSM_WRAPPED_BYTES];
    Buffer wrapped = BUFFER_OF(memory);
    if (exists(config->directory_fd, WRAPPED_NAME)) {
        TRY(read_file(config->directory_fd, WRAPPED_NAME, &wrapped));
        REQUIRE(wrapped.size == HSM_WRAPPED_BYTES, REFUSED_HSM_WRAPPED);
        return custody_ask_hsm(&config->hsm, false, span_of_buffer(&wrapped), answer);
    }
    REQUIRE(config->may_create, REFUSED_HSM_WRAPPED);
    TRY(custody_ask_hsm(&config->hsm, true, (Span) { NULL, 0 }, answer));
    return write_file(config->directory_fd, WRAPPED_NAME, SPAN_OF(answer->wrapped));
}

static Status root_of_token(const CustodyConfig *config, Secret *ret_root)
{
    HsmAnswer answer = { 0 };
    const Status s = ask_token(config, &answer);
    if (status_ok(s)) *ret_root = answer.root;
    secret_wipe(&answer.root);
    return s;
}

Status custody_root(const CustodyConfig *config, Secret *ret_root)
{
    CLEANUP(secret_wipe) Secret root = { 0 };
    switch (config->custody) {
    case CUSTODY_DEVELOPMENT: TRY(root_of_file(config, &root)); break;
    case CUSTODY_UNATTENDED: TRY(root_of_token(config, &root)); break;
    default: return REFUSE(REFUSED_CUSTODY_UNAVAILABLE);
    }
    *ret_root = root;
    return OK;
}

static Status make_in_file(const CustodyConfig *config, Secret *ret_root, Buffer *ret_file)
{
    REQUIRE(config->development, REFUSED_CUSTODY_DEVELOPMENT);
    TRY(draw_root(config, ret_root));
    return buffer_put(ret_file, secret_span(ret_root));
}

static Status make_in_token(const CustodyConfig *config, Secret *ret_root, Buffer *ret_file)
{
    HsmAnswer answer = { 0 };
    Status s = custody_ask_hsm(&config->hsm, true, (Span) { NULL, 0 }, &answer);
    if (status_ok(s)) s = buffer_put(ret_file, SPAN_OF(answer.wrapped));
    if (status_ok(s)) *ret_root = answer.root;
    secret_wipe(&answer.root);
    return s;
}

Status custody_make(const CustodyConfig *config, Secret *ret_root, Buffer *ret_file)
{
    switch (config->custody) {
    case CUSTODY_DEVELOPMENT: return make_in_file(config, ret_root, ret_file);
    case CUSTODY_UNATTENDED: return make_in_token(config, ret_root, ret_file);
    default: return REFUSE(REFUSED_CUSTODY_UNAVAILABLE);
    }
}

Status custody_share_set(int directory_fd, ShareSet *ret_set)
{
    uint8_t memory[SHARE_SET_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(read_file(directory_fd, SHARES_NAME, &b));
    return share_set_parse(span_of_buffer(&b), ret_set);
}

Status custody_share_set_keep(int directory_fd, const ShareSet *set)
{
    uint8_t memory[SHARE_SET_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(share_set_put(set, &b));
    return write_file(directory_fd, SHARES_NAME, span_of_buffer(&b));
}
