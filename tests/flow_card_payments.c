/*
 * Goal: an order is paid once from a bound card, or not at all, whatever becomes of the bank's
 * answer or of hufud; the merchant sees the states that he knows; nothing is guessed (TP-4,
 * LL-4.1). Method: the real programs and the sandbox bank over mutual TLS; faults to order; hufud
 * killed between; the bank's book held against ours, and the auditor over all of it.
 */
#include "asks.h"
#include "bank_accounts.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "merchant_steps.h"
#include "operator.h"
#include "payer_cards.h"
#include "policy/tables.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const PayerPerson zhang = { "\xe5\xbc\xa0\xe4\xb8\x89\xe4\xb8\xb0", "11010519491231002X",
    "13912345678" };
static const char pan[] = "6217003810098765434";

static Stand stand;
static SandboxBank bank;
static HttpClient *http;
static MerchantApp shop;
static PayerApp app;
static PayerAnswer said;
static PayerCardShown card;

static PayerTalk talk_of_payer(void)
{
    said = (PayerAnswer) { 0 };
    return (PayerTalk) { &app, http, &stand.box_key, &said };
}

static bool says(Status s, const char *code)
{
    if (status_is(s, REFUSED_HTTP_ANSWER_INVALID) && strcmp(said.code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s', not '%s'\n", said.status, said.code, code);
    return false;
}

static void test_a_card_is_bound(void)
{
    char code[BANK_CODE_BYTES];
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_payer(&stand, "payer-1", "284617", 1000000, &app));
    EXPECT_OK(sandbox_bank_open(&stand, "deadline_ms: 1000, close_s: 1", &bank));
    EXPECT(bank_is_receiver(&stand));
    EXPECT(payer_is_identified(&stand, "payer-1", &zhang));
    bank_account_add(&stand, &zhang, pan);
    EXPECT_OK(stand_connect(&stand, &http));
    PayerTalk talk = talk_of_payer();
    EXPECT_OK(payer_card_bind(&talk, &zhang, pan, &card));
    bank_code_sent(&stand, card.id, code);
    EXPECT_OK(payer_card_confirm(&talk, code, &card));
    EXPECT(strcmp(card.state, "LIVE") == 0);
}

static Status orders(const char *number, int64_t minor, Answered *ret_order)
{
    *ret_order = (Answered) { 0 };
    return step_native(&shop, http, number, minor, ret_order);
}

static bool pays(const PayerCardShown *from, const char *number, int64_t minor, const char *wanted)
{
    char state[17] = "";
    Answered order;
    if (!status_ok(orders(number, minor, &order))) return false;
    PayerTalk talk = talk_of_payer();
    const Status s = payer_card_pay_order(&talk, from, span_of_text(order.code_url), state);
    if (status_ok(s) && strcmp(state, wanted) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s', state '%s'\n", said.status, said.code, state);
    return false;
}

static bool order_comes_to(const char *number, TradeState state)
{
    char sql[128];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM payment WHERE out_trade_no = '%s' AND state = %d", number,
            (int)state);
    return stand_comes_true(&stand, sql);
}

static int64_t balance_of(const char *owner)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "SELECT balance FROM account WHERE owner = '%s'", owner);
    return stand_number(&stand, sql);
}

/* TP-4: the bank knows the card by its agreement; the payer's balance is as before. */
static void test_an_order_is_paid_from_a_bound_card(void)
{
    Answered order;
    const int64_t before = balance_of("payer-1");
    EXPECT(pays(&card, "CARD-ORDER-1", 1250, "SUCCESS"));
    EXPECT(balance_of("1900000001") == 1250 && balance_of("payer-1") == before);
    EXPECT(sandbox_bank_number(&bank,
                   "SELECT count(*) FROM sandbank_order WHERE kind = 3"
                   " AND amount = 1250 AND state = 2")
            == 1);
    EXPECT_OK(step_query(&shop, http, "CARD-ORDER-1", &order));
    EXPECT(strcmp(order.trade_state, "SUCCESS") == 0 && order.total == 1250);
    EXPECT(stand_number(&stand,
                   "SELECT count(*) FROM channel_order WHERE target LIKE 'A-%'"
                   " AND holder = 'payer/payer-1' AND state = 4")
            == 1);
}

