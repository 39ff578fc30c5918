/* Goal: only an answer about this very order is an answer; whatever else a bank says is none, and
 * so the order stays UNKNOWN. Method: answers for one order, each with one thing otherwise. */
#include "bank/sandbox.h"

#include "base/expect.h"

static const ChannelAsk ask = { "fund-001", CHANNEL_FUNDING, { 1000, CURRENCY_CNY }, "",
    { NULL, 0 } };

typedef struct Case {
    int status;
    const char *body;
    ChannelOutcome outcome; /* 0: none */
} Case;

#define ANSWER(number, kind, amount, state)                                     \
    "{\"out_trade_no\":\"" number "\",\"kind\":\"" kind "\",\"amount\":" amount \
    ",\"state\":\"" state "\"}"

static void test_only_an_answer_about_this_order_counts(void)
{
    static const Case cases[] = {
        { 200, ANSWER("fund-001", "FUNDING", "1000", "SUCCESS"), CHANNEL_IS_DONE },
        { 200, ANSWER("fund-001", "FUNDING", "1000", "FAILED"), CHANNEL_IS_NOT_DONE },
        { 200, ANSWER("fund-001", "FUNDING", "1000", "PENDING"), CHANNEL_IS_PENDING },
        { 404, "", CHANNEL_IS_NOT_THERE },
        { 403, "", CHANNEL_IS_NOT_DONE },
        { 200, ANSWER("fund-002", "FUNDING", "1000", "SUCCESS"), 0 },
        { 200, ANSWER("fund-001", "CARD", "1000", "SUCCESS"), 0 },
        { 200, ANSWER("fund-001", "FUNDING", "1001", "SUCCESS"), 0 },
        { 200, ANSWER("fund-001", "FUNDING", "1000", "DONE"), 0 },
        { 200, "", 0 },
        { 200, "<html>", 0 },
        { 200, "{\"state\":\"SUCCESS\"}", 0 },
        { 409, ANSWER("fund-001", "FUNDING", "1000", "DIFFERS"), 0 },
        { 500, "", 0 },
        { 503, ANSWER("fund-001", "FUNDING", "1000", "SUCCESS"), 0 },
        { 302, "", 0 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ChannelOutcome outcome = 0;
        const Status s =
                sandbox_read(&ask, true, cases[i].status, span_of_text(cases[i].body), &outcome);
        if (cases[i].outcome == 0)
            EXPECT_REFUSED(s, REFUSED_BANK_ANSWER);
        else
            EXPECT_OK(s);
        EXPECT(outcome == cases[i].outcome);
    }
}

/* Who asks after an order whose answer was lost, and is not let in, knows no more than before. */
static void test_who_asks_after_it_is_not_told_that_it_failed(void)
{
    ChannelOutcome outcome = 0;
    EXPECT_REFUSED(sandbox_read(&ask, false, 403, SPAN(""), &outcome), REFUSED_BANK_ANSWER);
    EXPECT(outcome == 0);
    EXPECT_OK(sandbox_read(&ask, false, 404, SPAN(""), &outcome));
    EXPECT(outcome == CHANNEL_IS_NOT_THERE);
}

TESTS(TEST(test_who_asks_after_it_is_not_told_that_it_failed),
        TEST(test_only_an_answer_about_this_order_counts))
