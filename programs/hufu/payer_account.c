/* What a payer does at his own doors, from his telephone (payer_phone.h). */
#include "payer_phone.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "ipc/password_wire.h"
#include "policy/purposes.h"
#include "text/json.h"

#include <stdio.h>

enum { BOX_TEXT_MAX = 2 * BOX_BYTES_MAX, REQUEST_MAX = 6 * BOX_TEXT_MAX, PLAIN_MAX = 1024 };

static const Span realm_text = { (const uint8_t *)"hufu/payer", 10 };

/* One request, while it is put together. */
typedef struct Asking {
    const PayerTalk *talk;
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t bytes[REQUEST_MAX];
    Buffer body;
    JsonWriter w;
} Asking;

static void asking_wipe(Asking *a) { bytes_wipe(a, sizeof(*a)); }

static Status begin(const PayerTalk *talk, Asking *a)
{
    a->talk = talk;
    TRY(payer_key_fetch(talk->http, talk->key, talk->answer));
    TRY(payer_challenge_fetch(talk->http, talk->answer, a->nonce));
    a->body = BUFFER_OF(a->bytes);
    a->w = json_writer_for(&a->body, LAYER_REQUEST);
    json_open_object(&a->w);
    return OK;
}

static Status post(Asking *a, const char *target, Span *ret_body)
{
    const PayerTalk *talk = a->talk;
    json_close(&a->w);
    TRY(json_finish(&a->w));
    return payer_ask(talk->app->phone, talk->http, "POST", span_of_text(target),
            span_of_buffer(&a->body), talk->answer, ret_body);
}

/* --- boxes --- */

static Status put_box(Asking *a, const char *key, const BoxWish *wish, Span plain)
{
    uint8_t text_bytes[BOX_TEXT_MAX];
    Buffer text = BUFFER_OF(text_bytes);
    BoxWish whole = *wish;
    memcpy(whole.nonce, a->nonce, sizeof(whole.nonce));
    whole.payee = span_of_text(a->talk->app->id);
    TRY(box_make(a->talk->key, &whole, plain, &text));
    json_key_text(&a->w, key, span_of_buffer(&text));
    return OK;
}

static Status put_password(
        Asking *a, const char *key, DataClass class, BoxPurpose purpose, Span plain)
{
    const BoxWish wish = {
        .data_class = (uint16_t) class, .purpose = (uint16_t)purpose, .tenant = realm_text
    };
    return put_box(a, key, &wish, plain);
}

/* u8 length of the old one | the old one | the new one */
static Status put_set(Asking *a, const char *key, DataClass class, const char *old, const char *new)
{
    uint8_t plain_bytes[PLAIN_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    TRY(buffer_put_u8(&plain, (uint8_t)strlen(old)));
    TRY(buffer_put(&plain, span_of_text(old)));
    TRY(buffer_put(&plain, span_of_text(new)));
    const Status s = put_password(a, key, class, BOX_PURPOSE_SET_PASSWORD, span_of_buffer(&plain));
    bytes_wipe(plain_bytes, sizeof(plain_bytes));
    return s;
}

/* list of what one says of oneself | the new one */
static Status put_recover(
        Asking *a, const char *key, DataClass class, const PayerPerson *person, const char *new)
{
    uint8_t plain_bytes[PLAIN_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    const WireClaimedFact facts[] = {
        { CLASS_IDENTITY_NUMBER, span_of_text(person->identity_number) },
        { CLASS_PHONE, span_of_text(person->phone) },
    };
    TRY(wire_put_count(&plain, 2, WIRE_FACTS_MAX));
    TRY(wire_put_claimed_fact(&plain, &facts[0]));
    TRY(wire_put_claimed_fact(&plain, &facts[1]));
    TRY(buffer_put(&plain, span_of_text(new)));
    const Status s =
            put_password(a, key, class, BOX_PURPOSE_RECOVER_PASSWORD, span_of_buffer(&plain));
    bytes_wipe(plain_bytes, sizeof(plain_bytes));
    return s;
}

static Status put_fact(Asking *a, const char *key, DataClass class, const char *value)
{
    const BoxWish wish = { .data_class = (uint16_t) class,
        .purpose = BOX_PURPOSE_FIELD,
        .tenant = SPAN("hufu"),
        .order = span_of_text(a->talk->app->id) };
    return put_box(a, key, &wish, span_of_text(value));
}

static void put_payer(Asking *a)
{
    const PayerApp *app = a->talk->app;
    json_key_text(&a->w, "payer_id", span_of_text(app->id));
    json_key_text(&a->w, "device_name", span_of_text(app->phone->name));
}

/* --- answers --- */

typedef struct InJson {
    Span payer_id;
    Span session;
    int64_t number;
    int64_t cools_until_us;
} InJson;

static const JsonField in_fields[] = {
    { "payer_id", JSON_TEXT, true, 1, PAYER_APP_ID_BYTES_MAX, offsetof(InJson, payer_id) },
    { "session_token", JSON_TEXT, true, DEVICE_SESSION_TEXT_MAX, DEVICE_SESSION_TEXT_MAX,
            offsetof(InJson, session) },
    { "session_number", JSON_INT, true, 1, INT64_MAX, offsetof(InJson, number) },
    { "cools_until_us", JSON_INT, false, 0, INT64_MAX, offsetof(InJson, cools_until_us) },
};

static Status read_in(const PayerTalk *talk, Span body)
{
    PayerPhone *phone = talk->app->phone;
    Buffer session = BUFFER_OF(phone->session);
    JsonProblem problem = { 0 };
    InJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), in_fields, 4, &json, &problem));
    REQUIRE(span_equal(json.payer_id, span_of_text(talk->app->id)), REFUSED_HTTP_ANSWER_INVALID);
    TRY(hex_decode(json.session, &session));
    phone->has_session = true;
    phone->session_number = json.number;
    phone->cools_until_us = json.cools_until_us;
    return OK;
}

