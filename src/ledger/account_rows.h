#pragma once
/*
 * account_rows: what the files of this room share. Nobody outside includes it: outside, balances
 * move by postings.
 */
#include "ledger/account.h"

/* Write an account back. */
MUST_USE Status account_put(Rows *rows, const Account *account);
