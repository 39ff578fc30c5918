/*
 * Goal: a payer's own doors open to himself on his own devices, and to nobody who has only a part
 * of it: a password, a session, a telephone, a request of before (TP-6, TP-15, TP-17, LL-4.5.2).
 * Method: the real programs; telephones that sign as an app does; each attack with one thing wrong;
 * then the log, the alerts and every file of the house.
 */
#include "base/encoding.h"
#include "base/expect.h"
#include "base/time.h"
#include "merchant_steps.h"
#include "payer_phone.h"
#include "policy/purposes.h"

#include <signal.h>
#include <stdio.h>

#define PASSWORD "violet Kettle, 9 hills"
#define OTHER "amber Saddle, 4 rivers"
#define THIRD "copper Lantern 7 fields"

static const PayerPerson zhang = { "\xe5\xbc\xa0\xe4\xb8\x89", "11010519491231002X",
    "13912345678" };
static const PayerPerson other = { "\xe6\x9d\x8e\xe5\x9b\x9b", "110105194912310038",
    "13812345678" };

static Stand stand;
static MerchantApp shop;
static HttpClient *http;
static PayerApp old_way; /* added by the institution's own front */
static PayerApp p1; /* the same, and registers */
static PayerPhone first;
static PayerAnswer said;

static bool code_is(const char *code)
{
    if (strcmp(said.code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s'\n", said.status, said.code);
    return false;
}

static PayerTalk talk_of(PayerApp *app)
{
    said = (PayerAnswer) { 0 };
    return (PayerTalk) { app, http, &stand.box_key, &said };
}

/* A refusal with this code. */
#define EXPECT_SAID(expression, code)                            \
    do {                                                         \
        EXPECT_REFUSED(expression, REFUSED_HTTP_ANSWER_INVALID); \
        EXPECT(code_is(code));                                   \
    } while (0)

static Status takes_codes(PayerApp *app)
{
    const char *code = NULL;
    said = (PayerAnswer) { 0 };
    app->codes_left = 0;
    return payer_app_code(app, http, &stand.box_key, &said, &code);
}

/* A telephone that is nobody's yet, in the hands of whoever knows this payer's id and PIN. */
static PayerApp app_on(const PayerApp *app, PayerPhone *phone)
{
    PayerApp copy = { .phone = phone };
    memcpy(copy.id, app->id, sizeof(copy.id));
    memcpy(copy.pin, app->pin, sizeof(copy.pin));
    return copy;
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "old-way", "271828", 1000000, &old_way));
    EXPECT_OK(stand_payer(&stand, "p1", "284617", 1000000, &p1));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(payer_phone_make(KEY_P256, "first phone", &first));
}

/* --- registering --- */

/* Who has no part in the account learns not even that it is there. */
static void test_a_payer_registers(void)
{
    PayerApp wrong = app_on(&p1, &first);
    PayerApp nobody = app_on(&p1, &first);
    snprintf(wrong.pin, sizeof(wrong.pin), "314159");
    snprintf(nobody.id, sizeof(nobody.id), "nobody");
    PayerTalk talk = talk_of(&wrong);
    EXPECT_SAID(payer_phone_register(&talk, &zhang, PASSWORD), "PAYER_REGISTER_REFUSED");
    talk = talk_of(&nobody);
    EXPECT_SAID(payer_phone_register(&talk, &zhang, PASSWORD), "PAYER_REGISTER_REFUSED");
    EXPECT_OK(takes_codes(&p1)); /* as before */
    p1.phone = &first;
    talk = talk_of(&p1);
    EXPECT_OK(payer_phone_register(&talk, &zhang, PASSWORD));
    EXPECT(first.has_session && first.cools_until_us == 0);
    EXPECT_SAID(payer_phone_register(&talk, &zhang, OTHER), "PAYER_REGISTER_REFUSED");
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_holding WHERE subject = 'p1'") == 3);
}

