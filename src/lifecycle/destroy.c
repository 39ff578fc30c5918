/* Destruction, as far as rows go: who waits for it, and that it was done (lifecycle/retention.h).
 */
#include "lifecycle/retention.h"

#include "crypto/digest.h"
#include "lifecycle/lifecycle_rows.h"

typedef struct NameList {
    SubjectName *names;
    size_t count;
} NameList;

static Status take_name(void *context, const Value *values, size_t count)
{
    NameList *list = context;
    CHECK(count == 2 && list->count < DESTROY_SUBJECTS_MAX, FAULT_STORE);
    SubjectName *name = &list->names[list->count];
    TRY(value_copy_text(&values[0], name->tenant, sizeof(name->tenant)));
    TRY(value_copy_text(&values[1], name->subject, sizeof(name->subject)));
    list->count++;
    return OK;
}

Status destruction_waiting(
        Store *store, SubjectName ret_names[DESTROY_SUBJECTS_MAX], size_t *ret_count)
{
    const Value parameters[] = { VALUE_OF_INT(SUBJECT_DELETED), VALUE_OF_INT(HOLDING_DELETED),
        VALUE_OF_INT(DESTROY_SUBJECTS_MAX) };
    NameList list = { ret_names, 0 };
    TRY(store_query(store,
            "SELECT tenant, subject FROM data_subject s WHERE state = ?1 AND NOT EXISTS"
            " (SELECT 1 FROM data_holding h WHERE h.tenant = s.tenant AND h.subject = s.subject"
            " AND h.state <> ?2) ORDER BY tenant, subject LIMIT ?3",
            parameters, 3, take_name, &list));
    *ret_count = list.count;
    return OK;
}

Status destruction_unsaid(Store *store, const SubjectName *after,
        SubjectName ret_names[DESTROY_SUBJECTS_MAX], size_t *ret_count)
{
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(after->tenant)),
        VALUE_OF_TEXT(span_of_text(after->subject)), VALUE_OF_INT(SUBJECT_DESTROYED),
        VALUE_OF_INT(DESTROY_SUBJECTS_MAX) };
    NameList list = { ret_names, 0 };
    TRY(store_query(store,
            "SELECT tenant, subject FROM data_subject WHERE (tenant, subject) > (?1, ?2)"
            " AND state <> ?3 ORDER BY tenant, subject LIMIT ?4",
            parameters, 4, take_name, &list));
    *ret_count = list.count;
    return OK;
}

static Status destroyed_gather(Unit *unit, Rows *rows)
{
    const Destroyed *work = (const Destroyed *)unit;
    for (size_t i = 0; i < work->count; i++) {
        bool found = false;
        Subject subject;
        TRY(subject_get(rows, &work->names[i], &found, &subject));
        for (int64_t slot = 0; found && slot < SUBJECT_HOLDS_MAX; slot++) {
            Hold hold;
            bool held = false;
            if ((subject.holds >> slot & 1) != 0)
                TRY(hold_get(rows, &work->names[i], slot, &held, &hold));
        }
    }
    return OK;
}

static Status must_not_be_held(Rows *rows, const Subject *subject)
{
    for (int64_t slot = 0; slot < SUBJECT_HOLDS_MAX; slot++) {
        bool found = false;
        Hold hold = { 0 };
        if ((subject->holds >> slot & 1) == 0) continue;
        TRY(hold_get(rows, &subject->name, slot, &found, &hold));
        const bool held = found && hold.live && hold.until_us > rows_now_us(rows);
        REQUIRE(!held, REFUSED_SUBJECT_HELD);
    }
    return OK;
}

static Status destroy_one(Rows *rows, const Destroyed *work, const SubjectName *name,
        const uint8_t digest[SUBJECT_DIGEST_BYTES], size_t *ret_new)
{
    bool found = false;
    Subject subject = { 0 };
    TRY(subject_get(rows, name, &found, &subject));
    REQUIRE(found, REFUSED_SUBJECT_UNKNOWN);
    if (subject.state == SUBJECT_DESTROYED) return OK;
    REQUIRE(subject.state == SUBJECT_DELETED, REFUSED_SUBJECT_NOT_DELETED);
    TRY(must_not_be_held(rows, &subject));
    subject.state = SUBJECT_DESTROYED;
    subject.blind_us = work->blind_us;
    memcpy(subject.certificate, digest, SUBJECT_DIGEST_BYTES);
    TRY(subject_put(rows, &subject));
    Act act = { .kind = ACT_DESTROY, .name = *name };
    memcpy(act.digest, digest, SUBJECT_DIGEST_BYTES);
    memcpy(act.actor, work->actor, sizeof(act.actor));
    (*ret_new)++;
    return act_append(rows, &act);
}

static Status destroyed_all(const Destroyed *work, Rows *rows)
{
    uint8_t digest[SUBJECT_DIGEST_BYTES];
    size_t fresh = 0;
    sha256(work->certificate, digest);
    for (size_t i = 0; i < work->count; i++)
        TRY(destroy_one(rows, work, &work->names[i], digest, &fresh));
    if (fresh == 0) return OK;
    return destroyed_append(rows, work->certificate, fresh, work->blind_us);
}

static Status destroyed_run(Unit *unit, Rows *rows)
{
    const Destroyed *work = (const Destroyed *)unit;
    const Status s = destroyed_all(work, rows);
    const SubjectName nobody = { .tenant = "certificate", .subject = "of destruction" };
    uint8_t memory[64];
    Buffer detail = BUFFER_OF(memory);
    TRY(buffer_print(&detail, "%zu subjects%c", work->count, '\0'));
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_DESTROY,
        .actor = work->actor,
        .name = work->count == 1 ? &work->names[0] : &nobody,
        .detail = (const char *)memory };
    return lifecycle_end(rows, &record, s);
}

void destroyed_unit(Destroyed *work, void (*done)(Unit *unit, Status outcome))
{
    ASSERT(work->count <= DESTROY_SUBJECTS_MAX);
    work->unit = (Unit) { .gather = destroyed_gather, .run = destroyed_run, .done = done };
}

/* --- after a restore --- */

static Status again_gather(Unit *unit, Rows *rows)
{
    const DestroyedAgain *work = (const DestroyedAgain *)unit;
    bool found = false;
    Subject subject;
    TRY(subject_get(rows, &work->name, &found, &subject));
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        Holding holding;
        TRY(holding_get(rows, &work->name, data_class_at(i)->class, &found, &holding));
    }
    return OK;
}

static Status again_all(const DestroyedAgain *work, Rows *rows)
{
    bool found = false;
    Subject subject = { 0 };
    Act act = { .kind = ACT_DESTROY, .name = work->name };
    TRY(subject_get(rows, &work->name, &found, &subject));
    REQUIRE(found, REFUSED_SUBJECT_UNKNOWN);
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        Holding holding = { 0 };
        TRY(holding_get(rows, &work->name, data_class_at(i)->class, &found, &holding));
        if (!found || holding.state == HOLDING_DELETED) continue;
        act.classes |= class_set_of(holding.class);
        TRY(holding_empty(rows, &holding));
    }
    subject.state = SUBJECT_DESTROYED;
    TRY(subject_put(rows, &subject));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    return act_append(rows, &act);
}

static Status again_run(Unit *unit, Rows *rows)
{
    const DestroyedAgain *work = (const DestroyedAgain *)unit;
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_DESTROY,
        .actor = work->actor,
        .name = &work->name,
        .detail = "destroyed before this restore" };
    return lifecycle_end(rows, &record, again_all(work, rows));
}

void destroyed_again_unit(DestroyedAgain *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = again_gather, .run = again_run, .done = done };
}
