#include "base/expect.h"
#include "policy/purposes.h"
#include "policy/tables.h"

/* Goal: a class keeps its number for ever: boxes and fields hold it. Method: the numbers
 * as they were given out. */
static void test_numbers_stay(void)
{
    static const struct {
        uint32_t number;
        const char *name;
    } given[] = { { 1, "public" }, { 2, "financial" }, { 3, "identity" }, { 4, "free-text" },
        { 5, "key-public" }, { 6, "binding" }, { 101, "pin" }, { 102, "signing-key" },
        { 103, "password" }, { 104, "card" }, { 105, "card-expiry" }, { 106, "prohibited" },
        { 107, "one-time-code" }, { 108, "biometric" }, { 109, "identity-number" },
        { 110, "phone" }, { 111, "name" }, { 112, "email" }, { 113, "address" },
        { 114, "bank-account" }, { 115, "second-factor" } };
    EXPECT(sizeof(given) / sizeof(given[0]) == DATA_CLASS_COUNT);
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        DataClass class = 0;
        EXPECT(data_class_of(span_of_text(given[i].name), &class) && class == given[i].number);
        EXPECT(data_class_at(i)->class == class && data_class_facts(class) == data_class_at(i));
        EXPECT(strcmp(data_class_name(class), given[i].name) == 0);
    }
}

/* Goal: what is no class is none. Method: neighbours of the numbers, names that nearly fit. */
static void test_strangers_are_none(void)
{
    static const uint32_t numbers[] = { 0, 7, 100, 116, UINT32_MAX };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        EXPECT(data_class_facts(numbers[i]) == NULL);
    DataClass class = 0;
    EXPECT(!data_class_of(SPAN(""), &class) && !data_class_of(SPAN("Card"), &class));
    EXPECT(!data_class_of(SPAN("card "), &class) && !data_class_of(SPAN("car"), &class));
    EXPECT(strcmp(data_class_name(7), "?") == 0);
}

TESTS(TEST(test_numbers_stay), TEST(test_strangers_are_none))
