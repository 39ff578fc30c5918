/*
 * Goal: who has public keys alone finds each approval that was not signed by its key, and each act
 * that too few people had agreed to, also when every row is sealed and stands in the log: a
 * captured hufud can write such rows (TP-15, DESIGN section 5.5). Method: rows as they should be,
 * then one thing wrong at a time, each through a batch and a signed checkpoint.
 */
#include "access/request.h"
#include "audit/sample.h"
#include "audit/verify.h"
#include "base/expect.h"
#include "crypto/digest.h"

#include <stdio.h>

typedef struct Found {
    unsigned invalid;
    unsigned missing;
    unsigned others;
} Found;

static void note_finding(void *context, const AuditFinding *finding)
{
    Found *found = context;
    if (finding->kind == FINDING_APPROVAL_INVALID)
        found->invalid++;
    else if (finding->kind == FINDING_APPROVAL_MISSING)
        found->missing++;
    else
        found->others++;
}

/* --- what is written --- */

typedef struct Scene {
    Unit unit;
    AskedRequest request;
    Approval approvals[2];
    size_t count;
} Scene;

static Status nothing(Unit *unit, Rows *rows) { return OK; }

static Status write_scene(Unit *unit, Rows *rows)
{
    const Scene *scene = (const Scene *)unit;
    for (size_t i = 0; i < scene->count; i++)
        TRY(approval_insert(rows, &scene->approvals[i]));
    return asked_insert(rows, &scene->request);
}

static PrivateKey *keys[2];

