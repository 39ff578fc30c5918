#include "access/request.h"

#include "base/encoding.h"
#include "crypto/digest.h"

#define COLUMN(id, name, type, nullable, class, level)                                 \
    {                                                                                  \
        (id), (name), VALUE_##type, (nullable), CLASS_##class, LEVEL_##level, "access" \
    }

static const Column request_columns[] = {
    COLUMN(ASKED_ID, "id", TEXT, false, PUBLIC, C1),
    COLUMN(ASKED_ACTION, "action", TEXT, false, PUBLIC, C1),
    COLUMN(ASKED_PARTS, "parts", INT, false, PUBLIC, C1),
    COLUMN(ASKED_DIGEST, "digest", BYTES, false, PUBLIC, C1),
    COLUMN(ASKED_ASKER, "asker", TEXT, false, IDENTITY, C2),
    COLUMN(ASKED_PERSON, "person", BYTES, false, IDENTITY, C2),
    COLUMN(ASKED_DOOR, "door", INT, false, PUBLIC, C1),
    COLUMN(ASKED_FROM, "asked_from", TEXT, false, PUBLIC, C1),
    COLUMN(ASKED_AT, "asked", INT, false, PUBLIC, C1),
    COLUMN(ASKED_EXPIRES, "expires", INT, false, PUBLIC, C1),
    COLUMN(ASKED_NEEDS, "needs", INT, false, PUBLIC, C1),
    COLUMN(ASKED_STATE, "state", INT, false, PUBLIC, C1),
    COLUMN(ASKED_CHANGED, "changed", INT, false, PUBLIC, C1),
    COLUMN(ASKED_FIRST, "first_approver", TEXT, true, IDENTITY, C2),
    COLUMN(ASKED_SECOND, "second_approver", TEXT, true, IDENTITY, C2),
    COLUMN(ASKED_ENDED_BY, "ended_by", TEXT, true, IDENTITY, C2),
    COLUMN(ASKED_WHY, "why", TEXT, true, FREE_TEXT, C2),
    COLUMN(ASKED_OUTCOME, "outcome", INT, true, PUBLIC, C1),
    COLUMN(ASKED_ANSWER, "answer", BYTES, true, FREE_TEXT, C2),
};
enum { ASKED_COLUMNS = sizeof(request_columns) / sizeof(request_columns[0]) };

static const Column part_columns[] = {
    COLUMN(ASKED_PART_REQUEST, "request", TEXT, false, PUBLIC, C1),
    COLUMN(ASKED_PART_NUMBER, "number", INT, false, PUBLIC, C1),
    COLUMN(ASKED_PART_BYTES, "bytes", BYTES, false, FREE_TEXT, C2),
};
enum { PART_COLUMNS = sizeof(part_columns) / sizeof(part_columns[0]) };

static const Column approval_columns[] = {
    COLUMN(APPROVAL_REQUEST, "request", TEXT, false, PUBLIC, C1),
    COLUMN(APPROVAL_APPROVER, "approver", TEXT, false, IDENTITY, C2),
    COLUMN(APPROVAL_PERSON, "person", BYTES, false, IDENTITY, C2),
    COLUMN(APPROVAL_KEY, "spki", BYTES, false, KEY_PUBLIC, C1),
    COLUMN(APPROVAL_OPERATION, "operation", TEXT, false, PUBLIC, C1),
    COLUMN(APPROVAL_SUBJECT, "subject", TEXT, false, PUBLIC, C1),
    COLUMN(APPROVAL_REASON, "reason", TEXT, false, FREE_TEXT, C2),
    COLUMN(APPROVAL_EXPIRES, "expires", INT, false, PUBLIC, C1),
    COLUMN(APPROVAL_NONCE, "nonce", BYTES, false, PUBLIC, C1),
    COLUMN(APPROVAL_SIGNATURE, "signature", BYTES, false, PUBLIC, C1),
    COLUMN(APPROVAL_ENCODING, "encoding", INT, false, PUBLIC, C1),
    COLUMN(APPROVAL_GIVEN, "given", INT, false, PUBLIC, C1),
};
enum { APPROVAL_COLUMNS = sizeof(approval_columns) / sizeof(approval_columns[0]) };

