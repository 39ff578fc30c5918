#pragma once
/* report: payments by state and reason, for operators: a plain read, never a decision. */
#include "store/store.h"

/* One row a state and reason: TradeState, the refusal that ended them (0: none), count, minor
 * units. */
MUST_USE Status payment_sums(Store *store, StoreRow row, void *context);
