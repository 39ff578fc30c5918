/* Goal: a transfer holds its amount once and then gives it once, to its receiver or back, whoever
 * asks what in whatever order; never more than the balance, and no more in a day than was agreed
 * (银发 [2016] 261). Method: a real ledger and a clock that the test moves; each cell of the table,
 * each border from both sides; thousands of drawn acts beside a second way of counting. */
#include "payment/transfer.h"

#include "base/expect.h"
#include "base/time.h"
#include "payment/account_act.h"
#include "payment/practice_house.h"
#include "payment/transfer_limits.h"

#include <stdio.h>

enum { HOUR_S = 3600, ACTS = 4000, NUMBERS = 400, PAYERS = 4 };

static TransferBegin wish(
        House *h, const char *payer, const char *number, const char *receiver, int64_t minor)
{
    TransferBegin work = { .rules = &h->rules };
    Transfer *t = &work.wish;
    snprintf(t->payer, sizeof(t->payer), "%s", payer);
    snprintf(t->number, sizeof(t->number), "%s", number);
    snprintf(t->receiver, sizeof(t->receiver), "%s", receiver);
    t->money = (Money) { minor, CURRENCY_CNY };
    t->speed = TRANSFER_NORMAL;
    h->grant_next++;
    memcpy(t->grant, &h->grant_next, sizeof(h->grant_next));
    transfer_begin_unit(&work, NULL);
    return work;
}

typedef struct Known {
    const char *payer;
    const char *receiver;
    TransferId id;
} Known;

static Status find_known(void *context, Store *store)
{
    Known *known = context;
    return transfer_known(store, known->payer, known->receiver, known->id);
}

static Status begin(House *h, TransferBegin *work)
{
    Known known = { work->wish.payer, work->wish.receiver, "" };
    ASSERT(status_ok(batcher_between(h->batcher, find_known, &known)));
    memcpy(work->known, known.id, sizeof(work->known));
    return house_run(h, &work->unit);
}

static Status transfer(
        House *h, const char *number, const char *receiver, int64_t minor, TransferSpeed speed)
{
    TransferBegin work = wish(h, "p0", number, receiver, minor);
    work.wish.speed = speed;
    return begin(h, &work);
}

static TransferEnd end_of(House *h, TransferAct act, const char *payer, const char *number)
{
    TransferEnd work = { .act = act, .rules = &h->rules };
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    transfer_name(payer, number, work.id);
    transfer_end_unit(&work, NULL);
    return work;
}

static Status end(House *h, TransferAct act, const char *number)
{
    TransferEnd work = end_of(h, act, "p0", number);
    return house_run(h, &work.unit);
}

static TransferState state_of(House *h, const char *payer, const char *number)
{
    TransferRead work = { 0 };
    transfer_name(payer, number, work.id);
    transfer_read_unit(&work, NULL);
    return status_ok(house_run(h, &work.unit)) ? work.transfer.state : (TransferState)0;
}

static bool has(House *h, const char *owner, int64_t balance, int64_t frozen)
{
    return house_balance(h, owner) == balance && house_frozen(h, owner) == frozen;
}

/* The header's table, written once more. */
static void test_each_cell_of_the_table(void)
{
    enum { ACTS_OF = 3 };
    static const int32_t cells[][ACTS_OF] = {
        { -1, REFUSED_TRANSFER_UNKNOWN, REFUSED_TRANSFER_UNKNOWN }, /* none */
        { 0, -1, -1 }, /* WAITING */
        { 0, REFUSED_TRANSFER_STATE, 0 }, /* DONE */
        { 0, 0, 0 }, /* REVOKED */
        { 0, REFUSED_TRANSFER_STATE, 0 }, /* FAILED */
    };
    for (int state = 0; state <= TRANSFER_FAILED; state++) {
        for (int act = 0; act < ACTS_OF; act++) {
            TransferStep step;
            const Status s = transfer_step((TransferState)state, (TransferAct)act, &step);
            const int32_t cell = cells[state][act];
            if (cell > 0) EXPECT_REFUSED(s, (StatusCode)cell);
            if (cell <= 0)
                EXPECT(status_ok(s) && step == (cell < 0 ? TRANSFER_GOES_ON : TRANSFER_SAME));
        }
    }
}

