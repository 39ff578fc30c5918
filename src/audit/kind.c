#include "audit/kind.h"

/* What a kind is when nothing was refused; some stay what they are when it was: who tries to change
 * rights is told like who does. */
typedef struct KindFacts {
    AuditKind kind;
    AuditCategory category;
    const char *english;
    const char *chinese;
} KindFacts;

#define BUSINESS AUDIT_CATEGORY_BUSINESS
#define PRIVILEGE AUDIT_CATEGORY_PRIVILEGE
#define PLAN AUDIT_CATEGORY_PLAN
#define ILLEGAL AUDIT_CATEGORY_ILLEGAL
#define READ AUDIT_CATEGORY_SENSITIVE_READ
#define APPROVAL AUDIT_CATEGORY_APPROVAL

static const KindFacts kinds[] = {
    { AUDIT_ORDER_CREATE, BUSINESS, "Order made", "下单" },
    { AUDIT_ORDER_PAY, BUSINESS, "Order paid", "支付" },
    { AUDIT_ORDER_CODEPAY, BUSINESS, "Paid by code", "付款码支付" },
    { AUDIT_ORDER_CLOSE, BUSINESS, "Order closed", "关闭订单" },
    { AUDIT_ORDER_EXPIRE, BUSINESS, "Order ended by the clock", "订单到期" },
    { AUDIT_ORDER_DECIDE, BUSINESS, "Held payment decided", "待定支付裁决" },
    { AUDIT_CODE_ISSUE, BUSINESS, "Payment codes issued", "发放付款码" },
    { AUDIT_REFUND, BUSINESS, "Refunded", "退款" },
    { AUDIT_ORDER_REVERSE, BUSINESS, "Order reversed", "撤销订单" },
    { AUDIT_BILL, BUSINESS, "Bill of a merchant", "商户对账单" },
    { AUDIT_SETTLEMENT, BUSINESS, "Settlement of a merchant", "商户结算" },
    { AUDIT_TRANSFER, BUSINESS, "Transfer between payers", "用户转账" },
    { AUDIT_TRANSFER_LIMITS, BUSINESS, "Payer's own limits of transfers", "转账限额设置" },
    { AUDIT_CHANNEL_ORDER, BUSINESS, "Bank order", "银行渠道订单" },
    { AUDIT_CHANNEL_RECONCILE, BUSINESS, "Bank reconciled", "银行对账" },
    { AUDIT_PAYEE_CODE_MAKE, BUSINESS, "Payee code made", "生成收款码" },
    { AUDIT_PAYEE_CODE_END, BUSINESS, "Payee code revoked", "停用收款码" },
    { AUDIT_NOTIFICATION, BUSINESS, "Notification given up or begun anew", "通知停发或重发" },
    { AUDIT_MERCHANT_ADD, PRIVILEGE, "Merchant registered", "商户入驻" },
    { AUDIT_MERCHANT_KEY, PRIVILEGE, "Merchant key changed", "商户密钥变更" },
    { AUDIT_MERCHANT_CHANGE, PRIVILEGE, "Merchant changed", "商户变更" },
    { AUDIT_LEGACY_SIGNATURE, BUSINESS, "Signature with a broken digest taken", "接受弱摘要签名" },
    { AUDIT_CALLER_ADD, PRIVILEGE, "Caller registered", "调用方登记" },
    { AUDIT_CALLER_REVOKE, PRIVILEGE, "Caller revoked", "调用方吊销" },
    { AUDIT_BINDING_MAKE, BUSINESS, "Binding made", "建立绑定" },
    { AUDIT_BINDING_END, BUSINESS, "Binding ended", "解除绑定" },
    { AUDIT_PAYER_ADD, BUSINESS, "Payer registered", "付款人登记" },
    { AUDIT_PAYER_CHANGE, BUSINESS, "Payer changed", "付款人变更" },
    { AUDIT_PIN_SET, BUSINESS, "PIN set", "设置支付密码" },
    { AUDIT_PASSWORD_IMPORT, PRIVILEGE, "Passwords imported", "导入口令" },
    { AUDIT_PASSWORD_SWEEP, BUSINESS, "Passwords moved to the current pepper", "口令迁移" },
    { AUDIT_FUND, BUSINESS, "Account funded", "入金" },
    { AUDIT_DAY_END, BUSINESS, "Day closed", "日终" },
    { AUDIT_ALERT, ILLEGAL, "Alert", "告警" },
    { AUDIT_RELEASE_ROW, PLAN, "Frozen row released", "解冻数据行" },
    { AUDIT_BACKUP, PLAN, "Backup", "备份" },
    { AUDIT_RESTORE, PLAN, "Restore", "恢复" },
    { AUDIT_READ, READ, "Read", "查阅" },
    { AUDIT_REFUSED_AT_DOOR, BUSINESS, "Refused at the door", "入口拒绝" },
    { AUDIT_REPORT_KEPT, BUSINESS, "Report kept", "报告归档" },
    { AUDIT_INCIDENT_OPEN, BUSINESS, "Incident opened", "事件立案" },
    { AUDIT_INCIDENT_STEP, BUSINESS, "Incident step", "事件处置" },
    { AUDIT_INCIDENT_CLOSE, APPROVAL, "Incident closed", "事件结案" },
    { AUDIT_REPORT_REVIEW, APPROVAL, "Report reviewed", "报告复核" },
    { AUDIT_SUBJECT_CONSENT, BUSINESS, "Consent", "同意或撤回" },
    { AUDIT_SUBJECT_COLLECT, BUSINESS, "Data collected", "收集" },
    { AUDIT_SUBJECT_USE, READ, "Data used or given away", "使用或提供" },
    { AUDIT_SUBJECT_REQUEST, BUSINESS, "Subject's request", "主体请求" },
    { AUDIT_SUBJECT_HOLD, PLAN, "Legal hold", "依法保留" },
    { AUDIT_SUBJECT_DELETE, BUSINESS, "Data deleted", "删除" },
    { AUDIT_SUBJECT_DESTROY, PLAN, "Data destroyed", "销毁" },
    { AUDIT_VAULT_ACT, PLAN, "Act upon the vault", "安全域操作" },
    { AUDIT_VAULT_ALARM, ILLEGAL, "Alarm of the vault", "安全域告警" },
    { AUDIT_ACCESS_JOIN, PRIVILEGE, "Person joined", "人员加入" },
    { AUDIT_ACCESS_MOVE, PRIVILEGE, "Roles or key changed", "角色或密钥变更" },
    { AUDIT_ACCESS_LEAVE, PRIVILEGE, "Person left", "人员离开" },
    { AUDIT_ACCESS_BEGIN, PRIVILEGE, "First people", "首批人员" },
    { AUDIT_ACCESS_REQUEST, PRIVILEGE, "Right asked for", "申请临时授权" },
    { AUDIT_ACCESS_DECIDE, PRIVILEGE, "Right granted or refused", "审批临时授权" },
    { AUDIT_ACCESS_REVOKE, PRIVILEGE, "Right revoked", "收回临时授权" },
    { AUDIT_ACCESS_REVIEW, PRIVILEGE, "Rights reviewed", "权限复核" },
    { AUDIT_ACCESS_EMERGENCY, PRIVILEGE, "Glass broken", "启用紧急权限" },
    { AUDIT_ACCESS_EMERGENCY_END, PRIVILEGE, "Emergency ended", "结束紧急权限" },
    { AUDIT_ACCESS_EMERGENCY_REVIEW, APPROVAL, "Emergency reviewed", "紧急权限复核" },
    { AUDIT_ACCESS_TABLE, PRIVILEGE, "Table of rights changed", "权限表变更" },
    { AUDIT_REVEAL, READ, "Values revealed", "解密展示" },
    { AUDIT_LOGIN, BUSINESS, "Logged in", "登录" },
    { AUDIT_LOGIN_PROVED, BUSINESS, "Proved again", "再次认证" },
    { AUDIT_LOGOUT, BUSINESS, "Logged out", "退出登录" },
    { AUDIT_DEVICE, PRIVILEGE, "Device known or forgotten", "设备登记或移除" },
    { AUDIT_SECRET_SET, PRIVILEGE, "Password or second factor set", "设置密码或动态口令" },
    { AUDIT_ENROLMENT, PRIVILEGE, "Enrolment code handed out", "发放注册码" },
    { AUDIT_PASSKEY_ADD, PRIVILEGE, "Passkey added", "添加通行密钥" },
    { AUDIT_PASSKEY_REMOVE, PRIVILEGE, "Passkey removed", "移除通行密钥" },
    { AUDIT_PASSKEY_REFUSED, BUSINESS, "Passkey refused", "通行密钥被拒" },
    { AUDIT_PASSKEY_COPIED, ILLEGAL, "Passkey copied, removed", "通行密钥疑被复制，已移除" },
    { AUDIT_PAYER_REGISTER, BUSINESS, "Payer registered himself", "付款人注册" },
    { AUDIT_PAYER_LOGIN, BUSINESS, "Payer logged in", "付款人登录" },
    { AUDIT_PAYER_LOGOUT, BUSINESS, "Payer logged out", "付款人退出" },
    { AUDIT_PAYER_PASSWORD_SET, BUSINESS, "Login password changed", "修改登录密码" },
    { AUDIT_PAYER_PASSWORD_RESET, PRIVILEGE, "Login password reset", "重置登录密码" },
    { AUDIT_PAYER_PIN_SET, BUSINESS, "Payment password changed", "修改支付密码" },
    { AUDIT_PAYER_PIN_RESET, PRIVILEGE, "Payment password reset", "重置支付密码" },
    { AUDIT_PAYER_COOL, BUSINESS, "Payments held back", "支付冷静期" },
    { AUDIT_PAYER_DEVICE_END, PRIVILEGE, "Device ended", "停用设备" },
    { AUDIT_PAYER_SESSION_END, BUSINESS, "Session ended", "结束会话" },
    { AUDIT_TRAIL_READ, READ, "Audit log searched", "查询审计日志" },
    { AUDIT_OPERATION_REFUSED, BUSINESS, "Operation refused", "操作被拒" },
    { AUDIT_ALARM, BUSINESS, "Alarm raised", "触发告警" },
    { AUDIT_REQUEST_ASK, APPROVAL, "Approval asked for", "提交审批" },
    { AUDIT_REQUEST_APPROVE, APPROVAL, "Approved", "审批通过" },
    { AUDIT_REQUEST_END, APPROVAL, "Request ended", "审批终止" },
    { AUDIT_REQUEST_INTERRUPTED, APPROVAL, "Approved act interrupted", "获批操作中断" },
    { AUDIT_REQUEST_OUTCOME, APPROVAL, "Approved act done", "获批操作执行" },
    { AUDIT_EXPORT, READ, "Data exported", "数据导出" },
};

