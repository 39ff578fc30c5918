#include "payment/key_show.h"

#include "payment/payment_rows.h"

static Status show_gather(Unit *unit, Rows *rows)
{
    const KeyShow *work = (const KeyShow *)unit;
    int64_t account = 0;
    return merchant_gather(rows, work->mchid, work->serial, &account);
}

static Status take_row(KeyShow *work, Rows *rows)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(work->mchid)),
        VALUE_OF_TEXT(span_of_text(work->serial)) };
    Merchant merchant;
    Span image = { 0 };
    Span seal = { 0 };
    Buffer image_copy = BUFFER_OF(work->image);
    Buffer seal_copy = BUFFER_OF(work->seal);
    TRY(merchant_admit(rows, work->mchid, work->serial, &merchant));
    TRY(rows_stored(rows, &merchant_key_table, key, &image, &seal));
    TRY(buffer_put(&image_copy, image));
    TRY(buffer_put(&seal_copy, seal));
    work->image_size = image_copy.size;
    work->seal_size = seal_copy.size;
    return OK;
}

static Status show_run(Unit *unit, Rows *rows)
{
    KeyShow *work = (KeyShow *)unit;
    const Status s = take_row(work, rows);
    const Record record = { .kind = AUDIT_READ,
        .role = "merchant",
        .actor = work->mchid,
        .mchid = work->mchid,
        .subject = "apiv3-key",
        .nonce_digest = work->nonce_digest };
    return record_end(rows, &record, s);
}

void key_show_unit(KeyShow *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = show_gather, .run = show_run, .done = done };
}
