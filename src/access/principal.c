#include "access/principal.h"

static const Column principal_columns[] = {
    { PRINCIPAL_ID, "id", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PRINCIPAL_TENANT, "tenant", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_KIND, "kind", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_PERSON, "person", VALUE_BYTES, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PRINCIPAL_ROLES, "roles", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_KEY_ALGORITHM, "algorithm", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_KEY, "spki", VALUE_BYTES, false, CLASS_KEY_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_CREATED, "created", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_CHANGED, "changed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PRINCIPAL_REVIEW, "review", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};
enum { COLUMNS = sizeof(principal_columns) / sizeof(principal_columns[0]) };

const Table principal_table = {
    TABLE_PRINCIPAL,
    .schema = 1,
    .name = "principal",
    .append_only = false,
    .key_columns = 1,
    .column_count = COLUMNS,
    .columns = principal_columns,
};

bool principal_id_is_valid(Span id)
{
    if (id.size == 0 || id.size > PRINCIPAL_ID_BYTES_MAX) return false;
    for (size_t i = 0; i < id.size; i++) {
        const uint8_t c = id.data[i];
        const bool letter = c >= 'a' && c <= 'z';
        const bool mark = c == '_' || c == '.' || c == '-' || (c >= '0' && c <= '9');
        if (!letter && (i == 0 || !mark)) return false;
    }
    return true;
}

Status principal_set_key(Principal *principal, const PublicKey *key)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    const KeyAlgorithm algorithm = public_key_algorithm(key);
    const bool taken = algorithm == KEY_ED25519 || algorithm == KEY_P256 || algorithm == KEY_SM2;
    REQUIRE(taken, REFUSED_PRINCIPAL_KEY);
    TRY(public_key_to_spki(key, &spki));
    REQUIRE(spki.size <= PRINCIPAL_KEY_BYTES_MAX, REFUSED_PRINCIPAL_KEY);
    memcpy(principal->key, spki.data, spki.size);
    principal->key_size = spki.size;
    principal->algorithm = algorithm;
    return OK;
}

static Status principal_of_row(const Row *row, Principal *ret)
{
    const Value *v = row->values;
    Principal principal = {
        .kind = (PrincipalKind)v[COLUMN_AT(PRINCIPAL_KIND)].integer,
        .roles = (RoleSet)v[COLUMN_AT(PRINCIPAL_ROLES)].integer,
        .algorithm = (KeyAlgorithm)v[COLUMN_AT(PRINCIPAL_KEY_ALGORITHM)].integer,
        .status = (RegisterStatus)v[COLUMN_AT(PRINCIPAL_STATUS)].integer,
        .created_us = v[COLUMN_AT(PRINCIPAL_CREATED)].integer,
        .changed_us = v[COLUMN_AT(PRINCIPAL_CHANGED)].integer,
        .review_us = v[COLUMN_AT(PRINCIPAL_REVIEW)].integer,
    };
    const Span person = v[COLUMN_AT(PRINCIPAL_PERSON)].bytes;
    const Span key = v[COLUMN_AT(PRINCIPAL_KEY)].bytes;
    REQUIRE(person.size == PRINCIPAL_PERSON_BYTES, REFUSED_ROW_INVALID);
    REQUIRE(key.size > 0 && key.size <= PRINCIPAL_KEY_BYTES_MAX, REFUSED_ROW_INVALID);
    memcpy(principal.person, person.data, person.size);
    memcpy(principal.key, key.data, key.size);
    principal.key_size = key.size;
    TRY(value_copy_text(&v[COLUMN_AT(PRINCIPAL_ID)], principal.id, sizeof(principal.id)));
    TRY(value_copy_text(
            &v[COLUMN_AT(PRINCIPAL_TENANT)], principal.tenant, sizeof(principal.tenant)));
    *ret = principal;
    return OK;
}

Status principal_get(Rows *rows, const char *id, Principal *ret, bool *ret_found)
{
    const Row *row = NULL;
    TRY(rows_get(rows, &principal_table, &VALUE_OF_TEXT(span_of_text(id)), &row));
    *ret_found = row != NULL;
    return row != NULL ? principal_of_row(row, ret) : OK;
}

static void principal_values(const Principal *p, Value ret_values[COLUMNS])
{
    ret_values[COLUMN_AT(PRINCIPAL_ID)] = VALUE_OF_TEXT(span_of_text(p->id));
    ret_values[COLUMN_AT(PRINCIPAL_TENANT)] = VALUE_OF_TEXT(span_of_text(p->tenant));
    ret_values[COLUMN_AT(PRINCIPAL_KIND)] = VALUE_OF_INT((int64_t)p->kind);
    ret_values[COLUMN_AT(PRINCIPAL_PERSON)] = VALUE_OF_BYTES(SPAN_OF(p->person));
    ret_values[COLUMN_AT(PRINCIPAL_ROLES)] = VALUE_OF_INT((int64_t)p->roles);
    ret_values[COLUMN_AT(PRINCIPAL_KEY_ALGORITHM)] = VALUE_OF_INT((int64_t)p->algorithm);
    ret_values[COLUMN_AT(PRINCIPAL_KEY)] = VALUE_OF_BYTES(((Span) { p->key, p->key_size }));
    ret_values[COLUMN_AT(PRINCIPAL_STATUS)] = VALUE_OF_INT((int64_t)p->status);
    ret_values[COLUMN_AT(PRINCIPAL_CREATED)] = VALUE_OF_INT(p->created_us);
    ret_values[COLUMN_AT(PRINCIPAL_CHANGED)] = VALUE_OF_INT(p->changed_us);
    ret_values[COLUMN_AT(PRINCIPAL_REVIEW)] = VALUE_OF_INT(p->review_us);
}

Status principal_insert(Rows *rows, const Principal *principal)
{
    Value values[COLUMNS];
    principal_values(principal, values);
    const Status s = rows_insert(rows, &principal_table, values);
    return status_is(s, REFUSED_ROW_EXISTS) ? REFUSE(REFUSED_PRINCIPAL_EXISTS) : s;
}

Status principal_update(Rows *rows, const Principal *principal)
{
    Value values[COLUMNS];
    principal_values(principal, values);
    return rows_update(rows, &principal_table, values);
}
