#pragma once
/*
 * transfer_day: what a payer transferred today, and how much he allows himself: a sealed row,
 * judged and counted inside the unit that transfers, so that no two transfers at once go over a
 * limit together (银发 [2016] 261: a day's sum and count, agreed with the owner).
 *
 * A transfer counts from its beginning. One that is given back leaves the sum, if it is of today,
 * and stays in the count: making transfers and revoking them is no way to go on for ever.
 */
#include "access/payer.h"
#include "payment/transfer_rules.h"
#include "store/batch.h"

extern const Table transfer_day_table;

typedef struct TransferDay {
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t day; /* business day of the next two */
    int64_t minor;
    int64_t count;
    int64_t limit_minor; /* the payer's own, -1: none; likewise below */
    int64_t limit_count;
    bool stored; /* false: there is no row yet */
} TransferDay;

MUST_USE Status transfer_day_gather(Rows *rows, const char *payer);
/* Running. The counters are those of the business day of `now_us`. */
MUST_USE Status transfer_day_get(
        Rows *rows, const char *payer, int64_t now_us, TransferDay *ret_day);
/* Running: inserts or updates. */
MUST_USE Status transfer_day_put(Rows *rows, const TransferDay *day);

/* Count one more. Refuses MONEY_OVERFLOW. */
MUST_USE Status transfer_day_add(TransferDay *day, int64_t minor);
/* Take what was begun at `begun_us` out of the sum again, if that is this very day. */
void transfer_day_take_out(TransferDay *day, int64_t minor, int64_t begun_us);
