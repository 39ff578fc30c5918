#include "policy/contract_terms.h"

#include "base/encoding.h"
#include "base/time.h"

#include <inttypes.h>

static Status put_line(Buffer *b, Span text)
{
    for (size_t i = 0; i < text.size; i++)
        REQUIRE(text.data[i] >= 0x20 && text.data[i] != 0x7F, REFUSED_CONTRACT_FIELD);
    TRY(buffer_put(b, text));
    return buffer_put_u8(b, '\n');
}

Status contract_terms_text(const ContractTerms *terms, Buffer *ret_text)
{
    const int64_t numbers[] = { terms->one_minor, terms->period, terms->period_minor,
        terms->period_count, terms->notice_hours, terms->currency, terms->until_us };
    TRY(put_line(ret_text, SPAN("hufu-contract-1")));
    TRY(put_line(ret_text, terms->mchid));
    TRY(put_line(ret_text, terms->code));
    TRY(buffer_print(ret_text, "%" PRId64 "\n", terms->plan));
    TRY(put_line(ret_text, terms->title));
    TRY(put_line(ret_text, terms->account));
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        TRY(buffer_print(ret_text, "%" PRId64 "\n", numbers[i]));
    return OK;
}

void contract_terms_order(
        const uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES], char ret_order[CONTRACT_ORDER_BYTES + 1])
{
    Buffer b = { (uint8_t *)ret_order, 0, CONTRACT_ORDER_BYTES };
    const bool fits = status_ok(buffer_put(&b, SPAN("contract/")))
            && status_ok(hex_encode((Span) { digest, CONTRACT_TERMS_DIGEST_BYTES }, &b));
    ASSERT(fits);
    ret_order[b.size] = 0;
}

bool contract_period_is_valid(int64_t period)
{
    return period >= CONTRACT_EACH_DAY && period <= CONTRACT_EACH_YEAR;
}

static int64_t number_of(const char *digits, size_t count)
{
    int64_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number * 10 + (digits[i] - '0');
    return number;
}

int64_t contract_period_at(int64_t period, int64_t time_us)
{
    enum { THURSDAY = 3, WEEK = 7, MONTHS = 12 }; /* day 0 was one; days behind Monday */
    const int32_t day = time_business_day(time_us);
    char text[9];
    time_business_day_text(day, text);
    switch (period) {
    case CONTRACT_EACH_DAY: return day;
    case CONTRACT_EACH_WEEK: return ((int64_t)day + THURSDAY) / WEEK;
    case CONTRACT_EACH_MONTH: return number_of(text, 4) * MONTHS + number_of(text + 4, 2);
    case CONTRACT_EACH_YEAR: return number_of(text, 4);
    default: return 0;
    }
}

int64_t contract_announced_from(int64_t announced_us, int64_t hours)
{
    return announced_us + hours * 3600 * TIME_SECOND_US;
}

int64_t contract_announced_until(int64_t announced_us, int64_t hours)
{
    return contract_announced_from(announced_us, hours) + CONTRACT_ANNOUNCED_DAYS * TIME_DAY_US;
}
