#include "payment/terms.h"

#include <stdio.h>

#include "base/encoding.h"
#include "payment/payment_rows.h"

static Status gather(Rows *rows, const char *mchid)
{
    MerchantTerms ignored;
    int64_t account = 0;
    const Status s = merchant_terms_get(rows, mchid, &ignored);
    if (!status_ok(s) && !status_is(s, (StatusCode)REFUSED_TERMS_NONE)) return s;
    return merchant_gather(rows, mchid, NULL, &account);
}

/* --- give --- */

static Status give_gather(Unit *unit, Rows *rows)
{
    return gather(rows, ((const TermsGive *)unit)->terms.mchid);
}

static Status give_all(const TermsGive *work, Rows *rows)
{
    Merchant merchant;
    const char *field = NULL;
    TRY(merchant_get(rows, work->terms.mchid, &merchant));
    TRY(merchant_terms_check(&work->terms, rows_now_us(rows), &field));
    return merchant_terms_put(rows, &work->terms);
}

static Status give_run(Unit *unit, Rows *rows)
{
    const TermsGive *work = (const TermsGive *)unit;
    char detail[AUDIT_DETAIL_BYTES_MAX];
    uint8_t hex_bytes[2 * DIGEST_SHA256_BYTES];
    Buffer hex = BUFFER_OF(hex_bytes);
    TRY(hex_encode(SPAN_OF(work->terms.agreement_sha256), &hex));
    snprintf(detail, sizeof(detail), "licence %s, agreement %.*s", work->terms.licence_number,
            (int)hex.size, (const char *)hex_bytes);
    const Status s = give_all(work, rows);
    const Record record = { .kind = AUDIT_MERCHANT_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->terms.mchid,
        .subject = "terms",
        .detail = detail };
    return record_end(rows, &record, s);
}

void terms_give_unit(TermsGive *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = give_gather, .run = give_run, .done = done };
}

/* --- show --- */

static Status show_gather(Unit *unit, Rows *rows)
{
    return gather(rows, ((const TermsShow *)unit)->mchid);
}

static Status show_all(TermsShow *work, Rows *rows)
{
    Merchant merchant;
    TRY(merchant_get(rows, work->mchid, &merchant));
    return merchant_terms_get(rows, work->mchid, &work->terms);
}

static Status show_run(Unit *unit, Rows *rows)
{
    TermsShow *work = (TermsShow *)unit;
    const Status s = show_all(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = "terms" };
    return record_end(rows, &record, s);
}

void terms_show_unit(TermsShow *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run, .done = done };
}
