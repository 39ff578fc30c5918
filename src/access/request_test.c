/*
 * Goal: what needs other people's agreement is begun once, when enough of them signed exactly that,
 * and never otherwise (TP-15, LL-4.5.2: 按需审批, 职责分离). Method: rows through a real batch, the
 * table of rights of the house; every way in which an approval can be worth nothing.
 */
#define _GNU_SOURCE
#include "access/approval_vector.h"
#include "access/merchant.h"
#include "access/request_act.h"
#include "base/encoding.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "store/store_for_tests.h"

#include <stdlib.h>

enum { PEOPLE = 8 };

typedef struct House {
    TestStore rows;
    AccessTable *table;
    PrivateKey *keys[PEOPLE];
    Principal people[PEOPLE];
} House;

/* alice asks; bob and erin approve; bill is bob's other name; carol audits; li and wu are one
 * merchant's, mo another's. */
static const char *const names[PEOPLE] = { "alice", "bob", "erin", "bill", "carol", "li", "wu",
    "mo" };
static const char *const roles[PEOPLE] = { "security-operator", "security-officer",
    "security-officer", "security-officer", "auditor", "merchant-administrator",
    "merchant-administrator", "merchant-administrator" };
enum { ALICE, BOB, ERIN, BILL, CAROL, LI, WU, MO };

typedef struct Entry {
    Unit unit;
    Principal principal;
} Entry;

static Status entry_gather(Unit *unit, Rows *rows)
{
    Principal before;
    bool found = false;
    return principal_get(rows, ((Entry *)unit)->principal.id, &before, &found);
}

static Status entry_run(Unit *unit, Rows *rows)
{
    return principal_insert(rows, &((Entry *)unit)->principal);
}

static void join(House *h, int who)
{
    Entry e = { .unit = { .gather = entry_gather, .run = entry_run },
        .principal = {
                .tenant = ASKER_HOUSE, .kind = PRINCIPAL_OF_PERSON, .status = STATUS_LIVE } };
    snprintf(e.principal.id, sizeof(e.principal.id), "%s", names[who]);
    if (who >= LI) {
        e.principal.kind = PRINCIPAL_OF_MERCHANT_ADMINISTRATOR;
        snprintf(e.principal.tenant, sizeof(e.principal.tenant), "%s",
                who == MO ? "1900000002" : "1900000001");
    }
    e.principal.person[0] = (uint8_t)(who == BILL ? BOB : who);
    e.principal.roles = access_role_bit(access_role_named(h->table, span_of_text(roles[who])));
    ASSERT(status_ok(private_key_generate(who == ERIN ? KEY_SM2 : KEY_ED25519, &h->keys[who])));
    ASSERT(status_ok(principal_set_key(&e.principal, private_key_public(h->keys[who]))));
    ASSERT(status_ok(unit_wait(h->rows.batcher, &e.unit)));
    h->people[who] = e.principal;
}

static uint8_t told_bytes[4096];
static Buffer told; /* the events of the last batch */

static Status keep_events(
        void *context, Store *store, const BatchDraft *draft, const BatchSealed *sealed)
{
    told = BUFFER_OF(told_bytes);
    return buffer_put(&told, draft->events);
}

static void house_open(House *h)
{
    static const StoreSchema *const schemas[] = { &access_schema, &request_schema };
    char rules[512];
    YamlProblem problem;
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    test_store_open_with(&h->rows, schemas, 2, 1000 * TIME_SECOND_US, keep_events);
    snprintf(rules, sizeof(rules), "%s/rules/access.yaml", source != NULL ? source : ".");
    ASSERT(status_ok(access_table_load(rules, &h->table, &problem)));
    for (int i = 0; i < PEOPLE; i++)
        join(h, i);
}

static void house_close(House *h)
{
    access_table_free(&h->table);
    for (int i = 0; i < PEOPLE; i++)
        private_key_free(&h->keys[i]);
    test_store_close(&h->rows);
}
#define HOUSE                         \
    CLEANUP(house_close) House house; \
    House *h = &house;                \
    house_open(h)

