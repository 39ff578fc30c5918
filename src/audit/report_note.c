#include "audit/report_note.h"

#include "base/encoding.h"
#include "base/money.h"
#include "base/seams.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

/* --- the text --- */

static Status take_name(Span name, char *ret_text, size_t size_max)
{
    REQUIRE(span_is_plain_name(name, size_max), REFUSED_REPORT_NOTE_FORMAT);
    memcpy(ret_text, name.data, name.size);
    ret_text[name.size] = 0;
    return OK;
}

static Status take_signer(Span line, ReportNote *note)
{
    const Span end = SPAN("/report");
    REQUIRE(line.size > end.size && line.size <= AUDIT_ORIGIN_BYTES_MAX,
            REFUSED_REPORT_NOTE_FORMAT);
    const Span tail = { line.data + line.size - end.size, end.size };
    REQUIRE(span_equal(tail, end), REFUSED_REPORT_NOTE_FORMAT);
    memcpy(note->signer, line.data, line.size);
    note->signer[line.size] = 0;
    return OK;
}

static Status take_number(Cursor *c, uint8_t stop, int64_t *ret_number)
{
    Span text = { 0 };
    TRY(cursor_until(c, stop, &text));
    return i64_parse(text, ret_number);
}

static Status take_hash(Cursor *c, uint8_t ret_hash[32])
{
    Span text = { 0 };
    Buffer hash = { ret_hash, 0, 32 };
    TRY(cursor_until(c, ' ', &text));
    REQUIRE(text.size == 64, REFUSED_REPORT_NOTE_FORMAT);
    return hex_decode(text, &hash);
}

static Status take_file(Cursor *c, ReportNote *note)
{
    Span name = { 0 };
    REQUIRE(note->file_count < REPORT_FILES_MAX, REFUSED_REPORT_NOTE_FORMAT);
    ReportFile *file = &note->files[note->file_count];
    TRY(take_hash(c, file->sha256));
    TRY(take_hash(c, file->sm3));
    TRY(cursor_until(c, '\n', &name));
    TRY(take_name(name, file->name, REPORT_FILE_NAME_BYTES_MAX));
    note->file_count++;
    return OK;
}

static Status parse_text(Span text, ReportNote *note)
{
    Span line = { 0 };
    int64_t leaves = 0;
    Cursor c = cursor_of(text);
    TRY(cursor_until(&c, '\n', &line));
    TRY(take_signer(line, note));
    TRY(cursor_until(&c, '\n', &line));
    TRY(take_name(line, note->id, REPORT_ID_BYTES_MAX));
    TRY(take_number(&c, ' ', &note->kind));
    TRY(take_number(&c, ' ', &note->from_us));
    TRY(take_number(&c, ' ', &note->to_us));
    TRY(take_number(&c, '\n', &note->made_us));
    TRY(take_number(&c, ' ', &leaves));
    REQUIRE(leaves >= 0, REFUSED_REPORT_NOTE_FORMAT);
    note->leaves = (uint64_t)leaves;
    TRY(cursor_until(&c, '\n', &line));
    Buffer root = BUFFER_OF(note->root.bytes);
    TRY(base64_decode(line, &root));
    REQUIRE(root.size == MERKLE_HASH_BYTES, REFUSED_REPORT_NOTE_FORMAT);
    while (c.rest.size > 0)
        TRY(take_file(&c, note));
    REQUIRE(note->file_count > 0, REFUSED_REPORT_NOTE_FORMAT);
    return OK;
}

Status report_note_parse(Span note, ReportNote *ret_note)
{
    Span text = { 0 };
    Span lines = { 0 };
    ReportNote parsed = { 0 };
    REQUIRE(status_ok(audit_note_split(note, &text, &lines)), REFUSED_REPORT_NOTE_FORMAT);
    REQUIRE(status_ok(parse_text(text, &parsed)), REFUSED_REPORT_NOTE_FORMAT);
    *ret_note = parsed;
    return OK;
}

