/* Goal: a bank's file is read whole or refused whole. Method: one good file; then each of its parts
 * as no bank may write it. What a day's comparison finds: tests/flow_channels_bank.c. */
#include "bank/reconcile.h"

#include "base/expect.h"

enum { LINES_MAX = 4 };
static BankLine lines[LINES_MAX];
static size_t count;

static Status read_text(const char *file)
{
    return reconcile_read(span_of_text(file), lines, LINES_MAX, &count);
}

static void test_a_file_is_read(void)
{
    EXPECT_OK(read_text(
            "sandbox_order,kind,amount\r\nfund-001,FUNDING,100\r\nout-0001,WITHDRAWAL,7\r\n"));
    EXPECT(count == 2 && strcmp(lines[0].number, "fund-001") == 0);
    EXPECT(lines[0].kind == CHANNEL_FUNDING && lines[0].minor == 100);
    EXPECT(lines[1].kind == CHANNEL_WITHDRAWAL && lines[1].minor == 7);
    EXPECT_OK(read_text("sandbox_order,kind,amount\r\n"));
    EXPECT(count == 0); /* a day without orders */
}

static void test_what_is_no_file_is_refused(void)
{
    static const char *const wrong[] = { "", "sandbox_order,kind\r\nfund-001,FUNDING\r\n",
        "number,kind,amount\r\nfund-001,FUNDING,100\r\n",
        "sandbox_order,kind,amount,more\r\nfund-001,FUNDING,100,1\r\n",
        "sandbox_order,kind,amount\r\nfund-001,FUNDING\r\n",
        "sandbox_order,kind,amount\r\nfund-001,LOAN,100\r\n",
        "sandbox_order,kind,amount\r\nfund-001,FUNDING,0\r\n",
        "sandbox_order,kind,amount\r\nfund-001,FUNDING,-1\r\n",
        "sandbox_order,kind,amount\r\nfund-001,FUNDING,1e2\r\n",
        "sandbox_order,kind,amount\r\nfund-001,FUNDING,99999999999999999999\r\n",
        "sandbox_order,kind,amount\r\n../x/y/z,FUNDING,100\r\n",
        "sandbox_order,kind,amount\r\nshort,FUNDING,100\r\n",
        "sandbox_order,kind,amount\r\nfund-0000000000000000000000000000001,FUNDING,100\r\n" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(read_text(wrong[i]), REFUSED_BANK_FILE);
}

static void test_a_file_that_is_too_long_is_refused(void)
{
    EXPECT_REFUSED(
            read_text("sandbox_order,kind,amount\r\nfund-001,FUNDING,1\r\nfund-002,FUNDING,1\r\n"
                      "fund-003,FUNDING,1\r\nfund-004,FUNDING,1\r\nfund-005,FUNDING,1\r\n"),
            REFUSED_BUFFER_FULL);
}

TESTS(TEST(test_a_file_is_read), TEST(test_what_is_no_file_is_refused),
        TEST(test_a_file_that_is_too_long_is_refused))
