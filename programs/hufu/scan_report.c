#include "scan_report.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "policy/mask_value.h"
#include "terminal.h"
#include "text/json.h"

#include <inttypes.h>
#include <stdlib.h>

enum { RANGES_MAX = 8 };

Status report_open(Report *ret_report)
{
    *ret_report = (Report) { 0 };
    ret_report->findings = calloc(REPORT_FINDINGS_MAX, sizeof(ReportFinding));
    ret_report->skipped = calloc(REPORT_SKIPPED_MAX, sizeof(ReportSkipped));
    CHECK(ret_report->findings != NULL && ret_report->skipped != NULL, FAULT_MEMORY);
    return OK;
}

void report_close(Report *report)
{
    for (size_t i = 0; i < report->count; i++)
        free(report->findings[i].place);
    for (size_t i = 0; i < report->skipped_count; i++)
        free(report->skipped[i].place);
    free(report->findings);
    free(report->skipped);
    mac_key_wipe(&report->key);
}

void report_set_key(Report *report, Span key)
{
    mac_key_init(&report->key, MAC_HMAC_SHA256, key);
    report->keyed = true;
}

/* --- places without what their names hold --- */

typedef struct Ranges {
    Detection found[RANGES_MAX];
    size_t count;
} Ranges;

static void on_range(void *context, const Detection *d)
{
    Ranges *ranges = context;
    if (ranges->count < RANGES_MAX) ranges->found[ranges->count++] = *d;
}

static const Detection *range_at(const Ranges *ranges, size_t at)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (at >= ranges->found[i].at && at < ranges->found[i].at + ranges->found[i].size)
            return &ranges->found[i];
    return NULL;
}

/* Printable, and clean; the caller frees it. */
static char *place_shown(const char *place)
{
    const Span text = span_of_text(place);
    const bool utf8 = span_is_utf8(text);
    Ranges ranges = { .count = 0 };
    detect_each(text, DETECT_ALL, on_range, &ranges);
    static uint8_t memory[2 * WALK_PLACE_BYTES_MAX];
    Buffer shown = { memory, 0, sizeof(memory) - 1 };
    const Detection *inside = NULL;
    for (size_t i = 0; i < text.size; i++) {
        const Detection *range = range_at(&ranges, i);
        if (range != NULL && range != inside)
            IGNORE(buffer_print(&shown, "[refused: %s]", detect_kind_name(range->kind)),
                    "a place that is too long is cut");
        inside = range;
        const uint8_t c = text.data[i];
        const bool plain = c >= 0x20 && c != 0x7F && (c < 0x80 || utf8);
        if (range == NULL) IGNORE(buffer_put_u8(&shown, plain ? c : '?'), "the same");
    }
    memory[shown.size] = 0;
    const bool clean = span_is_utf8(span_of_buffer(&shown))
            && detect_kind(span_of_buffer(&shown), DETECT_ALL) == DETECT_NOTHING;
    return strdup(clean ? (const char *)memory : "[refused]");
}

/* --- findings --- */

/* By the policy's own mask (TP-11), whatever separators stood in it. */
static void mask(DetectKind kind, Span value, char ret_mask[REPORT_MASK_BYTES])
{
    static const DataClass classes[DETECT_KINDS] = { [DETECT_CARD] = CLASS_CARD,
        [DETECT_IDENTITY] = CLASS_IDENTITY_NUMBER,
        [DETECT_PHONE] = CLASS_PHONE };
    uint8_t memory[DETECT_VALUE_BYTES_MAX];
    Buffer digits = BUFFER_OF(memory);
    Buffer text = { (uint8_t *)ret_mask, 0, REPORT_MASK_BYTES - 1 };
    Status s = classes[kind] == 0 ? REFUSE(REFUSED_POLICY_REFUSES) : OK;
    for (size_t i = 0; i < value.size && status_ok(s); i++) {
        const uint8_t c = value.data[i];
        if ((c >= '0' && c <= '9') || c == 'X' || c == 'x') s = buffer_put_u8(&digits, c);
    }
    if (status_ok(s))
        s = policy_show(classes[kind], LAYER_EXPORT, PURPOSE_ANY, span_of_buffer(&digits), &text);
    bytes_wipe(memory, digits.size);
    if (!status_ok(s)) IGNORE(mask_nothing(&text), "there is room");
    ret_mask[text.size] = '\0';
}

/* A salted or plain hash of a card number is the card number: 10^9 tries. Hence a key, apart. */
static void fingerprint(const Report *report, const char *place, const ScanFinding *finding,
        uint8_t ret_fingerprint[FINGERPRINT_BYTES])
{
    uint8_t full[MAC_BYTES_MAX];
    const Span parts[] = { span_of_text(detect_kind_name(finding->kind)),
        { (const uint8_t *)"", 1 }, span_of_text(place), { (const uint8_t *)"", 1 },
        finding->value };
    mac_make(&report->key, parts, sizeof(parts) / sizeof(parts[0]), full);
    memcpy(ret_fingerprint, full, FINGERPRINT_BYTES);
}

