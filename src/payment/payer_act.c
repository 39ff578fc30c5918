#include "payment/payer_act.h"

#include "base/encoding.h"
#include "base/time.h"
#include "payment/order_identity.h"
#include "payment/payment_rows.h"

enum { DETAIL_BYTES_MAX = 64 };

static Status act_gather(Unit *unit, Rows *rows)
{
    PayerAct *work = (PayerAct *)unit;
    int64_t account = 0;
    IdentityPrints ignored;
    TRY(payer_identity_get(rows, work->payer, &ignored, &work->has_prints));
    TRY(payer_gather(rows, work->payer, &account));
    TRY(payer_devices_get(rows, work->payer, &work->devices));
    return !status_ok(work->failed) ? OK : account_gather(rows, work->account);
}

static Status look(PayerAct *work, Rows *rows)
{
    Payer payer;
    IdentityPrints ignored;
    TRY(payer_identity_get(rows, work->payer, &ignored, &work->has_prints));
    const Status s = payer_get(rows, work->payer, &payer);
    if (!status_ok(s) && !status_is(s, REFUSED_PAYER_UNKNOWN)) return s;
    work->exists = status_ok(s) && payer.status == STATUS_LIVE;
    TRY(payer_login_get(rows, work->payer, &work->registered, &work->login));
    TRY(payer_devices_get(rows, work->payer, &work->devices));
    const PayerDevice *device = payer_devices_find(&work->devices, work->device.id);
    work->place = device != NULL ? device->place : -1;
    return OK;
}

/* --- registers --- */

static Status open_account(const PayerAct *work, Rows *rows)
{
    const int64_t now_us = rows_now_us(rows);
    Payer payer = { .status = STATUS_LIVE, .account = work->account, .created_us = now_us };
    REQUIRE(work->account >= LEDGER_SYSTEM_ID_MAX, REFUSED_PAYER_FIELD);
    memcpy(payer.id, work->payer, sizeof(payer.id));
    payer_roll(&payer, time_business_day(now_us));
    TRY(payer_insert(rows, &payer));
    return account_open(rows, work->account, ACCOUNT_CLASS_PAYER, payer.id, CURRENCY_CNY);
}

/* A new device in its place; the first one of all has nobody to be wary of. */
static Status add_device(PayerAct *work, Rows *rows, int64_t cool_us)
{
    PayerDevice device = work->device;
    const int64_t now_us = rows_now_us(rows);
    const int64_t place = payer_devices_place(&work->devices, device.id);
    REQUIRE(place >= 0, REFUSED_PAYER_DEVICES_FULL);
    memcpy(device.payer, work->payer, sizeof(device.payer));
    device.place = place;
    device.status = STATUS_LIVE;
    device.added_us = now_us;
    device.seen_us = now_us;
    device.cools_until_us = cool_us > 0 ? now_us + cool_us : 0;
    TRY(payer_device_put(rows, &device));
    work->devices.at[place] = device;
    work->place = place;
    return OK;
}

static Status registers(PayerAct *work, Rows *rows)
{
    const int64_t now_us = rows_now_us(rows);
    REQUIRE(payer_id_is_valid(span_of_text(work->payer)), REFUSED_PAYER_FIELD);
    REQUIRE(!work->registered && work->exists == work->joins, REFUSED_PAYER_REGISTER_REFUSED);
    if (!work->joins) TRY(open_account(work, rows));
    work->login = (PayerLogin) { .status = STATUS_LIVE, .created_us = now_us };
    memcpy(work->login.payer, work->payer, sizeof(work->login.payer));
    work->registered = true;
    TRY(payer_login_put(rows, &work->login));
    if (work->identified) TRY(payer_identity_put(rows, work->payer, &work->prints));
    return add_device(work, rows, 0);
}

/* --- what needs a registered payer --- */

static Status admit(const PayerAct *work)
{
    REQUIRE(work->registered, REFUSED_PAYER_LOGIN_REFUSED);
    REQUIRE(work->login.status == STATUS_LIVE && work->exists, REFUSED_PAYER_CLOSED);
    return OK;
}

/* The device that asks is the payer's, or comes to be. */
static Status admit_device(PayerAct *work, Rows *rows)
{
    TRY(admit(work));
    if (work->place >= 0) return OK;
    REQUIRE(work->adds_device, REFUSED_PAYER_DEVICE_UNKNOWN);
    return add_device(work, rows, work->cool_us);
}

static Status logs_in(PayerAct *work, Rows *rows)
{
    TRY(admit_device(work, rows));
    PayerDevice *device = &work->devices.at[work->place];
    device->seen_us = rows_now_us(rows);
    work->login.last_us = device->seen_us;
    if (work->identified) TRY(payer_identity_put(rows, work->payer, &work->prints));
    TRY(payer_device_put(rows, device));
    return payer_login_put(rows, &work->login);
}

/* A clock that was set back shortens nothing; and no two tries set the same time, not even in one
 * batch, so that the one that was refused never takes back what another one set. */
static Status cools(PayerAct *work, Rows *rows)
{
    const int64_t until_us = rows_now_us(rows) + work->cool_us;
    TRY(admit(work));
    work->before_us = work->login.cools_until_us;
    work->cooled_us = until_us > work->before_us ? until_us : work->before_us + 1;
    work->login.cools_until_us = work->cooled_us;
    return payer_login_put(rows, &work->login);
}

