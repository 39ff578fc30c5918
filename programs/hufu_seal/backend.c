#include "backend.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

void seal_refuse(int code, const JudgeTable *table, const JudgeRow *row)
{
    int state = MAKE_SQLSTATE('H', 'F', '0', '0', '1');
    if (judge_is_away(code)) state = MAKE_SQLSTATE('H', 'F', '0', '0', '2');
    if (code == JUDGE_RETRY) state = ERRCODE_T_R_SERIALIZATION_FAILURE;
    if (table == NULL)
        ereport(ERROR,
                (errcode(state), errmsg("%s", judge_name(code)),
                        errhint("%s", judge_advice(code))));
    const char *key = row != NULL ? judge_key_text(table, row) : "";
    ereport(ERROR,
            (errcode(state), errmsg("%s", judge_name(code)),
                    errdetail("%s %s", judge_table_name(table), key),
                    errhint("%s", judge_advice(code))));
}

static void require(int code)
{
    if (code != 0) seal_refuse(code, NULL, NULL);
}

/* --- tables --- */

const JudgeTable *seal_table_of(Oid relation)
{
    const JudgeTable *table = NULL;
    const JudgeConfig config = seal_config();
    const char *relation_name = get_rel_name(relation);
    const char *schema = get_namespace_name(get_rel_namespace(relation));
    const bool is_table = get_rel_relkind(relation) == RELKIND_RELATION;
    if (relation_name == NULL || schema == NULL || !is_table) seal_refuse(JUDGE_TABLE, NULL, NULL);
    require(judge_table(&config, psprintf("%s.%s", schema, relation_name), &table));
    return table;
}

Oid seal_relation_of(const JudgeTable *table)
{
    char *schema = pstrdup(judge_table_name(table));
    char *dot = strchr(schema, '.');
    if (dot == NULL) seal_refuse(JUDGE_TABLE, table, NULL);
    *dot = '\0';
    const Oid space = get_namespace_oid(schema, true);
    const Oid relation = OidIsValid(space) ? get_relname_relid(dot + 1, space) : InvalidOid;
    const bool is_table = OidIsValid(relation) && get_rel_relkind(relation) == RELKIND_RELATION;
    if (!is_table) seal_refuse(JUDGE_TABLE, table, NULL);
    return relation;
}

/* --- values --- */

static JudgeValue value_of(Datum datum, bool is_null, Oid type)
{
    Oid send = InvalidOid;
    bool is_varlena = false;
    if (is_null) return (JudgeValue) { NULL, 0, type };
    getTypeBinaryOutputInfo(type, &send, &is_varlena);
    bytea *bytes = OidSendFunctionCall(send, datum);
    return (JudgeValue) { VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, type };
}

void seal_row_of_tuple(
        const JudgeTable *table, HeapTuple tuple, TupleDesc description, JudgeRow *ret_row)
{
    JudgeValue values[JUDGE_COLUMNS_MAX];
    for (size_t i = 0; i < judge_columns(table); i++) {
        const int number = SPI_fnumber(description, judge_column(table, i));
        if (number <= 0) seal_refuse(JUDGE_TABLE, table, NULL);
        bool is_null = false;
        const Datum datum = heap_getattr(tuple, number, description, &is_null);
        values[i] = value_of(datum, is_null, SPI_gettypeid(description, number));
    }
    const int code = judge_row(table, values, ret_row);
    if (code != 0) seal_refuse(code, table, NULL);
}

typedef struct Key {
    int count;
    Datum values[JUDGE_KEY_COLUMNS_MAX];
    Oid types[JUDGE_KEY_COLUMNS_MAX];
} Key;

/* Text as the columns' types read it; the row is absent, and has this key. */
static void take_key(const JudgeTable *table, Oid relation, const char *const *text, Key *ret_key,
        JudgeRow *ret_row)
{
    JudgeValue values[JUDGE_KEY_COLUMNS_MAX];
    ret_key->count = (int)judge_key_columns(table);
    for (int i = 0; i < ret_key->count; i++) {
        Oid collation = InvalidOid;
        Oid input = InvalidOid;
        Oid parameter = InvalidOid;
        int32 modifier = -1;
        const AttrNumber number = get_attnum(relation, judge_column(table, (size_t)i));
        if (number <= 0) seal_refuse(JUDGE_TABLE, table, NULL);
        get_atttypetypmodcoll(relation, number, &ret_key->types[i], &modifier, &collation);
        getTypeInputInfo(ret_key->types[i], &input, &parameter);
        ret_key->values[i] = OidInputFunctionCall(input, pstrdup(text[i]), parameter, modifier);
        values[i] = value_of(ret_key->values[i], false, ret_key->types[i]);
    }
    const int code = judge_key(table, values, ret_row);
    if (code != 0) seal_refuse(code, table, NULL);
}

