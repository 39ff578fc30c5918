#include "store/batch_internal.h"

/*
 * One batch: gather, verify, run, prepare, write, commit, confirm. Every way out of engine_run()
 * leaves no transaction open and no prepared batch at the guard that was not committed (DESIGN
 * section 4.6).
 */

static void fail_all(Work *work, Status s)
{
    for (size_t i = 0; i < work->count; i++) {
        if (work->fates[i] == FATE_AGAIN) continue;
        work->fates[i] = FATE_OUTCOME;
        work->outcomes[i] = s;
    }
}

static size_t count_running(const Work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->count; i++)
        count += work->fates[i] == FATE_RUN ? 1 : 0;
    return count;
}

static void settle(Work *work, size_t i, Status outcome)
{
    work->fates[i] = FATE_OUTCOME;
    work->outcomes[i] = outcome;
}

/* The unit needs a row that nobody gathered: next time it knows better. Bounded. */
static void again_with_more(Work *work, size_t i)
{
    if (++work->units[i]->tries < BATCH_REGATHER_MAX)
        work->fates[i] = FATE_AGAIN;
    else
        settle(work, i, REFUSE(REFUSED_BATCH_FULL));
}

/* No room in this batch for this unit, and so for none behind it: order is kept. */
static void again_from(Work *work, size_t first)
{
    for (size_t i = first; i < work->count; i++) {
        if (work->fates[i] == FATE_RUN) work->fates[i] = FATE_AGAIN;
    }
}

static size_t bytes_max(const Engine *engine)
{
    return engine->guard.bytes_max > 0 ? engine->guard.bytes_max : BATCH_BYTES_MAX;
}

static void gather(Engine *engine, Work *work)
{
    Rows *rows = engine->rows;
    /* A quarter is kept free for what the rows become. */
    const size_t claims_max = bytes_max(engine) / 4 * 3;
    for (size_t i = 0; i < work->count; i++) {
        const Status s = work->units[i]->gather(work->units[i], rows);
        if (status_is(s, REFUSED_BATCH_FULL) && i > 0) {
            again_from(work, i);
            return;
        }
        if (status_is(s, REFUSED_ROW_NOT_GATHERED))
            again_with_more(work, i);
        else if (!status_ok(s))
            settle(work, i, s);
        if (rows->claim_bytes > claims_max) {
            again_from(work, i + 1);
            return;
        }
    }
}

/* Until the guard knows how the last batch ended, it vouches for no row of it and prepares no
 * other. One that is not ready finds out by itself when it is shown the store. */
static Status settle_debt(Engine *engine)
{
    const BatchGuard *guard = &engine->guard;
    Status s = OK;
    if (engine->owed == OWED_CONFIRM) s = guard->confirm(guard->context, engine->next_batch - 1);
    if (engine->owed == OWED_ABORT) s = guard->abort(guard->context, engine->next_batch);
    if (status_ok(s)) engine->owed = OWED_NOTHING;
    return s;
}

static bool not_ready(Status s) { return status_is(s, REFUSED_VAULT_NOT_READY); }

/* A guard that was started again must be shown the store first. One that was stopped in the middle
 * of that already knows the lease which we only asked for: the next showing sorts it out. */
static bool must_be_shown(Status s) { return not_ready(s) || status_is(s, REFUSED_EPOCH_FENCED); }

static Status ask_verdicts(Engine *engine, size_t count)
{
    Rows *rows = engine->rows;
    const BatchGuard *guard = &engine->guard;
    const Status settled = settle_debt(engine);
    if (!must_be_shown(settled)) TRY(settled);
    if (count > 0) {
        TRY(guard->verify(guard->context, rows->claims, count, rows->verdicts));
        engine->counters.trips_guard++;
    }
    if (status_ok(settled)) return OK;
    const Status again = settle_debt(engine); /* it was shown the store meanwhile */
    return not_ready(again) ? OK : again;
}

static Status verify(Engine *engine)
{
    Rows *rows = engine->rows;
    const BatchGuard *guard = &engine->guard;
    const size_t count = rows_claims(rows);
    TRY(ask_verdicts(engine, count));
    rows_judge(rows, count);
    if (guard->alarm == NULL) return OK;
    for (size_t i = 0; i < rows->entry_count; i++) {
        const Entry *entry = &rows->entries[i];
        if (status_ok(entry->verdict)) continue;
        guard->alarm(guard->context, entry->table, entry->key, entry->verdict);
    }
    return OK;
}

static void run_unit(Engine *engine, Work *work, size_t i)
{
    Rows *rows = engine->rows;
    rows_unit_begin(rows, (int32_t)i, work->units[i]);
    Status s = work->units[i]->run(work->units[i], rows);
    /* A unit that was told of a bad row cannot have succeeded, whatever it says. */
    if (status_ok(s)) s = rows->verdict;
    const size_t bytes = rows->at.draft_bytes + rows->at.events_bytes;
    const bool over = status_ok(s) && bytes > bytes_max(engine);
    const bool alone = rows->unit_start.changed == 0;
    if (over || status_is(s, REFUSED_BATCH_FULL)) {
        rows_undo(rows, false);
        if (alone)
            settle(work, i, REFUSE(REFUSED_BATCH_FULL));
        else
            again_from(work, i);
        return;
    }
    if (status_ok(s)) return;
    const bool more = status_is(s, REFUSED_ROW_NOT_GATHERED);
    rows_undo(rows, !more);
    if (more)
        again_with_more(work, i);
    else
        work->outcomes[i] = s; /* takes part with its event, and runs again if the batch does */
}

static void run_units(Engine *engine, Work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        if (work->fates[i] != FATE_RUN) continue;
        work->outcomes[i] = OK;
        run_unit(engine, work, i);
    }
}

