#include "lifecycle/retention.h"

#include "base/time.h"
#include "lifecycle/lifecycle_rows.h"
#include "store/unit_wait.h"

/* --- dates --- */

/* A purpose that is no longer in the file keeps its data: nothing is deleted for a mistyped name.
 */
int64_t holding_due_us(const Holding *holding, const Purposes *purposes, bool law_alone)
{
    int64_t due_us = 0;
    for (size_t i = 0; i < holding->purpose_count; i++) {
        const HoldingPurpose *held = &holding->purposes[i];
        const Purpose *purpose = purpose_numbered(purposes, held->purpose);
        if (purpose == NULL || held->ended_us == 0) return SUBJECT_TIME_NEVER_US;
        const int64_t days = law_alone ? purpose->law_days : purpose->keep_days;
        const int64_t end_us = held->ended_us + days * TIME_DAY_US;
        if (end_us > due_us) due_us = end_us;
    }
    return due_us;
}

void holding_end(Holding *holding, const Purposes *purposes, const Purpose *purpose, int64_t now_us,
        bool law_alone)
{
    for (size_t i = 0; i < holding->purpose_count; i++) {
        HoldingPurpose *held = &holding->purposes[i];
        const bool meant = purpose == NULL || held->purpose == purpose->number;
        if (meant && held->ended_us == 0) held->ended_us = now_us;
    }
    holding->due_us = holding_due_us(holding, purposes, law_alone);
    if (law_alone) holding->state = HOLDING_RESTRICTED;
}

/* --- deleting --- */

static Status append(
        Rows *rows, ActKind kind, const SubjectName *name, ClassSet classes, const char *actor)
{
    Act act = { .kind = kind, .name = *name, .classes = classes };
    const size_t size = strlen(actor);
    ASSERT(size < sizeof(act.actor));
    memcpy(act.actor, actor, size);
    return act_append(rows, &act);
}

Status holding_drop(Rows *rows, Holding *holding, const char *actor)
{
    holding->state = HOLDING_DELETING;
    holding->due_us = rows_now_us(rows); /* so that the clock finds it, to clear it away */
    TRY(holding_put(rows, holding));
    return append(rows, ACT_DELETE, &holding->name, class_set_of(holding->class), actor);
}

Status holding_empty(Rows *rows, Holding *holding)
{
    holding->state = HOLDING_DELETED;
    holding->due_us = SUBJECT_TIME_NEVER_US;
    holding->reference[0] = '\0';
    holding->purpose_count = 0;
    return holding_put(rows, holding);
}

Status subject_settle(Rows *rows, SubjectFile *file, const char *actor)
{
    Subject *subject = &file->subject;
    if (!subject_is_there(file->found, subject)) return OK;
    if (subject->ended_us == 0 && subject->deletion_asked_us == 0) return OK;
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        const HoldingState state = file->holdings[i].state;
        const bool gone = state == HOLDING_DELETING || state == HOLDING_DELETED;
        if (file->has_holding[i] && !gone) return OK;
    }
    if (subject_held_until_us(file, rows_now_us(rows)) != 0) return OK;
    subject->state = SUBJECT_DELETED;
    TRY(subject_put(rows, subject));
    return append(rows, ACT_DELETE, &subject->name, 0, actor);
}

/* --- what is due --- */

typedef struct DueList {
    DueKey *keys;
    size_t count;
} DueList;

static Status take_key(void *context, const Value *values, size_t count)
{
    DueList *list = context;
    CHECK(count == 3 && list->count < RETENTION_DUE_MAX, FAULT_STORE);
    DueKey *key = &list->keys[list->count];
    *key = (DueKey) { .class = (DataClass)values[2].integer };
    TRY(value_copy_text(&values[0], key->name.tenant, sizeof(key->name.tenant)));
    TRY(value_copy_text(&values[1], key->name.subject, sizeof(key->name.subject)));
    list->count++;
    return OK;
}

Status retention_due(Store *store, int64_t now_us, size_t skip, DueKey ret_keys[RETENTION_DUE_MAX],
        size_t *ret_count)
{
    const Value parameters[] = { VALUE_OF_INT(now_us), VALUE_OF_INT(RETENTION_DUE_MAX),
        VALUE_OF_INT((int64_t)skip) };
    DueList list = { ret_keys, 0 };
    TRY(store_query(store,
            "SELECT tenant, subject, class FROM data_holding WHERE due > 0 AND due <= ?1"
            " ORDER BY due, tenant, subject, class LIMIT ?2 OFFSET ?3",
            parameters, 3, take_key, &list));
    *ret_count = list.count;
    return OK;
}

