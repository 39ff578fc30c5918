#include "vault/approval.h"

#include "crypto/sign.h"

enum { NONCE_BYTES = 16 };

static Status verify(const PublicKey *key, Span message, const WireApproval *approval)
{
    if (approval->encoding == WIRE_SIGNATURE_RAW)
        return sign_verify_raw(key, message, approval->signature);
    REQUIRE(approval->encoding == WIRE_SIGNATURE_OWN, REFUSED_SIGNATURE_FORMAT);
    return sign_verify(key, message, approval->signature);
}

static Status check_signature(Memory *memory, const WireApproval *approval)
{
    MemoryOperator person;
    REQUIRE(memory_operator(memory, approval->name, &person), REFUSED_APPROVAL_INVALID);
    uint8_t bytes[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(bytes);
    TRY(wire_approval_message(approval, &message));
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki((Span) { person.key, person.key_bytes }, &key));
    const Status s = verify(key, span_of_buffer(&message), approval);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_APPROVAL_INVALID);
    return OK;
}

static Status take_one(Memory *memory, Cursor *c, Span operation, int64_t now_us,
        WireApproval *ret_approval, MemoryNonce *ret_nonce)
{
    TRY(wire_take_approval(c, ret_approval));
    REQUIRE(span_equal(ret_approval->operation, operation), REFUSED_APPROVAL_INVALID);
    REQUIRE(ret_approval->subject.size > 0 && ret_approval->reason.size > 0,
            REFUSED_APPROVAL_INVALID);
    REQUIRE(ret_approval->nonce.size == NONCE_BYTES, REFUSED_APPROVAL_INVALID);
    const bool lives = ret_approval->expires_us >= now_us
            && ret_approval->expires_us - now_us <= APPROVAL_LIFE_MAX_US;
    REQUIRE(lives, REFUSED_APPROVAL_INVALID);
    TRY(check_signature(memory, ret_approval));

    /* The name is part of what is spent: nobody can use up another person's nonce. */
    uint8_t bytes[MEMORY_OPERATOR_NAME_BYTES_MAX + NONCE_BYTES];
    Buffer b = BUFFER_OF(bytes);
    TRY(buffer_put(&b, ret_approval->name));
    TRY(buffer_put(&b, ret_approval->nonce));
    keyed_hash(&memory->names, span_of_buffer(&b), &ret_nonce->nonce);
    ret_nonce->expires_us = ret_approval->expires_us;
    return OK;
}

Status approval_take_people(Memory *memory, Cursor *message, Span operation, int64_t now_us,
        WireApproval ret_people[2], MemoryApprovals *ret_approvals)
{
    MemoryApprovals approvals = { 0 };
    for (size_t i = 0; i < 2; i++)
        TRY(take_one(memory, message, operation, now_us, &ret_people[i], &approvals.nonces[i]));
    REQUIRE(!span_equal(ret_people[0].name, ret_people[1].name), REFUSED_APPROVAL_QUORUM);
    REQUIRE(span_equal(ret_people[0].subject, ret_people[1].subject), REFUSED_APPROVAL_INVALID);
    REQUIRE(!memory_approvals_spent(memory, &approvals, now_us), REFUSED_APPROVAL_REPLAYED);
    *ret_approvals = approvals;
    return OK;
}

Status approval_take(Memory *memory, Cursor *message, Span operation, int64_t now_us,
        Span *ret_subject, MemoryApprovals *ret_approvals)
{
    WireApproval people[2];
    TRY(approval_take_people(memory, message, operation, now_us, people, ret_approvals));
    *ret_subject = people[0].subject;
    return OK;
}
