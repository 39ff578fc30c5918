/*
 * Goal: a full number leaves for an authority's key alone, by two people, with reason and budget;
 * nobody sees one on a screen, the owner and the operators neither, but while two people's override
 * lives, and never without a line in the log (TP-8, TP-11, TP-15, DESIGN section 2). Method: the
 * real programs and `hufu` as operators use it; each demand broken in turn; the box opened with the
 * authority's key; an override that ends by the clock.
 */
#include "admin_client.h"
#include "base/expect.h"
#include "base/seams.h"
#include "base/time.h"
#include "callers.h"
#include "command.h"
#include "crypto/box.h"
#include "enrol.h"
#include "operator.h"
#include <hufu/vault.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OVERRIDE_S = 20, TRIES_MAX = 600 };

#define CARD "6222020200112233446"
#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define SIGNED "--key", "alice", "--key", "bob", "--reason", "order 2026-17"
#define ALONE "--key", "bob", "--key", "bob", "--reason", "order 2026-17"
/* The card that the institution keeps. */
#define ITS_CARD \
    "row-1", "--tenant", "bank-a", "--table", "101", "--column", "3", "--sealed", sealed_file

static Stand stand;
static StandCaller core;
static char sealed_file[STAND_PATH_BYTES_MAX];
static char box_file[STAND_PATH_BYTES_MAX];
static char screen_key[STAND_PATH_BYTES_MAX];
static char token[64]; /* of a card in the domain store */
static PrivateKey *court;
static int64_t until_us;

static void protect_one(void)
{
    static StandCallerFiles files;
    HufuSettings settings;
    HufuVault *vault = NULL;
    HufuError error;
    HufuProtected made;
    const HufuColumn column = { HUFU_CLASS_CARD, 101, 3 };
    const HufuField field = { "user-7", "row-1", CARD, strlen(CARD) };
    EXPECT_OK(stand_caller_settings(&stand, &core, &files, &settings));
    EXPECT(hufu_open(&settings, &vault, &error) == 0);
    EXPECT(hufu_protect(vault, &column, &field, 1, &made, &error) == 0);
    hufu_close(vault);
    EXPECT_OK(file_write(sealed_file, 0600, (Span) { made.sealed, made.sealed_size }));
}

/* A key pair; the public half in NAME.pem, the private one in NAME.key.pem. */
static const char *make_key(const char *name, PrivateKey **ret_key)
{
    static char path[STAND_PATH_BYTES_MAX];
    char file[64];
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    ASSERT(status_ok(
            private_key_generate(getenv("HUFU_SUITE") != NULL ? KEY_SM2 : KEY_P256, ret_key)));
    ASSERT(status_ok(private_key_to_pem(*ret_key, &pem)));
    snprintf(file, sizeof(file), "%s.key.pem", name);
    ASSERT(status_ok(file_write(stand_path(&stand, file), 0600, span_of_buffer(&pem))));
    pem.size = 0;
    ASSERT(status_ok(public_key_to_pem(private_key_public(*ret_key), &pem)));
    snprintf(file, sizeof(file), "%s.pem", name);
    snprintf(path, sizeof(path), "%s", stand_path(&stand, file));
    ASSERT(status_ok(file_write(path, 0600, span_of_buffer(&pem))));
    return path;
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(enrol_pin(stand.folder));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect", &core));
    snprintf(sealed_file, sizeof(sealed_file), "%s", stand_path(&stand, "card.sealed"));
    snprintf(box_file, sizeof(box_file), "%s", stand_path(&stand, "court.box"));
    snprintf(screen_key, sizeof(screen_key), "%s", stand_path(&stand, "desk.key.pem"));
    protect_one();
    EXPECT(operator_ended(HUFU("receiver", "add", "court", make_key("court", &court), "--purpose",
                                  "legal-order", "--per-day", "3", SIGNED),
            0));
}

/* --- a legal order --- */

static bool box_opens(const PrivateKey *key)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer bytes = BUFFER_OF(box_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    Box box;
    return status_ok(file_read(box_file, &bytes))
            && status_ok(box_parse(span_of_buffer(&bytes), &box))
            && status_ok(box_open(key, &box, &plain))
            && span_equal(span_of_buffer(&plain), SPAN(CARD));
}

