#include "access/merchant_terms.h"

#include "base/money.h"
#include "policy/detect.h"
#include "policy/detect_number.h"

#define COLUMN(id, name, type, class)                    \
    {                                                    \
        id, name, type, false, class, LEVEL_C2, "access" \
    }

static const Column columns[] = {
    COLUMN(TERMS_MCHID, "mchid", VALUE_TEXT, CLASS_PUBLIC),
    COLUMN(TERMS_LICENCE_NAME, "licence_name", VALUE_TEXT, CLASS_PUBLIC),
    COLUMN(TERMS_LICENCE_NUMBER, "licence_number", VALUE_TEXT, CLASS_PUBLIC),
    COLUMN(TERMS_LICENCE_SHA256, "licence_digest", VALUE_BYTES, CLASS_PUBLIC),
    COLUMN(TERMS_LICENCE_UNTIL, "licence_until", VALUE_INT, CLASS_PUBLIC),
    COLUMN(TERMS_ACCOUNT_TOKEN, "account_token", VALUE_TEXT, CLASS_PUBLIC),
    COLUMN(TERMS_ACCOUNT_MASK, "account_mask", VALUE_TEXT, CLASS_PUBLIC),
    COLUMN(TERMS_MCC, "mcc", VALUE_INT, CLASS_PUBLIC),
    COLUMN(TERMS_AGREEMENT_SHA256, "agreement_digest", VALUE_BYTES, CLASS_PUBLIC),
    COLUMN(TERMS_AGREEMENT_TIME, "agreement_time", VALUE_INT, CLASS_PUBLIC),
    COLUMN(TERMS_AGREEMENT_CLAUSE, "agreement_clause", VALUE_TEXT, CLASS_FREE_TEXT),
    COLUMN(TERMS_RISK, "risk", VALUE_INT, CLASS_PUBLIC),
    COLUMN(TERMS_FEE_RATE, "fee_rate", VALUE_INT, CLASS_FINANCIAL),
    COLUMN(TERMS_FEE_MIN, "fee_min", VALUE_INT, CLASS_FINANCIAL),
    COLUMN(TERMS_FEE_MAX, "fee_max", VALUE_INT, CLASS_FINANCIAL),
    COLUMN(TERMS_SETTLEMENT, "settlement", VALUE_INT, CLASS_PUBLIC),
    COLUMN(TERMS_CHANGED, "changed", VALUE_INT, CLASS_PUBLIC),
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]), MASK_DIGITS_MAX = 4, MCC_MAX = 9999 };

const Table merchant_terms_table = {
    TABLE_MERCHANT_TERMS,
    .schema = 1,
    .name = "merchant_terms",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = columns,
};

/* --- what terms can be --- */

static bool is_token(const char *text)
{
    const size_t size = strlen(text);
    return size >= 8 && strspn(text, "0123456789") == size;
}

static bool is_mask(const char *text)
{
    size_t digits = 0;
    const size_t size = strlen(text);
    for (size_t i = 0; i < size; i++)
        if (text[i] >= '0' && text[i] <= '9') digits++;
    return digits <= MASK_DIGITS_MAX && size > digits && strspn(text, "* 0123456789") == size;
}

static bool fees_are_possible(const MerchantTerms *t)
{
    return t->fee_rate >= 0 && t->fee_rate <= TERMS_RATE_MAX && t->fee_min_minor >= 0
            && t->fee_min_minor <= t->fee_max_minor && t->fee_max_minor <= TERMS_FEE_MINOR_MAX;
}

/* A token of the vault's is drawn: it does not end as the number that the mask is of. One that does
 * is the number itself. */
static bool is_number_of_mask(const char *token, const char *mask)
{
    size_t at = strlen(token);
    size_t shown = 0;
    for (size_t i = strlen(mask); i > 0; i--) {
        if (mask[i - 1] < '0' || mask[i - 1] > '9') continue;
        if (at == 0 || token[--at] != mask[i - 1]) return false;
        shown++;
    }
    return shown == MASK_DIGITS_MAX;
}