const Table request_table = { TABLE_REQUEST, .schema = 1, .name = "request", .key_columns = 1,
    .column_count = ASKED_COLUMNS, .columns = request_columns };

const Table request_part_table = { TABLE_REQUEST_PART, .schema = 1, .name = "request_part",
    .key_columns = 2, .column_count = PART_COLUMNS, .columns = part_columns };

const Table approval_table = { TABLE_APPROVAL, .schema = 1, .name = "approval", .key_columns = 2,
    .column_count = APPROVAL_COLUMNS, .columns = approval_columns };

static const char *const state_names[ASKED_STATES] = { "?", "waiting", "running", "done", "failed",
    "refused", "withdrawn", "expired", "interrupted" };

const char *request_state_name(AskedState state)
{
    return state_names[(size_t)state < ASKED_STATES ? state : 0];
}

void request_subject(const AskedRequest *request, char ret_subject[ASKED_SUBJECT_BYTES + 1])
{
    Buffer text = { (uint8_t *)ret_subject, 0, ASKED_SUBJECT_BYTES };
    ASSERT(status_ok(buffer_put(&text, span_of_text(request->id))));
    ASSERT(status_ok(buffer_put_u8(&text, '/')));
    ASSERT(status_ok(hex_encode(SPAN_OF(request->digest), &text)));
    ret_subject[text.size] = '\0';
}

/* --- rows --- */

MUST_USE static Status copy_bytes(
        const Value *value, uint8_t *ret, size_t capacity, size_t *ret_size)
{
    const Span bytes = value->type == VALUE_BYTES ? value->bytes : (Span) { NULL, 0 };
    REQUIRE(bytes.size <= capacity, REFUSED_ROW_INVALID);
    if (bytes.size > 0) memcpy(ret, bytes.data, bytes.size);
    *ret_size = bytes.size;
    return OK;
}

MUST_USE static Status copy_exactly(const Value *value, uint8_t *ret, size_t size)
{
    size_t copied = 0;
    TRY(copy_bytes(value, ret, size, &copied));
    REQUIRE(copied == size, REFUSED_ROW_INVALID);
    return OK;
}

#define TEXT_INTO(v, column, place) value_copy_text(&(v)[COLUMN_AT(column)], place, sizeof(place))

MUST_USE static Status request_texts(const Value *v, AskedRequest *r)
{
    TRY(TEXT_INTO(v, ASKED_ID, r->id));
    TRY(TEXT_INTO(v, ASKED_ACTION, r->action));
    TRY(TEXT_INTO(v, ASKED_ASKER, r->asker));
    TRY(TEXT_INTO(v, ASKED_FROM, r->from));
    TRY(TEXT_INTO(v, ASKED_FIRST, r->approvers[0]));
    TRY(TEXT_INTO(v, ASKED_SECOND, r->approvers[1]));
    TRY(TEXT_INTO(v, ASKED_ENDED_BY, r->ended_by));
    return TEXT_INTO(v, ASKED_WHY, r->why);
}

static void request_ints(const Value *v, AskedRequest *r)
{
    r->door = (AccessDoor)v[COLUMN_AT(ASKED_DOOR)].integer;
    r->asked_us = v[COLUMN_AT(ASKED_AT)].integer;
    r->expires_us = v[COLUMN_AT(ASKED_EXPIRES)].integer;
    r->needs = v[COLUMN_AT(ASKED_NEEDS)].integer;
    r->parts = v[COLUMN_AT(ASKED_PARTS)].integer;
    r->state = (AskedState)v[COLUMN_AT(ASKED_STATE)].integer;
    r->changed_us = v[COLUMN_AT(ASKED_CHANGED)].integer;
    const Value *outcome = &v[COLUMN_AT(ASKED_OUTCOME)];
    r->outcome = outcome->type == VALUE_INT ? (int32_t)outcome->integer : 0;
    r->given = r->approvers[1][0] != '\0' ? 2 : r->approvers[0][0] != '\0' ? 1 : 0;
}

