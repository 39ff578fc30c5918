/*
 * Destruction (TP-3): from the journal's record on, no field of the subject opens here, whatever is
 * put back from a backup. When the month's shred key goes, the backups are blind for everybody,
 * with or without this journal; the certificate says after which day that is so.
 */
#include "vault/field_inside.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "keys/pairs.h"
#include "vault/approval.h"
#include "vault/legal_hold.h"
#include "vault/policy_book.h"

static Status take_list(Field *field, Cursor *c, KeyedHash *ret_subjects, uint32_t *ret_count)
{
    TRY(wire_take_count(c, WIRE_DESTROY_MAX, ret_count));
    REQUIRE(*ret_count > 0, REFUSED_IPC_FORMAT);
    const LegalHolds holds = { field->config.memory, field->config.clock };
    for (uint32_t i = 0; i < *ret_count; i++) {
        WireSubjectName name;
        TRY(wire_take_subject_name(c, &name));
        TRY(legal_hold_must_not_be(&holds, name.tenant, name.subject));
        field_name(field, "subject", name.tenant, name.subject, &ret_subjects[i]);
    }
    return cursor_end(c);
}

/* The list of grants for card expiry names them no more. `list` was read before. */
static Status forget_grants(Field *field, Span list)
{
    PolicyBook book = { .memory = field->config.memory, .clock = field->config.clock };
    Cursor c = cursor_of(list);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_DESTROY_MAX, &count));
    for (uint32_t i = 0; i < count; i++) {
        WireSubjectName name;
        TRY(wire_take_subject_name(&c, &name));
        TRY(policy_book_forget(&book, name.subject, name.tenant));
    }
    return OK;
}

/* When this version of KEY_SHRED is turned: the end of its month. */
static int64_t turns_us(Keys *keys, uint32_t version)
{
    KeyFacts facts[KEYS_FACTS_MAX];
    const size_t count = keys_facts(keys, facts);
    for (size_t i = 0; i < count; i++) {
        const Span name = span_of_text(facts[i].name);
        if (span_equal(name, SPAN("shred")) && facts[i].version == version)
            return facts[i].expires_us;
    }
    return 0;
}

/* hufu destruction 1, then lines: instance, time, subjects with a pseudonym each, shred-key,
 * blind-after; then a signature each of the two checkpoint keys over the lines before them. */
static Status put_text(Field *field, const KeyedHash *subjects, uint32_t count, uint32_t version,
        int64_t now_us, Buffer *b)
{
    TRY(buffer_put(b, SPAN("hufu destruction 1\ninstance ")));
    TRY(hex_encode(keys_instance(field->config.keys), b));
    TRY(buffer_put(b, SPAN("\ntime ")));
    TRY(time_format(now_us, b));
    TRY(buffer_print(b, "\nsubjects %u\n", count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(hex_encode(SPAN_OF(subjects[i].bytes), b));
        TRY(buffer_put_u8(b, '\n'));
    }
    TRY(buffer_print(b, "shred-key %u\nblind-after ", version));
    TRY(time_format(turns_us(field->config.keys, version) + FIELD_SHRED_GRACE_US, b));
    return buffer_put_u8(b, '\n');
}

static Status put_signature(
        Keys *keys, KeyRole role, const char *name, Span text, Buffer *ret_certificate)
{
    uint8_t memory[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(memory);
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    TRY(keys_pair_hold(keys, role, 0, &pair));
    TRY(sign_make(pair.private_key, text, &signature));
    TRY(buffer_print(ret_certificate, "%s ", name));
    TRY(base64_encode(span_of_buffer(&signature), ret_certificate));
    return buffer_put_u8(ret_certificate, '\n');
}

static Status put_certificate(Field *field, const KeyedHash *subjects, uint32_t count,
        uint32_t version, int64_t now_us, Buffer *ret_answer)
{
    uint8_t memory[WIRE_CERTIFICATE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Keys *keys = field->config.keys;
    TRY(put_text(field, subjects, count, version, now_us, &b));
    const Span text = span_of_buffer(&b);
    TRY(put_signature(keys, KEY_CHECKPOINT_ED25519, "ed25519", text, &b));
    TRY(put_signature(keys, KEY_CHECKPOINT_SM2, "sm2", text, &b));
    return buffer_put_framed(ret_answer, span_of_buffer(&b));
}

uint32_t field_blind_months(Keys *keys, uint32_t current)
{
    uint32_t gone = 0;
    for (uint32_t version = 1; version < current; version++) {
        CLEANUP(seal_key_wipe) SealKey old = { 0 };
        const Status s = keys_seal_copy(keys, KEY_SHRED, version, &old);
        if (!status_is(s, REFUSED_KEY_DESTROYED)) break;
        gone = version;
    }
    return gone;
}

/* The dead are remembered as long as there is room: an old ledger that is restored has them among
 * the living, and asks. Then those are forgotten whom nobody can read any more. */
static void make_room(Field *field, uint32_t current, size_t count)
{
    Memory *memory = field->config.memory;
    if (memory_dead_fit(memory, count)) return;
    const uint32_t gone = field_blind_months(field->config.keys, current);
    if (gone > 0) memory_bury(memory, gone);
}

Status field_destroy_subjects(Field *field, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span subject;
    MemoryApprovals approvals;
    KeyedHash subjects[WIRE_DESTROY_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint32_t count = 0;
    Memory *memory = field->config.memory;
    const int64_t now_us = clock_now_us(&field->config.clock);
    TRY(approval_take(memory, &c, SPAN("destroy-subjects"), now_us, &subject, &approvals));
    const Span list = c.rest;
    sha256(list, digest);
    REQUIRE(span_equal(subject, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);
    TRY(take_list(field, &c, subjects, &count));
    CLEANUP(seal_key_wipe) SealKey shred = { 0 };
    TRY(keys_seal_copy(field->config.keys, KEY_SHRED, 0, &shred));
    make_room(field, shred.key_version, count);
    TRY(memory_destroy_subjects(memory, subjects, count, shred.key_version, &approvals));
    field_subjects_forget(field, subjects, count);
    TRY(forget_grants(field, list));
    return put_certificate(field, subjects, count, shred.key_version, now_us, ret_answer);
}
