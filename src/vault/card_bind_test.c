/* Goal: a payer's own card goes to the bank, with its holder's name, identity number and phone, and
 * nobody else's; hufud, which carries boxes and answers, sees none of the four (TP-4, TP-8).
 * Method: boxes as protected fields make them, each with one thing otherwise; facts sealed as a
 * payer's are; the answers searched. */
#define _GNU_SOURCE /* memmem */
#include "vault/field_test_desk.h"

#include "base/expect.h"
#include "crypto/box.h"

static const uint8_t nonce[BOX_NONCE_BYTES] = { 7, 7, 7 };
static const int both[2] = { 0, 1 };
static DeskReceiver bank = { "sandbank", NULL, 1u << REVEAL_BANK_CHANNEL, 40, 40 };
static DeskReceiver court = { "court", NULL, 1u << REVEAL_LEGAL_ORDER, 40, 40 };

enum { NAME = 0, IDENTITY = 1, CARD = 2, PHONE = 3, ELEMENTS = 4 };
static const uint16_t classes[ELEMENTS] = { CLASS_NAME, CLASS_IDENTITY_NUMBER, CLASS_CARD,
    CLASS_PHONE };

typedef struct Wish {
    const char *value[ELEMENTS];
    uint16_t data_class; /* of the card's box */
    uint16_t purpose;
    const char *order, *payee, *tenant;
    int64_t lives_us;
    bool unknown; /* nothing is on file */
    bool others; /* what is on file is another person's of the same payer's key */
} Wish;

static const Wish good = { { "\xe5\xbc\xa0\xe4\xb8\x89", "11010519491231002x",
                                   "6217003810098765434", "13912345678" },
    CLASS_CARD, BOX_PURPOSE_FIELD, "c-1", "p1", "hufu", 60000000, false, false };

typedef struct Person {
    Desk desk;
    DeskKept name;
    DeskKept number;
} Person;

static Status seal_fact(Person *p, uint16_t data_class, const char *value, DeskKept *kept)
{
    p->desk.data_class = data_class;
    p->desk.column = data_class;
    return desk_protect(&p->desk, "p1", "p1", value, kept);
}

static House *house_with_bank(Person *p)
{
    House *h = house_open();
    desk_people(h);
    if (bank.key == NULL) ASSERT(status_ok(private_key_generate(KEY_P256, &bank.key)));
    if (court.key == NULL) ASSERT(status_ok(private_key_generate(KEY_P256, &court.key)));
    ASSERT(status_ok(desk_enroll(h, &bank, both)));
    ASSERT(status_ok(desk_enroll(h, &court, both)));
    memset(p, 0, sizeof(*p));
    desk_open(&p->desk, h, "hufu");
    p->desk.table = TABLE_FIELD;
    ASSERT(status_ok(seal_fact(p, CLASS_IDENTITY_NUMBER, "11010519491231002X", &p->number)));
    p->name = p->number; /* one subject, one key */
    ASSERT(status_ok(seal_fact(p, CLASS_NAME, good.value[NAME], &p->name)));
    return h;
}

static Status make_box(House *h, const Wish *wish, uint16_t data_class, uint16_t purpose,
        const char *value, Buffer *ret_box)
{
    KeysBox today;
    CLEANUP(public_key_free) PublicKey *point = NULL;
    const Random random = random_system();
    BoxContext context = { .data_class = data_class,
        .purpose = purpose,
        .expiry_us = h->now_us + wish->lives_us,
        .tenant = span_of_text(wish->tenant),
        .order = span_of_text(wish->order),
        .payee = span_of_text(wish->payee) };
    memcpy(context.server_nonce, nonce, sizeof(nonce));
    TRY(keys_box_today(house_keys(), &today));
    TRY(public_key_from_point(
            today.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256, SPAN_OF(today.point), &point));
    return box_seal(point, today.key_id, &random, &context, span_of_text(value), ret_box);
}

typedef struct Boxes {
    uint8_t bytes[ELEMENTS][BOX_BYTES_MAX];
    Span of[ELEMENTS];
} Boxes;

static Status make_boxes(House *h, const Wish *wish, Boxes *ret)
{
    for (size_t i = 0; i < ELEMENTS; i++) {
        Buffer box = BUFFER_OF(ret->bytes[i]);
        const uint16_t class = i == CARD ? wish->data_class : classes[i];
        TRY(make_box(h, wish, class, wish->purpose, wish->value[i], &box));
        ret->of[i] = span_of_buffer(&box);
    }
    return OK;
}

