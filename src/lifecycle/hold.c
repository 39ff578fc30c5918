#include "lifecycle/hold.h"

#include "lifecycle/lifecycle_rows.h"

static bool same(const char *a, const char *b)
{
    return span_equal(span_of_text(a), span_of_text(b));
}

/* --- placing --- */

static Status place_gather(Unit *unit, Rows *rows)
{
    const HoldPlace *work = (const HoldPlace *)unit;
    SubjectFile file;
    return subject_load(rows, work->purposes, &work->hold.name, &file);
}

/* The slot of this authority's order, else the first that is free (over or released). */
static int64_t find_slot(const SubjectFile *file, const Hold *wanted, int64_t now_us)
{
    int64_t free_slot = -1;
    for (int64_t i = SUBJECT_HOLDS_MAX - 1; i >= 0; i--) {
        const Hold *hold = &file->holds[i];
        const bool live = file->has_hold[i] && hold->live && hold->until_us > now_us;
        if (!live) free_slot = i;
        const bool mine = live && same(hold->authority, wanted->authority)
                && same(hold->reference, wanted->reference);
        if (mine) return i;
    }
    return free_slot;
}

static Status act_on(Rows *rows, ActKind kind, const Hold *hold, const char *actor)
{
    Act act = { .kind = kind, .name = hold->name, .basis = BASIS_LAW };
    memcpy(act.reference, hold->reference, sizeof(act.reference));
    const size_t size = strlen(actor);
    memcpy(act.actor, actor, size);
    return act_append(rows, &act);
}

static Status place_all(HoldPlace *work, Rows *rows)
{
    SubjectFile file;
    const int64_t now_us = rows_now_us(rows);
    TRY(subject_load(rows, work->purposes, &work->hold.name, &file));
    REQUIRE(subject_is_there(file.found, &file.subject), REFUSED_SUBJECT_UNKNOWN);
    REQUIRE(work->hold.until_us > now_us, REFUSED_SUBJECT_FIELD);
    const int64_t slot = find_slot(&file, &work->hold, now_us);
    REQUIRE(slot >= 0, REFUSED_HOLD_FULL);
    work->hold.slot = slot;
    work->hold.live = true;
    work->hold.placed_us = now_us;
    work->hold.released_us = 0;
    TRY(hold_put(rows, &work->hold));
    file.subject.holds |= (int64_t)1 << slot;
    TRY(subject_put(rows, &file.subject));
    work->slot = slot;
    return act_on(rows, ACT_HOLD, &work->hold, work->actor);
}

static Status place_run(Unit *unit, Rows *rows)
{
    HoldPlace *work = (HoldPlace *)unit;
    const Status s = place_all(work, rows);
    uint8_t memory[AUDIT_DETAIL_BYTES_MAX + 1];
    Buffer detail = BUFFER_OF(memory);
    TRY(buffer_print(&detail, "%s %s, by %s and %s%c", work->hold.authority, work->hold.reference,
            work->hold.first, work->hold.second, '\0'));
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_HOLD,
        .actor = work->actor,
        .name = &work->hold.name,
        .detail = (const char *)memory };
    return lifecycle_end(rows, &record, s);
}

void hold_place_unit(HoldPlace *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = place_gather, .run = place_run, .done = done };
}

/* --- releasing --- */

static Status release_gather(Unit *unit, Rows *rows)
{
    const HoldRelease *work = (const HoldRelease *)unit;
    SubjectFile file;
    return subject_load(rows, work->purposes, &work->name, &file);
}

/* What the hold had moved to its own date goes back to the dates of its purposes. */
static Status move_dates_back(Rows *rows, SubjectFile *file)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        Holding *holding = &file->holdings[i];
        if (!file->has_holding[i]) continue;
        if (holding->state != HOLDING_HELD && holding->state != HOLDING_RESTRICTED) continue;
        const int64_t due_us =
                holding_due_us(holding, file->purposes, holding->state == HOLDING_RESTRICTED);
        if (due_us == holding->due_us) continue;
        holding->due_us = due_us;
        TRY(holding_put(rows, holding));
    }
    return OK;
}

static bool is_meant(const SubjectFile *file, size_t slot, const HoldRelease *work)
{
    const Hold *hold = &file->holds[slot];
    return file->has_hold[slot] && hold->live && same(hold->authority, work->authority)
            && same(hold->reference, work->reference);
}

static Status release_all(HoldRelease *work, Rows *rows)
{
    SubjectFile file;
    const int64_t now_us = rows_now_us(rows);
    TRY(subject_load(rows, work->purposes, &work->name, &file));
    REQUIRE(subject_is_there(file.found, &file.subject), REFUSED_SUBJECT_UNKNOWN);
    size_t i = 0;
    while (i < SUBJECT_HOLDS_MAX && !is_meant(&file, i, work))
        i++;
    REQUIRE(i < SUBJECT_HOLDS_MAX, REFUSED_HOLD_UNKNOWN);
    file.holds[i].live = false;
    file.holds[i].released_us = now_us;
    TRY(hold_put(rows, &file.holds[i]));
    file.subject.holds &= ~((int64_t)1 << i);
    TRY(subject_put(rows, &file.subject));
    TRY(move_dates_back(rows, &file));
    work->held_until_us = subject_held_until_us(&file, now_us);
    TRY(act_on(rows, ACT_HOLD_RELEASE, &file.holds[i], work->actor));
    return subject_settle(rows, &file, work->actor);
}

static Status release_run(Unit *unit, Rows *rows)
{
    HoldRelease *work = (HoldRelease *)unit;
    const Status s = release_all(work, rows);
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_HOLD,
        .actor = work->actor,
        .name = &work->name,
        .detail = work->reference };
    return lifecycle_end(rows, &record, s);
}

void hold_release_unit(HoldRelease *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = release_gather, .run = release_run, .done = done };
}
