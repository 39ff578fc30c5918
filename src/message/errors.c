#include "message/errors.h"

#include "message/errors_card.h"
#include "policy/detect.h"
#include "text/json.h"

#include <string.h>

/* Answers that several refusals share on purpose. */
#define PARAMETER(chinese, english) 400, "PARAM_ERROR", chinese, english
#define INVALID(chinese, english) 400, "INVALID_REQUEST", chinese, english
#define DUPLICATE INVALID("201 商户订单号重复", "201 duplicate out_trade_no")
#define SIGNATURE                                                    \
    401, "SIGN_ERROR", "签名错误，请检查商户号、证书序列号与签名串", \
            "The signature does not match; check mchid, serial_no and the signed string"
#define AUTHORIZATION                                   \
    401, "SIGN_ERROR", "Http头Authorization值格式错误", \
            "The Authorization header is missing or malformed"
#define LIMIT(chinese, english) 403, "RULE_LIMIT", chinese, english
#define UNKNOWN(chinese, english) 404, "RESOURCE_NOT_EXISTS", chinese, english
#define RISK 403, "RULE_LIMIT", "业务规则限制", "Refused by a business rule"
#define PIN 403, "PIN_WRONG", "支付密码错误", "The payment password is wrong"
#define LOGIN \
    403, "PAYER_LOGIN_REFUSED", "账号或密码错误", "There is no such payer, or a password is wrong"
#define ACCOUNT 403, "ACCOUNT_ERROR", "账户状态异常", "The account cannot be used"
#define AWAY \
    503, "SERVICE_UNAVAILABLE", "服务不可用，请稍后重试", "Not available now; try again shortly"
#define INSIDE 500, "SYSTEM_ERROR", "系统异常，请用相同参数重试", "Our error; repeat unchanged"

