/*
 * scan: how fast the scanner reads a log in which little is hidden, and whether it finds all of it.
 * 512 MiB of log lines (order numbers, digests, addresses) with 512 values of all kinds and
 * spellings; in the same run `rg` and `grep -P` look in the same file for card numbers in plain
 * spellings alone, which is the least of what the scanner looks for.
 *
 * Prints one JSON line: gigabytes per second of processor time,
 * from the page cache; found, planted, false
 * findings; the others' gigabytes per second (null: the program is not installed).
 */
#define _GNU_SOURCE
#include "scan/scan.h"
#include "scan/planted_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_BYTES = 512 << 20, VALUES = 512, ROUNDS = 3, FIELDS = 200000 };

#define MUST_OK(expression)                                                     \
    do {                                                                        \
        const Status must_ = (expression);                                      \
        if (!status_ok(must_)) {                                                \
            fprintf(stderr, "scan: %s: %s\n", #expression, status_name(must_)); \
            exit(1);                                                            \
        }                                                                       \
    } while (0)

static Planted planted[VALUES];
static size_t false_findings;

/* Processor time: what one core takes, whatever else the machine does. */
static double now_s(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_found(void *context, const ScanFinding *f)
{
    (void)context;
    false_findings += !planted_found(planted, VALUES, f->kind, f->at, f->size);
}

static double best(double a, double b) { return a == 0 || b < a ? b : a; }

static double scan_file_s(ScanStream *stream, int fd)
{
    const double start = now_s();
    scan_stream_begin(stream);
    for (off_t at = 0;;) {
        uint8_t *space = NULL;
        size_t size = 0;
        scan_stream_space(stream, &space, &size);
        const ssize_t n = pread(fd, space, size, at);
        if (n <= 0) break;
        at += n;
        MUST_OK(scan_stream_filled(stream, (size_t)n));
    }
    MUST_OK(scan_stream_end(stream));
    return now_s() - start;
}

/* 0: the program is not there. It prints only a count, on one thread. */
static double other_s(const char *path, char *const arguments[])
{
    if (access(path, X_OK) != 0) return 0;
    const pid_t pid = fork();
    if (pid == 0) {
        char *const environment[] = { (char *)"LC_ALL=C", NULL };
        /* Not /dev/null: grep would stop at the first line that matches. */
        dup2(memfd_create("out", 0), STDOUT_FILENO);
        execve(path, arguments, environment);
        _exit(127);
    }
    int status = 0;
    struct rusage used = { 0 };
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) return 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
            + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Card numbers with their issuers' prefixes, plain or in groups of four. */
static const char card_pattern[] =
        "(?<![0-9])(?:4[0-9]{3}|5[1-5][0-9]{2}|62[0-9]{2}|35[2-8][0-9]|6011|9558)"
        "(?:[ -]?[0-9]{4}){3}[0-9]{0,3}(?![0-9])";
static const char card_pattern_rg[] =
        "(?-u:\\b)(?:4[0-9]{3}|5[1-5][0-9]{2}|62[0-9]{2}|35[2-8][0-9]|6011|9558)"
        "(?:[ -]?[0-9]{4}){3}[0-9]{0,3}(?-u:\\b)";

static void print_rate(const char *name, double seconds)
{
    if (seconds > 0) printf(",\"%s\":%.2f", name, TEXT_BYTES / seconds / 1e9);
    if (seconds == 0) printf(",\"%s\":null", name);
}

/* The detector of the doors alone: one ordinary field after another. */
static double field_ns(void)
{
    static const char *const fields[] = { "Coffee, two cups, no sugar", "20260131123456789012",
        "https://shop.example/notify?order=20260131123456",
        "{\"sku\":\"6912345678901\",\"store\":\"Shanghai 3\",\"table\":12}" };
    const double start = now_s();
    for (size_t i = 0; i < FIELDS; i++)
        MUST_OK(detect_free_text(span_of_text(fields[i % 4])));
    return (now_s() - start) * 1e9 / FIELDS;
}

int main(void)
{
    char path[] = "/tmp/hufu-scan-XXXXXX";
    const int fd = mkstemp(path);
    if (fd < 0 || ftruncate(fd, TEXT_BYTES) != 0) return 1;
    uint8_t *memory = mmap(NULL, TEXT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) return 1;
    Buffer text = { memory, 0, TEXT_BYTES };
    planted_make(20260131, VALUES, SCAN_BLOCK_BYTES - SCAN_CARRY_BYTES, &text, planted);

    CLEANUP(scanner_free) Scanner *scanner = NULL;
    CLEANUP(scan_stream_free) ScanStream *stream = NULL;
    MUST_OK(scanner_new(&scanner));
    MUST_OK(scan_stream_new(scanner, on_found, NULL, &stream));
    char *const rg[] = { (char *)"rg", (char *)"--no-config", (char *)"-j1", (char *)"-a",
        (char *)"-c", (char *)card_pattern_rg, path, NULL };
    char *const grep[] = { (char *)"grep", (char *)"-a", (char *)"-c", (char *)"-P",
        (char *)card_pattern, path, NULL };
    double scan_s = 0;
    double rg_s = 0;
    double grep_s = 0;
    for (int i = 0; i < ROUNDS; i++) {
        false_findings = 0;
        scan_s = best(scan_s, scan_file_s(stream, fd));
        rg_s = best(rg_s, other_s("/usr/bin/rg", rg));
        grep_s = best(grep_s, other_s("/usr/bin/grep", grep));
    }
    const size_t lost = planted_lost(planted, VALUES);
    printf("{\"benchmark\":\"scan\",\"gb_per_s\":%.2f", TEXT_BYTES / scan_s / 1e9);
    print_rate("rg_gb_per_s", rg_s);
    print_rate("grep_p_gb_per_s", grep_s);
    printf(",\"planted\":%d,\"found\":%zu,\"false_findings\":%zu,\"detect_field_ns\":%.0f}\n",
            VALUES, VALUES - lost, false_findings, field_ns());
    if (rg_s == 0) fputs("scan: rg is not installed: skipped (tools/setup check)\n", stderr);
    unlink(path);
    return lost == 0 ? 0 : 1;
}
