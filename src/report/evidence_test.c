/*
 * Goal: each event counts once, in the period that it lies in, under its section; what did not
 * happen is not said, and what has no source says so (TP-16, LL-4.5.3). Method: leaves made by
 * hand around every border; then a real database with its checkpoints, sound and tampered with.
 */
#include "audit/sample.h"
#include "base/expect.h"
#include "base/time.h"
#include "report/document.h"

#include <stdio.h>
#include <stdlib.h>

#define FROM_US (INT64_C(20000) * TIME_DAY_US)
#define TO_US (FROM_US + 10 * TIME_DAY_US)

static Evidence evidence;
static uint8_t html_bytes[REPORT_HTML_BYTES_MAX];
static int64_t next_batch;

static void open_evidence(void)
{
    evidence_close(&evidence);
    next_batch = 0;
    ASSERT(status_ok(
            evidence_open(FROM_US, TO_US, evidence_sections, evidence_section_count, &evidence)));
}

static void add_event(int64_t time_us, const AuditEvent *event)
{
    uint8_t memory[2048];
    uint8_t events_memory[2048];
    Buffer one = BUFFER_OF(memory);
    Buffer events = BUFFER_OF(events_memory);
    ASSERT(status_ok(audit_event_put(&one, event)));
    ASSERT(status_ok(buffer_put_u32(&events, 1)));
    ASSERT(status_ok(buffer_put_framed(&events, span_of_buffer(&one))));
    const AuditLeaf leaf = {
        .batch = next_batch++, .time_us = time_us, .events = span_of_buffer(&events)
    };
    evidence_leaf(&evidence, &leaf);
}

static void refuse(int64_t time_us, StatusCode code, const char *detail)
{
    const AuditEvent event = { .kind = AUDIT_REFUSED_AT_DOOR,
        .outcome = (int32_t)code,
        .actor = SPAN("merchant/1900000001"),
        .subject = SPAN("description"),
        .detail = span_of_text(detail) };
    add_event(time_us, &event);
}

static size_t section(const char *id)
{
    size_t i = 0;
    while (!span_equal(span_of_text(evidence_sections[i].id), span_of_text(id))) {
        i++;
        ASSERT(i < evidence_section_count);
    }
    return i;
}

static bool counts(const char *id, uint64_t now, uint64_t before)
{
    const EvidenceSum *sum = &evidence.sums[section(id)];
    if (sum->count == now && sum->before == before) return true;
    fprintf(stderr, "  %s: %llu, before %llu\n", id, (unsigned long long)sum->count,
            (unsigned long long)sum->before);
    return false;
}

static const char *document(ReportLanguage language, Status *ret_status)
{
    static AuditReport check;
    check = (AuditReport) { .leaves = 9, .signed_leaves = 9, .checkpoints = 1 };
    Buffer html = { html_bytes, 0, sizeof(html_bytes) - 1 };
    const ReportFacts facts = { "audit-test", TO_US, &check, true, true };
    evidence_end(&evidence);
    *ret_status = report_document(&facts, &evidence, language, &html);
    html_bytes[html.size] = 0;
    return (const char *)html_bytes;
}

/* --- tests --- */

static void test_the_borders_of_the_period(void)
{
    const int64_t length_us = TO_US - FROM_US;
    open_evidence();
    const StatusCode code = (StatusCode)REFUSED_DATA_CARD_NUMBER;
    refuse(FROM_US - length_us - 1, code, ""); /* before the one before */
    refuse(FROM_US - length_us, code, "");
    refuse(FROM_US - 1, code, "");
    refuse(FROM_US, code, "");
    refuse(TO_US - 1, code, "");
    refuse(TO_US, code, "");
    EXPECT(counts("prohibited", 2, 2));
    EXPECT(evidence.coverage.leaves == 2 && evidence.coverage.first_leaf == 3);
    EXPECT(evidence.coverage.last_leaf == 4);
    /* One group: its reference is of this period alone. */
    EXPECT(evidence.line_count >= 1 && evidence.lines[0].leaf == 3);
    EXPECT(evidence.lines[0].last_leaf == 4);
}

static void test_several_in_one_event(void)
{
    open_evidence();
    refuse(FROM_US, (StatusCode)REFUSED_DATA_PROHIBITED,
            "times 12 since 2026-01-01T00:00:00+08:00");
    refuse(FROM_US, (StatusCode)REFUSED_DATA_PROHIBITED, "times -3 since x");
    refuse(FROM_US, (StatusCode)REFUSED_DATA_PROHIBITED, "times 99999999999999999999 since x");
    refuse(FROM_US, (StatusCode)REFUSED_DATA_PROHIBITED, "timex 7 since");
    EXPECT(counts("prohibited", 15, 0) && counts("refusals", 15, 0));
}

