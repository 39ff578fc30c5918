#include "payment/contract.h"

#include <stdio.h>

#include "access/merchant_terms.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "payment/allowance.h"
#include "payment/binding.h"
#include "payment/contract_rows.h"
#include "payment/payment_rows.h"
#include "policy/detect.h"

static const char id_letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";

bool contract_code_is_valid(Span code)
{
    if (code.size > CONTRACT_CODE_BYTES_MAX || !binding_id_is_valid(code)) return false;
    return memchr(code.data, '/', code.size) == NULL && memchr(code.data, '.', code.size) == NULL;
}

bool contract_id_is_valid(Span id)
{
    if (id.size != CONTRACT_ID_BYTES || id.data[0] != 'h' || id.data[1] != 'c') return false;
    for (size_t i = 2; i < id.size; i++)
        if (memchr(id_letters, id.data[i], sizeof(id_letters) - 1) == NULL) return false;
    return true;
}

Status contract_id_draw(const Random *random, char ret_id[CONTRACT_ID_BYTES + 1])
{
    memcpy(ret_id, "hc", 2);
    return draw_text(random, id_letters, CONTRACT_ID_BYTES - 2, ret_id + 2);
}

void contract_url(const char *id, char ret_url[CONTRACT_URL_BYTES + 1])
{
    snprintf(ret_url, CONTRACT_URL_BYTES + 1, "hufu://contract/%s", id);
}

/* --- the moment --- */

ContractState contract_state_at(const Contract *c, int64_t now_us)
{
    const bool late = c->state == CONTRACT_WAITING && now_us >= c->asked_us + CONTRACT_WAITS_US;
    const bool over = c->state == CONTRACT_IN_FORCE && now_us >= c->until_us;
    return late || over ? CONTRACT_TERMINATED : c->state;
}

const char *contract_state_name(ContractState state)
{
    switch (state) {
    case CONTRACT_WAITING: return "WAITING";
    case CONTRACT_IN_FORCE: return "SIGNED";
    case CONTRACT_TERMINATED: return "TERMINATED";
    }
    return "UNKNOWN";
}

const char *contract_ender_name(ContractEnder ender)
{
    switch (ender) {
    case CONTRACT_ENDED_BY_NOBODY: return "";
    case CONTRACT_ENDED_BY_PAYER: return "PAYER";
    case CONTRACT_ENDED_BY_MERCHANT: return "MERCHANT";
    }
    return "";
}

void contract_order(const Contract *c, char ret_order[CONTRACT_ORDER_BYTES + 1])
{
    const ContractTerms terms = { span_of_text(c->mchid), span_of_text(c->code),
        span_of_text(c->title), span_of_text(c->account), c->plan, c->one_minor, (int64_t)c->period,
        c->period_minor, c->period_count, c->notice_hours, (int64_t)c->currency, c->until_us };
    uint8_t memory[CONTRACT_TERMS_BYTES_MAX];
    uint8_t digest[CONTRACT_TERMS_DIGEST_BYTES];
    Buffer text = BUFFER_OF(memory);
    const Status s = contract_terms_text(&terms, &text);
    ASSERT(status_ok(s)); /* texts were checked when it was asked for, and are inline arrays */
    sha256(span_of_buffer(&text), digest);
    contract_terms_order(digest, ret_order);
}

bool contract_is_announced(const Contract *c, int64_t now_us)
{
    return c->announced_minor > 0
            && now_us < contract_announced_until(c->announced_us, c->notice_hours);
}

static bool is_announced(const Contract *c, int64_t minor, int64_t now_us)
{
    if (c->notice_hours == 0) return true;
    return minor <= c->announced_minor
            && now_us >= contract_announced_from(c->announced_us, c->notice_hours)
            && contract_is_announced(c, now_us);
}

Status contract_take(Contract *contract, int64_t minor, int64_t now_us)
{
    Contract c = *contract;
    const int64_t at = contract_period_at(c.period, now_us);
    REQUIRE(contract_state_at(&c, now_us) == CONTRACT_IN_FORCE, REFUSED_CONTRACT_OVER);
    REQUIRE(minor > 0 && minor <= c.one_minor, REFUSED_CONTRACT_LIMIT);
    REQUIRE(is_announced(&c, minor, now_us), REFUSED_DEDUCTION_NOT_LAWFUL);
    if (at > c.at) { /* a clock that was set back opens no new one */
        c.at = at;
        c.minor = 0;
        c.count = 0;
    }
    REQUIRE(c.count < c.period_count, REFUSED_CONTRACT_PERIOD_COUNT);
    REQUIRE(minor <= c.period_minor - c.minor, REFUSED_CONTRACT_PERIOD_SUM);
    c.minor += minor;
    c.count++;
    if (c.notice_hours > 0) {
        c.announced_minor = 0;
        c.announced_us = 0;
    }
    *contract = c;
    return OK;
}

