/* Goal: whoever is not of the house acts on his own tenant alone, however he spells the other one
 * (LL-4.5.2). */
#include "api/admin_inside.h"
#include "base/expect.h"

typedef struct Case {
    const char *members;
    bool own; /* of the merchant 1900000001 */
} Case;

static const Case cases[] = {
    { "", false },
    { ",\"mchid\":\"1900000001\"", true },
    { ",\"tenant\":\"1900000001\"", true },
    { ",\"mchid\":\"1900000001\",\"tenant\":\"1900000001\"", true },
    { ",\"mchid\":\"1900000002\"", false },
    { ",\"tenant\":\"hufu\"", false },
    { ",\"mchid\":\"1900000001\",\"tenant\":\"1900000002\"", false },
    { ",\"mchid\":\"1900000002\",\"tenant\":\"1900000001\"", false },
    { ",\"mchid\":\"\"", false },
    { ",\"mchid\":\"1900000001 \"", false },
    { ",\"mchid\":null", false },
    { ",\"mchid\":1900000001", false },
    { ",\"mchid\":[\"1900000001\"]", false },
    { ",\"MCHID\":\"1900000001\"", false },
    { ",\"filter\":{\"mchid\":\"1900000001\"}", false },
};

static Status judge(const char *members, const char *tenant)
{
    char json[256];
    Asker asker = { 0 };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    snprintf(json, sizeof(json), "{\"operation\":\"x\"%s}", members);
    snprintf(asker.tenant, sizeof(asker.tenant), "%s", tenant);
    TRY(json_parse(span_of_text(json), &document, &problem));
    return admin_own_tenant(document, &asker);
}

static void test_merchants_name_their_own_tenant(void)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Status s = judge(cases[i].members, "1900000001");
        if (status_ok(s) != cases[i].own) fprintf(stderr, "  %s\n", cases[i].members);
        EXPECT(status_ok(s) == cases[i].own && !status_broken(s));
        EXPECT_OK(judge(cases[i].members, ASKER_HOUSE));
    }
}

TESTS(TEST(test_merchants_name_their_own_tenant))
