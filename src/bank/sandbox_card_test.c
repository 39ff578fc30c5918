/* Goal: only an answer about this very binding is an answer; whatever else a bank says is none,
 * and so the card stays where it was until the bank is asked. Method: answers for one binding, each
 * with one thing otherwise. */
#include "bank/sandbox_card.h"

#include "base/expect.h"

typedef struct Case {
    int status;
    const char *body;
    CardSays says; /* 0: none */
} Case;

#define ANSWER(number, state) "{\"card_id\":\"" number "\",\"state\":\"" state "\"}"
#define LIVE(agreement) "{\"card_id\":\"c-1\",\"state\":\"LIVE\",\"agreement\":\"" agreement "\"}"

static void test_only_an_answer_about_this_binding_counts(void)
{
    static const Case cases[] = {
        { 200, ANSWER("c-1", "WAITING"), CARD_IS_WAITING },
        { 200, ANSWER("c-1", "REFUSED"), CARD_IS_REFUSED },
        { 200, ANSWER("c-1", "ENDED"), CARD_IS_ENDED },
        { 200, LIVE("A-1"), CARD_IS_LIVE },
        { 404, "", CARD_IS_NOT_THERE },
        { 403, "", CARD_IS_REFUSED },
        { 200, ANSWER("c-2", "WAITING"), 0 },
        { 200, ANSWER("c-1", "live"), 0 },
        { 200, ANSWER("c-1", "LIVE"), 0 }, /* by which agreement? */
        { 200, LIVE(""), 0 },
        { 200, LIVE("A/1"), 0 },
        { 200, LIVE("123456789012345678901234567890123"), 0 },
        { 200, "", 0 },
        { 200, "[]", 0 },
        { 500, ANSWER("c-1", "WAITING"), 0 },
        { 302, "", 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CardSaid said = { 0 };
        const Status s =
                sandbox_card_read("c-1", true, cases[i].status, span_of_text(cases[i].body), &said);
        EXPECT(status_ok(s) == (cases[i].says != 0));
        EXPECT(said.says == cases[i].says);
        EXPECT(status_ok(s) || status_is(s, REFUSED_BANK_ANSWER));
    }
}

static void test_a_refused_question_is_no_refused_card(void)
{
    CardSaid said = { 0 };
    EXPECT_REFUSED(sandbox_card_read("c-1", false, 403, SPAN(""), &said), REFUSED_BANK_ANSWER);
}

TESTS(TEST(test_only_an_answer_about_this_binding_counts),
        TEST(test_a_refused_question_is_no_refused_card))