static Status read_cooling(const PayerTalk *talk, Span body)
{
    static const JsonField fields[] = { { "cools_until_us", JSON_INT, false, 0, INT64_MAX, 0 } };
    JsonProblem problem = { 0 };
    int64_t until_us = 0;
    CLEANUP(json_free) JsonDocument *document = NULL;
    TRY(json_parse(body, &document, &problem));
    TRY(json_read_some(document, json_root(document), fields, 1, &until_us, &problem));
    talk->app->phone->cools_until_us = until_us;
    return OK;
}

/* --- the acts --- */

/* The id that our challenge gives (api/challenge.h). */
static Status draw_id(Asking *a)
{
    PayerApp *app = a->talk->app;
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint8_t text_bytes[20];
    Buffer text = BUFFER_OF(text_bytes);
    const Span parts[] = { SPAN("hufu payer id"), SPAN_OF(a->nonce) };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    TRY(hex_encode((Span) { digest, 10 }, &text));
    snprintf(app->id, sizeof(app->id), "u-%.20s", (const char *)text_bytes);
    return OK;
}

Status payer_phone_register(const PayerTalk *talk, const PayerPerson *person, const char *password)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    PayerApp *app = talk->app;
    Span body = { 0 };
    const bool joins = app->id[0] != 0;
    const Span pin = span_of_text(app->pin);
    app->phone->has_session = false;
    TRY(begin(talk, &a));
    if (!joins) TRY(draw_id(&a));
    put_payer(&a);
    TRY(put_fact(&a, "name_box", CLASS_NAME, person->name));
    TRY(put_fact(&a, "identity_number_box", CLASS_IDENTITY_NUMBER, person->identity_number));
    TRY(put_fact(&a, "phone_box", CLASS_PHONE, person->phone));
    /* The same as the old one: so that a try that ended in its middle can be made again. */
    TRY(put_set(&a, "login_box", CLASS_PASSWORD, password, password));
    if (joins) TRY(put_password(&a, "pin_proof_box", CLASS_PIN, BOX_PURPOSE_LOGIN, pin));
    if (!joins && pin.size > 0) TRY(put_set(&a, "pin_box", CLASS_PIN, "", app->pin));
    const Status s = post(&a, "/payer/v1/register", &body);
    if (!status_ok(s) && !joins) app->id[0] = 0;
    TRY(s);
    return read_in(talk, body);
}

static Status begin_login(const PayerTalk *talk, const char *password, Asking *a)
{
    talk->app->phone->has_session = false;
    TRY(begin(talk, a));
    put_payer(a);
    return put_password(a, "login_box", CLASS_PASSWORD, BOX_PURPOSE_LOGIN, span_of_text(password));
}

static Status put_pin(Asking *a)
{
    const Span pin = span_of_text(a->talk->app->pin);
    return put_password(a, "pin_box", CLASS_PIN, BOX_PURPOSE_LOGIN, pin);
}

Status payer_phone_login(const PayerTalk *talk, const char *password, bool with_pin)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    TRY(begin_login(talk, password, &a));
    if (with_pin) TRY(put_pin(&a));
    TRY(post(&a, "/payer/v1/login", &body));
    return read_in(talk, body);
}

Status payer_phone_login_as(
        const PayerTalk *talk, const char *password, const PayerPerson *person, const char *pin)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    TRY(begin_login(talk, password, &a));
    TRY(put_recover(&a, "pin_recover_box", CLASS_PIN, person, pin));
    TRY(post(&a, "/payer/v1/login", &body));
    snprintf(talk->app->pin, sizeof(talk->app->pin), "%s", pin);
    return read_in(talk, body);
}

Status payer_phone_logout(const PayerTalk *talk, bool everywhere)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    TRY(begin(talk, &a));
    json_key_bool(&a.w, "everywhere", everywhere);
    TRY(post(&a, "/payer/v1/logout", &body));
    talk->app->phone->has_session = false;
    return OK;
}

Status payer_phone_password(const PayerTalk *talk, const char *old, const char *new)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    TRY(begin(talk, &a));
    TRY(put_set(&a, "login_box", CLASS_PASSWORD, old, new));
    return post(&a, "/payer/v1/password", &body);
}

Status payer_phone_pin(const PayerTalk *talk, const char *old, const char *new)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    TRY(begin(talk, &a));
    TRY(put_set(&a, "pin_box", CLASS_PIN, old, new));
    TRY(post(&a, "/payer/v1/pin", &body));
    snprintf(talk->app->pin, sizeof(talk->app->pin), "%s", new);
    return OK;
}

Status payer_phone_reset_password(
        const PayerTalk *talk, const PayerPerson *person, const char *new, bool with_pin)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    talk->app->phone->has_session = false;
    TRY(begin(talk, &a));
    put_payer(&a);
    TRY(put_recover(&a, "recover_box", CLASS_PASSWORD, person, new));
    if (with_pin) TRY(put_pin(&a));
    TRY(post(&a, "/payer/v1/password/reset", &body));
    return read_cooling(talk, body);
}

Status payer_phone_reset_pin(const PayerTalk *talk, const PayerPerson *person, const char *new)
{
    CLEANUP(asking_wipe) Asking a = { 0 };
    Span body = { 0 };
    TRY(begin(talk, &a));
    TRY(put_recover(&a, "pin_recover_box", CLASS_PIN, person, new));
    TRY(post(&a, "/payer/v1/pin/reset", &body));
    snprintf(talk->app->pin, sizeof(talk->app->pin), "%s", new);
    return read_cooling(talk, body);
}