/* Acts upon the vault are one kind; their subject begins with the act (api/vault_feed.h). */
static const struct {
    const char *act;
    AuditCategory category;
} acts[] = {
    { "ceremony", PRIVILEGE }, { "operator.", PRIVILEGE }, { "receiver.", PRIVILEGE },
    { "password.reset", PRIVILEGE }, { "field.", READ },
    { "", PLAN }, /* keys, policy, grants, attached tables, legacy formulas */
};

static const StatusCode login_failures[] = { REFUSED_PIN_WRONG, REFUSED_PIN_LOCKED,
    REFUSED_SIGNATURE_INVALID, REFUSED_NONCE_REPLAYED, REFUSED_MERCHANT_KEY_UNKNOWN,
    REFUSED_MERCHANT_KEY_EXPIRED, REFUSED_AUTHORIZATION_MISSING, REFUSED_CALLER_UNKNOWN,
    REFUSED_KEY_OWNER, REFUSED_ADMIN_STRANGER, REFUSED_LOGIN_REFUSED, REFUSED_LOGIN_LOCKED,
    REFUSED_LOGIN_SLOWED, REFUSED_ENROLMENT_UNKNOWN, REFUSED_PAYER_LOGIN_REFUSED,
    REFUSED_IDENTITY_WRONG, REFUSED_PAYER_DEVICE_UNKNOWN, REFUSED_PAYER_SIGNATURE,
    REFUSED_PASSKEY_FORMAT, REFUSED_PASSKEY_CHALLENGE, REFUSED_PASSKEY_ORIGIN,
    REFUSED_PASSKEY_PRESENCE, REFUSED_PASSKEY_SIGNATURE, REFUSED_PASSKEY_UNKNOWN };