static Status act(House *h, RequestAct *work)
{
    work->table = h->table;
    snprintf(work->actor, sizeof(work->actor), "operator/test");
    request_act_unit(work, NULL);
    return unit_wait(h->rows.batcher, &work->unit);
}

static AskedRequest ask(House *h, const char *id, int64_t needs)
{
    static const char exact[] = "{\"operation\":\"caller.add\",\"name\":\"x\"}";
    RequestAct work = { .step = STEP_ASK,
        .life_us = 3600 * TIME_SECOND_US,
        .request = { .action = "caller.add",
                .asker = "alice",
                .person = { ALICE },
                .door = DOOR_CLI,
                .from = "uid:1",
                .needs = needs } };
    snprintf(work.request.id, sizeof(work.request.id), "%s", id);
    work.request.exact_size = sizeof(exact) - 1;
    memcpy(work.request.exact, exact, sizeof(exact) - 1);
    sha256(span_of_text(exact), work.request.digest);
    ASSERT(status_ok(act(h, &work)));
    return work.request;
}

/* An approval of `r` in `who`'s name, signed with `key`. */
static Approval sign(House *h, const AskedRequest *r, const char *who, int key)
{
    Approval a = { .expires_us = h->rows.now_us + 600 * TIME_SECOND_US, .nonce = { 1, 2, 3 } };
    uint8_t message_bytes[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(message_bytes);
    Buffer signature = BUFFER_OF(a.signature);
    snprintf(a.approver, sizeof(a.approver), "%s", who);
    snprintf(a.operation, sizeof(a.operation), "%s", r->action);
    snprintf(a.reason, sizeof(a.reason), "ticket 4");
    request_subject(r, a.subject);
    const WireApproval wire = { .operation = span_of_text(a.operation),
        .subject = span_of_text(a.subject),
        .reason = span_of_text(a.reason),
        .expires_us = a.expires_us,
        .nonce = SPAN_OF(a.nonce) };
    ASSERT(status_ok(wire_approval_message(&wire, &message)));
    ASSERT(status_ok(sign_make(h->keys[key], span_of_buffer(&message), &signature)));
    a.signature_size = signature.size;
    return a;
}

static Status give(House *h, const AskedRequest *r, const Approval *a, AskedRequest *ret)
{
    RequestAct work = { .step = STEP_APPROVAL, .approval = *a };
    memcpy(work.id, r->id, sizeof(work.id));
    const Status s = act(h, &work);
    if (status_ok(s)) *ret = work.request;
    return s;
}

static Status approve(House *h, const AskedRequest *r, int who, AskedRequest *ret)
{
    const Approval a = sign(h, r, names[who], who);
    return give(h, r, &a, ret);
}

static AskedState state_of(House *h, const AskedRequest *r)
{
    RequestLook look = { 0 };
    memcpy(look.request.id, r->id, sizeof(look.request.id));
    request_look_unit(&look, NULL);
    ASSERT(status_ok(unit_wait(h->rows.batcher, &look.unit)));
    return look.request.state;
}

static Status step(House *h, const AskedRequest *r, RequestStep step, const char *by)
{
    RequestAct work = { .step = step, .why = "no" };
    memcpy(work.id, r->id, sizeof(work.id));
    snprintf(work.by, sizeof(work.by), "%s", by);
    return act(h, &work);
}

/* --- */

static void test_one_other_person_is_enough_for_one(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000a1", 1);
    EXPECT(state_of(h, &r) == ASKED_WAITING);
    EXPECT_OK(approve(h, &r, BOB, &now));
    EXPECT(now.state == ASKED_RUNNING && now.given == 1);
    EXPECT(strcmp(now.approvers[0], "bob") == 0);
    EXPECT_REFUSED(approve(h, &r, ERIN, &now), REFUSED_REQUEST_OVER);
}

static void test_two_are_two_people(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000a2", 2);
    EXPECT_OK(approve(h, &r, BOB, &now));
    EXPECT(now.state == ASKED_WAITING);
    EXPECT_REFUSED(approve(h, &r, BOB, &now), REFUSED_REQUEST_TWICE);
    EXPECT_REFUSED(approve(h, &r, BILL, &now), REFUSED_REQUEST_SAME_PERSON);
    EXPECT(state_of(h, &r) == ASKED_WAITING);
    EXPECT_OK(approve(h, &r, ERIN, &now)); /* with SM2 */
    EXPECT(now.state == ASKED_RUNNING && now.given == 2);
}

static Status change_run(Unit *unit, Rows *rows)
{
    return principal_update(rows, &((Entry *)unit)->principal);
}

typedef enum Change { LEAVES, HAS_ANOTHER_KEY, HAS_ANOTHER_ROLE } Change;

static void change(House *h, int who, Change what)
{
    Entry e = { .unit = { .gather = entry_gather, .run = change_run },
        .principal = h->people[who] };
    if (what == LEAVES) e.principal.status = STATUS_CLOSED;
    if (what == HAS_ANOTHER_KEY)
        ASSERT(status_ok(principal_set_key(&e.principal, private_key_public(h->keys[CAROL]))));
    if (what == HAS_ANOTHER_ROLE) e.principal.roles = h->people[CAROL].roles;
    ASSERT(status_ok(unit_wait(h->rows.batcher, &e.unit)));
}

/* A quorum is of those who agree when it is begun. */
static void test_an_approval_ends_with_its_giver(void)
{
    static const Change changes[] = { LEAVES, HAS_ANOTHER_KEY, HAS_ANOTHER_ROLE };
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        HOUSE;
        AskedRequest now;
        const AskedRequest r = ask(h, "00000000000000ab", 2);
        EXPECT_OK(approve(h, &r, BOB, &now));
        change(h, BOB, changes[i]);
        EXPECT_OK(approve(h, &r, ERIN, &now));
        EXPECT(now.state == ASKED_WAITING && now.given == 1);
        EXPECT(strcmp(now.approvers[0], "erin") == 0 && now.approvers[1][0] == '\0');
        EXPECT_REFUSED(approve(h, &r, ERIN, &now), REFUSED_REQUEST_TWICE);
        change(h, BOB, LEAVES);
        EXPECT_REFUSED(approve(h, &r, BOB, &now), REFUSED_PRINCIPAL_UNKNOWN);
        EXPECT_OK(approve(h, &r, BILL, &now)); /* his other name, which nobody counted yet */
        EXPECT(now.state == ASKED_RUNNING && now.given == 2);
    }
}

