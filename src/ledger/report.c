#include "ledger/report.h"

Status ledger_sums(Store *store, StoreRow row, void *context)
{
    return store_query(store,
            "SELECT currency, SUM(minor), COUNT(*) FROM posting GROUP BY currency ORDER BY "
            "currency",
            NULL, 0, row, context);
}
