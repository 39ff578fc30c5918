#pragma once
/*
 * reserve: the equality of every day (客户备付金): at a day's end the reserve account at the bank
 * holds what the house owes its customers: the balances of payers and merchants, settlements that
 * are on their way (payables), and fees that the house has not taken out yet.
 *
 *   day_end   writes our side of the day, with the day_end row
 *   import    the bank's closing balance of that day, once; a difference is an alert in the same
 *             unit; whoever imports, or looks at the day later, opens its case when there is none
 *             (api/admin_reserve.c)
 *
 * Both stand in one sealed row a day and currency.
 */
#include "ledger/account.h"

extern const Table reserve_table;

enum { RESERVE_SHA256_BYTES = 32, RESERVE_ACTOR_BYTES_MAX = 60 };

enum ReserveColumn {
    RESERVE_DAY = 1, /* INT, key: business day */
    RESERVE_CURRENCY = 2, /* INT, key */
    RESERVE_CUSTOMERS = 3, /* INT: evening balances of payers and merchants */
    RESERVE_PAYABLES = 4, /* INT: of settlements on their way */
    RESERVE_FEES = 5, /* INT: of the account of fees */
    RESERVE_STATEMENT = 6, /* INT or NULL: the bank's closing balance */
    RESERVE_SHA256 = 7, /* BYTES 32 or NULL: of the bank's file */
    RESERVE_IMPORTED = 8, /* INT, us, or NULL */
};

typedef struct ReserveDay {
    int32_t day;
    Currency currency;
    int64_t customers_minor;
    int64_t payables_minor;
    int64_t fees_minor;
    bool has_statement;
    int64_t statement_minor;
    uint8_t sha256[RESERVE_SHA256_BYTES];
    int64_t imported_us;
} ReserveDay;

/* What the bank has more than it should; less: negative. Refuses MONEY_OVERFLOW. */
MUST_USE Status reserve_difference(const ReserveDay *day, int64_t *ret_minor);
/* Running, in the unit that closes the day. */
MUST_USE Status reserve_insert(Rows *rows, const ReserveDay *day);

typedef struct ReserveImport {
    Unit unit;
    char actor[RESERVE_ACTOR_BYTES_MAX + 1]; /* in */
    ReserveDay statement; /* in: day, currency, statement_minor, sha256 */
    ReserveDay day; /* out */
    bool repeated; /* out: the same statement was there */
    int64_t difference_minor; /* out */
} ReserveImport;

/* Refuses RESERVE_DAY (we have not closed it), RESERVE_KNOWN (another statement is on file). */
void reserve_import_unit(ReserveImport *work);

typedef struct ReserveShow {
    Unit unit;
    ReserveDay day; /* in: day, currency; out: all */
} ReserveShow;

/* Refuses RESERVE_DAY. */
void reserve_show_unit(ReserveShow *work);
