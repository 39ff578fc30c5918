#define _GNU_SOURCE
#include "report_make.h"

#include "auditor_run.h"
#include "run_apart.h"

#include "base/encoding.h"
#include "base/seams.h"
#include "base/time.h"
#include "vaultclient/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SAID_BYTES_MAX = 16 * 1024,
    STATEMENTS_BYTES_MAX = 256 * 1024,
    NUMBER_BYTES_MAX = 24,
    SAME_SECOND_MAX = 9
};

#define PDF_PROGRAM "/usr/bin/weasyprint"

static const char html_name[] = "report.html";
static const char pdf_name[] = "report.pdf";
static const char statements_name[] = "vault-says.tsv";
static const char *const all_names[] = { html_name, pdf_name, statements_name, "note" };

static void fd_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}
static void client_done(VaultClient **client) { vaultclient_close(*client); }

bool report_pdf_available(void) { return access(PDF_PROGRAM, X_OK) == 0; }

/* --- the folder --- */

/* "audit-20260701-20261231-20261127165224": the last day is the last one included. */
static Status name_report(const ReportWanted *w, int64_t now_us, ReportMade *made)
{
    char from[9];
    char to[9];
    uint8_t memory[TIME_TEXT_BYTES];
    Buffer now = BUFFER_OF(memory);
    char stamp[15] = "";
    TRY(time_format(now_us, &now));
    size_t size = 0;
    for (size_t i = 0; i < 19; i++)
        if (memory[i] >= '0' && memory[i] <= '9') stamp[size++] = (char)memory[i];
    stamp[size] = '\0';
    time_business_day_text(time_business_day(w->from_us), from);
    time_business_day_text(time_business_day(w->to_us - 1), to);
    const int length = w->kind == REPORT_INCIDENT
            ? snprintf(made->id, sizeof(made->id), "incident-%s-%s", w->incident, stamp)
            : snprintf(made->id, sizeof(made->id), "audit-%s-%s-%s", from, to, stamp);
    REQUIRE(length > 0 && (size_t)length < sizeof(made->id), REFUSED_INCIDENT_UNKNOWN);
    REQUIRE(span_is_plain_name(span_of_text(made->id), REPORT_ID_BYTES_MAX),
            REFUSED_INCIDENT_UNKNOWN);
    return OK;
}

/* A folder of its own: nobody else's is used, nor removed when we fail. */
static Status make_folder(const ReportWanted *w, ReportMade *made)
{
    char reports[PATH_BYTES_MAX];
    char path[PATH_BYTES_MAX];
    char name[REPORT_ID_BYTES_MAX + 1];
    path_in(reports, w->layout->directory, PATH_REPORTS);
    CHECK(mkdir(reports, 0750) == 0 || errno == EEXIST, FAULT_DISK);
    snprintf(name, sizeof(name), "%s", made->id);
    for (int n = 2; mkdir(path_in(path, reports, made->id), 0750) != 0; n++) {
        CHECK(errno == EEXIST && n <= SAME_SECOND_MAX, FAULT_DISK);
        snprintf(made->id, sizeof(made->id), "%.70s-%d", name, n);
    }
    snprintf(made->folder, sizeof(made->folder), "%s", path);
    if (w->users->separate)
        CHECK(chown(made->folder, (uid_t)-1, w->users->audit_group) == 0, FAULT_DISK);
    return OK;
}

static void drop_folder(const ReportMade *made)
{
    char path[PATH_BYTES_MAX];
    if (made->folder[0] == '\0') return;
    for (size_t i = 0; i < sizeof(all_names) / sizeof(all_names[0]); i++)
        unlink(path_in(path, made->folder, all_names[i]));
    rmdir(made->folder);
}

