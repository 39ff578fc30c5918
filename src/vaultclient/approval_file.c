#include "vaultclient/approval_file.h"

#include <stdio.h>

#include "base/encoding.h"
#include "base/time.h"
#include "base/visible.h"
#include "crypto/digest.h"

#define FIRST_LINE "hufu approval 1"

/* --- one form for every value --- */

static bool is_one_line(Span text, size_t size_max)
{
    return text.size > 0 && text.size <= size_max && visible_text(text);
}

static bool is_plain_text(Span subject)
{
    for (size_t i = 0; i < subject.size; i++)
        if (subject.data[i] < 0x20 || subject.data[i] > 0x7E) return false;
    return subject.size > 0;
}

MUST_USE static Status copy_line(Span text, char *ret, size_t size_max)
{
    REQUIRE(is_one_line(text, size_max), REFUSED_APPROVAL_FILE_FORMAT);
    memcpy(ret, text.data, text.size);
    ret[text.size] = '\0';
    return OK;
}

MUST_USE static Status copy_subject(Span subject, ApprovalAct *ret_act)
{
    REQUIRE(subject.size > 0 && subject.size <= sizeof(ret_act->subject),
            REFUSED_APPROVAL_FILE_FORMAT);
    memcpy(ret_act->subject, subject.data, subject.size);
    ret_act->subject_size = subject.size;
    return OK;
}

static Span subject_of(const ApprovalAct *act)
{
    return (Span) { act->subject, act->subject_size };
}

Status approval_file_add(ApprovalFile *file, const WireApproval *wanted)
{
    REQUIRE(file->act_count < APPROVAL_FILE_ACTS_MAX, REFUSED_APPROVAL_FILE_FORMAT);
    ApprovalAct *act = &file->acts[file->act_count];
    *act = (ApprovalAct) { .expires_us = wanted->expires_us / TIME_SECOND_US * TIME_SECOND_US };
    REQUIRE(span_is_plain_name(wanted->operation, APPROVAL_FILE_OPERATION_BYTES_MAX),
            REFUSED_APPROVAL_FILE_FORMAT);
    TRY(copy_line(wanted->operation, act->operation, APPROVAL_FILE_OPERATION_BYTES_MAX));
    TRY(copy_line(wanted->reason, act->reason, APPROVAL_FILE_REASON_BYTES_MAX));
    TRY(copy_subject(wanted->subject, act));
    file->act_count++;
    return OK;
}

/* --- writing --- */

Status approval_act_put_subject(const ApprovalAct *act, Buffer *ret_text)
{
    const Span subject = subject_of(act);
    const bool plain = is_plain_text(subject);
    TRY(buffer_put(ret_text, plain ? SPAN("text ") : SPAN("hex ")));
    return plain ? buffer_put(ret_text, subject) : hex_encode(subject, ret_text);
}

/* The lines that the hash is of. */
MUST_USE static Status put_head(const ApprovalAct *act, Buffer *ret_text)
{
    TRY(buffer_print(ret_text, FIRST_LINE "\noperation: %s\nsubject: ", act->operation));
    TRY(approval_act_put_subject(act, ret_text));
    TRY(buffer_print(ret_text, "\nreason: %s\nexpires: ", act->reason));
    TRY(time_format(act->expires_us, ret_text));
    return buffer_put_u8(ret_text, '\n');
}

static const char *const encodings[] = {
    [WIRE_SIGNATURE_OWN] = "own",
    [WIRE_SIGNATURE_RAW] = "raw",
};
enum { ENCODINGS = sizeof(encodings) / sizeof(encodings[0]) };

MUST_USE static Status put_signer(const ApprovalSigner *signer, Buffer *ret_text)
{
    const char *encoding = encodings[signer->encoding];
    TRY(buffer_print(ret_text, "signed: %s %s ", signer->name, encoding));
    TRY(hex_encode(SPAN_OF(signer->nonce), ret_text));
    TRY(buffer_put_u8(ret_text, ' '));
    TRY(base64_encode((Span) { signer->signature, signer->signature_size }, ret_text));
    return buffer_put_u8(ret_text, '\n');
}

