#include "message/answer.h"

#include "base/encoding.h"
#include "base/time.h"

static void add_header(Answer *answer, const char *name, Span value)
{
    ASSERT(answer->header_count < ANSWER_HEADERS_MAX);
    answer->headers[answer->header_count++] = (HttpHeader) { name, value };
}

/* 128 random bits as 32 upper-case hexadecimal digits. */
MUST_USE static Status random_text(const Random *random, char ret_text[32])
{
    uint8_t bits[16];
    TRY(random_fill(random, bits, sizeof(bits)));
    Buffer text = { (uint8_t *)ret_text, 0, 32 };
    return hex_encode_upper(SPAN_OF(bits), &text);
}

Status answer_unsigned(const Random *random, Answer *ret_answer)
{
    ret_answer->header_count = 0;
    TRY(random_text(random, ret_answer->request_id));
    add_header(ret_answer, "Content-Type", SPAN("application/json"));
    add_header(ret_answer, "Request-ID", SPAN_OF(ret_answer->request_id));
    return OK;
}

void answer_number(Answer *answer, const uint8_t digest[ANSWER_REQUEST_ID_BYTES / 2])
{
    Buffer text = BUFFER_OF(answer->request_id);
    const Span bits = { digest, ANSWER_REQUEST_ID_BYTES / 2 };
    ASSERT(status_ok(hex_encode_upper(bits, &text)));
}

void answer_allow(Answer *answer, Span method) { add_header(answer, "Allow", method); }

void answer_for_pages(Answer *answer)
{
    add_header(answer, "Access-Control-Allow-Origin", SPAN("*"));
}

Status answer_prepare(const SigningProfile *profile, Span serial, int64_t now_us,
        const Random *random, Span body, Buffer *canonical, Answer *ret_answer)
{
    Answer *answer = ret_answer;
    const AnswerNames *names = &profile_of_answers(profile)->headers;
    REQUIRE(serial.size <= sizeof(answer->serial), REFUSED_BUFFER_FULL);
    TRY(answer_unsigned(random, answer));
    TRY(random_text(random, answer->nonce));
    answer->profile = profile_of_answers(profile);
    memcpy(answer->serial, serial.data, serial.size);
    Buffer timestamp = BUFFER_OF(answer->timestamp);
    TRY(buffer_print(&timestamp, "%lld", (long long)(now_us / TIME_SECOND_US)));

    const MessageParts parts = {
        .timestamp = span_of_buffer(&timestamp),
        .nonce = SPAN_OF(answer->nonce),
        .body = body,
        .serial = serial,
    };
    const size_t start = canonical->size;
    TRY(message_answer(profile, &parts, canonical));
    answer->canonical = (Span) { canonical->data + start, canonical->size - start };

    if (names->timestamp != NULL) add_header(answer, names->timestamp, span_of_buffer(&timestamp));
    if (names->nonce != NULL) add_header(answer, names->nonce, SPAN_OF(answer->nonce));
    add_header(answer, names->serial, (Span) { (uint8_t *)answer->serial, serial.size });
    return OK;
}

Status answer_seal(Answer *answer, Span signature)
{
    Buffer text = BUFFER_OF(answer->signature);
    TRY(base64_encode(signature, &text));
    add_header(answer, answer->profile->headers.signature, span_of_buffer(&text));
    add_header(answer, answer->profile->headers.scheme, span_of_text(answer->profile->scheme));
    return OK;
}