static void test_three_speeds(void)
{
    static House h;
    house_open(&h, 1);
    EXPECT_OK(transfer(&h, "real-time", "p1", 100, TRANSFER_REAL_TIME));
    EXPECT(has(&h, "p0", HOUSE_OPENING - 100, 0) && house_balance(&h, "p1") == HOUSE_OPENING + 100);
    EXPECT_OK(transfer(&h, "in-a-while", "p1", 200, TRANSFER_NORMAL));
    EXPECT_OK(transfer(&h, "tomorrow", "p1", 400, TRANSFER_NEXT_DAY));
    EXPECT(has(&h, "p0", HOUSE_OPENING - 700, 600));
    h.now_us += 2 * HOUR_S * TIME_SECOND_US - 1;
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "in-a-while"));
    EXPECT(state_of(&h, "p0", "in-a-while") == TRANSFER_WAITING);
    h.now_us++;
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "in-a-while"));
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "tomorrow"));
    EXPECT(has(&h, "p0", HOUSE_OPENING - 700, 400)
            && house_balance(&h, "p1") == HOUSE_OPENING + 300);
    EXPECT_REFUSED(end(&h, TRANSFER_REVOKE, "in-a-while"), REFUSED_TRANSFER_STATE);
    h.now_us += 22 * HOUR_S * TIME_SECOND_US;
    EXPECT_OK(end(
            &h, TRANSFER_REVOKE, "tomorrow")); /* until it is carried out, not until it is due */
    EXPECT_OK(end(&h, TRANSFER_REVOKE, "tomorrow"));
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "tomorrow"));
    EXPECT(state_of(&h, "p0", "tomorrow") == TRANSFER_REVOKED);
    EXPECT(has(&h, "p0", HOUSE_OPENING - 300, 0) && house_is_sound(&h));
    EXPECT_REFUSED(end(&h, TRANSFER_REVOKE, "never-was"), REFUSED_TRANSFER_UNKNOWN);
    EXPECT_REFUSED(end(&h, TRANSFER_CARRY_OUT, "never-was"), REFUSED_TRANSFER_UNKNOWN);
    house_close(&h);
}

