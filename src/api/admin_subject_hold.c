/* Legal holds: vaultd believes the two signatures, keeps the decision in its journal, and only then
 * the rows say so; killed between, the same command goes on from there (LL-4.5.4). */
#include "api/admin_subject.h"

#include "api/passage.h"
#include "base/time.h"
#include "lifecycle/hold.h"
#include "store/unit_wait.h"

#include <stdlib.h>

enum { APPROVALS_TEXT_MAX = 16384 };

static const JsonField hold_fields[] = { SUBJECT_FIELDS,
    SUBJECT_TEXT(authority, true, SUBJECT_TEXT_BYTES_MAX),
    SUBJECT_TEXT(reference, true, SUBJECT_TEXT_BYTES_MAX), SUBJECT_TEXT(until, false, 32),
    SUBJECT_TEXT(approvals, true, APPROVALS_TEXT_MAX) };

/* Who approved, as the signed messages say: vaultd looked at the signatures. */
static Status read_approvers(Span approvals, Hold *hold)
{
    Cursor c = cursor_of(approvals);
    WireApproval first;
    WireApproval second;
    TRY(wire_take_approval(&c, &first));
    TRY(wire_take_approval(&c, &second));
    TRY(cursor_end(&c));
    REQUIRE(first.name.size < sizeof(hold->first) && second.name.size < sizeof(hold->second),
            REFUSED_SUBJECT_FIELD);
    passage_text(hold->first, sizeof(hold->first), first.name);
    passage_text(hold->second, sizeof(hold->second), second.name);
    return OK;
}

static WireLegalHold wire_of(const SubjectJson *json, int64_t until_us)
{
    return (WireLegalHold) { json->tenant, json->subject, json->authority, json->reference,
        until_us };
}

static Status place(House *house, Span approvals, const SubjectJson *json, HoldPlace *work)
{
    const WireLegalHold wire = wire_of(json, work->hold.until_us);
    TRY(read_approvers(approvals, &work->hold));
    TRY(vaultclient_hold_subject(house->vault, approvals, &wire));
    hold_place_unit(work, NULL);
    return unit_wait(house->batcher, &work->unit);
}

/* Is there anybody to hold? Asked before two people's signatures are spent. */
static Status must_be_there(House *house, const SubjectName *name, const char *actor)
{
    ReportRead *work = calloc(1, sizeof(*work));
    CHECK(work != NULL, FAULT_MEMORY);
    work->purposes = &house->purposes;
    work->name = *name;
    passage_text(work->actor, sizeof(work->actor), span_of_text(actor));
    report_read_unit(work, NULL);
    const Status s = unit_wait(house->batcher, &work->unit);
    free(work);
    return s;
}

Status admin_subject_hold(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    HoldPlace work = { .purposes = &house->purposes };
    uint8_t memory[APPROVALS_TEXT_MAX];
    Buffer approvals = BUFFER_OF(memory);
    TRY(subject_read(document, hold_fields, sizeof(hold_fields) / sizeof(hold_fields[0]), asker,
            &json, &work.hold.name, work.actor));
    TRY(time_parse(json.until, &work.hold.until_us));
    TRY(admin_bytes(json.approvals, &approvals));
    passage_text(work.hold.authority, sizeof(work.hold.authority), json.authority);
    passage_text(work.hold.reference, sizeof(work.hold.reference), json.reference);
    Status s = must_be_there(house, &work.hold.name, work.actor);
    if (status_ok(s)) s = place(house, span_of_buffer(&approvals), &json, &work);
    TRY(subject_verdict(w, s, NULL));
    if (status_ok(s)) json_key_int(w, "restricted_until_us", work.hold.until_us);
    return OK;
}

static Status release(House *house, Span approvals, const SubjectJson *json, HoldRelease *work)
{
    const WireLegalHold wire = wire_of(json, 0);
    const Status s = vaultclient_release_hold(house->vault, approvals, &wire);
    /* vaultd let it go before, and we were killed: the row follows. */
    if (!status_is(s, (StatusCode)REFUSED_HOLD_UNKNOWN)) TRY(s);
    hold_release_unit(work, NULL);
    return unit_wait(house->batcher, &work->unit);
}

Status admin_subject_release_hold(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    House *house = admin->config.house;
    SubjectJson json = { 0 };
    HoldRelease work = { .purposes = &house->purposes };
    uint8_t memory[APPROVALS_TEXT_MAX];
    Buffer approvals = BUFFER_OF(memory);
    TRY(subject_read(document, hold_fields, sizeof(hold_fields) / sizeof(hold_fields[0]), asker,
            &json, &work.name, work.actor));
    REQUIRE(json.until.size == 0, REFUSED_SUBJECT_FIELD);
    TRY(admin_bytes(json.approvals, &approvals));
    passage_text(work.authority, sizeof(work.authority), json.authority);
    passage_text(work.reference, sizeof(work.reference), json.reference);
    const Status s = release(house, span_of_buffer(&approvals), &json, &work);
    atomic_store(&house->data_is_due, true);
    TRY(subject_verdict(w, s, NULL));
    if (status_ok(s) && work.held_until_us != 0)
        json_key_int(w, "restricted_until_us", work.held_until_us);
    return OK;
}