static Status take_gather(Unit *unit, Rows *rows)
{
    const DueTake *work = (const DueTake *)unit;
    SubjectFile file;
    return subject_load(rows, work->purposes, &work->key.name, &file);
}

/* Nothing is deleted on the word of a plain read: the verified row, the holds and the file of today
 * decide. */
static Status take_all(DueTake *work, Rows *rows)
{
    SubjectFile file;
    const int64_t now_us = rows_now_us(rows);
    work->clear = false;
    TRY(subject_load(rows, work->purposes, &work->key.name, &file));
    size_t i = 0;
    while (i < DATA_CLASS_COUNT && data_class_at(i)->class != work->key.class)
        i++;
    REQUIRE(i < DATA_CLASS_COUNT && file.has_holding[i], REFUSED_DATA_NOT_HELD);
    Holding *holding = &file.holdings[i];
    if (holding->state == HOLDING_DELETED) return OK;
    if (holding->state != HOLDING_DELETING) {
        const int64_t held_us = subject_held_until_us(&file, now_us);
        int64_t due_us =
                holding_due_us(holding, work->purposes, holding->state == HOLDING_RESTRICTED);
        if (held_us > due_us && due_us != SUBJECT_TIME_NEVER_US) due_us = held_us;
        if (due_us == SUBJECT_TIME_NEVER_US || due_us > now_us) {
            holding->due_us = due_us;
            return holding_put(rows, holding);
        }
        TRY(holding_drop(rows, holding, "timer"));
        TRY(subject_settle(rows, &file, "timer"));
    }
    memcpy(work->reference, holding->reference, sizeof(work->reference));
    work->clear = true;
    return OK;
}

static Status take_run(Unit *unit, Rows *rows)
{
    DueTake *work = (DueTake *)unit;
    const Status s = take_all(work, rows);
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_DELETE,
        .actor = "timer",
        .name = &work->key.name,
        .detail = data_class_name(work->key.class),
        .quiet = !work->clear };
    return lifecycle_end(rows, &record, s);
}

void due_take_unit(DueTake *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = take_gather, .run = take_run, .done = done };
}

static Status cleared_gather(Unit *unit, Rows *rows)
{
    const DueCleared *work = (const DueCleared *)unit;
    bool found = false;
    Holding holding;
    return holding_get(rows, &work->key.name, work->key.class, &found, &holding);
}

static Status cleared_run(Unit *unit, Rows *rows)
{
    const DueCleared *work = (const DueCleared *)unit;
    bool found = false;
    Holding holding = { 0 };
    TRY(holding_get(rows, &work->key.name, work->key.class, &found, &holding));
    return found && holding.state == HOLDING_DELETING ? holding_empty(rows, &holding) : OK;
}

void due_cleared_unit(DueCleared *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = cleared_gather, .run = cleared_run, .done = done };
}

/* --- a step --- */

typedef struct Listing {
    int64_t now_us;
    size_t skip;
    DueKey keys[RETENTION_DUE_MAX];
    size_t count;
} Listing;

static Status list_due(void *context, Store *store)
{
    Listing *l = context;
    return retention_due(store, l->now_us, l->skip, l->keys, &l->count);
}

static Status step_one(Batcher *batcher, const Purposes *purposes, const ValueKeeper *keeper,
        const DueKey *key, RetentionCounts *counts)
{
    DueTake take = { .purposes = purposes, .key = *key };
    due_take_unit(&take, NULL);
    TRY(unit_wait(batcher, &take.unit));
    if (!take.clear) {
        counts->kept++;
        return OK;
    }
    TRY(keeper->forget(keeper->context, key, span_of_text(take.reference)));
    DueCleared cleared = { .key = *key };
    due_cleared_unit(&cleared, NULL);
    TRY(unit_wait(batcher, &cleared.unit));
    counts->deleted++;
    return OK;
}

Status retention_step(Batcher *batcher, const Purposes *purposes, const ValueKeeper *keeper,
        int64_t now_us, size_t skip, RetentionCounts *counts, bool *ret_more)
{
    Listing listing = { .now_us = now_us, .skip = skip };
    Status first = OK;
    TRY(batcher_between(batcher, list_due, &listing));
    for (size_t i = 0; i < listing.count; i++) {
        const Status s = step_one(batcher, purposes, keeper, &listing.keys[i], counts);
        if (status_ok(s)) continue;
        if (status_ok(first)) first = s;
        counts->stuck++;
    }
    *ret_more = listing.count == RETENTION_DUE_MAX;
    return first;
}