/* All of it is kept, and told to whoever may look: no text is somebody's number in disguise. */
static Status check_texts(const MerchantTerms *t, const char **ret_field)
{
    const struct {
        const char *field;
        const char *text;
    } kept[] = { { "licence_name", t->licence_name }, { "licence_number", t->licence_number },
        { "account_token", t->account_token }, { "account_mask", t->account_mask },
        { "agreement_clause", t->agreement_clause } };
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        *ret_field = kept[i].field;
        TRY(detect_kept_text(span_of_text(kept[i].text)));
    }
    *ret_field = "account_token";
    REQUIRE(!is_number_of_mask(t->account_token, t->account_mask), REFUSED_TERMS_TOKEN);
    return OK;
}

Status merchant_terms_check(const MerchantTerms *t, int64_t now_us, const char **ret_field)
{
    *ret_field = "licence_name";
    REQUIRE(t->licence_name[0] != 0, REFUSED_TERMS_FIELD);
    *ret_field = "licence_number";
    REQUIRE(span_is_plain_name(span_of_text(t->licence_number), TERMS_NUMBER_BYTES_MAX),
            REFUSED_TERMS_FIELD);
    *ret_field = "licence_until";
    REQUIRE(t->licence_until_us > now_us, REFUSED_TERMS_FIELD);
    *ret_field = "account_token";
    REQUIRE(is_token(t->account_token), REFUSED_TERMS_FIELD);
    /* A token of the vault's never passes for a card's number. */
    REQUIRE(!detect_luhn(span_of_text(t->account_token)), REFUSED_DATA_CARD_NUMBER);
    *ret_field = "account_mask";
    REQUIRE(is_mask(t->account_mask), REFUSED_TERMS_FIELD);
    *ret_field = "mcc";
    REQUIRE(t->mcc >= 1 && t->mcc <= MCC_MAX, REFUSED_TERMS_FIELD);
    *ret_field = "agreement_time";
    REQUIRE(t->agreement_us > 0 && t->agreement_us <= now_us, REFUSED_TERMS_FIELD);
    *ret_field = "agreement_clause";
    REQUIRE(t->agreement_clause[0] != 0, REFUSED_TERMS_FIELD);
    *ret_field = "fee_rate";
    REQUIRE(fees_are_possible(t), REFUSED_TERMS_FIELD);
    return check_texts(t, ret_field);
}

int64_t merchant_terms_fee(const MerchantTerms *t, int64_t minor)
{
    int64_t fee = minor_portion(minor, t->fee_rate, TERMS_RATE_WHOLE);
    if (fee < t->fee_min_minor) fee = t->fee_min_minor;
    if (fee > t->fee_max_minor) fee = t->fee_max_minor;
    return fee < minor ? fee : minor;
}

/* --- row --- */

static Status find(Rows *rows, const char *mchid, const Row **ret_row)
{
    return rows_get(rows, &merchant_terms_table, &VALUE_OF_TEXT(span_of_text(mchid)), ret_row);
}

static Status take_digest(const Value *value, uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
    CHECK(value->bytes.size == DIGEST_SHA256_BYTES, FAULT_STORE);
    memcpy(ret_digest, value->bytes.data, DIGEST_SHA256_BYTES);
    return OK;
}

static Status take_texts(const Value *v, MerchantTerms *t)
{
#define TAKE(column, place) TRY(value_copy_text(&v[COLUMN_AT(column)], t->place, sizeof(t->place)))
    TAKE(TERMS_MCHID, mchid);
    TAKE(TERMS_LICENCE_NAME, licence_name);
    TAKE(TERMS_LICENCE_NUMBER, licence_number);
    TAKE(TERMS_ACCOUNT_TOKEN, account_token);
    TAKE(TERMS_ACCOUNT_MASK, account_mask);
    TAKE(TERMS_AGREEMENT_CLAUSE, agreement_clause);
#undef TAKE
    TRY(take_digest(&v[COLUMN_AT(TERMS_LICENCE_SHA256)], t->licence_sha256));
    return take_digest(&v[COLUMN_AT(TERMS_AGREEMENT_SHA256)], t->agreement_sha256);
}

