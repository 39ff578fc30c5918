#pragma once
/*
 * payer: who pays, with which account, and what went out today. The day's counters stand in the
 * sealed payer row, so that velocity is decided inside the batch and no stale cache can be asked
 * instead.
 */
#include "access/merchant.h"
#include "base/money.h"

enum { PAYER_ID_BYTES_MAX = 58 /* "payer/" and it fit an audit event's actor */ };

enum PayerColumn {
    PAYER_ID = 1, /* TEXT, key */
    PAYER_STATUS = 2, /* INT, RegisterStatus */
    PAYER_ACCOUNT = 3, /* INT */
    PAYER_DAY = 4, /* INT: business day of the two counters */
    PAYER_COUNT = 5, /* INT: payments begun that day and not given back */
    PAYER_MINOR = 6, /* INT: their sum, minor units */
    PAYER_CREATED = 7, /* INT, us */
};

typedef struct Payer {
    char id[PAYER_ID_BYTES_MAX + 1];
    RegisterStatus status;
    int64_t account;
    int64_t day;
    int64_t count;
    int64_t minor;
    int64_t created_us;
} Payer;

/* 1..58 of digits, letters, `_` and `-`. */
bool payer_id_is_valid(Span id);

/* Gather, with what payer_may_pay() will look at. ret_account: the payer's account, to be gathered
 * next; 0 when there is none. Nothing is judged here. */
MUST_USE Status payer_gather(Rows *rows, const char *id, int64_t *ret_account);
/* Running. Refuses PAYER_UNKNOWN. */
MUST_USE Status payer_get(Rows *rows, const char *id, Payer *ret);
/* The same, and live. Refuses PAYER_UNKNOWN, PAYER_CLOSED. */
MUST_USE Status payer_admit(Rows *rows, const char *id, Payer *ret);
/* Running. Refuses PAYER_EXISTS. */
MUST_USE Status payer_insert(Rows *rows, const Payer *payer);

/* The counters as of `day`: zero when they are of an earlier one. */
void payer_roll(Payer *payer, int64_t day);
/* Count one payment begun on `day`. Refuses MONEY_OVERFLOW. Running. */
MUST_USE Status payer_count(Rows *rows, const char *id, int64_t day, int64_t minor);
/* Give it back when its hold is released and its day is still the counters' day. Running. */
MUST_USE Status payer_uncount(Rows *rows, const char *id, int64_t day, int64_t minor);
