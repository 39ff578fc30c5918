#include "first_files.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "crypto/sign.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    PATH_BYTES_MAX = 512,
    KEYS_TEXT_BYTES_MAX = 256 * 1024,
    FILE_MODE = 0644,
    PEM_LINE_BYTES = 64
};

static Status write_whole(const char *path, Span text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    CHECK(fd >= 0, FAULT_DISK);
    const Disk disk = disk_of_fd(fd);
    Status s = disk.write(disk.context, 0, text);
    if (status_ok(s)) s = disk.sync(disk.context);
    close(fd);
    return s;
}

Status first_files_text(const char *path, Span text)
{
    uint8_t bytes[PATH_BYTES_MAX];
    Buffer beside = BUFFER_OF(bytes);
    TRY(buffer_print(&beside, "%s.new", path));
    TRY(buffer_put_u8(&beside, 0));
    TRY(write_whole((const char *)bytes, text));
    CHECK(rename((const char *)bytes, path) == 0, FAULT_DISK);
    return OK;
}

/* Only what signs the log: auditors need no other key. */
static bool signs_the_log(Span name)
{
    const Span prefix = SPAN("checkpoint");
    return name.size >= prefix.size && span_equal((Span) { name.data, prefix.size }, prefix);
}

static Status put_first(const WirePublicKey *shown, Buffer *text)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki(shown->der, &key));
    return public_key_to_pem(key, text);
}

/* Base64 in lines, as PEM has it. */
static Status put_change(const WirePublicKey *shown, Buffer *text)
{
    static uint8_t bytes[2 * WIRE_CHANGE_BYTES_MAX];
    Buffer base64 = BUFFER_OF(bytes);
    TRY(base64_encode(shown->note, &base64));
    TRY(buffer_print(text, "-----BEGIN HUFU KEY CHANGE-----\n"));
    for (size_t at = 0; at < base64.size; at += PEM_LINE_BYTES) {
        const size_t left = base64.size - at;
        TRY(buffer_put(text, (Span) { bytes + at, left < PEM_LINE_BYTES ? left : PEM_LINE_BYTES }));
        TRY(buffer_put_u8(text, '\n'));
    }
    return buffer_print(text, "-----END HUFU KEY CHANGE-----\n");
}

/* In the order in which they came, since a note is signed by the keys of its time. */
static const WirePublicKey *next_change(
        const WirePublicKey *keys, size_t count, const WirePublicKey *after)
{
    const WirePublicKey *next = NULL;
    for (size_t i = 0; i < count; i++) {
        const WirePublicKey *key = &keys[i];
        if (!signs_the_log(key->name) || key->note.size == 0) continue;
        if (after != NULL && key->from_us <= after->from_us) continue;
        if (next == NULL || key->from_us < next->from_us) next = key;
    }
    return next;
}

Status first_files_keys(const char *path, const WirePublicKey *keys, size_t count)
{
    static uint8_t bytes[KEYS_TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    for (size_t i = 0; i < count; i++) {
        if (signs_the_log(keys[i].name) && keys[i].note.size == 0) TRY(put_first(&keys[i], &text));
    }
    const WirePublicKey *change = next_change(keys, count, NULL);
    for (; change != NULL; change = next_change(keys, count, change))
        TRY(put_change(change, &text));
    return first_files_text(path, span_of_buffer(&text));
}

static unsigned port_of(const HttpServer *server)
{
    return server == NULL ? 0 : http_server_port(server);
}

Status first_files_ready(const char *path, const char *address, const FirstDoors *doors)
{
    uint8_t bytes[256];
    Buffer text = BUFFER_OF(bytes);
    TRY(buffer_print(&text, "%s %u\n", address, port_of(doors->payments)));
    TRY(buffer_print(&text, "%s %u\n", address, port_of(doors->service)));
    TRY(buffer_print(&text, "%s %u\n", address, port_of(doors->console)));
    TRY(buffer_print(&text, "127.0.0.1 %u\n", port_of(doors->metrics)));
    return first_files_text(path, span_of_buffer(&text));
}

void first_files_remove(const char *path) { unlink(path); }