/* Anew: with a drawn id, on the other kind of key; a weak password or PIN is nobody's. */
static void test_a_new_payer_registers(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone phone = { 0 };
    PayerApp app = { .phone = &phone };
    EXPECT_OK(payer_phone_make(KEY_ED25519, "new phone", &phone));
    PayerTalk talk = talk_of(&app);
    EXPECT_SAID(payer_phone_register(&talk, &other, "password123456"), "PARAM_ERROR");
    snprintf(app.pin, sizeof(app.pin), "123456");
    EXPECT_SAID(payer_phone_register(&talk, &other, PASSWORD), "PARAM_ERROR");
    snprintf(app.pin, sizeof(app.pin), "138123"); /* of his phone */
    EXPECT_SAID(payer_phone_register(&talk, &other, PASSWORD), "PARAM_ERROR");
    snprintf(app.pin, sizeof(app.pin), "%s", "");
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payer") == 2);
    EXPECT_OK(payer_phone_register(&talk, &other, PASSWORD));
    EXPECT(app.id[0] == 'u' && stand_number(&stand, "SELECT count(*) FROM payer") == 3);
    EXPECT_OK(payer_phone_pin(&talk, "", "662607")); /* the first one, on a trusted device */
    EXPECT_OK(takes_codes(&app));
    EXPECT_OK(payer_phone_logout(&talk, false));
    EXPECT_SAID(takes_codes(&app), "LOGIN_NEEDED");
}

/* --- each request is signed (TP-17) --- */

static void test_a_registered_payer_pays_from_his_device_alone(void)
{
    Answered order = { 0 };
    PayerApp without = app_on(&p1, NULL);
    EXPECT_OK(takes_codes(&old_way)); /* his institution's front answers for him */
    EXPECT_SAID(takes_codes(&without), "PAYER_DEVICE_NEEDED");
    EXPECT_OK(takes_codes(&p1));
    EXPECT_OK(step_native(&shop, http, "P-ORDER-1", 1250, &order));
    EXPECT_SAID(payer_app_pay(&without, http, &stand.box_key, span_of_text(order.code_url), &said),
            "PAYER_DEVICE_NEEDED");
    EXPECT_OK(payer_app_pay(&p1, http, &stand.box_key, span_of_text(order.code_url), &said));
}

typedef struct Sent {
    uint8_t header_bytes[DEVICE_HEADER_BYTES_MAX];
    Buffer header;
    const char *target;
    const char *body;
} Sent;

/* A request signed with this key for this session, to be sent as it is, or changed. */
static void sign(const PrivateKey *key, const PayerPhone *session, const char *target, Sent *ret)
{
    static int number;
    char nonce[32];
    const Clock clock = clock_system();
    snprintf(nonce, sizeof(nonce), "flow-%d", ++number);
    *ret = (Sent) { .target = target, .body = "{}" };
    ret->header = BUFFER_OF(ret->header_bytes);
    const DeviceSign wish = { key, SPAN("POST"), span_of_text(target), SPAN("{}"),
        { session->session, sizeof(session->session) }, span_of_text(nonce),
        clock_now_us(&clock) / TIME_SECOND_US };
    ASSERT(status_ok(device_sign(&wish, &ret->header)));
}

static bool sent(const Sent *sent, int status, const char *code)
{
    HttpAnswer answer = { 0 };
    const HttpHeader headers[] = { { "Content-Type", SPAN("application/json") },
        { "Authorization", span_of_buffer(&sent->header) } };
    const HttpCall call = { "POST", span_of_text(sent->target), headers, 2,
        span_of_text(sent->body) };
    said = (PayerAnswer) { 0 };
    if (!status_ok(http_client_call(http, &call, &answer))) return false;
    said.status = answer.status;
    if (answer.status != 200) answer_code(answer.status, answer.body, said.code);
    return said.status == status && code_is(code);
}

static void test_what_was_not_signed_is_refused(void)
{
    Sent s;
    sign(first.key, &first, "/payer/v1/logout", &s);
    s.body = "{\"everywhere\":true}";
    EXPECT(sent(&s, 401, "PAYER_SIGNATURE"));
    s.body = "{}";
    s.target = "/payer/v1/logout?x=1";
    EXPECT(sent(&s, 401, "PAYER_SIGNATURE"));
    s.target = "/payer/v1/sessions/1/end";
    EXPECT(sent(&s, 401, "PAYER_SIGNATURE"));
    sign(first.key, &first, "/payer/v1/sessions/1/end", &s);
    EXPECT(sent(&s, 404, "RESOURCE_NOT_EXISTS")); /* no such session of his */
    EXPECT(sent(&s, 401, "SIGN_ERROR")); /* replayed */
}

