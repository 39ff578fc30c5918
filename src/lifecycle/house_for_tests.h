#pragma once
/* house_for_tests: this room's tables (store/store_for_tests.h) and its rules. Only *_test.c files
 * include it. */
#include "base/time.h"
#include "lifecycle/collect.h"
#include "lifecycle/hold.h"
#include "lifecycle/retention.h"
#include "lifecycle/rights.h"
#include "store/store_for_tests.h"

typedef struct House {
    TestStore rows;
    Purposes purposes;
} House;

/* Saturday 2026-01-31 12:00 +08:00 */
#define HOUSE_BEGINS_US INT64_C(1769832000000000)

static House house;

static inline Status house_purposes(Purposes *ret_purposes)
{
    YamlProblem problem = { 0 };
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char path[512];
    snprintf(path, sizeof(path), "%s/rules/purposes.yaml", source != NULL ? source : ".");
    return purposes_load(path, ret_purposes, &problem);
}

static inline void house_open(void)
{
    static const StoreSchema *const schemas[] = { &lifecycle_schema };
    house = (House) { 0 };
    ASSERT(status_ok(house_purposes(&house.purposes)));
    test_store_open(&house.rows, schemas, 1, HOUSE_BEGINS_US);
}

static inline void house_close(const int *unused) { test_store_close(&house.rows); }
#define HOUSE                                    \
    CLEANUP(house_close) const int closing_ = 0; \
    (void)closing_;                              \
    house_open()

static inline void house_days(int64_t days) { house.rows.now_us += days * TIME_DAY_US; }

typedef struct HouseNumber {
    const char *sql;
    int64_t number;
} HouseNumber;

static inline Status house_ask_number(void *context, Store *store)
{
    HouseNumber *ask = context;
    ask->number = practice_number(store, ask->sql);
    return OK;
}

static inline int64_t house_number(const char *sql)
{
    HouseNumber ask = { .sql = sql };
    ASSERT(status_ok(batcher_between(house.rows.batcher, house_ask_number, &ask)));
    return ask.number;
}

#define TEXT_INTO(place, text) snprintf((place), sizeof(place), "%s", (text))

static inline SubjectName name_of(const char *tenant, const char *subject)
{
    SubjectName name;
    ASSERT(status_ok(subject_name_of(span_of_text(tenant), span_of_text(subject), &name)));
    return name;
}
static inline SubjectName wang(void) { return name_of("house", "wang"); }

static inline Status consent(SubjectName name, const char *purpose, bool separate)
{
    ConsentGive work = { .purposes = &house.purposes, .name = name, .separate = separate };
    TEXT_INTO(work.actor, "operator/test");
    TEXT_INTO(work.purpose, purpose);
    TEXT_INTO(work.channel, "app");
    memset(work.text, 7, sizeof(work.text));
    consent_give_unit(&work, NULL);
    return unit_wait(house.rows.batcher, &work.unit);
}

/* `classes`: up to four, 0-terminated. */
static inline Status collect(
        SubjectName name, const char *purpose, const DataClass classes[4], UseVerdict *ret_verdict)
{
    Collect work = { .purposes = &house.purposes, .name = name };
    TEXT_INTO(work.actor, "operator/test");
    TEXT_INTO(work.purpose, purpose);
    TEXT_INTO(work.channel, "app");
    while (work.field_count < 4 && classes[work.field_count] != 0) {
        CollectField *field = &work.fields[work.field_count];
        field->class = classes[work.field_count];
        snprintf(field->reference, sizeof(field->reference), "value-%zu", work.field_count);
        work.field_count++;
    }
    collect_unit(&work, NULL);
    const Status s = unit_wait(house.rows.batcher, &work.unit);
    if (ret_verdict != NULL) *ret_verdict = work.verdict;
    return s;
}
#define COLLECT(name, purpose, ...) \
    collect(name, purpose, (const DataClass[4]) { __VA_ARGS__ }, NULL)

static inline Status use(SubjectName name, const char *purpose, UseAct act, DataClass class,
        const char *party, UseVerdict *ret_verdict)
{
    UseAsk work = { .purposes = &house.purposes, .use = { .name = name, .act = act } };
    TEXT_INTO(work.actor, "operator/test");
    TEXT_INTO(work.use.purpose, purpose);
    TEXT_INTO(work.use.party, party);
    work.use.classes = class_set_of((uint32_t) class);
    use_ask_unit(&work, NULL);
    const Status s = unit_wait(house.rows.batcher, &work.unit);
    if (ret_verdict != NULL) *ret_verdict = work.verdict;
    return s;
}

static inline Status end_relation(SubjectName name)
{
    RelationEnd work = { .purposes = &house.purposes, .name = name };
    TEXT_INTO(work.actor, "operator/test");
    relation_end_unit(&work, NULL);
    return unit_wait(house.rows.batcher, &work.unit);
}

static inline Status ask(SubjectName name, RequestKind kind, const char *purpose, DataClass class,
        Request *ret_request)
{
    Ask work = { .purposes = &house.purposes, .wanted = { .name = name, .kind = kind } };
    TEXT_INTO(work.actor, "operator/test");
    TEXT_INTO(work.wanted.proof, "id card seen");
    TEXT_INTO(work.purpose, purpose);
    work.class = class;
    if (kind == REQUEST_CORRECT) TEXT_INTO(work.reference, "value-new");
    ask_unit(&work, NULL);
    const Status s = unit_wait(house.rows.batcher, &work.unit);
    if (ret_request != NULL) *ret_request = work.request;
    return s;
}

static inline Status place_hold(SubjectName name, const char *reference, int64_t until_us)
{
    HoldPlace work = { .purposes = &house.purposes,
        .hold = { .name = name, .until_us = until_us } };
    TEXT_INTO(work.actor, "operator/test");
    TEXT_INTO(work.hold.authority, "court");
    TEXT_INTO(work.hold.reference, reference);
    TEXT_INTO(work.hold.first, "alice");
    TEXT_INTO(work.hold.second, "bob");
    hold_place_unit(&work, NULL);
    return unit_wait(house.rows.batcher, &work.unit);
}

static inline Status release_hold(SubjectName name, const char *reference)
{
    HoldRelease work = { .purposes = &house.purposes, .name = name };
    TEXT_INTO(work.actor, "operator/test");
    TEXT_INTO(work.authority, "court");
    TEXT_INTO(work.reference, reference);
    hold_release_unit(&work, NULL);
    return unit_wait(house.rows.batcher, &work.unit);
}

/* --- the domain store, as far as retention sees it --- */

typedef struct Keeper {
    size_t calls;
    size_t fail_after; /* this many calls succeed; then each fails until it is raised */
} Keeper;

static inline Status keeper_forget(void *context, const DueKey *key, Span reference)
{
    Keeper *keeper = context;
    REQUIRE(keeper->calls < keeper->fail_after, REFUSED_VAULT_UNAVAILABLE);
    keeper->calls++;
    return OK;
}

/* As the clockwork does: what is stuck is stepped over. */
static inline Status retain(Keeper *keeper, RetentionCounts *counts)
{
    const ValueKeeper values = { keeper, keeper_forget };
    const size_t stuck_before = counts->stuck;
    bool more = true;
    Status first = OK;
    while (more) {
        const size_t skip = counts->stuck - stuck_before;
        const Status s = retention_step(house.rows.batcher, &house.purposes, &values,
                house.rows.now_us, skip, counts, &more);
        if (status_ok(first)) first = s;
    }
    return first;
}
