#pragma once
/*
 * bill_rows: the evidence of a bill: its sealed row and its audit event. Nobody outside this room
 * includes it.
 */
#include "base/time.h"
#include "payment/bill.h"

/* Batches stand in the order of their times, but for a clock that was set back: by no more than
 * this, and nothing of a day is missed. So no bill is made before a day is over by as much. */
#define BILL_SET_BACK_US_MAX (3600 * TIME_SECOND_US)

/* Whose bill it is, and where the merchant stood at the last midnight. */
typedef struct BillOpen {
    Unit unit;
    const BillForm *form; /* in */
    int64_t account; /* out */
    int64_t evening_minor; /* of yesterday, balance and what is held */
    int32_t today;
} BillOpen;

/* Refuses BILL_NOT_YET, BILL_NONE (too long ago), and as merchant_admit(). */
void bill_open_unit(BillOpen *work);

typedef struct BillKeep {
    Unit unit;
    const BillForm *form; /* in */
    const BillSums *sums;
    const uint8_t *sha256;
} BillKeep;

/* The first bill of its name is written down; a later one must be the same: BILL_CHANGED. */
void bill_keep_unit(BillKeep *work);
