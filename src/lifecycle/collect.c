#include "lifecycle/collect.h"

#include "lifecycle/lifecycle_rows.h"

#include "policy/detect.h"

/* The subject, which may come to be now. */
static Status admit(Rows *rows, const SubjectName *name, Subject *ret_subject)
{
    bool found = false;
    TRY(subject_get(rows, name, &found, ret_subject));
    REQUIRE(!found || subject_is_there(found, ret_subject), REFUSED_SUBJECT_GONE);
    if (found) return OK;
    TRY(detect_kept_text(span_of_text(name->subject))); /* it is kept as it comes */
    *ret_subject =
            (Subject) { .name = *name, .state = SUBJECT_LIVE, .created_us = rows_now_us(rows) };
    return subject_put(rows, ret_subject);
}

static Status gather_subject(Rows *rows, const SubjectName *name)
{
    bool found = false;
    Subject subject;
    return subject_get(rows, name, &found, &subject);
}

/* --- consent --- */

static Status give_gather(Unit *unit, Rows *rows)
{
    const ConsentGive *work = (const ConsentGive *)unit;
    const Purpose *purpose = purpose_named(work->purposes, span_of_text(work->purpose));
    bool found = false;
    Consent consent;
    TRY(gather_subject(rows, &work->name));
    if (purpose == NULL) return OK;
    return consent_get(rows, &work->name, purpose->number, &found, &consent);
}

/* A consent that comes again, or again after it was withdrawn, is a new one: to the text of now. */
static void give(const ConsentGive *work, const Purpose *purpose, int64_t now_us, bool was_live,
        Consent *consent)
{
    if (!was_live) *consent = (Consent) { .name = work->name, .purpose = purpose->number };
    if (!work->separate || !was_live) {
        consent->given_us = now_us;
        memcpy(consent->text, work->text, sizeof(consent->text));
        memcpy(consent->channel, work->channel, sizeof(consent->channel));
    }
    if (work->separate) {
        consent->separate_us = now_us;
        memcpy(consent->separate_text, work->text, sizeof(consent->separate_text));
        memcpy(consent->separate_channel, work->channel, sizeof(consent->separate_channel));
    }
    consent->live = true;
    consent->withdrawn_us = 0;
}

static Status give_all(const ConsentGive *work, Rows *rows)
{
    const Purpose *purpose = purpose_named(work->purposes, span_of_text(work->purpose));
    REQUIRE(purpose != NULL, REFUSED_PURPOSE_UNKNOWN);
    REQUIRE(purpose->basis != BASIS_LAW, REFUSED_CONSENT_NOT_BASIS);
    bool found = false;
    Consent consent = { 0 };
    Subject subject;
    TRY(admit(rows, &work->name, &subject));
    TRY(consent_get(rows, &work->name, purpose->number, &found, &consent));
    const bool was_live = found && consent.live;
    /* "Separate" means beside the general one, not in its place; a contract is its own. */
    REQUIRE(!work->separate || was_live || purpose->basis == BASIS_CONTRACT,
            REFUSED_CONSENT_MISSING);
    give(work, purpose, rows_now_us(rows), was_live, &consent);
    TRY(consent_put(rows, &consent));
    Act act = { .kind = work->separate ? ACT_CONSENT_SEPARATE : ACT_CONSENT,
        .name = work->name,
        .purpose = purpose->number,
        .basis = purpose->basis,
        .classes = work->separate ? purpose->needs & work->purposes->sensitive : purpose->needs };
    memcpy(act.reference, work->channel, sizeof(act.reference));
    memcpy(act.digest, work->text, sizeof(act.digest));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    return act_append(rows, &act);
}

static Status give_run(Unit *unit, Rows *rows)
{
    const ConsentGive *work = (const ConsentGive *)unit;
    const Status s = give_all(work, rows);
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_CONSENT,
        .actor = work->actor,
        .name = &work->name,
        .detail = work->purpose };
    return lifecycle_end(rows, &record, s);
}

void consent_give_unit(ConsentGive *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = give_gather, .run = give_run, .done = done };
}

/* --- collecting --- */

static Status use_of(const Collect *work, Use *ret_use)
{
    Use use = { .name = work->name, .act = USE_STORE };
    memcpy(use.purpose, work->purpose, sizeof(use.purpose));
    for (size_t i = 0; i < work->field_count; i++) {
        const ClassSet one = class_set_of(work->fields[i].class);
        REQUIRE(one != 0 && (use.classes & one) == 0, REFUSED_SUBJECT_FIELD);
        use.classes |= one;
    }
    *ret_use = use;
    return OK;
}

static Status collect_gather(Unit *unit, Rows *rows)
{
    const Collect *work = (const Collect *)unit;
    Use use;
    if (!status_ok(use_of(work, &use))) return OK; /* run() says so */
    return lifecycle_use_gather(rows, work->purposes, &use);
}

