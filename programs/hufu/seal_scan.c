/* hufu seal scan, verify */
#include "seal.h"

#include "attach/look.h"
#include "base/seams.h"
#include "base/time.h"
#include "terminal.h"
#include "text/json.h"

#include <poll.h>

typedef struct Scanning {
    SealTarget target;
    const char *alerts;
    FILE *alert_file;
    Status alert; /* not OK: one could not be written */
    bool watch;
    int64_t every_s;
    Progress progress;
} Scanning;

/* For the institution's own monitor. Whoever writes the table chooses its keys. */
static Status put_alert(const Scanning *s, const AttachFinding *finding, Span key, Buffer *ret_line)
{
    char when[64];
    Buffer time = BUFFER_OF(when);
    const Clock clock = clock_system();
    const AttachTable *table = &s->target.rows.table;
    JsonWriter w = json_writer_for(ret_line, LAYER_PROCESS);
    TRY(time_format(clock_now_us(&clock), &time));
    json_open_object(&w);
    json_key_text(&w, "time", span_of_buffer(&time));
    json_key_text(&w, "table", span_of_text(table->name));
    json_key_text(&w, "database", span_of_text(table->database));
    json_key_text(&w, "key", key);
    json_key_text(&w, "verdict", span_of_text(status_name(finding->what)));
    json_key_bool(&w, "frozen", finding->frozen);
    json_close(&w);
    return json_finish(&w);
}

static void write_alert(Scanning *s, const AttachFinding *finding)
{
    uint8_t memory[1024];
    uint8_t line_memory[8 * 1024];
    Buffer key = BUFFER_OF(memory);
    Buffer line = BUFFER_OF(line_memory);
    if (!status_ok(attach_key_text(&s->target.rows.table, finding->key, &key))) key.size = 0;
    s->alert = put_alert(s, finding, span_of_buffer(&key), &line);
    if (!status_ok(s->alert)) return;
    fprintf(s->alert_file, "%.*s\n", (int)line.size, (const char *)line.data);
    fflush(s->alert_file);
}

static void found(void *context, const AttachFinding *finding)
{
    Scanning *s = context;
    seal_show_finding(&s->target.rows.table, finding);
    if (s->alert_file != NULL) write_alert(s, finding);
}

static void show_progress(void *context, uint64_t done, uint64_t total)
{
    Scanning *s = context;
    if (s->watch) return;
    if (s->progress.label == NULL) s->progress = progress_begin("scanning blocks", total);
    progress_show(&s->progress, done);
}

static void sum_up(const AttachScanned *scanned, const AttachTable *table)
{
    printf("%s: %llu rows looked at, %llu findings", table->name, (unsigned long long)scanned->rows,
            (unsigned long long)scanned->findings);
    if (scanned->unsealed > 0)
        printf(", %llu without a seal yet", (unsigned long long)scanned->unsealed);
    if (scanned->unlooked > 0)
        printf(", %llu more not told", (unsigned long long)scanned->unlooked);
    printf("\n");
    if (scanned->rows == 0 && scanned->deleted > 0)
        printf("The table is empty and was not: truncated, or every row deleted.\n");
    if (scanned->rolled_back > 1)
        printf("%llu rows are older than their seals: a copy of the table may have been put "
               "back.\n",
                (unsigned long long)scanned->rolled_back);
}

static Status scan_once(Scanning *s, AttachScanned *ret_scanned)
{
    const AttachWatcher watcher = { found, show_progress, s };
    TRY(attach_scan(&s->target.core, &s->target.rows, &watcher, ret_scanned));
    TRY(s->alert);
    if (s->progress.label != NULL) progress_end(&s->progress, s->progress.total);
    if (!s->watch || ret_scanned->findings > 0) sum_up(ret_scanned, &s->target.rows.table);
    fflush(stdout);
    return OK;
}

static Status scan(Scanning *s, AttachScanned *ret_scanned)
{
    TRY(seal_connect(&s->target));
    TRY(seal_find(&s->target));
    if (s->alerts != NULL) {
        s->alert_file = fopen(s->alerts, "ae");
        CHECK(s->alert_file != NULL, FAULT_DISK);
    }
    TRY(scan_once(s, ret_scanned));
    while (s->watch) {
        (void)poll(NULL, 0, (int)s->every_s * 1000);
        TRY(scan_once(s, ret_scanned));
    }
    return OK;
}

int command_seal_scan(int argc, char **argv)
{
    Scanning s = { .target = { .together = { .directory = directory_default() } }, .every_s = 10 };
    const Option options[] = { SEAL_OPTIONS(&s.target),
        { "--watch", OPTION_FLAG, NULL, "again and again, until it is stopped", &s.watch, 0, 0 },
        { "--every", OPTION_NUMBER, "SECONDS", "between two rounds [10]", &s.every_s, 1, 86400 },
        { "--alerts", OPTION_TEXT, "FILE", "append each finding as a line of JSON", &s.alerts, 0,
                0 } };
    const Usage usage = { "hufu seal scan",
        "Look at every row of an attached table while the core goes on, and say what was done to "
        "which.\nExit status: 0 all right, 3 findings, 1 it could not look.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (s.target.url == NULL || s.target.table_name == NULL) {
        fprintf(stderr, "hufu seal scan: --db and --table are needed\n");
        return EXIT_USAGE;
    }
    AttachScanned scanned = { .rows = 0 };
    const Status status = scan(&s, &scanned);
    const bool findings = scanned.findings > 0 || scanned.unlooked > 0;
    exit_status = !status_ok(status) ? seal_failed(&s.target, status)
            : findings               ? (int)EXIT_FINDINGS
                                     : (int)EXIT_DONE;
    if (s.alert_file != NULL) fclose(s.alert_file);
    seal_done(&s.target);
    return exit_status;
}

static Status verify(SealTarget *t, const OptionList *row, WireAttachedVerdict *ret_verdict)
{
    static AttachRow read;
    TRY(seal_connect(t));
    TRY(seal_find(t));
    REQUIRE(row->count == t->rows.table.key_columns, REFUSED_ATTACH_VALUES);
    TRY(attach_do(t->connection, "BEGIN"));
    TRY(attach_look(&t->core, &t->rows, row->values, &read, ret_verdict));
    return attach_do(t->connection, "ROLLBACK");
}

int command_seal_verify(int argc, char **argv)
{
    SealTarget t = { .together = { .directory = directory_default() } };
    OptionList row = { .count = 0 };
    const Option options[] = { SEAL_OPTIONS(&t),
        { "--row", OPTION_LIST, "VALUE", "of each key column, in order", &row, 0, 0 } };
    const Usage usage = { "hufu seal verify", "Look at one row of an attached table.", options,
        sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (t.url == NULL || t.table_name == NULL || row.count == 0) {
        fprintf(stderr, "hufu seal verify: --db, --table and --row are needed\n");
        return EXIT_USAGE;
    }
    WireAttachedVerdict verdict = { .status = 0 };
    const Status s = verify(&t, &row, &verdict);
    const Status what = attach_verdict(&verdict);
    exit_status = status_ok(s) ? EXIT_DONE : seal_failed(&t, s);
    if (status_ok(s) && !status_ok(what)) exit_status = EXIT_FINDINGS;
    if (status_ok(s)) printf("%s\n", status_ok(what) ? "right" : status_name(what));
    if (status_ok(s) && !status_ok(what)) printf("    %s\n", status_advice(what));
    seal_done(&t);
    return exit_status;
}