static void test_a_legal_order_needs_two_and_a_receiver(void)
{
    EXPECT(operator_ended(HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-7",
                                  "--receiver", "court", "--out", box_file, ALONE),
            1));
    EXPECT(operator_says("APPROVAL_QUORUM"));
    EXPECT(operator_ended(HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-7",
                                  "--receiver", "police", "--out", box_file, SIGNED),
            1));
    EXPECT(operator_says("RECEIVER_UNKNOWN"));
    EXPECT(operator_ended(
            HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-7", "--receiver", "court",
                    "--out", box_file, "--key", "alice", "--key", "bob"),
            2)); /* no reason */
    EXPECT(operator_ended(HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-8",
                                  "--receiver", "court", "--out", box_file, SIGNED),
            1)); /* not whose card it is */
    EXPECT(!box_opens(court));
}

static void test_a_legal_order_is_for_its_receiver_alone(void)
{
    PrivateKey *other = NULL;
    make_key("other", &other);
    EXPECT(operator_ended(HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-7",
                                  "--receiver", "court", "--out", box_file, SIGNED),
            0));
    EXPECT(operator_says("for court's key alone"));
    EXPECT(!operator_said(&stand, CARD));
    EXPECT(box_opens(court) && !box_opens(other));
    private_key_free(&other);
    EXPECT(operator_ended(HUFU("reveal", "list"), 0));
    EXPECT(operator_says("purpose legal-order  reason order 2026-17  first alice  second bob"));
    EXPECT(!operator_said(&stand, CARD));
}

/* A card of the domain store, by its token; then the day's budget is used up. */
static void test_budgets_count(void)
{
    EXPECT(operator_ended(
            HUFU("vault", "plant-honey", "--tenant", "house", "--subject", "wang"), 0));
    uint8_t text[1024];
    Buffer said = BUFFER_OF(text);
    Span first = { NULL, 0 };
    EXPECT_OK(file_read(stand_path(&stand, "log/hufu.out"), &said));
    Cursor c = cursor_of(span_of_buffer(&said));
    EXPECT(status_ok(cursor_until(&c, ' ', &first)) && first.size < sizeof(token));
    memcpy(token, first.data, first.size);
    EXPECT(operator_ended(HUFU("vault", "reveal-legal", token, "--tenant", "house", "--subject",
                                  "wang", "--receiver", "court", "--out", box_file, SIGNED),
            0));
    EXPECT(!box_opens(court)); /* it is another card */
    EXPECT(operator_ended(
            HUFU("vault", "reveal-legal", "0000000000000000", "--tenant", "house", "--subject",
                    "wang", "--receiver", "court", "--out", box_file, SIGNED),
            1));
    EXPECT(operator_says("ROW_MISSING"));
    for (int i = 0; i < 2; i++)
        EXPECT(operator_ended(HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-7",
                                      "--receiver", "court", "--out", box_file, SIGNED),
                0));
    EXPECT(operator_ended(HUFU("vault", "reveal-legal", ITS_CARD, "--subject", "user-7",
                                  "--receiver", "court", "--out", box_file, SIGNED),
            1)); /* three of one tenant a day; another tenant's do not count */
    EXPECT(operator_says("REVEAL_BUDGET"));
}

/* --- display --- */

/* Masked: the operator's display, and what the owner is told of himself. */
static bool all_see_masks(void)
{
    const bool operator_masked =
            HUFU("vault", "display", token, "--tenant", "house") == 0 && operator_says("**** ****");
    return operator_masked && HUFU("subject", "access", "wang", "--proof", "id card seen") == 0
            && operator_says("**** ****");
}

static int display_in_full(void)
{
    return HUFU("vault", "display", ITS_CARD, "--subject", "user-7", "--screen", "desk",
            "--screen-key", screen_key, SIGNED);
}

static void test_everybody_sees_masks(void)
{
    char classes[128];
    PrivateKey *desk = NULL;
    char notice[STAND_PATH_BYTES_MAX];
    snprintf(classes, sizeof(classes), "card=%s", token);
    snprintf(notice, sizeof(notice), "%s", stand_path(&stand, "notice.txt"));
    EXPECT_OK(file_write(notice, 0600, SPAN("we keep your card to pay with it")));
    EXPECT(operator_ended(HUFU("subject", "consent", "wang", "--purpose", "payment", "--text",
                                  notice, "--channel", "app", "--separate"),
            0));
    EXPECT(operator_ended(HUFU("subject", "collect", "wang", "--channel", "app", "--purpose",
                                  "payment", "--classes", classes),
            0));
    EXPECT(all_see_masks());
    EXPECT(operator_ended(HUFU("receiver", "add", "desk", make_key("desk", &desk), "--purpose",
                                  "full-display", "--per-subject", "1000", SIGNED),
            0));
    private_key_free(&desk);
    EXPECT(operator_ended(display_in_full(), 1)); /* two signatures alone do not help */
    EXPECT(operator_says("REVEAL_FORBIDDEN"));
    EXPECT(!operator_said(&stand, CARD));
}

