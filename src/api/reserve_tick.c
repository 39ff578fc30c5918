#include "api/reserve_tick.h"

#include "api/alert_once.h"
#include "base/time.h"
#include "ledger/reserve.h"

#define HOUR_US ((int64_t)3600 * TIME_SECOND_US)

typedef struct Missing {
    int32_t last; /* day */
    struct {
        int64_t day;
        int64_t currency;
    } of[RESERVE_TICK_DAYS_MAX];
    size_t count;
} Missing;

static Status take(void *context, const Value *values, size_t count)
{
    Missing *missing = context;
    CHECK(missing->count < RESERVE_TICK_DAYS_MAX, FAULT_STORE);
    missing->of[missing->count].day = values[0].integer;
    missing->of[missing->count++].currency = values[1].integer;
    return OK;
}

static Status find(void *context, Store *store)
{
    Missing *missing = context;
    const Value parameters[] = { VALUE_OF_INT(missing->last - RESERVE_TICK_BACK_DAYS),
        VALUE_OF_INT(missing->last), VALUE_OF_INT(RESERVE_TICK_DAYS_MAX) };
    return store_query(store,
            "SELECT day, currency FROM reserve WHERE statement_minor IS NULL AND day > ?1 AND day "
            "<= ?2"
            " AND (customers_minor <> 0 OR payables_minor <> 0 OR fees_minor <> 0) ORDER BY day "
            "DESC LIMIT ?3",
            parameters, 3, take, missing);
}

static Status tell(House *house, int64_t day, int64_t currency)
{
    static const uint16_t ids[] = { RESERVE_DAY, RESERVE_CURRENCY };
    uint8_t key_bytes[ALERT_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    const Value values[] = { VALUE_OF_INT(day), VALUE_OF_INT(currency) };
    TRY(row_encode_key(TABLE_RESERVE, ids, values, 2, &key));
    const Alert alert = alert_of(ALERT_DAY_END, TABLE_RESERVE, span_of_buffer(&key),
            REFUSE(REFUSED_RESERVE_NO_STATEMENT));
    return alert_once(house, &alert);
}

int32_t reserve_tick_due_day(const Holidays *holidays, int32_t today, int64_t wait_days)
{
    int64_t begun = 0;
    int32_t day = today;
    while (begun <= wait_days) {
        begun += holidays_is_working(holidays, day) ? 1 : 0;
        day--;
    }
    return day;
}

Status reserve_tick(ReserveTick *tick, House *house, int64_t now_us)
{
    static Missing missing; /* the clockwork's one thread */
    if (house->reserve_wait_days == 0 || !time_has_come(tick->next_us, now_us, HOUR_US)) return OK;
    tick->next_us = now_us + HOUR_US;
    const int32_t today = time_business_day(now_us);
    missing = (Missing) { .last = reserve_tick_due_day(
                                  &house->holidays, today, house->reserve_wait_days) };
    TRY(batcher_between(house->batcher, find, &missing));
    Status first = OK;
    for (size_t i = 0; i < missing.count; i++) {
        const Status s = tell(house, missing.of[i].day, missing.of[i].currency);
        if (status_ok(first)) first = s;
    }
    return first;
}
