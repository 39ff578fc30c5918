#include "payment/enrol.h"

#include "payment/payment_rows.h"

#include "base/time.h"

#define KEY_LIFE_DEFAULT_US (INT64_C(5) * 365 * TIME_DAY_US)

/* --- nobody yet --- */

static Status free_gather(Unit *unit, Rows *rows)
{
    const EnrolFree *work = (const EnrolFree *)unit;
    int64_t account = 0;
    if (work->mchid[0] != 0) TRY(merchant_gather(rows, work->mchid, NULL, &account));
    if (work->payer[0] != 0) TRY(payer_gather(rows, work->payer, &account));
    return OK;
}

static Status free_run(Unit *unit, Rows *rows)
{
    const EnrolFree *work = (const EnrolFree *)unit;
    Merchant merchant;
    Payer payer;
    Status s = REFUSE(REFUSED_MERCHANT_UNKNOWN);
    if (work->mchid[0] != 0) s = merchant_get(rows, work->mchid, &merchant);
    REQUIRE(!status_ok(s), REFUSED_MERCHANT_EXISTS);
    if (!status_is(s, REFUSED_MERCHANT_UNKNOWN)) return s;
    s = REFUSE(REFUSED_PAYER_UNKNOWN);
    if (work->payer[0] != 0) s = payer_get(rows, work->payer, &payer);
    REQUIRE(!status_ok(s), REFUSED_PAYER_EXISTS);
    return status_is(s, REFUSED_PAYER_UNKNOWN) ? OK : s;
}

void enrol_free_unit(EnrolFree *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = free_gather, .run = free_run, .done = done };
}

/* --- merchant --- */

static Status merchant_add_gather(Unit *unit, Rows *rows)
{
    const MerchantAdd *work = (const MerchantAdd *)unit;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->merchant.mchid, work->key.serial, &account));
    return account_gather(rows, work->merchant.account);
}

static Status merchant_check(const Merchant *merchant, Currency currency)
{
    const Span name = span_of_text(merchant->name);
    REQUIRE(merchant_id_is_valid(span_of_text(merchant->mchid)), REFUSED_ORDER_FIELD);
    REQUIRE(name.size > 0 && span_is_utf8(name), REFUSED_ORDER_FIELD);
    REQUIRE(merchant->suite == MERCHANT_RSA || merchant->suite == MERCHANT_SM2,
            REFUSED_ORDER_FIELD);
    REQUIRE(merchant->limit_minor > 0 && merchant->limit_minor <= LEDGER_MINOR_MAX,
            REFUSED_ORDER_FIELD);
    REQUIRE(merchant->account >= LEDGER_SYSTEM_ID_MAX, REFUSED_ORDER_FIELD);
    REQUIRE(currency != CURRENCY_NONE, REFUSED_ORDER_FIELD);
    return OK;
}

/* Set what the unit sets, check the rest. A merchant signs with RSA or SM2 only
 * (reference/message.md section 1). */
static Status key_prepare(MerchantKey *key, const char *mchid, int64_t now_us)
{
    memcpy(key->mchid, mchid, strlen(mchid) + 1);
    key->status = STATUS_LIVE;
    key->created_us = now_us;
    if (key->expires_us == 0) key->expires_us = now_us + KEY_LIFE_DEFAULT_US;
    REQUIRE(merchant_serial_is_valid(span_of_text(key->serial)), REFUSED_ORDER_FIELD);
    REQUIRE(key->algorithm == KEY_RSA || key->algorithm == KEY_SM2, REFUSED_KEY_FORMAT);
    REQUIRE(key->spki_size > 0 && key->spki_size <= SIGN_SPKI_BYTES_MAX, REFUSED_KEY_FORMAT);
    REQUIRE(key->expires_us > now_us, REFUSED_ORDER_FIELD);
    return OK;
}

static Status merchant_add_all(MerchantAdd *work, Rows *rows)
{
    Merchant *merchant = &work->merchant;
    TRY(merchant_check(merchant, work->currency));
    TRY(key_prepare(&work->key, merchant->mchid, rows_now_us(rows)));
    merchant->status = STATUS_LIVE;
    merchant->created_us = rows_now_us(rows);
    TRY(merchant_insert(rows, merchant));
    TRY(merchant_key_insert(rows, &work->key));
    return account_open(
            rows, merchant->account, ACCOUNT_CLASS_MERCHANT, merchant->mchid, work->currency);
}

static Status merchant_add_run(Unit *unit, Rows *rows)
{
    MerchantAdd *work = (MerchantAdd *)unit;
    const Status s = merchant_add_all(work, rows);
    const Record record = { .kind = AUDIT_MERCHANT_ADD,
        .role = "operator",
        .mchid = "",
        .actor = work->actor,
        .subject = work->merchant.mchid };
    return record_end(rows, &record, s);
}

