/*
 * Goal: a payer binds his own bank card, by four elements and the code that his bank sends him, and
 * nobody else's; nothing is guessed when an answer is lost, and neither hufud, nor a file of house
 * or bank, ever holds name, identity number, card, phone or code (TP-4, TP-5, TP-8, TP-9). Method:
 * the real programs and the sandbox bank over mutual TLS; a telephone that signs; faults to order;
 * hufud killed between; every file and hufud's memory searched.
 */
#define _GNU_SOURCE /* memmem */
#include "bank_accounts.h"
#include "base/expect.h"
#include "moved_clock.h"
#include "needles.h"
#include "operator.h"
#include "payer_cards.h"
#include "payment/payer_card.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASSWORD "violet Kettle, 9 hills"

/* The last two digits of a phone order the bank's fault (docs/bank-channels.md). */
static const char name[] = "\xe5\xbc\xa0\xe4\xb8\x89\xe4\xb8\xb0";
static const char identity[] = "11010519491231002X";
static const char pan[] = "6217003810098765434";
static const char second_pan[] = "4111111111111111";
static const PayerPerson zhang = { name, identity, "13912345678" };
static const PayerPerson lost = { name, identity, "13912345692" };
static const PayerPerson slow = { name, identity, "13912345695" };
static const PayerPerson refused = { name, identity, "13912345696" };
static const PayerPerson code_lost = { name, identity, "13912345693" };
static const PayerPerson stranger = { "\xe6\x9d\x8e\xe5\x9b\x9b\xe5\xb9\xb3", "110105194912310038",
    "13912345678" };

static Stand stand;
static SandboxBank bank;
static HttpClient *http;
static PayerApp app = { .id = "p1" };
static PayerApp front; /* added by the institution's front: nothing is on file of him */
static PayerPhone phone;
static PayerAnswer said;
static PayerCardShown first;
static char codes[64][BANK_CODE_BYTES]; /* all that the bank ever sent */
static size_t code_count;

static PayerTalk talk_of(PayerApp *whose)
{
    said = (PayerAnswer) { 0 };
    return (PayerTalk) { whose, http, &stand.box_key, &said };
}

static bool says(Status s, const char *code)
{
    if (status_is(s, REFUSED_HTTP_ANSWER_INVALID) && strcmp(said.code, code) == 0) return true;
    fprintf(stderr, "  HTTP %d, code '%s', not '%s'\n", said.status, said.code, code);
    return false;
}

static bool is(const PayerCardShown *shown, const char *state)
{
    if (strcmp(shown->state, state) == 0) return true;
    fprintf(stderr, "  state '%s', code '%s'\n", shown->state, said.code);
    return false;
}

static Status bind_with(const PayerPerson *holder, const char *number, PayerCardShown *shown)
{
    PayerTalk talk = talk_of(&app);
    *shown = (PayerCardShown) { 0 };
    return payer_card_bind(&talk, holder, number, shown);
}

static bool comes_to(const PayerCardShown *shown, PayerCardState state)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM payer_card WHERE id = '%s' AND state = %d",
            shown->id, (int)state);
    return stand_comes_true(&stand, sql);
}

static bool is_over_with(const PayerCardShown *shown, StatusCode result)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM payer_card WHERE id = '%s' AND state = 7 AND result = %d",
            shown->id, (int)result);
    return stand_comes_true(&stand, sql);
}

/* What the holder reads on his telephone. */
static const char *code_of(const PayerCardShown *shown)
{
    ASSERT(code_count < sizeof(codes) / sizeof(codes[0]));
    char *code = codes[code_count++];
    bank_code_sent(&stand, shown->id, code);
    return code;
}

/* Another one than the bank sent. */
static const char *wrong_code(const PayerCardShown *shown)
{
    static char code[BANK_CODE_BYTES];
    memcpy(code, code_of(shown), sizeof(code));
    code[5] = code[5] == '9' ? '0' : (char)(code[5] + 1);
    return code;
}

static Status confirm(PayerCardShown *shown, const char *code)
{
    PayerTalk talk = talk_of(&app);
    return payer_card_confirm(&talk, code, shown);
}

static Status unbind(PayerCardShown *shown)
{
    PayerTalk talk = talk_of(&app);
    return payer_card_unbind(&talk, shown);
}

