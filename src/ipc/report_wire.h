#pragma once
/*
 * report_wire: VAULT_SIGN_REPORT: what vaultd is asked to sign about a report (TP-16). Rules of put
 * and take: ipc/vault_wire.h.
 *
 *   WireReport, list of WireReportFile (1..WIRE_REPORT_FILES_MAX) -> a signed note
 *
 * vaultd writes the text itself (audit/report_note.h has its form), so it can be no checkpoint and
 * no answer to a merchant; `id` and names are plain names (base/bytes.h).
 */
#include "ipc/vault_wire.h"

enum { WIRE_REPORT_FILES_MAX = 8, WIRE_REPORT_NAME_BYTES_MAX = 80 };

typedef struct WireReport {
    Span id;
    uint16_t kind; /* ReportKind */
    int64_t from_us;
    int64_t to_us;
    int64_t leaves; /* of the log that its evidence is from */
    uint8_t root[WIRE_HASH_BYTES];
} WireReport;
MUST_USE Status wire_put_report(Buffer *b, const WireReport *report);
MUST_USE Status wire_take_report(Cursor *c, WireReport *ret);

typedef struct WireReportFile {
    Span name;
    uint8_t sha256[WIRE_HASH_BYTES];
    uint8_t sm3[WIRE_HASH_BYTES];
} WireReportFile;
MUST_USE Status wire_put_report_file(Buffer *b, const WireReportFile *file);
MUST_USE Status wire_take_report_file(Cursor *c, WireReportFile *ret);
