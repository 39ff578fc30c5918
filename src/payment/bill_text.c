/* bill_text: bills as text. Which columns a kind has is one list a kind. */
#include "payment/bill_text.h"

#include "base/time.h"

typedef enum Field {
    FIELD_TIME,
    FIELD_APPID,
    FIELD_MCHID,
    FIELD_SUB_MCHID,
    FIELD_DEVICE,
    FIELD_TRANSACTION_ID,
    FIELD_OUT_TRADE_NO,
    FIELD_OPENID,
    FIELD_TRADE_TYPE,
    FIELD_TRADE_STATE,
    FIELD_BANK,
    FIELD_CURRENCY,
    FIELD_SETTLED,
    FIELD_COUPON,
    FIELD_REFUND_ASKED,
    FIELD_REFUND_DONE,
    FIELD_REFUND_ID,
    FIELD_OUT_REFUND_NO,
    FIELD_REFUND,
    FIELD_COUPON_REFUND,
    FIELD_REFUND_TYPE,
    FIELD_REFUND_STATE,
    FIELD_DESCRIPTION,
    FIELD_ATTACH,
    FIELD_FEE,
    FIELD_RATE,
    FIELD_TOTAL,
    FIELD_REFUND_TOTAL,
    FIELD_RATE_NOTE,
    FIELD_POSTED,
    FIELD_BUSINESS_ID,
    FIELD_FLOW_ID,
    FIELD_BUSINESS,
    FIELD_BUSINESS_TYPE,
    FIELD_DIRECTION,
    FIELD_AMOUNT,
    FIELD_BALANCE,
    FIELD_ASKED_BY,
    FIELD_NOTE,
    FIELD_VOUCHER,
    FIELDS,
} Field;

static const char *const names[FIELDS] = {
    [FIELD_TIME] = "交易时间",
    [FIELD_APPID] = "公众账号ID",
    [FIELD_MCHID] = "商户号",
    [FIELD_SUB_MCHID] = "特约商户号",
    [FIELD_DEVICE] = "设备号",
    [FIELD_TRANSACTION_ID] = "微信订单号",
    [FIELD_OUT_TRADE_NO] = "商户订单号",
    [FIELD_OPENID] = "用户标识",
    [FIELD_TRADE_TYPE] = "交易类型",
    [FIELD_TRADE_STATE] = "交易状态",
    [FIELD_BANK] = "付款银行",
    [FIELD_CURRENCY] = "货币种类",
    [FIELD_SETTLED] = "应结订单金额",
    [FIELD_COUPON] = "代金券金额",
    [FIELD_REFUND_ASKED] = "退款申请时间",
    [FIELD_REFUND_DONE] = "退款成功时间",
    [FIELD_REFUND_ID] = "微信退款单号",
    [FIELD_OUT_REFUND_NO] = "商户退款单号",
    [FIELD_REFUND] = "退款金额",
    [FIELD_COUPON_REFUND] = "充值券退款金额",
    [FIELD_REFUND_TYPE] = "退款类型",
    [FIELD_REFUND_STATE] = "退款状态",
    [FIELD_DESCRIPTION] = "商品名称",
    [FIELD_ATTACH] = "商户数据包",
    [FIELD_FEE] = "手续费",
    [FIELD_RATE] = "费率",
    [FIELD_TOTAL] = "订单金额",
    [FIELD_REFUND_TOTAL] = "申请退款金额",
    [FIELD_RATE_NOTE] = "费率备注",
    [FIELD_POSTED] = "记账时间",
    [FIELD_BUSINESS_ID] = "微信支付业务单号",
    [FIELD_FLOW_ID] = "资金流水单号",
    [FIELD_BUSINESS] = "业务名称",
    [FIELD_BUSINESS_TYPE] = "业务类型",
    [FIELD_DIRECTION] = "收支类型",
    [FIELD_AMOUNT] = "收支金额（元）",
    [FIELD_BALANCE] = "账户结余（元）",
    [FIELD_ASKED_BY] = "资金变更提交申请人",
    [FIELD_NOTE] = "备注",
    [FIELD_VOUCHER] = "业务凭证号",
};

