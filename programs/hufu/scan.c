#include "command.h"

#include "scan_baseline.h"
#include "scan_report.h"
#include "store/columns.h"
#include "terminal.h"

#include <unistd.h>

typedef struct ScanOptions {
    OptionList paths;
    const char *git;
    const char *database;
    const char *baseline;
    const char *key;
    const char *write;
    const char *format;
    int64_t archive_gigabytes;
    bool quiet;
    bool development;
} ScanOptions;

/* What a scan carries with it. */
typedef struct Scan {
    Report report;
    Progress progress;
    bool shown;
    Walk *walk;
    uint64_t rows;
} Scan;

static void on_found(void *context, const char *place, const ScanFinding *finding)
{
    Scan *scan = context;
    report_found(&scan->report, place, finding);
}

static void on_skipped(void *context, const char *place, Status why)
{
    Scan *scan = context;
    report_skipped(&scan->report, place, why);
}

static void on_read(void *context, uint64_t bytes)
{
    Scan *scan = context;
    scan->report.bytes += bytes;
    if (scan->shown) progress_show(&scan->progress, scan->report.bytes);
}

static Status on_value(void *context, const ColumnValue *value)
{
    Scan *scan = context;
    char place[WALK_PLACE_BYTES_MAX];
    snprintf(place, sizeof(place), "%s.%s[%s]", value->table, value->column, value->key);
    return walk_text(scan->walk, value->value, place);
}

static Status scan_paths(Scan *scan, const ScanOptions *options)
{
    for (size_t i = 0; i < options->paths.count; i++) {
        const char *path = options->paths.values[i];
        if (strcmp(path, "-") == 0)
            TRY(walk_fd(scan->walk, STDIN_FILENO, "-"));
        else
            TRY(walk_path(scan->walk, path));
    }
    return OK;
}

static Status scan_all(Scan *scan, const ScanOptions *options)
{
    CLEANUP(scanner_free) Scanner *scanner = NULL;
    CLEANUP(walk_free) Walk *walk = NULL;
    const WalkSink sink = { on_found, on_skipped, on_read, scan };
    TRY(scanner_new(&scanner));
    TRY(walk_new(scanner, &sink, (uint64_t)options->archive_gigabytes << 30, &walk));
    scan->walk = walk;
    uint64_t total = 0;
    for (size_t i = 0; i < options->paths.count; i++)
        total += walk_size(options->paths.values[i]);
    scan->shown = !options->quiet && total > 0;
    if (scan->shown) scan->progress = progress_begin_on(stderr, "bytes", total);
    TRY(scan_paths(scan, options));
    if (scan->shown) progress_end(&scan->progress, scan->report.bytes);
    scan->shown = false;
    if (options->git != NULL) TRY(walk_git(walk, options->git));
    if (options->database != NULL)
        TRY(columns_walk(options->database, options->development, on_value, scan));
    return OK;
}

/* "<baseline>.key" beside it unless the key was named. */
static Status key_load(Report *report, const ScanOptions *options)
{
    const char *baseline = options->write != NULL ? options->write : options->baseline;
    if (baseline == NULL) return OK;
    char path[PATH_BYTES_MAX];
    const int size = snprintf(path, sizeof(path), "%s.key", baseline);
    REQUIRE(size > 0 && (size_t)size < sizeof(path), REFUSED_SCAN_BASELINE);
    const char *key = options->key != NULL ? options->key : path;
    return baseline_key(key, options->write != NULL, report);
}

static Status scan_and_tell(Scan *scan, const ScanOptions *options, ReportFormat format)
{
    TRY(report_open(&scan->report));
    TRY(key_load(&scan->report, options));
    TRY(scan_all(scan, options));
    if (options->baseline != NULL) TRY(baseline_read(options->baseline, &scan->report));
    if (options->write != NULL) TRY(baseline_write(options->write, &scan->report));
    return report_print(&scan->report, format, stdout);
}

static bool format_of(const char *name, ReportFormat *ret_format)
{
    static const char *const names[] = {
        [REPORT_TEXT] = "text", [REPORT_JSON] = "json", [REPORT_SARIF] = "sarif"
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) != 0) continue;
        *ret_format = (ReportFormat)i;
        return true;
    }
    return false;
}

/* NULL when the options make sense together. */
static const char *complaint(const ScanOptions *o, ReportFormat *ret_format)
{
    if (o->paths.count == 0 && o->git == NULL && o->database == NULL)
        return "name a PATH, - for standard input, --git REPO or --db URL";
    if (o->database != NULL && !columns_address_is_known(o->database))
        return "--db takes sqlite:PATH or postgres://...";
    if (!format_of(o->format, ret_format)) return "--format is text, json or sarif";
    return NULL;
}

static int run(const ScanOptions *options)
{
    ReportFormat format = REPORT_TEXT;
    const char *wrong = complaint(options, &format);
    if (wrong != NULL) {
        fprintf(stderr, "hufu scan: %s\nSee `hufu scan --help`.\n", wrong);
        return EXIT_USAGE;
    }
    static Scan scan;
    const Status s = scan_and_tell(&scan, options, format);
    const bool bad = report_is_bad(&scan.report);
    report_close(&scan.report);
    if (!status_ok(s)) return command_failed("scan", s);
    return bad && options->write == NULL ? EXIT_FAILED : EXIT_DONE;
}

int command_scan(int argc, char **argv)
{
    ScanOptions o = { .format = "text", .archive_gigabytes = 16 };
    const Option options[] = {
        { "PATH...", OPTION_LIST, NULL, "files, folders, archives; - is standard input", &o.paths,
                0, 0 },
        { "--git", OPTION_TEXT, "REPO", "every blob and message of a repository's history", &o.git,
                0, 0 },
        { "--db", OPTION_TEXT, "URL", "every column: sqlite:PATH or postgres://...", &o.database, 0,
                0 },
        { "--format", OPTION_TEXT, "FORMAT", "text, json or sarif [text]", &o.format, 0, 0 },
        { "--baseline", OPTION_TEXT, "FILE", "findings in it are known", &o.baseline, 0, 0 },
        { "--baseline-key", OPTION_TEXT, "FILE", "its key [FILE.key]", &o.key, 0, 0 },
        { "--write-baseline", OPTION_TEXT, "FILE", "write all findings there, and end with 0",
                &o.write, 0, 0 },
        { "--archive-gigabytes", OPTION_NUMBER, "N", "what one file may unpack to [16]",
                &o.archive_gigabytes, 1, 1024 },
        { "--development", OPTION_FLAG, NULL,
                "take --db over a channel that is not encrypted and proven", &o.development, 0, 0 },
        { "--quiet", OPTION_FLAG, NULL, "no progress bar", &o.quiet, 0, 0 },
    };
    const Usage usage = { "hufu scan",
        "Find what must not be there: card numbers and codes, track and chip data, identity and\n"
        "phone numbers, private keys, secrets, internal addresses with accounts. No value is ever\n"
        "shown. Exit status: 0 nothing new, 1 findings or something that could not be judged, 2 "
        "usage.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    return run(&o);
}
