#include "report_make.h"

#include "base/seams.h"
#include "base/time.h"
#include "terminal.h"

enum { DEFAULT_DAYS = 182, DAYS_MAX = 732 };

typedef struct Asked {
    const char *directory;
    const char *from;
    const char *to;
    const char *language;
    const char *verify;
    const char *keys;
    bool no_pdf;
} Asked;

/* The start of a day as people write it. */
static Status read_day(const char *text, int64_t *ret_us)
{
    char whole[32];
    REQUIRE(strlen(text) == 10, REFUSED_REPORT_PERIOD);
    snprintf(whole, sizeof(whole), "%sT00:00:00+08:00", text);
    REQUIRE(status_ok(time_parse(span_of_text(whole), ret_us)), REFUSED_REPORT_PERIOD);
    return OK;
}

/* `--to` is the last day of the period, and not later than today; without both: half a year. */
static Status read_period(const Asked *asked, int64_t now_us, ReportWanted *wanted)
{
    const int64_t today_us = time_business_day_start_us(time_business_day(now_us));
    wanted->to_us = today_us;
    if (asked->to != NULL) TRY(read_day(asked->to, &wanted->to_us));
    REQUIRE(wanted->to_us <= today_us, REFUSED_REPORT_PERIOD);
    wanted->to_us += TIME_DAY_US;
    wanted->from_us = wanted->to_us - DEFAULT_DAYS * TIME_DAY_US;
    if (asked->from != NULL) TRY(read_day(asked->from, &wanted->from_us));
    REQUIRE(wanted->from_us > 0 && wanted->from_us < wanted->to_us, REFUSED_REPORT_PERIOD);
    REQUIRE(wanted->to_us - wanted->from_us <= DAYS_MAX * TIME_DAY_US, REFUSED_REPORT_PERIOD);
    return OK;
}

static void show_made(const ReportMade *made, bool pdf)
{
    char leaves[28];
    printf("%s/\n", made->folder);
    printf("  report.html%s, note\n", pdf ? ", report.pdf" : "");
    printf("  evidence  %s leaves of the audit log, verified\n", number_text(made->leaves, leaves));
    printf("  findings  %lld%s\n", (long long)made->findings,
            made->findings == 0 ? "" : "  (see section 1)");
    printf("  signed    by the vault, Ed25519 and SM2; kept in the audit log\n");
}

static int make(const Asked *asked)
{
    Layout layout = { .lock_fd = -1 };
    Users users = { 0 };
    static ReportMade made;
    const Clock clock = clock_system();
    ReportWanted wanted = { .layout = &layout,
        .users = &users,
        .kind = REPORT_AUDIT,
        .language = asked->language,
        .pdf = !asked->no_pdf };
    Status s = read_period(asked, clock_now_us(&clock), &wanted);
    if (status_ok(s)) s = layout_find(asked->directory, &layout);
    if (status_ok(s)) s = users_find(layout.directory, &users);
    if (status_ok(s)) s = report_make(&wanted, &made);
    if (status_is(s, REFUSED_IPC_CLOSED))
        fprintf(stderr, "hufu: nobody answers in %s; is `hufu up` running there?\n",
                asked->directory);
    if (!status_ok(s)) return command_failed("audit report", s);
    show_made(&made, wanted.pdf);
    return EXIT_DONE;
}

int command_audit_report(int argc, char **argv)
{
    Asked asked = { .directory = directory_default(), .language = "both" };
    const Option options[] = {
        { "--from", OPTION_TEXT, "YYYY-MM-DD", "first day [181 days before --to]", &asked.from, 0,
                0 },
        { "--to", OPTION_TEXT, "YYYY-MM-DD", "last day, included [today]", &asked.to, 0, 0 },
        { "--lang", OPTION_TEXT, "both|en|zh", "languages [both]", &asked.language, 0, 0 },
        { "--no-pdf", OPTION_FLAG, NULL, "the HTML alone", &asked.no_pdf, 0, 0 },
        { "--verify", OPTION_TEXT, "PATH", "check a report (its folder or a file of it) instead",
                &asked.verify, 0, 0 },
        { "--keys", OPTION_TEXT, "FILE", "for --verify: public keys [DIR/data/public-keys]",
                &asked.keys, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &asked.directory, 0,
                0 },
    };
    const Usage usage = { "hufu audit report",
        "Write the half-yearly audit report (TP-16) from what the auditor verifies: HTML and PDF, "
        "in\n"
        "English and Chinese. The vault signs the files' digests, and the audit log names the "
        "report,\n"
        "so that one that is removed or changed is noticed (`hufu audit verify`). Kept in "
        "DIR/reports/.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    const bool language = strcmp(asked.language, "both") == 0 || strcmp(asked.language, "en") == 0
            || strcmp(asked.language, "zh") == 0;
    if (!language) {
        fprintf(stderr, "hufu audit report: --lang: both, en or zh\n");
        return EXIT_USAGE;
    }
    if (asked.verify != NULL) return report_verify(asked.directory, asked.verify, asked.keys);
    return make(&asked);
}
