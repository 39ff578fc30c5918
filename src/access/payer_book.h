#pragma once
/*
 * payer_book: who has registered, in memory, so that a request of a registered payer that comes
 * without his device is refused before his password is tried. It only saves work and tries: what
 * counts is payer_door_admit(), on verified rows, so a name that is missing here, or put here by a
 * change of the database, opens nothing. 16 bytes a payer. Thread-safe.
 */
#include "access/payer_login.h"

typedef struct PayerBook PayerBook;

/* Faults FAULT_MEMORY, FAULT_RANDOM. */
MUST_USE Status payer_book_open(const Random *random, PayerBook **ret_book);
void payer_book_close(PayerBook **book); /* NULL inside is fine */
/* Faults FAULT_MEMORY. */
MUST_USE Status payer_book_add(PayerBook *book, Span payer);
bool payer_book_has(PayerBook *book, Span payer);
size_t payer_book_count(PayerBook *book);
/* All that the database names, by a plain read. Never from the batch thread. */
MUST_USE Status payer_book_load(PayerBook *book, Batcher *batcher);
