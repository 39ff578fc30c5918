#include "payment/report.h"

Status payment_sums(Store *store, StoreRow row, void *context)
{
    return store_query(store,
            "SELECT state, reason, COUNT(*), SUM(minor) FROM payment GROUP BY state, reason "
            "ORDER BY state, reason",
            NULL, 0, row, context);
}
