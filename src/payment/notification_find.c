/* notification_find: the plain reads that find what is to be told. 1 = NOTIFICATION_WAITING and 3 =
 * NOTIFICATION_DEAD, which the statements must say literally for the planner to use the partial
 * indexes. */
#include "payment/notification.h"

typedef struct Merchants {
    NotificationMchid *mchids;
    size_t count;
} Merchants;

static Status take_merchant(void *context, const Value *values, size_t count)
{
    Merchants *list = context;
    if (list->count == NOTIFICATION_FOUND_MAX || values[0].type != VALUE_TEXT) return OK;
    const bool fits = status_ok(
            value_copy_text(&values[0], list->mchids[list->count], sizeof(NotificationMchid)));
    if (fits) list->count++; /* a name that we would never have written names no row of ours */
    return OK;
}

Status notification_merchants(Store *store, const char *after,
        NotificationMchid ret_mchids[NOTIFICATION_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] =
            "WITH RECURSIVE step(mchid, number) AS ("
            "SELECT (SELECT min(mchid) FROM notification WHERE state = 1 AND mchid > ?1), 1"
            " UNION ALL"
            " SELECT (SELECT min(mchid) FROM notification WHERE state = 1 AND mchid > step.mchid),"
            " step.number + 1 FROM step WHERE step.mchid IS NOT NULL AND step.number < ?2)"
            " SELECT mchid FROM step WHERE mchid IS NOT NULL";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(after)),
        VALUE_OF_INT(NOTIFICATION_FOUND_MAX) };
    Merchants list = { ret_mchids, 0 };
    TRY(store_query(store, sql, parameters, 2, take_merchant, &list));
    *ret_count = list.count;
    return OK;
}

typedef struct DueList {
    NotificationDue *due;
    size_t count;
} DueList;

static Status take_due(void *context, const Value *values, size_t count)
{
    DueList *list = context;
    if (list->count == NOTIFICATION_FOUND_MAX) return OK;
    NotificationDue *due = &list->due[list->count];
    const bool fits = status_ok(value_copy_text(&values[0], due->id, sizeof(due->id)))
            && status_ok(value_copy_text(&values[1], due->url, sizeof(due->url)));
    if (fits) list->count++;
    return OK;
}

Status notification_due(Store *store, const char *mchid, int64_t now_us, int64_t skip,
        NotificationDue ret_due[NOTIFICATION_FOUND_MAX], size_t *ret_count)
{
    static const char sql[] =
            "SELECT n.id, CASE WHEN n.out_refund_no IS NULL"
            " THEN (SELECT p.notify_url FROM payment p"
            "  WHERE p.mchid = n.mchid AND p.out_trade_no = n.out_trade_no)"
            " ELSE (SELECT r.notify_url FROM refund r"
            "  WHERE r.mchid = n.mchid AND r.out_refund_no = n.out_refund_no) END"
            " FROM notification n WHERE n.state = 1 AND n.mchid = ?1 AND n.due <= ?2"
            " AND NOT EXISTS (SELECT 1 FROM notification e WHERE e.state = 1"
            " AND e.mchid = n.mchid AND e.out_trade_no = n.out_trade_no"
            " AND e.sequence < n.sequence) ORDER BY n.due LIMIT ?3 OFFSET ?4";
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(mchid)), VALUE_OF_INT(now_us),
        VALUE_OF_INT(NOTIFICATION_FOUND_MAX), VALUE_OF_INT(skip) };
    DueList list = { ret_due, 0 };
    TRY(store_query(store, sql, parameters, 4, take_due, &list));
    *ret_count = list.count;
    return OK;
}

typedef struct IdList {
    NotificationId *ids;
    size_t count;
} IdList;

static Status take_id(void *context, const Value *values, size_t count)
{
    IdList *list = context;
    if (list->count == NOTIFICATION_FOUND_MAX) return OK;
    if (status_ok(value_copy_text(&values[0], list->ids[list->count], sizeof(NotificationId))))
        list->count++;
    return OK;
}

Status notification_list(Store *store, NotificationState state, int64_t skip,
        NotificationId ret_ids[NOTIFICATION_FOUND_MAX], size_t *ret_count)
{
    static const char dead[] =
            "SELECT id FROM notification WHERE state = 3 ORDER BY ended DESC LIMIT ?1 OFFSET ?2";
    static const char waiting[] = "SELECT id FROM notification WHERE state = 1 ORDER BY mchid, due"
                                  " LIMIT ?1 OFFSET ?2";
    const Value parameters[] = { VALUE_OF_INT(NOTIFICATION_FOUND_MAX), VALUE_OF_INT(skip) };
    IdList list = { ret_ids, 0 };
    ASSERT(state == NOTIFICATION_DEAD || state == NOTIFICATION_WAITING);
    TRY(store_query(
            store, state == NOTIFICATION_DEAD ? dead : waiting, parameters, 2, take_id, &list));
    *ret_count = list.count;
    return OK;
}