/* A session without the device's key is worth nothing, and is over. */
static void test_a_stolen_session(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone thief = { 0 };
    Sent s;
    PayerTalk talk = talk_of(&p1);
    EXPECT_OK(payer_phone_make(KEY_P256, "thief", &thief));
    sign(thief.key, &first, "/payer/v1/logout", &s);
    EXPECT(sent(&s, 401, "LOGIN_NEEDED"));
    EXPECT_SAID(takes_codes(&p1), "LOGIN_NEEDED");
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
    EXPECT_OK(takes_codes(&p1));
}

/* One payer's session asks for nothing of another (confused deputy). */
static void test_another_payers_session(void)
{
    PayerApp confused = app_on(&old_way, &first);
    Sent s;
    EXPECT_SAID(takes_codes(&confused), "NO_AUTH");
    sign(first.key, &first, "/payer/v1/devices/00/end", &s);
    EXPECT(sent(&s, 400, "PARAM_ERROR"));
    EXPECT_OK(takes_codes(&p1));
}

/* TP-6: a page that forgot the box is told so by name, and what it sent is nowhere. */
static void test_a_password_in_clear(void)
{
    Sent s;
    sign(first.key, &first, "/payer/v1/login", &s);
    s.body = "{\"payer_id\":\"p1\",\"login_password\":\"vanilla-Turnip-88\"}";
    s.header.size = 0;
    const Clock clock = clock_system();
    const DeviceSign wish = { first.key, SPAN("POST"), SPAN("/payer/v1/login"),
        span_of_text(s.body), SPAN(""), SPAN("clear-1"), clock_now_us(&clock) / TIME_SECOND_US };
    EXPECT_OK(device_sign(&wish, &s.header));
    EXPECT(sent(&s, 400, "PASSWORD_IN_CLEAR"));
    EXPECT(!stand_holds(&stand, SPAN("vanilla-Turnip-88")));
}

/* --- logging in --- */

static void test_a_new_device_needs_both_passwords_and_waits(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone second = { 0 };
    EXPECT_OK(payer_phone_make(KEY_P256, "second phone", &second));
    PayerApp app = app_on(&p1, &second);
    PayerApp nobody = app_on(&p1, &second);
    snprintf(nobody.id, sizeof(nobody.id), "nobody-2");
    PayerTalk talk = talk_of(&app);
    PayerTalk strange = talk_of(&nobody);
    const int64_t told = stand_leaves_with(&stand, "payer/p1");
    EXPECT_SAID(payer_phone_login(&talk, PASSWORD, false), "PAYER_DEVICE_UNKNOWN");
    EXPECT_SAID(payer_phone_reset_password(&talk, &zhang, THIRD, false), "PAYER_DEVICE_UNKNOWN");
    EXPECT_SAID(payer_phone_login(&strange, PASSWORD, false), "PAYER_DEVICE_UNKNOWN");
    EXPECT(stand_leaves_with(&stand, "payer/p1") == told); /* it cost him nothing, and no disk */
    EXPECT_SAID(payer_phone_login(&talk, OTHER, true), "PAYER_LOGIN_REFUSED");
    EXPECT_SAID(payer_phone_login(&strange, OTHER, true), "PAYER_LOGIN_REFUSED");
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, true));
    EXPECT(second.cools_until_us > 0);
    EXPECT_SAID(takes_codes(&app), "PAYER_COOLS_DOWN");
    EXPECT_OK(takes_codes(&p1)); /* the old one goes on */
    /* He ends it from the old one: nothing that it signs counts any more. */
    char target[128];
    uint8_t name[DEVICE_KEY_NAME_BYTES];
    uint8_t text_bytes[2 * DEVICE_KEY_NAME_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    Sent s;
    public_key_fingerprint(private_key_public(second.key), name);
    EXPECT_OK(hex_encode(SPAN_OF(name), &text));
    snprintf(target, sizeof(target), "/payer/v1/devices/%.64s/end", (const char *)text_bytes);
    sign(first.key, &first, target, &s);
    EXPECT(sent(&s, 200, ""));
    EXPECT_SAID(takes_codes(&app), "LOGIN_NEEDED");
    EXPECT_SAID(payer_phone_login(&talk, PASSWORD, false), "PAYER_DEVICE_UNKNOWN");
}

