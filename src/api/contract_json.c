#include "api/contract_json.h"

#include <inttypes.h>

#include "api/challenge.h"
#include "api/transaction.h"
#include "base/encoding.h"
#include "base/time.h"

enum { FEN = 100 };

Status contract_put_yuan(int64_t minor, Buffer *ret_text)
{
    return buffer_print(ret_text, "%" PRId64 ".%02d", minor / FEN, (int)(minor % FEN));
}

typedef struct PeriodWords {
    const char *english;
    const char *chinese;
} PeriodWords;

static const PeriodWords period_words[] = {
    [CONTRACT_EACH_DAY] = { "day", "日" },
    [CONTRACT_EACH_WEEK] = { "week", "周" },
    [CONTRACT_EACH_MONTH] = { "month", "月" },
    [CONTRACT_EACH_YEAR] = { "year", "年" },
};

static Status put_english(const Contract *c, const char *payee, const char *until, Buffer *b)
{
    const char *period = period_words[c->period].english;
    TRY(buffer_print(b, "%s may take from your balance for \"%s\" (account %s): at most CNY ",
            payee, c->title, c->account));
    TRY(contract_put_yuan(c->one_minor, b));
    TRY(buffer_print(b, " at once, and CNY "));
    TRY(contract_put_yuan(c->period_minor, b));
    TRY(buffer_print(b, " in at most %" PRId64 " deductions a %s, until %.10s.", c->period_count,
            period, until));
    if (c->notice_hours > 0)
        TRY(buffer_print(b,
                " Each is announced beside this contract at least %" PRId64
                " hours before, with its most, and lapses when it is not made within"
                " %d days from then on; no message is sent.",
                c->notice_hours, (int)CONTRACT_ANNOUNCED_DAYS));
    return buffer_print(b, " You can end this at any time, without a reason.");
}

static Status put_chinese(const Contract *c, const char *payee, const char *until, Buffer *b)
{
    const char *period = period_words[c->period].chinese;
    TRY(buffer_print(b, "%s 可为“%s”（账户 %s）从您的余额中自动扣款：每次最多 ", payee, c->title,
            c->account));
    TRY(contract_put_yuan(c->one_minor, b));
    TRY(buffer_print(b, " 元，每%s最多 ", period));
    TRY(contract_put_yuan(c->period_minor, b));
    TRY(buffer_print(b, " 元、%" PRId64 " 次，至 %.10s 止。", c->period_count, until));
    if (c->notice_hours > 0)
        TRY(buffer_print(b,
                "商户须至少提前 %" PRId64
                " 小时在本协议中公示每次扣款的最高金额，此后 %d 日内未扣款即失效；"
                "不另行发送通知。",
                c->notice_hours, (int)CONTRACT_ANNOUNCED_DAYS));
    return buffer_print(b, "您可随时解约，无须理由。");
}

Status contract_put_words(
        const Contract *contract, const char *payee, bool chinese, Buffer *ret_text)
{
    char until[TIME_TEXT_BYTES + 1] = "";
    Buffer time = { (uint8_t *)until, 0, TIME_TEXT_BYTES };
    TRY(time_format(contract->until_us, &time));
    return chinese ? put_chinese(contract, payee, until, ret_text)
                   : put_english(contract, payee, until, ret_text);
}

static void key_time(JsonWriter *w, const char *key, int64_t time_us)
{
    uint8_t bytes[TIME_TEXT_BYTES];
    Buffer time = BUFFER_OF(bytes);
    if (time_us == 0 || !status_ok(time_format(time_us, &time))) return;
    json_key_text(w, key, span_of_buffer(&time));
}

static void write_terms(JsonWriter *w, const Contract *c)
{
    json_key_text(w, "plan_title", span_of_text(c->title));
    json_key_int(w, "one_minor", c->one_minor);
    json_key_text(w, "period", span_of_text(plan_period_name(c->period)));
    json_key_int(w, "period_minor", c->period_minor);
    json_key_int(w, "period_count", c->period_count);
    json_key_int(w, "notice_hours", c->notice_hours);
    json_key_text(w, "currency", span_of_text(currency_name(c->currency)));
    json_key_int(w, "until_us", c->until_us);
}

void contract_write_members(JsonWriter *w, const Contract *c, int64_t now_us)
{
    const bool counts = c->at == contract_period_at(c->period, now_us);
    json_key_text(w, "mchid", span_of_text(c->mchid));
    json_key_text(w, "contract_id", span_of_text(c->id));
    json_key_int(w, "plan_id", c->plan);
    json_key_text(w, "out_contract_code", span_of_text(c->code));
    json_key_text(w, "contract_display_account", span_of_text(c->account));
    write_terms(w, c);
    json_key_text(w, "contract_state", span_of_text(contract_state_name(c->state)));
    key_time(w, "contract_signed_time", c->signed_us);
    key_time(w, "contract_expired_time", c->until_us);
    key_time(w, "contract_terminated_time", c->ended_us);
    if (c->ended_by != CONTRACT_ENDED_BY_NOBODY)
        json_key_text(w, "contract_terminated_by", span_of_text(contract_ender_name(c->ended_by)));
    json_key_int(w, "taken_minor", counts ? c->minor : 0);
    json_key_int(w, "taken_count", counts ? c->count : 0);
    if (contract_is_announced(c, now_us)) {
        const int64_t hours = c->notice_hours;
        json_key_int(w, "announced_minor", c->announced_minor);
        key_time(w, "announced_time", c->announced_us);
        key_time(w, "announced_from_time", contract_announced_from(c->announced_us, hours));
        key_time(w, "announced_until_time", contract_announced_until(c->announced_us, hours));
    }
}

void contract_write_for_merchant(JsonWriter *w, const House *house, const Contract *c)
{
    char openid[PAYMENT_OPENID_BYTES + 1];
    json_open_object(w);
    contract_write_members(w, c, clock_now_us(&house->clock));
    if (c->payer[0] != 0) {
        transaction_openid(house, c->mchid, c->payer, openid);
        json_key_text(w, "openid", span_of_text(openid));
    }
    json_close(w);
}

Status contract_write_for_payer(
        JsonWriter *w, const House *house, const Contract *c, const char *payee)
{
    uint8_t english_bytes[CONTRACT_WORDS_BYTES_MAX];
    uint8_t chinese_bytes[CONTRACT_WORDS_BYTES_MAX];
    uint8_t nonce[BOX_NONCE_BYTES];
    uint8_t hex_bytes[2 * BOX_NONCE_BYTES];
    char order[CONTRACT_ORDER_BYTES + 1];
    Buffer english = BUFFER_OF(english_bytes);
    Buffer chinese = BUFFER_OF(chinese_bytes);
    Buffer hex = BUFFER_OF(hex_bytes);
    TRY(contract_put_words(c, payee, false, &english));
    TRY(contract_put_words(c, payee, true, &chinese));
    challenge_of_order(span_of_text(c->id), nonce);
    TRY(hex_encode(SPAN_OF(nonce), &hex));
    contract_order(c, order);
    json_open_object(w);
    json_key_text(w, "payee", span_of_text(payee));
    contract_write_members(w, c, clock_now_us(&house->clock));
    json_key_text(w, "terms_zh", span_of_buffer(&chinese));
    json_key_text(w, "terms_en", span_of_buffer(&english));
    json_key_text(w, "terms_order", span_of_text(order));
    json_key_text(w, "nonce", span_of_buffer(&hex));
    json_close(w);
    return OK;
}
