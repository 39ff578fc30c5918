#include "keys/hsm_wire.h"

enum { HSM_WIRE_VERSION = 1 };

Status hsm_put_question(const HsmQuestion *question, Buffer *b)
{
    TRY(buffer_put_u8(b, HSM_WIRE_VERSION));
    TRY(buffer_put_u8(b, (uint8_t)question->act));
    return buffer_put_framed(b, question->wrapped);
}

static Status take_question(Cursor *c, HsmQuestion *ret)
{
    uint8_t version = 0;
    uint8_t act = 0;
    TRY(cursor_u8(c, &version));
    TRY(cursor_u8(c, &act));
    TRY(cursor_framed(c, HSM_WRAPPED_BYTES, &ret->wrapped));
    TRY(cursor_end(c));
    ret->act = (HsmAct)act;
    const bool fits = act == HSM_UNWRAP ? ret->wrapped.size == HSM_WRAPPED_BYTES
                                        : act == HSM_CREATE && ret->wrapped.size == 0;
    REQUIRE(version == HSM_WIRE_VERSION && fits, REFUSED_HSM_FORMAT);
    return OK;
}

Status hsm_take_question(Span message, HsmQuestion *ret_question)
{
    Cursor c = cursor_of(message);
    HsmQuestion question = { 0 };
    REQUIRE(status_ok(take_question(&c, &question)), REFUSED_HSM_FORMAT);
    *ret_question = question;
    return OK;
}

Status hsm_put_answer(const HsmAnswer *answer, Buffer *b)
{
    const bool ok = status_ok(answer->status);
    const Span none = { NULL, 0 };
    TRY(buffer_put_u8(b, HSM_WIRE_VERSION));
    TRY(buffer_put_u32(b, (uint32_t)answer->status.code));
    TRY(buffer_put_framed(b, ok ? secret_span(&answer->root) : none));
    TRY(buffer_put_framed(b, ok ? SPAN_OF(answer->wrapped) : none));
    return buffer_put_framed(b, (Span) { answer->token, answer->token_bytes });
}

static Status take_answer(Cursor *c, HsmAnswer *ret)
{
    uint8_t version = 0;
    uint32_t code = 0;
    Span root;
    Span wrapped;
    Span token;
    TRY(cursor_u8(c, &version));
    TRY(cursor_u32(c, &code));
    TRY(cursor_framed(c, HSM_ROOT_BYTES, &root));
    TRY(cursor_framed(c, HSM_WRAPPED_BYTES, &wrapped));
    TRY(cursor_framed(c, HSM_TOKEN_BYTES_MAX, &token));
    TRY(cursor_end(c));
    ret->status = (Status) { (int32_t)code };
    const bool ok = status_ok(ret->status);
    const bool fits =
            root.size == (ok ? HSM_ROOT_BYTES : 0) && wrapped.size == (ok ? HSM_WRAPPED_BYTES : 0);
    REQUIRE(version == HSM_WIRE_VERSION && fits, REFUSED_HSM_FORMAT);
    TRY(secret_set(&ret->root, root));
    if (ok) memcpy(ret->wrapped, wrapped.data, HSM_WRAPPED_BYTES);
    if (token.size > 0) memcpy(ret->token, token.data, token.size);
    ret->token_bytes = token.size;
    return OK;
}

Status hsm_take_answer(Span message, HsmAnswer *ret_answer)
{
    Cursor c = cursor_of(message);
    HsmAnswer answer = { 0 };
    Status s = take_answer(&c, &answer);
    if (status_ok(s))
        *ret_answer = answer;
    else
        s = REFUSE(REFUSED_HSM_FORMAT);
    secret_wipe(&answer.root);
    return s;
}