/* --- statements --- */

static void run(const char *sql, SealRead how, int count, Oid *types, Datum *values)
{
    enum { ROWS_MAX = 2 };
    const bool reads = how == SEAL_AS_SEEN || how == SEAL_NEWEST;
    if (how == SEAL_NEWEST) PushActiveSnapshot(GetLatestSnapshot());
    const int result = SPI_execute_with_args(sql, count, types, values, NULL, reads, ROWS_MAX);
    if (how == SEAL_NEWEST) PopActiveSnapshot();
    if (result < 0) elog(ERROR, "hufu_seal: %s", SPI_result_code_string(result));
}

static char *select_row(const JudgeTable *table, Oid relation, SealRead how)
{
    static const char *const locks[] = { "", "", " FOR SHARE", " FOR UPDATE" };
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "SELECT * FROM %s WHERE ",
            quote_qualified_identifier(
                    get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation)));
    for (size_t i = 0; i < judge_key_columns(table); i++)
        appendStringInfo(&sql, "%s%s OPERATOR(pg_catalog.=) $%zu", i > 0 ? " AND " : "",
                quote_identifier(judge_column(table, i)), i + 1);
    appendStringInfoString(&sql, locks[how]);
    return sql.data;
}

bool seal_read_row(const JudgeTable *table, Oid relation, const char *const *key, SealRead how,
        JudgeRow *ret_row)
{
    Key k;
    take_key(table, relation, key, &k, ret_row);
    run(select_row(table, relation, how), how, k.count, k.types, k.values);
    if (SPI_processed == 0) return false;
    const bool doubled = SPI_processed > 1;
    seal_row_of_tuple(table, SPI_tuptable->vals[0], SPI_tuptable->tupdesc, ret_row);
    ret_row->doubled = doubled;
    seal_read_seal(table, how, ret_row);
    return true;
}

/* --- the side table --- */

static Datum bytes_datum(const uint8_t *bytes, size_t size)
{
    bytea *value = palloc(VARHDRSZ + size);
    SET_VARSIZE(value, VARHDRSZ + size);
    if (size > 0) memcpy(VARDATA(value), bytes, size);
    return PointerGetDatum(value);
}

enum { SEAL_PARAMETERS = 4 };
static Oid seal_types[SEAL_PARAMETERS] = { INT4OID, BYTEAOID, INT8OID, BYTEAOID };

void seal_read_seal(const JudgeTable *table, SealRead how, JudgeRow *row)
{
    Datum values[] = { Int32GetDatum(judge_table_number(table)),
        bytes_datum(row->key, row->key_bytes) };
    bool is_null = false;
    run("SELECT seal FROM hufu.seal WHERE table_id OPERATOR(pg_catalog.=) $1 "
        "AND key OPERATOR(pg_catalog.=) $2",
            how == SEAL_AS_SEEN ? SEAL_AS_SEEN : SEAL_NEWEST, 2, seal_types, values);
    row->seal_bytes = 0;
    if (SPI_processed != 1) return;
    const Datum datum = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
    if (is_null) return;
    const bytea *seal = DatumGetByteaPP(datum);
    if (VARSIZE_ANY_EXHDR(seal) != JUDGE_SEAL_BYTES) return;
    memcpy(row->seal, VARDATA_ANY(seal), JUDGE_SEAL_BYTES);
    row->seal_bytes = JUDGE_SEAL_BYTES;
}

void seal_write_seal(
        const JudgeTable *table, const JudgeRow *row, const uint8_t seal[JUDGE_SEAL_BYTES])
{
    Datum values[] = { Int32GetDatum(judge_table_number(table)),
        bytes_datum(row->key, row->key_bytes), Int64GetDatum(judge_seal_revision(seal)),
        bytes_datum(seal, JUDGE_SEAL_BYTES) };
    run("INSERT INTO hufu.seal (table_id, key, revision, seal) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (table_id, key) DO UPDATE SET revision = excluded.revision, "
        "seal = excluded.seal",
            SEAL_LOCKED, SEAL_PARAMETERS, seal_types, values);
}

void seal_delete_seal(const JudgeTable *table, const JudgeRow *row)
{
    Datum values[] = { Int32GetDatum(judge_table_number(table)),
        bytes_datum(row->key, row->key_bytes) };
    run("DELETE FROM hufu.seal WHERE table_id OPERATOR(pg_catalog.=) $1 "
        "AND key OPERATOR(pg_catalog.=) $2",
            SEAL_LOCKED, 2, seal_types, values);
}
