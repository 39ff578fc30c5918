#pragma once
/*
 * table_row: the table of rights in force, as sealed rows. What stands in rules/access.yaml is a
 * proposal: the first one is taken when there is none, every other by the action access.table.set,
 * which one person asks for and another approves (TP-15, LL-4.5.2). So who can write the file
 * cannot write himself a right, and the table goes with the database into backups.
 *
 * A version is the file's bytes in parts, written once; the newest is in force
 * (access/in_force.h).
 */
#include "access/staff.h"

extern const Table access_table_table;

enum {
    TABLE_ROW_PART_BYTES_MAX = 8000,
    TABLE_ROW_PARTS_MAX = 9,
};

enum AccessTableColumn {
    ACCESS_TABLE_VERSION = 1, /* INT, key: 1, 2, 3... */
    ACCESS_TABLE_PART = 2, /* INT, key: 1.. */
    ACCESS_TABLE_PARTS = 3, /* INT: how many there are */
    ACCESS_TABLE_DIGEST = 4, /* BYTES 32: SHA-256 of the whole */
    ACCESS_TABLE_TEXT = 5, /* BYTES: this part */
    ACCESS_TABLE_BY = 6, /* TEXT: who put it in force; empty: the first start */
    ACCESS_TABLE_TIME = 7, /* INT, us */
};

/* The bytes of the newest version, appended; *ret_version 0: there is none. Waiting; never from the
 * batch thread. Refuses what a row that does not verify refuses, ACCESS_TABLE_INVALID (parts that
 * are missing or are not the digest's). */
MUST_USE Status table_row_load(Batcher *batcher, Buffer *ret_text, int64_t *ret_version);

typedef struct TableAccept {
    Unit unit; /* `from` and `reason` are the submitter's */
    char by[PRINCIPAL_ID_BYTES_MAX + 1]; /* in; empty: the first start */
    Span text; /* in: borrowed until done; a table that was parsed */
    int64_t version; /* in: the next one */
} TableAccept;

/* Refuses ACCESS_TABLE_INVALID (too large), ROW_EXISTS (somebody else was quicker). */
void table_accept_unit(TableAccept *work, void (*done)(Unit *unit, Status outcome));
