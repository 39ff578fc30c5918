#include "vault/approval.h"

#include "crypto/sign.h"
#include "vault/duties.h"

enum { NONCE_BYTES = 16 };

static Status verify(const PublicKey *key, Span message, const WireApproval *approval)
{
    if (approval->encoding == WIRE_SIGNATURE_RAW)
        return sign_verify_raw(key, message, approval->signature);
    REQUIRE(approval->encoding == WIRE_SIGNATURE_OWN, REFUSED_SIGNATURE_FORMAT);
    return sign_verify(key, message, approval->signature);
}

static Status check_signature(const MemoryOperator *person, const WireApproval *approval)
{
    uint8_t bytes[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(bytes);
    TRY(wire_approval_message(approval, &message));
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki((Span) { person->key, person->key_bytes }, &key));
    const Status s = verify(key, span_of_buffer(&message), approval);
    if (status_broken(s)) return s;
    REQUIRE(status_ok(s), REFUSED_APPROVAL_INVALID);
    return OK;
}

typedef struct Approver {
    MemoryOperator person;
    WireApproval approval;
    MemoryNonce nonce;
} Approver;

static Status take_one(Memory *memory, Cursor *c, Span operation, int64_t now_us, Approver *ret)
{
    WireApproval *approval = &ret->approval;
    TRY(wire_take_approval(c, approval));
    REQUIRE(span_equal(approval->operation, operation), REFUSED_APPROVAL_INVALID);
    REQUIRE(approval->subject.size > 0 && approval->reason.size > 0, REFUSED_APPROVAL_INVALID);
    REQUIRE(approval->nonce.size == NONCE_BYTES, REFUSED_APPROVAL_INVALID);
    const bool lives =
            approval->expires_us >= now_us && approval->expires_us - now_us <= APPROVAL_LIFE_MAX_US;
    REQUIRE(lives, REFUSED_APPROVAL_INVALID);
    REQUIRE(memory_operator(memory, approval->name, &ret->person), REFUSED_APPROVAL_INVALID);
    TRY(check_signature(&ret->person, approval));
    REQUIRE((ret->person.duties & duty_for(operation)) != 0, REFUSED_APPROVAL_DUTY);

    /* The name is part of what is spent: nobody can use up another person's nonce. */
    uint8_t bytes[MEMORY_OPERATOR_NAME_BYTES_MAX + NONCE_BYTES];
    Buffer b = BUFFER_OF(bytes);
    TRY(buffer_put(&b, approval->name));
    TRY(buffer_put(&b, approval->nonce));
    keyed_hash(&memory->names, span_of_buffer(&b), &ret->nonce.nonce);
    ret->nonce.expires_us = approval->expires_us;
    return OK;
}

/* One person under two names is one person. Of whoever was enrolled without saying, the name is all
 * that is known. */
static bool is_same_person(const MemoryOperator *a, const MemoryOperator *b)
{
    if (span_equal(memory_operator_name(a), memory_operator_name(b))) return true;
    return memory_operator_has_person(a) && bytes_equal_ct(a->person, b->person, sizeof(a->person));
}

Status approval_take_people(Memory *memory, Cursor *message, Span operation, int64_t now_us,
        WireApproval ret_people[2], MemoryApprovals *ret_approvals)
{
    Approver both[2];
    for (size_t i = 0; i < 2; i++)
        TRY(take_one(memory, message, operation, now_us, &both[i]));
    REQUIRE(!is_same_person(&both[0].person, &both[1].person), REFUSED_APPROVAL_QUORUM);
    const Span subject = both[0].approval.subject;
    REQUIRE(span_equal(subject, both[1].approval.subject), REFUSED_APPROVAL_INVALID);
    const MemoryApprovals approvals = { { both[0].nonce, both[1].nonce } };
    REQUIRE(!memory_approvals_spent(memory, &approvals, now_us), REFUSED_APPROVAL_REPLAYED);
    for (size_t i = 0; i < 2; i++)
        ret_people[i] = both[i].approval;
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
