#pragma once
/*
 * transfer_tick: payers' transfers whose time has come are carried out (payment/transfer.h). One
 * that cannot be ended (a frozen row) stays due: it is stepped over, so that the others do not wait
 * for it, and reported when it is new.
 */
#include "api/house.h"
#include "payment/transfer.h"

enum { TRANSFER_TICK_PASSES_MAX = 16 /* of TRANSFER_FOUND_MAX transfers, a tick */ };

typedef struct TransferTick {
    TransferId due[TRANSFER_FOUND_MAX];
    size_t count;
    size_t stuck; /* of the last tick */
} TransferTick;

/* Refuses what was refused to the last one that is newly stuck. */
MUST_USE Status transfer_tick(TransferTick *tick, House *house);
