#include "api/bill_form.h"

/* Whatever query a merchant signs: a form that is read is one that there is, and no token but ours
 * opens anything. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now_us(void *context) { return INT64_C(1796000000000000); }

static void check_ask(Status s, const BillAsk *ask, const char *field)
{
    ASSERT(field != NULL);
    if (!status_ok(s)) return;
    ASSERT(ask->kind >= BILL_TRADE_ALL && ask->kind <= BILL_FUND_BASIC);
    ASSERT(ask->hash >= BILL_HASH_SHA1 && ask->hash <= BILL_HASH_SM3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static House house;
    const Span query = { data, size };
    const char *field = NULL;
    BillAsk ask = { 0 };
    house.clock = (Clock) { now_us, NULL };
    check_ask(bill_form_trade(query, &ask, &field), &ask, field);
    field = NULL;
    check_ask(bill_form_fund(query, &ask, &field), &ask, field);
    ASSERT(!status_ok(bill_token_check(&house, "1900000001", query, &ask)));
    return 0;
}
