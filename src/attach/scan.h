#pragma once
/*
 * scan: every row of an attached table, and every row that should be there, told apart: CHANGED,
 * SWAPPED, DELETED, INSERTED, DUPLICATED, ROLLED_BACK, SEAL_LOST (TP-12). The core may go on
 * writing: what is found is looked at again, under its lock, before it is told and frozen. Floor 3.
 */
#include "attach/rows.h"

enum { ATTACH_FINDINGS_MAX = 64 * 1024 };

typedef struct AttachFinding {
    Status what;
    bool frozen;
    Span key; /* encoded; empty when the vault knows it by its hash alone */
} AttachFinding;

typedef struct AttachWatcher {
    void (*found)(void *context, const AttachFinding *finding);
    void (*progress)(void *context, uint64_t done, uint64_t total); /* blocks */
    void *context;
} AttachWatcher;

typedef struct AttachScanned {
    uint64_t rows; /* shown to the vault */
    uint64_t findings;
    uint64_t unlooked; /* suspects over ATTACH_FINDINGS_MAX */
    uint64_t unsealed; /* rows of a table that is being attached */
    uint64_t rolled_back;
    uint64_t deleted;
} AttachScanned;

/* The connection is in no transaction. A core without a key can scan; it cannot tell the outcome of
 * transactions that nobody told. */
MUST_USE Status attach_scan(AttachCore *core, AttachRows *rows, const AttachWatcher *watcher,
        AttachScanned *ret_scanned);