/* The very box of a log-in that worked, once more: by whoever listened. */
static void test_a_login_cannot_be_sent_twice(void)
{
    static uint8_t json_bytes[4 * BOX_BYTES_MAX];
    Buffer json = BUFFER_OF(json_bytes);
    Span answer = { 0 };
    BoxWish wish = { .data_class = CLASS_PASSWORD,
        .purpose = BOX_PURPOSE_LOGIN,
        .tenant = SPAN("hufu/payer"),
        .payee = SPAN("p1") };
    PayerTalk talk = talk_of(&p1);
    EXPECT_OK(payer_challenge_fetch(http, &said, wish.nonce));
    EXPECT_OK(
            buffer_put(&json, SPAN("{\"payer_id\":\"p1\",\"device_name\":\"x\",\"login_box\":\"")));
    EXPECT_OK(box_make(&stand.box_key, &wish, SPAN(PASSWORD), &json));
    EXPECT_OK(buffer_put(&json, SPAN("\"}")));
    const Span target = SPAN("/payer/v1/login");
    EXPECT_OK(payer_ask(&first, http, "POST", target, span_of_buffer(&json), &said, &answer));
    EXPECT_SAID(payer_ask(&first, http, "POST", target, span_of_buffer(&json), &said, &answer),
            "PAYER_LOGIN_REFUSED");
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
}

/* As `hufu payer login` keeps it for the next command. */
static void test_a_device_in_a_file(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone read = { 0 };
    PayerApp app = app_on(&p1, &read);
    EXPECT_OK(payer_phone_save(&first, stand.folder, "p1"));
    EXPECT_OK(payer_phone_load(stand.folder, "p1", &read));
    EXPECT(read.has_session);
    EXPECT_OK(takes_codes(&app));
    PayerPhone none = { 0 };
    EXPECT_REFUSED(payer_phone_load(stand.folder, "p2", &none), REFUSED_PAYER_DEVICE_UNKNOWN);
}

static void test_a_password_is_changed_by_who_knows_it(void)
{
    PayerTalk talk = talk_of(&p1);
    PayerPhone before = first;
    PayerApp earlier = app_on(&p1, &before);
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false)); /* two sessions */
    EXPECT_OK(takes_codes(&earlier));
    EXPECT_SAID(payer_phone_password(&talk, OTHER, THIRD), "PAYER_LOGIN_REFUSED");
    EXPECT_SAID(payer_phone_password(&talk, PASSWORD, "password123456"), "PARAM_ERROR");
    EXPECT_OK(payer_phone_password(&talk, PASSWORD, OTHER));
    EXPECT_SAID(takes_codes(&earlier), "LOGIN_NEEDED"); /* the others are over */
    EXPECT_OK(takes_codes(&p1));
    EXPECT_OK(payer_phone_login(&talk, OTHER, false));
    EXPECT_SAID(payer_phone_pin(&talk, "662607", "137035"), "PAYER_LOGIN_REFUSED");
    EXPECT_OK(payer_phone_pin(&talk, "284617", "662607"));
    EXPECT_OK(takes_codes(&p1));
}

/* --- who forgot one --- */

