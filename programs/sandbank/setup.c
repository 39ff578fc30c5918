#include "setup.h"

#include "base/seams.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/certificate.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096, CLIENTS_BYTES_MAX = 64 * 1024, DAYS = 365 };

static Status path_in(const char *folder, const char *name, char ret_path[PATH_BYTES_MAX])
{
    const int size = snprintf(ret_path, PATH_BYTES_MAX, "%s/%s", folder, name);
    REQUIRE(size > 0 && size < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    return OK;
}

static Status read_file(const char *path, Buffer *ret_bytes)
{
    FILE *file = fopen(path, "rbe");
    CHECK(file != NULL, FAULT_DISK);
    ret_bytes->size = fread(ret_bytes->data, 1, ret_bytes->capacity, file);
    const bool whole = feof(file) != 0 && ferror(file) == 0;
    fclose(file);
    CHECK(whole, FAULT_DISK);
    return OK;
}

Status setup_read(const char *folder, const char *name, Buffer *ret_bytes)
{
    char path[PATH_BYTES_MAX];
    TRY(path_in(folder, name, path));
    return read_file(path, ret_bytes);
}

static Status write_new(const char *folder, const char *name, Span text)
{
    char path[PATH_BYTES_MAX];
    TRY(path_in(folder, name, path));
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0, FAULT_DISK);
    const bool whole = write(fd, text.data, text.size) == (ssize_t)text.size;
    CHECK(close(fd) == 0 && whole, FAULT_DISK);
    return OK;
}

static Status write_certificate(
        const char *folder, const char *name, const Certificate *certificate)
{
    uint8_t bytes[CERTIFICATE_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    TRY(certificate_to_pem(certificate, &pem));
    return write_new(folder, name, span_of_buffer(&pem));
}

static Status write_key(const char *folder, const char *name, const PrivateKey *key)
{
    uint8_t bytes[SIGN_PKCS8_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    Status s = private_key_to_pem(key, &pem);
    if (status_ok(s)) s = write_new(folder, name, span_of_buffer(&pem));
    bytes_wipe(bytes, sizeof(bytes));
    return s;
}

static Status make_identity(const char *folder)
{
    static const char *const names[] = { "localhost", NULL };
    static const char *const addresses[] = { "127.0.0.1", NULL };
    const Clock clock = clock_system();
    const int64_t now_us = clock_now_us(&clock);
    CLEANUP(private_key_free) PrivateKey *authority_key = NULL;
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(certificate_free) Certificate *authority = NULL;
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CertificateSubject subject = { .serial = SPAN("\x11\x11\x11\x11"),
        .common_name = SPAN("sandbox bank authority"),
        .not_before_us = now_us - TIME_DAY_US,
        .not_after_us = now_us + DAYS * TIME_DAY_US,
        .authority = true };
    TRY(private_key_generate(KEY_P256, &authority_key));
    TRY(private_key_generate(KEY_P256, &key));
    TRY(certificate_make_self_signed(authority_key, &subject, &authority));
    subject.serial = SPAN("\x22\x22\x22\x22");
    subject.common_name = SPAN("sandbox bank");
    subject.dns_names = names;
    subject.ip_addresses = addresses;
    subject.authority = false;
    TRY(certificate_issue(authority, authority_key, private_key_public(key), &subject, &leaf));
    TRY(write_certificate(folder, "bank-ca.pem", authority));
    TRY(write_certificate(folder, "bank.pem", leaf));
    return write_key(folder, "bank.key", key);
}

static Status make_box_key(const char *folder)
{
    uint8_t bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(bytes);
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    TRY(private_key_generate(KEY_P256, &key));
    TRY(public_key_to_pem(private_key_public(key), &pem));
    TRY(write_new(folder, "bank-box.pem", span_of_buffer(&pem)));
    return write_key(folder, "bank-box.key", key);
}

Status setup_make(const char *folder, const char *clients)
{
    static uint8_t bytes[CLIENTS_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    TRY(read_file(clients, &text));
    TRY(write_new(folder, "clients.pem", span_of_buffer(&text)));
    TRY(make_box_key(folder));
    return make_identity(folder);
}
