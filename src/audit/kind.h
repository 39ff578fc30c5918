#pragma once
/*
 * kind: what each kind of event is called in English and Chinese, and which of the behaviours that
 * must be kept, found and alarmed upon it is (LL-4.5.3: 登录失败、权限升级、计划变更、非法访问、
 * 敏感数据访问).
 *
 * A category is derived from the event, never stored in it: what counts as what may be judged anew,
 * and an index of the log (trail.h) is then made anew. Floor 3. No shared state.
 */
#include "audit/event.h"

enum { AUDIT_KINDS_MAX = 256 }; /* kinds are smaller */

/* Kept in an index: a change of meaning is a new TRAIL_FORMAT. */
typedef enum AuditCategory {
    AUDIT_CATEGORY_BUSINESS = 0, /* none of the others */
    AUDIT_CATEGORY_LOGIN_FAILURE = 1, /* a wrong PIN, password, second factor or signature */
    AUDIT_CATEGORY_PRIVILEGE = 2, /* who may do what was changed, or tried to */
    AUDIT_CATEGORY_PLAN = 3, /* what the house does by itself: policy, strategy, grants, restores */
    AUDIT_CATEGORY_ILLEGAL =
            4, /* somebody asked for what he may not, or touched what he must not */
    AUDIT_CATEGORY_SENSITIVE_READ = 5,
    AUDIT_CATEGORY_APPROVAL = 6,
    AUDIT_CATEGORY_REFUSAL = 7, /* any other refusal */
    AUDIT_CATEGORY_COUNT = 8,
} AuditCategory;

AuditCategory audit_category(const AuditEvent *event);
/* "login-failure"; "unknown" when there is no such. Static storage, as the others. */
const char *audit_category_name(AuditCategory category);
const char *audit_category_title(AuditCategory category, bool chinese);
/* False when nothing has this name. */
bool audit_category_of(Span name, AuditCategory *ret_category);

/* "Order paid" / "订单支付". A kind without a title has its name (event.h). */
const char *audit_kind_title(AuditKind kind, bool chinese);
bool audit_kind_of(Span name, AuditKind *ret_kind);
