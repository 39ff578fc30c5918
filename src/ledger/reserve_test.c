/* Goal: a statement of the bank's is read as it was meant or not at all, and what differs is exact.
 * Method: statements that are such and texts that are none; figures at their borders. The units on
 * real rows: tests/flow_settlement.c. */
#include "ledger/reserve.h"

#include "base/expect.h"
#include "base/time.h"
#include "ledger/reserve_file.h"

static void test_a_statement_is_read(void)
{
    static ReserveLine lines[RESERVE_LINES_MAX];
    size_t count = 0;
    EXPECT_OK(reserve_file_parse(SPAN("date,currency,balance\r\n2026-11-26,CNY,0.5\r\n"
                                      "2026-11-27,CNY,12345.67\n"),
            lines, &count));
    EXPECT(count == 2 && lines[0].minor == 50 && lines[1].minor == 1234567);
    EXPECT(lines[1].day == lines[0].day + 1 && lines[1].currency == CURRENCY_CNY);
}

static void test_what_is_no_statement(void)
{
#define HEAD "date,currency,balance\n"
    static const char *const wrong[] = { "", HEAD, "date,currency\n2026-11-27,CNY,1\n",
        HEAD "2026-11-27,CNY,1", HEAD "2026-11-31,CNY,1\n", HEAD "2026-11-27,XXX,1\n",
        HEAD "2026-11-27,CNY,-1\n", HEAD "2026-11-27,CNY,1.234\n", HEAD "2026-11-27,CNY,1,2\n",
        HEAD "2026-11-27,CNY,\n", HEAD "2026-11-27,CNY,1\n2026-11-27,CNY,1\n",
        HEAD "2026-11-28,CNY,1\n2026-11-27,CNY,1\n", HEAD "\n", HEAD "2026-11-27,CNY,1\n\n" };
    static ReserveLine lines[RESERVE_LINES_MAX];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        size_t count = 7;
        EXPECT_REFUSED(
                reserve_file_parse(span_of_text(wrong[i]), lines, &count), REFUSED_RESERVE_FORMAT);
        EXPECT(count == 7);
    }
}

static void test_the_difference(void)
{
    ReserveDay day = { .customers_minor = 100, .payables_minor = 20, .fees_minor = 3 };
    int64_t minor = 0;
    day.statement_minor = 123;
    EXPECT_OK(reserve_difference(&day, &minor));
    EXPECT(minor == 0);
    day.statement_minor = 100;
    EXPECT_OK(reserve_difference(&day, &minor));
    EXPECT(minor == -23);
    day.customers_minor = INT64_MAX;
    EXPECT_REFUSED(reserve_difference(&day, &minor), REFUSED_MONEY_OVERFLOW);
}

static void test_the_table_is_dense(void) { EXPECT(table_is_dense(&reserve_table)); }

TESTS(TEST(test_a_statement_is_read), TEST(test_what_is_no_statement), TEST(test_the_difference),
        TEST(test_the_table_is_dense))