static void tell(AuditKind kind, StatusCode outcome, Span actor, Span subject, const char *detail)
{
    const AuditEvent event = { .kind = kind,
        .outcome = (int32_t)outcome,
        .actor = actor,
        .subject = subject,
        .detail = span_of_text(detail) };
    add_event(FROM_US, &event);
}

/* TP-8, TP-15: what says the same is one line, however often and under whichever numbers. */
static void test_reveals_are_grouped_by_what_they_say(void)
{
    open_evidence();
    tell(AUDIT_REVEAL, 0, SPAN("tenant/a"), SPAN("card/icbc"),
            "times 12 lines 1-12 bank-channel - pay out");
    tell(AUDIT_REVEAL, 0, SPAN("tenant/a"), SPAN("card/icbc"),
            "times 3 lines 15-17 bank-channel - pay out");
    tell(AUDIT_REVEAL, (StatusCode)REFUSED_REVEAL_BUDGET, SPAN("tenant/a"), SPAN("card/icbc"),
            "times 2 lines 13-14 bank-channel - pay out");
    tell(AUDIT_REVEAL, 0, SPAN("tenant/a"), SPAN("card/court"),
            "times 1 lines 18-18 legal-order alice,bob order 7");
    tell(AUDIT_REVEAL, 0, SPAN("x"), SPAN("y"), "nothing that reads");
    EXPECT(counts("reveals", 18, 0) && evidence.sums[section("reveals")].lines == 3);
    EXPECT_OK(evidence_statements(&evidence, SPAN("reveal-log\t0\tOK\t\t\t\t\n")));
    EXPECT(counts("reveals", 18, 0));
    EXPECT_OK(evidence_statements(&evidence, SPAN("reveal-log\t0\tROW_MISSING\t\t\t\t\n")));
    EXPECT(counts("reveals", 19, 0));
}

/* A row with these numbers and texts, as the check hands it out. */
static void show_holding(int64_t state, int64_t due_us, int64_t leaf_time_us)
{
    const Value values[] = { VALUE_OF_TEXT(SPAN("bank-a")), VALUE_OF_TEXT(SPAN("zhaoliu")),
        VALUE_OF_INT(CLASS_EMAIL), VALUE_OF_INT(state), VALUE_OF_INT(1), VALUE_OF_INT(due_us) };
    RowView row = { .head = { .table = TABLE_DATA_HOLDING, .schema = 1, .revision = 1 },
        .count = sizeof(values) / sizeof(values[0]) };
    for (size_t i = 0; i < row.count; i++) {
        row.ids[i] = (uint16_t)(i + 1);
        row.values[i] = values[i];
    }
    evidence_row(&evidence, &row, leaf_time_us);
}

/* LL-4.5.4: what should be gone is told, however old its row is; a day of grace, and no name. */
static void test_what_is_overdue_is_told(void)
{
    Status s = OK;
    open_evidence();
    show_holding(HOLDING_HELD, TO_US - 2 * TIME_DAY_US, 7); /* the row is of long ago */
    show_holding(HOLDING_DELETING, TO_US - 2 * TIME_DAY_US, FROM_US);
    show_holding(HOLDING_DELETED, TO_US - 2 * TIME_DAY_US, FROM_US);
    show_holding(HOLDING_HELD, TO_US - TIME_DAY_US / 2, FROM_US);
    show_holding(HOLDING_HELD, 0, FROM_US); /* no clock runs */
    EXPECT(counts("retention", 2, 0));
    const char *html = document(REPORT_BOTH, &s);
    EXPECT_OK(s);
    EXPECT(strstr(html, "bank-a/z***u") != NULL && strstr(html, "zhaoliu") == NULL);
}

static void test_periods_that_are_none(void)
{
    Evidence other = { 0 };
    const EvidenceSection *s = evidence_sections;
    EXPECT_REFUSED(evidence_open(5, 5, s, 1, &other), REFUSED_REPORT_PERIOD);
    EXPECT_REFUSED(evidence_open(6, 5, s, 1, &other), REFUSED_REPORT_PERIOD);
    EXPECT_REFUSED(evidence_open(-1, 5, s, 1, &other), REFUSED_REPORT_PERIOD);
    EXPECT_REFUSED(evidence_open(1, INT64_MAX, s, 1, &other), REFUSED_REPORT_PERIOD);
}

/* Nothing happened: that is said with what was looked at; a missing source is said otherwise. */
static void test_an_empty_period(void)
{
    Status s = OK;
    open_evidence();
    const char *html = document(REPORT_BOTH, &s);
    EXPECT_OK(s);
    EXPECT(strstr(html, "there was none") != NULL && strstr(html, "未发生") != NULL);
    size_t absent = 0;
    for (const char *at = html; (at = strstr(at, "class=\"absent\"")) != NULL; at++)
        absent++;
    size_t without_source = 0;
    for (size_t i = 0; i < evidence_section_count; i++)
        if (evidence_sections[i].collect == NULL) without_source++;
    EXPECT(absent == without_source && strstr(html, "log began later") != NULL);
}

