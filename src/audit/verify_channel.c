#include "audit/verify_inside.h"

#include <stdio.h>

/* number, batch */
static Status tell(void *context, const Value *values, size_t count)
{
    char key[AUDIT_TEXT_BYTES_MAX] = "";
    const Span number = values[0].type == VALUE_TEXT ? values[0].bytes : (Span) { NULL, 0 };
    snprintf(key, sizeof(key), "%.*s", (int)(number.size % INT32_MAX), (const char *)number.data);
    for (char *c = key; *c != 0; c++) /* it goes to somebody's terminal */
        if (*c < 0x20 || *c >= 0x7F) *c = '?';
    const int64_t batch = values[1].type == VALUE_INT ? values[1].integer : -1;
    verify_found(context, FINDING_PAYMENT_DIFFERS, "channel_order", key, batch);
    return OK;
}

/* What a holder has by an order: a funding (1) or card payment (3) its amount, once it is SUCCESS
 * (4); a withdrawal (2) gives it into what is held until it ends: gone with SUCCESS, back with
 * FAILED (5). A posting of an order belongs to such a row, in its currency, and moves what its
 * holder has or what an account of the house's (class 3) has. */
Status verify_channel_orders(Verify *v)
{
    static const char sql[] =
            "WITH o AS MATERIALIZED (SELECT transaction_id, account, bucket, currency,"
            " SUM(minor) AS minor, MAX(in_batch) AS batch FROM posting"
            " WHERE transaction_id >= 'bank/' AND transaction_id < 'bank0'"
            " GROUP BY transaction_id, account, bucket, currency),"
            " c AS (SELECT 'bank/' || number AS name, number, account, currency, batch,"
            " CASE WHEN kind = 2 AND state <> 5 THEN -minor"
            " WHEN kind <> 2 AND state = 4 THEN minor ELSE 0 END AS has,"
            " CASE WHEN kind = 2 AND state < 4 THEN minor ELSE 0 END AS held FROM channel_order)"
            " SELECT c.number, c.batch FROM c"
            " LEFT JOIN o b ON b.transaction_id = c.name AND b.account = c.account"
            " AND b.currency = c.currency AND b.bucket = 0"
            " LEFT JOIN o f ON f.transaction_id = c.name AND f.account = c.account"
            " AND f.currency = c.currency AND f.bucket = 1"
            " WHERE COALESCE(b.minor, 0) <> c.has OR COALESCE(f.minor, 0) <> c.held"
            " UNION ALL SELECT o.transaction_id, o.batch FROM o"
            " LEFT JOIN c ON c.name = o.transaction_id AND c.currency = o.currency"
            " LEFT JOIN account a ON a.id = o.account"
            " WHERE c.name IS NULL OR (o.account <> c.account"
            " AND (a.class IS NULL OR a.class <> 3 OR o.bucket <> 0))";
    return store_query(v->store, sql, NULL, 0, tell, v);
}