/* Only what this very try set; another one's stands. */
static Status cools_not(PayerAct *work, Rows *rows)
{
    TRY(admit(work));
    if (work->login.cools_until_us != work->cooled_us) return OK;
    work->login.cools_until_us = work->before_us;
    return payer_login_put(rows, &work->login);
}

static Status end_others(PayerAct *work, Rows *rows)
{
    for (size_t i = 0; i < PAYER_DEVICES_MAX; i++) {
        PayerDevice *device = &work->devices.at[i];
        if (device->status != STATUS_LIVE || device->place == work->place) continue;
        device->status = STATUS_CLOSED;
        TRY(payer_device_put(rows, device));
    }
    return OK;
}

/* PAYER_COOLS came before; whoever stole a device is out. */
static Status resets(PayerAct *work, Rows *rows)
{
    TRY(admit(work));
    TRY(end_others(work, rows)); /* first: there is room for a new one then */
    TRY(admit_device(work, rows));
    work->login.resets += 1;
    return payer_login_put(rows, &work->login);
}

/* By a session: its device must live still. */
static Status by_session(const PayerAct *work)
{
    TRY(admit(work));
    REQUIRE(work->place >= 0, REFUSED_LOGIN_NEEDED);
    return OK;
}

static Status ends_device(PayerAct *work, Rows *rows)
{
    TRY(by_session(work));
    PayerDevice *device = payer_devices_find(&work->devices, work->ends);
    REQUIRE(device != NULL, REFUSED_PAYER_DEVICE_UNKNOWN);
    device->status = STATUS_CLOSED;
    return payer_device_put(rows, device);
}

/* --- the unit --- */

/* It failed before; here is only seen whether the name is somebody's. */
static Status failed(PayerAct *work, Rows *rows)
{
    const Status s = look(work, rows);
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    if (!status_ok(s)) work->exists = true; /* a row that is there, and frozen */
    return work->failed;
}

static Status act(PayerAct *work, Rows *rows)
{
    if (!status_ok(work->failed)) return failed(work, rows);
    TRY(look(work, rows));
    switch (work->kind) {
    case PAYER_LOOK: return OK;
    case PAYER_REGISTERS: return registers(work, rows);
    case PAYER_LOGS_IN: return logs_in(work, rows);
    case PAYER_SETS_PASSWORD:
    case PAYER_SETS_PIN:
    case PAYER_ENDS_SESSION: return by_session(work);
    case PAYER_LOGS_OUT: return OK;
    case PAYER_COOLS: return cools(work, rows);
    case PAYER_COOLS_NOT: return cools_not(work, rows);
    case PAYER_RESETS_PASSWORD:
    case PAYER_RESETS_PIN: return resets(work, rows);
    case PAYER_ENDS_DEVICE: return ends_device(work, rows);
    }
    return REFUSE(REFUSED_PAYER_FIELD);
}

static AuditKind audit_kind(PayerActKind kind)
{
    switch (kind) {
    case PAYER_LOOK: return AUDIT_READ;
    case PAYER_REGISTERS: return AUDIT_PAYER_REGISTER;
    case PAYER_LOGS_IN: return AUDIT_PAYER_LOGIN;
    case PAYER_LOGS_OUT: return AUDIT_PAYER_LOGOUT;
    case PAYER_SETS_PASSWORD: return AUDIT_PAYER_PASSWORD_SET;
    case PAYER_SETS_PIN: return AUDIT_PAYER_PIN_SET;
    case PAYER_COOLS:
    case PAYER_COOLS_NOT: return AUDIT_PAYER_COOL;
    case PAYER_RESETS_PASSWORD: return AUDIT_PAYER_PASSWORD_RESET;
    case PAYER_RESETS_PIN: return AUDIT_PAYER_PIN_RESET;
    case PAYER_ENDS_DEVICE: return AUDIT_PAYER_DEVICE_END;
    case PAYER_ENDS_SESSION: return AUDIT_PAYER_SESSION_END;
    }
    return AUDIT_READ;
}

/* "device 0123456789abcdef": the beginning of the name tells devices apart. */
static Status put_detail(const PayerAct *work, Buffer *b)
{
    const uint8_t *id = work->kind == PAYER_ENDS_DEVICE ? work->ends : work->device.id;
    TRY(buffer_put(b, SPAN("device ")));
    TRY(hex_encode((Span) { id, 8 }, b));
    if (work->kind == PAYER_COOLS_NOT) TRY(buffer_put(b, SPAN(" not")));
    return buffer_put_u8(b, 0);
}

/* What somebody typed where his name belongs may be his password: a name that nobody has is not
 * kept. No payer is called "?". */
static const char *name_for_the_log(const PayerAct *work, Status outcome)
{
    const bool nobodys = !work->exists && !work->registered;
    return status_refused(outcome) && nobodys ? "?" : work->payer;
}

static Status act_run(Unit *unit, Rows *rows)
{
    PayerAct *work = (PayerAct *)unit;
    uint8_t detail_bytes[DETAIL_BYTES_MAX];
    Buffer detail = BUFFER_OF(detail_bytes);
    const Status s = act(work, rows);
    TRY(put_detail(work, &detail));
    const Record record = { .kind = audit_kind(work->kind),
        .role = "payer",
        .actor = name_for_the_log(work, s),
        .mchid = "",
        .subject = name_for_the_log(work, s),
        .nonce_digest = work->nonce_digest,
        .detail = (const char *)detail_bytes,
        .quiet = work->kind == PAYER_LOOK };
    return record_end(rows, &record, s);
}

void payer_act_unit(PayerAct *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = act_gather, .run = act_run, .done = done };
}
