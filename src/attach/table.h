#pragma once
/*
 * table: an attached table as the vault has it registered: what is sealed of it, in which order.
 * The definition comes from the vault, not from the database: who owns the database does not choose
 * which columns count. Floor 3.
 */
#include "ipc/attached_wire.h"
#include "ipc/channel.h"

typedef struct AttachColumn {
    char name[64];
    uint8_t kind; /* AttachedColumnKind */
    bool is_key;
} AttachColumn;

typedef struct AttachTable {
    uint16_t number;
    uint8_t phase;
    uint64_t rows;
    uint64_t frozen;
    uint64_t pending;
    char database[WIRE_NAME_BYTES_MAX + 1];
    char name[WIRE_NAME_BYTES_MAX + 1];
    uint8_t key_columns;
    size_t columns;
    AttachColumn column[ROW_COLUMNS_MAX];
} AttachTable;

/* From one element of STATUS. Refuses REFUSED_IPC_FORMAT. */
MUST_USE Status attach_table_take(const WireAttachedStatus *status, AttachTable *ret_table);
/* The image of a row with these values (revision and batch 0), appended. */
MUST_USE Status attach_image(const AttachTable *table, const Value *values, Buffer *ret_image);
/* Its key alone; `values` begins with the key columns. */
MUST_USE Status attach_key(const AttachTable *table, const Value *values, Buffer *ret_key);
/* "fuid=7, fcurtype=156" of an encoded key, for people. */
MUST_USE Status attach_key_text(const AttachTable *table, Span key, Buffer *ret_text);
/* The revision that a seal says it is of. */
int64_t attach_seal_revision(const uint8_t seal[WIRE_SEAL_BYTES]);