/* --- the merchant asks --- */

static Status terms_gather(Rows *rows, const char *mchid)
{
    MerchantTerms ignored;
    const Status s = merchant_terms_get(rows, mchid, &ignored);
    return status_is(s, (StatusCode)REFUSED_TERMS_NONE) ? OK : s;
}

static Status request_gather(Unit *unit, Rows *rows)
{
    const ContractRequest *work = (const ContractRequest *)unit;
    const Contract *asked = &work->contract;
    const Row *row = NULL;
    Plan ignored;
    int64_t account = 0;
    TRY(merchant_gather(rows, asked->mchid, work->serial, &account));
    TRY(terms_gather(rows, asked->mchid));
    TRY(contract_row(rows, asked->mchid, asked->code, "", &row));
    const Status s = plan_get(rows, asked->mchid, asked->plan, true, &ignored);
    return status_is(s, (StatusCode)REFUSED_PLAN_UNKNOWN) ? OK : s;
}

static Status check_account(const char *account)
{
    const Span text = span_of_text(account);
    TRY(detect_kept_text(text));
    REQUIRE(text.size > 0 && span_is_utf8(text), REFUSED_CONTRACT_FIELD);
    for (size_t i = 0; i < text.size; i++)
        REQUIRE(text.data[i] >= 0x20 && text.data[i] != 0x7F, REFUSED_CONTRACT_FIELD);
    return OK;
}

static void of_plan(const Plan *plan, int64_t now_us, Contract *ret)
{
    memcpy(ret->title, plan->title, sizeof(ret->title));
    ret->one_minor = plan->one_minor;
    ret->period = plan->period;
    ret->period_minor = plan->period_minor;
    ret->period_count = plan->period_count;
    ret->notice_hours = plan->notice_hours;
    ret->currency = CURRENCY_CNY;
    ret->until_us = now_us + plan->life_days * TIME_DAY_US;
    ret->asked_us = now_us;
    ret->state = CONTRACT_WAITING;
}

/* What waits is the same again; what was signed or has ended used up its number. */
static Status ask_again(ContractRequest *work, const Row *row, int64_t now_us)
{
    Contract there;
    TRY(contract_of_row(row, &there));
    const bool same = there.plan == work->contract.plan
            && strcmp(there.account, work->contract.account) == 0
            && contract_state_at(&there, now_us) == CONTRACT_WAITING;
    REQUIRE(same, REFUSED_CONTRACT_EXISTS);
    work->contract = there;
    work->repeated = true;
    return OK;
}

static Status request_decide(ContractRequest *work, Rows *rows)
{
    Contract *c = &work->contract;
    Merchant merchant;
    Plan plan;
    const Row *row = NULL;
    work->repeated = false;
    TRY(merchant_admit(rows, c->mchid, work->serial, &merchant));
    TRY(merchant_terms_admit(rows, c->mchid));
    REQUIRE(contract_code_is_valid(span_of_text(c->code)), REFUSED_CONTRACT_FIELD);
    TRY(check_account(c->account));
    TRY(contract_row(rows, c->mchid, c->code, "", &row));
    if (row != NULL) return ask_again(work, row, rows_now_us(rows));
    TRY(plan_get(rows, c->mchid, c->plan, false, &plan));
    of_plan(&plan, rows_now_us(rows), c);
    return contract_put(rows, c, true);
}

static Status request_run(Unit *unit, Rows *rows)
{
    ContractRequest *work = (ContractRequest *)unit;
    const Status s = request_decide(work, rows);
    const Record record = { .kind = AUDIT_BINDING_MAKE,
        .role = "merchant",
        .actor = work->contract.mchid,
        .mchid = work->contract.mchid,
        .subject = work->contract.code,
        .nonce_digest = work->nonce_digest,
        .detail = "contract asked for",
        .quiet = work->repeated };
    /* A refused number must not stand in the log that keeps everything. */
    if (status_is(s, REFUSED_CONTRACT_FIELD)) return s;
    return record_end(rows, &record, s);
}

void contract_request_unit(ContractRequest *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = request_gather, .run = request_run, .done = done };
}

/* --- look, end, announce --- */

static Status work_gather(Unit *unit, Rows *rows)
{
    const ContractWork *work = (const ContractWork *)unit;
    const Row *row = NULL;
    Contract contract;
    int64_t account = 0;
    if (work->mchid[0] != 0) TRY(merchant_gather(rows, work->mchid, work->serial, &account));
    if (work->payer[0] != 0) {
        TRY(payer_gather(rows, work->payer, &account));
        TRY(payer_door_gather(rows, work->payer, &work->door));
    }
    TRY(contract_row(rows, work->mchid, work->code, work->id, &row));
    if (row == NULL || !status_ok(contract_of_row(row, &contract))) return OK; /* run() will hear */
    return merchant_gather(rows, contract.mchid, NULL, &account);
}

