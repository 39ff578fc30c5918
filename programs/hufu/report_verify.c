#include "report_make.h"

#include "base/encoding.h"
#include "base/time.h"

#include <stdlib.h>
#include <sys/stat.h>

static void keys_done(AuditKeys *keys) { audit_keys_free(keys); }

/* The folder that a path names, and the file inside it ("" for the folder itself). */
static Status find(const char *path, char ret_folder[PATH_BYTES_MAX], const char **ret_file)
{
    struct stat about;
    REQUIRE(stat(path, &about) == 0, REFUSED_REPORT_FILE_MISSING);
    const char *slash = strrchr(path, '/');
    const size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    REQUIRE(strlen(path) < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    if (S_ISDIR(about.st_mode)) {
        snprintf(ret_folder, PATH_BYTES_MAX, "%s", path);
        *ret_file = "";
        return OK;
    }
    snprintf(ret_folder, PATH_BYTES_MAX, "%.*s", (int)size, path);
    if (size == 0) snprintf(ret_folder, PATH_BYTES_MAX, "%s", slash == NULL ? "." : "/");
    *ret_file = slash == NULL ? path : slash + 1;
    return OK;
}

static bool names(const ReportNote *note, const char *file)
{
    if (file[0] == '\0' || strcmp(file, "note") == 0) return true;
    for (size_t i = 0; i < note->file_count; i++)
        if (strcmp(note->files[i].name, file) == 0) return true;
    return false;
}

static Status verify(
        const char *path, const char *keys_path, ReportNote *ret_note, const char **ret_file)
{
    static uint8_t keys_bytes[AUDIT_KEYS_BYTES_MAX];
    static char folder[PATH_BYTES_MAX];
    uint8_t note_bytes[AUDIT_NOTE_BYTES_MAX];
    Buffer pems = BUFFER_OF(keys_bytes);
    Buffer note = BUFFER_OF(note_bytes);
    const char *file = "";
    CLEANUP(keys_done) AuditKeys keys = { 0 };
    TRY(file_read(keys_path, &pems));
    TRY(audit_keys_parse(span_of_buffer(&pems), &keys));
    TRY(find(path, folder, &file));
    *ret_file = "note";
    const Status s = report_note_read(folder, &note);
    REQUIRE(!status_is(s, REFUSED_REPORT_FILE_MISSING), REFUSED_REPORT_NOT_KEPT);
    TRY(s);
    TRY(report_note_verify(span_of_buffer(&note), &keys, ret_note));
    *ret_file = file;
    REQUIRE(names(ret_note, file), REFUSED_REPORT_NOT_KEPT);
    return report_note_compare(ret_note, folder, ret_file);
}

static void show_time(const char *name, int64_t time_us)
{
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer text = BUFFER_OF(memory);
    if (status_ok(time_format(time_us, &text)))
        printf("  %-9s %.*s\n", name, (int)text.size, (const char *)memory);
}

int report_verify(const char *directory, const char *path, const char *keys)
{
    char default_keys[PATH_BYTES_MAX];
    const char *file = NULL;
    ReportNote note = { 0 };
    if (keys == NULL) keys = path_in(default_keys, directory, PATH_KEYS);
    const Status s = verify(path, keys, &note, &file);
    if (!status_ok(s)) return command_failed(file == NULL || file[0] == '\0' ? path : file, s);
    printf("verified: %s\n", note.id);
    printf("  signed    %s%s%s, by %s\n", note.by_ed25519 ? "Ed25519" : "",
            note.by_ed25519 && note.by_sm2 ? " and " : "", note.by_sm2 ? "SM2" : "", note.signer);
    show_time("made", note.made_us);
    if (note.kind == REPORT_AUDIT) {
        show_time("from", note.from_us);
        show_time("to", note.to_us);
    }
    printf("  evidence  leaves 0 to %llu of the audit log\n", (unsigned long long)note.leaves - 1);
    for (size_t i = 0; i < note.file_count; i++)
        printf("  file      %s\n", note.files[i].name);
    return EXIT_DONE;
}