MUST_USE static Status put_act(const ApprovalAct *act, Buffer *ret_text)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    const size_t begin = ret_text->size;
    TRY(put_head(act, ret_text));
    sha256((Span) { ret_text->data + begin, ret_text->size - begin }, digest);
    TRY(buffer_put(ret_text, SPAN("sha256: ")));
    TRY(hex_encode(SPAN_OF(digest), ret_text));
    TRY(buffer_put_u8(ret_text, '\n'));
    for (size_t i = 0; i < act->signer_count; i++)
        TRY(put_signer(&act->signers[i], ret_text));
    return OK;
}

Status approval_file_write(const ApprovalFile *file, Buffer *ret_text)
{
    const size_t begin = ret_text->size;
    for (size_t i = 0; i < file->act_count; i++) {
        const Status s = put_act(&file->acts[i], ret_text);
        if (!status_ok(s)) ret_text->size = begin;
        TRY(s);
    }
    return OK;
}

/* --- reading --- */

MUST_USE static Status take_line(Cursor *c, Span prefix, Span *ret_value)
{
    Span line = { 0 };
    Span start = { 0 };
    REQUIRE(status_ok(cursor_until(c, '\n', &line)), REFUSED_APPROVAL_FILE_FORMAT);
    Cursor inside = cursor_of(line);
    REQUIRE(status_ok(cursor_take(&inside, prefix.size, &start)) && span_equal(start, prefix),
            REFUSED_APPROVAL_FILE_FORMAT);
    *ret_value = inside.rest;
    return OK;
}

MUST_USE static Status read_subject(Span value, ApprovalAct *ret_act)
{
    Cursor c = cursor_of(value);
    Span form = { 0 };
    REQUIRE(status_ok(cursor_until(&c, ' ', &form)), REFUSED_APPROVAL_FILE_FORMAT);
    if (span_equal(form, SPAN("text"))) return copy_subject(c.rest, ret_act);
    Buffer bytes = BUFFER_OF(ret_act->subject);
    REQUIRE(span_equal(form, SPAN("hex")) && status_ok(hex_decode(c.rest, &bytes)),
            REFUSED_APPROVAL_FILE_FORMAT);
    ret_act->subject_size = bytes.size;
    return OK;
}

MUST_USE static Status read_signer(Span value, ApprovalSigner *ret_signer)
{
    Cursor c = cursor_of(value);
    Span name = { 0 };
    Span encoding = { 0 };
    Span nonce = { 0 };
    Buffer nonce_bytes = BUFFER_OF(ret_signer->nonce);
    Buffer signature = BUFFER_OF(ret_signer->signature);
    const bool split = status_ok(cursor_until(&c, ' ', &name))
            && status_ok(cursor_until(&c, ' ', &encoding))
            && status_ok(cursor_until(&c, ' ', &nonce));
    REQUIRE(split && span_is_plain_name(name, APPROVAL_FILE_NAME_BYTES_MAX),
            REFUSED_APPROVAL_FILE_FORMAT);
    TRY(copy_line(name, ret_signer->name, APPROVAL_FILE_NAME_BYTES_MAX));
    while (ret_signer->encoding < ENCODINGS
            && !span_equal(encoding, span_of_text(encodings[ret_signer->encoding])))
        ret_signer->encoding++;
    REQUIRE(ret_signer->encoding < ENCODINGS, REFUSED_APPROVAL_FILE_FORMAT);
    REQUIRE(status_ok(hex_decode(nonce, &nonce_bytes)), REFUSED_APPROVAL_FILE_FORMAT);
    REQUIRE(nonce_bytes.size == APPROVAL_FILE_NONCE_BYTES, REFUSED_APPROVAL_FILE_FORMAT);
    REQUIRE(status_ok(base64_decode(c.rest, &signature)), REFUSED_APPROVAL_FILE_FORMAT);
    REQUIRE(signature.size > 0, REFUSED_APPROVAL_FILE_FORMAT);
    ret_signer->signature_size = signature.size;
    return OK;
}

