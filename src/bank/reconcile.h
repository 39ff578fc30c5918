#pragma once
/*
 * reconcile: a day as the bank has it against our bank orders (table 76: what differs).
 *
 *   MISSING_HERE    the bank did it; here is no such order, or one that FAILED
 *   MISSING_THERE   SUCCESS here, and not in the bank's file
 *   AMOUNT_DIFFERS  the same number with another amount or kind
 *   TWICE_THERE     the bank's file has it more than once, or that of the day before has it, too,
 *                   or it had ended here another day
 *
 * An order without an end is no difference: the bank is still asked about it. Each difference is a
 * sealed row with what both sides say, and an alert, once for a day and number; before it is
 * written our side is read again, verified. It is explained by a person, with a reason, and stays.
 *
 * An order that was sent just before midnight may stand in the bank's next day: what was sent in
 * the last RECONCILE_SEAM_US of a day must be in that day's file or in the next one, and is judged
 * with the next day, when the file of the day before is at hand, too.
 */
#include "bank/channel_order.h"

#include "crypto/digest.h"

extern const Table channel_difference_table;

enum {
    RECONCILE_ORDERS_MAX = 100000, /* a file's lines; ours of three days; more: BUFFER_FULL */
    RECONCILE_FILE_BYTES_MAX = 4 << 20,
    RECONCILE_REASON_BYTES_MAX = 200,
    RECONCILE_FOUND_MAX = 64,
};
#define RECONCILE_SEAM_US (600 * TIME_SECOND_US)

enum ChannelDifferenceColumn {
    CHANNEL_DIFFERENCE_DAY = 1, /* INT, key: time_business_day() */
    CHANNEL_DIFFERENCE_NUMBER = 2, /* TEXT, key */
    CHANNEL_DIFFERENCE_VERDICT = 3, /* INT: REFUSED_BANK_... */
    CHANNEL_DIFFERENCE_OURS = 4, /* INT or NULL: minor units */
    CHANNEL_DIFFERENCE_THEIRS = 5, /* INT or NULL */
    CHANNEL_DIFFERENCE_FILE = 6, /* BYTES 32: SHA-256 of the file that says so */
    CHANNEL_DIFFERENCE_FOUND = 7, /* INT, us */
    CHANNEL_DIFFERENCE_ENDED = 8, /* INT, us, or NULL: when it was explained */
    CHANNEL_DIFFERENCE_BY = 9, /* TEXT or NULL */
    CHANNEL_DIFFERENCE_REASON = 10, /* TEXT or NULL */
};

/* One order of the bank's file. */
typedef struct BankLine {
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    ChannelKind kind;
    int64_t minor;
} BankLine;

/*
 * Read a file of the bank's: CSV `sandbox_order,kind,amount`. Untrusted bytes of any size.
 *
 * ret_lines  caller's, `capacity` of them
 * Refuses BANK_FILE (no such file, or a number or amount that no order has), BUFFER_FULL.
 */
MUST_USE Status reconcile_read(Span file, BankLine *ret_lines, size_t capacity, size_t *ret_count);

typedef struct ReconcileAsk {
    int32_t day;
    const char *actor; /* the operator who asked; "": the clock */
    Span file; /* of that day */
    Span file_before; /* of the day before; data NULL: not at hand */
} ReconcileAsk;

typedef struct Reconciled {
    size_t matched;
    size_t open; /* without an end here */
    size_t differences; /* of the day, known ones too */
    size_t found; /* now, for the first time */
} Reconciled;

/* Compare, write down, alert. Never from the batch thread. Refuses BANK_DAY (not over yet), what
 * reconcile_read() refuses. */
MUST_USE Status reconcile_day(
        Batcher *batcher, const Clock *clock, const ReconcileAsk *ask, Reconciled *ret_reconciled);

/* A person says why. */
typedef struct ReconcileExplain {
    Unit unit;
    int32_t day; /* in */
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    char actor[CHANNEL_ACTOR_BYTES_MAX + 1];
    char reason_text[RECONCILE_REASON_BYTES_MAX + 1];
} ReconcileExplain;
/* Refuses BANK_ORDER_UNKNOWN (no such difference), BANK_STATE (it is explained), BANK_FIELD. */
void reconcile_explain_unit(ReconcileExplain *work, void (*done)(Unit *unit, Status outcome));

/* A difference as a plain read finds it. */
typedef struct Difference {
    int32_t day;
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    int32_t verdict;
    int64_t ours_minor; /* -1: none */
    int64_t theirs_minor;
    bool ended;
} Difference;
/* The newest; `open`: those that nobody has explained. */
MUST_USE Status reconcile_list(
        Store *store, bool open, Difference ret_list[RECONCILE_FOUND_MAX], size_t *ret_count);
