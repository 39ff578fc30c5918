#pragma once
/*
 * book: what the sandbox bank was asked to do and what it did, in a database of its own. A number
 * is one order for ever: asked again it answers what it answered, and does nothing more.
 *
 * One thread at a time.
 */
#include "base/bytes.h"

typedef struct Book Book;
struct Store;

enum { BOOK_NUMBER_BYTES_MAX = 32, BOOK_FILE_BYTES_MAX = 3 << 20 /* some 60,000 orders */ };

typedef enum BookState {
    BOOK_UNKNOWN = 0, /* no such order */
    BOOK_PENDING = 1, /* not even the bank knows yet; the first query settles it */
    BOOK_SUCCESS = 2,
    BOOK_FAILED = 3,
    BOOK_DIFFERS = 4, /* the number is another order's: nothing was done */
} BookState;

typedef enum BookKind { BOOK_FUNDING = 1, BOOK_WITHDRAWAL = 2, BOOK_CARD = 3 } BookKind;

typedef struct BookOrder {
    Span number; /* borrowed */
    BookKind kind;
    int64_t amount; /* in fen, > 0 */
    BookState state;
    bool twice; /* a day's file has it twice */
} BookOrder;

/* What the book has of a number. */
typedef struct BookFound {
    BookState state; /* BOOK_UNKNOWN: nothing */
    BookKind kind;
    int64_t amount;
} BookFound;

/* Open, or make. Faults FAULT_STORE, FAULT_STORE_SCHEMA. */
MUST_USE Status book_open(const char *path, Book **ret_book);
void book_close(Book **book);
/* For what else stands in it (bindings.h). */
struct Store *book_store(Book *book);
const char *book_state_name(BookState state);
const char *book_kind_name(BookKind kind);
/* "FUNDING", "WITHDRAWAL", "CARD". Refuses REFUSED_JSON_RANGE. */
MUST_USE Status book_kind_read(Span name, BookKind *ret_kind);
/* Durable on return. `day` as time_business_day(). ret_state: what the number's first order came
 * to, or BOOK_DIFFERS. */
MUST_USE Status book_do(Book *book, const BookOrder *order, int32_t day, BookState *ret_state);
/* What became of it; settles one that is pending. */
MUST_USE Status book_query(Book *book, Span number, BookFound *ret_found);
/* The reconciliation file of a day (CSV): what succeeded. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status book_file(Book *book, int32_t day, Buffer *ret_file);