#define ORDER_FIELDS                                                                           \
    FIELD_TIME, FIELD_APPID, FIELD_MCHID, FIELD_SUB_MCHID, FIELD_DEVICE, FIELD_TRANSACTION_ID, \
            FIELD_OUT_TRADE_NO, FIELD_OPENID, FIELD_TRADE_TYPE, FIELD_TRADE_STATE, FIELD_BANK, \
            FIELD_CURRENCY, FIELD_SETTLED, FIELD_COUPON
#define REFUND_FIELDS                                                                           \
    FIELD_REFUND_ID, FIELD_OUT_REFUND_NO, FIELD_REFUND, FIELD_COUPON_REFUND, FIELD_REFUND_TYPE, \
            FIELD_REFUND_STATE

static const Field all_fields[] = { ORDER_FIELDS, REFUND_FIELDS, FIELD_DESCRIPTION, FIELD_ATTACH,
    FIELD_FEE, FIELD_RATE, FIELD_TOTAL, FIELD_REFUND_TOTAL, FIELD_RATE_NOTE };
static const Field success_fields[] = { ORDER_FIELDS, FIELD_DESCRIPTION, FIELD_ATTACH, FIELD_FEE,
    FIELD_RATE, FIELD_TOTAL, FIELD_RATE_NOTE };
static const Field refund_fields[] = { ORDER_FIELDS, FIELD_REFUND_ASKED, FIELD_REFUND_DONE,
    REFUND_FIELDS, FIELD_DESCRIPTION, FIELD_ATTACH, FIELD_FEE, FIELD_RATE, FIELD_TOTAL,
    FIELD_REFUND_TOTAL, FIELD_RATE_NOTE };
static const Field fund_fields[] = { FIELD_POSTED, FIELD_BUSINESS_ID, FIELD_FLOW_ID, FIELD_BUSINESS,
    FIELD_BUSINESS_TYPE, FIELD_DIRECTION, FIELD_AMOUNT, FIELD_BALANCE, FIELD_ASKED_BY, FIELD_NOTE,
    FIELD_VOUCHER };

typedef struct FieldList {
    const Field *fields;
    size_t count;
} FieldList;

#define LIST_OF(fields) ((FieldList) { fields, sizeof(fields) / sizeof((fields)[0]) })

static FieldList fields_of(BillKind kind)
{
    switch (kind) {
    case BILL_TRADE_ALL: return LIST_OF(all_fields);
    case BILL_TRADE_SUCCESS: return LIST_OF(success_fields);
    case BILL_TRADE_REFUND: return LIST_OF(refund_fields);
    case BILL_FUND_BASIC: return LIST_OF(fund_fields);
    }
    return (FieldList) { NULL, 0 };
}

/* --- values --- */

static Status put_yuan(int64_t minor, Buffer *text)
{
    const uint64_t size = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    const char *sign = minor < 0 ? "-" : "";
    return buffer_print(text, "%s%llu.%02llu", sign, (unsigned long long)(size / 100),
            (unsigned long long)(size % 100));
}

/* "2026-01-31 12:00:00", at +08:00. */
static Status put_time(int64_t time_us, Buffer *text)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(bytes);
    TRY(time_format(time_us, &time));
    bytes[10] = ' ';
    return buffer_put(text, (Span) { bytes, 19 });
}

static Status put_free_text(const char *value, Buffer *text)
{
    for (const char *c = value; *c != 0; c++) {
        if (*c == ',')
            TRY(buffer_put(text, SPAN("，")));
        else if (*c == '`')
            TRY(buffer_put_u8(text, '\''));
        else
            TRY(buffer_put_u8(text, (uint8_t)*c < 0x20 || *c == 0x7f ? ' ' : (uint8_t)*c));
    }
    return OK;
}

