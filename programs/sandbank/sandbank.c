/*
 * sandbank: a sandbox bank to try channels against. It is no bank, moves no money and says so in
 * every answer.
 *
 *   sandbank FOLDER PORT PORT
 *
 * FOLDER has bank.pem (certificates), bank.key (PKCS#8) and clients.pem (who signs clients'
 * certificates); its book is made there. SIGTERM ends it.
 */
#include "bank.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/tls.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 * 1024, PATH_BYTES_MAX = 4096, PORT_MAX = 65535 };

static Status path_in(const char *folder, const char *name, char ret_path[PATH_BYTES_MAX])
{
    const int size = snprintf(ret_path, PATH_BYTES_MAX, "%s/%s", folder, name);
    REQUIRE(size > 0 && size < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    return OK;
}

static Status read_whole(const char *folder, const char *name, Buffer *ret_bytes)
{
    char path[PATH_BYTES_MAX];
    TRY(path_in(folder, name, path));
    FILE *file = fopen(path, "rbe");
    CHECK(file != NULL, FAULT_DISK);
    ret_bytes->size = fread(ret_bytes->data, 1, ret_bytes->capacity, file);
    const bool whole = feof(file) != 0 && ferror(file) == 0;
    fclose(file);
    CHECK(whole, FAULT_DISK);
    return OK;
}

static Status make_tls(const char *folder, struct ssl_ctx_st **ret_tls)
{
    uint8_t chain_bytes[FILE_BYTES_MAX];
    uint8_t key_bytes[FILE_BYTES_MAX];
    uint8_t clients_bytes[FILE_BYTES_MAX];
    Buffer chain = BUFFER_OF(chain_bytes);
    Buffer key = BUFFER_OF(key_bytes);
    Buffer clients = BUFFER_OF(clients_bytes);
    TRY(read_whole(folder, "bank.pem", &chain));
    TRY(read_whole(folder, "clients.pem", &clients));
    REQUIRE(clients.size > 0, REFUSED_CERTIFICATE_INVALID); /* none would let everybody in */
    Status s = read_whole(folder, "bank.key", &key);
    const TlsIdentity identity = { span_of_buffer(&chain), span_of_buffer(&key) };
    if (status_ok(s)) s = tls_server_context(&identity, span_of_buffer(&clients), ret_tls);
    bytes_wipe(key_bytes, sizeof(key_bytes));
    return s;
}

static Status serve(const char *folder, const uint16_t ports[BANK_LINES])
{
    char path[PATH_BYTES_MAX];
    CLEANUP(tls_context_free) struct ssl_ctx_st *tls = NULL;
    CLEANUP(bank_close) Bank *bank = NULL;
    sigset_t ends;
    int signal_number = 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    CHECK(sigprocmask(SIG_BLOCK, &ends, NULL) == 0, FAULT_SYSTEM);
    TRY(make_tls(folder, &tls));
    TRY(path_in(folder, "book.db", path));
    TRY(bank_open(path, ports, tls, &bank));
    for (int line = 0; line < BANK_LINES; line++)
        LOG(LOG_INFO, "sandbank.sandbox_line_open", LOG_NUMBER(PORT, bank_port(bank, line)));
    CHECK(sigwait(&ends, &signal_number) == 0, FAULT_SYSTEM);
    return OK;
}

static bool port_read(const char *text, uint16_t *ret_port)
{
    char *end = NULL;
    const long port = strtol(text, &end, 10);
    if (end == text || *end != 0 || port < 0 || port > PORT_MAX) return false;
    *ret_port = (uint16_t)port;
    return true;
}

int main(int argc, char **argv)
{
    uint16_t ports[BANK_LINES];
    log_open("sandbank", LOG_INFO, STDERR_FILENO);
    if (argc != 4 || !port_read(argv[2], &ports[0]) || !port_read(argv[3], &ports[1])) {
        fputs("usage: sandbank FOLDER PORT PORT   (a sandbox: no money moves)\n", stderr);
        return 2;
    }
    umask(077);
    const Status s = serve(argv[1], ports);
    if (!status_ok(s)) LOG_STATUS(LOG_ERROR, "sandbank.failed", s);
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
