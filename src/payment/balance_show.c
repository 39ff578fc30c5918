#include "payment/balance_show.h"

#include "ledger/account.h"
#include "payment/payment_rows.h"

static Status show_gather(Unit *unit, Rows *rows)
{
    const BalanceShow *work = (const BalanceShow *)unit;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->mchid, work->serial, &account));
    return account_gather(rows, account);
}

static Status take_account(BalanceShow *work, Rows *rows)
{
    Merchant merchant;
    Account account;
    TRY(merchant_admit(rows, work->mchid, work->serial, &merchant));
    TRY(account_get(rows, merchant.account, &account));
    work->available_minor = account.balance;
    work->pending_minor = account.frozen;
    return OK;
}

static Status show_run(Unit *unit, Rows *rows)
{
    BalanceShow *work = (BalanceShow *)unit;
    const Status s = take_account(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "merchant",
        .actor = work->mchid,
        .mchid = work->mchid,
        .subject = "balance",
        .nonce_digest = work->nonce_digest,
        .quiet = true };
    return record_end(rows, &record, s);
}

void balance_show_unit(BalanceShow *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run, .done = done };
}
