/* payer_card: the rows, as SQL and as structs, and the plain read that finds them. */
#include "payment/payer_card.h"

#include "base/encoding.h"

#define COLUMN(id, name, type, nullable, class, level)    \
    {                                                     \
        id, name, type, nullable, class, level, "payment" \
    }
static const Column columns[] = {
    COLUMN(PAYER_CARD_PAYER, "payer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2),
    COLUMN(PAYER_CARD_PLACE, "place", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_ID, "id", VALUE_TEXT, false, CLASS_BINDING, LEVEL_C2),
    COLUMN(PAYER_CARD_STATE, "state", VALUE_INT, false, CLASS_BINDING, LEVEL_C2),
    COLUMN(PAYER_CARD_RESULT, "result", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    { PAYER_CARD_TOKEN, "token", VALUE_TEXT, true, CLASS_CARD, LEVEL_C2, "payment", FORM_TOKEN },
    { PAYER_CARD_MASK, "mask", VALUE_TEXT, true, CLASS_CARD, LEVEL_C2, "payment", FORM_MASK },
    COLUMN(PAYER_CARD_AGREEMENT, "agreement", VALUE_TEXT, true, CLASS_BINDING, LEVEL_C2),
    COLUMN(PAYER_CARD_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_BOUND, "bound", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_ENDED, "ended", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_DUE, "due", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_EXPIRES, "expires", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_CODES, "codes", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_DAY, "day", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
    COLUMN(PAYER_CARD_TRIES, "tries", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1),
};
enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

const Table payer_card_table = {
    TABLE_PAYER_CARD,
    .schema = 1,
    .name = "payer_card",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = columns,
};

static const char *const states[] = { [PAYER_CARD_NONE] = "NONE",
    [PAYER_CARD_BEGUN] = "BEGUN",
    [PAYER_CARD_SENT] = "SENT",
    [PAYER_CARD_WAITING] = "WAITING",
    [PAYER_CARD_TRYING] = "TRYING",
    [PAYER_CARD_LIVE] = "LIVE",
    [PAYER_CARD_ENDING] = "ENDING",
    [PAYER_CARD_OVER] = "OVER" };

const char *payer_card_state_name(PayerCardState state)
{
    ASSERT(state >= PAYER_CARD_NONE && state <= PAYER_CARD_OVER);
    return states[state];
}

/* "c-" and 20 hexadecimal digits: no text of somebody's. */
bool payer_card_id_is_valid(Span id)
{
    uint8_t bytes[PAYER_CARD_ID_BYTES / 2];
    Buffer decoded = BUFFER_OF(bytes);
    if (id.size != PAYER_CARD_ID_BYTES || id.data[0] != 'c' || id.data[1] != '-') return false;
    return status_ok(hex_decode((Span) { id.data + 2, id.size - 2 }, &decoded));
}

/* --- rows --- */

static int64_t number_at(const Value *v, enum PayerCardColumn column)
{
    return v[COLUMN_AT(column)].integer;
}

static Status of_row(const Value *v, PayerCard *ret)
{
    PayerCard card = { .place = number_at(v, PAYER_CARD_PLACE),
        .state = (PayerCardState)number_at(v, PAYER_CARD_STATE),
        .result = (int32_t)number_at(v, PAYER_CARD_RESULT),
        .created_us = number_at(v, PAYER_CARD_CREATED),
        .bound_us = number_at(v, PAYER_CARD_BOUND),
        .ended_us = number_at(v, PAYER_CARD_ENDED),
        .due_us = number_at(v, PAYER_CARD_DUE),
        .expires_us = number_at(v, PAYER_CARD_EXPIRES),
        .codes = number_at(v, PAYER_CARD_CODES),
        .day = number_at(v, PAYER_CARD_DAY),
        .tries = number_at(v, PAYER_CARD_TRIES) };
    REQUIRE(card.state > PAYER_CARD_NONE && card.state <= PAYER_CARD_OVER, REFUSED_ROW_INVALID);
#define TAKE_TEXT(column, place) \
    TRY(value_copy_text(&v[COLUMN_AT(column)], card.place, sizeof(card.place)))
    TAKE_TEXT(PAYER_CARD_PAYER, payer);
    TAKE_TEXT(PAYER_CARD_ID, id);
    TAKE_TEXT(PAYER_CARD_TOKEN, token);
    TAKE_TEXT(PAYER_CARD_MASK, mask);
    TAKE_TEXT(PAYER_CARD_AGREEMENT, agreement);
#undef TAKE_TEXT
    *ret = card;
    return OK;
}

Status payer_cards_get(Rows *rows, const char *payer, PayerCards *ret_cards)
{
    for (int64_t place = 0; place < PAYER_CARDS_MAX; place++) {
        const Value key[] = { VALUE_OF_TEXT(span_of_text(payer)), VALUE_OF_INT(place) };
        const Row *row = NULL;
        ret_cards->at[place] = (PayerCard) { .place = place };
        TRY(rows_get(rows, &payer_card_table, key, &row));
        if (row != NULL) TRY(of_row(row->values, &ret_cards->at[place]));
    }
    return OK;
}

Status payer_cards_find(PayerCards *cards, const char *id, PayerCard **ret_card)
{
    for (size_t i = 0; i < PAYER_CARDS_MAX; i++) {
        PayerCard *card = &cards->at[i];
        if (card->state == PAYER_CARD_NONE || strcmp(card->id, id) != 0) continue;
        *ret_card = card;
        return OK;
    }
    return REFUSE(REFUSED_CARD_UNKNOWN);
}

Status payer_card_put(Rows *rows, const PayerCard *card)
{
    const Value values[COLUMNS] = {
        [COLUMN_AT(PAYER_CARD_PAYER)] = VALUE_OF_TEXT(span_of_text(card->payer)),
        [COLUMN_AT(PAYER_CARD_PLACE)] = VALUE_OF_INT(card->place),
        [COLUMN_AT(PAYER_CARD_ID)] = VALUE_OF_TEXT(span_of_text(card->id)),
        [COLUMN_AT(PAYER_CARD_STATE)] = VALUE_OF_INT((int64_t)card->state),
        [COLUMN_AT(PAYER_CARD_RESULT)] = VALUE_OF_INT(card->result),
        [COLUMN_AT(PAYER_CARD_TOKEN)] = value_of_optional_text(card->token),
        [COLUMN_AT(PAYER_CARD_MASK)] = value_of_optional_text(card->mask),
        [COLUMN_AT(PAYER_CARD_AGREEMENT)] = value_of_optional_text(card->agreement),
        [COLUMN_AT(PAYER_CARD_CREATED)] = VALUE_OF_INT(card->created_us),
        [COLUMN_AT(PAYER_CARD_BOUND)] = VALUE_OF_INT(card->bound_us),
        [COLUMN_AT(PAYER_CARD_ENDED)] = VALUE_OF_INT(card->ended_us),
        [COLUMN_AT(PAYER_CARD_DUE)] = VALUE_OF_INT(card->due_us),
        [COLUMN_AT(PAYER_CARD_EXPIRES)] = VALUE_OF_INT(card->expires_us),
        [COLUMN_AT(PAYER_CARD_CODES)] = VALUE_OF_INT(card->codes),
        [COLUMN_AT(PAYER_CARD_DAY)] = VALUE_OF_INT(card->day),
        [COLUMN_AT(PAYER_CARD_TRIES)] = VALUE_OF_INT(card->tries),
    };
    const Status s = rows_update(rows, &payer_card_table, values);
    return status_is(s, REFUSED_ROW_MISSING) ? rows_insert(rows, &payer_card_table, values) : s;
}

/* --- the plain read --- */

typedef struct FoundList {
    PayerCardFound *found;
    size_t count;
} FoundList;

static Status take_found(void *context, const Value *values, size_t count)
{
    FoundList *list = context;
    CHECK(count == 2 && list->count < PAYER_CARDS_DUE_MAX, FAULT_STORE);
    PayerCardFound *found = &list->found[list->count];
    const bool fits = status_ok(value_copy_text(&values[0], found->payer, sizeof(found->payer)))
            && status_ok(value_copy_text(&values[1], found->id, sizeof(found->id)));
    if (fits) list->count++; /* what we would never have written names no row of ours */
    return OK;
}

/* 5 and 7 are LIVE and OVER, as the index says; 3 is WAITING, whose time is its code's. */
Status payer_cards_due(Store *store, int64_t now_us, int64_t first_batch,
        PayerCardFound ret_found[PAYER_CARDS_DUE_MAX], size_t *ret_count)
{
    static const char sql[] =
            "SELECT payer, id FROM payer_card WHERE state <> 5 AND state <> 7"
            " AND (due <= ?1 OR (state <> 3 AND batch < ?2)) ORDER BY due LIMIT ?3";
    const Value parameters[] = { VALUE_OF_INT(now_us), VALUE_OF_INT(first_batch),
        VALUE_OF_INT(PAYER_CARDS_DUE_MAX) };
    FoundList list = { ret_found, 0 };
    TRY(store_query(store, sql, parameters, 3, take_found, &list));
    *ret_count = list.count;
    return OK;
}
