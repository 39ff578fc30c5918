#pragma once
/*
 * notification: what a merchant is to be told, as rows that outlive every crash.
 *
 * A row is written in the batch in which the payment or the refund succeeds, where the order (or
 * the refund) names a notify_url. It names those rows and holds nothing of them: what is told is
 * read, encrypted and signed anew at each attempt, so no payload rests anywhere.
 *
 *   WAITING    due: an attempt; succeeded: DELIVERED; failed: WAITING, later, or DEAD behind the
 *              last wait of the schedule
 *   DELIVERED  resend: WAITING, from the start of the schedule
 *   DEAD       resend: same
 *
 * At least once: who dies between the receiver's answer and the batch tells it again, under the
 * same id. A later event of a payment waits until the earlier ones are delivered or dead. An
 * attempt counts when it is settled, and only once: whoever settles says how many had failed
 * before. Source: reference/message.md section 1, "Notification". No shared state.
 */
#include "payment/refund.h"

extern const Table notification_table;

enum {
    NOTIFICATION_ID_BYTES_MAX = 32, /* "EV-" and 28 digits */
    NOTIFICATION_WAITS_MAX = 32,
    NOTIFICATION_FOUND_MAX = 64,
    NOTIFICATION_WAIT_S_MAX = 86400,
};

/* How long to wait after each failed attempt; behind the last one it is given up. */
typedef struct NotificationSchedule {
    int64_t waits_us[NOTIFICATION_WAITS_MAX];
    size_t count;
} NotificationSchedule;

/* 15s/15s/30s/3m/10m/20m/30m/30m/30m/60m/3h/3h/3h/6h/6h. */
NotificationSchedule notification_schedule_default(void);

/* Texts end with NUL, "" when absent. */
typedef struct Notification {
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char out_trade_no[PAYMENT_OUT_TRADE_NO_MAX + 1];
    char out_refund_no[REFUND_NUMBER_BYTES_MAX + 1]; /* "": of a payment */
    int64_t sequence;
    NotificationState state;
    int64_t attempts;
    int64_t due_us;
    int64_t created_us;
    int64_t ended_us; /* 0: not yet */
    int32_t result;
} Notification;

/* For the units in which a payment or a refund succeeds; nothing where nobody is to be told.
 * `sequence`: of the refund among its payment's, from 1. */
MUST_USE Status notification_of_payment(Rows *rows, const Payment *payment);
MUST_USE Status notification_of_refund(Rows *rows, const Refund *refund, int64_t sequence);

/* All that an attempt tells, from verified rows. Changes nothing. */
typedef struct NotificationRead {
    Unit unit;
    char id[NOTIFICATION_ID_BYTES_MAX + 1]; /* in */
    bool known; /* out, also of what is refused or broken: the notification's own row verified */
    Notification notification; /* out */
    Payment payment;
    Refund refund; /* of a refund */
} NotificationRead;

/* Refuses NOTIFICATION_UNKNOWN, ORDER_NOT_EXIST, REFUND_UNKNOWN. */
void notification_read_unit(NotificationRead *work, void (*done)(Unit *unit, Status outcome));

/* An attempt is over. */
typedef struct NotificationSettle {
    Unit unit;
    char id[NOTIFICATION_ID_BYTES_MAX + 1]; /* in */
    int64_t attempts; /* that had failed before this one */
    int32_t result; /* 0: delivered */
    NotificationSchedule schedule;
    Notification notification; /* out */
    bool changed; /* false: somebody settled it, or began it anew, meanwhile */
} NotificationSettle;

/* Refuses NOTIFICATION_UNKNOWN. */
void notification_settle_unit(NotificationSettle *work, void (*done)(Unit *unit, Status outcome));

/* Begin anew, by hand. */
typedef struct NotificationResend {
    Unit unit;
    char id[NOTIFICATION_ID_BYTES_MAX + 1]; /* in */
    const char *actor; /* for the audit log */
    Notification notification; /* out */
} NotificationResend;

/* Refuses NOTIFICATION_UNKNOWN, NOTIFICATION_WAITING. */
void notification_resend_unit(NotificationResend *work, void (*done)(Unit *unit, Status outcome));

/* --- plain reads: they find, and what is done goes through units --- */

typedef char NotificationMchid[MERCHANT_ID_BYTES_MAX + 1];

/* Merchants behind `after` ("": from the first) for whom something waits, in order; each costs one
 * step of an index, however much waits. */
MUST_USE Status notification_merchants(Store *store, const char *after,
        NotificationMchid ret_mchids[NOTIFICATION_FOUND_MAX], size_t *ret_count);

typedef struct NotificationDue {
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    char url[PAYMENT_NOTIFY_URL_BYTES_MAX + 1]; /* for judging whose turn it is; not verified */
} NotificationDue;

/* What of this merchant may be tried now, the longest due first, from the `skip`-th on; not what an
 * earlier event of its payment still stands before. */
MUST_USE Status notification_due(Store *store, const char *mchid, int64_t now_us, int64_t skip,
        NotificationDue ret_due[NOTIFICATION_FOUND_MAX], size_t *ret_count);

typedef char NotificationId[NOTIFICATION_ID_BYTES_MAX + 1];

/* Those that wait (by merchant, the longest due first) or that were given up (the last first), from
 * the `skip`-th on. */
MUST_USE Status notification_list(Store *store, NotificationState state, int64_t skip,
        NotificationId ret_ids[NOTIFICATION_FOUND_MAX], size_t *ret_count);