static void sign(Approval *a, const PrivateKey *key)
{
    uint8_t message_bytes[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(message_bytes);
    Buffer signature = BUFFER_OF(a->signature);
    const WireApproval wire = { .operation = span_of_text(a->operation),
        .subject = span_of_text(a->subject),
        .reason = span_of_text(a->reason),
        .expires_us = a->expires_us,
        .nonce = SPAN_OF(a->nonce) };
    ASSERT(status_ok(wire_approval_message(&wire, &message)));
    ASSERT(status_ok(sign_make(key, span_of_buffer(&message), &signature)));
    a->signature_size = signature.size;
}

/* The request's approver `who`, who signed it right. */
static Approval approval_of(const AskedRequest *r, int who)
{
    Approval a = {
        .person = { (uint8_t)(who + 1) }, .expires_us = 9, .nonce = { 1 }, .given_us = 5
    };
    Buffer key = BUFFER_OF(a.key);
    ASSERT(status_ok(public_key_to_spki(private_key_public(keys[who]), &key)));
    a.key_size = key.size;
    snprintf(a.request, sizeof(a.request), "%s", r->id);
    snprintf(a.approver, sizeof(a.approver), "%s", who == 0 ? "bob" : "erin");
    snprintf(a.operation, sizeof(a.operation), "%s", r->action);
    snprintf(a.reason, sizeof(a.reason), "ticket 4");
    request_subject(r, a.subject);
    sign(&a, keys[who]);
    return a;
}

/* Run by two people, of several parts. */
static Scene scene_of(int number)
{
    Scene s = { .request = { .action = "access.table.set",
                        .asker = "alice",
                        .person = { 99 },
                        .door = DOOR_CLI,
                        .from = "uid:1",
                        .needs = 2,
                        .state = ASKED_DONE,
                        .approvers = { "bob", "erin" } },
        .count = 2 };
    AskedRequest *r = &s.request;
    snprintf(r->id, sizeof(r->id), "%016d", number);
    r->exact_size = 2 * ASKED_PART_BYTES_MAX + 7;
    memset(r->exact, '0' + number % 10, r->exact_size);
    sha256((Span) { r->exact, r->exact_size }, r->digest);
    s.approvals[0] = approval_of(r, 0);
    s.approvals[1] = approval_of(r, 1);
    return s;
}

static void write_down(Sample *sample, Scene *scene)
{
    scene->unit = (Unit) { .gather = nothing, .run = write_scene };
    ASSERT(status_ok(unit_wait(sample->batcher, &scene->unit)));
}

static Found verify(Sample *sample)
{
    Found found = { 0 };
    AuditReport report;
    const AuditVerifyConfig config = { .database = sample->path,
        .keys = &sample->keys,
        .dir = sample->dir,
        .second = sample->second,
        .found = note_finding,
        .context = &found };
    ASSERT(status_ok(sample_checkpoint(sample)));
    ASSERT(status_ok(audit_verify(&config, &report)));
    return found;
}

/* One scene alone in a log. */
static Found found_of(Scene *scene)
{
    static Sample sample;
    ASSERT(status_ok(sample_open_with(&sample, 1, &request_schema)));
    Scene before = scene_of(1);
    Scene behind = scene_of(9);
    write_down(&sample, &before);
    write_down(&sample, scene);
    write_down(&sample, &behind);
    const Found found = verify(&sample);
    sample_close(&sample);
    return found;
}

#define EXPECT_FOUND(scene, wanted_invalid, wanted_missing)                               \
    do {                                                                                  \
        const Found found_ = found_of(scene);                                             \
        EXPECT(found_.invalid == (wanted_invalid) && found_.missing == (wanted_missing)); \
        EXPECT(found_.others == 0);                                                       \
    } while (0)

static void test_what_two_people_signed_is_sound(void)
{
    Scene s = scene_of(5);
    EXPECT_FOUND(&s, 0, 0);
    s = scene_of(5);
    s.request.state = ASKED_WAITING; /* nothing was run: nobody is missing */
    s.count = 0;
    EXPECT_FOUND(&s, 0, 0);
}

static void test_a_signature_by_another_key(void)
{
    Scene s = scene_of(5);
    sign(&s.approvals[1], keys[0]);
    EXPECT_FOUND(&s, 1, 1);
    s = scene_of(5);
    s.approvals[0].reason[0] = 'T'; /* altered afterwards */
    EXPECT_FOUND(&s, 1, 1);
}

static void test_too_few_people(void)
{
    Scene s = scene_of(5);
    s.count = 1;
    EXPECT_FOUND(&s, 0, 1);
    s = scene_of(5);
    s.count = 0;
    EXPECT_FOUND(&s, 0, 1);
    s.request.state = ASKED_INTERRUPTED;
    EXPECT_FOUND(&s, 0, 1);
    s = scene_of(5);
    s.request.needs = 0; /* such a thing is never a request */
    EXPECT_FOUND(&s, 0, 1);
}

static void test_the_same_person_or_the_asker(void)
{
    Scene s = scene_of(5);
    s.approvals[1].person[0] = s.approvals[0].person[0];
    EXPECT_FOUND(&s, 0, 1);
    s = scene_of(5);
    s.approvals[1].person[0] = 99;
    EXPECT_FOUND(&s, 0, 1);
}

/* What was run is not what was signed, whatever the row's digest says. */
static void test_other_bytes(void)
{
    Scene s = scene_of(5);
    s.request.exact[ASKED_PART_BYTES_MAX + 1] ^= 1;
    EXPECT_FOUND(&s, 0, 1);
    sha256((Span) { s.request.exact, s.request.exact_size }, s.request.digest);
    EXPECT_FOUND(&s, 0, 1);
    s = scene_of(5);
    snprintf(s.request.action, sizeof(s.request.action), "access.join");
    EXPECT_FOUND(&s, 0, 1);
}

static void test_keys_are_made(void)
{
    EXPECT_OK(private_key_generate(KEY_ED25519, &keys[0]));
    EXPECT_OK(private_key_generate(KEY_SM2, &keys[1]));
}

static void test_keys_are_freed(void)
{
    for (size_t i = 0; i < 2; i++)
        private_key_free(&keys[i]);
}

TESTS(TEST(test_keys_are_made), TEST(test_what_two_people_signed_is_sound),
        TEST(test_a_signature_by_another_key), TEST(test_too_few_people),
        TEST(test_the_same_person_or_the_asker), TEST(test_other_bytes), TEST(test_keys_are_freed))