static void test_the_same_number_is_the_same_transfer(void)
{
    static House h;
    house_open(&h, 2);
    TransferBegin first = wish(&h, "p0", "number-1", "p1", 100);
    TransferBegin again = wish(&h, "p0", "number-1", "p1", 100);
    EXPECT_OK(begin(&h, &first));
    EXPECT_OK(begin(&h, &again));
    EXPECT(!first.repeated && again.repeated && house_frozen(&h, "p0") == 100);
    EXPECT(span_equal(SPAN_OF(again.transfer.grant), SPAN_OF(first.wish.grant)));
    TransferBegin other = wish(&h, "p0", "number-1", "p2", 100); /* two receivers */
    EXPECT_REFUSED(begin(&h, &other), REFUSED_TRANSFER_CONFLICT);
    other = wish(&h, "p0", "number-1", "p1", 101);
    EXPECT_REFUSED(begin(&h, &other), REFUSED_TRANSFER_CONFLICT);
    other = wish(&h, "p0", "number-1", "p1", 100);
    other.wish.speed = TRANSFER_NEXT_DAY;
    EXPECT_REFUSED(begin(&h, &other), REFUSED_TRANSFER_CONFLICT);
    other = wish(&h, "p0", "number-1", "p1", 100);
    snprintf(other.wish.remark, sizeof(other.wish.remark), "rent");
    EXPECT_REFUSED(begin(&h, &other), REFUSED_TRANSFER_CONFLICT);
    TransferBegin others = wish(&h, "p2", "number-1", "p1", 100); /* a number is its payer's own */
    EXPECT_OK(begin(&h, &others));
    EXPECT(!others.repeated);
    TransferEnd thief = end_of(&h, TRANSFER_REVOKE, "p0", "number-1");
    snprintf(thief.payer, sizeof(thief.payer), "p1");
    EXPECT_REFUSED(house_run(&h, &thief.unit), REFUSED_TRANSFER_UNKNOWN);
    EXPECT_OK(end(&h, TRANSFER_REVOKE, "number-1"));
    again = wish(&h, "p0", "number-1", "p1", 100); /* what is over stays over */
    EXPECT_OK(begin(&h, &again));
    EXPECT(again.repeated && again.transfer.state == TRANSFER_REVOKED);
    EXPECT(house_frozen(&h, "p0") == 0);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

/* One batch has both: the first of them wins, whatever it is. */
static void test_revoked_and_carried_out_at_once(void)
{
    static House h;
    house_open(&h, 3);
    for (int i = 0; i < 2; i++) {
        char number[16];
        snprintf(number, sizeof(number), "at-once-%d", i);
        EXPECT_OK(transfer(&h, number, "p1", 100, TRANSFER_NORMAL));
        h.now_us += TIME_DAY_US;
        TransferEnd revoke = end_of(&h, TRANSFER_REVOKE, "p0", number);
        TransferEnd carry = end_of(&h, TRANSFER_CARRY_OUT, "p0", number);
        Unit *const units[] = { i == 0 ? &revoke.unit : &carry.unit,
            i == 0 ? &carry.unit : &revoke.unit };
        Status s[2];
        house_together(&h, units, 2, s);
        EXPECT_OK(s[0]);
        if (i == 0) EXPECT(status_ok(s[1]) && !carry.changed);
        if (i == 1) EXPECT_REFUSED(s[1], REFUSED_TRANSFER_STATE);
        EXPECT(state_of(&h, "p0", number) == (i == 0 ? TRANSFER_REVOKED : TRANSFER_DONE));
    }
    EXPECT(has(&h, "p0", HOUSE_OPENING - 100, 0) && house_is_sound(&h));
    house_close(&h);
}

static void account(House *h, AccountActKind kind, const char *payer)
{
    AccountAct work = {
        .kind = kind, .actor = "test", .reason = "test", .rules = &h->rules.accounts
    };
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    account_act_unit(&work, NULL);
    ASSERT(status_ok(house_run(h, &work.unit)));
}

/* An emergency stop of either counts for what waits, too; then the payer has it again. */
static void test_who_is_stopped_gives_nothing_and_gets_nothing(void)
{
    static House h;
    house_open(&h, 4);
    EXPECT_OK(transfer(&h, "waits-01", "p1", 100, TRANSFER_NORMAL));
    EXPECT_OK(transfer(&h, "waits-02", "p2", 100, TRANSFER_NORMAL));
    account(&h, ACCOUNT_STOP, "p1");
    h.now_us += 3 * HOUR_S * TIME_SECOND_US;
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "waits-01"));
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "waits-02"));
    EXPECT(state_of(&h, "p0", "waits-01") == TRANSFER_FAILED);
    EXPECT(state_of(&h, "p0", "waits-02") == TRANSFER_DONE);
    EXPECT(has(&h, "p0", HOUSE_OPENING - 100, 0) && house_balance(&h, "p1") == HOUSE_OPENING);
    EXPECT_REFUSED(end(&h, TRANSFER_REVOKE, "waits-01"), REFUSED_TRANSFER_STATE);
    EXPECT_REFUSED(transfer(&h, "waits-03", "p1", 100, TRANSFER_NORMAL), REFUSED_TRANSFER_RECEIVER);
    EXPECT_REFUSED(
            transfer(&h, "waits-03", "nobody", 100, TRANSFER_NORMAL), REFUSED_TRANSFER_RECEIVER);
    EXPECT_OK(transfer(&h, "waits-04", "p2", 100, TRANSFER_NORMAL));
    account(&h, ACCOUNT_STOP, "p0");
    EXPECT_REFUSED(transfer(&h, "waits-05", "p2", 100, TRANSFER_NORMAL), REFUSED_ACCOUNT_STOPPED);
    h.now_us += 3 * HOUR_S * TIME_SECOND_US;
    EXPECT_OK(end(&h, TRANSFER_CARRY_OUT, "waits-04"));
    EXPECT(state_of(&h, "p0", "waits-04") == TRANSFER_FAILED);
    EXPECT(house_number(&h, "SELECT reason FROM transfer WHERE out_number = 'waits-04'")
            == REFUSED_ACCOUNT_STOPPED);
    EXPECT(has(&h, "p0", HOUSE_OPENING - 100, 0) && house_is_sound(&h));
    house_close(&h);
}

