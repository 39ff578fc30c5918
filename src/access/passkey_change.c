#include "access/passkey_change.h"

#include "cases/alert.h"

#include <stdio.h>

const char *passkey_algorithm_name(KeyAlgorithm algorithm)
{
    return algorithm == KEY_ED25519 ? "EdDSA" : "ES256";
}

static Status change_gather(Unit *unit, Rows *rows)
{
    const PasskeyChange *work = (const PasskeyChange *)unit;
    Principal principal;
    Passkey before;
    bool found = false;
    TRY(principal_get(rows, work->passkey.principal, &principal, &found));
    return passkey_get(rows, work->passkey.principal, work->passkey.name, &before, &found);
}

/* He is here, and what he was when the passkey was added. */
static Status still_is(Rows *rows, const Passkey *passkey)
{
    Principal principal;
    bool found = false;
    TRY(principal_get(rows, passkey->principal, &principal, &found));
    const bool same =
            found && principal.status == STATUS_LIVE && principal.changed_us == passkey->stamp;
    REQUIRE(same, REFUSED_PRINCIPAL_UNKNOWN);
    return OK;
}

static Status live_row(Rows *rows, const Passkey *passkey, Passkey *ret)
{
    bool found = false;
    TRY(passkey_get(rows, passkey->principal, passkey->name, ret, &found));
    REQUIRE(found && ret->status == STATUS_LIVE, REFUSED_PASSKEY_UNKNOWN);
    return OK;
}

static Status add(PasskeyChange *work, Rows *rows)
{
    TRY(still_is(rows, &work->passkey));
    work->passkey.status = STATUS_LIVE;
    work->passkey.added_us = rows_now_us(rows);
    return passkey_insert(rows, &work->passkey);
}

/* Of two uses at once with one counter one is right (passkey_verify() saw the book alone). */
static Status use(PasskeyChange *work, Rows *rows)
{
    Passkey row;
    const uint32_t count = work->passkey.key.count;
    TRY(live_row(rows, &work->passkey, &row));
    TRY(still_is(rows, &row));
    const bool counts = count != 0 || row.key.count != 0;
    REQUIRE(!counts || count > row.key.count, REFUSED_PASSKEY_COUNT);
    row.key.count = count;
    work->passkey = row;
    return counts ? passkey_update(rows, &row) : OK;
}

static Status close(PasskeyChange *work, Rows *rows)
{
    Passkey row;
    TRY(live_row(rows, &work->passkey, &row));
    row.status = STATUS_CLOSED;
    work->passkey = row;
    return passkey_update(rows, &row);
}

typedef struct DeedFacts {
    Status (*run)(PasskeyChange *work, Rows *rows);
    AuditKind kind; /* of a use: as the submitter says */
    StatusCode alert; /* 0: none */
} DeedFacts;

static const DeedFacts deeds[] = {
    [PASSKEY_DEED_ADD] = { add, AUDIT_PASSKEY_ADD, REFUSED_PASSKEY_ADDED },
    [PASSKEY_DEED_USE] = { use, (AuditKind)0, (StatusCode)0 },
    [PASSKEY_DEED_REMOVE] = { close, AUDIT_PASSKEY_REMOVE, REFUSED_PASSKEY_REMOVED },
    [PASSKEY_DEED_COPIED] = { close, AUDIT_PASSKEY_COPIED, REFUSED_PASSKEY_COUNT },
};

static Status tell(PasskeyChange *work, Rows *rows)
{
    const DeedFacts *facts = &deeds[work->deed];
    const Span who = span_of_text(work->passkey.principal);
    const bool used = work->deed == PASSKEY_DEED_USE;
    if (!used)
        snprintf(work->detail, sizeof(work->detail), "passkey %s %s", work->passkey.name,
                passkey_algorithm_name(work->passkey.key.algorithm));
    if (facts->alert != 0) {
        const Alert alert = alert_of(ALERT_PASSKEY, 0, who, REFUSE(facts->alert));
        TRY(alert_append(rows, &alert));
    }
    const AuditEvent event = { .kind = used ? work->use : facts->kind,
        .outcome = work->deed == PASSKEY_DEED_COPIED ? REFUSED_PASSKEY_COUNT : 0,
        .actor = span_of_text(work->actor),
        .subject = who,
        .detail = span_of_text(work->detail) };
    return audit_event_tell(rows, &event);
}

static Status change_run(Unit *unit, Rows *rows)
{
    PasskeyChange *work = (PasskeyChange *)unit;
    TRY(deeds[work->deed].run(work, rows));
    return tell(work, rows);
}

void passkey_change_unit(PasskeyChange *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit.gather = change_gather;
    work->unit.run = change_run;
    work->unit.done = done;
}