/* As hufud asks: for the good binding, whatever the boxes say. */
static Status ask(
        House *h, const Person *p, const Wish *wish, const Boxes *boxes, const char *receiver)
{
    static uint8_t bytes[8 * BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(bytes);
    const Span none = { NULL, 0 };
    const Span name = { p->name.sealed, p->name.sealed_bytes };
    const Span number = { p->number.sealed, p->number.sealed_bytes };
    const WireCardBind asked = { .payer = SPAN("p1"),
        .wrapped = { p->name.wrapped, p->name.wrapped_bytes },
        .number = SPAN("c-1"),
        .receiver = span_of_text(receiver),
        .nonce = SPAN_OF(nonce),
        .name_box = boxes->of[NAME],
        .identity_box = boxes->of[IDENTITY],
        .card_box = boxes->of[CARD],
        .phone_box = boxes->of[PHONE],
        .known_name = wish->unknown ? none
                : wish->others      ? number
                                    : name,
        .known_identity = wish->unknown ? none : number };
    TRY(wire_put_card_bind(&b, &asked));
    return house_ask(h, VAULT_CARD_BIND, span_of_buffer(&b));
}

static Status bind(House *h, const Person *p, const Wish *wish, const char *receiver)
{
    static Boxes boxes;
    TRY(make_boxes(h, wish, &boxes));
    return ask(h, p, wish, &boxes, receiver);
}

static bool holds(const uint8_t *bytes, size_t size, const char *text)
{
    return memmem(bytes, size, text, strlen(text)) != NULL;
}

/* What stands behind the card's own part of the answer, as the bank reads it. */
static bool bank_reads(const House *h, const char *const *values)
{
    uint8_t bytes[BOX_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(bytes);
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    WireProtected kept;
    Span passed = { NULL, 0 };
    Box box;
    if (!status_ok(wire_take_protected(&c, &kept))) return false;
    if (!status_ok(cursor_framed(&c, BOX_BYTES_MAX, &passed))) return false;
    if (!status_ok(box_parse(passed, &box)) || !status_ok(box_open(bank.key, &box, &plain)))
        return false;
    Cursor in = cursor_of(span_of_buffer(&plain));
    for (size_t i = 0; i < ELEMENTS; i++) {
        Span element;
        if (!status_ok(cursor_framed(&in, BOX_PLAIN_BYTES_MAX, &element))) return false;
        if (!span_equal(element, span_of_text(values[i]))) return false;
    }
    return span_equal(box.context.order, SPAN("c-1")) && status_ok(cursor_end(&in));
}

static void test_the_bank_reads_the_four_and_nobody_else(void)
{
    Person p;
    CLEANUP(house_done) House *h = house_with_bank(&p);
    const char *const values[] = { good.value[NAME], "11010519491231002X", good.value[CARD],
        good.value[PHONE] };
    EXPECT_OK(bind(h, &p, &good, "sandbank"));
    EXPECT(bank_reads(h, values)); /* the check character as it is on file */
    for (size_t i = 0; i < ELEMENTS; i++)
        EXPECT(!holds(h->answer.data, h->answer.size, values[i]));
    EXPECT(holds(h->answer.data, h->answer.size, "5434")); /* the mask */
    desk_close(&p.desk);
}

static void test_boxes_are_opened_once(void)
{
    static Boxes boxes;
    Person p;
    CLEANUP(house_done) House *h = house_with_bank(&p);
    EXPECT_OK(make_boxes(h, &good, &boxes));
    EXPECT_OK(ask(h, &p, &good, &boxes, "sandbank"));
    EXPECT_REFUSED(ask(h, &p, &good, &boxes, "sandbank"), REFUSED_BOX_SPENT);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(ask(h, &p, &good, &boxes, "sandbank"), REFUSED_BOX_SPENT);
    desk_close(&p.desk);
}

static void test_boxes_of_others_are_refused(void)
{
    Person p;
    CLEANUP(house_done) House *h = house_with_bank(&p);
    Wish w[6];
    for (size_t i = 0; i < 6; i++)
        w[i] = good;
    w[0].data_class = CLASS_PHONE;
    w[1].purpose = BOX_PURPOSE_CARD;
    w[2].order = "c-2"; /* another binding's */
    w[3].payee = "p2";
    w[4].tenant = "bank-a";
    w[5].lives_us = (int64_t)3 * 3600 * 1000000;
    for (size_t i = 0; i < 6; i++)
        EXPECT_REFUSED(bind(h, &p, &w[i], "sandbank"), REFUSED_BOX_CONTEXT);
    w[0] = good;
    w[0].lives_us = -1;
    EXPECT_REFUSED(bind(h, &p, &w[0], "sandbank"), REFUSED_BOX_EXPIRED);
    EXPECT_REFUSED(bind(h, &p, &good, "court"), REFUSED_RECEIVER_UNKNOWN);
    EXPECT_REFUSED(bind(h, &p, &good, "nobody"), REFUSED_RECEIVER_UNKNOWN);
    desk_close(&p.desk);
}

static void test_cards_of_others_are_refused(void)
{
    Person p;
    CLEANUP(house_done) House *h = house_with_bank(&p);
    Wish w[4];
    for (size_t i = 0; i < 4; i++)
        w[i] = good;
    w[0].value[NAME] = "\xe6\x9d\x8e\xe5\x9b\x9b";
    w[1].value[IDENTITY] = "110105194912310038";
    w[2].unknown = true;
    for (size_t i = 0; i < 3; i++)
        EXPECT_REFUSED(bind(h, &p, &w[i], "sandbank"), REFUSED_CARD_OWNER);
    w[3].others = true; /* the number in the place of the name does not open there */
    EXPECT(status_refused(bind(h, &p, &w[3], "sandbank")));
    desk_close(&p.desk);
}

static void test_what_is_none_is_refused(void)
{
    Person p;
    CLEANUP(house_done) House *h = house_with_bank(&p);
    Wish w[5];
    for (size_t i = 0; i < 5; i++)
        w[i] = good;
    w[0].value[CARD] = "6217003810098765435"; /* its check digit */
    w[1].value[CARD] = "771"; /* CVN2, typed into the wrong field */
    w[2].value[IDENTITY] = "110105194912310021";
    w[3].value[PHONE] = "1391234567";
    w[4].value[NAME] = "6217003810098765434"; /* a card in the place of a name */
    EXPECT_REFUSED(bind(h, &p, &w[0], "sandbank"), REFUSED_CARD_NUMBER_INVALID);
    EXPECT_REFUSED(bind(h, &p, &w[1], "sandbank"), REFUSED_DATA_PROHIBITED);
    for (size_t i = 2; i < 5; i++)
        EXPECT_REFUSED(bind(h, &p, &w[i], "sandbank"), REFUSED_CARD_FIELD);
    desk_close(&p.desk);
}

/* --- the code --- */

static Status pass_code(House *h, const Wish *wish, uint16_t purpose, const char *code)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t bytes[2 * BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer b = BUFFER_OF(bytes);
    TRY(make_box(h, wish, CLASS_SECOND_FACTOR, purpose, code, &box));
    const WireCardCode asked = { SPAN("p1"), SPAN("c-1"), SPAN("sandbank"), SPAN_OF(nonce),
        span_of_buffer(&box) };
    TRY(wire_put_card_code(&b, &asked));
    return house_ask(h, VAULT_CARD_CODE, span_of_buffer(&b));
}

static void test_a_code_goes_to_the_bank_alone(void)
{
    Person p;
    CLEANUP(house_done) House *h = house_with_bank(&p);
    Wish other = good;
    other.order = "c-2";
    EXPECT_OK(pass_code(h, &good, BOX_PURPOSE_CODE, "640281"));
    EXPECT(!holds(h->answer.data, h->answer.size, "640281"));
    EXPECT_REFUSED(pass_code(h, &good, BOX_PURPOSE_CODE, "64028"), REFUSED_CARD_CODE);
    EXPECT_REFUSED(pass_code(h, &good, BOX_PURPOSE_CODE, "64028a"), REFUSED_CARD_CODE);
    EXPECT_REFUSED(pass_code(h, &other, BOX_PURPOSE_CODE, "640281"), REFUSED_BOX_CONTEXT);
    EXPECT_REFUSED(pass_code(h, &good, BOX_PURPOSE_FIELD, "640281"), REFUSED_BOX_CONTEXT);
    desk_close(&p.desk);
}

TESTS(TEST(test_the_bank_reads_the_four_and_nobody_else), TEST(test_boxes_are_opened_once),
        TEST(test_boxes_of_others_are_refused), TEST(test_cards_of_others_are_refused),
        TEST(test_what_is_none_is_refused), TEST(test_a_code_goes_to_the_bank_alone))