static void test_who_never_used_his_account(void)
{
    static House h;
    house_open(&h, 5);
    h.rules.accounts.dormant_days = 183;
    EXPECT_OK(transfer(&h, "long-ago", "p1", 1, TRANSFER_REAL_TIME));
    h.now_us += 184 * TIME_DAY_US;
    EXPECT_REFUSED(
            transfer(&h, "dormant1", "p1", 1, TRANSFER_REAL_TIME), REFUSED_TRANSFER_RECEIVER);
    TransferBegin work = wish(&h, "p1", "dormant2", "p0", 1);
    EXPECT_REFUSED(begin(&h, &work), REFUSED_ACCOUNT_DORMANT);
    house_close(&h);
}

static void test_what_is_no_transfer(void)
{
    static House h;
    house_open(&h, 6);
    memset(&h.rules.strategy.amount, 0, sizeof(h.rules.strategy.amount)); /* no sum is risky */
    EXPECT_REFUSED(transfer(&h, "to-myself", "p0", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_SELF);
    EXPECT_REFUSED(transfer(&h, "no-money", "p1", 0, TRANSFER_NORMAL), REFUSED_AMOUNT_NOT_POSITIVE);
    EXPECT_REFUSED(transfer(&h, "short", "p1", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_FIELD);
    EXPECT_REFUSED(transfer(&h, "a/slash-1", "p1", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_FIELD);
    EXPECT_REFUSED(transfer(&h, "speed-01", "p1", 1, (TransferSpeed)4), REFUSED_TRANSFER_FIELD);
    h.rules.transfers.day[2].minor = 2 * HOUSE_OPENING;
    EXPECT_REFUSED(transfer(&h, "too-much", "p1", HOUSE_OPENING + 1, TRANSFER_NEXT_DAY),
            REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT_OK(transfer(&h, "all-of-it", "p1", HOUSE_OPENING, TRANSFER_NEXT_DAY));
    EXPECT_REFUSED(
            transfer(&h, "one-more", "p1", 1, TRANSFER_REAL_TIME), REFUSED_BALANCE_NOT_ENOUGH);
    EXPECT(house_number(&h, "SELECT count(*) FROM transfer") == 1 && house_is_sound(&h));
    h.rules.transfers.magic = 0; /* rules that were never read */
    EXPECT_REFUSED(transfer(&h, "no-rules", "p1", 1, TRANSFER_REAL_TIME), REFUSED_TRANSFER_DAY_SUM);
    house_close(&h);
}

/* 反电信网络诈骗法 article 18: one fen in the morning makes nobody known in the afternoon. */
static void test_a_stranger_is_paid_tomorrow(void)
{
    static House h;
    house_open(&h, 7);
    memset(&h.rules.strategy.amount, 0, sizeof(h.rules.strategy.amount)); /* no sum is risky */
    EXPECT_REFUSED(
            transfer(&h, "stranger-1", "p1", 30001, TRANSFER_REAL_TIME), REFUSED_TRANSFER_FIELD);
    EXPECT_OK(transfer(&h, "one-fen-1", "p1", 1, TRANSFER_REAL_TIME));
    EXPECT_REFUSED(
            transfer(&h, "stranger-1", "p1", 30001, TRANSFER_REAL_TIME), REFUSED_TRANSFER_FIELD);
    EXPECT_OK(transfer(&h, "stranger-1", "p1", 30001, TRANSFER_NEXT_DAY));
    h.now_us += TIME_DAY_US - 1;
    EXPECT_REFUSED(
            transfer(&h, "stranger-2", "p1", 30001, TRANSFER_REAL_TIME), REFUSED_TRANSFER_FIELD);
    h.now_us++;
    EXPECT_OK(transfer(&h, "stranger-2", "p1", 30001, TRANSFER_REAL_TIME));
    /* Another payer's acquaintance is not his; a changed index names a row that says so itself. */
    TransferBegin work = wish(&h, "p2", "stranger-3", "p1", 30001);
    transfer_name("p0", "one-fen-1", work.known);
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_TRANSFER_FIELD);
    transfer_name("p0", "stranger-1", work.known); /* still waits */
    EXPECT_REFUSED(house_run(&h, &work.unit), REFUSED_TRANSFER_FIELD);
    house_close(&h);
}

static int64_t at(const char *text)
{
    int64_t now_us = 0;
    ASSERT(status_ok(time_parse(span_of_text(text), &now_us)));
    return now_us;
}

static void test_a_day_ends_at_midnight_in_shanghai(void)
{
    static House h;
    house_open(&h, 8);
    h.rules.transfers.day[2] = (TransferDayRule) { 1000, 3 };
    h.now_us = at("2026-03-01T23:59:59+08:00");
    EXPECT_OK(transfer(&h, "evening-1", "p1", 600, TRANSFER_NORMAL));
    EXPECT_REFUSED(transfer(&h, "evening-2", "p1", 401, TRANSFER_NORMAL), REFUSED_TRANSFER_DAY_SUM);
    EXPECT_OK(transfer(&h, "evening-2", "p1", 300, TRANSFER_REAL_TIME));
    EXPECT_OK(end(&h, TRANSFER_REVOKE, "evening-1")); /* leaves the sum, stays in the count */
    EXPECT_OK(transfer(&h, "evening-3", "p1", 700, TRANSFER_NORMAL));
    EXPECT_REFUSED(transfer(&h, "evening-4", "p1", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_DAY_SUM);
    EXPECT_OK(end(&h, TRANSFER_REVOKE, "evening-3"));
    EXPECT_REFUSED(transfer(&h, "evening-4", "p1", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_DAY_COUNT);
    h.now_us += TIME_SECOND_US;
    EXPECT_OK(transfer(&h, "morning-1", "p1", 1000, TRANSFER_NORMAL));
    h.now_us -= TIME_SECOND_US; /* a clock that is set back opens no day again */
    EXPECT_REFUSED(transfer(&h, "evening-5", "p1", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_DAY_SUM);
    h.now_us = at("2026-03-03T12:00:00+08:00");
    EXPECT_OK(transfer(&h, "noon-0001", "p1", 900, TRANSFER_NORMAL));
    EXPECT_OK(end(&h, TRANSFER_REVOKE, "morning-1")); /* leaves no other day's sum */
    EXPECT(house_number(&h, "SELECT day_minor FROM transfer_day WHERE payer = 'p0'") == 900);
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static TransferLimits limits_of(House *h, int64_t minor, int64_t count, bool with_pin)
{
    TransferLimits work = { .payer = "p0",
        .rules = &h->rules,
        .sets = true,
        .with_pin = with_pin,
        .limit_minor = minor,
        .limit_count = count };
    transfer_limits_unit(&work, NULL);
    return work;
}

static Status limit(House *h, int64_t minor, int64_t count, bool with_pin)
{
    TransferLimits work = limits_of(h, minor, count, with_pin);
    return house_run(h, &work.unit);
}

static void test_the_owners_own_limits(void)
{
    static House h;
    house_open(&h, 9);
    EXPECT_OK(limit(&h, 500, 2, false));
    EXPECT_REFUSED(transfer(&h, "limits-1", "p1", 501, TRANSFER_NORMAL), REFUSED_TRANSFER_DAY_SUM);
    EXPECT_OK(transfer(&h, "limits-1", "p1", 500, TRANSFER_NORMAL));
    EXPECT_REFUSED(limit(&h, 501, 2, false), REFUSED_GRANT_INVALID);
    EXPECT_REFUSED(limit(&h, 500, 3, false), REFUSED_GRANT_INVALID);
    EXPECT_REFUSED(limit(&h, 300001, 2, true), REFUSED_TRANSFER_FIELD); /* over the rules */
    EXPECT_REFUSED(limit(&h, 500, 41, true), REFUSED_TRANSFER_FIELD);
    EXPECT_REFUSED(limit(&h, -1, 2, true), REFUSED_TRANSFER_FIELD);
    EXPECT_OK(limit(&h, 1000, 2, true));
    EXPECT_OK(transfer(&h, "limits-2", "p1", 500, TRANSFER_NORMAL));
    EXPECT_OK(limit(&h, 0, 0, false)); /* nothing at all */
    EXPECT_REFUSED(transfer(&h, "limits-3", "p1", 1, TRANSFER_NORMAL), REFUSED_TRANSFER_DAY_SUM);
    TransferLimits look = limits_of(&h, 0, 0, false);
    look.sets = false;
    EXPECT_OK(house_run(&h, &look.unit));
    EXPECT(look.day.limit_minor == 0 && look.most.minor == 300000 && look.day.minor == 1000);
    house_close(&h);
}

/* --- a walk --- */

typedef struct Counted { /* the second way: nothing of it is read from the house */
    TransferState state;
    int64_t minor;
    int64_t due_us;
    int payer;
    int receiver;
} Counted;

static Counted counted[NUMBERS];
static int64_t owned[PAYERS];
static int64_t held[PAYERS];

static uint64_t pick(House *h, uint64_t below) { return seeded_next(&h->seed) % below; }

static void walk_begin(House *h, int i, const char *number)
{
    Counted *c = &counted[i];
    const int payer = (int)pick(h, PAYERS);
    const int receiver = (int)pick(h, PAYERS);
    const int64_t minor = (int64_t)(1 + pick(h, pick(h, 8) == 0 ? 400000 : 20000));
    char names[2][8];
    snprintf(names[0], sizeof(names[0]), "p%d", payer);
    snprintf(names[1], sizeof(names[1]), "p%d", receiver);
    TransferBegin work = wish(h, names[0], number, names[1], minor);
    work.wish.speed = (TransferSpeed)(1 + pick(h, 3));
    if (!status_ok(begin(h, &work)) || work.repeated) return;
    EXPECT((int)c->state == 0 && minor <= owned[payer] && payer != receiver);
    const bool at_once = work.wish.speed == TRANSFER_REAL_TIME;
    const int64_t wait_s = work.wish.speed == TRANSFER_NORMAL ? 7200 : 86400;
    *c = (Counted) { at_once ? TRANSFER_DONE : TRANSFER_WAITING, minor,
        h->now_us + wait_s * TIME_SECOND_US, payer, receiver };
    owned[payer] -= minor;
    if (at_once)
        owned[receiver] += minor;
    else
        held[payer] += minor;
}

static void walk_end(House *h, int i, const char *number, TransferAct act)
{
    Counted *c = &counted[i];
    char payer[8];
    snprintf(payer, sizeof(payer), "p%d", c->payer);
    TransferEnd work = end_of(h, act, payer, number);
    const Status s = house_run(h, &work.unit);
    const bool waits = c->state == TRANSFER_WAITING;
    const bool ends = waits && (act == TRANSFER_REVOKE || h->now_us >= c->due_us);
    EXPECT((status_ok(s) && work.changed) == ends);
    if (!ends) return;
    held[c->payer] -= c->minor;
    c->state = act == TRANSFER_REVOKE ? TRANSFER_REVOKED : TRANSFER_DONE;
    owned[act == TRANSFER_REVOKE ? c->payer : c->receiver] += c->minor;
}

static bool agrees(House *h)
{
    for (int i = 0; i < PAYERS; i++) {
        char name[8];
        snprintf(name, sizeof(name), "p%d", i);
        if (!has(h, name, owned[i], held[i])) return false;
    }
    return house_is_sound(h);
}

static void test_four_thousand_acts_keep_the_books(void)
{
    static House h;
    house_open(&h, 20261128);
    h.rules.transfers.day[2] = (TransferDayRule) { 500000, 100 };
    for (int i = 0; i < PAYERS; i++)
        owned[i] = HOUSE_OPENING;
    for (int act = 0; act < ACTS; act++) {
        char number[16];
        const int i = (int)pick(&h, NUMBERS);
        const int what = (int)pick(&h, 4);
        snprintf(number, sizeof(number), "walk-%05d", i);
        if (what <= 1 && (int)counted[i].state == 0) walk_begin(&h, i, number);
        if (what == 2) walk_end(&h, i, number, TRANSFER_REVOKE);
        if (what == 3) walk_end(&h, i, number, TRANSFER_CARRY_OUT);
        h.now_us += (int64_t)pick(&h, 600) * TIME_SECOND_US;
        if (act % 250 == 0) EXPECT(agrees(&h));
    }
    EXPECT(agrees(&h));
    for (int i = 0; i < NUMBERS; i++) {
        char payer[8];
        char number[16];
        snprintf(payer, sizeof(payer), "p%d", counted[i].payer);
        snprintf(number, sizeof(number), "walk-%05d", i);
        EXPECT(state_of(&h, payer, number) == counted[i].state);
    }
    EXPECT(house_number(&h, "SELECT count(DISTINCT state) FROM transfer") == 3);
    EXPECT(house_number(&h, "SELECT count(*) FROM transfer") > NUMBERS / 2);
    house_close(&h);
}

/* What risk control would look at is not sent: nobody is asked about a transfer. */
static void test_risk_control_is_asked(void)
{
    static House h;
    house_open(&h, 12);
    h.rules.transfers.first_over = 100000; /* nobody is a stranger */
    EXPECT_REFUSED(
            transfer(&h, "delayed-1", "p1", 20001, TRANSFER_REAL_TIME), REFUSED_RISK_REFUSED);
    EXPECT_OK(transfer(&h, "delayed-1", "p1", 20001, TRANSFER_NORMAL)); /* it waits by itself */
    EXPECT_REFUSED(transfer(&h, "looked-at", "p1", 30001, TRANSFER_NORMAL), REFUSED_RISK_REFUSED);
    h.rules.strategy.velocity.refuse_count_over = 2;
    EXPECT_OK(transfer(&h, "second-of", "p1", 1, TRANSFER_REAL_TIME));
    EXPECT_REFUSED(transfer(&h, "third-one", "p1", 1, TRANSFER_REAL_TIME), REFUSED_RISK_REFUSED);
    EXPECT_OK(end(&h, TRANSFER_REVOKE, "delayed-1")); /* what came back counts no more */
    EXPECT_OK(transfer(&h, "third-one", "p1", 1, TRANSFER_REAL_TIME));
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

TESTS(TEST(test_each_cell_of_the_table), TEST(test_three_speeds),
        TEST(test_the_same_number_is_the_same_transfer), TEST(test_revoked_and_carried_out_at_once),
        TEST(test_who_is_stopped_gives_nothing_and_gets_nothing),
        TEST(test_who_never_used_his_account), TEST(test_what_is_no_transfer),
        TEST(test_a_stranger_is_paid_tomorrow), TEST(test_a_day_ends_at_midnight_in_shanghai),
        TEST(test_the_owners_own_limits), TEST(test_risk_control_is_asked),
        TEST(test_four_thousand_acts_keep_the_books))
