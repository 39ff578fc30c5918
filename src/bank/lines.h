#pragma once
/*
 * lines: the two lines to one bank (双线冗余), over mutual TLS, and which of them is used.
 *
 * One line is in use until a call on it fails; then the other one is, unless it is known to be
 * worse. A line that failed is out of use until a probe is answered on it again; it does not take
 * the calls back by itself, so that a line that comes and goes costs one switch, not many. What was
 * not sent on one line is sent on the other; what may have been sent is not sent again: that is for
 * the caller to ask about.
 *
 * How long a switch takes is measured: from the beginning of the call that failed to the first
 * answer on the other line. Any thread. Source: LL-4.1 (双线冗余).
 */
#include "base/seams.h"
#include "http/client.h"

#include <pthread.h>

enum {
    LINES = 2,
    LINE_KEPT_MAX = 16, /* idle connections of one line */
    LINE_TEXT_MAX = 256,
    LINE_KEPT_MS = 4000, /* an idle one is not used later: the bank may be closing it */
};

typedef struct LineAddress {
    char address[LINE_TEXT_MAX]; /* numeric */
    uint16_t port;
} LineAddress;

typedef struct LinesConfig {
    LineAddress at[LINES];
    const char *server_name; /* the name that the bank's certificate must have; borrowed */
    unsigned deadline_ms; /* for connecting, and for each call */
    Clock steady; /* for measuring */
} LinesConfig;

typedef struct LineFacts {
    LineAddress at;
    bool in_use;
    bool healthy;
    uint64_t answered; /* calls and probes */
    uint64_t failed;
} LineFacts;

typedef struct LinesFacts {
    LineFacts line[LINES];
    uint64_t switches;
    int64_t last_switch_us; /* how long it took; 0: none was finished */
    int64_t worst_switch_us;
} LinesFacts;

typedef struct Lines Lines;

MUST_USE Status lines_open(const LinesConfig *config, Lines **ret_lines);
void lines_close(Lines **lines);
/* Our certificate and whom we believe, from now on; a reference is taken. Before the first call. */
void lines_set_tls(Lines *lines, struct ssl_ctx_st *tls);

/*
 * One call, its answer's body appended to `ret_body`.
 *
 * again   it may be sent a second time, on the other line, when no answer came
 * Refuses BANK_DOWN (nothing was sent, on neither line), BANK_NO_ANSWER (it may have been sent),
 * BANK_ANSWER (no HTTP, or too long).
 */
MUST_USE Status lines_call(
        Lines *lines, const HttpCall *call, bool again, int *ret_status, Buffer *ret_body);

/* Ask on both lines whether they live; a line that answers anything is healthy. */
void lines_probe(Lines *lines, Span target);
LinesFacts lines_facts(Lines *lines);