static void test_house_opens(void)
{
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&(StandOptions) { .tls_life_s = 30 * 86400 }, &stand));
    EXPECT_OK(stand_payer(&stand, "p1", "284617", 1000000, &app));
    EXPECT_OK(stand_payer(&stand, "front", "271828", 1000000, &front));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(payer_phone_make(KEY_P256, "first phone", &phone));
    app.phone = &phone;
    PayerTalk talk = talk_of(&app);
    EXPECT_OK(payer_phone_register(&talk, &zhang, PASSWORD));
    EXPECT(says(bind_with(&zhang, pan, &first), "SERVICE_UNAVAILABLE")); /* no bank */
    http_client_close(&http);
    EXPECT_OK(sandbox_bank_open(&stand, "deadline_ms: 1000, close_s: 1", &bank));
    EXPECT_OK(stand_connect(&stand, &http));
    talk = talk_of(&app);
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false)); /* sessions end with hufud */
    EXPECT(says(bind_with(&zhang, pan, &first), "SERVICE_UNAVAILABLE")); /* who is the bank? */
    EXPECT(is_over_with(&first, REFUSED_BANK_RECEIVER));
    EXPECT(bank_is_receiver(&stand));
    bank_account_add(&stand, &zhang, pan);
    bank_account_add(&stand, &code_lost, second_pan);
    bank_account_add(&stand, &lost, second_pan);
    bank_account_add(&stand, &slow, second_pan);
    bank_account_add(&stand, &refused, second_pan);
    bank_account_add(&stand, &stranger, second_pan);
}

/* --- TP-8, TP-9 --- */

static bool shows_the_last_four(const char *mask)
{
    size_t digits = 0;
    for (size_t i = 0; mask[i] != 0; i++)
        digits += mask[i] >= '0' && mask[i] <= '9';
    return digits == 4 && strlen(mask) > 4 && strcmp(mask + strlen(mask) - 4, "5434") == 0;
}

static void test_a_card_is_bound_by_four_elements_and_a_code(void)
{
    EXPECT_OK(bind_with(&zhang, pan, &first));
    EXPECT(is(&first, "WAITING") && shows_the_last_four(first.mask));
    EXPECT(says(confirm(&first, wrong_code(&first)), "CARD_CODE"));
    EXPECT_OK(confirm(&first, code_of(&first)));
    EXPECT(is(&first, "LIVE"));
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding WHERE state = 2")
            == 1);
    EXPECT(stand_number(&stand,
                   "SELECT count(*) FROM payer_card WHERE state = 5 AND agreement LIKE 'A-%'"
                   " AND mask LIKE '%* 5434' AND codes = 2")
            == 1);
    EXPECT(says(confirm(&first, codes[0]), "CARD_STATE")); /* once */
}

static void test_the_same_card_twice(void)
{
    PayerCardShown again;
    const int64_t asked = sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding");
    EXPECT(says(bind_with(&zhang, pan, &again), "CARD_BOUND"));
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding") == asked);
}

static void test_cards_of_others_are_refused_before_the_bank_is_asked(void)
{
    PayerCardShown shown;
    PayerTalk talk = talk_of(&front);
    const int64_t asked = sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding");
    EXPECT(says(bind_with(&stranger, second_pan, &shown), "CARD_OWNER"));
    EXPECT(says(payer_card_bind(&talk, &zhang, pan, &shown), "CARD_OWNER")); /* who is he? */
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding") == asked);
}

static void test_what_is_none_is_refused(void)
{
    const PayerPerson number = { name, "110105194912310021", "13912345678" };
    const PayerPerson telephone = { name, identity, "1391234567" };
    PayerCardShown shown;
    char pin[7];
    EXPECT(says(bind_with(&number, pan, &shown), "PARAM_ERROR"));
    EXPECT(says(bind_with(&telephone, pan, &shown), "PARAM_ERROR"));
    EXPECT(says(bind_with(&zhang, "6217003810098765433", &shown), "PARAM_ERROR"));
    memcpy(pin, app.pin, sizeof(pin));
    snprintf(app.pin, sizeof(app.pin), "640281");
    EXPECT(says(bind_with(&zhang, pan, &shown), "PIN_WRONG"));
    memcpy(app.pin, pin, sizeof(pin));
}

static void test_a_payer_sees_masks_and_unbinds_with_his_pin(void)
{
    PayerTalk talk = talk_of(&app);
    PayerCardShown nobodys = first;
    Span body = { NULL, 0 };
    EXPECT_OK(payer_card_list(&talk, &body));
    EXPECT(memmem(body.data, body.size, first.id, strlen(first.id)) != NULL);
    EXPECT(memmem(body.data, body.size, first.mask, strlen(first.mask)) != NULL);
    talk = talk_of(&front);
    EXPECT(says(payer_card_unbind(&talk, &nobodys), "RESOURCE_NOT_EXISTS")); /* not his */
    EXPECT_OK(unbind(&first));
    EXPECT(is(&first, "OVER"));
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding WHERE state = 4")
            == 1);
    EXPECT(stand_number_in(&stand, "domain/domain.db",
                   "SELECT count(*) FROM field WHERE tenant = 'hufu' AND data_class = 104")
            == 0);
}