static const MessageError errors[] = {
    /* form */
    { REFUSED_BYTES_TRUNCATED, PARAMETER("参数格式错误", "A parameter is malformed") },
    { REFUSED_BYTES_TRAILING, PARAMETER("参数格式错误", "A parameter is malformed") },
    { REFUSED_ROUTE_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "接口不存在", "No such path" },
    { REFUSED_ROUTE_METHOD, 405, "METHOD_NOT_ALLOWED", "请求方法不支持", "Not with this method" },
    { REFUSED_H5_NOT_OFFERED, 403, "NO_AUTH", "未开通H5支付", "H5 orders are not set up here" },
    { REFUSED_BUFFER_FULL, PARAMETER("参数过长", "A parameter is too long") },
    { REFUSED_TEXT_NOT_UTF8, PARAMETER("参数不是有效的UTF-8", "Not valid UTF-8") },
    { REFUSED_ENCODING_INVALID, PARAMETER("编码错误", "Not valid base64 or hexadecimal") },
    { REFUSED_MONEY_OVERFLOW, PARAMETER("金额超出范围", "The amount is out of range") },
    { REFUSED_MONEY_CURRENCY_MIXED, PARAMETER("币种不一致", "The currencies differ") },
    { REFUSED_TIME_INVALID, PARAMETER("时间格式错误", "Not a time in RFC 3339 form") },
    { REFUSED_NUMBER_INVALID, PARAMETER("数字格式错误", "Not a whole number in range") },
    { REFUSED_DATA_PROHIBITED, PARAMETER("参数含禁止存储的数据", "Prohibited data") },
    { REFUSED_DATA_CARD_NUMBER, PARAMETER("参数含银行卡号", "The text holds a card number") },
    { REFUSED_DATA_SENSITIVE, PARAMETER("参数含敏感信息", "The text holds sensitive data") },
    { REFUSED_JSON_SYNTAX, PARAMETER("请求体不是有效的JSON", "The body is not valid JSON") },
    { REFUSED_JSON_TYPE, PARAMETER("参数类型错误", "A parameter has the wrong type") },
    { REFUSED_JSON_MISSING, PARAMETER("缺少必填参数", "A required parameter is missing") },
    { REFUSED_JSON_UNKNOWN_KEY, PARAMETER("存在未定义的参数", "An unknown parameter") },
    { REFUSED_JSON_RANGE, PARAMETER("参数超出范围", "A parameter is out of range") },
    { REFUSED_JSON_DEPTH, PARAMETER("请求体嵌套过深", "The body is nested too deeply") },
    { REFUSED_JSON_SIZE, PARAMETER("请求体过大", "The body is too large") },
    { REFUSED_JSON_DUPLICATE_KEY, PARAMETER("参数重复", "A parameter is given twice") },
    { REFUSED_KEY_FORMAT, PARAMETER("密钥格式错误", "Not a key that we accept") },
    { REFUSED_KEY_WEAK, PARAMETER("密钥强度不足", "The key is too weak") },
    /* http, when it lets us speak */
    { REFUSED_HTTP_REQUEST_INVALID, PARAMETER("HTTP请求格式错误", "Breaks HTTP/1.1") },
    { REFUSED_CONTENT_TYPE, 415, "PARAM_ERROR", "Content-Type须为application/json",
            "Content-Type must be application/json" },
    { REFUSED_HTTP_LENGTH_REQUIRED, 411, "PARAM_ERROR", "缺少Content-Length",
            "Content-Length is required" },
    { REFUSED_HTTP_TOO_LARGE, 413, "PARAM_ERROR", "请求体过大", "The body is too large" },
    { REFUSED_HTTP_HEAD_TOO_LARGE, 431, "PARAM_ERROR", "请求头过大", "The headers are too large" },
    /* callers of the vault's service */
    { REFUSED_CALLER_UNKNOWN, 401, "CALLER_UNKNOWN", "调用方证书未登记或已失效",
            "The client certificate is not registered, or no longer" },
    { REFUSED_PASSWORD_WEAK, PARAMETER("密码过于简单", "The password is too easy to guess") },
    { REFUSED_PASSWORD_OWNER, PARAMETER("密码归属参数错误", "Not a realm and user we accept") },
    { REFUSED_FIELD_CLASS, PARAMETER("该类数据不以加密字段保存", "Not a class kept as a field") },
    { REFUSED_SESSION_UNKNOWN, 409, "SESSION_UNKNOWN", "会话不存在或已结束，请重新建立",
            "No such session any more; open a new one" },
    { REFUSED_LOOKUP_BUDGET, 429, "FREQUENCY_LIMITED", "当日查询次数已用完",
            "The look-ups of the day are used up" },
    { REFUSED_PROTECT_BUDGET, 429, "FREQUENCY_LIMITED", "当日加密或签名次数已用完",
            "The protections or signatures of the day are used up" },
    { REFUSED_KEY_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "密钥不存在", "No such key" },
    { REFUSED_KEY_TOO_SHORT, PARAMETER("密钥长度不符", "The key is too short, or too long") },
    { REFUSED_KEY_IS_TEXT, PARAMETER("密钥过于简单", "The key is a short text") },
    { REFUSED_KEY_IS_PATTERN, PARAMETER("密钥过于简单", "The key is a pattern") },
    { REFUSED_RECEIVER_UNKNOWN, 403, "NO_AUTH", "接收方未登记", "The receiver is not enrolled" },
    { REFUSED_REVEAL_BUDGET, 429, "FREQUENCY_LIMITED", "当日提供次数已用完",
            "The receiver's budget of the day is used up" },
    { REFUSED_REVEAL_FORBIDDEN, 403, "NO_AUTH", "该用途须双人批准",
            "Two people must approve this" },
    { REFUSED_SUBJECT_DESTROYED, 404, "RESOURCE_NOT_EXISTS", "数据已销毁", "It was destroyed" },
    { REFUSED_SEAL_TAMPERED, INVALID("密文与其位置不符", "Not sealed for this place") },
    { REFUSED_SEAL_FORMAT, INVALID("不是本系统的密文", "Not a sealed field of ours") },
    { REFUSED_SEAL_SIZE, PARAMETER("字段长度超出范围", "The field is out of its size") },
    { REFUSED_CALLER_RIGHT, 403, "NO_AUTH", "调用方无此权限", "This caller may not ask for this" },
    /* rights */
    { REFUSED_ACCESS_ACTION_UNKNOWN, 403, "NO_AUTH", "无此权限", "You may not do this" },
    { REFUSED_ACCESS_NO_ROLE, 403, "NO_AUTH", "无此权限", "You may not do this" },
    { REFUSED_ACCESS_LEVEL, 403, "NO_AUTH", "数据级别超出权限",
            "You may do this with less sensitive data only" },
    { REFUSED_ACCESS_GRANT_ENDED, 403, "NO_AUTH", "授权已到期", "The grant is over; ask again" },
    { REFUSED_ACCESS_CONFLICT, 403, "NO_AUTH", "角色互斥", "These roles exclude one another" },
    { REFUSED_ACCESS_OTHER_TENANT, 403, "NO_AUTH", "只能操作本机构数据",
            "You act on your own institution alone" },
    { REFUSED_ACCESS_WRONG_DOOR, 403, "NO_AUTH", "不可在此操作", "This is not done here" },
    { REFUSED_ACCESS_REAUTHENTICATE, 403, "PROOF_NEEDED", "请重新验证身份",
            "Prove again who you are" },
    { REFUSED_ACCESS_BEGUN, 403, "NO_AUTH", "首批人员已登记",
            "The first people are there already" },
    { REFUSED_ACCESS_NOT_BEGUN, 403, "NO_AUTH", "尚无人员登记", "Nobody is registered yet" },
    { REFUSED_ACCESS_NEEDS_APPROVAL, 403, "APPROVAL_NEEDED", "须他人审批",
            "This needs somebody else's approval" },
    { REFUSED_REQUEST_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "审批单不存在", "No such request" },
    { REFUSED_REQUEST_OVER, 400, "INVALID_REQUEST", "审批单已办结",
            "It waits for nobody any more" },
    { REFUSED_REQUEST_PAST, 400, "INVALID_REQUEST", "审批单已过期", "Its time is over; ask again" },
    { REFUSED_REQUEST_OWN, 403, "NO_AUTH", "不能审批自己的申请", "Who asks does not approve" },
    { REFUSED_REQUEST_SAME_PERSON, 403, "NO_AUTH", "同一人不能重复审批",
            "This is the same person under another name" },
    { REFUSED_REQUEST_TWICE, 403, "NO_AUTH", "同一人不能重复审批", "You have approved already" },
    { REFUSED_REQUEST_SIGNATURE, 403, "NO_AUTH", "审批签名无效",
            "Not the approver's own signature over exactly what was asked" },
    { REFUSED_REQUEST_NOT_ASKER, 403, "NO_AUTH", "只能撤回自己的申请",
            "Only who asked can withdraw it" },
    { REFUSED_REQUEST_TOO_LARGE, PARAMETER("申请内容过长", "What needs approval is too long") },
    { REFUSED_EXPORT_FORM, PARAMETER("导出申请表不完整", "The form for an export is not right") },
    { REFUSED_EXPORT_NOT_PERMITTED, 403, "NO_AUTH", "导出未经批准或已过期",
            "No approved form allows this export" },
    { REFUSED_EXPORT_RECEIVER, 403, "NO_AUTH", "接收方不符或未登记",
            "Another receiver, or one who is not enrolled" },
    { REFUSED_PRINCIPAL_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "人员不存在", "No such person" },
    { REFUSED_ADMIN_OPERATION, PARAMETER("操作名称不符", "Not the operation of this path") },
    /* sessions: a stolen one looks like one that is over */
    { REFUSED_LOGIN_NEEDED, 401, "LOGIN_NEEDED", "请先登录", "Log in first" },
    { REFUSED_SESSION_DEVICE, 401, "LOGIN_NEEDED", "请先登录", "Log in first" },
    { REFUSED_SESSIONS_FULL, AWAY },
    { REFUSED_LOGIN_REFUSED, 401, "LOGIN_REFUSED", "用户名、密码或动态口令错误",
            "Name, password and second factor do not belong together" },
    { REFUSED_LOGIN_LOCKED, 403, "LOGIN_LOCKED", "账号已锁定，请稍后再试",
            "Too many wrong attempts; come again later" },
    { REFUSED_REQUEST_FORGED, 403, "REQUEST_FORGED", "请求来源无法确认",
            "The request did not come from the console's own page" },
    { REFUSED_SESSION_NOT_OWN, 404, "RESOURCE_NOT_EXISTS", "会话不存在", "No such session" },
    { REFUSED_DEVICE_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "设备不存在", "No such device" },
    { REFUSED_DEVICES_FULL, AWAY },
    { REFUSED_PASSKEY_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "通行密钥不存在", "No such passkey" },
    { REFUSED_PASSKEY_EXISTS, 409, "PASSKEY_EXISTS", "该通行密钥已登记",
            "This passkey is registered already" },
    { REFUSED_PASSKEYS_FULL, 409, "PASSKEYS_FULL", "通行密钥数量已达上限，请先移除一个",
            "No more passkeys fit; remove one" },
    { REFUSED_PASSKEY_SECRETS_NEEDED, 403, "SECRETS_NEEDED", "请用密码和动态口令重新验证身份",
            "Prove yourself with password and one-time code" },
    { REFUSED_ENROLMENT_UNKNOWN, 401, "LOGIN_REFUSED", "用户名、密码或动态口令错误",
            "Name, password and second factor do not belong together" },
    { REFUSED_ENROLMENT_SAME_PERSON, 403, "NO_AUTH", "两半注册码须由两人分别发放",
            "The two halves are handed out by two other people" },
    { REFUSED_ENROLMENTS_FULL, AWAY },
    { REFUSED_LOGIN_SLOWED, 429, "FREQUENCY_LIMITED", "失败次数过多，请稍后再试",
            "Too many failed attempts; come again later" },
    /* the life of personal data: a caller learns what is wrong with its own tenant's subject */
    { REFUSED_PURPOSE_UNKNOWN, 400, "PURPOSE_UNKNOWN", "用途不存在", "No such data_purpose" },
    { REFUSED_SUBJECT_UNKNOWN, 404, "SUBJECT_UNKNOWN", "主体未登记", "No such subject" },
    { REFUSED_SUBJECT_FIELD, PARAMETER("主体参数错误", "A field about the subject is wrong") },
    { REFUSED_DATA_RESTRICTED, 403, "DATA_RESTRICTED", "数据已被限制使用",
            "The data is restricted: it is kept, and used for nothing else" },
    { REFUSED_HOLD_UNKNOWN, 403, "HOLD_UNKNOWN", "无此司法留存", "There is no such hold" },
    { REFUSED_PURPOSE_FIELD_NOT_NEEDED, 403, "PURPOSE_FIELD_NOT_NEEDED", "该用途不需要此类数据",
            "The purpose does not need this class" },
    { REFUSED_DATA_NEVER_COLLECTED, 403, "DATA_NEVER_COLLECTED", "此类数据禁止收集",
            "This class is never collected" },
    { REFUSED_CONSENT_MISSING, 403, "CONSENT_MISSING", "未取得同意", "No consent was given" },
    { REFUSED_CONSENT_WITHDRAWN, 403, "CONSENT_WITHDRAWN", "同意已撤回",
            "The consent was withdrawn" },
    { REFUSED_CONSENT_NOT_SEPARATE, 403, "CONSENT_NOT_SEPARATE", "未取得单独同意",
            "This class needs a separate consent" },
    { REFUSED_DATA_NOT_HELD, 403, "DATA_NOT_HELD", "未持有该类数据", "This class is not held" },
    { REFUSED_DATA_PURPOSE_OTHER, 403, "DATA_PURPOSE_OTHER", "数据系为其他用途收集",
            "It was collected for another purpose" },
    { REFUSED_DATA_RETENTION_OVER, 403, "DATA_RETENTION_OVER", "保存期限已届满",
            "Its time is over" },
    { REFUSED_PARTY_UNKNOWN, 400, "PARTY_UNKNOWN", "接收方类别不存在", "No such party" },
    { REFUSED_PARTY_NOT_ALLOWED, 403, "PARTY_NOT_ALLOWED", "该用途不允许提供给此方",
            "The purpose does not let that party have it" },
    { REFUSED_PARTY_NOT_QUALIFIED, 403, "PARTY_NOT_QUALIFIED", "此方无支付业务资质",
            "That party has no payment qualification" },
    { REFUSED_BINDING_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "绑定关系不存在", "No such binding" },
    { REFUSED_BINDING_EXISTS, INVALID("绑定关系编号重复", "The binding's id is used already") },
    { REFUSED_BINDING_FIELD, PARAMETER("绑定关系参数错误", "A field of the binding is wrong") },

    /* who: nobody learns from the answer which merchants and serials exist */
    { REFUSED_MERCHANT_UNKNOWN, SIGNATURE },
    { REFUSED_MERCHANT_KEY_UNKNOWN, SIGNATURE },
    { REFUSED_MERCHANT_KEY_EXPIRED, SIGNATURE },
    { REFUSED_SIGNATURE_INVALID, SIGNATURE },
    { REFUSED_SIGNATURE_FORMAT, SIGNATURE },
    { REFUSED_AUTHORIZATION_MISSING, AUTHORIZATION },
    { REFUSED_AUTHORIZATION_FORMAT, AUTHORIZATION },
    { REFUSED_NONCE_FORMAT, AUTHORIZATION },
    { REFUSED_ENVELOPE_FORMAT, 401, "SIGN_ERROR", "签名参数格式错误",
            "The signed form fields are missing, doubled, unknown or malformed" },
    { REFUSED_ENVELOPE_METHOD, PARAMETER("method参数错误", "method names no call of merchants") },
    { REFUSED_PROFILE_NOT_GIVEN, 403, "NO_AUTH", "商户未开通此签名方式",
            "The merchant has not been given this way of signing" },
    { REFUSED_PROFILE_LEGACY_OFF, 403, "NO_AUTH", "此签名方式的摘要算法已不安全，平台未启用",
            "This way of signing has a broken digest and is off here" },
    { REFUSED_PROFILE_BODY,
            PARAMETER("请求体缺少签名方式所需的字段",
                    "The body lacks what this way of signing reads") },
    { REFUSED_FIELD_KEY, PARAMETER("加密证书序列号错误", "Wechatpay-Serial names no key of ours") },
    { REFUSED_FIELD_SEALED, PARAMETER("加密字段无法解密", "An encrypted field does not open") },
    { REFUSED_FIELD_IDENTITY, PARAMETER("付款人身份信息有误", "No name and number of a person") },
    { REFUSED_IDENTITY_OTHER, 403, "NO_AUTH", "付款人与订单实名信息不符",
            "It is for another person" },
    { REFUSED_IDENTITY_NONE, 403, "NO_AUTH", "付款人未完成实名认证",
            "The payer was not identified" },
    { REFUSED_PROFILE_UNKNOWN, PARAMETER("签名方式不存在", "No such way of signing") },
    { REFUSED_AUTHORIZATION_SCHEME, 401, "SIGN_ERROR", "不支持的签名认证类型",
            "The authorization scheme is not supported" },
    { REFUSED_TIMESTAMP_SKEWED, 401, "SIGN_ERROR",
            "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟",
            "The timestamp (in seconds) is more than 300 s from our time" },
    { REFUSED_NONCE_REPLAYED, 401, "SIGN_ERROR", "nonce_str重复",
            "This nonce_str was used before" },
    { REFUSED_ADDRESS_OTHER, 403, "NO_AUTH", "请求来源地址未登记",
            "Requests of this merchant are not taken from here" },
    { REFUSED_MERCHANT_CLOSED, 403, "NO_AUTH", "商户无权限", "The merchant may not do this" },
    { REFUSED_VAULT_FORBIDDEN, 403, "NO_AUTH", "无权限", "This may not be asked for" },
    { REFUSED_MERCHANT_EXISTS, INVALID("商户号已存在", "The mchid exists already") },
    { REFUSED_PAYER_EXISTS, INVALID("用户已存在", "The payer exists already") },
    /* payer and password: an unknown payer looks like a wrong password */
    { REFUSED_PIN_WRONG, PIN },
    { REFUSED_PAYER_UNKNOWN, PIN },
    { REFUSED_PIN_LOCKED, 403, "PIN_LOCKED", "支付密码错误次数超限，请稍后再试",
            "Too many wrong passwords; wait" },
    { REFUSED_PIN_WEAK, PARAMETER("支付密码过于简单", "The password is too easy to guess") },
    { REFUSED_PAYER_CLOSED, ACCOUNT },
    { REFUSED_ACCOUNT_STOPPED, ACCOUNT },
    { REFUSED_ACCOUNT_DORMANT, ACCOUNT },
    { REFUSED_ALLOWANCE_GRADE, 403, "RULE_LIMIT", "账户的余额付款限额已用完，请完善身份信息",
            "The account's limit for balance payments is used up" },
    { REFUSED_ALLOWANCE_FACTORS, 403, "RULE_LIMIT",
            "超出当前验证方式的单日限额，请用本人设备登录后支付",
            "Over the day's limit for what was shown; pay from a device of the payer's own" },
    { REFUSED_BARCODE_STATIC, 403, "RULE_LIMIT", "超出静态收款码的单日限额，请商户出示动态收款码",
            "Over the day's limit of static codes; ask the payee for a code of this payment" },
    { REFUSED_PLAN_UNKNOWN, UNKNOWN("扣款模板不存在或已停用", "No such plan, or it is closed") },
    { REFUSED_CONTRACT_FIELD, PARAMETER("签约参数错误", "A field of the contract is wrong") },
    { REFUSED_CONTRACT_UNKNOWN, UNKNOWN("协议不存在", "There is no such contract") },
    { REFUSED_CONTRACT_EXISTS,
            INVALID("协议号重复或该模板已签约", "Duplicate code, or signed already") },
    { REFUSED_CONTRACT_OVER, LIMIT("协议未签约或已解约", "Not signed, or has ended") },
    { REFUSED_CONTRACT_LIMIT, LIMIT("超出协议的单笔限额", "More than is allowed at once") },
    { REFUSED_CONTRACT_PERIOD_SUM, LIMIT("超出协议的周期限额", "More than in a period") },
    { REFUSED_CONTRACT_PERIOD_COUNT, LIMIT("超出协议的周期次数", "As often as in a period") },
    { REFUSED_DEDUCTION_NOT_LAWFUL, LIMIT("未按协议提前通知扣款", "It was not announced") },
    { REFUSED_PAYEE_CODE_UNKNOWN, UNKNOWN("收款码不存在或已停用", "No such code, or revoked") },
    { REFUSED_PAYEE_CODE_LIMIT, LIMIT("超出该收款码的单笔限额", "More than this code allows") },
    { REFUSED_PAYEE_CODE_FIELD, PARAMETER("收款码参数错误", "A field of the payee code is wrong") },
#include "message/transfer_errors.def"
    { REFUSED_IDENTITY_WRONG, LOGIN },
    { REFUSED_PAYER_LOGIN_REFUSED, LOGIN },
    { REFUSED_PASSWORD_IN_CLEAR, 400, "PASSWORD_IN_CLEAR", "密码未加密，已清除，请更换密码后重试",
            "A password came in clear: it was wiped; choose another and put it into a box" },
    { REFUSED_PAYER_DEVICE_UNKNOWN, 403, "PAYER_DEVICE_UNKNOWN",
            "新设备登录须同时验证登录密码和支付密码",
            "The device is new: log in with both passwords" },
    { REFUSED_PAYER_COOLS_DOWN, 403, "PAYER_COOLS_DOWN", "密码重置或更换设备后的冷静期内暂不能支付",
            "No money leaves for a while after a reset, or from a new device" },
    { REFUSED_PAYER_DEVICE_NEEDED, 401, "PAYER_DEVICE_NEEDED", "请使用已登录的设备",
            "Log in, and sign the request with the device's key" },
    { REFUSED_PAYER_DEVICES_FULL, 403, "PAYER_DEVICES_FULL", "设备数量已达上限，请先停用一台设备",
            "The payer has as many devices as can be" },
    { REFUSED_PAYER_SIGNATURE, 401, "PAYER_SIGNATURE", "设备签名错误",
            "The device's signature does not match" },
    { REFUSED_PAYER_OTHER, 403, "NO_AUTH", "无权限", "The session is another payer's" },
    { REFUSED_PAYER_FIELD, PARAMETER("参数超出范围", "A parameter is out of range") },
    { REFUSED_PAYER_REGISTER_REFUSED, 403, "PAYER_REGISTER_REFUSED", "无法注册，请核对信息",
            "Not registered with what was given" },
    { REFUSED_VERIFIER_ROLLED_BACK, ACCOUNT },
    { REFUSED_LEGACY_DISABLED, ACCOUNT },
    { REFUSED_GRANT_INVALID, 403, "NO_AUTH", "未验证支付密码", "The password was not checked" },
    { REFUSED_BOX_FORMAT, PARAMETER("密文格式错误", "Not a sealed box") },
    { REFUSED_BOX_TAMPERED, PARAMETER("密文无法解密", "The sealed box does not open") },
    { REFUSED_BOX_KEY_UNKNOWN, PARAMETER("加密密钥已失效，请重新获取", "Fetch the box key again") },
    { REFUSED_BOX_CONTEXT, PARAMETER("密文与本次交易不符", "The box belongs to another request") },
    { REFUSED_BOX_SPENT, INVALID("密文已使用", "The box was used before") },
    { REFUSED_BOX_EXPIRED, INVALID("密文已过期", "The box has expired") },
    /* money */
    { REFUSED_BALANCE_NOT_ENOUGH, 403, "NOT_ENOUGH", "余额不足", "The balance is not enough" },
    { REFUSED_ACCOUNT_UNKNOWN, ACCOUNT },
    { REFUSED_ACCOUNT_CLOSED, ACCOUNT },
    { REFUSED_ACCOUNT_CURRENCY, PARAMETER("币种不支持", "Another currency is needed") },
    { REFUSED_AMOUNT_NOT_POSITIVE, PARAMETER("金额必须大于0", "The amount must be above zero") },
    /* a row that somebody changed or that is frozen: final until people release it, so nobody shall
     * repeat; and one answer, because it is nobody's business which row and why */
    { REFUSED_ROW_SEAL_MISMATCH, ACCOUNT },
    { REFUSED_ROW_ROLLED_BACK, ACCOUNT },
    { REFUSED_ROW_DELETED, ACCOUNT },
    { REFUSED_ROW_DUPLICATED, ACCOUNT },
    { REFUSED_ROW_FROZEN, ACCOUNT },
    /* risk: screening refuses with this very answer (DESIGN promise 8) */
    { REFUSED_RISK_REFUSED, RISK },
    { REFUSED_MERCHANT_LIMIT, RISK },
    { REFUSED_ORDER_REFUSED_BY_DEFAULT, RISK },
    /* orders */
    { REFUSED_ORDER_FIELD, PARAMETER("参数超出范围", "A parameter is out of range") },
    { REFUSED_PAY_CODE_COUNT, PARAMETER("付款码数量须为1至15", "Ask for 1 to 15 codes") },
    { REFUSED_MERCHANT_APIV3_KEY_MISSING,
            INVALID("请先设置APIv3密钥", "Register an APIv3 key first") },
    { REFUSED_KEY_OWNER, 403, "NO_AUTH", "该密钥不属于此公钥",
            "The APIv3 key was set for another public key; only that one obtains it" },
    { REFUSED_REVEAL_LIMIT, 429, "FREQUENCY_LIMITED", "当日查看次数已用完",
            "Shown as often as one day allows" },
    { REFUSED_ORDER_NOT_EXIST, 404, "ORDER_NOT_EXIST", "订单不存在", "No such order" },
    { REFUSED_ORDER_CONFLICT, DUPLICATE },
    { REFUSED_ORDER_CLOSED, 400, "ORDER_CLOSED", "订单已关闭", "The order is closed" },
    { REFUSED_ORDER_PAID, 400, "ORDERPAID", "订单已支付", "The order is already paid" },
    { REFUSED_ORDER_EXPIRED, INVALID("订单已过期", "The order has expired") },
    { REFUSED_ORDER_PAYER_OTHER, INVALID("订单已由其他用户支付", "Another payer has begun") },
    { REFUSED_ORDER_STATE, INVALID("订单状态不允许此操作", "The order's state does not allow it") },
    { REFUSED_ORDER_PAYING, 202, "USERPAYING", "用户支付中，请查询订单",
            "The payer is paying; query" },
    { REFUSED_REFUND_UNKNOWN, 404, "RESOURCE_NOT_EXISTS", "退款单不存在", "No such refund" },
    { REFUSED_REFUND_CONFLICT,
            INVALID("订单金额或退款金额与之前请求不一致，请核实后再试",
                    "The refund number was used with other parameters") },
    { REFUSED_REFUND_OVER_PAID,
            INVALID("申请退款金额大于订单可退金额", "More than is left of what was paid") },
    { REFUSED_REFUND_TOTAL_OTHER, INVALID("订单金额与原订单不一致", "Not the order's total") },
    { REFUSED_REFUND_TOO_LATE, INVALID("订单已超过退款期限", "Paid too long ago to be refunded") },
    { REFUSED_REFUND_TOO_MANY,
            INVALID("订单部分退款次数已达上限", "The order has as many refunds as it can have") },
    { REFUSED_BILL_FIELD, PARAMETER("账单参数错误", "Not a bill that can be asked for") },
    { REFUSED_BILL_NOT_YET, 400, "STATEMENT_CREATING", "账单生成中，请在次日下载",
            "The bill is made once the day is over" },
    { REFUSED_BILL_NONE, 400, "NO_STATEMENT_EXIST", "账单文件不存在", "There is no such bill" },
    { REFUSED_BILL_TOO_LARGE,
            INVALID("账单过大，请用GZIP或分类型下载",
                    "The bill is too large: ask for GZIP, or for SUCCESS and REFUND alone") },
    { REFUSED_BILL_TOKEN, 403, "NO_AUTH", "下载地址无效或已过期",
            "Not a download address, or no more" },
    { REFUSED_BILL_BUSY, 429, "RATELIMIT_EXCEEDED", "账单下载过于频繁",
            "Another bill is being made" },
    { REFUSED_BILL_TURN, 429, "RATELIMIT_EXCEEDED", "账单申请过于频繁，请稍后再试",
            "As many bills as one merchant may have within the hour" },
    { REFUSED_BILL_STOPPED, AWAY },
    { REFUSED_MERCHANT_NOT_ONBOARDED, 403, "NO_AUTH", "商户未完成入网，不能下单",
            "No licence and agreement of this merchant are on file" },
    { REFUSED_MERCHANT_LICENCE_OVER, 403, "NO_AUTH", "商户证照已到期，不能下单",
            "This merchant's licence has ended" },
    { REFUSED_REFUND_NOT_PAID, INVALID("订单未支付，不能退款", "The order is not paid") },
    { REFUSED_REFUND_NOT_ENOUGH, 403, "NOT_ENOUGH", "商户账户余额不足，请充值后用原退款单号重试",
            "The merchant's balance is not enough; top it up and repeat" },
    { REFUSED_REVERSE_TOO_LATE,
            INVALID("订单已超过可撤销时间，请申请退款",
                    "Paid too long ago to be reversed; refund it") },
    { REFUSED_PAY_CODE_INVALID, 400, "AUTH_CODE_INVALID", "付款码无效，请用户刷新后重试",
            "The payment code is unknown, used or expired" },
    /* ours: for a while */
    { REFUSED_RATE_LIMITED, 429, "RATELIMIT_EXCEEDED", "频率超限", "Too many requests; slow down" },
    { REFUSED_STORE_BUSY, AWAY },
    { REFUSED_STORE_STOPPED, AWAY },
    { REFUSED_VAULT_UNAVAILABLE, AWAY },
    { REFUSED_VAULT_BUSY, AWAY },
    { REFUSED_VAULT_NOT_READY, AWAY },
    { REFUSED_STORE_ROLLED_BACK, AWAY },
    { REFUSED_EPOCH_FENCED, AWAY },
    { REFUSED_JOURNAL_FULL, AWAY },
    { FAULT_STORE_FULL, AWAY },
    { FAULT_JOURNAL, AWAY },
};