/* Ours to write, the audit group's to read. */
static Status new_file(const ReportWanted *w, const ReportMade *made, const char *name, int *ret_fd)
{
    char path[PATH_BYTES_MAX];
    *ret_fd =
            open(path_in(path, made->folder, name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    CHECK(*ret_fd >= 0, FAULT_DISK);
    if (w->users->separate)
        CHECK(fchown(*ret_fd, (uid_t)-1, w->users->audit_group) == 0, FAULT_DISK);
    return OK;
}

static Status write_file(
        const ReportWanted *w, const ReportMade *made, const char *name, Span bytes)
{
    CLEANUP(fd_close) int fd = -1;
    TRY(new_file(w, made, name, &fd));
    const Disk disk = disk_of_fd(fd);
    TRY(disk.write(disk.context, 0, bytes));
    return disk.sync(disk.context);
}

/* --- what the vault says of itself --- */

static Status write_statements(
        const ReportWanted *w, const ReportMade *made, VaultClient *vault, Span begun)
{
    static uint8_t text_bytes[STATEMENTS_BYTES_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    TRY(report_statements(vault, begun, &text));
    return write_file(w, made, statements_name, span_of_buffer(&text));
}

/* --- the auditor's page --- */

typedef struct FactsJson {
    int64_t leaves;
    int64_t findings;
    Span root;
} FactsJson;

static Status read_facts(Span said, ReportMade *made, uint8_t ret_root[WIRE_HASH_BYTES])
{
    static const JsonField fields[] = {
        { "leaves", JSON_INT, true, 0, INT64_MAX, offsetof(FactsJson, leaves) },
        { "findings", JSON_INT, true, 0, INT64_MAX, offsetof(FactsJson, findings) },
        { "root", JSON_TEXT, true, 64, 64, offsetof(FactsJson, root) },
    };
    FactsJson json = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(said, &document, &problem));
    TRY(json_read(document, json_root(document), fields, 3, &json, &problem));
    Buffer root = { ret_root, 0, WIRE_HASH_BYTES };
    TRY(hex_decode(json.root, &root));
    made->leaves = json.leaves;
    made->findings = json.findings;
    return OK;
}

static const char *number(char text[NUMBER_BYTES_MAX], int64_t value)
{
    snprintf(text, NUMBER_BYTES_MAX, "%lld", (long long)value);
    return text;
}

static Status write_html(
        const ReportWanted *w, ReportMade *made, int64_t now_us, uint8_t ret_root[WIRE_HASH_BYTES])
{
    char numbers[3][NUMBER_BYTES_MAX];
    char statements[PATH_BYTES_MAX];
    uint8_t memory[SAID_BYTES_MAX];
    Buffer said = BUFFER_OF(memory);
    CLEANUP(fd_close) int fd = -1;
    int ended = -1;
    const bool incident = w->kind == REPORT_INCIDENT;
    const char *const more[] = { "--report", made->id, "--made", number(numbers[0], now_us),
        "--lang", w->language, "--from", number(numbers[1], w->from_us), "--to",
        number(numbers[2], w->to_us), incident ? "--incident" : "--statements",
        incident ? w->incident : path_in(statements, made->folder, statements_name) };
    TRY(new_file(w, made, html_name, &fd));
    TRY(auditor_run_with(
            w->layout, w->users, more, sizeof(more) / sizeof(more[0]), fd, &said, &ended));
    CHECK(fsync(fd) == 0, FAULT_DISK);
    if (ended == 0) return read_facts(span_of_buffer(&said), made, ret_root);
    fprintf(stderr, "%.*s", (int)said.size, (const char *)said.data);
    return REFUSE(REFUSED_REPORT_LOG_NOT_SOUND);
}

/* The page comes in and the PDF goes out through descriptors: the program needs no file of ours. */
static Status write_pdf(const ReportWanted *w, const ReportMade *made)
{
    static const char *const arguments[] = { PDF_PROGRAM, "-e", "utf-8", "-", "-", NULL };
    char path[PATH_BYTES_MAX];
    uint8_t memory[SAID_BYTES_MAX];
    Buffer said = BUFFER_OF(memory);
    CLEANUP(fd_close) int html = open(path_in(path, made->folder, html_name), O_RDONLY | O_CLOEXEC);
    CLEANUP(fd_close) int pdf = -1;
    int ended = -1;
    struct stat about;
    CHECK(html >= 0, FAULT_DISK);
    TRY(new_file(w, made, pdf_name, &pdf));
    const RunApart run = { .arguments = arguments, .input_fd = html, .output_fd = pdf };
    TRY(run_apart(w->users, &run, &said, &ended));
    CHECK(fsync(pdf) == 0 && fstat(pdf, &about) == 0, FAULT_DISK);
    if (ended == 0 && about.st_size > 0) return OK;
    fprintf(stderr, "%.*s", (int)said.size, (const char *)said.data);
    return REFUSE(REFUSED_REPORT_PDF_FAILED);
}

/* --- signing and keeping --- */

static Status digest_files(
        const ReportWanted *w, const ReportMade *made, WireReportFile *files, size_t *ret_count)
{
    const char *const names[] = { html_name, w->pdf ? pdf_name : NULL,
        w->kind == REPORT_AUDIT ? statements_name : NULL };
    size_t count = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATH_BYTES_MAX];
        if (names[i] == NULL) continue;
        WireReportFile *file = &files[count++];
        file->name = span_of_text(names[i]);
        TRY(report_file_digests(path_in(path, made->folder, names[i]), file->sha256, file->sm3));
    }
    *ret_count = count;
    return OK;
}

