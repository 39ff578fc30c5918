/*
 * auditor: re-checks rows, sums and the log from outside, read-only, with public keys alone, and
 * writes the half-yearly audit report from what it verified (TP-16). It links base, policy, crypto,
 * store, audit, cases and report: no secret, no socket, no way to write.
 *
 * Exit: 0 nothing found, 1 findings, 2 the check could not be made.
 */
#define _GNU_SOURCE
#include "audit/key_change.h"
#include "audit/leaf_proof.h"
#include "audit/verify.h"
#include "base/encoding.h"
#include "base/money.h"
#include "base/seams.h"
#include "write_report.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_CLEAN = 0, EXIT_FINDINGS = 1, EXIT_CANNOT = 2 };

static const char help[] =
        "auditor: check rows, sums and the audit log from outside.\n"
        "\n"
        "  auditor --database FILE --keys FILE --checkpoints DIR [--second DIR] [--json]\n"
        "  auditor ... --report ID --from US --to US --made US [--statements FILE] [--lang L]\n"
        "  auditor --proof FILE --keys FILE\n"
        "  auditor ... --report ID --incident NUMBER --made US [--lang L]\n"
        "\n"
        "  --database     the SQLite file; it may be in use, and is only read\n"
        "  --keys         public keys (PEM) that sign the log: Ed25519 and SM2\n"
        "  --key-changes  the keys file of today, when --keys is an older one: whose later keys\n"
        "                 are believed because those of --keys signed for them\n"
        "  --checkpoints  where signed checkpoints are kept\n"
        "  --second       the other place where they are kept\n"
        "  --reports      where kept reports lie: compared with the log\n"
        "  --json         one JSON object a line: findings, then a summary\n"
        "  --proof        a leaf's proof (`hufu trail prove`): checked with the keys alone\n"
        "  --report       the audit report as HTML on standard output (`hufu audit report` asks)\n"
        "  --from, --to   its period, microseconds since 1970\n"
        "  --lang         both, en or zh\n"
        "\n"
        "Exit status: 0 nothing found, 1 findings, 2 the check could not be made.\n";

typedef struct Options {
    AuditVerifyConfig config;
    const char *keys;
    const char *key_changes;
    const char *proof;
    bool json;
    bool help;
    ReportOptions report;
} Options;

static bool text_is(const char *a, const char *b)
{
    return span_equal(span_of_text(a), span_of_text(b));
}

static bool read_language(const char *text, ReportLanguage *ret_language)
{
    static const char *const names[] = { "both", "en", "zh" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!text_is(text, names[i])) continue;
        *ret_language = (ReportLanguage)i;
        return true;
    }
    return false;
}

static bool read_number(const char *text, int64_t *ret_number)
{
    return status_ok(i64_parse(span_of_text(text), ret_number));
}

static bool read_option(Options *o, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **place;
    } texts[] = { { "--database", &o->config.database }, { "--keys", &o->keys },
        { "--key-changes", &o->key_changes }, { "--proof", &o->proof },
        { "--checkpoints", &o->config.dir }, { "--second", &o->config.second },
        { "--reports", &o->config.reports }, { "--report", &o->report.id },
        { "--incident", &o->report.incident }, { "--statements", &o->report.statements } };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!text_is(name, texts[i].name)) continue;
        *texts[i].place = value;
        return true;
    }
    if (text_is(name, "--from")) return read_number(value, &o->report.from_us);
    if (text_is(name, "--to")) return read_number(value, &o->report.to_us);
    if (text_is(name, "--made")) return read_number(value, &o->report.made_us);
    if (text_is(name, "--lang")) return read_language(value, &o->report.language);
    return false;
}

static bool read_options(int argc, char **argv, Options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (text_is(name, "--help") || text_is(name, "-h")) return o->help = true;
        if (text_is(name, "--json")) {
            o->json = true;
            continue;
        }
        if (i + 1 == argc || !read_option(o, name, argv[++i])) return false;
    }
    if (o->proof != NULL) return o->keys != NULL;
    return o->config.database != NULL && o->keys != NULL && o->config.dir != NULL;
}

/* Texts of findings are printable ASCII but for what stood in a database or a path: quotes are
 * escaped here. */
static void print_json_text(const char *name, const char *text)
{
    printf("\"%s\":\"", name);
    for (const char *c = text; *c != 0; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte < 0x20 || byte >= 0x7F || byte == '"' || byte == '\\')
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    printf("\",");
}

static void print_finding(void *context, const AuditFinding *f)
{
    const Options *o = context;
    if (!o->json) {
        printf("%-20s %-14s %s", audit_finding_name(f->kind), f->table, f->key);
        if (f->batch >= 0) printf("  (batch %lld)", (long long)f->batch);
        printf("\n    %s\n", audit_finding_advice(f->kind));
        return;
    }
    putchar('{');
    print_json_text("kind", audit_finding_name(f->kind));
    print_json_text("table", f->table);
    print_json_text("key", f->key);
    print_json_text("advice", audit_finding_advice(f->kind));
    printf("\"batch\":%lld}\n", (long long)f->batch);
}