static const MessageError unnamed = { 0, INSIDE };

const MessageError *message_error(Status status)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (status_is(status, errors[i].status)) return &errors[i];
    }
    const MessageError *of_cards = message_error_of_cards(status);
    return of_cards != NULL ? of_cards : &unnamed;
}

bool message_error_passes(Status status)
{
    const int http = message_error(status)->http;
    return http == 429 || http >= 500;
}

/* The first of "en" and "zh" in the list counts; clients of this wire send plain lists without
 * weights. */
MessageLanguage message_language(Span accept_language)
{
    for (size_t i = 0; i + 1 < accept_language.size; i++) {
        const bool at_start =
                i == 0 || accept_language.data[i - 1] == ' ' || accept_language.data[i - 1] == ',';
        if (!at_start) continue;
        const Span name = { accept_language.data + i, 2 };
        if (span_equal(name, SPAN("zh"))) return MESSAGE_CHINESE;
        if (span_equal(name, SPAN("en"))) return MESSAGE_ENGLISH;
    }
    return MESSAGE_CHINESE;
}

/* At most size_max bytes of outside text in a form that JSON can carry: cut text may end inside a
 * character. */
static Span show(Span text, size_t size_max, uint8_t *ret_bytes)
{
    Span cut = { text.data, text.size < size_max ? text.size : size_max };
    const bool whole = span_is_utf8(cut);
    for (size_t i = 0; i < cut.size; i++) {
        const uint8_t byte = cut.data[i];
        ret_bytes[i] = byte == 0 || byte == 0x7F || (byte >= 0x80 && !whole) ? '?' : byte;
    }
    return (Span) { ret_bytes, cut.size };
}

