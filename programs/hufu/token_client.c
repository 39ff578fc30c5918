#define _GNU_SOURCE
#include "token_client.h"

#include "command.h"

#include "crypto/sign.h"
#include "ipc/vault_wire.h"
#include "text/pkcs11_uri.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
}

/* Of any size: a pipe would have to be written and read at once. */
static Status put_into_memory(Span message, int *ret_fd)
{
    *ret_fd = memfd_create("message", MFD_CLOEXEC);
    CHECK(*ret_fd >= 0, FAULT_SYSTEM);
    for (size_t done = 0; done < message.size;) {
        const ssize_t n = write(*ret_fd, message.data + done, message.size - done);
        CHECK(n > 0, FAULT_SYSTEM);
        done += (size_t)n;
    }
    CHECK(lseek(*ret_fd, 0, SEEK_SET) == 0, FAULT_SYSTEM);
    return OK;
}

__attribute__((noreturn)) static void become(const char *program, const char *uri, int in, int out)
{
    const char *const arguments[] = { program, uri, NULL };
    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0) _exit(127);
    execv(program, (char *const *)(uintptr_t)arguments);
    _exit(127);
}

/* It writes once, and little: what it says fits into the pipe. */
static Status run(const char *program, const char *uri, int message_fd, Buffer *said)
{
    int ends[2];
    int state = 0;
    fflush(NULL);
    CHECK(pipe2(ends, O_CLOEXEC) == 0, FAULT_SYSTEM);
    const pid_t child = fork();
    if (child == 0) become(program, uri, message_fd, ends[1]);
    close(ends[1]);
    CLEANUP(close_fd) int fd = ends[0];
    CHECK(child > 0, FAULT_SYSTEM);
    ssize_t n = 1;
    while (n > 0 && said->size < said->capacity) {
        n = read(fd, said->data + said->size, said->capacity - said->size);
        said->size += n > 0 ? (size_t)n : 0;
    }
    CHECK(waitpid(child, &state, 0) == child, FAULT_SYSTEM);
    REQUIRE(WIFEXITED(state) && WEXITSTATUS(state) == 0, REFUSED_TOKEN_SIGNATURE);
    return OK;
}

/* version u8 (1) | WireSignatureEncoding u8 | signature framed */
static Status take_answer(Span answer, Buffer *ret_signature, uint8_t *ret_encoding)
{
    Cursor c = cursor_of(answer);
    uint8_t version = 0;
    uint8_t encoding = 0;
    Span signature;
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &encoding));
    TRY(cursor_framed(&c, SIGN_BYTES_MAX, &signature));
    TRY(cursor_end(&c));
    REQUIRE(version == 1 && encoding <= WIRE_SIGNATURE_RAW, REFUSED_TOKEN_SIGNATURE);
    TRY(buffer_put(ret_signature, signature));
    *ret_encoding = encoding;
    return OK;
}

Status token_client_sign(
        const char *uri, Span message, Buffer *ret_signature, uint8_t *ret_encoding)
{
    char folder[PATH_BYTES_MAX];
    char program[PATH_BYTES_MAX];
    uint8_t memory[SIGN_BYTES_MAX + 16];
    Buffer said = BUFFER_OF(memory);
    Pkcs11Uri parsed;
    TRY(pkcs11_uri_parse(span_of_text(uri), &parsed));
    TRY(programs_folder(folder));
    CLEANUP(close_fd) int fd = -1;
    TRY(put_into_memory(message, &fd));
    TRY(run(path_in(program, folder, "token-sign"), uri, fd, &said));
    const Status s = take_answer(span_of_buffer(&said), ret_signature, ret_encoding);
    REQUIRE(status_ok(s), REFUSED_TOKEN_SIGNATURE);
    return OK;
}