static const StatusCode illegal[] = { REFUSED_CALLER_RIGHT, REFUSED_REVEAL_FORBIDDEN,
    REFUSED_REVEAL_BUDGET, REFUSED_LOOKUP_BUDGET, REFUSED_REVEAL_LIMIT, REFUSED_BOX_SPENT,
    REFUSED_BOX_CONTEXT, REFUSED_APPROVAL_INVALID, REFUSED_APPROVAL_QUORUM,
    REFUSED_APPROVAL_REPLAYED, REFUSED_SESSION_REPLAYED, REFUSED_ROW_SEAL_MISMATCH,
    REFUSED_ROW_ROLLED_BACK, REFUSED_ROW_DELETED, REFUSED_ROW_MISSING, REFUSED_POLICY_REFUSES,
    REFUSED_HOLD_NOT_SIGNED, REFUSED_ORDER_PAYER_OTHER, REFUSED_SESSION_DEVICE,
    REFUSED_REQUEST_FORGED, REFUSED_ENROLMENT_SAME_PERSON, REFUSED_ADMIN_OPERATION,
    REFUSED_ACCESS_NO_ROLE, REFUSED_ACCESS_LEVEL, REFUSED_ACCESS_GRANT_ENDED,
    REFUSED_ACCESS_CONFLICT, REFUSED_ACCESS_OTHER_TENANT, REFUSED_ACCESS_WRONG_DOOR,
    REFUSED_PAYER_OTHER, REFUSED_REQUEST_OWN, REFUSED_REQUEST_SAME_PERSON,
    REFUSED_REQUEST_SIGNATURE, REFUSED_PASSKEY_COUNT, REFUSED_PROFILE_NOT_GIVEN };

