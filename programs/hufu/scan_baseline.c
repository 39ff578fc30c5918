#include "scan_baseline.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "base/secret.h"
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { KEY_BYTES = 32, LINE_BYTES_MAX = 2 * WALK_PLACE_BYTES_MAX + 128, FILE_BYTES_MAX = 64 << 20 };

static const char heading[] = "hufu-scan-baseline 1";

static void memory_free(uint8_t **memory) { free(*memory); }

static Status key_make(const char *path)
{
    uint8_t key[KEY_BYTES];
    char hex[2 * KEY_BYTES + 1];
    Buffer text = BUFFER_OF(hex);
    const Random random = random_system();
    TRY(random_fill(&random, key, sizeof(key)));
    TRY(hex_encode(SPAN_OF(key), &text));
    TRY(buffer_put_u8(&text, '\n'));
    const Status s = file_write(path, 0600, span_of_buffer(&text));
    bytes_wipe(key, sizeof(key));
    bytes_wipe(hex, sizeof(hex));
    return s;
}

Status baseline_key(const char *path, bool make, Report *report)
{
    struct stat what = { 0 };
    const bool there = stat(path, &what) == 0;
    if (!there && make && errno == ENOENT) TRY(key_make(path));
    REQUIRE(there || make, REFUSED_SCAN_BASELINE);
    REQUIRE(!there || (what.st_mode & 077) == 0, REFUSED_SCAN_BASELINE);
    uint8_t hex[4 * KEY_BYTES]; /* file_read() wants to see the end */
    uint8_t key[KEY_BYTES];
    Buffer text = BUFFER_OF(hex);
    Buffer bytes = BUFFER_OF(key);
    Status s = file_read(path, &text);
    if (status_ok(s) && text.size != 2 * KEY_BYTES + 1) s = REFUSE(REFUSED_SCAN_BASELINE);
    if (status_ok(s)) s = hex_decode((Span) { hex, 2 * KEY_BYTES }, &bytes);
    if (status_ok(s)) report_set_key(report, span_of_buffer(&bytes));
    bytes_wipe(hex, sizeof(hex));
    bytes_wipe(key, sizeof(key));
    return status_refused(s) ? REFUSE(REFUSED_SCAN_BASELINE) : s;
}

static int by_fingerprint(const void *a, const void *b)
{
    const Span left = { ((const ReportFinding *)a)->fingerprint, FINGERPRINT_BYTES };
    const Span right = { ((const ReportFinding *)b)->fingerprint, FINGERPRINT_BYTES };
    return span_compare(left, right);
}

static int by_place(const void *a, const void *b)
{
    const ReportFinding *left = a;
    const ReportFinding *right = b;
    const int order = strcmp(left->place, right->place);
    if (order != 0) return order;
    return left->at < right->at ? -1 : left->at > right->at;
}

/* All findings with this fingerprint; they lie side by side. */
static void mark_known(Report *report, const uint8_t *fingerprint)
{
    ReportFinding wanted = { 0 };
    memcpy(wanted.fingerprint, fingerprint, FINGERPRINT_BYTES);
    ReportFinding *hit =
            bsearch(&wanted, report->findings, report->count, sizeof(wanted), by_fingerprint);
    if (hit == NULL) return;
    while (hit > report->findings && by_fingerprint(hit - 1, &wanted) == 0)
        hit--;
    for (; hit < report->findings + report->count && by_fingerprint(hit, &wanted) == 0; hit++) {
        if (!hit->known) report->known++;
        hit->known = true;
    }
}

static Status read_lines(Span text, Report *report)
{
    Cursor c = cursor_of(text);
    Span line;
    TRY(cursor_until(&c, '\n', &line));
    REQUIRE(span_equal(line, span_of_text(heading)), REFUSED_SCAN_BASELINE);
    while (c.rest.size > 0) {
        uint8_t fingerprint[FINGERPRINT_BYTES];
        Buffer bytes = BUFFER_OF(fingerprint);
        TRY(cursor_until(&c, '\n', &line));
        Cursor words = cursor_of(line);
        Span word;
        TRY(cursor_until(&words, ' ', &word));
        TRY(hex_decode(word, &bytes));
        REQUIRE(bytes.size == FINGERPRINT_BYTES, REFUSED_SCAN_BASELINE);
        mark_known(report, fingerprint);
    }
    return OK;
}

Status baseline_read(const char *path, Report *report)
{
    CLEANUP(memory_free) uint8_t *memory = malloc(FILE_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, FILE_BYTES_MAX };
    Status s = file_read(path, &text);
    qsort(report->findings, report->count, sizeof(report->findings[0]), by_fingerprint);
    if (status_ok(s)) s = read_lines(span_of_buffer(&text), report);
    qsort(report->findings, report->count, sizeof(report->findings[0]), by_place);
    return status_ok(s) ? OK : REFUSE(REFUSED_SCAN_BASELINE);
}

Status baseline_write(const char *path, const Report *report)
{
    const size_t capacity = (report->count + 1) * (size_t)LINE_BYTES_MAX;
    CLEANUP(memory_free) uint8_t *memory = malloc(capacity);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, capacity };
    TRY(buffer_print(&text, "%s\n", heading));
    for (size_t i = 0; i < report->count; i++) {
        const ReportFinding *f = &report->findings[i];
        TRY(hex_encode(SPAN_OF(f->fingerprint), &text));
        TRY(buffer_print(&text, " %s %s\n", detect_kind_name(f->kind), f->place));
    }
    return file_write(path, 0644, span_of_buffer(&text));
}
