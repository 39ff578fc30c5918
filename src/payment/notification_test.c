/* Goal: what succeeds is told once a success, in the order in which it happened, as long as the
 * schedule says and no longer. Method: orders on a practice house whose clock the test moves; the
 * schedule walked to its end; a second settlement of the same attempt; what is found as due. */
#include "base/expect.h"
#include "base/time.h"
#include "payment/notification.h"
#include "payment/practice_house.h"

#include <stdio.h>

static House house;

static void set_url(char *place) { snprintf(place, 64, "https://merchant.example/notify"); }

static Payment paid(const char *number, bool to_be_told)
{
    PaymentCodepay work = house_codepay(&house, "m1", number, 100, "p0");
    work.order.notify_url[0] = 0;
    if (to_be_told) set_url(work.order.notify_url);
    ASSERT(status_ok(house_run(&house, &work.unit)));
    ASSERT(work.payment.state == TRADE_SUCCESS);
    return work.payment;
}

static Refund refunded(const Payment *payment, const char *number, bool to_be_told)
{
    PaymentRefund work = house_refund(&house, payment, number, 10);
    if (to_be_told) set_url(work.request.notify_url);
    ASSERT(status_ok(house_run(&house, &work.unit)));
    return work.refund;
}

typedef struct Found {
    const char *mchid;
    NotificationDue due[NOTIFICATION_FOUND_MAX];
    size_t count;
} Found;

static Status find(void *context, Store *store)
{
    Found *found = context;
    return notification_due(store, found->mchid, house.now_us, 0, found->due, &found->count);
}

static Found due_of(const char *mchid)
{
    Found found = { .mchid = mchid };
    ASSERT(status_ok(batcher_between(house.batcher, find, &found)));
    return found;
}

static NotificationSettle settled(const char *id, int64_t attempts, int32_t result)
{
    NotificationSettle work = { .attempts = attempts, .result = result };
    snprintf(work.id, sizeof(work.id), "%s", id);
    work.schedule = notification_schedule_default();
    notification_settle_unit(&work, NULL);
    ASSERT(status_ok(house_run(&house, &work.unit)));
    return work;
}

static void test_each_success_is_told_once(void)
{
    house_open(&house, 25);
    const Payment silent = paid("SILENT-1", false);
    const Payment told = paid("TOLD-01", true);
    EXPECT(house_number(&house, "SELECT count(*) FROM notification") == 1);
    (void)refunded(&silent, "S-1", false);
    (void)refunded(&told, "T-1", false);
    EXPECT(house_number(&house, "SELECT count(*) FROM notification") == 1);
    const Refund refund = refunded(&told, "T-2", true);
    EXPECT(house_number(&house, "SELECT count(*) FROM notification") == 2);
    EXPECT(house_number(&house, "SELECT sequence FROM notification WHERE out_refund_no = 'T-2'")
            == 2);

    const Found found = due_of("m1");
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    snprintf(id, sizeof(id), "EV-%s", told.transaction_id);
    EXPECT(found.count == 1 && strcmp(found.due[0].id, id) == 0); /* the refund waits behind it */
    EXPECT(strcmp(found.due[0].url, "https://merchant.example/notify") == 0);
    EXPECT(due_of("m2").count == 0);

    EXPECT(settled(id, 0, 0).notification.state == NOTIFICATION_DELIVERED);
    const Found next = due_of("m1");
    snprintf(id, sizeof(id), "EV-%s", refund.refund_id);
    EXPECT(next.count == 1 && strcmp(next.due[0].id, id) == 0);
    NotificationRead read = { 0 };
    snprintf(read.id, sizeof(read.id), "%s", id);
    notification_read_unit(&read, NULL);
    EXPECT_OK(house_run(&house, &read.unit));
    EXPECT(strcmp(read.refund.number, "T-2") == 0 && read.notification.sequence == 2);
    EXPECT(strcmp(read.payment.out_trade_no, "TOLD-01") == 0);
    (void)settled(id, 0, 0);
    EXPECT(due_of("m1").count == 0);
    house_close(&house);
}

static void test_a_held_payment_is_told_when_it_is_captured(void)
{
    house_open(&house, 25);
    PaymentNative order = house_native(&house, "m1", "NATIVE-1", 100);
    set_url(order.order.notify_url);
    EXPECT_OK(house_run(&house, &order.unit));
    EXPECT(due_of("m1").count == 0);
    PaymentPay pay = house_pay(&house, &order.payment, "p1");
    for (int again = 0; again < 2; again++) { /* the repeat tells nothing */
        EXPECT_OK(house_run(&house, &pay.unit));
        EXPECT(due_of("m1").count == 1);
    }
    (void)settled(due_of("m1").due[0].id, 0, 0);
    house_close(&house);
}