static Status put(Buffer *text, const char *value) { return buffer_put(text, span_of_text(value)); }

/* The order undone is a refund whose name no merchant can give (reverse.c). */
static bool is_reversal(const Refund *refund) { return strchr(refund->number, '/') != NULL; }

static const char *trade_state_of(const BillLine *line)
{
    if (!line->has_refund) return "SUCCESS";
    return is_reversal(&line->refund) ? "REVOKED" : "REFUND";
}

static Status put_refund_field(Field field, const BillLine *line, Buffer *text)
{
    const Refund *refund = &line->refund;
    if (!line->has_refund) {
        const bool money = field == FIELD_REFUND || field == FIELD_COUPON_REFUND
                || field == FIELD_REFUND_TOTAL;
        if (money) return put_yuan(0, text);
        return field == FIELD_REFUND_ID || field == FIELD_OUT_REFUND_NO ? put(text, "0") : OK;
    }
    switch ((int)field) {
    case FIELD_REFUND_ASKED: return put_time(refund->created_us, text);
    case FIELD_REFUND_DONE: return put_time(line->posted_us, text);
    case FIELD_REFUND_ID: return put(text, refund->refund_id);
    case FIELD_OUT_REFUND_NO: return put_free_text(refund->number, text);
    case FIELD_REFUND:
    case FIELD_REFUND_TOTAL: return put_yuan(refund->money.minor, text);
    case FIELD_COUPON_REFUND: return put_yuan(0, text);
    case FIELD_REFUND_TYPE: return put(text, "ORIGINAL");
    default: return put(text, "SUCCESS"); /* its state: its money has moved */
    }
}

/* Of ten thousand, as percent. */
static Status put_rate(int64_t rate, Buffer *text)
{
    return buffer_print(text, "%lld.%02lld%%", (long long)(rate / 100), (long long)(rate % 100));
}

static Status put_order_field(Field field, const BillLine *line, Buffer *text)
{
    const Payment *payment = &line->payment;
    switch ((int)field) {
    case FIELD_TIME: return put_time(line->posted_us, text);
    case FIELD_APPID: return put_free_text(payment->appid, text);
    case FIELD_MCHID: return put_free_text(payment->mchid, text);
    case FIELD_SUB_MCHID: return put(text, "0");
    case FIELD_DEVICE: return put_free_text(payment->store_id, text);
    case FIELD_TRANSACTION_ID: return put(text, payment->transaction_id);
    case FIELD_OUT_TRADE_NO: return put_free_text(payment->out_trade_no, text);
    case FIELD_OPENID: return put(text, line->openid);
    case FIELD_TRADE_TYPE: return put(text, trade_type_name(payment->trade_type));
    case FIELD_TRADE_STATE: return put(text, trade_state_of(line));
    case FIELD_BANK: return put(text, "OTHERS");
    case FIELD_CURRENCY: return put(text, currency_name(payment->money.currency));
    case FIELD_SETTLED: return put_yuan(line->has_refund ? 0 : payment->money.minor, text);
    case FIELD_TOTAL: return put_yuan(line->has_refund ? 0 : payment->money.minor, text);
    case FIELD_COUPON: return put_yuan(0, text);
    case FIELD_DESCRIPTION: return put_free_text(payment->description, text);
    case FIELD_ATTACH: return put_free_text(payment->attach, text);
    case FIELD_FEE: return put_yuan(line->fee_minor, text);
    case FIELD_RATE: return put_rate(line->fee_rate, text);
    case FIELD_RATE_NOTE: return OK;
    default: return put_refund_field(field, line, text);
    }
}

static const char *business_of(PostingKind kind)
{
    switch (kind) {
    case POSTING_PAY:
    case POSTING_CAPTURE: return "交易";
    case POSTING_REFUND: return "退款";
    case POSTING_FEE: return "扣除交易手续费";
    case POSTING_SETTLE: return "结算";
    case POSTING_FUND: return "入金";
    case POSTING_HOLD: return "冻结";
    case POSTING_RELEASE: return "解冻";
    }
    return "";
}

