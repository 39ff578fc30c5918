#include "command.h"

#include "simulator.h"
#include "terminal.h"

#include "base/time.h"

#include <inttypes.h>
#include <time.h>

static void file_done(FILE **file)
{
    if (*file != NULL) fclose(*file);
}

/* ISO 8601 in UTC, as fraud data sets write it. */
static void time_text(int64_t time_s, char text[32])
{
    const time_t when = (time_t)time_s;
    struct tm parts;
    gmtime_r(&when, &parts);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static bool write_payments(const Simulation *s, const char *path)
{
    CLEANUP(file_done) FILE *out = fopen(path, "w");
    if (out == NULL) return false;
    fprintf(out, "tx_id,ts,customer_id,terminal_id,amount\r\n");
    for (size_t i = 0; i < s->count; i++) {
        const SimulatedPayment *p = &s->payments[i];
        char when[32];
        time_text(p->time_s, when);
        fprintf(out, "%zu,%s,%" PRIu32 ",%" PRIu32 ",%" PRId64 ".%02d\r\n", i, when, p->customer,
                p->terminal, p->minor / 100, (int)(p->minor % 100));
    }
    return fflush(out) == 0 && ferror(out) == 0;
}

static bool write_labels(const Simulation *s, const char *path)
{
    CLEANUP(file_done) FILE *out = fopen(path, "w");
    if (out == NULL) return false;
    fprintf(out, "tx_id,fraud,scenario\r\n");
    for (size_t i = 0; i < s->count; i++)
        fprintf(out, "%zu,%d,%d\r\n", i, s->payments[i].scenario != 0, s->payments[i].scenario);
    return fflush(out) == 0 && ferror(out) == 0;
}

static void summarise(const Simulation *s, const char *out, const char *labels)
{
    size_t frauds = 0;
    int64_t minor = 0;
    for (size_t i = 0; i < s->count; i++) {
        frauds += s->payments[i].scenario != 0;
        minor += s->payments[i].minor;
    }
    char count_text[28];
    char fraud_text[28];
    char sum_text[32];
    printf("%s payments, %s of them fraudulent, %s in all\n",
            number_text((int64_t)s->count, count_text), number_text((int64_t)frauds, fraud_text),
            money_text(minor, sum_text));
    printf("payments  %s\n", out);
    if (labels != NULL) printf("labels    %s\n", labels);
}

int command_simulate(int argc, char **argv)
{
    const char *out = NULL;
    const char *labels = NULL;
    const char *start = "2026-01-01T00:00:00Z";
    int64_t seed = 1;
    int64_t customers = 5000;
    int64_t terminals = 10000;
    int64_t days = 7;
    int64_t radius = 5;
    const Option options[] = {
        { "--out", OPTION_TEXT, "FILE", "where the payments go (required)", &out, 0, 0 },
        { "--labels", OPTION_TEXT, "FILE",
                "where the labels go; apart, since nobody knows them in time", &labels, 0, 0 },
        { "--seed", OPTION_NUMBER, "N", "same seed, same file [1]", &seed, 0, INT64_MAX },
        { "--customers", OPTION_NUMBER, "N", "[5000]", &customers, 1, SIMULATOR_CUSTOMERS_MAX },
        { "--terminals", OPTION_NUMBER, "N", "[10000]", &terminals, 1, SIMULATOR_TERMINALS_MAX },
        { "--days", OPTION_NUMBER, "N", "[7]", &days, 1, SIMULATOR_DAYS_MAX },
        { "--radius", OPTION_NUMBER, "N", "how far a customer goes on the 100 x 100 grid [5]",
                &radius, 1, 200 },
        { "--start", OPTION_TEXT, "TIME", "of the first day [2026-01-01T00:00:00Z]", &start, 0, 0 },
    };
    const Usage usage = { "hufu simulate",
        "Write a town's payments as CSV: tx_id,ts,customer_id,terminal_id,amount, with three kinds "
        "of\n"
        "fraud hidden in them, as the fraud-detection handbook's published generator makes them. "
        "Replay\n"
        "the file with `hufu replay`.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (out == NULL) {
        fprintf(stderr, "hufu simulate: --out is required\nSee `hufu simulate --help`.\n");
        return EXIT_USAGE;
    }
    int64_t start_us = 0;
    Status s = time_parse(span_of_text(start), &start_us);
    if (!status_ok(s)) return command_failed("--start", s);

    CLEANUP(simulation_free) Simulation simulation = { 0 };
    const SimulatorConfig config = { .seed = (uint64_t)seed,
        .customers = (uint32_t)customers,
        .terminals = (uint32_t)terminals,
        .days = (uint32_t)days,
        .start_s = start_us / TIME_SECOND_US,
        .radius = (double)radius };
    s = simulate(&config, &simulation);
    if (!status_ok(s)) return command_failed("simulate", s);
    if (!write_payments(&simulation, out)) return command_failed(out, BROKEN(FAULT_DISK));
    if (labels != NULL && !write_labels(&simulation, labels))
        return command_failed(labels, BROKEN(FAULT_DISK));
    summarise(&simulation, out, labels);
    return EXIT_DONE;
}