static void test_who_asks_never_approves(void)
{
    HOUSE;
    AskedRequest now;
    AskedRequest r = ask(h, "00000000000000a3", 1);
    EXPECT_REFUSED(approve(h, &r, ALICE, &now), REFUSED_REQUEST_OWN);
    RequestAct work = { .step = STEP_ASK, .life_us = TIME_DAY_US, .request = r };
    snprintf(work.request.id, sizeof(work.request.id), "00000000000000b3");
    work.request.person[0] = BOB; /* alice is bob, too */
    EXPECT_OK(act(h, &work));
    EXPECT_REFUSED(approve(h, &work.request, BOB, &now), REFUSED_REQUEST_SAME_PERSON);
}

/* A merchant's people agree among themselves, and to nothing of anybody else. */
static void test_tenants_agree_among_themselves(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest ours = ask(h, "00000000000000a9", 1);
    RequestAct work = { .step = STEP_ASK, .life_us = TIME_DAY_US, .request = ours };
    snprintf(work.request.id, sizeof(work.request.id), "00000000000000b9");
    snprintf(work.request.action, sizeof(work.request.action), "merchant.key.add");
    snprintf(work.request.asker, sizeof(work.request.asker), "li");
    work.request.person[0] = LI;
    work.request.door = DOOR_CONSOLE;
    EXPECT_OK(act(h, &work));
    const AskedRequest theirs = work.request;
    EXPECT_REFUSED(approve(h, &ours, LI, &now), REFUSED_ACCESS_OTHER_TENANT);
    EXPECT_REFUSED(approve(h, &theirs, BOB, &now), REFUSED_ACCESS_OTHER_TENANT);
    EXPECT_REFUSED(approve(h, &theirs, MO, &now), REFUSED_ACCESS_OTHER_TENANT);
    EXPECT_REFUSED(approve(h, &theirs, LI, &now), REFUSED_REQUEST_OWN);
    EXPECT_REFUSED(step(h, &theirs, STEP_REFUSAL, "bob"), REFUSED_ACCESS_OTHER_TENANT);
    EXPECT_REFUSED(step(h, &theirs, STEP_REFUSAL, "mo"), REFUSED_ACCESS_OTHER_TENANT);
    EXPECT_OK(approve(h, &theirs, WU, &now));
    EXPECT(now.state == ASKED_RUNNING && strcmp(now.approvers[0], "wu") == 0);
    EXPECT(state_of(h, &ours) == ASKED_WAITING);
}

