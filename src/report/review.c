#include "report/review.h"

enum { REVIEWS_IN_BATCH_MAX = 64 };

#define PLAIN(id, name, type)                                               \
    {                                                                       \
        (id), (name), VALUE_##type, false, CLASS_PUBLIC, LEVEL_C1, "report" \
    }
#define WHO(id, name)                                                       \
    {                                                                       \
        (id), (name), VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "report" \
    }

static const Column columns[] = {
    PLAIN(AUDIT_REVIEW_BATCH, "in_batch", INT),
    PLAIN(AUDIT_REVIEW_NUMBER, "number", INT),
    PLAIN(AUDIT_REVIEW_TIME, "done", INT),
    PLAIN(AUDIT_REVIEW_REPORT, "report", TEXT),
    PLAIN(AUDIT_REVIEW_NOTE, "note_digest", BYTES),
    WHO(AUDIT_REVIEW_FIRST, "first_reader"),
    WHO(AUDIT_REVIEW_SECOND, "second_reader"),
    { AUDIT_REVIEW_TEXT, "said", VALUE_TEXT, false, CLASS_FREE_TEXT, LEVEL_C2, "report" },
};

const Table audit_review_table = { TABLE_AUDIT_REVIEW, .schema = 1, .name = "audit_review",
    .append_only = true, .key_columns = 2, .column_count = sizeof(columns) / sizeof(columns[0]),
    .columns = columns };

static const Lookup report_by_id = { &audit_report_table, 1, { AUDIT_REPORT_ID } };

static Status find_report(const Review *r, Rows *rows, const Row **ret_row)
{
    const Value id = VALUE_OF_TEXT(span_of_text(r->report));
    return rows_find(rows, &report_by_id, &id, 1, ret_row);
}

static Status review_gather(Unit *unit, Rows *rows)
{
    const Row *row = NULL;
    return find_report(&((const ReportReview *)unit)->review, rows, &row);
}

static Status write_row(const Review *r, Rows *rows)
{
    const Row *report = NULL;
    TRY(find_report(r, rows, &report));
    REQUIRE(report != NULL, REFUSED_REPORT_NOT_KEPT);
    const Span kept = report->values[COLUMN_AT(AUDIT_REPORT_NOTE)].bytes;
    REQUIRE(span_equal(kept, SPAN_OF(r->note_digest)), REFUSED_REPORT_FILE_DIFFERS);
    const Span first = span_of_text(r->first);
    const Span second = span_of_text(r->second);
    REQUIRE(!span_equal(first, second), REFUSED_APPROVAL_QUORUM);
    Value values[] = { VALUE_OF_INT(0), VALUE_OF_INT(0), VALUE_OF_INT(rows_now_us(rows)),
        VALUE_OF_TEXT(span_of_text(r->report)), VALUE_OF_BYTES(SPAN_OF(r->note_digest)),
        VALUE_OF_TEXT(first), VALUE_OF_TEXT(second), VALUE_OF_TEXT(span_of_text(r->text)) };
    return rows_insert_numbered(rows, &audit_review_table, values, REVIEWS_IN_BATCH_MAX);
}

static Status write_event(const Review *r, Rows *rows, Status outcome)
{
    uint8_t actor_memory[AUDIT_ACTOR_BYTES_MAX];
    uint8_t detail_memory[AUDIT_DETAIL_BYTES_MAX];
    Buffer actor = BUFFER_OF(actor_memory);
    Buffer detail = BUFFER_OF(detail_memory);
    TRY(buffer_print(&actor, "operator/%.54s", r->first));
    TRY(buffer_print(&detail, "with operator/%s; %.150s", r->second, r->text));
    const AuditEvent event = { .kind = AUDIT_REPORT_REVIEW,
        .outcome = outcome.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_text(r->report),
        .detail = span_of_buffer(&detail) };
    return audit_event_tell(rows, &event);
}

static Status review_run(Unit *unit, Rows *rows)
{
    const Review *review = &((const ReportReview *)unit)->review;
    const Status s = write_row(review, rows);
    if (status_broken(s) || status_is(s, REFUSED_ROW_NOT_GATHERED)) return s;
    TRY(write_event(review, rows, s));
    return s;
}

void report_review_unit(ReportReview *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = review_gather, .run = review_run, .done = done };
}