Status report_note_verify(Span note, const AuditKeys *keys, ReportNote *ret_note)
{
    AuditNote opened = { 0 };
    ReportNote parsed = { 0 };
    TRY(report_note_parse(note, &parsed));
    const Status s = audit_note_open(note, keys, &opened);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_REPORT_NOTE_SIGNATURE);
    parsed.by_ed25519 = opened.by_ed25519;
    parsed.by_sm2 = opened.by_sm2;
    *ret_note = parsed;
    return OK;
}

/* --- its files --- */

static void fd_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static Status open_file(const char *path, size_t size_max, int *ret_fd, uint64_t *ret_size)
{
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    REQUIRE(*ret_fd >= 0 || (errno != ENOENT && errno != ELOOP), REFUSED_REPORT_FILE_MISSING);
    CHECK(*ret_fd >= 0, FAULT_DISK);
    const Disk disk = disk_of_fd(*ret_fd);
    TRY(disk.size(disk.context, ret_size));
    REQUIRE(*ret_size <= size_max, REFUSED_REPORT_FILE_DIFFERS);
    return OK;
}

Status report_file_digests(const char *path, uint8_t ret_sha256[32], uint8_t ret_sm3[32])
{
    static _Thread_local uint8_t bytes[READ_BYTES];
    CLEANUP(fd_close) int fd = -1;
    uint64_t size = 0;
    DigestState international;
    DigestState chinese;
    TRY(open_file(path, REPORT_FILE_BYTES_MAX, &fd, &size));
    const Disk disk = disk_of_fd(fd);
    digest_begin(&international, DIGEST_SHA256);
    digest_begin(&chinese, DIGEST_SM3);
    for (uint64_t at = 0; at < size;) {
        const size_t chunk = size - at < READ_BYTES ? (size_t)(size - at) : READ_BYTES;
        TRY(disk.read(disk.context, at, bytes, chunk));
        digest_update(&international, (Span) { bytes, chunk });
        digest_update(&chinese, (Span) { bytes, chunk });
        at += chunk;
    }
    digest_end(&international, ret_sha256);
    digest_end(&chinese, ret_sm3);
    return OK;
}

static Status path_print(char path[AUDIT_PATH_BYTES_MAX], const char *folder, const char *name)
{
    const int size = snprintf(path, AUDIT_PATH_BYTES_MAX, "%s/%s", folder, name);
    CHECK(size > 0 && size < AUDIT_PATH_BYTES_MAX, FAULT_DISK);
    return OK;
}

static Status compare_file(const ReportFile *file, const char *folder)
{
    char path[AUDIT_PATH_BYTES_MAX];
    uint8_t sha256[32];
    uint8_t sm3[32];
    TRY(path_print(path, folder, file->name));
    TRY(report_file_digests(path, sha256, sm3));
    REQUIRE(bytes_equal_ct(sha256, file->sha256, 32) && bytes_equal_ct(sm3, file->sm3, 32),
            REFUSED_REPORT_FILE_DIFFERS);
    return OK;
}

Status report_note_compare(const ReportNote *note, const char *folder, const char **ret_file)
{
    for (size_t i = 0; i < note->file_count; i++) {
        *ret_file = note->files[i].name;
        TRY(compare_file(&note->files[i], folder));
    }
    *ret_file = NULL;
    return OK;
}

Status report_note_read(const char *folder, Buffer *ret_note)
{
    char path[AUDIT_PATH_BYTES_MAX];
    CLEANUP(fd_close) int fd = -1;
    uint64_t size = 0;
    uint8_t *to = NULL;
    TRY(path_print(path, folder, "note"));
    const Status s = open_file(path, AUDIT_NOTE_BYTES_MAX, &fd, &size);
    REQUIRE(!status_is(s, REFUSED_REPORT_FILE_DIFFERS), REFUSED_REPORT_NOTE_FORMAT);
    TRY(s);
    TRY(buffer_reserve(ret_note, (size_t)size, &to));
    const Disk disk = disk_of_fd(fd);
    return disk.read(disk.context, 0, to, (size_t)size);
}