static Status sign(const ReportWanted *w, ReportMade *made, const uint8_t root[WIRE_HASH_BYTES],
        VaultClient *vault, Buffer *note)
{
    WireReportFile files[WIRE_REPORT_FILES_MAX];
    size_t count = 0;
    WireReport report = { .id = span_of_text(made->id),
        .kind = (uint16_t)w->kind,
        .from_us = w->from_us,
        .to_us = w->to_us,
        .leaves = made->leaves };
    memcpy(report.root, root, WIRE_HASH_BYTES);
    TRY(digest_files(w, made, files, &count));
    TRY(vaultclient_sign_report(vault, &report, files, count, note));
    TRY(report_note_parse(span_of_buffer(note), &made->note));
    return write_file(w, made, "note", span_of_buffer(note));
}

static Status keep(const ReportWanted *w, const ReportMade *made, Span note)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t hex_bytes[2 * DIGEST_SHA256_BYTES];
    uint8_t request_bytes[1024];
    uint8_t answer_bytes[1024];
    Buffer hex = BUFFER_OF(hex_bytes);
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    sha256(note, digest);
    TRY(hex_encode(SPAN_OF(digest), &hex));
    JsonWriter j = json_writer(&request);
    json_open_object(&j);
    json_key_text(&j, "operation", SPAN("report.keep"));
    json_key_text(&j, "id", span_of_text(made->id));
    json_key_text(&j, "note_sha256", span_of_buffer(&hex));
    json_key_int(&j, "kind", (int64_t)w->kind);
    json_key_int(&j, "from_us", w->from_us);
    json_key_int(&j, "to_us", w->to_us);
    json_key_int(&j, "made_us", made->note.made_us);
    json_key_int(&j, "leaves", made->leaves);
    json_close(&j);
    TRY(json_finish(&j));
    return admin_ask(w->layout->directory, span_of_buffer(&request), &answer);
}

static Status make(const ReportWanted *w, ReportMade *made)
{
    char path[PATH_BYTES_MAX];
    uint8_t answer_bytes[1024];
    uint8_t note_bytes[AUDIT_NOTE_BYTES_MAX];
    uint8_t root[WIRE_HASH_BYTES];
    Buffer answer = BUFFER_OF(answer_bytes);
    Buffer note = BUFFER_OF(note_bytes);
    const Clock clock = clock_system();
    const int64_t now_us = clock_now_us(&clock);
    CLEANUP(client_done) VaultClient *vault = NULL;
    const VaultClientConfig config = {
        .socket_path = path_in(path, w->layout->directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    TRY(name_report(w, now_us, made));
    TRY(vaultclient_open(&config, &vault));
    TRY(admin_ask_plain(w->layout->directory, "report.begin", &answer));
    TRY(make_folder(w, made));
    if (w->kind == REPORT_AUDIT) TRY(write_statements(w, made, vault, span_of_buffer(&answer)));
    TRY(write_html(w, made, now_us, root));
    if (w->pdf) TRY(write_pdf(w, made));
    TRY(sign(w, made, root, vault, &note));
    return keep(w, made, span_of_buffer(&note));
}

Status report_make(const ReportWanted *wanted, ReportMade *ret_made)
{
    REQUIRE(!wanted->pdf || report_pdf_available(), REFUSED_REPORT_PDF_MISSING);
    *ret_made = (ReportMade) { 0 };
    const Status s = make(wanted, ret_made);
    if (!status_ok(s)) drop_folder(ret_made);
    return s;
}