static void test_one_language_alone(void)
{
    Status s = OK;
    open_evidence();
    const char *html = document(REPORT_ENGLISH, &s);
    EXPECT_OK(s);
    EXPECT(strstr(html, "审计") == NULL && strstr(html, "Sign-off") != NULL);
    open_evidence();
    html = document(REPORT_CHINESE, &s);
    EXPECT_OK(s);
    EXPECT(strstr(html, "Sign-off") == NULL && strstr(html, "签署") != NULL);
}

/* Names that want to be markup, and a payer's name in every place that an event has. */
static void test_hostile_names(void)
{
    Status s = OK;
    open_evidence();
    const AuditEvent release = { .kind = AUDIT_RELEASE_ROW,
        .actor = SPAN("operator/<img src=x onerror=1>"),
        .subject = SPAN("payer/secretpayer"),
        .detail = SPAN("\"><script>1</script>") };
    const AuditEvent guess = { .kind = AUDIT_REFUSED_AT_DOOR,
        .outcome = REFUSED_PIN_WRONG,
        .actor = SPAN("payer/secretpayer") };
    add_event(FROM_US, &release);
    add_event(FROM_US, &guess);
    const char *html = document(REPORT_BOTH, &s);
    EXPECT_OK(s);
    EXPECT(strstr(html, "<img") == NULL && strstr(html, "<script") == NULL);
    EXPECT(strstr(html, "&lt;script&gt;") != NULL && strstr(html, "secretpayer") == NULL);
    EXPECT(strstr(html, "payer/s***r") != NULL);
}

static void test_more_lines_than_a_section_lists(void)
{
    Status s = OK;
    open_evidence();
    for (int i = 0; i < EVIDENCE_SECTION_LINES_MAX + 7; i++) {
        const AuditEvent backup = { .kind = AUDIT_BACKUP, .actor = SPAN("operator/uid:0") };
        add_event(FROM_US + i, &backup);
    }
    EXPECT(counts("backups", EVIDENCE_SECTION_LINES_MAX + 7, 0));
    EXPECT(evidence.sums[section("backups")].unlisted == 7);
    EXPECT(strstr(document(REPORT_ENGLISH, &s), "not listed: 7") != NULL);
}

/* Days without a leaf are gaps; a clock that went back is told. */
static void test_gaps(void)
{
    open_evidence();
    const AuditEvent read = { .kind = AUDIT_READ };
    add_event(FROM_US, &read);
    add_event(FROM_US + 3 * TIME_DAY_US, &read);
    add_event(FROM_US + 2 * TIME_DAY_US, &read);
    add_event(TO_US - 1, &read);
    evidence_end(&evidence);
    EXPECT(evidence.coverage.gap_count == 2 && evidence.coverage.reversals == 1);
    const EvidenceGap *gap = &evidence.coverage.gaps[0];
    EXPECT(gap->from_us == FROM_US + 3 * TIME_DAY_US && gap->to_us == TO_US - 1);
    EXPECT(counts("log-coverage", 3, 0)); /* two gaps, one reversal */
}

static void test_days_that_nobody_closed(void)
{
    open_evidence();
    const int32_t day = time_business_day(FROM_US);
    char text[24] = "day/";
    time_business_day_text(day + 1, text + 4);
    const AuditEvent read = { .kind = AUDIT_READ };
    const AuditEvent end = { .kind = AUDIT_DAY_END, .subject = span_of_text(text) };
    add_event(FROM_US, &read);
    add_event(FROM_US + 3 * TIME_DAY_US, &end);
    evidence_end(&evidence);
    /* The first and third day are open, the second is closed, the fourth still runs. */
    EXPECT(counts("day-ends", 3, 0));
}

static void test_a_leaf_that_cannot_be_read_makes_no_report(void)
{
    Status s = OK;
    open_evidence();
    const AuditLeaf leaf = { .time_us = FROM_US, .events = SPAN("\0\0\0\1\0\0\0\1x") };
    evidence_leaf(&evidence, &leaf);
    document(REPORT_BOTH, &s);
    EXPECT_REFUSED(s, REFUSED_REPORT_LOG_NOT_SOUND);
}