/* A name that a field of ours could have; anything else that stands in place of a name (a card
 * number as a key: TP-8) is not repeated. */
static bool could_be_name(const char *field)
{
    const Span text = span_of_text(field);
    for (size_t i = 0; i < text.size; i++) {
        const uint8_t c = text.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        const bool more = (c >= '0' && c <= '9') || c == '.' || c == '[' || c == ']';
        if (!letter && (!more || i == 0)) return false;
    }
    return detect_kind(text, DETECT_ALL) == DETECT_NOTHING;
}

/* Nothing of a stranger's words is repeated when what must not be said is in the beginning of them:
 * twice as much is looked at as is ever shown, so that no half of a number is. */
static Span harmless(Span text)
{
    const size_t most = 2 * ERROR_URL_BYTES_MAX;
    const Span judged = { text.data, text.size < most ? text.size : most };
    return detect_kind(judged, DETECT_ALL) == DETECT_NOTHING ? text : (Span) { NULL, 0 };
}

/* "goods[2].name" as a JSON pointer: "/goods/2/name". */
MUST_USE static Status pointer_of(const char *field, Buffer *ret_pointer)
{
    TRY(buffer_put_u8(ret_pointer, '/'));
    for (const char *at = field; *at != '\0'; at++) {
        if (*at == ']') continue;
        const bool step = *at == '.' || *at == '[';
        TRY(buffer_put_u8(ret_pointer, step ? '/' : (uint8_t)*at));
    }
    return OK;
}

