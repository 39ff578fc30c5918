#include "audit/verify_inside.h"
#include "base/encoding.h"
#include "crypto/sign.h"
#include "ipc/vault_wire.h"

/* What needs other people's agreement was signed by them over exactly what was run (TP-15,
 * LL-4.5.2). Each row verified already; here its signatures are checked again, with the public keys
 * that stand beside them. */

MUST_USE static Status check_signature(const RowView *row)
{
    uint8_t bytes[WIRE_APPROVAL_BYTES_MAX];
    Buffer message = BUFFER_OF(bytes);
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const Span signature = row_bytes(row, APPROVAL_SIGNATURE);
    const WireApproval approval = { .operation = row_bytes(row, APPROVAL_OPERATION),
        .subject = row_bytes(row, APPROVAL_SUBJECT),
        .reason = row_bytes(row, APPROVAL_REASON),
        .expires_us = row_int(row, APPROVAL_EXPIRES, 0),
        .nonce = row_bytes(row, APPROVAL_NONCE) };
    TRY(wire_approval_message(&approval, &message));
    TRY(public_key_from_spki(row_bytes(row, APPROVAL_KEY), &key));
    if (row_int(row, APPROVAL_ENCODING, -1) == WIRE_SIGNATURE_RAW)
        return sign_verify_raw(key, span_of_buffer(&message), signature);
    return sign_verify(key, span_of_buffer(&message), signature);
}

MUST_USE static Status remember(Verify *v, const RowView *row)
{
    const Span id = row_bytes(row, APPROVAL_REQUEST);
    const Span person = row_bytes(row, APPROVAL_PERSON);
    const bool fits = id.size <= VERIFY_REQUEST_BYTES_MAX && person.size == MERKLE_HASH_BYTES;
    if (!fits) return OK; /* nobody's: it counts for nothing */
    TRY(verify_grow((void **)&v->approvals, sizeof(v->approvals[0]), v->approval_count + 1,
            &v->approval_capacity));
    ApprovalSeen *seen = &v->approvals[v->approval_count++];
    *seen = (ApprovalSeen) { .request = "" };
    memcpy(seen->request, id.data, id.size);
    memcpy(seen->person, person.data, person.size);
    const Span parts[] = { row_bytes(row, APPROVAL_OPERATION), SPAN("/"),
        row_bytes(row, APPROVAL_SUBJECT) };
    digest_parts(DIGEST_SHA256, parts, 3, seen->subject);
    return OK;
}

MUST_USE static Status look_at_approval(Verify *v, const RowView *row)
{
    const Status s = check_signature(row);
    if (status_broken(s)) return s;
    if (status_ok(s)) return remember(v, row);
    verify_found_row(v, FINDING_APPROVAL_INVALID, row);
    return OK;
}

MUST_USE static Status look_at_part(Verify *v, const RowView *row)
{
    const Span id = row_bytes(row, ASKED_PART_REQUEST);
    if (id.size > VERIFY_REQUEST_BYTES_MAX) return OK; /* nobody's: it counts for nothing */
    RequestSeen *last = v->request_count > 0 ? &v->requests[v->request_count - 1] : NULL;
    if (last == NULL || !span_equal(span_of_text(last->request), id)) {
        TRY(verify_grow((void **)&v->requests, sizeof(v->requests[0]), v->request_count + 1,
                &v->request_capacity));
        last = &v->requests[v->request_count++];
        *last = (RequestSeen) { .request = "" };
        memcpy(last->request, id.data, id.size);
        digest_begin(&last->running, DIGEST_SHA256);
    }
    digest_update(&last->running, row_bytes(row, ASKED_PART_BYTES));
    return OK;
}

/* SHA-256 of the bytes as they are now; zeros without any. */
static void digest_of(Verify *v, Span id, uint8_t ret_digest[MERKLE_HASH_BYTES])
{
    memset(ret_digest, 0, MERKLE_HASH_BYTES);
    while (v->request_at < v->request_count
            && span_compare(span_of_text(v->requests[v->request_at].request), id) < 0)
        v->request_at++;
    if (v->request_at == v->request_count) return;
    RequestSeen *seen = &v->requests[v->request_at];
    if (!span_equal(span_of_text(seen->request), id)) return;
    DigestState running = seen->running;
    digest_end(&running, ret_digest);
}

/* What its approvers signed for: operation, then "<id>/<SHA-256 of the bytes as they are now>". */
MUST_USE static Status wanted_subject(
        Verify *v, const RowView *row, uint8_t ret_digest[MERKLE_HASH_BYTES])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t hex_bytes[2 * DIGEST_SHA256_BYTES];
    Buffer hex = BUFFER_OF(hex_bytes);
    digest_of(v, row_bytes(row, ASKED_ID), digest);
    TRY(hex_encode(SPAN_OF(digest), &hex));
    const Span parts[] = { row_bytes(row, ASKED_ACTION), SPAN("/"), row_bytes(row, ASKED_ID),
        SPAN("/"), span_of_buffer(&hex) };
    digest_parts(DIGEST_SHA256, parts, 5, ret_digest);
    return OK;
}

/* Different people, none of them the asker. */
static int64_t count_people(Verify *v, const RowView *row, const uint8_t *subject)
{
    const Span id = row_bytes(row, ASKED_ID);
    const Span asker = row_bytes(row, ASKED_PERSON);
    const uint8_t *last = NULL;
    int64_t people = 0;
    while (v->approval_at < v->approval_count
            && span_compare(span_of_text(v->approvals[v->approval_at].request), id) < 0)
        v->approval_at++;
    for (size_t i = v->approval_at; i < v->approval_count; i++) {
        const ApprovalSeen *seen = &v->approvals[i];
        if (!span_equal(span_of_text(seen->request), id)) break;
        const bool other = !span_equal(SPAN_OF(seen->person), asker)
                && (last == NULL || !bytes_equal_ct(last, seen->person, sizeof(seen->person)));
        if (!other || !bytes_equal_ct(seen->subject, subject, sizeof(seen->subject))) continue;
        last = seen->person;
        people++;
    }
    return people;
}

MUST_USE static Status look_at_request(Verify *v, const RowView *row)
{
    uint8_t subject[MERKLE_HASH_BYTES];
    const int64_t state = row_int(row, ASKED_STATE, 0);
    const bool begun = state == ASKED_RUNNING || state == ASKED_DONE || state == ASKED_FAILED
            || state == ASKED_INTERRUPTED;
    const int64_t needs = row_int(row, ASKED_NEEDS, 0);
    TRY(wanted_subject(v, row, subject));
    if (begun && (needs < 1 || count_people(v, row, subject) < needs))
        verify_found_row(v, FINDING_APPROVAL_MISSING, row);
    return OK;
}

Status verify_approval_row(Verify *v, const RowView *row)
{
    if (row->head.table == TABLE_APPROVAL) return look_at_approval(v, row);
    if (row->head.table == TABLE_REQUEST_PART) return look_at_part(v, row);
    return row->head.table == TABLE_REQUEST ? look_at_request(v, row) : OK;
}
