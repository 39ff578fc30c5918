#include "ledger/account_rows.h"

#include "base/time.h"

static const Column account_columns[] = {
    { ACCOUNT_ID, "id", VALUE_INT, false, CLASS_IDENTITY, LEVEL_C2, "ledger" },
    { ACCOUNT_OWNER, "owner", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "ledger" },
    { ACCOUNT_CLASS, "class", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { ACCOUNT_CURRENCY, "currency", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { ACCOUNT_BALANCE, "balance", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "ledger" },
    { ACCOUNT_FROZEN, "frozen", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "ledger" },
    { ACCOUNT_PREVIOUS, "previous", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "ledger" },
    { ACCOUNT_PREVIOUS_DAY, "previous_day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { ACCOUNT_BALANCE_TIME, "balance_time", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
    { ACCOUNT_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "ledger" },
};

/* RULE: TP-12 - the fields of its account table, each under the seal. */
const Table account_table = {
    TABLE_ACCOUNT,
    .schema = 1,
    .name = "account",
    .append_only = false,
    .key_columns = 1,
    .column_count = sizeof(account_columns) / sizeof(account_columns[0]),
    .columns = account_columns,
};

Status account_id_draw(const Random *random, int64_t *ret_id)
{
    for (int i = 0; i < 8; i++) { /* so many draws so low do not happen with a sound source */
        uint64_t drawn = 0;
        TRY(random_fill(random, &drawn, sizeof(drawn)));
        drawn >>= 2;
        if (drawn < LEDGER_SYSTEM_ID_MAX) continue;
        *ret_id = (int64_t)drawn;
        return OK;
    }
    return BROKEN(FAULT_RANDOM);
}

int64_t account_id_of_funding(Currency currency) { return (int64_t)currency; }

/* ISO 4217 has numbers below 1000 alone. */
int64_t account_id_of_fees(Currency currency) { return 1000 + (int64_t)currency; }
int64_t account_id_of_payables(Currency currency) { return 2000 + (int64_t)currency; }

static Status account_row(Rows *rows, int64_t id, const Row **ret_row)
{
    return rows_get(rows, &account_table, &VALUE_OF_INT(id), ret_row);
}

Status account_get(Rows *rows, int64_t id, Account *ret)
{
    const Row *row = NULL;
    TRY(account_row(rows, id, &row));
    REQUIRE(row != NULL, REFUSED_ACCOUNT_UNKNOWN);
    if (ret == NULL) return OK;
    const Value *v = row->values;
    Account account = {
        .id = id,
        .class = (AccountClass)v[COLUMN_AT(ACCOUNT_CLASS)].integer,
        .currency = (Currency)v[COLUMN_AT(ACCOUNT_CURRENCY)].integer,
        .balance = v[COLUMN_AT(ACCOUNT_BALANCE)].integer,
        .frozen = v[COLUMN_AT(ACCOUNT_FROZEN)].integer,
        .previous = v[COLUMN_AT(ACCOUNT_PREVIOUS)].integer,
        .previous_day = v[COLUMN_AT(ACCOUNT_PREVIOUS_DAY)].integer,
        .balance_time_us = v[COLUMN_AT(ACCOUNT_BALANCE_TIME)].integer,
        .status = (RegisterStatus)v[COLUMN_AT(ACCOUNT_STATUS)].integer,
    };
    TRY(value_copy_text(&v[COLUMN_AT(ACCOUNT_OWNER)], account.owner, sizeof(account.owner)));
    *ret = account;
    return OK;
}

static void account_values(const Account *account, Value ret_values[])
{
    ret_values[COLUMN_AT(ACCOUNT_ID)] = VALUE_OF_INT(account->id);
    ret_values[COLUMN_AT(ACCOUNT_OWNER)] = VALUE_OF_TEXT(span_of_text(account->owner));
    ret_values[COLUMN_AT(ACCOUNT_CLASS)] = VALUE_OF_INT((int64_t)account->class);
    ret_values[COLUMN_AT(ACCOUNT_CURRENCY)] = VALUE_OF_INT((int64_t)account->currency);
    ret_values[COLUMN_AT(ACCOUNT_BALANCE)] = VALUE_OF_INT(account->balance);
    ret_values[COLUMN_AT(ACCOUNT_FROZEN)] = VALUE_OF_INT(account->frozen);
    ret_values[COLUMN_AT(ACCOUNT_PREVIOUS)] = VALUE_OF_INT(account->previous);
    ret_values[COLUMN_AT(ACCOUNT_PREVIOUS_DAY)] = VALUE_OF_INT(account->previous_day);
    ret_values[COLUMN_AT(ACCOUNT_BALANCE_TIME)] = VALUE_OF_INT(account->balance_time_us);
    ret_values[COLUMN_AT(ACCOUNT_STATUS)] = VALUE_OF_INT((int64_t)account->status);
}

Status account_put(Rows *rows, const Account *account)
{
    Value values[sizeof(account_columns) / sizeof(account_columns[0])];
    account_values(account, values);
    return rows_update(rows, &account_table, values);
}

Status account_gather(Rows *rows, int64_t id)
{
    const Row *row = NULL;
    if (id == 0) return OK;
    return account_row(rows, id, &row);
}

Status account_open(
        Rows *rows, int64_t id, AccountClass class, const char *owner, Currency currency)
{
    const Row *row = NULL;
    TRY(account_row(rows, id, &row));
    REQUIRE(row == NULL, REFUSED_ACCOUNT_EXISTS);
    REQUIRE(strlen(owner) <= LEDGER_OWNER_BYTES_MAX, REFUSED_ROW_INVALID);
    REQUIRE(currency != CURRENCY_NONE, REFUSED_ACCOUNT_CURRENCY);

    const int64_t now_us = rows_now_us(rows);
    Account account = {
        .id = id,
        .class = class,
        .currency = currency,
        .previous_day = time_business_day(now_us) - 1, /* it had nothing last evening */
        .balance_time_us = now_us,
        .status = STATUS_LIVE,
    };
    memcpy(account.owner, owner, strlen(owner) + 1);
    Value values[sizeof(account_columns) / sizeof(account_columns[0])];
    account_values(&account, values);
    return rows_insert(rows, &account_table, values);
}

bool account_roll(Account *account, int64_t now_us)
{
    const int64_t yesterday = time_business_day(now_us) - 1;
    if (account->previous_day >= yesterday) return false;
    account->previous = account->balance + account->frozen; /* both bounded: see apply() */
    account->previous_day = yesterday;
    return true;
}