Status asked_get(Rows *rows, const char *id, AskedRequest *ret, bool *ret_found)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &request_table, &VALUE_OF_TEXT(span_of_text(id)), &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    *ret = (AskedRequest) { .state = ASKED_WAITING };
    TRY(request_texts(v, ret));
    request_ints(v, ret);
    TRY(copy_bytes(
            &v[COLUMN_AT(ASKED_ANSWER)], ret->answer, sizeof(ret->answer), &ret->answer_size));
    TRY(copy_exactly(&v[COLUMN_AT(ASKED_DIGEST)], ret->digest, sizeof(ret->digest)));
    return copy_exactly(&v[COLUMN_AT(ASKED_PERSON)], ret->person, sizeof(ret->person));
}

static void request_values(const AskedRequest *r, Value v[ASKED_COLUMNS])
{
    const bool ran = r->state == ASKED_DONE || r->state == ASKED_FAILED;
    const Span answer = { r->answer, r->answer_size };
    v[COLUMN_AT(ASKED_ID)] = VALUE_OF_TEXT(span_of_text(r->id));
    v[COLUMN_AT(ASKED_ACTION)] = VALUE_OF_TEXT(span_of_text(r->action));
    v[COLUMN_AT(ASKED_PARTS)] = VALUE_OF_INT(r->parts);
    v[COLUMN_AT(ASKED_DIGEST)] = VALUE_OF_BYTES(SPAN_OF(r->digest));
    v[COLUMN_AT(ASKED_ASKER)] = VALUE_OF_TEXT(span_of_text(r->asker));
    v[COLUMN_AT(ASKED_PERSON)] = VALUE_OF_BYTES(SPAN_OF(r->person));
    v[COLUMN_AT(ASKED_DOOR)] = VALUE_OF_INT((int64_t)r->door);
    v[COLUMN_AT(ASKED_FROM)] = VALUE_OF_TEXT(span_of_text(r->from));
    v[COLUMN_AT(ASKED_AT)] = VALUE_OF_INT(r->asked_us);
    v[COLUMN_AT(ASKED_EXPIRES)] = VALUE_OF_INT(r->expires_us);
    v[COLUMN_AT(ASKED_NEEDS)] = VALUE_OF_INT(r->needs);
    v[COLUMN_AT(ASKED_STATE)] = VALUE_OF_INT((int64_t)r->state);
    v[COLUMN_AT(ASKED_CHANGED)] = VALUE_OF_INT(r->changed_us);
    v[COLUMN_AT(ASKED_FIRST)] = value_of_optional_text(r->approvers[0]);
    v[COLUMN_AT(ASKED_SECOND)] = value_of_optional_text(r->approvers[1]);
    v[COLUMN_AT(ASKED_ENDED_BY)] = value_of_optional_text(r->ended_by);
    v[COLUMN_AT(ASKED_WHY)] = value_of_optional_text(r->why);
    v[COLUMN_AT(ASKED_OUTCOME)] = ran ? VALUE_OF_INT(r->outcome) : VALUE_OF_NULL;
    v[COLUMN_AT(ASKED_ANSWER)] = answer.size > 0 ? VALUE_OF_BYTES(answer) : VALUE_OF_NULL;
}

static int64_t parts_of(size_t size)
{
    return (int64_t)((size + ASKED_PART_BYTES_MAX - 1) / ASKED_PART_BYTES_MAX);
}

MUST_USE static Status insert_parts(Rows *rows, const AskedRequest *r)
{
    for (size_t at = 0, number = 1; at < r->exact_size; number++) {
        const size_t left = r->exact_size - at;
        const size_t size = left < ASKED_PART_BYTES_MAX ? left : ASKED_PART_BYTES_MAX;
        Value v[PART_COLUMNS];
        v[COLUMN_AT(ASKED_PART_REQUEST)] = VALUE_OF_TEXT(span_of_text(r->id));
        v[COLUMN_AT(ASKED_PART_NUMBER)] = VALUE_OF_INT((int64_t)number);
        v[COLUMN_AT(ASKED_PART_BYTES)] = VALUE_OF_BYTES(((Span) { r->exact + at, size }));
        TRY(rows_insert(rows, &request_part_table, v));
        at += size;
    }
    return OK;
}

