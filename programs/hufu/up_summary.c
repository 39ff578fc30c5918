#include "up_summary.h"

#include "auditor_run.h"
#include "terminal.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHECKPOINT_PAUSE_MS = 50, CHECKPOINT_TRIES_MAX = 200 };

typedef struct SumsJson {
    const JsonValue *postings;
    Span currency;
    int64_t sum;
    int64_t count;
} SumsJson;

static const JsonField sums_fields[] = {
    { "postings", JSON_LIST, true, 0, 64, offsetof(SumsJson, postings) },
};

static const JsonField sum_fields[] = {
    { "currency", JSON_TEXT, true, 1, 8, offsetof(SumsJson, currency) },
    { "sum_minor", JSON_INT, true, INT64_MIN, INT64_MAX, offsetof(SumsJson, sum) },
    { "postings", JSON_INT, true, 0, INT64_MAX, offsetof(SumsJson, count) },
};

MUST_USE static Status show_sums(const char *directory)
{
    uint8_t memory[16384];
    Buffer answer = BUFFER_OF(memory);
    JsonProblem problem = { 0 };
    SumsJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(admin_ask_plain(directory, "report.sums", &answer));
    TRY(json_parse(span_of_buffer(&answer), &document, &problem));
    TRY(json_read_some(document, json_root(document), sums_fields, 1, &json, &problem));
    for (size_t i = 0; i < json_list_size(json.postings); i++) {
        const JsonValue *item = NULL;
        char sum[32];
        char count[28];
        TRY(json_list_object(document, json.postings, i, &item, &problem));
        TRY(json_read_some(document, item, sum_fields, 3, &json, &problem));
        printf("  sum of postings    %8s   %.*s, over %s postings%s\n", money_text(json.sum, sum),
                (int)json.currency.size, (const char *)json.currency.data,
                number_text(json.count, count), json.sum == 0 ? "" : "   IT MUST BE ZERO");
    }
    return OK;
}

/* The first checkpoint is signed a moment after the first batch; without one there is nothing to
 * hold the log against. */
static void await_checkpoint(const char *directory)
{
    static const char *const places[] = { "checkpoints/checkpoint", "second/checkpoint" };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        char path[PATH_BYTES_MAX];
        path_in(path, directory, places[i]);
        for (int tries = 0; tries < CHECKPOINT_TRIES_MAX && access(path, F_OK) != 0; tries++)
            poll(NULL, 0, CHECKPOINT_PAUSE_MS);
    }
}

static void show_audit(const UpSummary *summary)
{
    static uint8_t memory[AUDITOR_OUTPUT_BYTES_MAX];
    Buffer output = BUFFER_OF(memory);
    bool verified = false;
    await_checkpoint(summary->layout->directory);
    const Status s = auditor_run(summary->layout, summary->users, &output, &verified);
    if (!status_ok(s)) {
        command_failed("auditor", s);
        return;
    }
    printf("  audit log          %8s   rows, sums, checkpoints and log, by the auditor with public "
           "keys\n",
            verified ? "verified" : "FAILED");
    if (!verified) printf("%.*s\n", (int)output.size, (const char *)output.data);
}

static void show_console(const UpSummary *summary)
{
    printf("  console        https://%s:%u   log in as one of the house's people\n",
            summary->address, (unsigned)summary->console_port);
    if (summary->layout->field_files[0] != 0)
        printf("  cashier        https://%s:%u/cashier/#PREPAY_ID   pay an order in a browser\n",
                summary->address, (unsigned)summary->port);
    if (summary->layout->console_files[0] == 0)
        printf("                 without its page, which web/build makes with npm\n");
}

void up_summary(const UpSummary *summary)
{
    const char *d = summary->layout->directory;
    printf("\n");
    if (summary->first_day != NULL) replay_print(summary->first_day);
    const Status s = show_sums(d);
    if (!status_ok(s)) command_failed("report.sums", s);
    show_audit(summary);
    printf("\n  payment API    https://%s:%u   TLS 1.3; trust %s/ca.pem\n", summary->address,
            (unsigned)summary->port, d);
    if (summary->service_port != 0)
        printf("  vault service  https://%s:%u   mutual TLS; see `hufu caller add`\n",
                summary->address, (unsigned)summary->service_port);
    if (summary->console_port != 0) show_console(summary);
    if (summary->metrics_port != 0)
        printf("  metrics        http://127.0.0.1:%u/metrics   for Prometheus; from this machine "
               "alone\n",
                (unsigned)summary->metrics_port);
    printf("  merchants      %s/demo/   their keys, as they would keep them\n", d);
    printf("  logs           %s/log/\n", d);
    printf("  look           %s/hufu status --directory %s\n", summary->layout->programs, d);
    printf("  stop           Ctrl-C\n");
    fflush(stdout);
}
