/* hufu_seal_guard(): a trigger that refuses what the core did not announce. It seals nothing. */
#include "backend.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/rel.h"

typedef struct Write {
    const JudgeTable *table;
    const JudgeRow *rows[JUDGE_ROWS_MAX];
    size_t count;
    JudgeRow old; /* under its lock: the database holds it before it asks us */
    JudgeRow gone; /* the old key, which nothing has afterwards */
    JudgeRow new;
    bool has_old;
    bool has_new;
} Write;

static void show(Write *w, const JudgeRow *row) { w->rows[w->count++] = row; }

static void take_old(Write *w, const TriggerData *t)
{
    seal_row_of_tuple(w->table, t->tg_trigtuple, t->tg_relation->rd_att, &w->old);
    seal_read_seal(w->table, SEAL_NEWEST, &w->old);
    w->old.locked = true;
    w->has_old = true;
    show(w, &w->old);
}

static void take_new(Write *w, const TriggerData *t)
{
    const bool inserts = TRIGGER_FIRED_BY_INSERT(t->tg_event);
    const HeapTuple tuple = inserts ? t->tg_trigtuple : t->tg_newtuple;
    seal_row_of_tuple(w->table, tuple, t->tg_relation->rd_att, &w->new);
    w->has_new = true;
    show(w, &w->new);
}

static void ask(const Write *w, int ret_verdicts[JUDGE_ROWS_MAX])
{
    const JudgeConfig config = seal_config();
    const int code = judge_rows(&config, w->rows, w->count, ret_verdicts);
    CHECK_FOR_INTERRUPTS();
    if (code != 0) seal_refuse(code, w->table, w->rows[0]);
}

/* Neither the vault's yes alone counts (another transaction may have announced the same), nor that
 * this transaction announced something. */
static void require_announced(const Write *w)
{
    const JudgeConfig config = seal_config();
    const JudgeRow *row = w->has_new ? &w->new : &w->old;
    const TransactionId xid = GetTopTransactionIdIfAny();
    if (!TransactionIdIsValid(xid)) seal_refuse(JUDGE_UNANNOUNCED, w->table, row);
    const int code = judge_is_open(&config, w->table, xid);
    if (code != 0) seal_refuse(code, w->table, row);
}

static bool is_right(int verdict) { return verdict == 0 || judge_is_seal_lost(verdict); }

static void judge_write(Write *w)
{
    int verdicts[JUDGE_ROWS_MAX];
    ask(w, verdicts);
    const bool unsealed = w->has_old && judge_is_unsealed(verdicts[0]);
    if (w->has_old && !is_right(verdicts[0]) && !unsealed)
        seal_refuse(verdicts[0], w->table, &w->old);
    if (w->has_old && w->has_new && judge_same_image(&w->old, &w->new)) {
        if (unsealed) seal_refuse(verdicts[0], w->table, &w->old);
        return; /* only columns that are not sealed change */
    }
    for (size_t i = w->has_old ? 1 : 0; i < w->count; i++) {
        if (!is_right(verdicts[i])) seal_refuse(JUDGE_UNANNOUNCED, w->table, w->rows[i]);
    }
    require_announced(w);
}

static void judge_trigger(const TriggerData *t)
{
    Write w = { .table = seal_table_of(RelationGetRelid(t->tg_relation)) };
    if (!TRIGGER_FIRED_FOR_ROW(t->tg_event)) seal_refuse(JUDGE_UNANNOUNCED, w.table, NULL);
    if (!TRIGGER_FIRED_BY_INSERT(t->tg_event)) take_old(&w, t);
    if (!TRIGGER_FIRED_BY_DELETE(t->tg_event)) take_new(&w, t);
    if (w.has_old && (!w.has_new || !judge_same_key(&w.old, &w.new))) {
        w.gone = w.old;
        w.gone.absent = true;
        show(&w, &w.gone);
    }
    judge_write(&w);
}

PG_FUNCTION_INFO_V1(hufu_sql_guard);
Datum hufu_sql_guard(PG_FUNCTION_ARGS)
{
    const TriggerData *t = (const TriggerData *)fcinfo->context;
    if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(t->tg_event))
        ereport(ERROR,
                (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("hufu_seal_guard() is a trigger that is fired before")));
    SPI_connect();
    judge_trigger(t);
    SPI_finish();
    const bool updates = TRIGGER_FIRED_BY_UPDATE(t->tg_event);
    return PointerGetDatum(updates ? t->tg_newtuple : t->tg_trigtuple);
}
