/*
 * Goal: the compiled policy is the specification, cell by cell, and nothing else. Method: the table
 * written a second time, by another hand and in another shape than rules/policy.yaml; then every
 * sentence of TP-4 to TP-9, TP-11, TP-13, TP-14, TP-17, TP-18 and TP-19 that says what may be done
 * with data, as the forms that it forbids and permits.
 */
#include "policy/policy.h"

#include "base/expect.h"
#include "policy/amend.h"

/* Letters: . refuse, h hash, e encrypt, m mask, t token, s seal, c clear; the usual form first.
 * Columns: database, domain store, cache inside, cache outside, log, display, export, share,
 * disclose, entrust, barcode, partner, notification, answer, request, process. */
typedef struct Row {
    DataClass class;
    const char *cells[POLICY_LAYER_COUNT];
} Row;

#define PASSWORD_CELLS                                                                  \
    {                                                                                   \
        ".", "h", "h", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", "e", "eh" \
    }
#define CARD_CELLS                                                                               \
    {                                                                                            \
        "tm", "eht", "ehtm", "mt", "mt", "mt", "mt", ".", ".", ".", ".", "mt", "m", "mt", "etm", \
                "ehtm"                                                                           \
    }
#define PERSON_CELLS                                                                               \
    {                                                                                              \
        "ehtm", "eht", "ehtm", "mt", "mt", "mt", "mt", ".", ".", ".", ".", "mt", "m", "mt", "etm", \
                "ehtm"                                                                             \
    }

static const Row rows[DATA_CLASS_COUNT] = {
    { CLASS_PUBLIC,
            { "sc", "c", "c", "c", "c", "c", "c", "c", "c", "c", "c", "c", "c", "c", "c", "c" } },
    { CLASS_FINANCIAL,
            { "s", "s", "c", "c", ".", "c", "c", ".", ".", ".", ".", "c", "c", "c", "c", "c" } },
    { CLASS_IDENTITY,
            { "sct", "cte", "ct", "ct", "tm", "ct", "ct", "t", ".", "t", ".", "t", "t", "ct", "ct",
                    "ct" } },
    { CLASS_FREE_TEXT,
            { "sc", ".", "c", "c", ".", "c", "c", ".", ".", ".", ".", "c", "c", "c", "c", "c" } },
    { CLASS_KEY_PUBLIC,
            { "sc", "c", "c", "c", "c", "c", "c", "c", "c", "c", ".", "c", "c", "c", "c", "c" } },
    { CLASS_BINDING,
            { "s", "se", "ct", "ct", "t", "ct", "t", ".", ".", ".", ".", "t", "t", "ct", "ct",
                    "sct" } },
    { CLASS_PIN, PASSWORD_CELLS },
    { CLASS_SIGNING_KEY,
            { ".", "e", "e", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", "e", "e" } },
    { CLASS_PASSWORD, PASSWORD_CELLS },
    { CLASS_CARD, CARD_CELLS },
    { CLASS_CARD_EXPIRY,
            { ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", "e", "e" } },
    { CLASS_PROHIBITED,
            { ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", "." } },
    { CLASS_ONE_TIME_CODE, PASSWORD_CELLS },
    { CLASS_BIOMETRIC,
            { ".", "eh", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", "e", "e" } },
    { CLASS_IDENTITY_NUMBER, PERSON_CELLS },
    { CLASS_PHONE, PERSON_CELLS },
    { CLASS_NAME, PERSON_CELLS },
    { CLASS_EMAIL, PERSON_CELLS },
    { CLASS_ADDRESS, PERSON_CELLS },
    { CLASS_BANK_ACCOUNT, CARD_CELLS },
    { CLASS_SECOND_FACTOR,
            { ".", "e", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", ".", "e", "e" } },
};

typedef struct Special {
    DataClass class;
    PolicyLayer layer;
    PolicyPurpose purpose;
    const char *forms;
} Special;

#define PERSON_SPECIALS(class)                                \
    { class, LAYER_DISPLAY, PURPOSE_MERCHANT_TERMINAL, "." }, \
            { class, LAYER_SHARE, PURPOSE_LEGAL_ORDER, "e" }, \
    {                                                         \
        class, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, "et"      \
    }

static const Special specials[] = {
    { CLASS_PROHIBITED, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, "e" },
    { CLASS_PROHIBITED, LAYER_REQUEST, PURPOSE_BANK_CHANNEL, "e" },
    { CLASS_PROHIBITED, LAYER_PROCESS, PURPOSE_BANK_CHANNEL, "e" },
    { CLASS_CARD_EXPIRY, LAYER_DOMAIN, PURPOSE_GRANTED, "e" },
    { CLASS_CARD_EXPIRY, LAYER_PARTNER, PURPOSE_BANK_CHANNEL, "e" },
    { CLASS_ONE_TIME_CODE, LAYER_NOTIFICATION, PURPOSE_OWNER, "c" },
    { CLASS_SIGNING_KEY, LAYER_DISPLAY, PURPOSE_OWNER, "m" },
    { CLASS_SIGNING_KEY, LAYER_ANSWER, PURPOSE_OWNER, "e" },
    { CLASS_BINDING, LAYER_DISPLAY, PURPOSE_MERCHANT_TERMINAL, "." },
    { CLASS_IDENTITY, LAYER_DISPLAY, PURPOSE_MERCHANT_TERMINAL, "." },
    { CLASS_FINANCIAL, LAYER_SHARE, PURPOSE_LEGAL_ORDER, "c" },
    { CLASS_FINANCIAL, LAYER_BARCODE, PURPOSE_PAY, "c" },
    PERSON_SPECIALS(CLASS_CARD),
    PERSON_SPECIALS(CLASS_BANK_ACCOUNT),
    PERSON_SPECIALS(CLASS_IDENTITY_NUMBER),
    PERSON_SPECIALS(CLASS_PHONE),
    PERSON_SPECIALS(CLASS_NAME),
    PERSON_SPECIALS(CLASS_EMAIL),
    PERSON_SPECIALS(CLASS_ADDRESS),
};
enum { SPECIALS = sizeof(specials) / sizeof(specials[0]) };

static const char letters[] = ".hemtsc";

static PolicyForms forms_of(const char *text)
{
    PolicyForms forms = 0;
    for (; *text != 0 && *text != '.'; text++)
        forms |= FORM_BIT(strchr(letters, *text) - letters);
    return forms;
}

static bool is_cell(uint32_t class, uint32_t layer, uint32_t purpose, const char *cell)
{
    const PolicyDecision d = policy_decide(policy_default(), class, layer, purpose, 0);
    const bool same = d.rule != NULL && d.forms == forms_of(cell)
            && d.usual == (PolicyForm)(strchr(letters, cell[0]) - letters)
            && (uint32_t)d.purpose == purpose && !d.amended && d.until_us == 0;
    if (!same)
        fprintf(stderr, "  %s at %s for %s: not %s\n", data_class_name(class),
                policy_name(POLICY_LAYERS, layer), policy_name(POLICY_PURPOSES, purpose), cell);
    return same;
}

static void test_every_rule_has_its_row(void)
{
    for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
        EXPECT(rows[i].class == data_class_at(i)->class);
        for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++)
            EXPECT(is_cell(rows[i].class, layer, PURPOSE_ANY, rows[i].cells[layer - 1]));
    }
    for (size_t i = 0; i < SPECIALS; i++)
        EXPECT(is_cell(
                specials[i].class, specials[i].layer, specials[i].purpose, specials[i].forms));
    EXPECT(policy_rule_count() == DATA_CLASS_COUNT * POLICY_LAYER_COUNT + SPECIALS);
}

/* Goal: each rule says who demands it, and the answer is found from it. */
static void test_every_rule_names_its_clause(void)
{
    for (size_t i = 0; i < policy_rule_count(); i++) {
        const PolicyRule *rule = policy_rule_at(i);
        EXPECT(strncmp(rule->clause, "TP-", 3) == 0 || strncmp(rule->clause, "LL-", 3) == 0);
        EXPECT(rule->why[0] != 0);
        EXPECT(policy_rule_find(rule->class, rule->layer, rule->purpose) == rule);
    }
}

typedef struct Sentence {
    const char *clause;
    const char *text; /* of the specification */
    DataClass class;
    PolicyLayer layer;
    PolicyPurpose purpose;
    const char *never; /* forms that it forbids; "*": all */
    const char *may; /* forms that it permits; "": it says nothing of that */
} Sentence;

static const Sentence sentences[] = {
    { "TP-4(1)", "应采用信息输入安全防护、即时数据加密等安全措施防止数据被非法截获", CLASS_PIN,
            LAYER_REQUEST, PURPOSE_ANY, "c", "e" },
    { "TP-4(1)", "同上：卡号", CLASS_CARD, LAYER_REQUEST, PURPOSE_ANY, "c", "e" },
    { "TP-4(1)", "同上：生物特征", CLASS_BIOMETRIC, LAYER_REQUEST, PURPOSE_ANY, "c", "e" },
    { "TP-4(1)", "同上：验证码", CLASS_ONE_TIME_CODE, LAYER_REQUEST, PURPOSE_ANY, "c", "e" },
    { "TP-4(2)", "显示时应进行屏蔽处理", CLASS_CARD, LAYER_DISPLAY, PURPOSE_OWNER, "c", "m" },
    { "TP-4(2)", "支付敏感信息仅供授权用户或授权应用组件访问", CLASS_ONE_TIME_CODE, LAYER_SHARE,
            PURPOSE_ANY, "*", "" },
    { "TP-4(3)", "不得留存非本公司的支付敏感信息", CLASS_CARD_EXPIRY, LAYER_DOMAIN, PURPOSE_ANY,
            "*", "" },
    { "TP-4(3)", "确有必要留存的，应取得用户本人及账户管理机构的授权并进行加密或不可逆变换",
            CLASS_CARD_EXPIRY, LAYER_DOMAIN, PURPOSE_GRANTED, "cmt", "e" },
    { "TP-4(4)", "通过公共网络传输时应采取加密措施", CLASS_CARD, LAYER_PARTNER,
            PURPOSE_BANK_CHANNEL, "c", "e" },
    { "TP-4(4)", "在本地软件其他进程间传输时应采取加密措施", CLASS_PIN, LAYER_PROCESS, PURPOSE_ANY,
            "c", "e" },
    { "TP-4(4)", "同上：卡号", CLASS_CARD, LAYER_PROCESS, PURPOSE_ANY, "c", "e" },
    { "TP-5", "记录该类信息，直接触犯法律", CLASS_PROHIBITED, LAYER_DOMAIN, PURPOSE_GRANTED, "*",
            "" },
    { "TP-5(1)", "在DB中不允许存贮该类数据", CLASS_PROHIBITED, LAYER_DATABASE, PURPOSE_ANY, "*",
            "" },
    { "TP-5(1)", "同上：安全域", CLASS_PROHIBITED, LAYER_DOMAIN, PURPOSE_ANY, "*", "" },
    { "TP-5(1)", "同上：有效期", CLASS_CARD_EXPIRY, LAYER_DATABASE, PURPOSE_GRANTED, "*", "" },
    { "TP-5(2)", "在CKV中也不允许存贮该类数据", CLASS_PROHIBITED, LAYER_CACHE_INSIDE, PURPOSE_ANY,
            "*", "" },
    { "TP-5(2)", "同上：域外", CLASS_PROHIBITED, LAYER_CACHE_OUTSIDE, PURPOSE_ANY, "*", "" },
    { "TP-5(2)", "同上：有效期", CLASS_CARD_EXPIRY, LAYER_CACHE_INSIDE, PURPOSE_GRANTED, "*", "" },
    { "TP-5(3)", "不得在日志中打印记录任何形式的法律禁止存储的数据", CLASS_PROHIBITED, LAYER_LOG,
            PURPOSE_ANY, "*", "" },
    { "TP-5(3)", "同上：有效期", CLASS_CARD_EXPIRY, LAYER_LOG, PURPOSE_ANY, "*", "" },
    { "TP-6(1)", "数据必须存贮在安全域内", CLASS_PASSWORD, LAYER_DATABASE, PURPOSE_ANY, "*", "" },
    { "TP-6(1)", "存贮单向加盐哈希的摘要值", CLASS_PASSWORD, LAYER_DOMAIN, PURPOSE_ANY, "cemts",
            "h" },
    { "TP-6(1)", "同上：支付密码", CLASS_PIN, LAYER_DOMAIN, PURPOSE_ANY, "cemts", "h" },
    { "TP-6(2)", "在安全域内的CKV可以存贮单向哈希计算后的摘要", CLASS_PIN, LAYER_CACHE_INSIDE,
            PURPOSE_ANY, "cemts", "h" },
    { "TP-6(2)", "在安全域外的CKV不得存贮和密码相关的任何数据", CLASS_PIN, LAYER_CACHE_OUTSIDE,
            PURPOSE_ANY, "*", "" },
    { "TP-6(3)", "日志中不得打印记录任何密码的任何形式的数据", CLASS_PASSWORD, LAYER_LOG,
            PURPOSE_ANY, "*", "" },
    { "TP-6(3)", "系统中不得提供查询任何形式密码数据的接口", CLASS_PASSWORD, LAYER_ANSWER,
            PURPOSE_OWNER, "*", "" },
    { "TP-6(3)", "同上：控制台", CLASS_PIN, LAYER_DISPLAY, PURPOSE_AUDIT, "*", "" },
    { "TP-6(3)", "同上：导出", CLASS_PIN, LAYER_EXPORT, PURPOSE_AUDIT, "*", "" },
    { "TP-7(1)", "数据必须存贮在安全域内", CLASS_SIGNING_KEY, LAYER_DATABASE, PURPOSE_ANY, "*",
            "" },
    { "TP-7(1)", "存贮加盐加密后的密文", CLASS_SIGNING_KEY, LAYER_DOMAIN, PURPOSE_ANY, "chmts",
            "e" },
    { "TP-7(2)", "在安全域内的CKV可以存贮加盐加密后的密文", CLASS_SIGNING_KEY, LAYER_CACHE_INSIDE,
            PURPOSE_ANY, "chmts", "e" },
    { "TP-7(2)", "在安全域外的CKV不得存贮和签名key相关的任何数据", CLASS_SIGNING_KEY,
            LAYER_CACHE_OUTSIDE, PURPOSE_ANY, "*", "" },
    { "TP-7(3)", "日志不得打印记录任何签名Key的任何形式的数据", CLASS_SIGNING_KEY, LAYER_LOG,
            PURPOSE_ANY, "*", "" },
    { "TP-7(3)", "限定用户只能查看自己的签名key", CLASS_SIGNING_KEY, LAYER_ANSWER, PURPOSE_OWNER,
            "c", "e" },
    { "TP-7(3)", "非用户本身不得查看对应的签名key（包含加密后的签名key）", CLASS_SIGNING_KEY,
            LAYER_ANSWER, PURPOSE_OPERATE, "*", "" },
    { "TP-7(3)", "同上：控制台", CLASS_SIGNING_KEY, LAYER_DISPLAY, PURPOSE_AUDIT, "*", "" },
    { "TP-7(3)", "同上：导出", CLASS_SIGNING_KEY, LAYER_EXPORT, PURPOSE_AUDIT, "*", "" },
    { "TP-8", "如用户的银行卡号、开户行名称、地址等", CLASS_BANK_ACCOUNT, LAYER_DATABASE,
            PURPOSE_ANY, "ceh", "t" },
    { "TP-8(1)", "数据必须存贮在安全域内", CLASS_CARD, LAYER_DATABASE, PURPOSE_ANY, "ceh", "t" },
    { "TP-8(1)", "存贮加盐加密后的密文", CLASS_CARD, LAYER_DOMAIN, PURPOSE_ANY, "cs", "e" },
    { "TP-8(2)", "在安全域内的CKV可以存贮加盐加密后的密文", CLASS_CARD, LAYER_CACHE_INSIDE,
            PURPOSE_ANY, "cs", "e" },
    { "TP-8(2)", "在安全域外的CKV可以存贮加掩码后的卡号信息", CLASS_CARD, LAYER_CACHE_OUTSIDE,
            PURPOSE_ANY, "ceh", "m" },
    { "TP-8(3)", "日志不得记录相关信息的明文，确有需要的，需要加掩码后记录", CLASS_CARD, LAYER_LOG,
            PURPOSE_ANY, "ceh", "m" },
    { "TP-8(3)", "任何系统查询展示时，必须加掩码展示，不得直接明文展示", CLASS_CARD, LAYER_DISPLAY,
            PURPOSE_OPERATE, "ceh", "m" },
    { "TP-8(3)", "对外接口限定用户只能查看自己的信息，且展示时要加掩码展示", CLASS_CARD,
            LAYER_ANSWER, PURPOSE_OWNER, "ceh", "m" },
    { "TP-9(1)", "存贮于安全域内，并且对于签约关系需要提供防纂改功能", CLASS_BINDING, LAYER_DOMAIN,
            PURPOSE_ANY, "c", "s" },
    { "TP-9(1)", "同上", CLASS_BINDING, LAYER_DATABASE, PURPOSE_ANY, "c", "s" },
    { "TP-9(2)", "对绑定关系无特殊要求", CLASS_BINDING, LAYER_CACHE_OUTSIDE, PURPOSE_ANY, "", "c" },
    { "TP-9(2)", "如果绑定关系中涉及敏感信息，按照第4条到第8条的规则来进行处理", CLASS_CARD,
            LAYER_CACHE_OUTSIDE, PURPOSE_ANY, "c", "m" },
    { "TP-9(3)", "对于绑定关系中的关键数据比如用户id、卡信息提供防纂改功能", CLASS_IDENTITY,
            LAYER_DATABASE, PURPOSE_ANY, "", "s" },
    { "TP-11", "卡号，身份证只展示最后四位数字", CLASS_IDENTITY_NUMBER, LAYER_DISPLAY,
            PURPOSE_OWNER, "c", "m" },
    { "TP-13", "在DB保存以及传递过程中，都需要对其进行加密操作", CLASS_IDENTITY_NUMBER,
            LAYER_DATABASE, PURPOSE_ANY, "c", "e" },
    { "TP-14", "禁止在系统日志中记录用户的支付敏感信息", CLASS_PHONE, LAYER_LOG, PURPOSE_ANY, "ceh",
            "" },
    { "TP-17", "不得委托或授权无支付业务资质的合作机构采集支付敏感信息", CLASS_PROHIBITED,
            LAYER_PARTNER, PURPOSE_ANY, "*", "" },
    { "TP-17", "防止合作机构获取、留存支付敏感信息", CLASS_CARD, LAYER_PARTNER, PURPOSE_ANY, "ceh",
            "" },
    { "TP-18", "条码信息仅限包含当次支付相关信息", CLASS_FINANCIAL, LAYER_BARCODE, PURPOSE_PAY, "",
            "c" },
    { "TP-18", "不应包含任何与用户及其账户相关的支付敏感信息", CLASS_CARD, LAYER_BARCODE,
            PURPOSE_PAY, "*", "" },
    { "TP-18", "同上：账户", CLASS_IDENTITY, LAYER_BARCODE, PURPOSE_PAY, "*", "" },
    { "TP-18", "不得显示付款人的支付敏感信息", CLASS_CARD, LAYER_DISPLAY, PURPOSE_MERCHANT_TERMINAL,
            "*", "" },
    { "TP-18", "同上：姓名", CLASS_NAME, LAYER_DISPLAY, PURPOSE_MERCHANT_TERMINAL, "*", "" },
    { "TP-18", "应确保外包服务机构无法获取或者接触支付敏感信息", CLASS_CARD, LAYER_ENTRUST,
            PURPOSE_ANY, "*", "" },
    { "TP-19", "防止合作机构获取、留存支付敏感信息", CLASS_PIN, LAYER_PARTNER, PURPOSE_BANK_CHANNEL,
            "*", "" },
};

static bool obeys(const Sentence *s)
{
    const PolicyDecision d = policy_decide(policy_default(), s->class, s->layer, s->purpose, 0);
    const bool none = s->never[0] == '*';
    const bool obeyed = none ? d.forms == 0 && d.usual == FORM_REFUSE
                             : (d.forms & forms_of(s->never)) == 0
                    && (d.forms & forms_of(s->may)) == forms_of(s->may);
    if (!obeyed) fprintf(stderr, "  %s %s\n", s->clause, s->text);
    return obeyed;
}

static void test_every_sentence_of_the_specification(void)
{
    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++)
        EXPECT(obeys(&sentences[i]));
}

/* Goal: what nobody thought of is refused. Method: numbers around every edge. */
static void test_strangers_are_refused(void)
{
    static const uint32_t numbers[] = { 0, 7, 100, 116, 127, 128, 255, 65536, UINT32_MAX };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        EXPECT(policy_decide(policy_default(), numbers[i], LAYER_LOG, 0, 0).forms == 0);
        EXPECT_REFUSED(policy_allow(numbers[i], LAYER_LOG, 0, FORM_CLEAR), REFUSED_POLICY_UNKNOWN);
        EXPECT(policy_mask(policy_default(), numbers[i], 0).shape == MASK_SHAPE_ALL);
    }
    static const uint32_t layers[] = { 0, 17, 255, UINT32_MAX };
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++)
        EXPECT_REFUSED(
                policy_allow(CLASS_PUBLIC, layers[i], 0, FORM_CLEAR), REFUSED_POLICY_UNKNOWN);
    EXPECT_REFUSED(policy_allow(CLASS_PUBLIC, LAYER_LOG, POLICY_PURPOSE_COUNT, FORM_CLEAR),
            REFUSED_POLICY_UNKNOWN);
    EXPECT_REFUSED(policy_allow(CLASS_PUBLIC, LAYER_LOG, 0, FORM_REFUSE), REFUSED_POLICY_FORM);
    EXPECT_REFUSED(policy_allow(CLASS_PUBLIC, LAYER_LOG, 0, (PolicyForm)8), REFUSED_POLICY_UNKNOWN);
}

/* Goal: what the doors are told has the right name (TP-6, TP-8). */
static void test_doors_hear_why(void)
{
    EXPECT_OK(policy_allow(CLASS_CARD, LAYER_LOG, PURPOSE_ANY, FORM_MASK));
    EXPECT_REFUSED(
            policy_allow(CLASS_CARD, LAYER_LOG, PURPOSE_ANY, FORM_CLEAR), REFUSED_POLICY_FORM);
    EXPECT_REFUSED(
            policy_allow(CLASS_PIN, LAYER_LOG, PURPOSE_ANY, FORM_HASH), REFUSED_POLICY_REFUSES);
    uint8_t memory[64];
    Buffer text = BUFFER_OF(memory);
    EXPECT_OK(policy_put_forms(FORM_BIT(FORM_MASK) | FORM_BIT(FORM_HASH), FORM_MASK, &text));
    EXPECT(span_equal(span_of_buffer(&text), SPAN("mask, hash")));
}

TESTS(TEST(test_every_rule_has_its_row), TEST(test_every_rule_names_its_clause),
        TEST(test_every_sentence_of_the_specification), TEST(test_strangers_are_refused),
        TEST(test_doors_hear_why))
