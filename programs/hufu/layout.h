#pragma once
/*
 * layout: where everything lies under the directory of `hufu up`, and the settings it writes for
 * hufud.
 */
#include "admin_client.h"
#include "command.h"
#include "users.h"

typedef struct Layout {
    char directory[PATH_BYTES_MAX]; /* absolute */
    char programs[PATH_BYTES_MAX]; /* where hufu itself lies: vaultd and hufud lie beside it */
    char rules[PATH_BYTES_MAX]; /* strategy.yaml; purposes.yaml lies beside it */
    char console_files[PATH_BYTES_MAX]; /* the console's page; empty: it was not built */
    char field_files[PATH_BYTES_MAX]; /* the cashier page; likewise */
    int lock_fd; /* held while this `up` runs */
} Layout;

/* Only where things lie; no lock, nothing made. Faults FAULT_DISK. */
MUST_USE Status layout_find(const char *directory, Layout *ret_layout);

/* The same, and take the lock: nothing else runs there now. Refuses STORE_BUSY. */
MUST_USE Status layout_lock(const char *directory, Layout *ret_layout);

/* What `up` was told of, each a path. */
typedef struct LayoutSources {
    const char *directory;
    const char *rules;
    const char *console_files;
    const char *field_files;
} LayoutSources;
/* Make the directory, take its lock. Refuses STORE_BUSY when another `up` runs there; faults
 * FAULT_DISK. */
MUST_USE Status layout_open(const LayoutSources *sources, Layout *ret_layout);
void layout_close(Layout *layout);

/* Remove `name` under the directory with all in it; gone already is fine. Faults FAULT_DISK. */
MUST_USE Status layout_remove(const Layout *layout, const char *name);

/* Forget everything that `up` ever made there, and nothing else. Faults FAULT_DISK. */
MUST_USE Status layout_empty(const Layout *layout);

/* 0: any free one; -1: closed. */
typedef struct LayoutPorts {
    int64_t payments;
    int64_t service;
    int64_t console;
    int64_t metrics;
} LayoutPorts;
/* Write <directory>/hufud.yaml. */
MUST_USE Status layout_settings(
        const Layout *layout, const Users *users, const char *address, const LayoutPorts *ports);