void report_found(void *context, const char *place, const ScanFinding *finding)
{
    Report *report = context;
    report->counted++;
    if (report->count == REPORT_FINDINGS_MAX) return;
    ReportFinding *kept = &report->findings[report->count];
    *kept = (ReportFinding) {
        .kind = finding->kind, .at = finding->at, .line = finding->line, .column = finding->column
    };
    kept->place = place_shown(place);
    if (kept->place == NULL) return;
    mask(finding->kind, finding->value, kept->mask);
    if (report->keyed) fingerprint(report, place, finding, kept->fingerprint);
    report->count++;
}

void report_skipped(void *context, const char *place, Status why)
{
    Report *report = context;
    report->skipped_counted++;
    if (report->skipped_count == REPORT_SKIPPED_MAX) return;
    ReportSkipped *kept = &report->skipped[report->skipped_count];
    *kept = (ReportSkipped) { place_shown(place), why };
    if (kept->place != NULL) report->skipped_count++;
}

bool report_is_bad(const Report *report)
{
    return report->counted > report->known || report->skipped_counted > 0;
}

/* --- text --- */

static void print_text(const Report *report, FILE *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const ReportFinding *f = &report->findings[i];
        if (f->known) continue;
        fprintf(out, "%s:%" PRIu64 ":%" PRIu64 ": %s %s\n", f->place, f->line, f->column,
                detect_kind_name(f->kind), f->mask);
    }
    for (size_t i = 0; i < report->skipped_count; i++)
        fprintf(out, "%s: not judged: %s (%s)\n", report->skipped[i].place,
                status_advice(report->skipped[i].why), status_name(report->skipped[i].why));
    char text[3][28];
    fprintf(out, "%s new findings, %s known, %s not judged, in ",
            number_text((int64_t)(report->counted - report->known), text[0]),
            number_text((int64_t)report->known, text[1]),
            number_text((int64_t)report->skipped_counted, text[2]));
    fprintf(out, "%s bytes\n", number_text((int64_t)report->bytes, text[0]));
    if (report->counted > report->count)
        fprintf(out, "only the first %zu findings are listed\n", report->count);
}

/* --- JSON --- */

static void json_finding(const Report *report, const ReportFinding *f, JsonWriter *w)
{
    char hex[2 * FINGERPRINT_BYTES];
    Buffer text = BUFFER_OF(hex);
    IGNORE(hex_encode(SPAN_OF(f->fingerprint), &text), "it fits");
    json_open_object(w);
    json_key_text(w, "kind", span_of_text(detect_kind_name(f->kind)));
    json_key_text(w, "place", span_of_text(f->place));
    json_key_int(w, "line", (int64_t)f->line);
    json_key_int(w, "column", (int64_t)f->column);
    json_key_int(w, "offset", (int64_t)f->at);
    json_key_text(w, "mask", span_of_text(f->mask));
    json_key_bool(w, "known", f->known);
    if (report->keyed) json_key_text(w, "fingerprint", span_of_buffer(&text));
    json_close(w);
}

static void json_report(const Report *report, JsonWriter *w)
{
    json_open_object(w);
    json_key_int(w, "version", 1);
    json_key_int(w, "new", (int64_t)(report->counted - report->known));
    json_key_int(w, "known", (int64_t)report->known);
    json_key_int(w, "not_judged", (int64_t)report->skipped_counted);
    json_key_int(w, "bytes", (int64_t)report->bytes);
    json_key_array(w, "findings");
    for (size_t i = 0; i < report->count; i++)
        json_finding(report, &report->findings[i], w);
    json_close(w);
    json_key_array(w, "skipped");
    for (size_t i = 0; i < report->skipped_count; i++) {
        json_open_object(w);
        json_key_text(w, "place", span_of_text(report->skipped[i].place));
        json_key_text(w, "reason", span_of_text(status_name(report->skipped[i].why)));
        json_key_text(w, "advice", span_of_text(status_advice(report->skipped[i].why)));
        json_close(w);
    }
    json_close(w);
    json_close(w);
}

static void memory_free(uint8_t **memory) { free(*memory); }

static Status print_json(const Report *report, FILE *out)
{
    enum { FINDING_BYTES_MAX = 8192 };
    const size_t capacity = (report->count + report->skipped_count + 4) * (size_t)FINDING_BYTES_MAX;
    CLEANUP(memory_free) uint8_t *memory = malloc(capacity);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, capacity };
    JsonWriter w = json_writer_for(&text, LAYER_EXPORT);
    json_report(report, &w);
    TRY(json_finish(&w));
    CHECK(fwrite(text.data, 1, text.size, out) == text.size, FAULT_DISK);
    fputc('\n', out);
    return OK;
}

Status report_print(const Report *report, ReportFormat format, FILE *out)
{
    if (format == REPORT_JSON) TRY(print_json(report, out));
    if (format == REPORT_SARIF) TRY(report_print_sarif(report, out));
    if (format == REPORT_TEXT) print_text(report, out);
    CHECK(fflush(out) == 0 && !ferror(out), FAULT_DISK);
    return OK;
}
