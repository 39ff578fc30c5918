/*
 * Goal: vaultd signs reports in its own words, so that its signature is never taken for a
 * checkpoint or for another report (TP-16, LL-4.5.3); two people close an incident. Method: what
 * it signed is read with the auditor's own code; every byte changed once; requests that want it to
 * say something else.
 */
#include "audit/report_note.h"
#include "ipc/report_wire.h"
#include "vault/vault_test_house.h"

static House *h;
static AuditKeys keys;

static void take_key(KeyRole role)
{
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    const PrivateKey *key = keys_private(house_keys(), role);
    ASSERT(status_ok(public_key_to_spki(private_key_public(key), &spki)));
    ASSERT(status_ok(public_key_from_spki(span_of_buffer(&spki), &keys.keys[keys.count++])));
}

static void test_the_house_opens(void)
{
    h = house_open();
    EXPECT_OK(house_found(h));
    take_key(KEY_CHECKPOINT_ED25519);
    take_key(KEY_CHECKPOINT_SM2);
}

static Status ask(const WireReport *report, const char *const *names, size_t count)
{
    uint8_t memory[4096];
    Buffer request = BUFFER_OF(memory);
    TRY(wire_put_report(&request, report));
    TRY(wire_put_count(&request, count, WIRE_REPORT_FILES_MAX));
    for (size_t i = 0; i < count; i++) {
        WireReportFile file = { .name = span_of_text(names[i]) };
        file.sha256[0] = 1;
        file.sm3[31] = 2;
        TRY(wire_put_report_file(&request, &file));
    }
    return house_ask_operator(h, VAULT_SIGN_REPORT, span_of_buffer(&request));
}

static const char *const two[] = { "report.html", "report.pdf" };

static WireReport good_report(void)
{
    WireReport report = { .id = SPAN("audit-1"), .kind = 1, .from_us = 5, .to_us = 9 };
    return report; /* of an empty log: leaves 0 */
}

static void test_a_report_is_signed_with_both_keys(void)
{
    ReportNote note = { 0 };
    AuditCheckpoint checkpoint = { 0 };
    const WireReport report = good_report();
    EXPECT_OK(ask(&report, two, 2));
    EXPECT_OK(report_note_verify(span_of_buffer(&h->answer), &keys, &note));
    EXPECT(note.by_ed25519 && note.by_sm2 && note.kind == 1 && note.from_us == 5);
    EXPECT(note.to_us == 9 && note.made_us == h->now_us && note.leaves == 0);
    EXPECT(strcmp(note.id, "audit-1") == 0 && note.file_count == 2);
    EXPECT(strcmp(note.files[1].name, "report.pdf") == 0 && note.files[1].sha256[0] == 1);
    EXPECT(note.files[1].sm3[31] == 2);
    EXPECT_REFUSED(audit_checkpoint_verify(span_of_buffer(&h->answer), &keys, &checkpoint),
            REFUSED_CHECKPOINT_FORMAT);
}

static void test_no_checkpoint_is_a_report(void)
{
    ReportNote note = { 0 };
    EXPECT_OK(house_ask(h, VAULT_CHECKPOINT, (Span) { NULL, 0 }));
    EXPECT_REFUSED(report_note_verify(span_of_buffer(&h->answer), &keys, &note),
            REFUSED_REPORT_NOTE_FORMAT);
}

static void test_every_changed_byte_is_refused(void)
{
    static uint8_t bytes[4096];
    const WireReport report = good_report();
    EXPECT_OK(ask(&report, two, 2));
    const size_t size = h->answer.size;
    EXPECT(size < sizeof(bytes));
    for (size_t i = 0; i < size; i++) {
        ReportNote note = { 0 };
        memcpy(bytes, h->answer.data, size);
        bytes[i] ^= 1;
        EXPECT(!status_ok(report_note_verify((Span) { bytes, size }, &keys, &note)));
    }
    for (size_t i = 0; i < size; i++) {
        ReportNote note = { 0 };
        EXPECT(!status_ok(report_note_verify((Span) { h->answer.data, i }, &keys, &note)));
    }
}

/* A name with a line feed would be a line of the text: it could say anything. */
static void test_names_that_would_say_more(void)
{
    static const char *const names[] = { "", "a b", "a\nb", "../a", "a/b", ".hidden",
        "\xE2\x80\x94", "-a" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const WireReport good = good_report();
        WireReport bad = good;
        bad.id = span_of_text(names[i]);
        EXPECT(!status_ok(ask(&bad, two, 2)));
        EXPECT(!status_ok(ask(&good, &names[i], 1)));
    }
    const WireReport good = good_report();
    EXPECT_REFUSED(ask(&good, two, 0), REFUSED_REPORT_NOTE_FORMAT);
}

static void test_a_report_of_another_log(void)
{
    WireReport report = good_report();
    report.leaves = 1000;
    EXPECT_REFUSED(ask(&report, two, 2), REFUSED_REPORT_AHEAD_OF_LOG);
    report.leaves = -1;
    EXPECT_REFUSED(ask(&report, two, 2), REFUSED_REPORT_AHEAD_OF_LOG);
    report.leaves = house_batch(h); /* exactly so many, under another root */
    EXPECT_REFUSED(ask(&report, two, 2), REFUSED_REPORT_AHEAD_OF_LOG);
}

static void test_requests_that_are_none(void)
{
    uint8_t memory[4096];
    Buffer request = BUFFER_OF(memory);
    const WireReport report = good_report();
    EXPECT_OK(wire_put_report(&request, &report));
    EXPECT_OK(buffer_put_u32(&request, 2));
    EXPECT(!status_ok(house_ask_operator(h, VAULT_SIGN_REPORT, span_of_buffer(&request))));
    for (size_t i = 0; i < request.size; i++)
        EXPECT(!status_ok(house_ask_operator(h, VAULT_SIGN_REPORT, (Span) { memory, i })));
    EXPECT_REFUSED(house_ask(h, VAULT_SIGN_REPORT, SPAN("x")), REFUSED_VAULT_FORBIDDEN);
    EXPECT(!status_ok(house_ask_operator(h, VAULT_CLOSE_INCIDENT, SPAN("x"))));
    audit_keys_free(&keys);
    house_close(h);
}

TESTS(TEST(test_the_house_opens), TEST(test_a_report_is_signed_with_both_keys),
        TEST(test_no_checkpoint_is_a_report), TEST(test_every_changed_byte_is_refused),
        TEST(test_names_that_would_say_more), TEST(test_a_report_of_another_log),
        TEST(test_requests_that_are_none))
