/*
 * sandbank: a sandbox bank to try channels against. It is no bank, moves no money and says so in
 * every answer.
 *
 *   sandbank --setup FOLDER CLIENTS.pem
 *   sandbank --account FOLDER
 *   sandbank FOLDER PORT [PORT]
 *
 * The first makes FOLDER's files; its bank-ca.pem is whom the bank's clients must believe. FOLDER
 * has bank.pem (certificates), bank.key (PKCS#8) and clients.pem (who signs clients' certificates);
 * its book is made there. The second reads one line of an account whose card may be bound: name,
 * identity number, card number and phone, with commas between; the book keeps its digest. Two
 * processes may share the book, one line each. SIGTERM ends it.
 */
#include "bank.h"
#include "base/log.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/tls.h"
#include "setup.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 64 * 1024, PATH_BYTES_MAX = 4096, PORT_MAX = 65535 };

static Status make_tls(const char *folder, struct ssl_ctx_st **ret_tls)
{
    uint8_t chain_bytes[FILE_BYTES_MAX];
    uint8_t key_bytes[FILE_BYTES_MAX];
    uint8_t clients_bytes[FILE_BYTES_MAX];
    Buffer chain = BUFFER_OF(chain_bytes);
    Buffer key = BUFFER_OF(key_bytes);
    Buffer clients = BUFFER_OF(clients_bytes);
    TRY(setup_read(folder, "bank.pem", &chain));
    TRY(setup_read(folder, "clients.pem", &clients));
    REQUIRE(clients.size > 0, REFUSED_CERTIFICATE_INVALID); /* none would let everybody in */
    Status s = setup_read(folder, "bank.key", &key);
    const TlsIdentity identity = { span_of_buffer(&chain), span_of_buffer(&key) };
    if (status_ok(s)) s = tls_server_context(&identity, span_of_buffer(&clients), ret_tls);
    bytes_wipe(key_bytes, sizeof(key_bytes));
    return s;
}

/* ret_derived: the key of what the book has of accounts and codes. */
static Status read_box_key(
        const char *folder, PrivateKey **ret_key, uint8_t ret_derived[BINDING_KEY_BYTES])
{
    uint8_t bytes[SIGN_PKCS8_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    Status s = setup_read(folder, "bank-box.key", &pem);
    if (status_ok(s)) s = private_key_from_pem(span_of_buffer(&pem), ret_key);
    sha256(span_of_buffer(&pem), ret_derived);
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

static Status serve(const char *folder, BankConfig config)
{
    char path[PATH_BYTES_MAX];
    CLEANUP(tls_context_free) struct ssl_ctx_st *tls = NULL;
    CLEANUP(private_key_free) PrivateKey *box_key = NULL;
    CLEANUP(bank_close) Bank *bank = NULL;
    sigset_t ends;
    int signal_number = 0;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    CHECK(sigprocmask(SIG_BLOCK, &ends, NULL) == 0, FAULT_SYSTEM);
    TRY(make_tls(folder, &tls));
    const int size = snprintf(path, sizeof(path), "%s/book.db", folder);
    REQUIRE(size > 0 && size < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    config.book_path = path;
    TRY(read_box_key(folder, &box_key, config.binding_key));
    config.folder = folder;
    config.box_key = box_key;
    config.tls = tls;
    TRY(bank_open(&config, &bank));
    for (int line = 0; line < config.line_count; line++)
        LOG(LOG_INFO, "sandbank.sandbox_line_open", LOG_NUMBER(PORT, bank_port(bank, line)));
    CHECK(sigwait(&ends, &signal_number) == 0, FAULT_SYSTEM);
    return OK;
}

/* "name,identity number,card number,phone" */
static Status frame_account(Span line, Buffer *ret_elements)
{
    Cursor c = cursor_of(line);
    for (int i = 0; i < 3; i++) {
        Span element;
        TRY(cursor_until(&c, ',', &element));
        TRY(buffer_put_framed(ret_elements, element));
    }
    return buffer_put_framed(ret_elements, c.rest);
}

static Status account(const char *folder)
{
    char line[1024];
    uint8_t bytes[2048];
    Buffer elements = BUFFER_OF(bytes);
    char path[PATH_BYTES_MAX];
    CLEANUP(private_key_free) PrivateKey *box_key = NULL;
    CLEANUP(book_close) Book *book = NULL;
    Bindings bindings = { .folder = folder };
    CHECK(fgets(line, sizeof(line), stdin) != NULL, FAULT_SYSTEM);
    line[strcspn(line, "\n")] = 0;
    TRY(frame_account(span_of_text(line), &elements));
    bytes_wipe(line, sizeof(line));
    TRY(read_box_key(folder, &box_key, bindings.key));
    const int size = snprintf(path, sizeof(path), "%s/book.db", folder);
    REQUIRE(size > 0 && size < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    TRY(book_open(path, &book));
    bindings.book = book;
    const Status s = bindings_account(&bindings, span_of_buffer(&elements));
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

static bool port_read(const char *text, uint16_t *ret_port)
{
    char *end = NULL;
    const long port = strtol(text, &end, 10);
    if (end == text || *end != 0 || port < 0 || port > PORT_MAX) return false;
    *ret_port = (uint16_t)port;
    return true;
}

static int ended(Status s)
{
    if (!status_ok(s)) LOG_STATUS(LOG_ERROR, "sandbank.failed", s);
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    BankConfig config = { .line_count = argc - 2, .client = "hufud" };
    bool read = argc == 3 || argc == 4;
    log_open("sandbank", LOG_INFO, STDERR_FILENO);
    umask(077);
    if (argc == 4 && strcmp(argv[1], "--setup") == 0) return ended(setup_make(argv[2], argv[3]));
    if (argc == 3 && strcmp(argv[1], "--account") == 0) return ended(account(argv[2]));
    for (int line = 0; read && line < config.line_count; line++)
        read = port_read(argv[2 + line], &config.ports[line]);
    if (!read) {
        fputs("usage: sandbank --setup FOLDER CLIENTS.pem\n"
              "       sandbank --account FOLDER   (reads one line)\n"
              "       sandbank FOLDER PORT [PORT]   (a sandbox: no money moves)\n",
                stderr);
        return 2;
    }
    return ended(serve(argv[1], config));
}
