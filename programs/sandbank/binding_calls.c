#include "binding_calls.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/box.h"
#include "text/json.h"

enum { BOX_TEXT_MAX = 8192, ELEMENTS = 4, PHONE = 3, FAULT_DIGITS = 2 };

typedef struct Asked {
    Span number;
    Span box; /* read and forgotten */
} Asked;

static const JsonField asked_fields[] = {
    { "card_id", JSON_TEXT, true, 1, BOOK_NUMBER_BYTES_MAX, offsetof(Asked, number), NULL, 0 },
    { "card_box", JSON_TEXT, false, 1, BOX_TEXT_MAX, offsetof(Asked, box), NULL, 0 },
};

static void wipe(Buffer *plain) { bytes_wipe(plain->data, plain->capacity); }

static Status put_found(
        Span number, const BindingFound *found, BindingAnswer *ret_answer, Buffer *ret_body)
{
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "card_id", number);
    json_key_text(&w, "state", span_of_text(binding_state_name(found->state)));
    if (found->state == BINDING_LIVE)
        json_key_text(&w, "agreement", span_of_text(found->agreement));
    json_close(&w);
    ret_answer->status = found->state == BINDING_NONE ? 404 : 200;
    return json_finish(&w);
}

static Status open_box(const PrivateKey *key, const Asked *asked, Buffer *ret_plain)
{
    uint8_t bytes[BOX_BYTES_MAX];
    Buffer sealed = BUFFER_OF(bytes);
    Box box;
    REQUIRE(key != NULL && asked->box.size > 0, REFUSED_BOX_FORMAT);
    TRY(base64_decode(asked->box, &sealed));
    TRY(box_parse(span_of_buffer(&sealed), &box));
    TRY(box_open(key, &box, ret_plain));
    REQUIRE(span_equal(box.context.order, asked->number), REFUSED_BOX_CONTEXT);
    return OK;
}

/* The last two digits of the phone. */
static Status fault_number(Span elements, int *ret_number)
{
    Cursor c = cursor_of(elements);
    Span element = { NULL, 0 };
    for (int i = 0; i < ELEMENTS; i++)
        TRY(cursor_framed(&c, BOX_PLAIN_BYTES_MAX, &element));
    TRY(cursor_end(&c));
    REQUIRE(element.size >= FAULT_DIGITS, REFUSED_BOX_FORMAT);
    const uint8_t *last = element.data + element.size - FAULT_DIGITS;
    *ret_number = (last[0] - '0') * 10 + last[1] - '0';
    return OK;
}

static Status begin(const Bindings *bindings, const PrivateKey *key, const Asked *asked,
        int64_t now_us, BindingAnswer *ret_answer, BindingFound *ret_found)
{
    uint8_t bytes[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe) Buffer elements = BUFFER_OF(bytes);
    int number = 0;
    TRY(open_box(key, asked, &elements));
    TRY(fault_number(span_of_buffer(&elements), &number));
    if (number == 92) ret_answer->fault = BINDING_FAULT_LOST;
    if (number == 95) ret_answer->fault = BINDING_FAULT_SLOW;
    if (number == 96) ret_answer->fault = BINDING_FAULT_REFUSED;
    if (number == 96) return OK;
    const Span all = span_of_buffer(&elements);
    TRY(bindings_begin(bindings, asked->number, number == 91 ? SPAN("") : all, now_us, ret_found));
    return number == 93 ? bindings_lose(bindings, asked->number) : OK;
}

static Status confirm(const Bindings *bindings, const PrivateKey *key, const Asked *asked,
        int64_t now_us, BindingAnswer *ret_answer, BindingFound *ret_found)
{
    uint8_t bytes[BOX_PLAIN_BYTES_MAX];
    CLEANUP(wipe) Buffer code = BUFFER_OF(bytes);
    bool lost = false;
    TRY(open_box(key, asked, &code));
    TRY(bindings_confirm(bindings, asked->number, span_of_buffer(&code), now_us, &lost, ret_found));
    if (lost) ret_answer->fault = BINDING_FAULT_LOST;
    return OK;
}

Status binding_post(const Bindings *bindings, const PrivateKey *box_key, Span place, Span body,
        int64_t now_us, BindingAnswer *ret_answer, Buffer *ret_body)
{
    CLEANUP(json_free) JsonDocument *document = NULL;
    JsonProblem problem;
    Asked asked = { 0 };
    BindingFound found = { 0 };
    TRY(json_parse(body, &document, &problem));
    TRY(json_read(document, json_root(document), asked_fields,
            sizeof(asked_fields) / sizeof(asked_fields[0]), &asked, &problem));
    REQUIRE(span_is_plain_name(asked.number, BOOK_NUMBER_BYTES_MAX), REFUSED_JSON_RANGE);
    *ret_answer = (BindingAnswer) { .status = 200 };
    if (place.size == 0)
        TRY(begin(bindings, box_key, &asked, now_us, ret_answer, &found));
    else if (span_equal(place, SPAN("/confirmed")))
        TRY(confirm(bindings, box_key, &asked, now_us, ret_answer, &found));
    else if (span_equal(place, SPAN("/ended")))
        TRY(bindings_end(bindings, asked.number, &found));
    else
        return REFUSE(REFUSED_JSON_RANGE);
    if (ret_answer->fault == BINDING_FAULT_REFUSED) return OK;
    return put_found(asked.number, &found, ret_answer, ret_body);
}

Status binding_get(
        const Bindings *bindings, Span number, BindingAnswer *ret_answer, Buffer *ret_body)
{
    BindingFound found = { 0 };
    *ret_answer = (BindingAnswer) { .status = 200 };
    REQUIRE(span_is_plain_name(number, BOOK_NUMBER_BYTES_MAX), REFUSED_JSON_RANGE);
    TRY(bindings_look(bindings, number, &found));
    return put_found(number, &found, ret_answer, ret_body);
}
