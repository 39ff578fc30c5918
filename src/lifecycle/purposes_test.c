/*
 * Goal: the file that is in force says what each purpose needs, and a file that contradicts itself
 * or the specification is refused at its line (LL-2.3.1, TP-5, TP-17). Method: our own file; then a
 * small right one with one thing wrong at a time.
 */
#include "lifecycle/house_for_tests.h"

static void test_the_file_in_force(void)
{
    Purposes p = { 0 };
    EXPECT_OK(house_purposes(&p));
    const Purpose *payment = purpose_named(&p, SPAN("payment"));
    EXPECT(payment != NULL && payment->basis == BASIS_CONTRACT && payment->law_days >= 3650);
    EXPECT((payment->needs & class_set_of(CLASS_CARD)) != 0);
    EXPECT((payment->needs & class_set_of(CLASS_EMAIL)) == 0);
    EXPECT(purpose_numbered(&p, payment->number) == payment);
    EXPECT(purpose_named(&p, SPAN("marketing"))->basis == BASIS_CONSENT);
    EXPECT(purpose_named(&p, SPAN("security-log"))->keep_days >= 180);
    EXPECT(purpose_named(&p, SPAN("nothing")) == NULL && purpose_numbered(&p, 0) == NULL);
    EXPECT(p.answer_working_days == 15);
    for (size_t i = 0; i < p.count; i++)
        EXPECT((p.of[i].needs & class_set_of(CLASS_PROHIBITED)) == 0);
    const Purposes empty = { 0 }; /* one that was never read knows nothing */
    EXPECT(purpose_named(&empty, SPAN("payment")) == NULL);
}

#define HEAD "version: 1\nanswer_working_days: 15\nsensitive: [card]\n"
#define PARTIES                                                                  \
    "parties:\n  - { name: bank, kind: institution, payment_qualified: true }\n" \
    "  - { name: shop, kind: processor, payment_qualified: false }\n"
#define HOLD                                                                             \
    "  - { name: hold, number: 9, basis: law, needs: [card], keep_days: 0, law_days: 0," \
    " hold: true }\n"
#define PURPOSE(rest) HEAD PARTIES "purposes:\n" HOLD "  - { name: pay, number: 1, " rest " }\n"

static Status parse(const char *text)
{
    Purposes p = { 0 };
    YamlProblem problem = { 0 };
    const Status s = purposes_parse(span_of_text(text), &p, &problem);
    if (!status_ok(s) && problem.line == 0) return BROKEN(FAULT_MEMORY); /* it must say where */
    return s;
}

static void test_what_contradicts_is_refused(void)
{
    static const char right[] = "basis: contract, needs: [card, name], keep_days: 9, law_days: 9,"
                                " share: [bank], entrust: [shop]";
    char text[2048];
    snprintf(text, sizeof(text),
            HEAD PARTIES "purposes:\n" HOLD "  - { name: pay, number: 1, %s }\n", right);
    EXPECT_OK(parse(text));
    static const char *const wrong[] = {
        PURPOSE("basis: taste, needs: [card], keep_days: 9, law_days: 0"),
        PURPOSE("basis: law, needs: [tail], keep_days: 9, law_days: 0"),
        PURPOSE("basis: law, needs: [prohibited], keep_days: 9, law_days: 0"),
        PURPOSE("basis: law, needs: [card, card], keep_days: 9, law_days: 0"),
        PURPOSE("basis: law, needs: [card], keep_days: 9, law_days: 10"),
        PURPOSE("basis: consent, needs: [card], keep_days: 9, law_days: 9"),
        PURPOSE("basis: consent, needs: [card], keep_days: 9, law_days: 0, hold: true"),
        PURPOSE("basis: law, needs: [card], keep_days: 9, law_days: 0, hold: true"),
        PURPOSE("basis: contract, needs: [card], keep_days: 9, law_days: 0, share: [nobody]"),
        PURPOSE("basis: contract, needs: [card], keep_days: 9, law_days: 0, entrust: [shop]"),
        HEAD PARTIES "purposes:\n" HOLD
                     "  - { name: hold, number: 1, basis: law, needs: [card], keep_days: 0,"
                     " law_days: 0 }\n",
        HEAD PARTIES "purposes:\n" HOLD
                     "  - { name: pay, number: 9, basis: law, needs: [card], keep_days: 0,"
                     " law_days: 0 }\n",
        HEAD PARTIES "purposes:\n" HOLD
                     "  - { name: Pay, number: 1, basis: law, needs: [card], keep_days: 0,"
                     " law_days: 0 }\n",
        HEAD PARTIES "purposes:\n  - { name: pay, number: 1, basis: law, needs: [card],"
                     " keep_days: 0, law_days: 0 }\n",
        HEAD "parties:\n  - { name: a, kind: friend, payment_qualified: true }\n"
             "purposes:\n" HOLD,
        HEAD "parties:\n  - { name: a, kind: processor, payment_qualified: true }\n"
             "  - { name: a, kind: processor, payment_qualified: true }\npurposes:\n" HOLD,
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        EXPECT_REFUSED(parse(wrong[i]), REFUSED_PURPOSES_INVALID);
    EXPECT_REFUSED(parse(PURPOSE("basis: law, needs: [card], keep_days: -1, law_days: 0")),
            REFUSED_YAML_RANGE);
    EXPECT_REFUSED(parse(PURPOSE("basis: law, needs: [card], keep: 1, law_days: 0")),
            REFUSED_YAML_UNKNOWN_KEY);
}

static void test_a_file_that_is_not_there(void)
{
    Purposes p = { 0 };
    YamlProblem problem = { 0 };
    EXPECT_REFUSED(purposes_load("/nonexistent.yaml", &p, &problem), REFUSED_PURPOSES_INVALID);
    EXPECT(problem.line == 0 && p.magic == 0);
}

static void test_tables_are_dense(void)
{
    for (size_t i = 0; i < lifecycle_schema.table_count; i++)
        EXPECT(table_is_dense(lifecycle_schema.tables[i]));
}

/* Whose register counts: by use, unless the file says so; a file that was never read is strict. */
static void test_whose_register(void)
{
    Purposes p = { 0 };
    YamlProblem problem = { 0 };
    EXPECT(purposes_register(&p, SPAN("a")) == REGISTER_OURS);
#define TENANTS(list)                                               \
    PURPOSE("basis: law, needs: [card], keep_days: 9, law_days: 0") \
    "tenants:\n" list
    EXPECT_OK(purposes_parse(SPAN(TENANTS("  - { tenant: a, register: ours }\n"
                                          "  - { tenant: b, register: own }\n")),
            &p, &problem));
    EXPECT(purposes_register(&p, SPAN("a")) == REGISTER_OURS);
    EXPECT(purposes_register(&p, SPAN("b")) == REGISTER_OWN);
    EXPECT(purposes_register(&p, SPAN("c")) == REGISTER_BY_USE);
    EXPECT(!status_ok(parse(TENANTS("  - { tenant: a, register: none }\n"))));
    EXPECT(!status_ok(parse(TENANTS("  - { tenant: a, register: own }\n"
                                    "  - { tenant: a, register: ours }\n"))));
}

TESTS(TEST(test_whose_register), TEST(test_the_file_in_force),
        TEST(test_what_contradicts_is_refused), TEST(test_a_file_that_is_not_there),
        TEST(test_tables_are_dense))
