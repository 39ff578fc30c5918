/* SARIF 2.1.0 (OASIS): one run, one rule for each kind, one result for each finding. */
#include "scan_report.h"

#include "base/encoding.h"
#include "text/json.h"

#include <stdlib.h>

enum { RESULT_BYTES_MAX = 12288, URI_BYTES_MAX = 6 * WALK_PLACE_BYTES_MAX };

static const char *const rules[DETECT_KINDS] = {
    [DETECT_CARD] = "A payment card number (TP-8; PCI DSS 3.5)",
    [DETECT_CARD_CODE] = "A card verification code: must never be stored (TP-5; PCI DSS 3.3.1)",
    [DETECT_TRACK] = "Magnetic stripe data: must never be stored (TP-5; PCI DSS 3.3.1)",
    [DETECT_CHIP] = "Chip data equivalent to the stripe: must never be stored (TP-5)",
    [DETECT_IDENTITY] = "A Chinese resident identity number (GB 11643)",
    [DETECT_PHONE] = "A mobile phone number",
    [DETECT_PRIVATE_KEY] = "A private key (TP-7)",
    [DETECT_SECRET] = "A password, token or key in clear (TP-6, TP-7)",
    [DETECT_ACCOUNT] = "An internal address with its account (TP-14)",
};

static void put_rules(JsonWriter *w)
{
    json_key_object(w, "tool");
    json_key_object(w, "driver");
    json_key_text(w, "name", SPAN("hufu scan"));
    json_key_text(w, "version", SPAN("0.1.0"));
    json_key_array(w, "rules");
    for (DetectKind kind = DETECT_CARD; kind < DETECT_KINDS; kind++) {
        json_open_object(w);
        json_key_text(w, "id", span_of_text(detect_kind_name(kind)));
        json_key_object(w, "shortDescription");
        json_key_text(w, "text", span_of_text(rules[kind]));
        json_close(w);
        json_close(w);
    }
    json_close(w);
    json_close(w);
    json_close(w);
}

/* A relative URI (RFC 3986): what a path may hold and a URI may not is written %XX. */
static void put_location(const char *place, const ReportFinding *f, JsonWriter *w)
{
    char memory[URI_BYTES_MAX];
    Buffer uri = BUFFER_OF(memory);
    for (size_t i = 0; place[i] != 0; i++) {
        const char c = place[i];
        const bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z')
                || strchr("/-._~!", c) != NULL;
        IGNORE(plain ? buffer_put_u8(&uri, (uint8_t)c) : buffer_print(&uri, "%%%02X", (uint8_t)c),
                "six bytes are there for each");
    }
    json_key_array(w, "locations");
    json_open_object(w);
    json_key_object(w, "physicalLocation");
    json_key_object(w, "artifactLocation");
    json_key_text(w, "uri", span_of_buffer(&uri));
    json_close(w);
    if (f != NULL && f->line > 0) {
        json_key_object(w, "region");
        json_key_int(w, "startLine", (int64_t)f->line);
        json_key_int(w, "byteOffset", (int64_t)f->at);
        json_close(w);
    }
    json_close(w);
    json_close(w);
    json_close(w);
}

static void put_message(JsonWriter *w, Span text)
{
    json_key_object(w, "message");
    json_key_text(w, "text", text);
    json_close(w);
}

static void put_result(const Report *report, const ReportFinding *f, JsonWriter *w)
{
    char said[128];
    const int size = snprintf(said, sizeof(said), "%s %s", rules[f->kind], f->mask);
    json_open_object(w);
    json_key_text(w, "ruleId", span_of_text(detect_kind_name(f->kind)));
    json_key_int(w, "ruleIndex", f->kind - 1);
    json_key_text(w, "level", SPAN("error"));
    put_message(w, (Span) { (const uint8_t *)said, (size_t)size });
    put_location(f->place, f, w);
    if (report->keyed) {
        char hex[2 * FINGERPRINT_BYTES];
        Buffer text = BUFFER_OF(hex);
        IGNORE(hex_encode(SPAN_OF(f->fingerprint), &text), "it fits");
        json_key_object(w, "partialFingerprints");
        json_key_text(w, "hufuScan", span_of_buffer(&text));
        json_close(w);
        json_key_text(w, "baselineState", f->known ? SPAN("unchanged") : SPAN("new"));
    }
    json_close(w);
}

static void put_invocation(const Report *report, JsonWriter *w)
{
    json_key_array(w, "invocations");
    json_open_object(w);
    json_key_bool(w, "executionSuccessful", report->skipped_counted == 0);
    json_key_array(w, "toolExecutionNotifications");
    for (size_t i = 0; i < report->skipped_count; i++) {
        json_open_object(w);
        json_key_text(w, "level", SPAN("error"));
        put_message(w, span_of_text(status_advice(report->skipped[i].why)));
        put_location(report->skipped[i].place, NULL, w);
        json_close(w);
    }
    json_close(w);
    json_close(w);
    json_close(w);
}

static void put_log(const Report *report, JsonWriter *w)
{
    json_open_object(w);
    json_key_text(w, "version", SPAN("2.1.0"));
    json_key_array(w, "runs");
    json_open_object(w);
    put_rules(w);
    put_invocation(report, w);
    json_key_array(w, "results");
    for (size_t i = 0; i < report->count; i++)
        put_result(report, &report->findings[i], w);
    json_close(w);
    json_close(w);
    json_close(w);
    json_close(w);
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status report_print_sarif(const Report *report, FILE *out)
{
    const size_t items = report->count + report->skipped_count + 4;
    CLEANUP(memory_free) uint8_t *memory = malloc(items * RESULT_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, items * RESULT_BYTES_MAX };
    JsonWriter w = json_writer_for(&text, LAYER_EXPORT);
    put_log(report, &w);
    TRY(json_finish(&w));
    /* A member of everybody's, not of ours: its name is no word, so no registry declares it. */
    fputs("{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",", out);
    CHECK(fwrite(text.data + 1, 1, text.size - 1, out) == text.size - 1, FAULT_DISK);
    fputc('\n', out);
    return OK;
}