void merchant_add_unit(MerchantAdd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = merchant_add_gather, .run = merchant_add_run, .done = done };
}

/* --- its further keys --- */

static Status key_add_gather(Unit *unit, Rows *rows)
{
    const MerchantKeyAdd *work = (const MerchantKeyAdd *)unit;
    int64_t account = 0;
    TRY(merchant_gather(rows, work->key.mchid, work->key.serial, &account));
    if (work->before[0] == 0) return OK;
    return merchant_gather(rows, work->key.mchid, work->before, &account);
}

/* The old one ends at a date: until then both are good. */
static Status end_before(MerchantKeyAdd *work, Rows *rows)
{
    MerchantKey *old = &work->old;
    TRY(merchant_key_get(rows, work->key.mchid, work->before, old));
    REQUIRE(old->status == STATUS_LIVE && old->expires_us > rows_now_us(rows),
            REFUSED_MERCHANT_KEY_EXPIRED);
    REQUIRE(work->before_ends_us > rows_now_us(rows), REFUSED_ORDER_FIELD);
    if (work->before_ends_us < old->expires_us) old->expires_us = work->before_ends_us;
    return merchant_key_update(rows, old);
}

static Status key_revoke(MerchantKeyAdd *work, Rows *rows)
{
    MerchantKey key;
    TRY(merchant_key_get(rows, work->key.mchid, work->key.serial, &key));
    key.status = STATUS_CLOSED;
    TRY(merchant_key_update(rows, &key));
    work->key = key;
    return OK;
}

static Status key_add_all(MerchantKeyAdd *work, Rows *rows)
{
    TRY(merchant_get(rows, work->key.mchid, &work->merchant));
    if (work->revoke) return key_revoke(work, rows);
    TRY(key_prepare(&work->key, work->merchant.mchid, rows_now_us(rows)));
    if (work->before[0] != 0) TRY(end_before(work, rows));
    return merchant_key_insert(rows, &work->key);
}

static Status key_add_run(Unit *unit, Rows *rows)
{
    MerchantKeyAdd *work = (MerchantKeyAdd *)unit;
    const Status s = key_add_all(work, rows);
    const Record record = { .kind = AUDIT_MERCHANT_KEY,
        .role = "operator",
        .actor = work->actor,
        .mchid = work->key.mchid,
        .subject = work->key.serial };
    return record_end(rows, &record, s);
}

void merchant_key_add_unit(MerchantKeyAdd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = key_add_gather, .run = key_add_run, .done = done };
}

Status merchant_key_from_pem(Span pem, MerchantKey *ret_key)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(public_key_from_pem(pem, &key));
    const KeyAlgorithm algorithm = public_key_algorithm(key);
    REQUIRE(algorithm == KEY_RSA || algorithm == KEY_SM2, REFUSED_KEY_FORMAT);
    TRY(public_key_to_spki(key, &spki));
    ret_key->algorithm = algorithm;
    memcpy(ret_key->spki, spki.data, spki.size);
    ret_key->spki_size = spki.size;
    return OK;
}

/* --- payer --- */

static Status payer_add_gather(Unit *unit, Rows *rows)
{
    const PayerAdd *work = (const PayerAdd *)unit;
    int64_t account = 0;
    TRY(payer_gather(rows, work->payer.id, &account));
    TRY(account_gather(rows, work->payer.account));
    return account_gather(rows, account_id_of_funding(work->opening.currency));
}

static Status payer_add_all(PayerAdd *work, Rows *rows)
{
    Payer *payer = &work->payer;
    const Money opening = work->opening;
    REQUIRE(payer_id_is_valid(span_of_text(payer->id)), REFUSED_ORDER_FIELD);
    REQUIRE(payer->account >= LEDGER_SYSTEM_ID_MAX, REFUSED_ORDER_FIELD);
    REQUIRE(opening.currency != CURRENCY_NONE && opening.minor >= 0, REFUSED_ORDER_FIELD);

    payer->status = STATUS_LIVE;
    payer->created_us = rows_now_us(rows);
    payer->day = time_business_day(payer->created_us);
    payer->count = 0;
    payer->minor = 0;
    TRY(payer_insert(rows, payer));
    TRY(account_open(rows, payer->account, ACCOUNT_CLASS_PAYER, payer->id, opening.currency));
    if (opening.minor == 0) return OK;
    return ledger_fund(rows, payer->id, payer->account, opening);
}

static Status payer_add_run(Unit *unit, Rows *rows)
{
    PayerAdd *work = (PayerAdd *)unit;
    const Status s = payer_add_all(work, rows);
    const Record record = { .kind = AUDIT_PAYER_ADD,
        .role = "operator",
        .mchid = "",
        .actor = work->actor,
        .subject = work->payer.id };
    return record_end(rows, &record, s);
}

void payer_add_unit(PayerAdd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = payer_add_gather, .run = payer_add_run, .done = done };
}
