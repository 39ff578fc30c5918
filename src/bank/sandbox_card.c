#include "bank/sandbox_card.h"

#include "base/encoding.h"
#include "text/json.h"

enum {
    BODY_BYTES_MAX = 256 + 2 * CARD_BOX_BYTES_MAX,
    ANSWER_BYTES_MAX = 1024,
    TARGET_BYTES_MAX = 96,
};

typedef struct Said {
    Span number;
    Span state;
    Span agreement;
} Said;

static const JsonField said_fields[] = {
    { "card_id", JSON_TEXT, true, 1, CARD_NUMBER_BYTES_MAX, offsetof(Said, number) },
    { "state", JSON_TEXT, true, 1, 16, offsetof(Said, state) },
    { "agreement", JSON_TEXT, false, 1, CARD_AGREEMENT_BYTES_MAX, offsetof(Said, agreement) },
};

static Status read_binding(const char *number, Span body, CardSaid *ret_said)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem;
    Said said = { 0 };
    CardSaid read = { 0 };
    REQUIRE(status_ok(json_parse(body, &document, &problem)), REFUSED_BANK_ANSWER);
    const Status s = json_read_some(document, json_root(document), said_fields,
            sizeof(said_fields) / sizeof(said_fields[0]), &said, &problem);
    REQUIRE(status_ok(s), REFUSED_BANK_ANSWER);
    REQUIRE(span_equal(said.number, span_of_text(number)), REFUSED_BANK_ANSWER);
    REQUIRE(card_says_of(said.state, &read.says), REFUSED_BANK_ANSWER);
    const bool live = read.says == CARD_IS_LIVE;
    REQUIRE(!live || span_is_plain_name(said.agreement, CARD_AGREEMENT_BYTES_MAX),
            REFUSED_BANK_ANSWER);
    if (live) memcpy(read.agreement, said.agreement.data, said.agreement.size);
    *ret_said = read;
    return OK;
}

Status sandbox_card_read(const char *number, bool binds, int status, Span body, CardSaid *ret_said)
{
    if (status == 404) {
        *ret_said = (CardSaid) { .says = CARD_IS_NOT_THERE };
        return OK;
    }
    if (binds && status == 403) {
        *ret_said = (CardSaid) { .says = CARD_IS_REFUSED };
        return OK;
    }
    REQUIRE(status == 200, REFUSED_BANK_ANSWER);
    return read_binding(number, body, ret_said);
}

/* --- calls --- */

static Status put_body(const char *number, Span box, Buffer *ret_body)
{
    uint8_t text_bytes[2 * CARD_BOX_BYTES_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    JsonWriter w = json_writer_for(ret_body, LAYER_PARTNER);
    w.purpose = PURPOSE_BANK_CHANNEL;
    json_open_object(&w);
    json_key_text(&w, "card_id", span_of_text(number));
    if (box.size > 0) {
        TRY(base64_encode(box, &text));
        json_key_text(&w, "card_box", span_of_buffer(&text));
    }
    json_close(&w);
    return json_finish(&w);
}

static Status post(const SandboxCards *cards, const char *target, const char *number, Span box,
        bool again, int *ret_status, Buffer *ret_answer)
{
    uint8_t body_bytes[BODY_BYTES_MAX];
    Buffer body = BUFFER_OF(body_bytes);
    const HttpHeader header = { "Content-Type", SPAN("application/json") };
    REQUIRE(box.size <= CARD_BOX_BYTES_MAX, REFUSED_CARD_FIELD);
    TRY(put_body(number, box, &body));
    const HttpCall call = { .method = "POST",
        .target = span_of_text(target),
        .headers = &header,
        .header_count = 1,
        .body = span_of_buffer(&body) };
    return lines_call(cards->lines, &call, again, ret_status, ret_answer);
}

static Status bind(void *context, const char *number, Span box, CardSaid *ret_said)
{
    uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    int status = 0;
    TRY(post(context, "/sandbox/bindings", number, box, false, &status, &answer));
    return sandbox_card_read(number, true, status, span_of_buffer(&answer), ret_said);
}

static Status confirm(void *context, const char *number, Span box, CardSaid *ret_said)
{
    uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    int status = 0;
    TRY(post(context, "/sandbox/bindings/confirmed", number, box, false, &status, &answer));
    return sandbox_card_read(number, false, status, span_of_buffer(&answer), ret_said);
}

static Status end(void *context, const char *number, CardSaid *ret_said)
{
    uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    int status = 0;
    TRY(post(context, "/sandbox/bindings/ended", number, (Span) { NULL, 0 }, true, &status,
            &answer));
    return sandbox_card_read(number, false, status, span_of_buffer(&answer), ret_said);
}

static Status look(void *context, const char *number, CardSaid *ret_said)
{
    const SandboxCards *cards = context;
    uint8_t target_bytes[TARGET_BYTES_MAX];
    uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer target = BUFFER_OF(target_bytes);
    Buffer answer = BUFFER_OF(bytes);
    int status = 0;
    TRY(buffer_print(&target, "/sandbox/bindings/%s", number));
    const HttpCall call = { .method = "GET", .target = span_of_buffer(&target) };
    TRY(lines_call(cards->lines, &call, true, &status, &answer));
    return sandbox_card_read(number, false, status, span_of_buffer(&answer), ret_said);
}

void sandbox_cards_open(Lines *lines, SandboxCards *ret_cards)
{
    *ret_cards = (SandboxCards) { .lines = lines };
    ret_cards->channel = (CardChannel) {
        .context = ret_cards, .bind = bind, .confirm = confirm, .look = look, .end = end
    };
}
