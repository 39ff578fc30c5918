#pragma once
/*
 * pages: a whole table in the order of its blocks, a few at a time, each page as of one moment,
 * with the seals that belong to it. A row that moves meanwhile may be met twice or not at all: who
 * walks looks again at what surprises him. Floor 3.
 */
#include "attach/rows.h"

enum { ATTACH_PAGE_ROWS_MAX = WIRE_ATTACHED_ROWS_MAX, ATTACH_PAGE_BYTES_MAX = 2 * 1024 * 1024 };

typedef struct AttachPageRow { /* spans into the page */
    Span image;
    Span key;
    Span seal; /* empty: none */
    bool legacy; /* its legacy hash is right */
} AttachPageRow;

typedef struct AttachPages {
    AttachRows *rows;
    const char *extra; /* further columns of each SELECT, after the sealed ones; or "" */
    const char *lock; /* " FOR UPDATE" or "" */
    uint64_t blocks; /* when the walk began */
    uint64_t next; /* block */
    PGresult *result; /* of the page at hand */
    int line; /* the next one of it */
    size_t count;
    AttachPageRow row[ATTACH_PAGE_ROWS_MAX];
    int lines[ATTACH_PAGE_ROWS_MAX]; /* of `result` */
    Buffer bytes;
    Buffer seals;
} AttachPages;

MUST_USE Status attach_pages_open(AttachRows *rows, AttachPages **ret_pages);
void attach_pages_close(AttachPages *pages);
/* The next rows (count 0 at the end), inside the caller's transaction. */
MUST_USE Status attach_pages_next(AttachPages *pages);