static void test_a_bank_that_refuses_pays_nothing(void)
{
    EXPECT(pays(&card, "CARD-ORDER-2", 1291, "PAYERROR"));
    EXPECT(balance_of("1900000001") == 1250);
}

/* No answer is no outcome: USERPAYING until the bank has said it. */
static void test_a_payment_whose_answer_is_lost(void)
{
    const int64_t before = balance_of("payer-1");
    EXPECT(pays(&card, "CARD-ORDER-3", 1292, "USERPAYING"));
    EXPECT(order_comes_to("CARD-ORDER-3", TRADE_SUCCESS));
    EXPECT(pays(&card, "CARD-ORDER-4", 1293, "USERPAYING"));
    EXPECT(order_comes_to("CARD-ORDER-4", TRADE_SUCCESS));
    EXPECT(balance_of("1900000001") == 1250 + 1292 + 1293 && balance_of("payer-1") == before);
}

static void test_a_pin_pays_from_the_card_that_was_chosen(void)
{
    char state[17] = "";
    Answered order;
    PayerCardShown other = card;
    EXPECT_OK(orders("CARD-ORDER-5", 100, &order));
    PayerTalk talk = talk_of_payer();
    other.id[3] = other.id[3] == '0' ? '1' : '0';
    EXPECT(says(payer_card_pay_order(&talk, &other, span_of_text(order.code_url), state),
            "RESOURCE_NOT_EXISTS"));
    EXPECT(stand_number(&stand,
                   "SELECT count(*) FROM payment WHERE out_trade_no = 'CARD-ORDER-5'"
                   " AND state = 3")
            == 1);
}

static void encrypt(const char *plain, char ret_text[512])
{
    uint8_t sealed_bytes[512];
    Buffer sealed = BUFFER_OF(sealed_bytes);
    Buffer text = { (uint8_t *)ret_text, 0, 511 };
    ASSERT(status_ok(public_key_encrypt_oaep(shop.platform, span_of_text(plain), &sealed)));
    ASSERT(status_ok(base64_encode(span_of_buffer(&sealed), &text)));
    ret_text[text.size] = 0;
}

/* An order for this person alone. */
static void orders_for(const char *number, const PayerPerson *person, AskAnswer *ret_answer)
{
    static char body[2048];
    char name[512];
    char identity[512];
    const HttpHeader serial = { "Wechatpay-Serial", span_of_text(shop.platform_serial) };
    encrypt(person->name, name);
    encrypt(person->identity_number, identity);
    snprintf(body, sizeof(body),
            "{\"appid\":\"wx\",\"mchid\":\"1900000001\",\"description\":\"tea\","
            "\"out_trade_no\":\"%s\",\"notify_url\":\"https://shop.example/n\","
            "\"amount\":{\"total\":700},\"payer\":{\"identity\":{\"type\":\"IDCARD\","
            "\"number\":\"%s\",\"name\":\"%s\"}}}",
            number, identity, name);
    const Ask ask = { .app = &shop,
        .target = "/v3/pay/transactions/native",
        .body = span_of_text(body),
        .more = &serial,
        .more_count = 1 };
    ASSERT(status_ok(ask_send(http, &ask, ret_answer)));
    EXPECT(ret_answer->fields.status == 200);
}