static void test_a_reset_proves_who_he_is_and_holds_the_money_back(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone lost = { 0 };
    CLEANUP(payer_phone_wipe) PayerPhone stranger = { 0 };
    EXPECT_OK(payer_phone_make(KEY_P256, "lost phone", &lost));
    EXPECT_OK(payer_phone_make(KEY_P256, "stranger", &stranger));
    PayerApp on_lost = app_on(&p1, &lost);
    PayerApp on_stranger = app_on(&p1, &stranger);
    PayerTalk talk = talk_of(&on_lost);
    EXPECT_OK(payer_phone_login(&talk, OTHER, true));
    PayerTalk strange = talk_of(&on_stranger);
    EXPECT_SAID(payer_phone_reset_password(&strange, &zhang, THIRD, false),
            "PAYER_DEVICE_UNKNOWN"); /* who knows all of him, and has nothing of his */
    EXPECT_OK(takes_codes(&p1));
    talk = talk_of(&p1);
    EXPECT_SAID(payer_phone_reset_password(&talk, &other, THIRD, false), "PAYER_LOGIN_REFUSED");
    EXPECT_OK(payer_phone_login(&talk, OTHER, false));
    EXPECT_OK(takes_codes(&p1)); /* the refused try was taken back */
    EXPECT_OK(payer_phone_reset_password(&talk, &zhang, THIRD, false));
    EXPECT(first.cools_until_us > 0);
    EXPECT_SAID(takes_codes(&on_lost), "LOGIN_NEEDED"); /* sessions and other devices end */
    talk = talk_of(&on_lost);
    EXPECT_SAID(payer_phone_login(&talk, THIRD, false), "PAYER_DEVICE_UNKNOWN");
    talk = talk_of(&p1);
    EXPECT_SAID(payer_phone_login(&talk, OTHER, false), "PAYER_LOGIN_REFUSED");
    EXPECT_OK(payer_phone_login(&talk, THIRD, false));
    EXPECT_SAID(takes_codes(&p1), "PAYER_COOLS_DOWN");
    EXPECT_OK(payer_phone_reset_pin(&talk, &zhang, "137035"));
    EXPECT_SAID(takes_codes(&p1), "PAYER_COOLS_DOWN");
}

/* Somebody without his old telephone and his PIN, but with his password: as any reset. */
static void test_a_new_device_by_who_he_is(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone third = { 0 };
    EXPECT_OK(payer_phone_make(KEY_ED25519, "third phone", &third));
    PayerApp app = app_on(&p1, &third);
    PayerTalk talk = talk_of(&app);
    EXPECT_SAID(payer_phone_login_as(&talk, THIRD, &other, "604182"), "PAYER_LOGIN_REFUSED");
    EXPECT_OK(payer_phone_login_as(&talk, THIRD, &zhang, "604182"));
    EXPECT_SAID(takes_codes(&app), "PAYER_COOLS_DOWN");
    talk = talk_of(&p1);
    EXPECT_SAID(payer_phone_login(&talk, THIRD, false), "PAYER_DEVICE_UNKNOWN");
}

/* --- the house --- */