static bool has_signed(const ApprovalAct *act, Span name)
{
    for (size_t i = 0; i < act->signer_count; i++)
        if (span_equal(span_of_text(act->signers[i].name), name)) return true;
    return false;
}

MUST_USE static Status add_signer(ApprovalAct *act, const ApprovalSigner *signer)
{
    REQUIRE(!has_signed(act, span_of_text(signer->name)), REFUSED_APPROVAL_FILE_TWICE);
    REQUIRE(act->signer_count < APPROVAL_FILE_SIGNERS_MAX, REFUSED_APPROVAL_FILE_FORMAT);
    act->signers[act->signer_count++] = *signer;
    return OK;
}

/* As its own writing would be: nothing hides behind a second form of the same thing. */
MUST_USE static Status check_form(Span text, const ApprovalAct *act)
{
    uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer again = BUFFER_OF(memory);
    REQUIRE(status_ok(put_act(act, &again)), REFUSED_APPROVAL_FILE_FORMAT);
    REQUIRE(span_equal(text, span_of_buffer(&again)), REFUSED_APPROVAL_FILE_FORMAT);
    return OK;
}

MUST_USE static Status read_head(Cursor *c, ApprovalAct *ret_act)
{
    Span value = { 0 };
    TRY(take_line(c, SPAN(FIRST_LINE), &value));
    REQUIRE(value.size == 0, REFUSED_APPROVAL_FILE_FORMAT);
    TRY(take_line(c, SPAN("operation: "), &value));
    REQUIRE(span_is_plain_name(value, APPROVAL_FILE_OPERATION_BYTES_MAX),
            REFUSED_APPROVAL_FILE_FORMAT);
    TRY(copy_line(value, ret_act->operation, APPROVAL_FILE_OPERATION_BYTES_MAX));
    TRY(take_line(c, SPAN("subject: "), &value));
    TRY(read_subject(value, ret_act));
    TRY(take_line(c, SPAN("reason: "), &value));
    TRY(copy_line(value, ret_act->reason, APPROVAL_FILE_REASON_BYTES_MAX));
    TRY(take_line(c, SPAN("expires: "), &value));
    REQUIRE(status_ok(time_parse(value, &ret_act->expires_us)), REFUSED_APPROVAL_FILE_FORMAT);
    return OK;
}

MUST_USE static Status read_act(Cursor *c, ApprovalAct *ret_act)
{
    const Span whole = c->rest;
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t said_bytes[DIGEST_SHA256_BYTES];
    Buffer said = BUFFER_OF(said_bytes);
    Span value = { 0 };
    *ret_act = (ApprovalAct) { 0 };
    TRY(read_head(c, ret_act));
    sha256((Span) { whole.data, whole.size - c->rest.size }, digest);
    TRY(take_line(c, SPAN("sha256: "), &value));
    REQUIRE(status_ok(hex_decode(value, &said)), REFUSED_APPROVAL_FILE_FORMAT);
    REQUIRE(span_equal(span_of_buffer(&said), SPAN_OF(digest)), REFUSED_APPROVAL_FILE_ALTERED);
    while (c->rest.size > 0 && c->rest.data[0] == 's') {
        ApprovalSigner signer = { 0 };
        TRY(take_line(c, SPAN("signed: "), &value));
        TRY(read_signer(value, &signer));
        TRY(add_signer(ret_act, &signer));
    }
    return check_form((Span) { whole.data, whole.size - c->rest.size }, ret_act);
}

