/* Goal: whatever people do in whatever order, money sums to zero, nothing goes below zero, holds
 * are what payments hold. Method: 2,000 seeded actions by two merchants and six payers in batches
 * of one to eight, small balances, a clock that jumps; the guard checks every batch, the books are
 * checked now and then. The seed stands in the output; HUFU_SEED replays it. */
#include "base/expect.h"
#include "payment/practice_house.h"

enum { ACTIONS = 2000, NUMBERS = 700, BATCH_MOST = 8, CHECK_EVERY = 100 };

typedef union Work {
    Unit unit;
    PaymentNative native;
    PaymentCodepay codepay;
    PaymentPay pay;
    PaymentQuery query;
    PaymentClose close;
    PaymentExpire expire;
    PaymentRefund refund;
    PaymentReverse reverse;
} Work;

static uint64_t pick(House *h, uint64_t below) { return seeded_next(&h->seed) % below; }

static Payment known[2][NUMBERS]; /* what merchants and payers remember of each order */

static uint64_t last_number;

static void remember(const Payment *payment)
{
    int64_t number = 0;
    if (payment->out_trade_no[0] == 0) return;
    ASSERT(status_ok(i64_parse(span_of_text(payment->out_trade_no + 5), &number)));
    known[payment->mchid[1] - '1'][number] = *payment;
}

/* Parts, the rest, too much, and now and then the same number again. */
static PaymentRefund invent_refund(
        House *h, const Payment *order, const char *mchid, const char *number)
{
    char refund_number[32];
    const int64_t minor = order->money.minor;
    const int64_t part =
            minor < 2 || pick(h, 3) == 0 ? minor : (int64_t)(1 + pick(h, (uint64_t)minor));
    snprintf(refund_number, sizeof(refund_number), "%s-R%d", number, (int)pick(h, 4));
    PaymentRefund work = house_refund(h, order, refund_number, part);
    snprintf(work.request.mchid, sizeof(work.request.mchid), "%s", mchid);
    return work;
}

static int invent(House *h, Work *ret)
{
    const char *mchid = pick(h, 2) == 0 ? "m1" : "m2";
    const bool latest = pick(h, 2) == 0; /* what is held now is asked for before its time is over */
    const uint64_t at = latest ? last_number : pick(h, NUMBERS);
    char number[16];
    char payer[4];
    const int64_t minor = (int64_t)(1 + pick(h, pick(h, 2) == 0 ? 10000 : 55000));
    snprintf(number, sizeof(number), "rand-%05d", (int)at);
    snprintf(payer, sizeof(payer), "p%d", (int)pick(h, HOUSE_PAYERS));
    const Payment *order = &known[mchid[1] - '1'][at];
    if (order->payer[0] != 0 && pick(h, 4) > 0)
        snprintf(payer, sizeof(payer), "%.3s", order->payer);
    const int action = (int)pick(h, 11);
    last_number = at;
    switch (action) {
    case 0:
    case 1: ret->native = house_native(h, mchid, number, minor); break;
    case 2:
    case 3: ret->codepay = house_codepay(h, mchid, number, minor, payer); break;
    case 4:
    case 5: ret->pay = house_pay(h, order, payer); break;
    case 6: ret->close = house_close_order(mchid, number); break;
    case 7:
    case 8: ret->refund = invent_refund(h, order, mchid, number); break;
    case 9:
        ret->reverse = house_reverse(h, order);
        snprintf(ret->reverse.key.mchid, sizeof(ret->reverse.key.mchid), "%s", mchid);
        break;
    default: ret->expire = house_expire(mchid, number); break;
    }
    return action;
}

static void learn(int action, const Work *work)
{
    if (action <= 1) remember(&work->native.payment);
    if (action == 2 || action == 3) remember(&work->codepay.payment);
}

static uint64_t seed_of_test(void)
{
    const char *text = getenv("HUFU_SEED");
    int64_t seed = 20260131;
    if (text != NULL) IGNORE(i64_parse(span_of_text(text), &seed), "then the usual one");
    return (uint64_t)seed;
}

static void test_two_thousand_actions_keep_the_books(void)
{
    static House h;
    static Work works[BATCH_MOST];
    const uint64_t seed = seed_of_test();
    int outcomes[2] = { 0, 0 };
    printf("seed %llu\n", (unsigned long long)seed);
    house_open(&h, seed);
    h.rules.strategy.velocity.refuse_count_over = 12;
    h.rules.strategy.velocity.challenge_sum_over = 60000;
    int done = 0;
    int next_check = CHECK_EVERY;
    while (done < ACTIONS) {
        int actions[BATCH_MOST];
        Unit *units[BATCH_MOST];
        Status s[BATCH_MOST];
        const size_t count = 1 + (size_t)pick(&h, BATCH_MOST);
        for (size_t i = 0; i < count; i++) {
            actions[i] = invent(&h, &works[i]);
            units[i] = &works[i].unit;
        }
        house_together(&h, units, count, s);
        for (size_t i = 0; i < count; i++) {
            if (status_ok(s[i])) learn(actions[i], &works[i]);
            EXPECT(!status_broken(s[i]));
            EXPECT(!status_is(s[i], REFUSED_BATCH_FULL)
                    && !status_is(s[i], REFUSED_STORE_CONSTRAINT));
            outcomes[status_ok(s[i])]++;
        }
        h.now_us += (int64_t)pick(&h, 90) * 1000000;
        if (pick(&h, 100) == 0) h.now_us += INT64_C(20) * 3600 * 1000000;
        done += (int)count;
        if (done < next_check) continue;
        next_check += CHECK_EVERY;
        EXPECT(house_is_sound(&h));
    }
    EXPECT(house_is_sound(&h));
    printf("%d done, %d refused; paid %lld, held %lld, failed %lld, closed %lld\n", outcomes[1],
            outcomes[0],
            (long long)house_number(&h, "SELECT count(*) FROM payment WHERE state = 1"),
            (long long)house_number(&h, "SELECT count(*) FROM payment WHERE state = 6"),
            (long long)house_number(&h, "SELECT count(*) FROM payment WHERE state = 7"),
            (long long)house_number(&h, "SELECT count(*) FROM payment WHERE state = 4"));
    /* The walk went everywhere. */
    EXPECT(house_number(&h, "SELECT count(DISTINCT state) FROM payment") == 7);
    EXPECT(house_number(&h, "SELECT count(DISTINCT kind) FROM posting") == 6);
    EXPECT(house_number(&h, "SELECT count(*) FROM refunded WHERE refunds > 1") > 0);
    house_close(&h);
}

TESTS(TEST(test_two_thousand_actions_keep_the_books))
