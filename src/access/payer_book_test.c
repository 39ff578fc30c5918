/* Goal: who registered is known, whoever else is not, however many there are. */
#include "access/payer_book.h"
#include "base/expect.h"

static Span name_of(unsigned number, char memory[32])
{
    snprintf(memory, 32, "payer-%u", number);
    return span_of_text(memory);
}

static void test_a_crowd(void)
{
    const Random random = random_system();
    CLEANUP(payer_book_close) PayerBook *book = NULL;
    char memory[32];
    ASSERT(status_ok(payer_book_open(&random, &book)));
    EXPECT(!payer_book_has(book, SPAN("payer-0")));
    for (unsigned i = 0; i < 20000; i += 2)
        EXPECT_OK(payer_book_add(book, name_of(i, memory)));
    EXPECT_OK(payer_book_add(book, name_of(0, memory)));
    EXPECT(payer_book_count(book) == 10000);
    for (unsigned i = 0; i < 20000; i++)
        EXPECT(payer_book_has(book, name_of(i, memory)) == (i % 2 == 0));
}

TESTS(TEST(test_a_crowd))