static Status put_voucher(const BillLine *line, Buffer *text)
{
    if (line->has_refund) return put_free_text(line->refund.number, text);
    if (line->has_payment) return put_free_text(line->payment.out_trade_no, text);
    return put_free_text(line->transaction, text);
}

static const char *business_type_of(const BillLine *line)
{
    const bool back = line->minor > 0;
    if (line->kind == POSTING_FEE && back) return "退还交易手续费";
    if (line->kind == POSTING_SETTLE && back) return "结算退回";
    return business_of(line->kind);
}

static Status put_fund_field(Field field, const BillLine *line, Buffer *text)
{
    switch ((int)field) {
    case FIELD_POSTED: return put_time(line->posted_us, text);
    case FIELD_BUSINESS_ID: return put_free_text(line->transaction, text);
    case FIELD_FLOW_ID:
        return buffer_print(text, "%lld-%lld", (long long)line->batch, (long long)line->number);
    case FIELD_BUSINESS: return put(text, business_of(line->kind));
    case FIELD_BUSINESS_TYPE: return put(text, business_type_of(line));
    case FIELD_DIRECTION: return put(text, line->minor < 0 ? "支出" : "收入");
    case FIELD_AMOUNT: return put_yuan(line->minor < 0 ? -line->minor : line->minor, text);
    case FIELD_BALANCE: return put_yuan(line->balance, text);
    case FIELD_ASKED_BY: return put(text, line->kind == POSTING_REFUND ? "API" : "system");
    case FIELD_VOUCHER: return put_voucher(line, text);
    default: return OK;
    }
}

/* --- lines --- */

static Status end_value(size_t at, size_t count, Buffer *text)
{
    return buffer_put(text, at + 1 < count ? SPAN(",") : SPAN("\r\n"));
}

Status bill_put_head(BillKind kind, Buffer *text)
{
    const FieldList list = fields_of(kind);
    TRY(put(text, "\xEF\xBB\xBF")); /* its clients cut three bytes off */
    for (size_t i = 0; i < list.count; i++) {
        TRY(put(text, names[list.fields[i]]));
        TRY(end_value(i, list.count, text));
    }
    return OK;
}

Status bill_put_line(BillKind kind, const BillLine *line, Buffer *text)
{
    const FieldList list = fields_of(kind);
    for (size_t i = 0; i < list.count; i++) {
        TRY(buffer_put_u8(text, '`'));
        TRY(kind == BILL_FUND_BASIC ? put_fund_field(list.fields[i], line, text)
                                    : put_order_field(list.fields[i], line, text));
        TRY(end_value(i, list.count, text));
    }
    return OK;
}

static Status put_trade_sums(const BillSums *sums, Buffer *text)
{
    const int64_t minor[] = { sums->paid_minor, sums->refunded_minor, 0, sums->fee_minor,
        sums->paid_minor, sums->refunded_minor };
    TRY(put(text,
            "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
            "申请退款总金额\r\n"));
    TRY(buffer_print(text, "`%lld", (long long)sums->lines));
    for (size_t i = 0; i < sizeof(minor) / sizeof(minor[0]); i++) {
        TRY(put(text, ",`"));
        TRY(put_yuan(minor[i], text));
    }
    return put(text, "\r\n");
}

Status bill_put_sums(BillKind kind, const BillSums *sums, Buffer *text)
{
    if (kind != BILL_FUND_BASIC) return put_trade_sums(sums, text);
    TRY(put(text, "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额\r\n"));
    TRY(buffer_print(text, "`%lld,`%lld,`", (long long)sums->lines, (long long)sums->in));
    TRY(put_yuan(sums->in_minor, text));
    TRY(buffer_print(text, ",`%lld,`", (long long)sums->out));
    TRY(put_yuan(sums->out_minor, text));
    return put(text, "\r\n");
}