/* His own; a payer also sees one that waits for somebody to sign. */
static bool may_see(const ContractWork *work, const Contract *c, int64_t now_us)
{
    if (work->mchid[0] != 0) return strcmp(c->mchid, work->mchid) == 0;
    if (c->payer[0] != 0) return strcmp(c->payer, work->payer) == 0;
    return work->act == CONTRACT_LOOK && contract_state_at(c, now_us) == CONTRACT_WAITING;
}

static Status announce(ContractWork *work, int64_t now_us)
{
    Contract *c = &work->contract;
    REQUIRE(contract_state_at(c, now_us) == CONTRACT_IN_FORCE, REFUSED_CONTRACT_OVER);
    REQUIRE(c->notice_hours > 0, REFUSED_CONTRACT_FIELD);
    REQUIRE(work->minor > 0 && work->minor <= c->one_minor, REFUSED_CONTRACT_LIMIT);
    const bool same = c->announced_minor == work->minor && contract_is_announced(c, now_us);
    if (same) return OK; /* since then */
    c->announced_minor = work->minor;
    c->announced_us = now_us;
    work->changed = true;
    return OK;
}

static void end(ContractWork *work, int64_t now_us)
{
    Contract *c = &work->contract;
    if (c->state == CONTRACT_TERMINATED) return;
    c->state = CONTRACT_TERMINATED;
    c->ended_us = now_us;
    c->ended_by = work->mchid[0] != 0 ? CONTRACT_ENDED_BY_MERCHANT : CONTRACT_ENDED_BY_PAYER;
    work->changed = true;
}

/* To look and to end let no money leave: allowed while a device or a login cools, too. */
static Status payer_may(const ContractWork *work, Rows *rows)
{
    Payer payer;
    TRY(payer_admit(rows, work->payer, &payer));
    const Status s = payer_door_admit(rows, work->payer, &work->door);
    const bool forgiven = work->act == CONTRACT_LOOK || work->act == CONTRACT_END;
    return forgiven && status_is(s, REFUSED_PAYER_COOLS_DOWN) ? OK : s;
}

static Status work_decide(ContractWork *work, Rows *rows)
{
    const int64_t now_us = rows_now_us(rows);
    Merchant merchant;
    work->changed = false;
    if (work->mchid[0] != 0)
        TRY(merchant_admit(rows, work->mchid, work->serial, &merchant));
    else
        TRY(payer_may(work, rows));
    TRY(contract_get(rows, work->mchid, work->code, work->id, &work->contract));
    REQUIRE(may_see(work, &work->contract, now_us), REFUSED_CONTRACT_UNKNOWN);
    TRY(merchant_get(rows, work->contract.mchid, &merchant));
    memcpy(work->payee, merchant.name, sizeof(work->payee));
    if (work->act == CONTRACT_ANNOUNCE) TRY(announce(work, now_us));
    if (work->act == CONTRACT_END) end(work, now_us);
    if (work->changed) TRY(contract_put(rows, &work->contract, false));
    work->contract.state = contract_state_at(&work->contract, now_us);
    return OK;
}

static Status work_run(Unit *unit, Rows *rows)
{
    ContractWork *work = (ContractWork *)unit;
    const Status s = work_decide(work, rows);
    const bool by_merchant = work->mchid[0] != 0;
    const Record record = { .kind = work->act == CONTRACT_END ? AUDIT_BINDING_END
                                                              : AUDIT_BINDING_MAKE,
        .role = by_merchant ? "merchant" : "payer",
        .actor = by_merchant ? work->mchid : work->payer,
        .mchid = status_ok(s) ? work->contract.mchid : work->mchid,
        .subject = status_ok(s) ? work->contract.code : work->id,
        .nonce_digest = work->nonce_digest,
        .detail = work->act == CONTRACT_END ? "contract ended" : "deduction announced",
        .quiet = !work->changed };
    if (!status_ok(s) && work->act == CONTRACT_LOOK) return s;
    return record_end(rows, &record, s);
}

void contract_unit(ContractWork *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = work_gather, .run = work_run, .done = done };
}

/* --- the payer signs --- */

static Status sign_gather(Unit *unit, Rows *rows)
{
    const ContractSign *work = (const ContractSign *)unit;
    const Row *row = NULL;
    Contract contract;
    int64_t account = 0;
    TRY(payment_payer_gather(rows, work->payer, &account));
    TRY(payer_door_gather(rows, work->payer, &work->door));
    if (work->other[0] != 0) TRY(contract_row(rows, "", "", work->other, &row));
    TRY(contract_row(rows, "", "", work->id, &row));
    if (row == NULL || !status_ok(contract_of_row(row, &contract))) return OK; /* run() will hear */
    TRY(terms_gather(rows, contract.mchid));
    return merchant_gather(rows, contract.mchid, NULL, &account);
}

