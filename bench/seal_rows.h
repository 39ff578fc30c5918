#pragma once
/*
 * seal_rows: what one core verifies of rows of eight columns: our seals (HMAC-SHA256, HMAC-SM3),
 * and beside them PostgreSQL's pgcrypto over the same columns inside one backend: the HMAC of their
 * concatenated text, as people do it; and of bytes that stand ready, its bare speed.
 */
#include "keys/keys.h"

/* Prints ,"verify_per_s":N,... of this suite's keys; images of the rows stay for the other call. */
void seal_rows_print(const char *name, Keys *keys);
/* Prints pgcrypto_per_s (0 without PostgreSQL 15 and its contrib) and how often faster we are. */
void seal_rows_print_pgcrypto(void);