Status approval_file_read(Span text, ApprovalFile *ret_file)
{
    REQUIRE(text.size > 0 && text.size <= APPROVAL_FILE_BYTES_MAX, REFUSED_APPROVAL_FILE_FORMAT);
    ret_file->act_count = 0;
    for (Cursor c = cursor_of(text); c.rest.size > 0;) {
        REQUIRE(ret_file->act_count < APPROVAL_FILE_ACTS_MAX, REFUSED_APPROVAL_FILE_FORMAT);
        TRY(read_act(&c, &ret_file->acts[ret_file->act_count]));
        ret_file->act_count++;
    }
    return OK;
}

/* --- using --- */

static bool is_same_act(const ApprovalAct *a, const ApprovalAct *b)
{
    return strcmp(a->operation, b->operation) == 0 && strcmp(a->reason, b->reason) == 0
            && a->expires_us == b->expires_us && span_equal(subject_of(a), subject_of(b));
}

Status approval_file_merge(ApprovalFile *file, const ApprovalFile *other)
{
    for (size_t i = 0; i < other->act_count; i++) {
        const ApprovalAct *act = &other->acts[i];
        size_t at = 0;
        while (at < file->act_count && !is_same_act(&file->acts[at], act))
            at++;
        if (at == file->act_count) {
            const WireApproval wanted = approval_act_wanted(act);
            TRY(approval_file_add(file, &wanted));
        }
        for (size_t n = 0; n < act->signer_count; n++)
            TRY(add_signer(&file->acts[at], &act->signers[n]));
    }
    return OK;
}

Status approval_file_find(const ApprovalFile *file, Span operation, Span subject, int64_t now_us,
        const ApprovalAct **ret_act)
{
    for (size_t i = 0; i < file->act_count; i++) {
        const ApprovalAct *act = &file->acts[i];
        if (!span_equal(span_of_text(act->operation), operation)) continue;
        if (!span_equal(subject_of(act), subject)) continue;
        REQUIRE(act->expires_us > now_us, REFUSED_APPROVAL_FILE_EXPIRED);
        *ret_act = act;
        return OK;
    }
    return REFUSE(REFUSED_APPROVAL_FILE_OTHER);
}

WireApproval approval_act_wanted(const ApprovalAct *act)
{
    return (WireApproval) { .operation = span_of_text(act->operation),
        .subject = subject_of(act),
        .reason = span_of_text(act->reason),
        .expires_us = act->expires_us };
}

WireApproval approval_act_signed(const ApprovalAct *act, size_t at)
{
    ASSERT(at < act->signer_count);
    const ApprovalSigner *signer = &act->signers[at];
    WireApproval approval = approval_act_wanted(act);
    approval.name = span_of_text(signer->name);
    approval.nonce = SPAN_OF(signer->nonce);
    approval.signature = (Span) { signer->signature, signer->signature_size };
    approval.encoding = signer->encoding;
    return approval;
}

Status approval_act_sign(ApprovalAct *act, const WireApproval *signed_by, int64_t now_us)
{
    ApprovalSigner signer = { .signature_size = signed_by->signature.size,
        .encoding = signed_by->encoding };
    REQUIRE(act->expires_us > now_us, REFUSED_APPROVAL_FILE_EXPIRED);
    const bool fits = signed_by->nonce.size == sizeof(signer.nonce)
            && signed_by->encoding < ENCODINGS && signed_by->signature.size > 0
            && signed_by->signature.size <= SIGN_BYTES_MAX
            && span_is_plain_name(signed_by->name, APPROVAL_FILE_NAME_BYTES_MAX);
    REQUIRE(fits, REFUSED_APPROVAL_FILE_FORMAT);
    TRY(copy_line(signed_by->name, signer.name, APPROVAL_FILE_NAME_BYTES_MAX));
    memcpy(signer.nonce, signed_by->nonce.data, sizeof(signer.nonce));
    memcpy(signer.signature, signed_by->signature.data, signed_by->signature.size);
    return add_signer(act, &signer);
}
