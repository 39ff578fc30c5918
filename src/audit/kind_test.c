/* Goal: every behaviour that LL-4.5.3 names has its category, and every kind a title in both
 * languages. Method: all kinds there are; events of each category and their neighbours. */
#include "audit/kind.h"
#include "base/expect.h"

static AuditCategory judge(AuditKind kind, int32_t outcome, const char *subject)
{
    const AuditEvent event = { .kind = kind, .outcome = outcome, .subject = span_of_text(subject) };
    return audit_category(&event);
}

/* RULE: LL-4.5.3 登录失败、权限升级、计划变更、非法访问、敏感数据访问 */
static void test_each_of_the_five_is_told_apart(void)
{
    EXPECT(judge(AUDIT_ORDER_PAY, REFUSED_PIN_WRONG, "m/N") == AUDIT_CATEGORY_LOGIN_FAILURE);
    EXPECT(judge(AUDIT_REFUSED_AT_DOOR, REFUSED_SIGNATURE_INVALID, "")
            == AUDIT_CATEGORY_LOGIN_FAILURE);
    EXPECT(judge(AUDIT_CALLER_ADD, 0, "c") == AUDIT_CATEGORY_PRIVILEGE);
    EXPECT(judge(AUDIT_CALLER_ADD, REFUSED_CALLER_EXISTS, "c") == AUDIT_CATEGORY_PRIVILEGE);
    EXPECT(judge(AUDIT_VAULT_ACT, 0, "operator.enrol/bob") == AUDIT_CATEGORY_PRIVILEGE);
    EXPECT(judge(AUDIT_VAULT_ACT, 0, "policy.set/1f") == AUDIT_CATEGORY_PLAN);
    EXPECT(judge(AUDIT_VAULT_ACT, 0, "") == AUDIT_CATEGORY_PLAN);
    EXPECT(judge(AUDIT_REFUSED_AT_DOOR, REFUSED_CALLER_RIGHT, "") == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_VAULT_ALARM, REFUSED_REVEAL_BUDGET, "card") == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_VAULT_ALARM, 0, "card") == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_REVEAL, 0, "card/court") == AUDIT_CATEGORY_SENSITIVE_READ);
    EXPECT(judge(AUDIT_READ, 0, "card") == AUDIT_CATEGORY_SENSITIVE_READ);
    EXPECT(judge(AUDIT_VAULT_ACT, 0, "field.reveal/x") == AUDIT_CATEGORY_SENSITIVE_READ);
}

/* Goal: who hands in an approval that is not his to give is an illegal access, no failed log-in; a
 * name that nobody has is neither elsewhere. (LL-4.5.3 非法访问) */
static void test_approvals_that_are_nobodys(void)
{
    EXPECT(judge(AUDIT_REQUEST_APPROVE, REFUSED_PRINCIPAL_UNKNOWN, "r") == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_REQUEST_APPROVE, REFUSED_REQUEST_SIGNATURE, "r") == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_REQUEST_APPROVE, REFUSED_REQUEST_OWN, "r") == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_REQUEST_APPROVE, REFUSED_REQUEST_SAME_PERSON, "r")
            == AUDIT_CATEGORY_ILLEGAL);
    EXPECT(judge(AUDIT_REQUEST_APPROVE, REFUSED_REQUEST_TWICE, "r") == AUDIT_CATEGORY_REFUSAL);
    EXPECT(judge(AUDIT_REQUEST_APPROVE, 0, "r") == AUDIT_CATEGORY_APPROVAL);
    EXPECT(judge(AUDIT_ACCESS_LEAVE, REFUSED_PRINCIPAL_UNKNOWN, "x") == AUDIT_CATEGORY_PRIVILEGE);
    EXPECT(judge(AUDIT_OPERATION_REFUSED, REFUSED_PRINCIPAL_UNKNOWN, "access.explain")
            == AUDIT_CATEGORY_REFUSAL);
}

static void test_and_the_others(void)
{
    EXPECT(judge(AUDIT_ORDER_PAY, 0, "m/N") == AUDIT_CATEGORY_BUSINESS);
    EXPECT(judge(AUDIT_ORDER_PAY, REFUSED_BALANCE_NOT_ENOUGH, "m/N") == AUDIT_CATEGORY_REFUSAL);
    EXPECT(judge(AUDIT_READ, REFUSED_SUBJECT_UNKNOWN, "x") == AUDIT_CATEGORY_REFUSAL);
    EXPECT(judge(AUDIT_INCIDENT_CLOSE, 0, "I1") == AUDIT_CATEGORY_APPROVAL);
    EXPECT(judge(AUDIT_DAY_END, FAULT_DISK, "day") == AUDIT_CATEGORY_BUSINESS);
    EXPECT(judge((AuditKind)255, 0, "") == AUDIT_CATEGORY_BUSINESS); /* of a later version */
}

static void test_every_kind_has_its_names(void)
{
    size_t count = 0;
    for (int k = 1; k < AUDIT_KINDS_MAX; k++) {
        AuditKind found = 0;
        const AuditKind kind = (AuditKind)k;
        const char *name = audit_kind_name(kind);
        if (strcmp(name, "unknown") == 0) continue;
        EXPECT(audit_kind_of(span_of_text(name), &found) && found == kind);
        EXPECT(strcmp(audit_kind_title(kind, false), name) != 0); /* add it to kind.c */
        EXPECT(strcmp(audit_kind_title(kind, true), audit_kind_title(kind, false)) != 0);
        count++;
    }
    EXPECT(count >= 42);
    EXPECT(!audit_kind_of(SPAN("unknown"), &(AuditKind) { 0 }));
    EXPECT(!audit_kind_of(SPAN("order.pa"), &(AuditKind) { 0 }));
}

static void test_every_category_has_its_names(void)
{
    for (int c = 0; c < AUDIT_CATEGORY_COUNT; c++) {
        AuditCategory found = AUDIT_CATEGORY_COUNT;
        const AuditCategory category = (AuditCategory)c;
        EXPECT(audit_category_of(span_of_text(audit_category_name(category)), &found));
        EXPECT(found == category);
        EXPECT(audit_category_title(category, true)[0] != audit_category_title(category, false)[0]);
    }
    EXPECT(strcmp(audit_category_name(AUDIT_CATEGORY_COUNT), "unknown") == 0);
    EXPECT(!audit_category_of(SPAN("unknown"), &(AuditCategory) { 0 }));
}

TESTS(TEST(test_each_of_the_five_is_told_apart), TEST(test_approvals_that_are_nobodys),
        TEST(test_and_the_others), TEST(test_every_kind_has_its_names),
        TEST(test_every_category_has_its_names))