/* Does the guard refuse what stands in the batch (then one unit is to blame), or the batch at this
 * time? */
static bool blames_content(Status s)
{
    switch (s.code) {
    case REFUSED_ROW_SEAL_MISMATCH:
    case REFUSED_ROW_ROLLED_BACK:
    case REFUSED_ROW_DELETED:
    case REFUSED_ROW_FROZEN:
    case REFUSED_ROW_NOT_SUCCESSOR:
    case REFUSED_ROW_DUPLICATED:
    case REFUSED_ROW_INVALID:
    case REFUSED_POSTINGS_NOT_ZERO:
    case REFUSED_POSTINGS_NOT_PAYMENT:
    case REFUSED_PAYER_ACCOUNT_OTHER:
    case REFUSED_BALANCE_NEGATIVE:
    case REFUSED_REFUND_NOT_LAWFUL:
    case REFUSED_GRANT_INVALID:
    case REFUSED_IPC_TOO_LARGE:
    case REFUSED_BUFFER_FULL: return true;
    default: return false;
    }
}

/* Write every changed row once. On a constraint error *ret_guilty is the unit behind the row. */
static Status write_rows(Engine *engine, const BatchDraft *draft, int32_t *ret_guilty)
{
    Rows *rows = engine->rows;
    for (size_t i = 0; i < draft->change_count; i++) {
        const Entry *entry = rows->changed[i];
        const Span seal = SPAN_OF(rows->seals[i]);
        const Status s = entry->stored == NULL
                ? store_write_insert(engine->store, entry->current, seal)
                : store_write_update(engine->store, &entry->stored->row, entry->current, seal);
        if (status_is(s, REFUSED_STORE_CONSTRAINT)) *ret_guilty = entry->owner;
        TRY(s);
    }
    engine->counters.rows_written += draft->change_count;
    return OK;
}

/* After a COMMIT that failed on a full disk: is the batch there all the same? */
static Status look_again(Engine *engine, Status failed)
{
    const BatchGuard *guard = &engine->guard;
    int64_t batches = 0;
    if (!status_is(failed, FAULT_STORE_FULL) || guard->committed == NULL) return failed;
    const Status s = guard->committed(guard->context, engine->store, &batches);
    if (!status_ok(s) || batches < engine->next_batch) return BROKEN(FAULT_STORE_UNCERTAIN);
    return batches > engine->next_batch ? OK : failed;
}

static Status write_batch(Engine *engine, const BatchDraft *draft, int32_t *ret_guilty)
{
    const BatchGuard *guard = &engine->guard;
    BatchSealed sealed = { .seals = engine->rows->seals };
    TRY(guard->prepare(guard->context, draft, &sealed));
    engine->counters.trips_guard++;
    TRY(write_rows(engine, draft, ret_guilty));
    TRY(guard->append(guard->context, engine->store, draft, &sealed));
    const Status s = store_commit(engine->store);
    return status_ok(s) ? s : look_again(engine, s);
}

/* The batch is not committed: take back what was prepared, decide who comes again. True: run once
 * more. */
static bool recover(Engine *engine, Work *work, Status s, int32_t guilty)
{
    store_rollback(engine->store);
    if (status_is(s, FAULT_STORE_UNCERTAIN)) {
        /* The guard keeps what it prepared: at the restart it knows both states. */
        work->stop = true;
        fail_all(work, s);
        return false;
    }
    engine->owed = OWED_ABORT;
    const Status settled = settle_debt(engine);
    if (!status_ok(settled)) {
        fail_all(work, status_broken(s) ? s : settled);
        return false;
    }
    if (guilty != ROWS_NOBODY) {
        settle(work, (size_t)guilty, s);
        rows_rewind(engine->rows);
        engine->counters.reruns++;
        return count_running(work) > 0;
    }
    const bool content = status_is(s, REFUSED_STORE_CONSTRAINT) || blames_content(s);
    if (content && count_running(work) > 1) {
        work->one_by_one = true;
        again_from(work, 0);
        return false;
    }
    fail_all(work, s);
    return false;
}

static Status try_batch(Engine *engine, Work *work, int32_t *ret_guilty)
{
    Rows *rows = engine->rows;
    run_units(engine, work);
    if (rows_unchanged(rows)) {
        store_rollback(engine->store);
        return OK;
    }
    BatchDraft draft = { 0 };
    TRY(rows_draft(rows, &draft));
    TRY(write_batch(engine, &draft, ret_guilty));
    engine->counters.trips_store++;
    engine->counters.batches++;
    engine->next_batch++;
    engine->owed = OWED_CONFIRM;
    IGNORE(settle_debt(engine), "it is durable; before the next batch the guard is told again");
    return OK;
}

static Status load(Engine *engine, Work *work)
{
    TRY(store_begin(engine->store));
    engine->counters.trips_store++;
    gather(engine, work);
    return verify(engine);
}

void engine_run(Engine *engine, Work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        work->fates[i] = FATE_RUN;
        work->outcomes[i] = OK;
    }
    rows_begin(engine->rows, engine->next_batch, clock_now_us(engine->clock));
    const Status loaded = load(engine, work);
    if (!status_ok(loaded)) {
        store_rollback(engine->store);
        fail_all(work, loaded);
        return;
    }
    /* Each round but the last settles one guilty unit, so there are at most as many as units. */
    for (size_t round = 0; round <= work->count; round++) {
        int32_t guilty = ROWS_NOBODY;
        const Status s = try_batch(engine, work, &guilty);
        if (status_ok(s)) return;
        if (!recover(engine, work, s, guilty)) return;
        const Status begun = store_begin(engine->store);
        if (!status_ok(begun)) {
            fail_all(work, begun);
            return;
        }
    }
    status_assert_failed("a batch ends", __FILE__, __LINE__);
}