static void test_what_the_vault_says(void)
{
    char lines[1024];
    open_evidence();
    snprintf(lines, sizeof(lines),
            "key\t%lld\tseal\t1\tHMAC\t0\tcurrent\n"
            "key\t1\tbox\t2\tP-256\t%lld\tcurrent\n" /* older, and still good */
            "key\t1\tshred\t1\tAES\t2\tdestroyed\n"
            "key\t%lld\tseal\t2\tHMAC\t0\tcurrent\n"
            "override\t1\tcard/log\t%lld\talice, bob\twhy\tTP-8\n"
            "override\t1\tcard/log\t%lld\talice, bob\tover before\tTP-8\n"
            "passwords\t0\t100\t7\t5\t0\t\n"
            "unknown\t0\t\t\t\t\t\n",
            (long long)FROM_US, (long long)TO_US + 1, (long long)TO_US - 1, (long long)FROM_US,
            (long long)FROM_US - 1);
    EXPECT_OK(evidence_statements(&evidence, span_of_text(lines)));
    EXPECT(counts("vault-keys", 2, 0) && counts("key-acts", 2, 0));
    EXPECT(counts("overrides", 1, 0) && counts("legacy-passwords", 12, 0));
    EXPECT_REFUSED(evidence_statements(&evidence, SPAN("key\tx\t\t\t\t\t\n")), REFUSED_CSV_SYNTAX);
    EXPECT_REFUSED(evidence_statements(&evidence, SPAN("key\t1\tseal")), REFUSED_CSV_SYNTAX);
}

/* --- a real database --- */

static Status make_real(const Sample *sample, AuditReport *ret_check)
{
    Buffer html = BUFFER_OF(html_bytes);
    evidence_close(&evidence);
    TRY(evidence_open(1, 700 * TIME_DAY_US, evidence_sections, evidence_section_count, &evidence));
    const AuditVerifyConfig config = { .database = sample->path,
        .keys = &sample->keys,
        .dir = sample->dir,
        .second = sample->second,
        .found = evidence_finding,
        .context = &evidence,
        .leaf = evidence_leaf,
        .row = evidence_row };
    TRY(audit_verify(&config, ret_check));
    evidence_end(&evidence);
    const ReportFacts facts = { "audit-real", TO_US, ret_check, true, true };
    return report_document(&facts, &evidence, REPORT_BOTH, &html);
}

/* A changed row is a finding of the report; a changed leaf, or no checkpoint, makes no report. */
static void test_a_tampered_log_is_refused(void)
{
    static Sample sample;
    AuditReport check = { 0 };
    EXPECT_OK(sample_open(&sample, 3));
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10));
    EXPECT_REFUSED(make_real(&sample, &check), REFUSED_REPORT_LOG_NOT_SOUND); /* not signed yet */
    EXPECT_OK(sample_checkpoint(&sample));
    EXPECT_OK(make_real(&sample, &check));
    EXPECT(check.findings == 0 && check.signed_leaves == check.leaves);
    EXPECT_OK(sample_transfer(&sample, 2, 3, 10)); /* younger than the checkpoint: not evidence */
    EXPECT_OK(make_real(&sample, &check));
    EXPECT(check.leaves == check.signed_leaves + 1);
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET balance = 1 WHERE id = 3"));
    EXPECT_OK(make_real(&sample, &check));
    EXPECT(check.findings > 0 && evidence.sums[section("check")].count == check.findings);
    EXPECT_OK(
            sample_execute(&sample, "UPDATE audit_leaf SET time_us = time_us + 1 WHERE batch = 0"));
    EXPECT_REFUSED(make_real(&sample, &check), REFUSED_REPORT_LOG_NOT_SOUND);
    sample_close(&sample);
    evidence_close(&evidence);
}

/* LL-4.3.9: each request under a broken digest, one line a merchant and profile. */
static void test_signatures_with_a_broken_digest(void)
{
    open_evidence();
    for (int i = 0; i < 3; i++)
        tell(AUDIT_LEGACY_SIGNATURE, 0, SPAN("merchant/1900000001"), SPAN("signing-profile"),
                "lianlian-md5");
    tell(AUDIT_LEGACY_SIGNATURE, (StatusCode)REFUSED_PROFILE_NOT_GIVEN, SPAN("merchant/1900000002"),
            SPAN("signing-profile"), "lianlian-md5");
    tell(AUDIT_READ, 0, SPAN("merchant/1900000001"), SPAN("signing-profile"), "sorted-rsa2");
    EXPECT(counts("legacy-signatures", 4, 0));
    EXPECT(evidence.sums[section("legacy-signatures")].lines == 2);
}

TESTS(TEST(test_signatures_with_a_broken_digest), TEST(test_the_borders_of_the_period),
        TEST(test_several_in_one_event), TEST(test_reveals_are_grouped_by_what_they_say),
        TEST(test_what_is_overdue_is_told), TEST(test_periods_that_are_none),
        TEST(test_an_empty_period), TEST(test_one_language_alone), TEST(test_hostile_names),
        TEST(test_more_lines_than_a_section_lists), TEST(test_gaps),
        TEST(test_days_that_nobody_closed), TEST(test_a_leaf_that_cannot_be_read_makes_no_report),
        TEST(test_what_the_vault_says), TEST(test_a_tampered_log_is_refused))
