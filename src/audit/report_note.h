#pragma once
/*
 * report_note: what vaultd signed about a report (TP-16): a C2SP signed note beside its files.
 *
 *   hufu/<instance id, hex>/report
 *   <id>
 *   <kind> <from us> <to us> <made us>
 *   <leaves> <base64 root>              of the audit log that its evidence was read from
 *   <sha256 hex> <sm3 hex> <file name>  one line a file
 *
 * A kept report is a folder <reports>/<id>/ with its files and `note`; the sealed row of
 * TABLE_AUDIT_REPORT holds the note's SHA-256, so a report that was removed or changed is noticed.
 * Source: TP-16 ("形成报告存档备查"), LL-4.5.3. Floor 3. No shared state.
 */
#include "audit/note.h"

enum {
    REPORT_ID_BYTES_MAX = 80,
    REPORT_FILE_NAME_BYTES_MAX = 80,
    REPORT_FILES_MAX = 8,
    REPORT_FILE_BYTES_MAX = 64 * 1024 * 1024,
};

typedef struct ReportFile {
    char name[REPORT_FILE_NAME_BYTES_MAX + 1];
    uint8_t sha256[32];
    uint8_t sm3[32];
} ReportFile;

typedef struct ReportNote {
    char signer[AUDIT_ORIGIN_BYTES_MAX + 1];
    char id[REPORT_ID_BYTES_MAX + 1];
    int64_t kind; /* ReportKind (policy/tables.h), or one of a later version */
    int64_t from_us;
    int64_t to_us;
    int64_t made_us;
    uint64_t leaves;
    MerkleHash root;
    ReportFile files[REPORT_FILES_MAX];
    size_t file_count;
    bool by_ed25519; /* set by report_note_verify() */
    bool by_sm2;
} ReportNote;

/* Read without believing. Refuses REFUSED_REPORT_NOTE_FORMAT. */
MUST_USE Status report_note_parse(Span note, ReportNote *ret_note);
/* With a good line for each algorithm that `keys` has. Refuses REFUSED_REPORT_NOTE_FORMAT,
 * REFUSED_REPORT_NOTE_SIGNATURE. */
MUST_USE Status report_note_verify(Span note, const AuditKeys *keys, ReportNote *ret_note);
/* Every file of the note lies in `folder` with both its digests. *ret_file is the one that does
 * not (NULL: none). Refuses REFUSED_REPORT_FILE_MISSING, REFUSED_REPORT_FILE_DIFFERS. */
MUST_USE Status report_note_compare(
        const ReportNote *note, const char *folder, const char **ret_file);
/* The digests of one file of at most REPORT_FILE_BYTES_MAX. Refuses REFUSED_REPORT_FILE_MISSING,
 * REFUSED_REPORT_FILE_DIFFERS (too large). Faults FAULT_DISK. */
MUST_USE Status report_file_digests(const char *path, uint8_t ret_sha256[32], uint8_t ret_sm3[32]);
/* The note of a folder, appended. Refuses REFUSED_REPORT_FILE_MISSING,
 * REFUSED_REPORT_NOTE_FORMAT (too large). */
MUST_USE Status report_note_read(const char *folder, Buffer *ret_note);