/* Another table may ask for more people than when it was asked, never for fewer. */
static void test_the_table_of_now_counts(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000c1", 1);
    const AskedRequest many = ask(h, "00000000000000c2", 2);
    AccessAction *action = &h->table->actions[access_action_named(h->table, SPAN("caller.add"))];
    EXPECT_OK(approve(h, &many, BOB, &now)); /* the table says one */
    EXPECT(now.state == ASKED_WAITING && now.needs == 2);
    action->approvals[access_door_place(DOOR_CLI)] = 2;
    EXPECT_OK(approve(h, &r, BOB, &now));
    EXPECT(now.state == ASKED_WAITING && now.needs == 2);
    EXPECT_OK(approve(h, &r, ERIN, &now));
    EXPECT(now.state == ASKED_RUNNING);
}

static void test_without_the_right_it_is_nothing(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000a4", 1);
    EXPECT_REFUSED(approve(h, &r, CAROL, &now), REFUSED_ACCESS_LEVEL);
    const Approval nobody = sign(h, &r, "mallory", BOB);
    EXPECT_REFUSED(give(h, &r, &nobody, &now), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT_REFUSED(step(h, &r, STEP_REFUSAL, "carol"), REFUSED_ACCESS_LEVEL);
    EXPECT(state_of(h, &r) == ASKED_WAITING);
}

static bool was_told(Span text)
{
    return memmem(told_bytes, told.size, text.data, text.size) != NULL;
}

/* It may be a card's number, and is in no form that a door looks through. */
static void test_what_nobody_has_is_not_written_down(void)
{
    HOUSE;
    AskedRequest now;
    AskedRequest r = ask(h, "00000000000000ac", 1);
    const Approval named = sign(h, &r, "carol", CAROL);
    EXPECT_REFUSED(give(h, &r, &named, &now), REFUSED_ACCESS_LEVEL);
    EXPECT(was_told(SPAN("carol")) && was_told(SPAN("00000000000000ac")));
    const Approval unknown = sign(h, &r, "4111111111111111", BOB);
    EXPECT_REFUSED(give(h, &r, &unknown, &now), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT(!was_told(SPAN("4111111111111111")));
    snprintf(r.id, sizeof(r.id), "4111111111111111");
    EXPECT_REFUSED(give(h, &r, &named, &now), REFUSED_REQUEST_UNKNOWN);
    EXPECT(was_told(SPAN("unknown")) && !was_told(SPAN("4111111111111111")));
}

/* Another's key, another request, other bytes, another operation, too late, too early. */
static void test_a_signature_is_over_this_by_its_owner(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000a5", 1);
    const AskedRequest other = ask(h, "00000000000000b5", 1);
    Approval a = sign(h, &r, "bob", ERIN);
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    a = sign(h, &other, "bob", BOB);
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE); /* replayed elsewhere */
    AskedRequest changed = r;
    changed.digest[31] ^= 1;
    a = sign(h, &changed, "bob", BOB);
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    request_subject(&r, a.subject); /* altered after it was signed */
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    changed = r;
    snprintf(changed.action, sizeof(changed.action), "access.join");
    a = sign(h, &changed, "bob", BOB);
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    a = sign(h, &r, "bob", BOB);
    a.expires_us++;
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    a = sign(h, &r, "bob", BOB);
    h->rows.now_us += 601 * TIME_SECOND_US;
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    h->rows.now_us -= 2 * TIME_DAY_US; /* the clock was moved: good for longer than a day */
    EXPECT_REFUSED(give(h, &r, &a, &now), REFUSED_REQUEST_SIGNATURE);
    EXPECT(state_of(h, &r) == ASKED_WAITING);
}

static void test_every_bit_of_a_signature_counts(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000a6", 1);
    const Approval right = sign(h, &r, "bob", BOB);
    for (size_t i = 0; i < 8 * right.signature_size; i += 7) {
        Approval wrong = right;
        wrong.signature[i / 8] ^= (uint8_t)(1u << i % 8);
        EXPECT_REFUSED(give(h, &r, &wrong, &now), REFUSED_REQUEST_SIGNATURE);
    }
    Approval wrong = right;
    wrong.encoding = WIRE_SIGNATURE_RAW;
    EXPECT_REFUSED(give(h, &r, &wrong, &now), REFUSED_REQUEST_SIGNATURE);
    wrong.encoding = 9;
    EXPECT_REFUSED(give(h, &r, &wrong, &now), REFUSED_REQUEST_SIGNATURE);
    EXPECT_OK(give(h, &r, &right, &now));
}

static void test_its_time_ends(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000a7", 1);
    EXPECT_REFUSED(step(h, &r, STEP_EXPIRY, ""), REFUSED_REQUEST_OVER); /* not yet */
    h->rows.now_us = r.expires_us;
    EXPECT_REFUSED(approve(h, &r, BOB, &now), REFUSED_REQUEST_PAST);
    EXPECT_OK(step(h, &r, STEP_EXPIRY, ""));
    EXPECT(state_of(h, &r) == ASKED_EXPIRED);
    EXPECT_REFUSED(approve(h, &r, BOB, &now), REFUSED_REQUEST_PAST);
}

static void test_no_is_no(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest refused = ask(h, "00000000000000a8", 1);
    const AskedRequest withdrawn = ask(h, "00000000000000b8", 1);
    EXPECT_REFUSED(step(h, &refused, STEP_REFUSAL, "alice"), REFUSED_REQUEST_OWN);
    EXPECT_OK(step(h, &refused, STEP_REFUSAL, "bob"));
    EXPECT_REFUSED(approve(h, &refused, ERIN, &now), REFUSED_REQUEST_OVER);
    EXPECT_REFUSED(step(h, &withdrawn, STEP_WITHDRAWAL, "bob"), REFUSED_REQUEST_NOT_ASKER);
    EXPECT_OK(step(h, &withdrawn, STEP_WITHDRAWAL, "alice"));
    EXPECT_REFUSED(approve(h, &withdrawn, BOB, &now), REFUSED_REQUEST_OVER);
    EXPECT(state_of(h, &refused) == ASKED_REFUSED && state_of(h, &withdrawn) == ASKED_WITHDRAWN);
}

static Status end(House *h, const AskedRequest *r, int32_t outcome)
{
    RequestAct work = { .step = STEP_END, .outcome = outcome, .answer = SPAN("{\"a\":1}") };
    memcpy(work.id, r->id, sizeof(work.id));
    return act(h, &work);
}

/* A crash between approval and outcome leaves "running", which nothing begins again. */
static void test_it_is_begun_at_most_once(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest done = ask(h, "00000000000000a9", 1);
    const AskedRequest cut = ask(h, "00000000000000b9", 1);
    EXPECT_REFUSED(end(h, &done, 0), REFUSED_REQUEST_OVER); /* nobody agreed */
    EXPECT_OK(approve(h, &done, BOB, &now));
    EXPECT_OK(end(h, &done, 0));
    EXPECT_REFUSED(end(h, &done, REFUSED_ROW_INVALID), REFUSED_REQUEST_OVER);
    EXPECT(state_of(h, &done) == ASKED_DONE);
    EXPECT_REFUSED(step(h, &cut, STEP_INTERRUPTION, ""), REFUSED_REQUEST_OVER);
    EXPECT_OK(approve(h, &cut, BOB, &now));
    EXPECT_OK(step(h, &cut, STEP_INTERRUPTION, ""));
    EXPECT(state_of(h, &cut) == ASKED_INTERRUPTED);
    EXPECT_REFUSED(approve(h, &cut, ERIN, &now), REFUSED_REQUEST_OVER);
    EXPECT_REFUSED(end(h, &cut, 0), REFUSED_REQUEST_OVER);
}

static Status tamper(void *context, Store *store)
{
    return store_execute(store, "UPDATE request SET asker = 'zoe'", NULL, 0);
}

/* Whoever writes into the database changes what was asked, or who agreed: the row's seal says
 * so. */
static void test_a_changed_row_is_refused(void)
{
    HOUSE;
    AskedRequest now;
    const AskedRequest r = ask(h, "00000000000000aa", 1);
    EXPECT_OK(batcher_between(h->rows.batcher, tamper, NULL));
    EXPECT(status_refused(approve(h, &r, BOB, &now)));
}

/* A browser's own key, and what the console's page signs with it. */
static void test_the_consoles_page_signs_the_same_bytes(void)
{
    uint8_t wire_bytes[512], message_bytes[512], wanted_bytes[512];
    Buffer wire_buffer = BUFFER_OF(wire_bytes), message = BUFFER_OF(message_bytes);
    Buffer wanted = BUFFER_OF(wanted_bytes);
    WireApproval wire = { 0 };
    Approval approval = { 0 };
    EXPECT_OK(hex_decode(SPAN(APPROVAL_VECTOR_WIRE), &wire_buffer));
    Cursor c = cursor_of(span_of_buffer(&wire_buffer));
    EXPECT_OK(wire_take_approval(&c, &wire));
    EXPECT_OK(cursor_end(&c));
    EXPECT(span_equal(wire.name, SPAN(APPROVAL_VECTOR_NAME)));
    EXPECT(wire.expires_us == 1790000000123456 && wire.encoding == WIRE_SIGNATURE_RAW);
    EXPECT_OK(wire_approval_message(&wire, &message));
    EXPECT_OK(hex_decode(SPAN(APPROVAL_VECTOR_MESSAGE), &wanted));
    EXPECT(span_equal(span_of_buffer(&message), span_of_buffer(&wanted)));
    EXPECT_OK(approval_of_wire(&wire, &approval));
    Buffer key = BUFFER_OF(approval.key);
    EXPECT_OK(hex_decode(SPAN(APPROVAL_VECTOR_KEY), &key));
    approval.key_size = key.size;
    EXPECT_OK(approval_verify(&approval));
    approval.reason[0] ^= 1;
    EXPECT_REFUSED(approval_verify(&approval), REFUSED_REQUEST_SIGNATURE);
}

TESTS(TEST(test_tenants_agree_among_themselves), TEST(test_the_table_of_now_counts),
        TEST(test_one_other_person_is_enough_for_one), TEST(test_two_are_two_people),
        TEST(test_an_approval_ends_with_its_giver), TEST(test_who_asks_never_approves),
        TEST(test_without_the_right_it_is_nothing), TEST(test_what_nobody_has_is_not_written_down),
        TEST(test_a_signature_is_over_this_by_its_owner),
        TEST(test_every_bit_of_a_signature_counts), TEST(test_its_time_ends), TEST(test_no_is_no),
        TEST(test_it_is_begun_at_most_once), TEST(test_a_changed_row_is_refused),
        TEST(test_the_consoles_page_signs_the_same_bytes))