static Status print_report(const Options *o, const AuditReport *r)
{
    uint8_t memory[2 * MERKLE_HASH_BYTES];
    Buffer root = BUFFER_OF(memory);
    TRY(hex_encode(SPAN_OF(r->root.bytes), &root));
    static const char plain[] =
            "%llu findings. %llu rows in %llu tables; %llu postings sum up in %llu accounts;\n"
            "%llu leaves, %llu of them signed, through %llu checkpoints; root %.64s\n";
    static const char json[] = "{\"findings\":%llu,\"rows\":%llu,\"tables\":%llu,\"postings\":%llu,"
                               "\"accounts\":%llu,\"leaves\":%llu,\"signed_leaves\":%llu,"
                               "\"checkpoints\":%llu,\"root\":\"%.64s\"}\n";
    printf(o->json ? json : plain, (unsigned long long)r->findings, (unsigned long long)r->rows,
            (unsigned long long)r->tables, (unsigned long long)r->postings,
            (unsigned long long)r->accounts, (unsigned long long)r->leaves,
            (unsigned long long)r->signed_leaves, (unsigned long long)r->checkpoints,
            (const char *)root.data);
    return OK;
}

static void fd_close(int *fd)
{
    if (*fd >= 0) close(*fd);
}

static Status read_into(const char *path, Buffer *ret_text)
{
    uint8_t *to = NULL;
    CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0, FAULT_DISK);
    uint64_t size = 0;
    const Disk disk = disk_of_fd(fd);
    TRY(disk.size(disk.context, &size));
    TRY(buffer_reserve(ret_text, (size_t)size, &to));
    return disk.read(disk.context, 0, to, (size_t)size);
}

static Status read_file(const char *path, Span *ret_text)
{
    static uint8_t memory[AUDIT_KEYS_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    const Status s = read_into(path, &text);
    REQUIRE(!status_is(s, REFUSED_BUFFER_FULL), REFUSED_KEY_FORMAT);
    *ret_text = span_of_buffer(&text);
    return s;
}

static Status read_keys(const Options *o, AuditKeys *ret_keys)
{
    Span text = { 0 };
    TRY(read_file(o->keys, &text));
    TRY(audit_keys_parse(text, ret_keys));
    if (o->key_changes == NULL) return OK;
    TRY(read_file(o->key_changes, &text));
    return audit_keys_follow(text, ret_keys);
}

static Status check_proof(const Options *o, const AuditKeys *keys, AuditReport *ret_report)
{
    static uint8_t text_bytes[LEAF_PROOF_BYTES_MAX];
    static uint8_t leaf_bytes[AUDIT_LEAF_BYTES_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    Buffer leaf = BUFFER_OF(leaf_bytes);
    LeafProof proof;
    AuditCheckpoint checkpoint;
    TRY(read_into(o->proof, &text));
    const Status s = leaf_proof_check(span_of_buffer(&text), keys, &leaf, &proof, &checkpoint);
    if (status_broken(s)) return s;
    if (status_ok(s))
        printf("leaf %llu stands in the log %s of %llu leaves\n", (unsigned long long)proof.index,
                checkpoint.origin, (unsigned long long)checkpoint.size);
    else
        printf("%s: %s\n", status_name(s), status_advice(s));
    ret_report->findings = status_ok(s) ? 0 : 1;
    return OK;
}

static Status check(Options *o, AuditReport *ret_report)
{
    CLEANUP(audit_keys_free) AuditKeys keys = { 0 };
    TRY(read_keys(o, &keys));
    if (o->proof != NULL) return check_proof(o, &keys, ret_report);
    o->config.keys = &keys;
    if (o->report.id != NULL) return write_report(&o->report, &o->config);
    o->config.found = print_finding;
    o->config.context = o;
    TRY(audit_verify(&o->config, ret_report));
    return print_report(o, ret_report);
}

int main(int argc, char **argv)
{
    Options options = { 0 };
    AuditReport report = { 0 };
    if (!read_options(argc, argv, &options)) {
        fputs(help, stderr);
        return EXIT_CANNOT;
    }
    if (options.help) return fputs(help, stdout) >= 0 ? EXIT_CLEAN : EXIT_CANNOT;
    const Status s = check(&options, &report);
    if (!status_ok(s)) {
        fprintf(stderr, "auditor: %s: %s\n", status_name(s), status_advice(s));
        return EXIT_CANNOT;
    }
    if (fflush(stdout) != 0) return EXIT_CANNOT;
    return report.findings == 0 ? EXIT_CLEAN : EXIT_FINDINGS;
}
