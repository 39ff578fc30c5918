#include "terminal.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_COLUMNS = 28, DRAW_EVERY_US = 100000 };

int64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * TIME_SECOND_US + now.tv_nsec / 1000;
}

const char *number_text(int64_t number, char text[28])
{
    char digits[24];
    const int size = snprintf(digits, sizeof(digits), "%" PRId64, number);
    int out = 0;
    for (int i = 0; i < size; i++) {
        text[out++] = digits[i];
        const int left = size - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') text[out++] = ',';
    }
    text[out] = '\0';
    return text;
}

const char *money_text(int64_t minor, char text[32])
{
    char whole[28];
    const int64_t cents = minor % 100;
    const bool hidden_sign = minor < 0 && minor / 100 == 0;
    snprintf(text, 32, "%s%s.%02d", hidden_sign ? "-" : "", number_text(minor / 100, whole),
            (int)(cents < 0 ? -cents : cents));
    return text;
}

const char *duration_text(int64_t duration_us, char text[32])
{
    const int64_t seconds = (duration_us + TIME_SECOND_US / 2) / TIME_SECOND_US;
    if (seconds < 60) snprintf(text, 32, "%" PRId64 " s", seconds);
    if (seconds >= 60)
        snprintf(text, 32, "%" PRId64 " min %" PRId64 " s", seconds / 60, seconds % 60);
    return text;
}

Progress progress_begin(const char *label, uint64_t total)
{
    return progress_begin_on(stdout, label, total);
}

Progress progress_begin_on(FILE *out, const char *label, uint64_t total)
{
    Progress progress = { .label = label, .total = total, .began_us = monotonic_us(), .out = out };
    progress.terminal = isatty(fileno(out)) == 1;
    progress_show(&progress, 0);
    return progress;
}

static void draw_line(const Progress *progress, uint64_t done, int64_t now_us)
{
    char bar[BAR_COLUMNS + 1];
    const uint64_t total = progress->total == 0 ? 1 : progress->total;
    const size_t full = (size_t)(done * BAR_COLUMNS / total);
    for (size_t i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < full ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';

    char done_text[28];
    char total_text[28];
    char left_text[32];
    const int64_t spent_us = now_us - progress->began_us + 1;
    const int64_t rate = (int64_t)done * TIME_SECOND_US / spent_us;
    const int64_t left_us = done == 0 ? 0 : spent_us / (int64_t)done * (int64_t)(total - done);
    fprintf(progress->out, "\r  %s [%s] %3u%%  %s of %s  %" PRId64 "/s  %s left \033[K",
            progress->label, bar, (unsigned)(done * 100 / total),
            number_text((int64_t)done, done_text),
            number_text((int64_t)progress->total, total_text), rate,
            duration_text(left_us, left_text));
    fflush(progress->out);
}

void progress_show(Progress *progress, uint64_t done)
{
    const int64_t now_us = monotonic_us();
    if (progress->terminal) {
        if (now_us - progress->drawn_us < DRAW_EVERY_US && done < progress->total) return;
        progress->drawn_us = now_us;
        draw_line(progress, done, now_us);
        return;
    }
    const unsigned tenth = progress->total == 0 ? 10 : (unsigned)(done * 10 / progress->total);
    if (tenth <= progress->tenth) return;
    progress->tenth = tenth;
    char done_text[28];
    char total_text[28];
    fprintf(progress->out, "  %s %u%%: %s of %s\n", progress->label, tenth * 10,
            number_text((int64_t)done, done_text),
            number_text((int64_t)progress->total, total_text));
    fflush(progress->out);
}

void progress_end(Progress *progress, uint64_t done)
{
    if (!progress->terminal) return;
    draw_line(progress, done, monotonic_us());
    fprintf(progress->out, "\n");
}