/* --- faults --- */

static void tomorrow(void)
{
    static int64_t days;
    moved_clock_set_wall(++days * 86400);
    PayerTalk talk = talk_of(&app);
    ASSERT(status_ok(payer_phone_login(&talk, PASSWORD, false)));
}

static void test_a_lost_answer_is_asked_about(void)
{
    PayerCardShown shown;
    tomorrow();
    EXPECT_OK(bind_with(&lost, second_pan, &shown));
    EXPECT(is(&shown, "SENT") && comes_to(&shown, PAYER_CARD_WAITING));
    EXPECT_OK(confirm(&shown, code_of(&shown)));
    EXPECT(is(&shown, "LIVE"));
    EXPECT_OK(unbind(&shown));
    EXPECT_OK(bind_with(&code_lost, second_pan, &shown));
    EXPECT_OK(confirm(&shown, code_of(&shown)));
    EXPECT(is(&shown, "TRYING") && comes_to(&shown, PAYER_CARD_LIVE));
    EXPECT_OK(unbind(&shown));
    EXPECT_OK(bind_with(&slow, second_pan, &shown));
    EXPECT(is(&shown, "SENT") && comes_to(&shown, PAYER_CARD_WAITING));
    EXPECT_OK(unbind(&shown)); /* also what waits for its code */
    EXPECT(is(&shown, "OVER"));
}

static void test_what_the_bank_refuses(void)
{
    const PayerPerson elsewhere = { name, identity, "13912345677" };
    PayerCardShown shown;
    EXPECT(says(bind_with(&refused, second_pan, &shown), "CARD_ELEMENTS"));
    EXPECT(says(bind_with(&elsewhere, second_pan, &shown), "CARD_ELEMENTS")); /* another phone */
    EXPECT(is_over_with(&shown, REFUSED_CARD_ELEMENTS));
    EXPECT(stand_number_in(&stand, "domain/domain.db",
                   "SELECT count(*) FROM field WHERE tenant = 'hufu' AND data_class = 104")
            == 0);
}

static void test_five_wrong_codes_end_it(void)
{
    PayerCardShown shown;
    EXPECT_OK(bind_with(&zhang, pan, &shown));
    for (int i = 0; i < PAYER_CARD_CODE_TRIES - 1; i++)
        EXPECT(says(confirm(&shown, wrong_code(&shown)), "CARD_CODE"));
    EXPECT(says(confirm(&shown, wrong_code(&shown)), "CARD_CODE_OVER"));
    EXPECT(says(confirm(&shown, codes[code_count - 1]), "CARD_CODE_OVER")); /* the right one */
    EXPECT(is_over_with(&shown, REFUSED_CARD_CODE_OVER));
}

static void test_a_code_lives_five_minutes(void)
{
    PayerCardShown shown;
    EXPECT_OK(bind_with(&zhang, pan, &shown));
    const char *code = code_of(&shown);
    moved_clock_set_wall(86400 + 301);
    EXPECT(says(confirm(&shown, code), "CARD_CODE_OVER"));
    EXPECT(is_over_with(&shown, REFUSED_CARD_CODE_OVER));
    EXPECT(sandbox_bank_number(&bank, "SELECT count(*) FROM sandbank_binding WHERE state = 1")
            == 0);
}

/* Somebody else waits for the answer. */
static pid_t asks_beside(PayerCardShown *shown, const PayerPerson *holder, const char *code)
{
    fflush(NULL);
    const pid_t pid = fork();
    ASSERT(pid >= 0);
    if (pid > 0) return pid;
    if (!status_ok(stand_connect(&stand, &http))) _exit(1);
    PayerTalk talk = talk_of(&app);
    const Status s = holder != NULL ? payer_card_bind(&talk, holder, second_pan, shown)
                                    : payer_card_confirm(&talk, code, shown);
    _exit(status_ok(s) ? 0 : 2);
}

/* The bank has it; only its answer is missing. */
static bool bank_has(const PayerCardShown *shown, int state)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM sandbank_binding WHERE number = '%s' AND state = %d", shown->id,
            state);
    for (int i = 0; i < 5000; i++)
        if (sandbox_bank_number(&bank, sql) > 0) return true;
    return false;
}

