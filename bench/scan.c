/*
 * scan: how fast the scanner reads a log in which little is hidden, and whether it finds all of it.
 * 512 MiB of log lines (order numbers, digests, addresses) with 512 values of all kinds and
 * spellings; in the same run `rg` and `grep -P` look in the same file for the same kinds, each in
 * its plain spelling (no escapes, no base64, no check digits), and for card numbers alone.
 *
 * Prints one JSON line: gigabytes per second of processor time, from the page cache; found,
 * planted, false findings; the others' gigabytes per second (null: the program is not installed).
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
static double other_s(char *const arguments[])
{
    if (access(arguments[0], X_OK) != 0) return 0;
    const pid_t pid = fork();
    if (pid == 0) {
        char *const environment[] = { (char *)"LC_ALL=C", NULL };
        /* Not /dev/null: grep would stop at the first line that matches. */
        dup2(memfd_create("out", 0), STDOUT_FILENO);
        execve(arguments[0], arguments, environment);
        _exit(127);
    }
    int status = 0;
    struct rusage used = { 0 };
    if (pid < 0 || wait4(pid, &status, 0, &used) != pid) return 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) return 0;
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
            + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Card numbers with their issuers' prefixes, plain or in groups of four. A word's edge is written
 * in the two programs' own ways. */
#define CARDS(from, to)                                                   \
    from "(?:4[0-9]{3}|5[1-5][0-9]{2}|62[0-9]{2}|35[2-8][0-9]|6011|9558)" \
         "(?:[ -]?[0-9]{4}){3}[0-9]{0,3}" to
/* And the other kinds, each in its plain spelling. */
#define OTHERS                                                                                 \
    "|(?i:cvv|cvn|cvc|security[ _]?code|verification)[^0-9\\n]{1,16}[0-9]{3,4}"                \
    "|%B[0-9 ]{12,22}\\^|[0-9]{13,19}[=D][0-9]{7}|5[A7](?:0[7-9A]|1[0-3])[0-9]{13}"            \
    "|[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]{4}[0-9Xx]"                     \
    "|(?:\\+86|0086)[ -]?1[3-9][0-9]{9}"                                                       \
    "|(?i:phone|mobile|tel|msisdn|cell)[^0-9\\n]{0,23}1[3-9][0-9]{9}"                          \
    "|-----BEGIN [A-Z ]{0,20}PRIVATE KEY|PuTTY-User-Key-File-|BADANBgkqhkiG9w0BAQEFAASC"       \
    "|IBAAKCA|IBAAKBgQ|MIG[HT]AgEAMBMG|MHcCAQEEI|MC4CAQAwBQYDK2VwBCIEI"                        \
    "|(?i:pass(?:word|wd|phrase)|(?:user|db)[_-]?pass|secret|pwd|api[_.-]?key"                 \
    "|(?:access|private|v3|mch|merchant|sign|signing|encryption|sm2|sm4)[_.-]?key"             \
    "|(?:access|auth|refresh|session)[_-]?token)[\"' ]{0,3}[:=][\"' ]{0,3}[^ \"']{6}"          \
    "|eyJ[A-Za-z0-9_-]{10,}\\.eyJ|(?:AKIA|ASIA|LTAI|AKID|AIza)[0-9A-Za-z_-]{12}"               \
    "|(?:gh[posu]_|github_pat_|glpat-|xox[bpa]-|[sr]k_live_|npm_|[Bb]earer )[0-9A-Za-z_-]{12}" \
    "|://[^/@ :]{0,64}:[^/@ ]{3,100}@|@(?:10|192\\.168|172)\\."

typedef struct Other {
    const char *name;
    char *arguments[8];
    double seconds;
} Other;

#define RG(pattern)                                                                              \
    {                                                                                            \
        (char *)"/usr/bin/rg", (char *)"--no-config", (char *)"-j1", (char *)"-a", (char *)"-c", \
                (char *)(pattern)                                                                \
    }
#define GREP(pattern)                                                                        \
    {                                                                                        \
        (char *)"/usr/bin/grep", (char *)"-a", (char *)"-c", (char *)"-P", (char *)(pattern) \
    }

static Other others[] = {
    { "rg_gb_per_s", RG(CARDS("(?-u:\\b)", "(?-u:\\b)") OTHERS), 0 },
    { "grep_p_gb_per_s", GREP(CARDS("(?<![0-9])", "(?![0-9])") OTHERS), 0 },
    { "rg_cards_gb_per_s", RG(CARDS("(?-u:\\b)", "(?-u:\\b)")), 0 },
    { "grep_p_cards_gb_per_s", GREP(CARDS("(?<![0-9])", "(?![0-9])")), 0 },
};
enum { OTHERS_COUNT = sizeof(others) / sizeof(others[0]) };

static void run_others(char *path)
{
    for (size_t i = 0; i < OTHERS_COUNT; i++) {
        size_t end = 0;
        while (others[i].arguments[end] != NULL && others[i].arguments[end] != path)
            end++;
        others[i].arguments[end] = path;
        others[i].seconds = best(others[i].seconds, other_s(others[i].arguments));
    }
}

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
    double scan_s = 0;
    for (int i = 0; i < ROUNDS; i++) {
        false_findings = 0;
        scan_s = best(scan_s, scan_file_s(stream, fd));
        run_others(path);
    }
    const size_t lost = planted_lost(planted, VALUES);
    printf("{\"benchmark\":\"scan\",\"gb_per_s\":%.2f", TEXT_BYTES / scan_s / 1e9);
    for (size_t i = 0; i < OTHERS_COUNT; i++)
        print_rate(others[i].name, others[i].seconds);
    printf(",\"planted\":%d,\"found\":%zu,\"false_findings\":%zu,\"detect_field_ns\":%.0f}\n",
            VALUES, VALUES - lost, false_findings, field_ns());
    if (others[0].seconds == 0)
        fputs("scan: rg is not installed: skipped (tools/setup check)\n", stderr);
    unlink(path);
    return lost == 0 ? 0 : 1;
}
