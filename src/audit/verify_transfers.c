#include "audit/verify_inside.h"

#include <stdio.h>

/*
 * What a transfer says of itself and what its postings say must be the same: as long as it waits,
 * its amount is held at the payer's; then it is with the receiver, or with the payer again. A
 * posting of a transfer belongs to such a row, is in its currency and on one of its two accounts.
 */

/* Its id and batch; what was tampered with goes to somebody's terminal. */
static Status tell_transfers_differ(void *context, const Value *values, size_t count)
{
    char key[AUDIT_TEXT_BYTES_MAX] = "";
    const Span id = values[0].type == VALUE_TEXT ? values[0].bytes : SPAN("");
    const int64_t batch = values[1].type == VALUE_INT ? values[1].integer : INT64_MIN;
    snprintf(key, sizeof(key), "%.*s", (int)(id.size % INT32_MAX), (const char *)id.data);
    for (char *c = key; *c != 0; c++)
        if (*c < 0x20 || *c >= 0x7F) *c = '?';
    verify_found(context, FINDING_PAYMENT_DIFFERS, "transfer", key, batch);
    return OK;
}

/* States: 1 waits, 2 done, 3 revoked, 4 failed. Buckets: 0 balance, 1 held. */
Status verify_transfers(Verify *v)
{
    static const char sql[] =
            "WITH o AS MATERIALIZED (SELECT transaction_id, account, bucket, currency,"
            " MIN(batch) AS batch, SUM(minor) AS minor FROM posting"
            " WHERE substr(transaction_id, 1, 9) = 'transfer/'"
            " GROUP BY transaction_id, account, bucket, currency)"
            " SELECT t.id, t.batch FROM transfer t"
            " LEFT JOIN o b ON b.transaction_id = t.id AND b.account = t.payer_account"
            " AND b.bucket = 0"
            " LEFT JOIN o h ON h.transaction_id = t.id AND h.account = t.payer_account"
            " AND h.bucket = 1"
            " LEFT JOIN o r ON r.transaction_id = t.id AND r.account = t.receiver_account"
            " AND r.bucket = 0"
            " WHERE COALESCE(b.minor, 0) <> CASE WHEN t.state IN (3, 4) THEN 0 ELSE -t.minor END"
            " OR COALESCE(h.minor, 0) <> CASE t.state WHEN 1 THEN t.minor ELSE 0 END"
            " OR COALESCE(r.minor, 0) <> CASE t.state WHEN 2 THEN t.minor ELSE 0 END"
            " OR (t.state = 2 AND t.ended < t.due)"
            " UNION ALL SELECT o.transaction_id, o.batch FROM o"
            " LEFT JOIN transfer t ON t.id = o.transaction_id AND t.currency = o.currency"
            " AND (o.account = t.payer_account"
            " OR (o.account = t.receiver_account AND o.bucket = 0)) WHERE t.id IS NULL";
    const bool whole = verify_has_table(v, TABLE_TRANSFER) && verify_has_table(v, TABLE_POSTING);
    return whole ? store_query(v->store, sql, NULL, 0, tell_transfers_differ, v) : OK;
}