/* A card is no way around the one person whom an order names. */
static void test_an_order_that_names_somebody_is_his(void)
{
    static AskAnswer order;
    const PayerPerson other = { "\xe6\x9d\x8e\xe5\x9b\x9b", "440524188001010014", zhang.phone };
    char state[17] = "";
    PayerTalk talk = talk_of_payer();
    orders_for("CARD-NAMED-1", &other, &order);
    const Span others = span_of_text(order.fields.code_url);
    EXPECT(status_refused(payer_card_pay_order(&talk, &card, others, state)));
    EXPECT(said.status == 403);
    EXPECT(order_comes_to("CARD-NAMED-1", TRADE_NOTPAY));
    orders_for("CARD-NAMED-2", &zhang, &order);
    EXPECT_OK(payer_card_pay_order(&talk, &card, span_of_text(order.fields.code_url), state));
    EXPECT(strcmp(state, "SUCCESS") == 0);
    Answered a = { 0 };
    EXPECT_OK(step_refund(&shop, http, "CARD-NAMED-2", "BACK-NAMED", 700, 700, &a));
}

/* Killed while the bank is asked for an order's money: paid once, when the bank has said it. */
static void test_hufud_is_killed_while_an_order_is_paid(void)
{
    int status = 0;
    char state[17] = "";
    Answered order;
    const int64_t before = balance_of("1900000001");
    EXPECT_OK(orders("CARD-ORDER-7", 1392, &order));
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid == 0) {
        if (!status_ok(stand_connect(&stand, &http))) _exit(1);
        PayerTalk talk = talk_of_payer();
        const Status s = payer_card_pay_order(&talk, &card, span_of_text(order.code_url), state);
        _exit(status_ok(s) ? 0 : 2);
    }
    EXPECT(stand_comes_true(
            &stand, "SELECT count(*) FROM channel_order WHERE minor = 1392 AND state = 2"));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 2); /* he heard nothing */
    http_client_close(&http);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment WHERE state = 6") == 1);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT(stand_comes_true(
            &stand, "SELECT count(*) FROM channel_order WHERE minor = 1392 AND state > 3"));
    const bool paid = stand_number(&stand,
                              "SELECT count(*) FROM payment WHERE out_trade_no = 'CARD-ORDER-7'"
                              " AND state = 1")
            == 1;
    EXPECT(sandbox_bank_number(
                   &bank, "SELECT count(*) FROM sandbank_order WHERE amount = 1392 AND state = 2")
            == paid);
    EXPECT(balance_of("1900000001") == before + (paid ? 1392 : 0));
}

static void test_a_card_that_was_ended_pays_nothing(void)
{
    PayerTalk talk = talk_of_payer();
    EXPECT_OK(payer_card_unbind(&talk, &card));
    EXPECT(!pays(&card, "CARD-ORDER-8", 100, "SUCCESS") && strcmp(said.code, "CARD_STATE") == 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM channel_order WHERE minor = 100") == 0);
}

static void test_who_is_stopped_pays_nothing(void)
{
    char state[17] = "";
    Answered order;
    EXPECT(operator_ended(
            OPERATOR(&stand, "payer", "stop", "payer-1", "--reason", "telephone stolen"), 0));
    EXPECT_OK(orders("CARD-ORDER-9", 100, &order));
    PayerTalk talk = talk_of_payer();
    EXPECT(status_refused(payer_card_pay_order(&talk, &card, span_of_text(order.code_url), state)));
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    http_client_close(&http);
    sandbox_bank_close(&bank);
    stand_close(&stand);
}

TESTS(TEST(test_a_card_is_bound), TEST(test_an_order_is_paid_from_a_bound_card),
        TEST(test_a_bank_that_refuses_pays_nothing), TEST(test_a_payment_whose_answer_is_lost),
        TEST(test_a_pin_pays_from_the_card_that_was_chosen),
        TEST(test_an_order_that_names_somebody_is_his),
        TEST(test_hufud_is_killed_while_an_order_is_paid),
        TEST(test_a_card_that_was_ended_pays_nothing), TEST(test_who_is_stopped_pays_nothing),
        TEST(test_house_closes))
