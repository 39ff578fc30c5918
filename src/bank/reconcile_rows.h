#pragma once
/* reconcile_rows: differences as rows, for the files of this room. Nobody outside includes it. */
#include "bank/reconcile.h"

typedef enum ReconcileJudgement {
    RECONCILE_DIFFERS = 1,
    RECONCILE_MATCHES,
    RECONCILE_OPEN,
} ReconcileJudgement;

/* What was found, and is written down if our verified row says so, too. */
typedef struct ReconcileDiffer {
    Unit unit;
    int32_t day; /* in */
    char number[CHANNEL_NUMBER_BYTES_MAX + 1];
    StatusCode verdict; /* in; out: as our row has it */
    ChannelKind theirs_kind; /* of the bank's line; 0: there is none */
    int64_t theirs_minor; /* -1: none */
    uint8_t file[DIGEST_SHA256_BYTES];
    bool known; /* out: it stood there before */
    ReconcileJudgement judgement; /* out */
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
