#pragma once
/*
 * bill_turns: how many bills are looked for in one merchant's name, and which have nothing in them:
 * to look costs everybody's payments a little, also where there is nothing to find.
 *
 * A trade bill costs one day, a fund bill all days since. A merchant has BILL_TURN_DAYS_MAX of them
 * an hour. A bill that has no line never gets one (bill.h), so that is remembered and costs nothing
 * when it is asked for again.
 *
 * Not thread-safe: of the desk's one thread.
 */
#include "payment/bill.h"

enum {
    BILL_TURN_DAYS_MAX = 1000, /* of a merchant within an hour: ten oldest fund bills */
    BILL_TURN_MERCHANTS_MAX = 4096, /* within an hour */
    BILL_NONES_MAX = 1024, /* of all merchants; the oldest are forgotten */
};

typedef struct BillTurn {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    int32_t days;
} BillTurn;

typedef struct BillNone {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    BillKind kind;
    int32_t day; /* 0: free */
} BillNone;

typedef struct BillTurns {
    int64_t hour; /* that `of` is about */
    BillTurn of[BILL_TURN_MERCHANTS_MAX];
    size_t count;
    BillNone nones[BILL_NONES_MAX];
    size_t next_none;
} BillTurns;

/* May this bill, which was admitted (bill_admit()), be looked for now? Refuses BILL_NONE: it is
 * known to be empty; BILL_TURN; BILL_BUSY: BILL_TURN_MERCHANTS_MAX others asked in this hour. */
MUST_USE Status bill_turns_take(BillTurns *turns, const BillForm *form, int64_t now_us);
void bill_turns_none(BillTurns *turns, const BillForm *form);
