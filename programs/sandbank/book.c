#include "book.h"

#include "store/store.h"
#include "text/csv.h"

#include <stdio.h>
#include <stdlib.h>

struct Book {
    Store *store;
};

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE sandbank_order (number TEXT PRIMARY KEY, kind INTEGER NOT NULL,"
            " amount INTEGER NOT NULL, state INTEGER NOT NULL, day INTEGER NOT NULL,"
            " copies INTEGER NOT NULL)" },
    { 2,
            "CREATE TABLE sandbank_account (digest BLOB PRIMARY KEY);"
            "CREATE TABLE sandbank_binding (number TEXT PRIMARY KEY, state INTEGER NOT NULL,"
            " tries INTEGER NOT NULL, expires INTEGER NOT NULL, code BLOB NOT NULL,"
            " agreement TEXT NOT NULL, loses INTEGER NOT NULL)" },
};
static const StoreSchema schema = { "sandbank", migrations, 2, NULL, 0 };
static const char *const kind_names[] = {
    [BOOK_FUNDING] = "FUNDING", [BOOK_WITHDRAWAL] = "WITHDRAWAL", [BOOK_CARD] = "CARD"
};

Status book_open(const char *path, Book **ret_book)
{
    const StoreSchema *const schemas[] = { &schema };
    const StoreConfig config = { .path = path, .schemas = schemas, .schema_count = 1 };
    Book *book = calloc(1, sizeof(*book));
    CHECK(book != NULL, FAULT_MEMORY);
    const Status s = store_open(&config, &book->store);
    if (!status_ok(s)) {
        free(book);
        return s;
    }
    *ret_book = book;
    return OK;
}

void book_close(Book **book)
{
    if (*book == NULL) return;
    store_close((*book)->store);
    free(*book);
    *book = NULL;
}

Store *book_store(Book *book) { return book->store; }

const char *book_state_name(BookState state)
{
    static const char *const names[] = { [BOOK_PENDING] = "PENDING",
        [BOOK_SUCCESS] = "SUCCESS",
        [BOOK_FAILED] = "FAILED",
        [BOOK_UNKNOWN] = "UNKNOWN",
        [BOOK_DIFFERS] = "DIFFERS" };
    return names[state];
}

Status book_kind_read(Span name, BookKind *ret_kind)
{
    for (int kind = BOOK_FUNDING; kind <= BOOK_CARD; kind++) {
        if (!span_equal(name, span_of_text(kind_names[kind]))) continue;
        *ret_kind = (BookKind)kind;
        return OK;
    }
    return REFUSE(REFUSED_JSON_RANGE);
}

const char *book_kind_name(BookKind kind) { return kind_names[kind]; }

static Status take_order(void *context, const Value *values, size_t count)
{
    CHECK(count == 3 && values[0].integer >= BOOK_FUNDING && values[0].integer <= BOOK_CARD,
            FAULT_STORE);
    *(BookFound *)context = (BookFound) { (BookState)values[2].integer, (BookKind)values[0].integer,
        values[1].integer };
    return OK;
}

static Status find(Book *book, Span number, BookFound *ret_found)
{
    const Value key = VALUE_OF_TEXT(number);
    *ret_found = (BookFound) { 0 };
    return store_query(book->store,
            "SELECT kind, amount, state FROM sandbank_order WHERE number = ?1", &key, 1, take_order,
            ret_found);
}

Status book_do(Book *book, const BookOrder *order, int32_t day, BookState *ret_state)
{
    BookFound found;
    TRY(find(book, order->number, &found));
    if (found.state == BOOK_UNKNOWN) {
        const Value values[] = { VALUE_OF_TEXT(order->number), VALUE_OF_INT((int64_t)order->kind),
            VALUE_OF_INT(order->amount), VALUE_OF_INT((int64_t)order->state), VALUE_OF_INT(day),
            VALUE_OF_INT(order->twice ? 2 : 1) };
        *ret_state = order->state;
        return store_execute(book->store,
                "INSERT INTO sandbank_order (number, kind, amount, state, day, copies)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                values, 6);
    }
    const bool same = found.kind == order->kind && found.amount == order->amount;
    *ret_state = same ? found.state : BOOK_DIFFERS;
    return OK;
}

Status book_query(Book *book, Span number, BookFound *ret_found)
{
    TRY(find(book, number, ret_found));
    if (ret_found->state != BOOK_PENDING) return OK;
    const Value values[] = { VALUE_OF_TEXT(number), VALUE_OF_INT(BOOK_SUCCESS) };
    ret_found->state = BOOK_SUCCESS;
    return store_execute(
            book->store, "UPDATE sandbank_order SET state = ?2 WHERE number = ?1", values, 2);
}

static Status put_line(void *context, const Value *values, size_t count)
{
    char amount[24];
    CHECK(count == 4 && values[1].integer >= BOOK_FUNDING && values[1].integer <= BOOK_CARD,
            FAULT_STORE);
    snprintf(amount, sizeof(amount), "%lld", (long long)values[2].integer);
    const Span fields[] = { values[0].bytes, span_of_text(kind_names[values[1].integer]),
        span_of_text(amount) };
    for (int64_t copy = 0; copy < values[3].integer; copy++)
        TRY(csv_put_record(context, fields, 3));
    return OK;
}

Status book_file(Book *book, int32_t day, Buffer *ret_file)
{
    const Span names[] = { SPAN("sandbox_order"), SPAN("kind"), SPAN("amount") };
    const Value values[] = { VALUE_OF_INT(day), VALUE_OF_INT(BOOK_SUCCESS) };
    TRY(csv_put_record(ret_file, names, 3));
    return store_query(book->store,
            "SELECT number, kind, amount, copies FROM sandbank_order WHERE day = ?1 AND state = ?2"
            " ORDER BY number",
            values, 2, put_line, ret_file);
}
