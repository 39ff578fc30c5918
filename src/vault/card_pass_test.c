/* Goal: a card goes to the bank that its holder's box names, for that order and amount, once, and
 * to nobody else; hufud, which carries both boxes, sees neither number nor CVN2, and nothing of
 * them rests (TP-4, TP-5). Method: boxes as a card's holder makes them, each with one thing
 * otherwise; the answers, the journal's bytes and the log of reveals searched. */
#define _GNU_SOURCE /* memmem */
#include "vault/field_test_desk.h"

#include "base/expect.h"
#include "crypto/box.h"
#include "ipc/field_wire.h"
#include "policy/purposes.h"

static const char card[] = "6217003810098765432|1229|CVN2=771";
static const uint8_t nonce[BOX_NONCE_BYTES] = { 7, 7, 7 };
static const int both[2] = { 0, 1 };
static DeskReceiver bank = { "sandbank", NULL, 1u << REVEAL_BANK_CHANNEL, 3, 3 };
static DeskReceiver court = { "court", NULL, 1u << REVEAL_LEGAL_ORDER, 3, 3 };

typedef struct Wish {
    uint16_t data_class, purpose;
    const char *number, *payee;
    int64_t minor, lives_us;
} Wish;

static const Wish good = { CLASS_PROHIBITED, BOX_PURPOSE_CARD, "card-001", "sandbank", 500,
    60000000 };

static Status make_box(House *h, const Wish *wish, Buffer *ret_box)
{
    KeysBox today;
    CLEANUP(public_key_free) PublicKey *point = NULL;
    const Random random = random_system();
    BoxContext context = { .data_class = wish->data_class,
        .purpose = wish->purpose,
        .amount = wish->minor,
        .currency = { 'C', 'N', 'Y' },
        .expiry_us = h->now_us + wish->lives_us,
        .order = span_of_text(wish->number),
        .payee = span_of_text(wish->payee) };
    memcpy(context.server_nonce, nonce, sizeof(nonce));
    TRY(keys_box_today(house_keys(), &today));
    TRY(public_key_from_point(
            today.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256, SPAN_OF(today.point), &point));
    return box_seal(point, today.key_id, &random, &context, span_of_text(card), ret_box);
}

/* As hufud asks: for the good order, whatever the box says. */
static Status pass_box(House *h, Span box, const char *receiver)
{
    uint8_t bytes[2 * BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(bytes);
    const WireCardPass asked = { box, SPAN("card-001"), span_of_text(receiver), 500,
        SPAN_OF(nonce) };
    TRY(wire_put_card_pass(&b, &asked));
    return house_ask(h, VAULT_CARD_PASS, span_of_buffer(&b));
}

static Status pass(House *h, const Wish *wish, const char *receiver)
{
    uint8_t bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    TRY(make_box(h, wish, &box));
    return pass_box(h, span_of_buffer(&box), receiver);
}

static House *house_with_bank(void)
{
    House *h = house_open();
    desk_people(h);
    if (bank.key == NULL) ASSERT(status_ok(private_key_generate(KEY_P256, &bank.key)));
    if (court.key == NULL) ASSERT(status_ok(private_key_generate(KEY_P256, &court.key)));
    ASSERT(status_ok(desk_enroll(h, &bank, both)));
    ASSERT(status_ok(desk_enroll(h, &court, both)));
    return h;
}

static bool bank_reads(const House *h)
{
    uint8_t bytes[BOX_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(bytes);
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    Span passed = { NULL, 0 };
    Box box;
    if (!status_ok(cursor_framed(&c, BOX_BYTES_MAX, &passed))) return false;
    if (!status_ok(box_parse(passed, &box)) || !status_ok(box_open(bank.key, &box, &plain)))
        return false;
    return span_equal(span_of_buffer(&plain), span_of_text(card))
            && span_equal(box.context.order, SPAN("card-001")) && box.context.amount == 500;
}

static bool holds(const uint8_t *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void test_the_bank_reads_it_and_nobody_else(void)
{
    CLEANUP(house_done) House *h = house_with_bank();
    EXPECT_OK(pass(h, &good, "sandbank"));
    EXPECT(bank_reads(h));
    EXPECT(!holds(h->answer.data, h->answer.size, "6217003810098765432"));
    EXPECT(!holds(h->answer.data, h->answer.size, "771"));
}

static void test_a_box_is_passed_once(void)
{
    CLEANUP(house_done) House *h = house_with_bank();
    uint8_t bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(bytes);
    EXPECT_OK(make_box(h, &good, &box));
    EXPECT_OK(pass_box(h, span_of_buffer(&box), "sandbank"));
    EXPECT_REFUSED(pass_box(h, span_of_buffer(&box), "sandbank"), REFUSED_BOX_SPENT);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(pass_box(h, span_of_buffer(&box), "sandbank"), REFUSED_BOX_SPENT);
}

static void test_what_its_holder_did_not_choose_is_refused(void)
{
    CLEANUP(house_done) House *h = house_with_bank();
    Wish w[6];
    for (size_t i = 0; i < 6; i++)
        w[i] = good;
    w[0].data_class = CLASS_CARD;
    w[1].purpose = BOX_PURPOSE_FIELD;
    w[2].number = "card-002"; /* for another order */
    w[3].minor = 501;
    w[4].payee = "court";
    w[5].lives_us = (int64_t)3 * 3600 * 1000000;
    for (size_t i = 0; i < 6; i++)
        EXPECT_REFUSED(pass(h, &w[i], "sandbank"), REFUSED_BOX_CONTEXT);
    w[0] = good;
    w[0].lives_us = -1;
    EXPECT_REFUSED(pass(h, &w[0], "sandbank"), REFUSED_BOX_EXPIRED);
    EXPECT_REFUSED(pass(h, &w[4], "court"), REFUSED_RECEIVER_UNKNOWN); /* not for this purpose */
    w[4].payee = "nobody";
    EXPECT_REFUSED(pass(h, &w[4], "nobody"), REFUSED_RECEIVER_UNKNOWN);
}

static void test_a_day_has_its_budget(void)
{
    CLEANUP(house_done) House *h = house_with_bank();
    for (int i = 0; i < 3; i++)
        EXPECT_OK(pass(h, &good, "sandbank"));
    EXPECT_REFUSED(pass(h, &good, "sandbank"), REFUSED_REVEAL_BUDGET);
}

TESTS(TEST(test_the_bank_reads_it_and_nobody_else), TEST(test_a_box_is_passed_once),
        TEST(test_what_its_holder_did_not_choose_is_refused), TEST(test_a_day_has_its_budget))
