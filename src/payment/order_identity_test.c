/* Goal: an order that names a person is paid by who was identified as that person, and by nobody
 * else, before any money moves; the same order is the same person (TP-8, TP-17). Method: a whole
 * ledger; prints as vaultd would give them. */
#include "payment/order_identity.h"

#include "base/expect.h"
#include "payment/payment_rows.h"
#include "payment/practice_house.h"

#include <stdio.h>

static IdentityPrints prints_of(uint8_t number, uint8_t name)
{
    IdentityPrints prints;
    memset(prints.number, number, sizeof(prints.number));
    memset(prints.name, name, sizeof(prints.name));
    return prints;
}

static OrderIdentity identity_of(uint8_t number, uint8_t name)
{
    return (OrderIdentity) { .named = true,
        .prints = prints_of(number, name),
        .shown = "box",
        .shown_size = 3,
        .serial = "SERIAL1" };
}

static void identify(House *h, const char *payer, uint8_t number, uint8_t name)
{
    PayerIdentified work = { .actor = "ann", .prints = prints_of(number, name) };
    snprintf(work.payer, sizeof(work.payer), "%s", payer);
    payer_identified_unit(&work, NULL);
    EXPECT_OK(house_run(h, &work.unit));
}

static PaymentNative order_for(House *h, const char *number, uint8_t who, uint8_t called)
{
    PaymentNative order = house_native(h, "m1", number, 100);
    order.order.identity = identity_of(who, called);
    payment_native_unit(&order, order.unit.done);
    return order;
}

static Status pays(House *h, const PaymentNative *order, const char *payer)
{
    PaymentPay pay = house_pay(h, &order->payment, payer);
    return house_run(h, &pay.unit);
}

static void test_the_person_alone_pays(void)
{
    House h;
    house_open(&h, 41);
    identify(&h, "p0", 1, 1);
    identify(&h, "p1", 2, 1); /* the same name */
    identify(&h, "p2", 1, 2); /* and another name */
    PaymentNative order = order_for(&h, "named-0001", 1, 1);
    EXPECT_OK(house_run(&h, &order.unit));
    EXPECT_REFUSED(pays(&h, &order, "p1"), REFUSED_IDENTITY_OTHER);
    EXPECT_REFUSED(pays(&h, &order, "p2"), REFUSED_IDENTITY_OTHER);
    EXPECT_REFUSED(pays(&h, &order, "p3"), REFUSED_IDENTITY_NONE);
    EXPECT(house_balance(&h, "m1") == 0 && house_frozen(&h, "p1") == 0);
    EXPECT_OK(pays(&h, &order, "p0"));
    EXPECT(house_balance(&h, "m1") == 100);
    PaymentNative anybodys = house_native(&h, "m1", "anybodys-1", 100);
    EXPECT_OK(house_run(&h, &anybodys.unit));
    EXPECT_OK(pays(&h, &anybodys, "p3"));
    EXPECT(house_is_sound(&h));
    house_close(&h);
}

static void test_the_person_is_part_of_the_order(void)
{
    House h;
    house_open(&h, 42);
    PaymentNative order = order_for(&h, "named-0001", 1, 1);
    PaymentNative again = order;
    memset(again.order.identity.shown, 9, 3); /* another box, as each is */
    payment_native_unit(&again, order.unit.done);
    PaymentNative other = order_for(&h, "named-0001", 2, 1);
    PaymentNative renamed = order_for(&h, "named-0001", 1, 2);
    PaymentNative nobodys = house_native(&h, "m1", "named-0001", 100);
    EXPECT_OK(house_run(&h, &order.unit));
    EXPECT_OK(house_run(&h, &again.unit));
    EXPECT(again.repeated);
    EXPECT_REFUSED(house_run(&h, &other.unit), REFUSED_ORDER_CONFLICT);
    EXPECT_REFUSED(house_run(&h, &renamed.unit), REFUSED_ORDER_CONFLICT);
    EXPECT_REFUSED(house_run(&h, &nobodys.unit), REFUSED_ORDER_CONFLICT);
    PaymentQuery query = house_query("m1", PAYMENT_BY_OUT_TRADE_NO, "named-0001");
    EXPECT_OK(house_run(&h, &query.unit));
    EXPECT(query.identity.named && query.identity.shown_size == 3);
    EXPECT(span_equal((Span) { query.identity.shown, 3 }, SPAN("box"))
            && strcmp(query.identity.serial, "SERIAL1") == 0);
    house_close(&h);
}

/* A code is used up and the order ends: who charged another's code learns that it was another's. */
static void test_a_code_of_somebody_else_ends_the_order(void)
{
    House h;
    house_open(&h, 43);
    identify(&h, "p0", 1, 1);
    identify(&h, "p1", 2, 2);
    static const struct {
        const char *payer;
        StatusCode reason;
    } cases[] = { { "p0", 0 }, { "p1", REFUSED_IDENTITY_OTHER }, { "p2", REFUSED_IDENTITY_NONE } };
    for (size_t i = 0; i < 3; i++) {
        char number[16];
        snprintf(number, sizeof(number), "charged-%zu", i);
        PaymentCodepay charge = house_codepay(&h, "m1", number, 100, cases[i].payer);
        charge.order.identity = identity_of(1, 1);
        order_hash(&charge.order, TRADE_MICROPAY, charge.code_digest, charge.request_hash);
        EXPECT_OK(house_run(&h, &charge.unit));
        EXPECT(charge.payment.reason == (int32_t)cases[i].reason);
        EXPECT(charge.payment.state == (cases[i].reason == 0 ? TRADE_SUCCESS : TRADE_PAYERROR));
    }
    EXPECT(house_balance(&h, "m1") == 100 && house_is_sound(&h));
    house_close(&h);
}

TESTS(TEST(test_the_person_alone_pays), TEST(test_the_person_is_part_of_the_order),
        TEST(test_a_code_of_somebody_else_ends_the_order))
