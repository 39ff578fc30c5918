/* Rows as structs, and back. */
#include "lifecycle/lifecycle_rows.h"

bool subject_word_is_valid(Span word)
{
    if (word.size == 0 || word.size > SUBJECT_NAME_BYTES_MAX) return false;
    for (size_t i = 0; i < word.size; i++) {
        const uint8_t c = word.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        if (!letter && !digit && c != '_' && c != '-' && c != '.') return false;
    }
    return true;
}

Status subject_name_of(Span tenant, Span subject, SubjectName *ret_name)
{
    REQUIRE(subject_word_is_valid(tenant) && subject_word_is_valid(subject), REFUSED_SUBJECT_FIELD);
    *ret_name = (SubjectName) { 0 };
    memcpy(ret_name->tenant, tenant.data, tenant.size);
    memcpy(ret_name->subject, subject.data, subject.size);
    return OK;
}

Status lifecycle_text(Span text, char *ret_text, size_t capacity)
{
    REQUIRE(text.size > 0 && text.size < capacity && span_is_utf8(text), REFUSED_SUBJECT_FIELD);
    for (size_t i = 0; i < text.size; i++)
        REQUIRE(text.data[i] >= 0x20 && text.data[i] != 0x7f, REFUSED_SUBJECT_FIELD);
    memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = '\0';
    return OK;
}

/* --- values --- */

static Value text_of(const char *text) { return VALUE_OF_TEXT(span_of_text(text)); }

static const uint8_t no_digest[SUBJECT_DIGEST_BYTES];

/* A digest of zeros is none: NULL. */
static Value digest_of(const uint8_t digest[SUBJECT_DIGEST_BYTES])
{
    const Span bytes = { digest, SUBJECT_DIGEST_BYTES };
    return span_equal(bytes, SPAN_OF(no_digest)) ? VALUE_OF_NULL : VALUE_OF_BYTES(bytes);
}

static Status take_digest(const Value *value, uint8_t ret_digest[SUBJECT_DIGEST_BYTES])
{
    memset(ret_digest, 0, SUBJECT_DIGEST_BYTES);
    if (value->type == VALUE_NULL) return OK;
    REQUIRE(value->bytes.size == SUBJECT_DIGEST_BYTES, REFUSED_ROW_INVALID);
    memcpy(ret_digest, value->bytes.data, SUBJECT_DIGEST_BYTES);
    return OK;
}

static Status take_name(const Value *values, SubjectName *ret)
{
    TRY(value_copy_text(&values[0], ret->tenant, sizeof(ret->tenant)));
    return value_copy_text(&values[1], ret->subject, sizeof(ret->subject));
}

/* Insert, or update what is there. */
static Status put(Rows *rows, const Table *table, const Value *values)
{
    const Row *row = NULL;
    TRY(rows_get(rows, table, values, &row));
    return row == NULL ? rows_insert(rows, table, values) : rows_update(rows, table, values);
}

/* The row with this name and number, or NULL. */
static Status find(Rows *rows, const Table *table, const SubjectName *name, int64_t number,
        const Row **ret_row)
{
    const Value key[] = { text_of(name->tenant), text_of(name->subject), VALUE_OF_INT(number) };
    return rows_get(rows, table, key, ret_row);
}

/* --- subject --- */

