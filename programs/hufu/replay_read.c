#include "replayer.h"

#include "base/money.h"
#include "text/csv.h"

#include <stdlib.h>

/* FNV-1a, 64 bits: spreads ids over payers and merchants, and is the same everywhere. */
static uint64_t hash_of(Span id)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < id.size; i++)
        hash = (hash ^ id.data[i]) * 0x100000001b3;
    return hash ^ (hash >> 32);
}

typedef struct Columns {
    size_t customer;
    size_t terminal;
    size_t amount;
} Columns;

void replay_row(Span customer, Span terminal, int64_t minor, ReplayRow *ret_row)
{
    const size_t size =
            terminal.size < REPLAY_STORE_BYTES_MAX ? terminal.size : REPLAY_STORE_BYTES_MAX - 1;
    *ret_row = (ReplayRow) {
        .minor = minor, .customer = hash_of(customer), .terminal = hash_of(terminal)
    };
    memcpy(ret_row->store, terminal.data, size);
}

MUST_USE static Status row_read(const CsvReader *reader, const Columns *columns, ReplayRow *ret_row)
{
    int64_t minor = 0;
    TRY(minor_parse_decimal(csv_field(reader, columns->amount), &minor));
    replay_row(csv_field(reader, columns->customer), csv_field(reader, columns->terminal), minor,
            ret_row);
    return OK;
}

MUST_USE static Status rows_add(ReplayRows *rows, size_t *capacity, const ReplayRow *row)
{
    if (rows->count == *capacity) {
        REQUIRE(*capacity < REPLAY_ROWS_MAX, REFUSED_CSV_SIZE);
        const size_t more_rows = *capacity == 0 ? 4096 : *capacity * 2;
        ReplayRow *more = realloc(rows->items, more_rows * sizeof(ReplayRow));
        CHECK(more != NULL, FAULT_MEMORY);
        rows->items = more;
        *capacity = more_rows;
    }
    rows->items[rows->count++] = *row;
    return OK;
}

MUST_USE static Status read_all(FILE *file, ReplayRows *rows, size_t *ret_line)
{
    CLEANUP(csv_close) CsvReader *reader = NULL;
    Columns columns = { 0 };
    size_t capacity = 0;
    TRY(csv_open_file(file, &reader));
    TRY(csv_column(reader, "customer_id", &columns.customer));
    TRY(csv_column(reader, "terminal_id", &columns.terminal));
    TRY(csv_column(reader, "amount", &columns.amount));
    for (bool more = true;;) {
        ReplayRow row;
        TRY(csv_next(reader, &more));
        *ret_line = csv_line(reader);
        if (!more) return OK;
        TRY(row_read(reader, &columns, &row));
        TRY(rows_add(rows, &capacity, &row));
    }
}

Status replay_read(const char *path, ReplayRows *ret_rows, size_t *ret_line)
{
    *ret_line = 0;
    FILE *file = fopen(path, "r");
    CHECK(file != NULL, FAULT_DISK);
    const Status s = read_all(file, ret_rows, ret_line);
    fclose(file);
    return s;
}

void replay_rows_free(ReplayRows *rows)
{
    free(rows->items);
    *rows = (ReplayRows) { 0 };
}
