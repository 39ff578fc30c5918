#pragma once
/*
 * alert: one line that somebody must look at: a row that does not verify, a day that does not sum
 * to zero.
 *
 * An append-only sealed table. What raises an alert calls alert_append() inside its own unit, or
 * submits an AlertAdd of its own when its unit failed (BatchGuard.alarm does). One that means
 * tampering opens a draft of an incident (cases/incident.h) in the same unit.
 */
#include "store/batch.h"

extern const Table alert_table;
extern const StoreSchema cases_schema;

enum AlertColumn {
    ALERT_BATCH = 1, /* INT, key */
    ALERT_NUMBER = 2, /* INT, key: 1.. within the batch */
    ALERT_TIME = 3, /* INT, us */
    ALERT_KIND = 4, /* INT, AlertKind */
    ALERT_TABLE = 5, /* INT, TableId or 0 */
    ALERT_KEY = 6, /* TEXT: the encoded row key in lower-case hex, cut at ALERT_KEY_TEXT_MAX */
    ALERT_VERDICT = 7, /* INT: the status code */
};

/* Stored: append only. */
typedef enum AlertKind {
    ALERT_ROW = 1, /* a row failed its seal or revision (TP-12) */
    ALERT_DAY_END = 2, /* the day does not sum to zero */
    ALERT_STORE = 3, /* the store is not in the confirmed state */
    ALERT_AUDIT = 4,
    ALERT_REPORT = 5, /* the half-yearly audit report is overdue (TP-16) */
    ALERT_INCIDENT = 6, /* a step of an incident is late (TP-16) */
    ALERT_PAYER_SPRAY = 58, /* passwords of many payers are tried (access/throttle.h) */
    ALERT_VAULT = 41, /* vaultd: a planted record was touched, a budget is used up (TP-8) */
    ALERT_LOGIN_GUESSED = 55, /* passwords are guessed: from this source, or from many */
    ALERT_DEVICE_NEW = 56, /* somebody who has devices logged in on another */
    ALERT_SESSION_STOLEN = 57, /* a session was shown by another device than it began on */
    ALERT_PASSKEY = 70, /* somebody's was added or removed, or has a copy: the verdict says which */
    ALERT_BANK = 75, /* the bank's file and our orders differ: the verdict says how */
    ALERT_TRAIL = 60, /* and audit/alarm.h's AlarmKind: 61 to 65 (LL-4.5.3) */
    ALERT_EMERGENCY = 50, /* somebody broke the glass */
    ALERT_ACCESS_REVIEW = 51, /* rights of somebody are due to be looked at, or overdue */
    ALERT_ACCESS_TABLE = 52, /* the file is not the table in force */
    ALERT_KEY_ENDS = 40, /* a merchant's key, or (table 0) one of the platform's, ends soon:
                            the verdict says how soon (TP-7); or (table 0) his licence */
} AlertKind;

enum {
    ALERT_KEY_BYTES_MAX = 128,
    ALERT_KEY_TEXT_MAX = 2 * ALERT_KEY_BYTES_MAX,
    ALERTS_MAX = 256, /* of one batch; further units wait for the next one */
};

typedef struct Alert {
    AlertKind kind;
    uint16_t table;
    int32_t verdict;
    uint8_t key[ALERT_KEY_BYTES_MAX]; /* cut when longer */
    size_t key_size;
} Alert;

Alert alert_of(AlertKind kind, uint16_t table, Span key, Status verdict);

/* Within a running unit. */
MUST_USE Status alert_append(Rows *rows, const Alert *alert);

/* The unit alone, with its draft of an incident. `event` (may be empty) is the caller's audit
 * event, borrowed until done. */
typedef struct AlertAdd {
    Unit unit;
    Alert alert;
    Span event;
} AlertAdd;

void alert_add_unit(AlertAdd *work, void (*done)(Unit *unit, Status outcome));
