#include "payment/signing.h"

#include "access/merchant_profile.h"
#include "payment/payment_rows.h"

static Status use_gather(Unit *unit, Rows *rows)
{
    const SigningUse *work = (const SigningUse *)unit;
    int64_t given = 0;
    return merchant_profile_get(rows, work->mchid, &given);
}

static Status use_all(const SigningUse *work, Rows *rows)
{
    int64_t given = 0;
    TRY(merchant_profile_get(rows, work->mchid, &given));
    REQUIRE((given >> work->profile->number & 1) != 0, REFUSED_PROFILE_NOT_GIVEN);
    return OK;
}

static Status use_run(Unit *unit, Rows *rows)
{
    const SigningUse *work = (const SigningUse *)unit;
    const Status s = use_all(work, rows);
    const bool legacy = work->profile->legacy;
    const Record record = { .kind = legacy ? AUDIT_LEGACY_SIGNATURE : AUDIT_READ,
        .role = "merchant",
        .actor = work->mchid,
        .mchid = work->mchid,
        .subject = "signing-profile",
        .nonce_digest = work->nonce_digest,
        .detail = work->profile->name,
        .quiet = !legacy };
    return record_end(rows, &record, s);
}

void signing_use_unit(SigningUse *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = use_gather, .run = use_run, .done = done };
}

static Status give_gather(Unit *unit, Rows *rows)
{
    const SigningGive *work = (const SigningGive *)unit;
    int64_t ignored = 0;
    TRY(merchant_profile_get(rows, work->mchid, &ignored));
    return merchant_gather(rows, work->mchid, NULL, &ignored);
}

static Status give_all(const SigningGive *work, Rows *rows)
{
    Merchant merchant;
    TRY(merchant_get(rows, work->mchid, &merchant));
    return merchant_profile_put(rows, work->mchid, work->given);
}

static Status give_run(Unit *unit, Rows *rows)
{
    const SigningGive *work = (const SigningGive *)unit;
    const Status s = give_all(work, rows);
    const Record record = { .kind = AUDIT_MERCHANT_CHANGE,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = "signing-profiles",
        .detail = work->names };
    return record_end(rows, &record, s);
}

void signing_give_unit(SigningGive *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = give_gather, .run = give_run, .done = done };
}

static Status show_gather(Unit *unit, Rows *rows)
{
    SigningShow *work = (SigningShow *)unit;
    int64_t account = 0;
    TRY(merchant_profile_get(rows, work->mchid, &work->given));
    return merchant_gather(rows, work->mchid, NULL, &account);
}

static Status show_all(SigningShow *work, Rows *rows)
{
    Merchant merchant;
    TRY(merchant_get(rows, work->mchid, &merchant));
    return merchant_profile_get(rows, work->mchid, &work->given);
}

static Status show_run(Unit *unit, Rows *rows)
{
    SigningShow *work = (SigningShow *)unit;
    const Status s = show_all(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->mchid,
        .subject = "signing-profiles" };
    return record_end(rows, &record, s);
}

void signing_show_unit(SigningShow *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run, .done = done };
}
