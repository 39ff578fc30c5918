#pragma once
/*
 * terminal: a progress bar for people, plain lines for logs.
 *
 * On a terminal one line is drawn over and over, at most ten times a second; elsewhere a line is
 * printed at every tenth of the way.
 */
#include "base/bytes.h"

#include <stdio.h>

typedef struct Progress {
    const char *label;
    uint64_t total;
    int64_t began_us;
    int64_t drawn_us;
    unsigned tenth; /* the last tenth that was printed */
    bool terminal;
    FILE *out;
} Progress;

/* On standard output, or elsewhere when that is for a program's eyes. */
Progress progress_begin(const char *label, uint64_t total);
Progress progress_begin_on(FILE *out, const char *label, uint64_t total);
/* Call as often as you like. */
void progress_show(Progress *progress, uint64_t done);
/* Draw the last state and go to the next line. */
void progress_end(Progress *progress, uint64_t done);

/* "1,234,567" into at least 28 bytes; returns `text`. */
const char *number_text(int64_t number, char text[28]);
/* "1,234.56" of minor units into at least 32 bytes. */
const char *money_text(int64_t minor, char text[32]);
/* Seconds as "4 s", "3 min 20 s" into at least 32 bytes. */
const char *duration_text(int64_t duration_us, char text[32]);
/* Monotonic time, for durations alone. */
int64_t monotonic_us(void);