Status asked_insert(Rows *rows, const AskedRequest *request)
{
    Value values[ASKED_COLUMNS];
    request_values(request, values);
    values[COLUMN_AT(ASKED_PARTS)] = VALUE_OF_INT(parts_of(request->exact_size));
    TRY(insert_parts(rows, request));
    return rows_insert(rows, &request_table, values);
}

Status asked_get_exact(Rows *rows, AskedRequest *r)
{
    uint8_t digest[ASKED_DIGEST_BYTES];
    Buffer exact = BUFFER_OF(r->exact);
    REQUIRE(r->parts >= 1 && r->parts <= ASKED_PARTS_MAX, REFUSED_ROW_INVALID);
    for (int64_t number = 1; number <= r->parts; number++) {
        const Row *row = NULL;
        const Value key[] = { VALUE_OF_TEXT(span_of_text(r->id)), VALUE_OF_INT(number) };
        TRY(rows_get(rows, &request_part_table, key, &row));
        REQUIRE(row != NULL, REFUSED_ROW_MISSING);
        TRY(buffer_put(&exact, row->values[COLUMN_AT(ASKED_PART_BYTES)].bytes));
    }
    r->exact_size = exact.size;
    sha256(span_of_buffer(&exact), digest);
    REQUIRE(bytes_equal_ct(digest, r->digest, sizeof(digest)), REFUSED_ROW_INVALID);
    return OK;
}

Status asked_update(Rows *rows, const AskedRequest *request)
{
    Value values[ASKED_COLUMNS];
    request_values(request, values);
    return rows_update(rows, &request_table, values);
}

Status approval_get(
        Rows *rows, const char *request, const char *approver, Approval *ret, bool *ret_found)
{
    const Row *row = NULL;
    const Value key[] = { VALUE_OF_TEXT(span_of_text(request)),
        VALUE_OF_TEXT(span_of_text(approver)) };
    TRY(rows_get(rows, &approval_table, key, &row));
    *ret_found = row != NULL;
    if (row == NULL) return OK;
    const Value *v = row->values;
    *ret = (Approval) { .expires_us = v[COLUMN_AT(APPROVAL_EXPIRES)].integer,
        .encoding = (uint8_t)v[COLUMN_AT(APPROVAL_ENCODING)].integer,
        .given_us = v[COLUMN_AT(APPROVAL_GIVEN)].integer };
    TRY(TEXT_INTO(v, APPROVAL_REQUEST, ret->request));
    TRY(TEXT_INTO(v, APPROVAL_APPROVER, ret->approver));
    TRY(TEXT_INTO(v, APPROVAL_OPERATION, ret->operation));
    TRY(TEXT_INTO(v, APPROVAL_SUBJECT, ret->subject));
    TRY(TEXT_INTO(v, APPROVAL_REASON, ret->reason));
    TRY(copy_bytes(&v[COLUMN_AT(APPROVAL_KEY)], ret->key, sizeof(ret->key), &ret->key_size));
    TRY(copy_bytes(&v[COLUMN_AT(APPROVAL_SIGNATURE)], ret->signature, sizeof(ret->signature),
            &ret->signature_size));
    TRY(copy_exactly(&v[COLUMN_AT(APPROVAL_NONCE)], ret->nonce, sizeof(ret->nonce)));
    return copy_exactly(&v[COLUMN_AT(APPROVAL_PERSON)], ret->person, sizeof(ret->person));
}

