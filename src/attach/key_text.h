#pragma once
/*
 * key_text: the values of an encoded key as PostgreSQL reads them. Floor 3.
 */
#include "attach/table.h"

typedef struct AttachKeyText {
    char memory[ROW_KEY_COLUMNS_MAX][ROW_KEY_BYTES_MAX + 1];
    const char *values[ROW_KEY_COLUMNS_MAX]; /* in the order of the key columns */
} AttachKeyText;

/* Refuses REFUSED_ATTACH_COLUMN_TYPE for a kind that has no text here, REFUSED_ROW_INVALID for what
 * is not a key of this table. */
MUST_USE Status attach_key_values(const AttachTable *table, Span key, AttachKeyText *ret_text);
