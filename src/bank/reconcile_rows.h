#pragma once
/* reconcile_rows: differences as rows, for the files of this room. Nobody outside includes it. */
#include "bank/reconcile.h"

/* What was found, and is to be written down if it is still so. */
typedef struct ReconcileDiffer {
    Unit unit;
    int32_t day; /* in */
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    StatusCode verdict;
    int64_t theirs_minor; /* -1: none */
    uint8_t file[DIGEST_SHA256_BYTES];
    bool known; /* out: it stood there before */
    bool gone; /* out: by our verified row it is none */
} ReconcileDiffer;
void reconcile_differ_unit(ReconcileDiffer *work, void (*done)(Unit *unit, Status outcome));

/* For the audit log: a day was compared. */
typedef struct ReconcileTell {
    Unit unit;
    const ReconcileAsk *ask; /* in */
    const Reconciled *reconciled;
    uint8_t file[DIGEST_SHA256_BYTES];
} ReconcileTell;
void reconcile_tell_unit(ReconcileTell *work, void (*done)(Unit *unit, Status outcome));
