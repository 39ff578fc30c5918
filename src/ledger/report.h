#pragma once
/* report: sums over the postings, for operators: a plain read, never a decision. */
#include "store/store.h"

/* One row a currency: currency, sum of all postings in minor units (zero, or something is very
 * wrong), their count. */
MUST_USE Status ledger_sums(Store *store, StoreRow row, void *context);
