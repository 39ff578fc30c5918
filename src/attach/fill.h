#pragma once
/*
 * fill: attach a table: make the side table, then seal every row that has no seal yet, a page a
 * transaction. Killed and begun again it goes on. With a legacy column each row must match it first
 * (the sample formula of TP-12); what does not stays unsealed and is told. Floor 3.
 */
#include "attach/rows.h"
#include "attach/scan.h"

typedef struct AttachLegacyColumn {
    const char *column; /* NULL: no legacy hash */
    const char *user_column;
    const char *password;
} AttachLegacyColumn;

typedef struct AttachFilled {
    uint64_t sealed;
    uint64_t had; /* a seal already */
    uint64_t refused; /* their legacy hash is wrong */
} AttachFilled;

/* The schema "hufu" and its table. */
MUST_USE Status attach_side_table(PGconn *connection);
/* watcher->found is told rows whose legacy hash is wrong. */
MUST_USE Status attach_fill(AttachCore *core, AttachRows *rows, const AttachLegacyColumn *legacy,
        const AttachWatcher *watcher, AttachFilled *ret_filled);
