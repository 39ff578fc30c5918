#include "vault/legal_hold.h"

#include "crypto/digest.h"
#include "ipc/hold_wire.h"
#include "vault/approval.h"

/* A subject's name, and a hold's; framed, so that no part slides into its neighbour. */
static Status hash_parts(
        const LegalHolds *holds, const Span *parts, size_t count, KeyedHash *ret_hash)
{
    uint8_t memory[WIRE_HOLD_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, SPAN("legal hold")));
    for (size_t i = 0; i < count; i++)
        TRY(buffer_put_framed(&b, parts[i]));
    keyed_hash(&holds->memory->names, span_of_buffer(&b), ret_hash);
    return OK;
}

static Status name_hold(const LegalHolds *holds, const WireLegalHold *wire, MemoryLegalHold *ret)
{
    const Span parts[] = { wire->tenant, wire->subject, wire->authority, wire->reference };
    TRY(hash_parts(holds, parts, 2, &ret->subject));
    TRY(hash_parts(holds, parts, 4, &ret->hold));
    ret->until_us = wire->until_us;
    return OK;
}

/* Two people signed exactly this hold. */
static Status take(const LegalHolds *holds, Span request, Span operation, WireLegalHold *ret_wire,
        MemoryApprovals *ret_approvals)
{
    Cursor c = cursor_of(request);
    Span approved = { 0 };
    uint8_t digest[DIGEST_SHA256_BYTES];
    TRY(approval_take(
            holds->memory, &c, operation, clock_now_us(&holds->clock), &approved, ret_approvals));
    sha256(c.rest, digest);
    TRY(wire_take_legal_hold(&c, ret_wire));
    TRY(cursor_end(&c));
    REQUIRE(span_equal(approved, SPAN_OF(digest)), REFUSED_APPROVAL_INVALID);
    return OK;
}

Status legal_hold_place(const LegalHolds *holds, Span request)
{
    WireLegalHold wire;
    MemoryApprovals approvals;
    MemoryLegalHold hold = { 0 };
    const int64_t now_us = clock_now_us(&holds->clock);
    TRY(take(holds, request, SPAN("hold-subject"), &wire, &approvals));
    REQUIRE(wire.until_us > now_us, REFUSED_APPROVAL_INVALID);
    TRY(name_hold(holds, &wire, &hold));
    return memory_hold_place(holds->memory, &hold, &approvals, now_us);
}

Status legal_hold_release(const LegalHolds *holds, Span request)
{
    WireLegalHold wire;
    MemoryApprovals approvals;
    MemoryLegalHold hold = { 0 };
    TRY(take(holds, request, SPAN("release-hold"), &wire, &approvals));
    REQUIRE(wire.until_us == 0, REFUSED_APPROVAL_INVALID);
    TRY(name_hold(holds, &wire, &hold));
    return memory_hold_release(holds->memory, &hold.hold, &approvals);
}

static Status held_until(const LegalHolds *holds, Span tenant, Span subject, int64_t *ret_until_us)
{
    const Span parts[] = { tenant, subject };
    KeyedHash name;
    TRY(hash_parts(holds, parts, 2, &name));
    *ret_until_us = memory_held_until_us(holds->memory, &name, clock_now_us(&holds->clock));
    return OK;
}

Status legal_hold_until(const LegalHolds *holds, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireHeldSubject wire;
    int64_t until_us = 0;
    TRY(wire_take_held_subject(&c, &wire));
    TRY(cursor_end(&c));
    TRY(held_until(holds, wire.tenant, wire.subject, &until_us));
    return buffer_put_i64(ret_answer, until_us);
}

Status legal_hold_must_not_be(const LegalHolds *holds, Span tenant, Span subject)
{
    int64_t until_us = 0;
    TRY(held_until(holds, tenant, subject, &until_us));
    REQUIRE(until_us == 0, REFUSED_SUBJECT_HELD);
    return OK;
}