Status subject_get(Rows *rows, const SubjectName *name, bool *ret_found, Subject *ret)
{
    const Row *row = NULL;
    TRY(find(rows, &data_subject_table, name, 0, &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    Subject subject = { .state = (SubjectState)v[COLUMN_AT(SUBJECT_STATE)].integer,
        .created_us = v[COLUMN_AT(SUBJECT_CREATED)].integer,
        .ended_us = v[COLUMN_AT(SUBJECT_ENDED)].integer,
        .holds = v[COLUMN_AT(SUBJECT_HOLDS)].integer,
        .requests = v[COLUMN_AT(SUBJECT_REQUESTS)].integer,
        .deletion_asked_us = v[COLUMN_AT(SUBJECT_DELETION_ASKED)].integer,
        .blind_us = v[COLUMN_AT(SUBJECT_BLIND)].integer };
    TRY(take_name(v, &subject.name));
    TRY(take_digest(&v[COLUMN_AT(SUBJECT_CERTIFICATE)], subject.certificate));
    *ret = subject;
    return OK;
}

Status subject_put(Rows *rows, const Subject *subject)
{
    const Value values[] = {
        text_of(subject->name.tenant),
        text_of(subject->name.subject),
        VALUE_OF_INT((int64_t)subject->state),
        VALUE_OF_INT(subject->created_us),
        VALUE_OF_INT(subject->ended_us),
        VALUE_OF_INT(subject->holds),
        VALUE_OF_INT(subject->requests),
        VALUE_OF_INT(subject->deletion_asked_us),
        digest_of(subject->certificate),
        VALUE_OF_INT(subject->blind_us),
    };
    return put(rows, &data_subject_table, values);
}

/* --- consent --- */

Status consent_get(
        Rows *rows, const SubjectName *name, uint16_t purpose, bool *ret_found, Consent *ret)
{
    const Row *row = NULL;
    TRY(find(rows, &data_consent_table, name, purpose, &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    Consent consent = { .purpose = purpose,
        .live = v[COLUMN_AT(CONSENT_LIVE)].integer == 1,
        .given_us = v[COLUMN_AT(CONSENT_GIVEN)].integer,
        .separate_us = v[COLUMN_AT(CONSENT_SEPARATE)].integer,
        .withdrawn_us = v[COLUMN_AT(CONSENT_WITHDRAWN)].integer };
    TRY(take_name(v, &consent.name));
    TRY(take_digest(&v[COLUMN_AT(CONSENT_TEXT)], consent.text));
    TRY(take_digest(&v[COLUMN_AT(CONSENT_SEPARATE_TEXT)], consent.separate_text));
    TRY(value_copy_text(&v[COLUMN_AT(CONSENT_CHANNEL)], consent.channel, sizeof(consent.channel)));
    TRY(value_copy_text(&v[COLUMN_AT(CONSENT_SEPARATE_CHANNEL)], consent.separate_channel,
            sizeof(consent.separate_channel)));
    *ret = consent;
    return OK;
}

Status consent_put(Rows *rows, const Consent *consent)
{
    const Value values[] = {
        text_of(consent->name.tenant),
        text_of(consent->name.subject),
        VALUE_OF_INT(consent->purpose),
        VALUE_OF_INT(consent->live ? 1 : 0),
        VALUE_OF_INT(consent->given_us),
        VALUE_OF_BYTES(SPAN_OF(consent->text)),
        text_of(consent->channel),
        VALUE_OF_INT(consent->separate_us),
        digest_of(consent->separate_text),
        value_of_optional_text(consent->separate_channel),
        VALUE_OF_INT(consent->withdrawn_us),
    };
    return put(rows, &data_consent_table, values);
}

/* --- holding --- */

enum { PURPOSE_BYTES = 2 + 8 + 8 };

static Status take_purposes(Span bytes, Holding *holding)
{
    Cursor c = cursor_of(bytes);
    while (c.rest.size > 0) {
        REQUIRE(holding->purpose_count < PURPOSES_MAX, REFUSED_ROW_INVALID);
        HoldingPurpose *purpose = &holding->purposes[holding->purpose_count++];
        TRY(cursor_u16(&c, &purpose->purpose));
        TRY(cursor_i64(&c, &purpose->since_us));
        TRY(cursor_i64(&c, &purpose->ended_us));
    }
    return OK;
}

Status holding_get(
        Rows *rows, const SubjectName *name, DataClass class, bool *ret_found, Holding *ret)
{
    const Row *row = NULL;
    TRY(find(rows, &data_holding_table, name, (int64_t) class, &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    Holding holding = { .class = class,
        .state = (HoldingState)v[COLUMN_AT(HOLDING_STATE)].integer,
        .since_us = v[COLUMN_AT(HOLDING_SINCE)].integer,
        .due_us = v[COLUMN_AT(HOLDING_DUE)].integer,
        .version = v[COLUMN_AT(HOLDING_VERSION)].integer };
    TRY(take_name(v, &holding.name));
    TRY(value_copy_text(
            &v[COLUMN_AT(HOLDING_REFERENCE)], holding.reference, sizeof(holding.reference)));
    TRY(take_purposes(v[COLUMN_AT(HOLDING_PURPOSES)].bytes, &holding));
    *ret = holding;
    return OK;
}

Status holding_put(Rows *rows, const Holding *holding)
{
    uint8_t memory[PURPOSES_MAX * PURPOSE_BYTES];
    Buffer purposes = BUFFER_OF(memory);
    for (size_t i = 0; i < holding->purpose_count; i++) {
        TRY(buffer_put_u16(&purposes, holding->purposes[i].purpose));
        TRY(buffer_put_i64(&purposes, holding->purposes[i].since_us));
        TRY(buffer_put_i64(&purposes, holding->purposes[i].ended_us));
    }
    const Value values[] = {
        text_of(holding->name.tenant),
        text_of(holding->name.subject),
        VALUE_OF_INT((int64_t)holding->class),
        VALUE_OF_INT((int64_t)holding->state),
        VALUE_OF_INT(holding->since_us),
        VALUE_OF_INT(holding->due_us),
        VALUE_OF_INT(holding->version),
        value_of_optional_text(holding->reference),
        VALUE_OF_BYTES(span_of_buffer(&purposes)),
    };
    return put(rows, &data_holding_table, values);
}

/* --- hold --- */

Status hold_get(Rows *rows, const SubjectName *name, int64_t slot, bool *ret_found, Hold *ret)
{
    const Row *row = NULL;
    TRY(find(rows, &data_hold_table, name, slot, &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    Hold hold = { .slot = slot,
        .live = v[COLUMN_AT(HOLD_LIVE)].integer == 1,
        .placed_us = v[COLUMN_AT(HOLD_PLACED)].integer,
        .until_us = v[COLUMN_AT(HOLD_UNTIL)].integer,
        .released_us = v[COLUMN_AT(HOLD_RELEASED)].integer };
    TRY(take_name(v, &hold.name));
    TRY(value_copy_text(&v[COLUMN_AT(HOLD_AUTHORITY)], hold.authority, sizeof(hold.authority)));
    TRY(value_copy_text(&v[COLUMN_AT(HOLD_REFERENCE)], hold.reference, sizeof(hold.reference)));
    TRY(value_copy_text(&v[COLUMN_AT(HOLD_FIRST)], hold.first, sizeof(hold.first)));
    TRY(value_copy_text(&v[COLUMN_AT(HOLD_SECOND)], hold.second, sizeof(hold.second)));
    *ret = hold;
    return OK;
}

Status hold_put(Rows *rows, const Hold *hold)
{
    const Value values[] = {
        text_of(hold->name.tenant),
        text_of(hold->name.subject),
        VALUE_OF_INT(hold->slot),
        VALUE_OF_INT(hold->live ? 1 : 0),
        text_of(hold->authority),
        text_of(hold->reference),
        VALUE_OF_INT(hold->placed_us),
        VALUE_OF_INT(hold->until_us),
        VALUE_OF_INT(hold->released_us),
        text_of(hold->first),
        text_of(hold->second),
    };
    return put(rows, &data_hold_table, values);
}

/* --- all of it --- */

Status subject_load(
        Rows *rows, const Purposes *purposes, const SubjectName *name, SubjectFile *ret_file)
{
    SubjectFile *f = ret_file;
    *f = (SubjectFile) { .purposes = purposes };
    TRY(subject_get(rows, name, &f->found, &f->subject));
    for (size_t i = 0; i < purposes->count; i++)
        TRY(consent_get(rows, name, purposes->of[i].number, &f->has_consent[i], &f->consents[i]));
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++)
        TRY(holding_get(rows, name, data_class_at(i)->class, &f->has_holding[i], &f->holdings[i]));
    for (int64_t i = 0; i < SUBJECT_HOLDS_MAX; i++)
        TRY(hold_get(rows, name, i, &f->has_hold[i], &f->holds[i]));
    return OK;
}

int64_t subject_held_until_us(const SubjectFile *file, int64_t now_us)
{
    int64_t until_us = 0;
    for (size_t i = 0; i < SUBJECT_HOLDS_MAX; i++) {
        const Hold *hold = &file->holds[i];
        const bool counts = file->has_hold[i] && hold->live && hold->until_us > now_us;
        if (counts && hold->until_us > until_us) until_us = hold->until_us;
    }
    return until_us;
}