static int64_t now_us(void)
{
    const Clock clock = clock_system();
    return clock_now_us(&clock);
}

static void test_full_display_is_an_override(void)
{
    char until[TIME_TEXT_BYTES + 1];
    Buffer text = { (uint8_t *)until, 0, TIME_TEXT_BYTES };
    until_us = (now_us() / TIME_SECOND_US + OVERRIDE_S) * TIME_SECOND_US;
    EXPECT_OK(time_format(until_us, &text));
    until[text.size] = '\0';
    EXPECT(operator_ended(HUFU("policy", "override", "card", "display", "clear,mask", "--purpose",
                                  "operate", "--until", until, "--clause", "TP-8", ALONE),
            1));
    EXPECT(operator_ended(display_in_full(), 1));
    EXPECT(operator_ended(HUFU("policy", "override", "card", "display", "clear,mask", "--purpose",
                                  "operate", "--until", until, "--clause", "TP-8", SIGNED),
            0));
    EXPECT(operator_ended(display_in_full(), 0));
    EXPECT(operator_says(CARD));
    EXPECT(all_see_masks()); /* who did not ask two people sees no more than before */
    EXPECT(operator_ended(HUFU("vault", "display", ITS_CARD, "--subject", "user-7", "--screen",
                                  "court", "--screen-key", screen_key, SIGNED),
            1)); /* not a screen */
    EXPECT(operator_says("RECEIVER_UNKNOWN"));
}

static int display_of_wang(const char *purpose)
{
    return HUFU("vault", "display", token, "--tenant", "house", "--subject", "wang", "--purpose",
            purpose, "--screen", "desk", "--screen-key", screen_key, SIGNED);
}

/* A registered person's data is shown for a purpose of his alone (TP-3, LL-4.5.2). */
static void test_an_override_is_no_purpose(void)
{
    EXPECT(operator_ended(display_of_wang("marketing"), 1));
    EXPECT(operator_says("PURPOSE_FIELD_NOT_NEEDED"));
    EXPECT(operator_ended(display_of_wang("payment"), 0));
}

static bool await_end(void)
{
    for (int tries = 0; tries < TRIES_MAX && now_us() <= until_us; tries++) {
        const struct timespec wait = { 0, 50000000 };
        nanosleep(&wait, NULL);
    }
    return now_us() > until_us;
}

static void test_the_override_ends(void)
{
    EXPECT(await_end());
    EXPECT(operator_ended(display_in_full(), 1));
    EXPECT(operator_says("REVEAL_FORBIDDEN") && !operator_said(&stand, CARD));
    EXPECT(all_see_masks());
}

/* LL-4.5.3: who was shown what, who was denied it, and who looked at a mask. */
static void test_all_of_it_is_written_down(void)
{
    EXPECT(operator_ended(HUFU("reveal", "list"), 0));
    EXPECT(operator_says("outcome OK") && operator_says("receiver desk  purpose full-display"));
    EXPECT(operator_says("outcome REVEAL_FORBIDDEN") && operator_says("outcome REVEAL_BUDGET"));
    EXPECT(operator_says("reason order 2026-17  first alice  second bob"));
    EXPECT(stand_logged(&stand, "legal-order alice,bob order 2026-17"));
    EXPECT(stand_logged(&stand, "full-display alice,bob order 2026-17"));
    EXPECT(stand_logged(&stand, "field/house/card/20/1") && stand_logged(&stand, "policy.set"));
    EXPECT(stand_audit(&stand) == 0);
    EXPECT(operator_ended(HUFU("policy", "list"), 0)); /* over the output that showed the card */
    EXPECT(operator_says("card at display for operate: clear, mask"));
    EXPECT(!stand_holds(&stand, SPAN(CARD)));
}

static void test_house_closes(void)
{
    private_key_free(&court);
    stand_caller_done(&core);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_legal_order_needs_two_and_a_receiver),
        TEST(test_a_legal_order_is_for_its_receiver_alone), TEST(test_budgets_count),
        TEST(test_everybody_sees_masks), TEST(test_full_display_is_an_override),
        TEST(test_an_override_is_no_purpose), TEST(test_the_override_ends),
        TEST(test_all_of_it_is_written_down), TEST(test_house_closes))
