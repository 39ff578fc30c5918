#include "payment/merchant_lists.h"

#include "access/merchant_terms.h"
#include "payment/payment_rows.h"

/* --- change --- */

static Status gather(const MerchantListKind *kind, Rows *rows, const char *mchid)
{
    MerchantList ignored;
    int64_t account = 0;
    TRY(merchant_list_get(kind, rows, mchid, &ignored));
    return merchant_gather(rows, mchid, NULL, &account);
}

static Status change_gather(Unit *unit, Rows *rows)
{
    const MerchantListChange *work = (const MerchantListChange *)unit;
    return gather(work->kind, rows, work->mchid);
}

static Status change_all(MerchantListChange *work, Rows *rows)
{
    Merchant merchant;
    const Span item = span_of_text(work->item);
    TRY(merchant_get(rows, work->mchid, &merchant));
    TRY(merchant_list_get(work->kind, rows, work->mchid, &work->list));
    if (work->removes)
        TRY(merchant_list_remove(work->kind, &work->list, item));
    else
        TRY(merchant_list_add(work->kind, &work->list, item));
    return merchant_list_put(work->kind, rows, work->mchid, &work->list);
}

static Status change_run(Unit *unit, Rows *rows)
{
    MerchantListChange *work = (MerchantListChange *)unit;
    const Status s = change_all(work, rows);
    const Record record = { .kind = AUDIT_MERCHANT_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = work->removes ? work->kind->removed : work->kind->added,
        .detail = work->item };
    return record_end(rows, &record, s);
}

void merchant_list_change_unit(MerchantListChange *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = change_gather, .run = change_run, .done = done };
}

/* --- ask --- */

static Status show_gather(Unit *unit, Rows *rows)
{
    const MerchantListAsk *work = (const MerchantListAsk *)unit;
    return gather(work->kind, rows, work->mchid);
}

static Status show_all(MerchantListAsk *work, Rows *rows)
{
    Merchant merchant;
    TRY(merchant_get(rows, work->mchid, &merchant));
    return merchant_list_get(work->kind, rows, work->mchid, &work->list);
}

static Status show_run(Unit *unit, Rows *rows)
{
    MerchantListAsk *work = (MerchantListAsk *)unit;
    const Status s = show_all(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = work->kind->table->name };
    return record_end(rows, &record, s);
}

void merchant_list_show_unit(MerchantListAsk *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run, .done = done };
}

static Status frame_gather(Unit *unit, Rows *rows)
{
    const MerchantListAsk *work = (const MerchantListAsk *)unit;
    MerchantTerms ignored;
    const Status s = merchant_terms_get(rows, work->mchid, &ignored);
    if (!status_ok(s) && !status_is(s, (StatusCode)REFUSED_TERMS_NONE)) return s;
    return gather(work->kind, rows, work->mchid);
}

static Status frame_run(Unit *unit, Rows *rows)
{
    MerchantListAsk *work = (MerchantListAsk *)unit;
    TRY(merchant_terms_admit(rows, work->mchid));
    return show_all(work, rows);
}

void merchant_list_frame_unit(MerchantListAsk *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = frame_gather, .run = frame_run, .done = done };
}

/* --- admission --- */

static Status admission_gather(Unit *unit, Rows *rows)
{
    const MerchantAdmission *work = (const MerchantAdmission *)unit;
    int64_t account = 0;
    return merchant_gather(rows, work->mchid, work->serial, &account);
}

static Status admission_run(Unit *unit, Rows *rows)
{
    const MerchantAdmission *work = (const MerchantAdmission *)unit;
    Merchant merchant;
    return merchant_admit(rows, work->mchid, work->serial, &merchant);
}

void merchant_admission_unit(MerchantAdmission *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = admission_gather, .run = admission_run, .done = done };
}