Status merchant_terms_get(Rows *rows, const char *mchid, MerchantTerms *ret)
{
    const Row *row = NULL;
    TRY(find(rows, mchid, &row));
    REQUIRE(row != NULL, REFUSED_TERMS_NONE);
    const Value *v = row->values;
    TRY(take_texts(v, ret));
    ret->licence_until_us = v[COLUMN_AT(TERMS_LICENCE_UNTIL)].integer;
    ret->mcc = v[COLUMN_AT(TERMS_MCC)].integer;
    ret->agreement_us = v[COLUMN_AT(TERMS_AGREEMENT_TIME)].integer;
    ret->risk = (MerchantRisk)v[COLUMN_AT(TERMS_RISK)].integer;
    ret->fee_rate = v[COLUMN_AT(TERMS_FEE_RATE)].integer;
    ret->fee_min_minor = v[COLUMN_AT(TERMS_FEE_MIN)].integer;
    ret->fee_max_minor = v[COLUMN_AT(TERMS_FEE_MAX)].integer;
    ret->settlement = (SettlementCycle)v[COLUMN_AT(TERMS_SETTLEMENT)].integer;
    ret->changed_us = v[COLUMN_AT(TERMS_CHANGED)].integer;
    return OK;
}

Status merchant_terms_admit(Rows *rows, const char *mchid)
{
    MerchantTerms terms;
    const Status s = merchant_terms_get(rows, mchid, &terms);
    if (status_is(s, REFUSED_TERMS_NONE)) return REFUSE(REFUSED_MERCHANT_NOT_ONBOARDED);
    TRY(s);
    REQUIRE(rows_now_us(rows) < terms.licence_until_us, REFUSED_MERCHANT_LICENCE_OVER);
    return OK;
}

Status merchant_terms_put(Rows *rows, const MerchantTerms *t)
{
    const Row *row = NULL;
    const Span licence = SPAN_OF(t->licence_sha256);
    const Span agreement = SPAN_OF(t->agreement_sha256);
    const Value values[COLUMNS] = {
        [COLUMN_AT(TERMS_MCHID)] = VALUE_OF_TEXT(span_of_text(t->mchid)),
        [COLUMN_AT(TERMS_LICENCE_NAME)] = VALUE_OF_TEXT(span_of_text(t->licence_name)),
        [COLUMN_AT(TERMS_LICENCE_NUMBER)] = VALUE_OF_TEXT(span_of_text(t->licence_number)),
        [COLUMN_AT(TERMS_LICENCE_SHA256)] = VALUE_OF_BYTES(licence),
        [COLUMN_AT(TERMS_LICENCE_UNTIL)] = VALUE_OF_INT(t->licence_until_us),
        [COLUMN_AT(TERMS_ACCOUNT_TOKEN)] = VALUE_OF_TEXT(span_of_text(t->account_token)),
        [COLUMN_AT(TERMS_ACCOUNT_MASK)] = VALUE_OF_TEXT(span_of_text(t->account_mask)),
        [COLUMN_AT(TERMS_MCC)] = VALUE_OF_INT(t->mcc),
        [COLUMN_AT(TERMS_AGREEMENT_SHA256)] = VALUE_OF_BYTES(agreement),
        [COLUMN_AT(TERMS_AGREEMENT_TIME)] = VALUE_OF_INT(t->agreement_us),
        [COLUMN_AT(TERMS_AGREEMENT_CLAUSE)] = VALUE_OF_TEXT(span_of_text(t->agreement_clause)),
        [COLUMN_AT(TERMS_RISK)] = VALUE_OF_INT((int64_t)t->risk),
        [COLUMN_AT(TERMS_FEE_RATE)] = VALUE_OF_INT(t->fee_rate),
        [COLUMN_AT(TERMS_FEE_MIN)] = VALUE_OF_INT(t->fee_min_minor),
        [COLUMN_AT(TERMS_FEE_MAX)] = VALUE_OF_INT(t->fee_max_minor),
        [COLUMN_AT(TERMS_SETTLEMENT)] = VALUE_OF_INT((int64_t)t->settlement),
        [COLUMN_AT(TERMS_CHANGED)] = VALUE_OF_INT(rows_now_us(rows)),
    };
    TRY(find(rows, t->mchid, &row));
    if (row == NULL) return rows_insert(rows, &merchant_terms_table, values);
    return rows_update(rows, &merchant_terms_table, values);
}