static void dies_and_comes_back(pid_t waiting)
{
    int status = 0;
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    while (waitpid(waiting, &status, 0) < 0 && errno == EINTR) { }
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 2); /* he heard nothing */
    http_client_close(&http);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    PayerTalk talk = talk_of(&app);
    EXPECT_OK(payer_phone_login(&talk, PASSWORD, false));
}

/* Killed between SENT and the answer, and between TRYING and the answer: the row says that it left,
 * and so the bank is asked. */
static void test_hufud_is_killed_while_the_bank_is_asked(void)
{
    PayerCardShown shown = { 0 };
    tomorrow();
    pid_t pid = asks_beside(&shown, &lost, NULL);
    EXPECT(stand_comes_true(&stand, "SELECT count(*) FROM payer_card WHERE state = 2"));
    stand_text(&stand, "SELECT id FROM payer_card WHERE state = 2", shown.id, sizeof(shown.id));
    EXPECT(bank_has(&shown, 1));
    dies_and_comes_back(pid);
    EXPECT(comes_to(&shown, PAYER_CARD_WAITING));
    EXPECT_OK(confirm(&shown, code_of(&shown)));
    EXPECT_OK(unbind(&shown));
    EXPECT_OK(bind_with(&code_lost, second_pan, &shown));
    pid = asks_beside(&shown, NULL, code_of(&shown));
    EXPECT(bank_has(&shown, 2));
    dies_and_comes_back(pid);
    EXPECT(comes_to(&shown, PAYER_CARD_LIVE));
    EXPECT_OK(unbind(&shown));
}

static void test_tries_a_day_are_limited(void)
{
    PayerCardShown shown;
    tomorrow();
    for (int i = 0; i < PAYER_CARD_TRIES_PER_DAY; i++)
        EXPECT(says(bind_with(&refused, second_pan, &shown), "CARD_ELEMENTS"));
    EXPECT(says(bind_with(&zhang, pan, &shown), "CARD_TOO_MANY"));
}

static void test_who_is_stopped_binds_nothing(void)
{
    PayerCardShown shown;
    tomorrow();
    EXPECT(operator_ended(
            OPERATOR(&stand, "payer", "stop", "p1", "--reason", "telephone stolen"), 0));
    EXPECT(says(bind_with(&zhang, pan, &shown), "ACCOUNT_ERROR"));
}

static void test_nothing_of_it_rests(void)
{
    size_t files = 0;
    size_t bytes = 0;
    Needles *needles = needles_open();
    needles_add(needles, span_of_text(name), "name");
    needles_add(needles, span_of_text(identity), "identity number");
    needles_add(needles, span_of_text(pan), "card number");
    needles_add(needles, span_of_text(second_pan), "card number");
    needles_add(needles, span_of_text(zhang.phone), "phone");
    needles_add(needles, span_of_text(lost.phone), "phone");
    EXPECT(needles_search_folder(needles, stand.folder, NULL, &files) == 0 && files > 20);
    EXPECT(needles_search_process(needles, stand.pids[STAND_HUFUD], &bytes) == 0);
    EXPECT(bytes > 1000000);
    needles_hush(needles);
    needles_add(needles, span_of_text(first.id), "what must be found"); /* we do look */
    EXPECT(needles_search_folder(needles, stand.folder, NULL, &files) > 0);
    needles_close(needles);
    for (size_t i = 0; i < code_count; i++)
        EXPECT(!stand_holds(&stand, span_of_text(codes[i])));
}

static void test_house_closes(void)
{
    EXPECT(stand_audit(&stand) == 0);
    http_client_close(&http);
    payer_phone_wipe(&phone);
    sandbox_bank_close(&bank);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_card_is_bound_by_four_elements_and_a_code),
        TEST(test_the_same_card_twice),
        TEST(test_cards_of_others_are_refused_before_the_bank_is_asked),
        TEST(test_what_is_none_is_refused), TEST(test_a_payer_sees_masks_and_unbinds_with_his_pin),
        TEST(test_a_lost_answer_is_asked_about), TEST(test_what_the_bank_refuses),
        TEST(test_five_wrong_codes_end_it), TEST(test_a_code_lives_five_minutes),
        TEST(test_hufud_is_killed_while_the_bank_is_asked), TEST(test_tries_a_day_are_limited),
        TEST(test_who_is_stopped_binds_nothing), TEST(test_nothing_of_it_rests),
        TEST(test_house_closes))
