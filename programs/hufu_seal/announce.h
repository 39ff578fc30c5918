#pragma once
/*
 * announce: what cores announced through this backend, in this transaction. At its end each row
 * must stand in the table as it was announced last; otherwise the transaction is ended.
 */
#include "backend.h"

void seal_watch_transactions(void); /* once, when the module is loaded */