/* The purpose lives (again) for this class, so no clock runs for it. */
static Status add_purpose(Holding *holding, uint16_t number, int64_t now_us)
{
    size_t i = 0;
    while (i < holding->purpose_count && holding->purposes[i].purpose != number)
        i++;
    if (i < holding->purpose_count && holding->purposes[i].ended_us == 0) return OK;
    REQUIRE(i < PURPOSES_MAX, REFUSED_BUFFER_FULL);
    if (i == holding->purpose_count) holding->purpose_count++;
    holding->purposes[i] = (HoldingPurpose) { .purpose = number, .since_us = now_us };
    return OK;
}

static Status collect_one(
        Rows *rows, const Collect *work, const Purpose *purpose, const CollectField *field)
{
    const int64_t now_us = rows_now_us(rows);
    bool found = false;
    Holding holding = { 0 };
    TRY(holding_get(rows, &work->name, field->class, &found, &holding));
    /* Still being cleared away: the new value would go with the old one. */
    REQUIRE(!found || holding.state != HOLDING_DELETING, REFUSED_STORE_BUSY);
    if (!found || holding.state == HOLDING_DELETED) {
        const int64_t version = found ? holding.version + 1 : 1;
        holding = (Holding) {
            .name = work->name, .class = field->class, .since_us = now_us, .version = version
        };
    }
    holding.state = HOLDING_HELD;
    holding.due_us = SUBJECT_TIME_NEVER_US;
    if (field->reference[0] != 0)
        memcpy(holding.reference, field->reference, sizeof(holding.reference));
    TRY(add_purpose(&holding, purpose->number, now_us));
    return holding_put(rows, &holding);
}

static Status collect_all(Collect *work, Rows *rows)
{
    Use use;
    Subject subject;
    TRY(use_of(work, &use));
    const Purpose *purpose = purpose_named(work->purposes, span_of_text(work->purpose));
    REQUIRE(purpose != NULL, REFUSED_PURPOSE_UNKNOWN);
    REQUIRE(!purpose->hold, REFUSED_HOLD_UNKNOWN); /* nothing new is taken for a hold */
    TRY(admit(rows, &work->name, &subject));
    TRY(lifecycle_may_use(rows, work->purposes, &use, &work->verdict));
    for (size_t i = 0; i < work->field_count; i++)
        TRY(collect_one(rows, work, purpose, &work->fields[i]));
    if (subject.ended_us != 0) { /* they are back */
        subject.ended_us = 0;
        TRY(subject_put(rows, &subject));
    }
    Act act = { .kind = ACT_COLLECT,
        .name = work->name,
        .purpose = purpose->number,
        .basis = purpose->basis,
        .classes = use.classes };
    memcpy(act.reference, work->channel, sizeof(act.reference));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    return act_append(rows, &act);
}

static Status collect_run(Unit *unit, Rows *rows)
{
    Collect *work = (Collect *)unit;
    const Status s = collect_all(work, rows);
    uint8_t memory[128];
    Buffer detail = BUFFER_OF(memory);
    const DataClass class = work->verdict.class;
    TRY(buffer_print(&detail, "%s%s%s%c", work->purpose, class != 0 ? ": " : "",
            class != 0 ? data_class_name(class) : "", '\0'));
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_COLLECT,
        .actor = work->actor,
        .name = &work->name,
        .detail = (const char *)memory };
    return lifecycle_end(rows, &record, s);
}

void collect_unit(Collect *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = collect_gather, .run = collect_run, .done = done };
}

/* --- the end --- */

static Status end_gather(Unit *unit, Rows *rows)
{
    const RelationEnd *work = (const RelationEnd *)unit;
    SubjectFile file;
    return subject_load(rows, work->purposes, &work->name, &file);
}

static Status end_all(const RelationEnd *work, Rows *rows)
{
    SubjectFile file;
    TRY(subject_load(rows, work->purposes, &work->name, &file));
    REQUIRE(subject_is_there(file.found, &file.subject), REFUSED_SUBJECT_UNKNOWN);
    const int64_t now_us = rows_now_us(rows);
    Act act = { .kind = ACT_END, .name = work->name };
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        Holding *holding = &file.holdings[i];
        if (!file.has_holding[i] || holding->state != HOLDING_HELD) continue;
        holding_end(holding, work->purposes, NULL, now_us, false);
        TRY(holding_put(rows, holding));
        act.classes |= class_set_of(holding->class);
    }
    if (file.subject.ended_us == 0) file.subject.ended_us = now_us;
    TRY(subject_put(rows, &file.subject));
    memcpy(act.actor, work->actor, sizeof(act.actor));
    TRY(act_append(rows, &act));
    return subject_settle(rows, &file, work->actor);
}

static Status end_run(Unit *unit, Rows *rows)
{
    const RelationEnd *work = (const RelationEnd *)unit;
    const Status s = end_all(work, rows);
    const LifecycleRecord record = { .kind = AUDIT_SUBJECT_CONSENT,
        .actor = work->actor,
        .name = &work->name,
        .detail = "the relationship ends" };
    return lifecycle_end(rows, &record, s);
}

void relation_end_unit(RelationEnd *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = end_gather, .run = end_run, .done = done };
}