/* Who may pay nothing now agrees to nothing either. */
static Status sign_admit(const ContractSign *work, Rows *rows)
{
    Payer payer;
    Allowance allowance;
    TRY(payer_admit(rows, work->payer, &payer));
    TRY(payer_door_admit(rows, work->payer, &work->door));
    TRY(payer_may_pay(rows, work->payer));
    TRY(allowance_of(rows, &payer, &allowance));
    REQUIRE(allowance.state == ALLOWANCE_LIVE, REFUSED_ACCOUNT_STOPPED);
    return OK;
}

/* One contract of a plan at a time. What has run out without being ended makes room. */
static Status make_room(const ContractSign *work, Rows *rows)
{
    const Contract *c = &work->contract;
    Contract other;
    if (work->other[0] == 0) return OK;
    TRY(contract_get(rows, "", "", work->other, &other));
    const bool same = other.state == CONTRACT_IN_FORCE && other.plan == c->plan
            && strcmp(other.mchid, c->mchid) == 0 && strcmp(other.payer, work->payer) == 0;
    if (!same) return OK;
    const bool over = contract_state_at(&other, rows_now_us(rows)) == CONTRACT_TERMINATED;
    REQUIRE(over, REFUSED_CONTRACT_EXISTS);
    other.state = CONTRACT_TERMINATED;
    other.ended_us = other.until_us;
    return contract_put(rows, &other, false);
}

static Status sign_decide(ContractSign *work, Rows *rows)
{
    const int64_t now_us = rows_now_us(rows);
    Contract *c = &work->contract;
    Merchant merchant;
    char order[CONTRACT_ORDER_BYTES + 1];
    work->repeated = false;
    TRY(sign_admit(work, rows));
    TRY(contract_get(rows, "", "", work->id, c));
    const bool others = c->payer[0] != 0 && strcmp(c->payer, work->payer) != 0;
    REQUIRE(!others, REFUSED_CONTRACT_UNKNOWN);
    contract_order(c, order);
    const bool confirmed = strcmp(order, work->order) == 0 && strcmp(c->mchid, work->mchid) == 0
            && c->one_minor == work->minor;
    REQUIRE(confirmed, REFUSED_BOX_CONTEXT);
    work->repeated = c->state == CONTRACT_IN_FORCE;
    if (work->repeated) return OK;
    REQUIRE(contract_state_at(c, now_us) == CONTRACT_WAITING, REFUSED_CONTRACT_OVER);
    TRY(merchant_get(rows, c->mchid, &merchant));
    REQUIRE(merchant.status == STATUS_LIVE, REFUSED_CONTRACT_UNKNOWN);
    TRY(merchant_terms_admit(rows, c->mchid));
    TRY(make_room(work, rows));
    memcpy(c->payer, work->payer, sizeof(c->payer));
    memcpy(c->grant, work->grant, sizeof(c->grant));
    c->state = CONTRACT_IN_FORCE;
    c->signed_us = now_us;
    return contract_put(rows, c, false);
}

/* What was agreed to stands in the log, too. */
static void tell_terms(const Contract *c, char ret_detail[AUDIT_DETAIL_BYTES_MAX])
{
    snprintf(ret_detail, AUDIT_DETAIL_BYTES_MAX,
            "contract signed: one %lld, %lld and %lld times a %s, notice %lld h, %s",
            (long long)c->one_minor, (long long)c->period_minor, (long long)c->period_count,
            plan_period_name(c->period), (long long)c->notice_hours, c->id);
}

static Status sign_run(Unit *unit, Rows *rows)
{
    ContractSign *work = (ContractSign *)unit;
    char detail[AUDIT_DETAIL_BYTES_MAX] = "";
    const Status s = sign_decide(work, rows);
    if (status_ok(s)) tell_terms(&work->contract, detail);
    const Record record = { .kind = AUDIT_BINDING_MAKE,
        .role = "payer",
        .actor = work->payer,
        .mchid = status_ok(s) ? work->contract.mchid : "",
        .subject = status_ok(s) ? work->contract.code : work->id,
        .nonce_digest = work->nonce_digest,
        .detail = detail,
        .quiet = work->repeated };
    return record_end(rows, &record, s);
}

void contract_sign_unit(ContractSign *work, void (*done)(Unit *unit, Status outcome))
{
    work->unit = (Unit) { .gather = sign_gather, .run = sign_run, .done = done };
}
