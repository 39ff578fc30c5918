#include "payment/transfer_limits.h"

#include <stdio.h>

#include "payment/allowance.h"
#include "payment/payment_rows.h"

static Status limits_gather(Unit *unit, Rows *rows)
{
    const TransferLimits *work = (const TransferLimits *)unit;
    int64_t account = 0;
    TRY(payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    TRY(allowance_gather(rows, work->payer));
    return transfer_day_gather(rows, work->payer);
}

/* Those that hold: where he has none of his own, or the rules are lower by now, the rules'. */
static void holding(TransferDay *day, const TransferDayRule *most)
{
    if (day->limit_minor < 0 || day->limit_minor > most->minor) day->limit_minor = most->minor;
    if (day->limit_count < 0 || day->limit_count > most->count) day->limit_count = most->count;
}

static Status set(const TransferLimits *work, Rows *rows, TransferDay *day)
{
    const bool fits = work->limit_minor >= 0 && work->limit_minor <= work->most.minor
            && work->limit_count >= 0 && work->limit_count <= work->most.count;
    REQUIRE(fits, REFUSED_TRANSFER_FIELD);
    const bool higher =
            work->limit_minor > day->limit_minor || work->limit_count > day->limit_count;
    REQUIRE(!higher || work->with_pin, REFUSED_GRANT_INVALID);
    day->limit_minor = work->limit_minor;
    day->limit_count = work->limit_count;
    return transfer_day_put(rows, day);
}

/* He who waits for his new device may lower what leaves, and look. */
static Status admit(const TransferLimits *work, Rows *rows)
{
    const Status s = payer_door_admit(rows, work->payer, &work->door);
    const bool waits = status_is(s, REFUSED_PAYER_COOLS_DOWN) && !work->with_pin;
    return waits ? OK : s;
}

static Status limits_decide(TransferLimits *work, Rows *rows)
{
    Payer payer;
    Allowance allowance;
    TRY(payer_admit(rows, work->payer, &payer));
    TRY(admit(work, rows));
    TRY(allowance_of(rows, &payer, &allowance));
    REQUIRE(work->rules->transfers.magic == TRANSFER_RULES_MAGIC, REFUSED_TRANSFER_DAY_SUM);
    work->most = work->rules->transfers.day[allowance.grade - 1];
    TRY(transfer_day_get(rows, work->payer, rows_now_us(rows), &work->day));
    holding(&work->day, &work->most);
    return work->sets ? set(work, rows, &work->day) : OK;
}

static Status limits_run(Unit *unit, Rows *rows)
{
    TransferLimits *work = (TransferLimits *)unit;
    char detail[AUDIT_DETAIL_BYTES_MAX];
    const Status s = limits_decide(work, rows);
    snprintf(detail, sizeof(detail), "%lld %lld%s", (long long)work->limit_minor,
            (long long)work->limit_count, work->with_pin ? " with the PIN" : "");
    const Record record = { .kind = AUDIT_TRANSFER_LIMITS,
        .role = "payer",
        .actor = work->payer,
        .mchid = "",
        .subject = work->payer,
        .nonce_digest = work->nonce_digest,
        .detail = detail,
        .quiet = !work->sets };
    return record_end(rows, &record, s);
}

void transfer_limits_unit(TransferLimits *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = limits_gather, .run = limits_run, .done = done };
}