static bool is_among(const StatusCode *codes, size_t count, int32_t code)
{
    for (size_t i = 0; i < count; i++)
        if ((int32_t)codes[i] == code) return true;
    return false;
}
#define IS_AMONG(codes, code) is_among(codes, sizeof(codes) / sizeof((codes)[0]), code)

static const KindFacts *facts_of(AuditKind kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == kind) return &kinds[i];
    return NULL;
}

static AuditCategory category_of_act(Span subject)
{
    for (size_t i = 0;; i++) { /* ends: every text begins with the last one */
        const Span act = span_of_text(acts[i].act);
        if (subject.size < act.size) continue;
        if (span_equal((Span) { subject.data, act.size }, act)) return acts[i].category;
    }
}

static AuditCategory category_of_kind(const AuditEvent *event)
{
    const KindFacts *facts = facts_of(event->kind);
    if (event->kind == AUDIT_VAULT_ACT) return category_of_act(event->subject);
    return facts == NULL ? BUSINESS : facts->category;
}

/* Elsewhere a name that nobody has is a slip of the pen. */
static bool is_nobodys_approval(const AuditEvent *event)
{
    return event->kind == AUDIT_REQUEST_APPROVE
            && event->outcome == (int32_t)REFUSED_PRINCIPAL_UNKNOWN;
}

AuditCategory audit_category(const AuditEvent *event)
{
    const AuditCategory category = category_of_kind(event);
    if (category == ILLEGAL || event->outcome <= 0) return category;
    if (IS_AMONG(login_failures, event->outcome)) return AUDIT_CATEGORY_LOGIN_FAILURE;
    if (IS_AMONG(illegal, event->outcome) || is_nobodys_approval(event)) return ILLEGAL;
    return category == PRIVILEGE || category == PLAN ? category : AUDIT_CATEGORY_REFUSAL;
}

/* --- names --- */

static const struct {
    const char *name;
    const char *english;
    const char *chinese;
} categories[AUDIT_CATEGORY_COUNT] = {
    { "business", "business", "业务" },
    { "login-failure", "failed login", "登录失败" },
    { "privilege", "change of rights", "权限变更" },
    { "plan", "change of plans", "计划变更" },
    { "illegal", "illegal access", "非法访问" },
    { "sensitive-read", "sensitive read", "敏感数据访问" },
    { "approval", "approval", "审批" },
    { "refusal", "refusal", "拒绝" },
};

const char *audit_category_name(AuditCategory category)
{
    return category < AUDIT_CATEGORY_COUNT ? categories[category].name : "unknown";
}

const char *audit_category_title(AuditCategory category, bool chinese)
{
    if (category >= AUDIT_CATEGORY_COUNT) return "unknown";
    return chinese ? categories[category].chinese : categories[category].english;
}

bool audit_category_of(Span name, AuditCategory *ret_category)
{
    for (size_t i = 0; i < AUDIT_CATEGORY_COUNT; i++) {
        if (!span_equal(name, span_of_text(categories[i].name))) continue;
        *ret_category = (AuditCategory)i;
        return true;
    }
    return false;
}

const char *audit_kind_title(AuditKind kind, bool chinese)
{
    const KindFacts *facts = facts_of(kind);
    if (facts == NULL) return audit_kind_name(kind);
    return chinese ? facts->chinese : facts->english;
}

bool audit_kind_of(Span name, AuditKind *ret_kind)
{
    if (span_equal(name, span_of_text(audit_kind_name((AuditKind)0)))) return false;
    for (int kind = 1; kind < AUDIT_KINDS_MAX; kind++) {
        if (!span_equal(name, span_of_text(audit_kind_name((AuditKind)kind)))) continue;
        *ret_kind = (AuditKind)kind;
        return true;
    }
    return false;
}