MUST_USE static Status put_field(JsonWriter *w, Status status, const ErrorContext *context)
{
    if (context->field == NULL || context->field[0] == '\0') return OK;
    const char *field = could_be_name(context->field) ? context->field : "";
    uint8_t pointer_bytes[JSON_FIELD_TEXT_MAX + 1];
    Buffer pointer = BUFFER_OF(pointer_bytes);
    TRY(pointer_of(field, &pointer));
    uint8_t shown[JSON_FIELD_TEXT_MAX + 1];
    const char *location = context->location == NULL ? "body" : context->location;

    json_key_object(w, "detail");
    json_key_text(w, "location", span_of_text(location));
    json_key_text(w, "field", show(span_of_buffer(&pointer), sizeof(shown), shown));
    json_key_text(w, "issue", span_of_text(message_error(status)->english));
    json_close(w);
    return OK;
}

/* What the sender should have signed, as far as it is his own already: cut, so that a body is not
 * repeated into logs. */
static void put_sign_information(JsonWriter *w, const ErrorContext *context)
{
    uint8_t shown[ERROR_URL_BYTES_MAX];
    json_key_object(w, "detail");
    json_key_text(w, "location", SPAN("authorization"));
    json_key_object(w, "sign_information");
    json_key_text(w, "method", show(context->method, 16, shown));
    json_key_text(w, "url", show(harmless(context->target), ERROR_URL_BYTES_MAX, shown));
    json_key_text(w, "truncated_sign_message",
            show(harmless(context->canonical), ERROR_SIGN_MESSAGE_BYTES_MAX, shown));
    json_key_int(w, "sign_message_length", (int64_t)context->canonical.size);
    json_close(w);
    json_close(w);
}

Status message_error_body(Status status, const ErrorContext *context, Buffer *ret_body)
{
    const MessageError *error = message_error(status);
    const bool english = context->language == MESSAGE_ENGLISH;
    const bool signature = strcmp(error->code, "SIGN_ERROR") == 0;

    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "code", span_of_text(error->code));
    json_key_text(&w, "message", span_of_text(english ? error->english : error->chinese));
    if (signature && context->canonical.size > 0)
        put_sign_information(&w, context);
    else
        TRY(put_field(&w, status, context));
    json_close(&w);
    return json_finish(&w);
}