/* The waits of the reference, in seconds: 24 h 4 min together. */
static void test_the_schedule_is_walked_to_its_end(void)
{
    house_open(&house, 25);
    static const int64_t waits[] = { 15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800,
        10800, 10800, 21600, 21600 };
    const int64_t count = sizeof(waits) / sizeof(waits[0]);
    const Payment payment = paid("DEAD-001", true);
    int64_t sum = 0;
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    snprintf(id, sizeof(id), "EV-%s", payment.transaction_id);
    for (int64_t i = 0; i < count; i++) {
        EXPECT(due_of("m1").count == 1);
        const NotificationSettle work = settled(id, i, REFUSED_NOTIFY_ANSWER);
        EXPECT(work.changed && work.notification.attempts == i + 1);
        EXPECT(!settled(id, i, 0).changed); /* another thread's word about the same attempt */
        house.now_us += waits[i] * TIME_SECOND_US - 1;
        EXPECT(due_of("m1").count == 0);
        house.now_us++;
        sum += waits[i];
    }
    EXPECT(sum == 24 * 3600 + 4 * 60 && due_of("m1").count == 1);
    const Notification last = settled(id, count, REFUSED_NOTIFY_ANSWER).notification;
    EXPECT(last.state == NOTIFICATION_DEAD && last.result == REFUSED_NOTIFY_ANSWER);
    EXPECT(due_of("m1").count == 0);
    house.now_us += 30 * TIME_DAY_US;
    EXPECT(due_of("m1").count == 0 && !settled(id, count + 1, 0).changed);
    house_close(&house);
}

static Status resend(const char *id)
{
    NotificationResend work = { .actor = "alice" };
    snprintf(work.id, sizeof(work.id), "%s", id);
    notification_resend_unit(&work, NULL);
    return house_run(&house, &work.unit);
}

typedef struct Listed {
    NotificationId ids[NOTIFICATION_FOUND_MAX];
    size_t count;
} Listed;

static Status list_dead(void *context, Store *store)
{
    Listed *listed = context;
    return notification_list(store, NOTIFICATION_DEAD, 0, listed->ids, &listed->count);
}

static void test_a_person_begins_anew(void)
{
    house_open(&house, 25);
    Listed listed = { 0 };
    char id[NOTIFICATION_ID_BYTES_MAX + 1];
    snprintf(id, sizeof(id), "EV-%s", paid("DEAD-001", true).transaction_id);
    NotificationSettle only = { .result = REFUSED_NOTIFY_ANSWER }; /* no waits: the last attempt */
    snprintf(only.id, sizeof(only.id), "%s", id);
    notification_settle_unit(&only, NULL);
    EXPECT_OK(house_run(&house, &only.unit));
    EXPECT_OK(batcher_between(house.batcher, list_dead, &listed));
    EXPECT(listed.count == 1 && strcmp(listed.ids[0], id) == 0);
    EXPECT_REFUSED(resend("EV-1"), REFUSED_NOTIFICATION_UNKNOWN);
    EXPECT_OK(resend(listed.ids[0]));
    EXPECT_REFUSED(resend(listed.ids[0]), REFUSED_NOTIFICATION_WAITING);
    EXPECT(due_of("m1").count == 1);
    EXPECT(settled(listed.ids[0], 0, REFUSED_NOTIFY_ANSWER).notification.attempts == 1);
    house.now_us += 15 * TIME_SECOND_US;
    EXPECT(settled(listed.ids[0], 1, 0).notification.state == NOTIFICATION_DELIVERED);
    EXPECT(house_is_sound(&house));
    house_close(&house);
}

/* Whoever has a million waiting costs as many steps as who has one. */
static Status find_merchants(void *context, Store *store)
{
    NotificationMchid mchids[NOTIFICATION_FOUND_MAX];
    size_t count = 0;
    TRY(notification_merchants(store, "", mchids, &count));
    ASSERT(count == 1 && strcmp(mchids[0], "m1") == 0);
    TRY(notification_merchants(store, "m1", mchids, &count));
    ASSERT(count == 0);
    return OK;
}

static void test_merchants_are_found_one_by_one(void)
{
    house_open(&house, 25);
    (void)paid("MANY-001", true);
    (void)paid("MANY-002", true);
    EXPECT_OK(batcher_between(house.batcher, find_merchants, NULL));
    house_close(&house);
}

TESTS(TEST(test_each_success_is_told_once), TEST(test_a_held_payment_is_told_when_it_is_captured),
        TEST(test_the_schedule_is_walked_to_its_end), TEST(test_a_person_begins_anew),
        TEST(test_merchants_are_found_one_by_one))
