#include "access/rights_review.h"

#include "base/time.h"

static const Column review_columns[] = {
    { RIGHTS_REVIEW_PRINCIPAL, "principal", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { RIGHTS_REVIEW_DUE, "due", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { RIGHTS_REVIEW_BY, "reviewer", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { RIGHTS_REVIEW_HAD, "roles_had", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { RIGHTS_REVIEW_LEFT, "roles_left", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { RIGHTS_REVIEW_REASON, "reason", VALUE_TEXT, false, CLASS_FREE_TEXT, LEVEL_C2, "access" },
    { RIGHTS_REVIEW_TIME, "reviewed", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};
enum { COLUMNS = sizeof(review_columns) / sizeof(review_columns[0]) };

const Table rights_review_table = {
    TABLE_ACCESS_REVIEW,
    .schema = 1,
    .name = "access_review",
    .append_only = false, /* written once; the revision map notices what is missing */
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = review_columns,
};

bool rights_review_is_due(const AccessTable *table, const Principal *principal, int64_t now_us)
{
    return now_us >= principal->review_us - table->reviews.remind_days * TIME_DAY_US;
}

static Status review_gather(Unit *unit, Rows *rows)
{
    const RightsReview *work = (const RightsReview *)unit;
    Principal who;
    bool found = false;
    TRY(principal_get(rows, work->who, &who, &found));
    return principal_get(rows, work->by, &who, &found);
}

static Status insert_row(const RightsReview *work, Rows *rows, const Principal *before)
{
    Value values[COLUMNS];
    values[COLUMN_AT(RIGHTS_REVIEW_PRINCIPAL)] = VALUE_OF_TEXT(span_of_text(work->who));
    values[COLUMN_AT(RIGHTS_REVIEW_DUE)] = VALUE_OF_INT(before->review_us);
    values[COLUMN_AT(RIGHTS_REVIEW_BY)] = VALUE_OF_TEXT(span_of_text(work->by));
    values[COLUMN_AT(RIGHTS_REVIEW_HAD)] = VALUE_OF_INT((int64_t)before->roles);
    values[COLUMN_AT(RIGHTS_REVIEW_LEFT)] = VALUE_OF_INT((int64_t)work->keep);
    values[COLUMN_AT(RIGHTS_REVIEW_REASON)] = VALUE_OF_TEXT(span_of_text(work->reason));
    values[COLUMN_AT(RIGHTS_REVIEW_TIME)] = VALUE_OF_INT(rows_now_us(rows));
    return rows_insert(rows, &rights_review_table, values);
}

static Status another_looks(const RightsReview *work, Rows *rows, const Principal *who)
{
    Principal by;
    bool found = false;
    REQUIRE(strcmp(work->by, work->who) != 0, REFUSED_ACCESS_SELF);
    TRY(principal_get(rows, work->by, &by, &found));
    REQUIRE(found && by.status == STATUS_LIVE, REFUSED_PRINCIPAL_UNKNOWN);
    REQUIRE(!bytes_equal_ct(by.person, who->person, PRINCIPAL_PERSON_BYTES), REFUSED_ACCESS_SELF);
    return OK;
}

static Status review(RightsReview *work, Rows *rows)
{
    Principal who;
    bool found = false;
    const int64_t now_us = rows_now_us(rows);
    TRY(principal_get(rows, work->who, &who, &found));
    REQUIRE(found && who.status == STATUS_LIVE, REFUSED_PRINCIPAL_UNKNOWN);
    TRY(another_looks(work, rows, &who));
    REQUIRE(rights_review_is_due(work->table, &who, now_us), REFUSED_ACCESS_REVIEWED);
    REQUIRE((work->keep & ~who.roles) == 0, REFUSED_PRINCIPAL_FIELD);
    TRY(insert_row(work, rows, &who));
    if (work->keep != who.roles) who.changed_us = staff_change_us(&who, work->given_us, now_us);
    who.roles = work->keep;
    who.review_us += work->table->reviews.period_days * TIME_DAY_US;
    if (who.review_us <= now_us) /* it was so late that the next one is over, too */
        who.review_us = now_us + work->table->reviews.period_days * TIME_DAY_US;
    TRY(principal_update(rows, &who));
    work->principal = who;
    return OK;
}

static Status tell(const RightsReview *work, Rows *rows, Status outcome)
{
    uint8_t actor_bytes[AUDIT_ACTOR_BYTES_MAX];
    uint8_t detail_bytes[1024];
    Buffer actor = BUFFER_OF(actor_bytes);
    Buffer detail = BUFFER_OF(detail_bytes);
    TRY(buffer_print(&actor, "operator/%s", work->by));
    TRY(buffer_put(&detail, SPAN("kept ")));
    IGNORE(access_roles_put(work->table, work->keep, &detail), "as many as fit");
    const AuditEvent event = { .kind = AUDIT_ACCESS_REVIEW,
        .outcome = outcome.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_text(work->who),
        .detail = audit_text_cut(span_of_buffer(&detail), AUDIT_DETAIL_BYTES_MAX) };
    return audit_event_tell(rows, &event);
}

static Status review_run(Unit *unit, Rows *rows)
{
    RightsReview *work = (RightsReview *)unit;
    const Status s = review(work, rows);
    const bool again = status_is(s, REFUSED_ROW_NOT_GATHERED) || status_is(s, REFUSED_BATCH_FULL);
    if (again || status_broken(s)) return s;
    TRY(tell(work, rows, s));
    return s;
}

void rights_review_unit(RightsReview *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit.gather = review_gather;
    work->unit.run = review_run;
    work->unit.done = done;
}
