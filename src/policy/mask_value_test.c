/*
 * Goal: a mask shows what TP-11 lets it show, by characters, whatever is configured or typed.
 * Method: the specification's own example and its neighbours, short values, every broken UTF-8,
 * configurations that ask for too much.
 */
#include "policy/mask_value.h"

#include "base/expect.h"

static bool shows(DataClass class, const char *value, const char *mask)
{
    uint8_t memory[MASK_TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    const Status s = mask_value(class, span_of_text(value), &text);
    const bool same = status_ok(s) && span_equal(span_of_buffer(&text), span_of_text(mask));
    if (!same) fprintf(stderr, "  %s: %.*s\n", value, (int)text.size, (const char *)text.data);
    return same;
}

static void test_each_kind(void)
{
    EXPECT(shows(CLASS_CARD, "9555123456781234", "**** **** **** 1234"));
    EXPECT(shows(CLASS_CARD, "9555 1234 5678 1234", "**** **** **** 1234"));
    EXPECT(shows(CLASS_CARD, "9555-1234-5678-1234", "****-****-****-1234"));
    EXPECT(shows(CLASS_CARD, "6222021234567890123", "*** **** **** **** 0123"));
    EXPECT(shows(CLASS_BANK_ACCOUNT, "0200001009000089", "**** **** **** 0089"));
    EXPECT(shows(CLASS_IDENTITY_NUMBER, "11010519491231002X", "** **** **** **** 002X"));
    EXPECT(shows(CLASS_PHONE, "13812345678", "*******5678"));
    EXPECT(shows(CLASS_PHONE, "+86 138-1234-5678", "+** ***-****-5678"));
    EXPECT(shows(CLASS_NAME, "王小明", "王**"));
    EXPECT(shows(CLASS_NAME, "欧阳明月", "欧阳**"));
    EXPECT(shows(CLASS_NAME, "欧阳修", "欧**")); /* never more than half */
    EXPECT(shows(CLASS_NAME, "王明", "王*"));
    EXPECT(shows(CLASS_NAME, "王", "*"));
    EXPECT(shows(CLASS_NAME, "John Smith", "J*** *****"));
    EXPECT(shows(CLASS_EMAIL, "wang@example.com", "w***@example.com"));
    EXPECT(shows(CLASS_EMAIL, "w@example.com", "***@example.com"));
    EXPECT(shows(CLASS_ADDRESS, "上海市浦东新区世纪大道100号", "上海市浦东新*********"));
    EXPECT(shows(CLASS_ADDRESS, "北京", "北*"));
    EXPECT(shows(CLASS_PROHIBITED, "123", "********"));
    EXPECT(shows(CLASS_PIN, "123456", "********"));
}

static size_t shown_of(DataClass class, PolicyMask mask, Span value)
{
    uint8_t memory[MASK_TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    size_t shown = 0;
    ASSERT(status_ok(mask_value_with(class, mask, value, &text)));
    for (size_t i = 0; i < text.size; i++)
        shown += text.data[i] >= '0' && text.data[i] <= '9';
    return shown;
}

/* PCI DSS: first six and last four of a card, whatever the configuration says; half of a short
 * value. Every length, every greedy mask. */
static void test_limits_hold(void)
{
    static const uint8_t digits[] = "9555123456781234567";
    for (size_t size = 1; size <= 19; size++) {
        for (unsigned first = 0; first < 256; first += 5) {
            const PolicyMask mask = { MASK_SHAPE_NUMBER, (uint8_t)first, (uint8_t)(255 - first) };
            const size_t card = shown_of(CLASS_CARD, mask, (Span) { digits, size });
            EXPECT(card <= 10 && card <= size / 2);
            EXPECT(shown_of(CLASS_PHONE, mask, (Span) { digits, size }) <= size / 2);
        }
    }
}

static void test_hostile_text_is_not_shown(void)
{
    static const char *const bad[] = { "", "\xFF", "\xE7\x8E", "\xC0\xAF", "\xED\xA0\x80",
        "\xF5\x80\x80\x80", "王\n明", "王\xE2\x80\xAE明", "王\xE2\x80\x8B明", "a\x7F" };
    static const DataClass classes[] = { CLASS_CARD, CLASS_NAME, CLASS_EMAIL, CLASS_ADDRESS,
        CLASS_PHONE };
    uint8_t memory[MASK_TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (size_t k = 0; k < sizeof(classes) / sizeof(classes[0]); k++) {
            EXPECT_REFUSED(mask_value(classes[k], span_of_text(bad[i]), &text), REFUSED_MASK_INPUT);
            EXPECT(text.size == 0);
        }
    }
    static const char *const emails[] = { "@example.com", "wang@", "a@b@c", "wang", "a b@c" };
    for (size_t i = 0; i < sizeof(emails) / sizeof(emails[0]); i++)
        EXPECT_REFUSED(mask_value(CLASS_EMAIL, span_of_text(emails[i]), &text), REFUSED_MASK_INPUT);
    EXPECT_REFUSED(mask_value(CLASS_CARD, SPAN("95551234\xEF\xBC\x91"), &text), REFUSED_MASK_INPUT);
    EXPECT_REFUSED(mask_value(CLASS_CARD, SPAN("----"), &text), REFUSED_MASK_INPUT);
    uint8_t longer[MASK_VALUE_CHARACTERS_MAX + 1];
    memset(longer, '1', sizeof(longer));
    EXPECT_REFUSED(mask_value(CLASS_CARD, SPAN_OF(longer), &text), REFUSED_MASK_INPUT);
    uint8_t tiny_memory[4];
    Buffer tiny = BUFFER_OF(tiny_memory);
    EXPECT_REFUSED(mask_value(CLASS_CARD, SPAN("9555123456781234"), &tiny), REFUSED_BUFFER_FULL);
    EXPECT(tiny.size == 0);
}

/* The doors of display, export, notification and partner (TP-7, TP-8, TP-17, TP-18). */
static void test_doors_show_what_they_may(void)
{
    static const PolicyLayer layers[] = { LAYER_DISPLAY, LAYER_EXPORT, LAYER_NOTIFICATION,
        LAYER_PARTNER };
    uint8_t memory[MASK_TEXT_BYTES_MAX];
    const Span card = SPAN("9555123456781234");
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        Buffer text = BUFFER_OF(memory);
        EXPECT_OK(policy_show(CLASS_CARD, layers[i], PURPOSE_ANY, card, &text));
        EXPECT(span_equal(span_of_buffer(&text), SPAN("**** **** **** 1234")));
        text.size = 0;
        EXPECT_OK(policy_show(CLASS_PUBLIC, layers[i], PURPOSE_ANY, SPAN("x"), &text));
        EXPECT(span_equal(span_of_buffer(&text), SPAN("x")));
        const Status pin = policy_show(CLASS_PIN, layers[i], PURPOSE_ANY, SPAN("123456"), &text);
        EXPECT_REFUSED(pin, REFUSED_POLICY_REFUSES);
    }
    Buffer text = BUFFER_OF(memory);
    EXPECT_REFUSED(policy_show(CLASS_CARD, LAYER_DISPLAY, PURPOSE_MERCHANT_TERMINAL, card, &text),
            REFUSED_POLICY_REFUSES);
    EXPECT_REFUSED(policy_show(CLASS_CARD, LAYER_SHARE, PURPOSE_LEGAL_ORDER, card, &text),
            REFUSED_POLICY_FORM);
    EXPECT_OK(
            policy_show(CLASS_ONE_TIME_CODE, LAYER_NOTIFICATION, PURPOSE_OWNER, SPAN("1"), &text));
}

TESTS(TEST(test_each_kind), TEST(test_limits_hold), TEST(test_hostile_text_is_not_shown),
        TEST(test_doors_show_what_they_may))