Status approval_insert(Rows *rows, const Approval *a)
{
    Value v[APPROVAL_COLUMNS];
    v[COLUMN_AT(APPROVAL_REQUEST)] = VALUE_OF_TEXT(span_of_text(a->request));
    v[COLUMN_AT(APPROVAL_APPROVER)] = VALUE_OF_TEXT(span_of_text(a->approver));
    v[COLUMN_AT(APPROVAL_PERSON)] = VALUE_OF_BYTES(SPAN_OF(a->person));
    v[COLUMN_AT(APPROVAL_KEY)] = VALUE_OF_BYTES(((Span) { a->key, a->key_size }));
    v[COLUMN_AT(APPROVAL_OPERATION)] = VALUE_OF_TEXT(span_of_text(a->operation));
    v[COLUMN_AT(APPROVAL_SUBJECT)] = VALUE_OF_TEXT(span_of_text(a->subject));
    v[COLUMN_AT(APPROVAL_REASON)] = VALUE_OF_TEXT(span_of_text(a->reason));
    v[COLUMN_AT(APPROVAL_EXPIRES)] = VALUE_OF_INT(a->expires_us);
    v[COLUMN_AT(APPROVAL_NONCE)] = VALUE_OF_BYTES(SPAN_OF(a->nonce));
    v[COLUMN_AT(APPROVAL_SIGNATURE)] = VALUE_OF_BYTES(((Span) { a->signature, a->signature_size }));
    v[COLUMN_AT(APPROVAL_ENCODING)] = VALUE_OF_INT(a->encoding);
    v[COLUMN_AT(APPROVAL_GIVEN)] = VALUE_OF_INT(a->given_us);
    return rows_insert(rows, &approval_table, v);
}

/* --- signatures --- */

MUST_USE static Status text_into(Span text, char *ret, size_t capacity)
{
    REQUIRE(text.size > 0 && text.size < capacity && span_is_utf8(text), REFUSED_REQUEST_SIGNATURE);
    memcpy(ret, text.data, text.size);
    ret[text.size] = '\0';
    REQUIRE(strlen(ret) == text.size, REFUSED_REQUEST_SIGNATURE);
    return OK;
}

Status approval_of_wire(const WireApproval *wire, Approval *ret_approval)
{
    Approval a = { .expires_us = wire->expires_us, .encoding = wire->encoding };
    TRY(text_into(wire->name, a.approver, sizeof(a.approver)));
    TRY(text_into(wire->operation, a.operation, sizeof(a.operation)));
    TRY(text_into(wire->subject, a.subject, sizeof(a.subject)));
    TRY(text_into(wire->reason, a.reason, sizeof(a.reason)));
    REQUIRE(wire->nonce.size == sizeof(a.nonce), REFUSED_REQUEST_SIGNATURE);
    REQUIRE(wire->signature.size > 0 && wire->signature.size <= sizeof(a.signature),
            REFUSED_REQUEST_SIGNATURE);
    memcpy(a.nonce, wire->nonce.data, sizeof(a.nonce));
    memcpy(a.signature, wire->signature.data, wire->signature.size);
    a.signature_size = wire->signature.size;
    *ret_approval = a;
    return OK;
}

static Status check_signature(const PublicKey *key, Span message, const Approval *a)
{
    const Span signature = { a->signature, a->signature_size };
    if (a->encoding == WIRE_SIGNATURE_RAW) return sign_verify_raw(key, message, signature);
    REQUIRE(a->encoding == WIRE_SIGNATURE_OWN, REFUSED_SIGNATURE_FORMAT);
    return sign_verify(key, message, signature);
}

Status approval_verify(const Approval *a)
{
    uint8_t bytes[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(bytes);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const WireApproval wire = { .operation = span_of_text(a->operation),
        .subject = span_of_text(a->subject),
        .reason = span_of_text(a->reason),
        .expires_us = a->expires_us,
        .nonce = SPAN_OF(a->nonce) };
    TRY(wire_approval_message(&wire, &message));
    TRY(public_key_from_spki((Span) { a->key, a->key_size }, &key));
    const Status s = check_signature(key, span_of_buffer(&message), a);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_REQUEST_SIGNATURE);
    return OK;
}
