#pragma once
/*
 * backend: what the extension does with PostgreSQL: its settings, rows as the vault knows them, the
 * side table of seals, and errors. Everything here may leave by ereport(ERROR). Reading and writing
 * rows is done between SPI_connect() and SPI_finish() of the caller.
 */
#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"
#include "judge.h"

void seal_define_settings(void); /* hufu_seal.socket, .database, .timeout */
JudgeConfig seal_config(void);

/* Raise what this code says: its name is the message, its advice the hint. table, row: NULL when
 * none is meant. SQLSTATE HF001; HF002 when the vault is not there; 40001 to try again. */
pg_attribute_noreturn() void seal_refuse(int code, const JudgeTable *table, const JudgeRow *row);

/* The attached table that this relation is, and back. */
const JudgeTable *seal_table_of(Oid relation);
Oid seal_relation_of(const JudgeTable *table);

void seal_row_of_tuple(
        const JudgeTable *table, HeapTuple tuple, TupleDesc description, JudgeRow *ret_row);

typedef enum SealRead {
    SEAL_AS_SEEN, /* by the statement that asks */
    SEAL_NEWEST, /* as committed now */
    SEAL_SHARED, /* the same, locked: FOR SHARE */
    SEAL_LOCKED, /* FOR UPDATE */
} SealRead;
/* The row with this key (text, in the order of the key columns) and its seal. When there is none it
 * is absent, and false is returned. */
bool seal_read_row(const JudgeTable *table, Oid relation, const char *const *key, SealRead how,
        JudgeRow *ret_row);
void seal_read_seal(const JudgeTable *table, SealRead how, JudgeRow *row);
void seal_write_seal(
        const JudgeTable *table, const JudgeRow *row, const uint8_t seal[JUDGE_SEAL_BYTES]);
void seal_delete_seal(const JudgeTable *table, const JudgeRow *row);