static void test_a_restart_ends_sessions_and_nothing_else(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone phone = { 0 };
    EXPECT_OK(payer_phone_make(KEY_P256, "old way's", &phone));
    old_way.phone = &phone;
    PayerTalk talk = talk_of(&old_way);
    EXPECT_OK(payer_phone_register(&talk, &other, PASSWORD));
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    http_client_close(&http);
    EXPECT_OK(stand_connect(&stand, &http));
    talk = talk_of(&old_way);
    EXPECT_SAID(takes_codes(&old_way), "LOGIN_NEEDED");
    old_way.phone = NULL;
    EXPECT_SAID(takes_codes(&old_way), "PAYER_DEVICE_NEEDED"); /* it is known who registered */
    old_way.phone = &phone;
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
    EXPECT_OK(takes_codes(&old_way));
    /* Passwords of many payers are tried from one address: slowed and told; he still gets in. */
    CLEANUP(payer_phone_wipe) PayerPhone sprayer = { 0 };
    EXPECT_OK(payer_phone_make(KEY_P256, "sprayer", &sprayer));
    bool slowed = false;
    for (int i = 0; i < 60 && !slowed; i++) {
        PayerApp victim = { .phone = &sprayer, .pin = "284617" };
        snprintf(victim.id, sizeof(victim.id), "victim-%d", i);
        PayerTalk spray = talk_of(&victim);
        EXPECT(!status_ok(payer_phone_login(&spray, PASSWORD, true)));
        slowed = strcmp(said.code, "LOGIN_SLOWED") == 0 || said.status == 429;
    }
    EXPECT(slowed);
    PayerApp late = { .id = "victim-late", .phone = &sprayer, .pin = "284617" };
    PayerTalk spray = talk_of(&late);
    EXPECT_SAID(payer_phone_login(&spray, PASSWORD, true), "FREQUENCY_LIMITED");
    EXPECT_SAID(payer_phone_reset_password(&spray, &zhang, THIRD, true), "FREQUENCY_LIMITED");
    EXPECT(stand_leaves_with(&stand, "victim-late") == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert WHERE kind = 58") == 1);
    talk = talk_of(&old_way);
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
    EXPECT_OK(takes_codes(&old_way));
}

static void test_the_house_is_sound(void)
{
    static const char *const secrets[] = { PASSWORD, OTHER, THIRD, "11010519491231002X",
        "110105194912310038", "13912345678" };
    EXPECT(stand_logged(&stand, "payer/p1"));
    /* A name that nobody has may be a password in the wrong field: it is not kept. */
    EXPECT(stand_logged(&stand, "payer/?"));
    EXPECT(stand_leaves_with(&stand, "payer/nobody") == 0);
    EXPECT(stand_leaves_with(&stand, "payer/p1") > 10);
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    EXPECT(stand_audit(&stand) == 0);
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
        EXPECT(!stand_holds(&stand, span_of_text(secrets[i])));
    payer_phone_wipe(&first);
    private_key_free(&shop.key);
    public_key_free(&shop.platform);
    stand_close(&stand);
}

/* --- another house --- */

static int64_t refused_in_us(PayerApp *app)
{
    const Clock steady = clock_steady();
    const PayerTalk talk = talk_of(app);
    const int64_t began_us = clock_now_us(&steady);
    if (status_ok(payer_phone_login(&talk, OTHER, true)) || !code_is("PAYER_LOGIN_REFUSED"))
        return 0;
    return clock_now_us(&steady) - began_us;
}

/* The fewest of four: a name that nobody has costs the slow hash, too; without it, it would be ten
 * times as fast. */
static void nobody_is_known_by_the_time_it_takes(void)
{
    enum { TRIES = 4 };
    CLEANUP(payer_phone_wipe) PayerPhone phone = { 0 };
    EXPECT_OK(payer_phone_make(KEY_P256, "stranger", &phone));
    PayerApp known = app_on(&old_way, &phone);
    int64_t wrong_us = INT64_MAX;
    int64_t nobody_us = INT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        PayerApp nobody = app_on(&known, &phone);
        snprintf(nobody.id, sizeof(nobody.id), "nobody-%d", i);
        const int64_t one_us = refused_in_us(&known);
        const int64_t two_us = refused_in_us(&nobody);
        EXPECT(one_us > 0 && two_us > 0);
        wrong_us = one_us < wrong_us ? one_us : wrong_us;
        nobody_us = two_us < nobody_us ? two_us : nobody_us;
    }
    fprintf(stderr, "  wrong password %lld us, nobody %lld us\n", (long long)wrong_us,
            (long long)nobody_us);
    EXPECT(nobody_us < 3 * wrong_us && wrong_us < 3 * nobody_us);
}

/* `payer_devices: required`: nobody is served without a device, whoever added him. */
static void test_a_house_in_which_everybody_must_register(void)
{
    CLEANUP(payer_phone_wipe) PayerPhone phone = { 0 };
    EXPECT_OK(stand_open(&(StandOptions) { .payer_devices_required = true }, &stand));
    EXPECT_OK(stand_payer(&stand, "old-way", "271828", 1000000, &old_way));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_SAID(takes_codes(&old_way), "PAYER_DEVICE_NEEDED");
    EXPECT_OK(payer_phone_make(KEY_P256, "first phone", &phone));
    old_way.phone = &phone;
    const PayerTalk talk = talk_of(&old_way);
    EXPECT_OK(payer_phone_register(&talk, &zhang, PASSWORD));
    EXPECT_OK(takes_codes(&old_way));
    nobody_is_known_by_the_time_it_takes();
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_payer_registers), TEST(test_a_new_payer_registers),
        TEST(test_a_registered_payer_pays_from_his_device_alone),
        TEST(test_what_was_not_signed_is_refused), TEST(test_a_stolen_session),
        TEST(test_another_payers_session), TEST(test_a_password_in_clear),
        TEST(test_a_new_device_needs_both_passwords_and_waits),
        TEST(test_a_login_cannot_be_sent_twice), TEST(test_a_device_in_a_file),
        TEST(test_a_password_is_changed_by_who_knows_it),
        TEST(test_a_reset_proves_who_he_is_and_holds_the_money_back),
        TEST(test_a_new_device_by_who_he_is), TEST(test_a_restart_ends_sessions_and_nothing_else),
        TEST(test_the_house_is_sound), TEST(test_a_house_in_which_everybody_must_register))
