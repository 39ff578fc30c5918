/* Goal: every JSON field is declared, as sensitive as its class, and has at least one way through
 * our doors (LL-4.5.1). Method: walk the registry. */
#include "policy/fields.h"

#include "base/expect.h"
#include "policy/log_door.h"
#include "policy/tables.h"

static bool is_sound(const DataField *field)
{
    const Status request = field_allow(field->name, LAYER_REQUEST, PURPOSE_ANY);
    const Status answer = field_allow(field->name, LAYER_ANSWER, PURPOSE_ANY);
    const Status process = field_allow(field->name, LAYER_PROCESS, PURPOSE_ANY);
    const Status bank = field_allow(field->name, LAYER_PARTNER, PURPOSE_BANK_CHANNEL);
    const bool sound = data_field(field->name) == field && field->owner[0] != 0
            && field->level >= data_class_facts(field->class)->level
            && (status_ok(request) || status_ok(answer) || status_ok(process) || status_ok(bank));
    if (!sound) fprintf(stderr, "  %s\n", field->name);
    return sound;
}

static void test_every_field_is_sound(void)
{
    for (size_t i = 0; i < data_field_count(); i++) {
        EXPECT(is_sound(data_field_at(i)));
        EXPECT(i == 0 || strcmp(data_field_at(i - 1)->name, data_field_at(i)->name) < 0);
    }
}

/* A box may come in and never go out; what nobody declared does neither (TP-6). */
static void test_doors(void)
{
    EXPECT_OK(field_allow("box", LAYER_REQUEST, PURPOSE_ANY));
    EXPECT_REFUSED(field_allow("box", LAYER_ANSWER, PURPOSE_ANY), REFUSED_POLICY_REFUSES);
    EXPECT_REFUSED(field_allow("apiv3_box", LAYER_ANSWER, PURPOSE_ANY), REFUSED_POLICY_REFUSES);
    EXPECT_REFUSED(field_allow("cvn2", LAYER_ANSWER, PURPOSE_ANY), REFUSED_FIELD_UNDECLARED);
    EXPECT_REFUSED(field_allow("", LAYER_ANSWER, PURPOSE_ANY), REFUSED_FIELD_UNDECLARED);
    EXPECT(data_field("zzz") == NULL && data_field("AMOUNT") == NULL);
}

/* Goal: a column may hold what its class allows in a database, and nothing else (TP-5 to TP-8). */
static void test_columns(void)
{
    static const Column columns[] = {
        { 1, "balance", VALUE_INT, false, CLASS_FINANCIAL, LEVEL_C2, "test" },
        { 2, "card_token", VALUE_TEXT, false, CLASS_CARD, LEVEL_C2, "test", FORM_TOKEN },
        { 3, "card_mask", VALUE_TEXT, false, CLASS_CARD, LEVEL_C2, "test", FORM_MASK },
        { 4, "phone", VALUE_BYTES, false, CLASS_PHONE, LEVEL_C2, "test", FORM_ENCRYPT },
    };
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        EXPECT_OK(column_allow(&columns[i]));
    Column bad = { 5, "card", VALUE_TEXT, false, CLASS_CARD, LEVEL_C2, "test" };
    EXPECT_REFUSED(column_allow(&bad), REFUSED_POLICY_FORM);
    bad.form = FORM_ENCRYPT; /* inside the domain only */
    EXPECT_REFUSED(column_allow(&bad), REFUSED_POLICY_FORM);
    bad.class = CLASS_PROHIBITED;
    EXPECT_REFUSED(column_allow(&bad), REFUSED_POLICY_REFUSES);
    bad.class = 0;
    EXPECT_REFUSED(column_allow(&bad), REFUSED_POLICY_UNKNOWN);
}

/* Every log key's class may be logged (the compiler saw to it), until two people say otherwise. */
static void test_log_keys(void)
{
    for (int key = 0; key < LOG_KEY_COUNT_OF; key++)
        EXPECT(log_door((LogKey)key));
}

TESTS(TEST(test_columns), TEST(test_log_keys), TEST(test_every_field_is_sound), TEST(test_doors))
