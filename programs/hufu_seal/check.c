/* hufu_seal_check() and hufu_seal_verdict(): is this row what was last sealed? */
#include "backend.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

enum { LOOKS_MAX = 4 };

static int verdict_of(const JudgeTable *table, const JudgeRow *row)
{
    int verdicts[JUDGE_ROWS_MAX];
    const JudgeConfig config = seal_config();
    const int code = judge_rows(&config, &row, 1, verdicts);
    CHECK_FOR_INTERRUPTS();
    if (code != 0) seal_refuse(code, table, row);
    return verdicts[0];
}

static bool may_lock(Oid relation)
{
    return !XactReadOnly && pg_class_aclcheck(relation, GetUserId(), ACL_UPDATE) == ACLCHECK_OK;
}

/* What does not fit at first sight may just be moving, or the statement's snapshot is old: the row
 * is looked at again as it is now, under its lock where we may. A row that is not there is never
 * held against anybody here: a scan does that. */
static int look_again(const JudgeTable *table, Oid relation, const JudgeRow *seen, int verdict)
{
    JudgeRow now;
    const char *key[JUDGE_KEY_COLUMNS_MAX];
    const bool locks = may_lock(relation);
    for (int i = 0; i < LOOKS_MAX && verdict != 0; i++) {
        const int code = judge_key_texts(table, seen, key);
        if (code != 0) return code;
        const SealRead how = locks ? SEAL_SHARED : SEAL_NEWEST;
        now.locked = seal_read_row(table, relation, key, how, &now) && locks;
        verdict = verdict_of(table, &now);
        if (now.locked) break;
    }
    if (verdict != 0) return verdict;
    const bool same = now.absent ? seen->absent : judge_same_image(&now, seen);
    return same ? 0 : JUDGE_UNCERTAIN;
}

static int look(const JudgeTable *table, Oid relation, const JudgeRow *seen)
{
    int verdict = verdict_of(table, seen);
    if (verdict != 0) verdict = look_again(table, relation, seen, verdict);
    return verdict == 0 && seen->absent ? JUDGE_ROW_MISSING : verdict;
}

/* --- how a row is named --- */

typedef struct Asked {
    const JudgeTable *table;
    JudgeRow row;
    int code;
} Asked;

/* (regclass, VARIADIC text[]) */
static void ask_by_key(FunctionCallInfo fcinfo, Asked *ret)
{
    Datum *values = NULL;
    bool *nulls = NULL;
    int count = 0;
    const char *key[JUDGE_KEY_COLUMNS_MAX] = { NULL };
    const Oid relation = PG_GETARG_OID(0);
    SPI_connect();
    ret->table = seal_table_of(relation);
    deconstruct_array(
            PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
    if ((size_t)count != judge_key_columns(ret->table))
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the key of %s has %zu columns", judge_table_name(ret->table),
                                judge_key_columns(ret->table))));
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            ereport(ERROR,
                    (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("no key column is NULL")));
        key[i] = TextDatumGetCString(values[i]);
    }
    (void)seal_read_row(ret->table, relation, key, SEAL_AS_SEEN, &ret->row);
    ret->code = look(ret->table, relation, &ret->row);
    SPI_finish();
}

/* (record): a whole row of the table, as the statement has it: nothing is read twice. */
static void ask_by_row(FunctionCallInfo fcinfo, Asked *ret)
{
    HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(0);
    const Oid type = HeapTupleHeaderGetTypeId(header);
    const Oid relation = get_typ_typrelid(type);
    HeapTupleData tuple = { .t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header };
    ItemPointerSetInvalid(&tuple.t_self);
    if (!OidIsValid(relation)) seal_refuse(JUDGE_TABLE, NULL, NULL);
    SPI_connect();
    ret->table = seal_table_of(relation);
    TupleDesc description = lookup_rowtype_tupdesc(type, HeapTupleHeaderGetTypMod(header));
    seal_row_of_tuple(ret->table, &tuple, description, &ret->row);
    ReleaseTupleDesc(description);
    seal_read_seal(ret->table, SEAL_AS_SEEN, &ret->row);
    ret->code = look(ret->table, relation, &ret->row);
    SPI_finish();
}

static Datum answer_check(const Asked *asked)
{
    if (asked->code == JUDGE_ROW_MISSING) PG_RETURN_BOOL(false);
    if (asked->code != 0) seal_refuse(asked->code, asked->table, &asked->row);
    PG_RETURN_BOOL(true);
}

#define ANSWER(name, ask, answer)    \
    PG_FUNCTION_INFO_V1(name);       \
    Datum name(PG_FUNCTION_ARGS)     \
    {                                \
        Asked asked = { .code = 0 }; \
        ask(fcinfo, &asked);         \
        return answer;               \
    }

ANSWER(hufu_sql_check_key, ask_by_key, answer_check(&asked))
ANSWER(hufu_sql_check_row, ask_by_row, answer_check(&asked))
ANSWER(hufu_sql_verdict_key, ask_by_key, PointerGetDatum(cstring_to_text(judge_name(asked.code))))
ANSWER(hufu_sql_verdict_row, ask_by_row, PointerGetDatum(cstring_to_text(judge_name(asked.code))))
