#pragma once
/*
 * replayer: send a file of payments through the public API, as merchants and payers would.
 *
 * Each customer is a payer and each terminal a shop of a merchant (chosen by a hash, so always the
 * same). Small amounts are paid with a code that the shop scans; large ones, and one in four, by
 * scanning the shop's order and typing the PIN. A payer's payments stay in the order of the file;
 * different payers pay at once.
 */
#include "latency.h"
#include "merchant_app.h"
#include "payer_app.h"

enum {
    REPLAY_ROWS_MAX = 50000000,
    REPLAY_WORKERS_MAX = 64,
    REPLAY_REASONS_MAX = 32,
    REPLAY_STORE_BYTES_MAX = 24,
    REPLAY_PREFIX_BYTES_MAX = 16,
    REPLAY_PIN_OVER_MINOR =
            100000, /* more is not paid without a PIN: the strategy would ask for it */
};

typedef struct ReplayRow {
    int64_t minor;
    uint64_t customer; /* hash of the id */
    uint64_t terminal;
    char store[REPLAY_STORE_BYTES_MAX];
} ReplayRow;

typedef struct ReplayRows {
    ReplayRow *items;
    size_t count;
} ReplayRows;

/* One row; ids are any text. */
void replay_row(Span customer, Span terminal, int64_t minor, ReplayRow *ret_row);

/*
 * Read a CSV with the columns customer_id, terminal_id and amount (further ones are not looked at).
 * ret_line  where a refusal points; 0 when not known
 * Refuses CSV_*, NUMBER_INVALID; faults FAULT_DISK.
 */
MUST_USE Status replay_read(const char *path, ReplayRows *ret_rows, size_t *ret_line);
void replay_rows_free(ReplayRows *rows);

typedef struct ReplayConfig {
    const char *address;
    uint16_t port;
    struct ssl_ctx_st *tls; /* borrowed */
    MerchantApps *merchants; /* borrowed */
    PayerApps *payers; /* borrowed */
    const char *folder; /* where the apps' platform.pem lies */
    unsigned workers;
    int64_t rate; /* payments a second; 0: as fast as they go */
    const char *prefix; /* of the order numbers: two replays never share one */
    const char *label; /* of the progress bar */
} ReplayConfig;

typedef struct ReplayReason {
    char code[64];
    uint64_t count;
} ReplayReason;

typedef struct ReplayResult {
    uint64_t paid;
    uint64_t held; /* money held, waiting for a reviewer or a timer, not for the payer */
    uint64_t challenged; /* scanned codes that were paid only with the PIN */
    uint64_t refused;
    int64_t paid_minor;
    int64_t duration_us;
    uint64_t asked_again; /* requests whose answer had been lost */
    Latency by_code; /* the scan's request until its answer */
    Latency by_pin; /* from the order until the PIN is accepted */
    ReplayReason reasons[REPLAY_REASONS_MAX]; /* most frequent first */
    size_t reason_count;
    bool interrupted; /* not all rows were sent */
} ReplayResult;

/* Refuses what connecting and merchant_app_learn() refuse; single payments never end a replay. */
MUST_USE Status replay_run(
        const ReplayConfig *config, const ReplayRows *rows, ReplayResult *ret_result);

/* Ask a running replay to end after the payments under way; async-signal-safe. */
void replay_interrupt(void);

/* A few lines for people. */
void replay_print(const ReplayResult *result);
