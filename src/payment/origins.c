#include "payment/origins.h"

#include "access/merchant_terms.h"
#include "payment/payment_rows.h"

/* --- change --- */

static Status gather(Rows *rows, const char *mchid)
{
    MerchantOrigins ignored;
    int64_t account = 0;
    TRY(merchant_origins_get(rows, mchid, &ignored));
    return merchant_gather(rows, mchid, NULL, &account);
}

static Status change_gather(Unit *unit, Rows *rows)
{
    return gather(rows, ((const OriginsChange *)unit)->mchid);
}

static Status change_all(OriginsChange *work, Rows *rows)
{
    Merchant merchant;
    const Span origin = span_of_text(work->origin);
    TRY(merchant_get(rows, work->mchid, &merchant));
    TRY(merchant_origins_get(rows, work->mchid, &work->origins));
    if (work->removes)
        TRY(merchant_origins_remove(&work->origins, origin));
    else
        TRY(merchant_origins_add(&work->origins, origin));
    return merchant_origins_put(rows, work->mchid, &work->origins);
}

static Status change_run(Unit *unit, Rows *rows)
{
    OriginsChange *work = (OriginsChange *)unit;
    const Status s = change_all(work, rows);
    const Record record = { .kind = AUDIT_MERCHANT_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = work->removes ? "origin-removed" : "origin-added",
        .detail = work->origin };
    return record_end(rows, &record, s);
}

void origins_change_unit(OriginsChange *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = change_gather, .run = change_run, .done = done };
}

/* --- ask --- */

static Status show_gather(Unit *unit, Rows *rows)
{
    return gather(rows, ((const OriginsAsk *)unit)->mchid);
}

static Status show_all(OriginsAsk *work, Rows *rows)
{
    Merchant merchant;
    TRY(merchant_get(rows, work->mchid, &merchant));
    return merchant_origins_get(rows, work->mchid, &work->origins);
}

static Status show_run(Unit *unit, Rows *rows)
{
    OriginsAsk *work = (OriginsAsk *)unit;
    const Status s = show_all(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = "origins" };
    return record_end(rows, &record, s);
}

void origins_show_unit(OriginsAsk *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run, .done = done };
}

static Status frame_gather(Unit *unit, Rows *rows)
{
    const OriginsAsk *work = (const OriginsAsk *)unit;
    MerchantTerms ignored;
    const Status s = merchant_terms_get(rows, work->mchid, &ignored);
    if (!status_ok(s) && !status_is(s, (StatusCode)REFUSED_TERMS_NONE)) return s;
    return gather(rows, work->mchid);
}

static Status frame_run(Unit *unit, Rows *rows)
{
    OriginsAsk *work = (OriginsAsk *)unit;
    TRY(merchant_terms_admit(rows, work->mchid));
    return show_all(work, rows);
}

void origins_frame_unit(OriginsAsk *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = frame_gather, .run = frame_run, .done = done };
}
