/* bill: the postings of a day, found in slices and read verified, as lines. */
#include "payment/bill.h"

#include "crypto/digest.h"
#include "payment/bill_rows.h"
#include "payment/bill_text.h"
#include "payment/fee.h"
#include "payment/payment_rows.h"
#include "payment/refund_rows.h"
#include "store/unit_wait.h"

enum {
    SLICE_ROWS = 2048, /* of all merchants, that one look at the ledger passes over */
    PAGE_LINES = 32, /* that one unit verifies */
};

typedef struct PostingKey {
    int64_t batch;
    int64_t number;
} PostingKey;

/* What came back of a fee is posted just before the refund that it is of. */
typedef struct FeeBack {
    char transaction[LEDGER_TRANSACTION_BYTES_MAX + 1];
    int64_t minor; /* 0: none waits */
} FeeBack;

typedef struct Making {
    Unit unit; /* of one page */
    const BillMaker *maker;
    const BillForm *form;
    BillOpen open;
    Buffer *text;
    bool counting; /* the first time over: only what moved since */
    int64_t from_us; /* of the postings that this time over is about */
    int64_t to_us;
    PostingKey after; /* the last that was looked at */
    bool over; /* none is left */
    PostingKey keys[SLICE_ROWS]; /* of this slice: the merchant's */
    size_t key_count;
    size_t page; /* index of its first key */
    size_t page_count;
    BillLine line;
    BillSums sums; /* in front of the page */
    int64_t balance;
    FeeBack fee_back;
    size_t text_size;
    BillSums page_sums; /* behind it: a page may be made again */
    int64_t page_balance;
    FeeBack page_fee_back;
} Making;

/* --- which postings there are: plain reads --- */

typedef struct Found {
    int64_t batch;
    int64_t posted_us;
    bool any;
} Found;

static Status take_found(void *context, const Value *values, size_t count)
{
    Found *found = context;
    *found = (Found) { values[0].integer, values[1].integer, true };
    return OK;
}

/* The first batch whose postings may be of the day; batches of a ledger are numbered upwards. */
static Status find_first(void *context, Store *store)
{
    Making *m = context;
    Found last = { 0 };
    TRY(store_query(store,
            "SELECT in_batch, posted FROM posting ORDER BY in_batch DESC, number DESC LIMIT 1",
            NULL, 0, take_found, &last));
    int64_t low = 0;
    int64_t high = last.batch;
    while (low < high) {
        Found found = { 0 };
        const int64_t middle = low + (high - low) / 2;
        const Value from = VALUE_OF_INT(middle);
        TRY(store_query(store,
                "SELECT in_batch, posted FROM posting WHERE in_batch >= ?1"
                " ORDER BY in_batch, number LIMIT 1",
                &from, 1, take_found, &found));
        if (found.any && found.posted_us < m->from_us - BILL_SET_BACK_US_MAX)
            low = found.batch + 1;
        else
            high = middle;
    }
    m->after = (PostingKey) { low, 0 };
    return OK;
}

typedef struct Slice {
    Making *making;
    size_t seen;
    size_t later; /* of them: behind the day and the hour by which a clock may be set back */
} Slice;

static Status take_key(void *context, const Value *values, size_t count)
{
    Slice *slice = context;
    Making *m = slice->making;
    const int64_t posted_us = values[3].integer;
    slice->seen++;
    m->after = (PostingKey) { values[0].integer, values[1].integer };
    if (posted_us >= m->to_us + BILL_SET_BACK_US_MAX) slice->later++;
    const bool ours =
            values[2].integer == m->open.account && posted_us >= m->from_us && posted_us < m->to_us;
    if (ours) m->keys[m->key_count++] = m->after;
    return OK;
}

static Status find_slice(void *context, Store *store)
{
    Making *m = context;
    Slice slice = { m, 0, 0 };
    const Value parameters[] = { VALUE_OF_INT(m->after.batch), VALUE_OF_INT(m->after.number),
        VALUE_OF_INT(SLICE_ROWS) };
    m->key_count = 0;
    TRY(store_query(store,
            "SELECT in_batch, number, account, posted FROM posting"
            " WHERE (in_batch, number) > (?1, ?2) ORDER BY in_batch, number LIMIT ?3",
            parameters, 3, take_key, &slice));
    /* Some later ones may be of a clock that ran ahead for a while; a whole slice is not. */
    m->over = slice.seen < SLICE_ROWS || slice.later == slice.seen;
    return OK;
}

/* --- what they say: verified rows --- */

static Status posting_row(Rows *rows, PostingKey at, const Row **ret_row)
{
    const Value key[] = { VALUE_OF_INT(at.batch), VALUE_OF_INT(at.number) };
    return rows_get(rows, &posting_table, key, ret_row);
}

static int64_t posting_int(const Row *row, enum PostingColumn column)
{
    return row->values[COLUMN_AT(column)].integer;
}

static Status transaction_of(const Row *row, char ret[LEDGER_TRANSACTION_BYTES_MAX + 1])
{
    return value_copy_text(
            &row->values[COLUMN_AT(POSTING_TRANSACTION)], ret, LEDGER_TRANSACTION_BYTES_MAX + 1);
}

/* The row of the payment or refund that the posting names; NULL: it names none. */
static Status explaining_row(Rows *rows, const Row *posting, const Row **ret_row)
{
    char transaction[LEDGER_TRANSACTION_BYTES_MAX + 1];
    const int64_t kind = posting_int(posting, POSTING_KIND);
    *ret_row = NULL;
    TRY(transaction_of(posting, transaction));
    if (kind == POSTING_REFUND) return refund_row_by_id(rows, transaction, ret_row);
    if (kind != POSTING_PAY && kind != POSTING_CAPTURE) return OK;
    return payment_row_by(rows, PAYMENT_BY_TRANSACTION_ID, transaction, ret_row);
}

static Status refunded_payment_row(Rows *rows, const Refund *refund, const Row **ret_row)
{
    return payment_row(rows, refund->mchid, refund->out_trade_no, ret_row);
}

static Status line_gather(Rows *rows, const Row *posting)
{
    const Row *row = NULL;
    Refund refund;
    Payment payment;
    Fee fee;
    TRY(explaining_row(rows, posting, &row));
    if (row != NULL && row->table == &refund_table) {
        if (!status_ok(refund_of_row(row, &refund))) return OK; /* run() will hear */
        TRY(refunded_payment_row(rows, &refund, &row));
    }
    if (row == NULL || !status_ok(payment_of_row(row, &payment))) return OK;
    return fee_get(rows, payment.mchid, payment.out_trade_no, &fee);
}

static Status page_gather(Unit *unit, Rows *rows)
{
    const Making *m = (const Making *)unit;
    for (size_t i = 0; i < m->page_count; i++) {
        const Row *posting = NULL;
        TRY(posting_row(rows, m->keys[m->page + i], &posting));
        if (posting == NULL || m->counting) continue;
        TRY(line_gather(rows, posting));
    }
    return OK;
}

static Status take_payment(const BillForm *form, const Row *row, BillLine *line)
{
    REQUIRE(row != NULL, REFUSED_BILL_CHANGED);
    TRY(payment_of_row(row, &line->payment));
    REQUIRE(strcmp(line->payment.mchid, form->mchid) == 0, REFUSED_BILL_CHANGED);
    line->has_payment = true;
    return OK;
}

static Status take_refund(Rows *rows, const BillForm *form, const Row *row, BillLine *line)
{
    const Row *payment = NULL;
    REQUIRE(row != NULL, REFUSED_BILL_CHANGED);
    TRY(refund_of_row(row, &line->refund));
    TRY(refunded_payment_row(rows, &line->refund, &payment));
    TRY(take_payment(form, payment, line));
    REQUIRE(strcmp(line->payment.transaction_id, line->refund.transaction_id) == 0,
            REFUSED_BILL_CHANGED);
    line->has_refund = true;
    return OK;
}

static bool is_back_of(const FeeBack *back, const Refund *refund)
{
    const Span name = span_of_text(back->transaction);
    const Span prefix = SPAN(POSTING_FEE_PREFIX);
    if (back->minor == 0 || name.size < prefix.size) return false;
    const Span id = { name.data + prefix.size, name.size - prefix.size };
    return span_equal(id, span_of_text(refund->refund_id));
}

/* What the payment cost; of a refund, what came back just before it. */
static Status take_fee(Making *m, Rows *rows, BillLine *line)
{
    Fee fee;
    if (line->kind == POSTING_FEE && line->minor > 0) {
        m->page_fee_back.minor = line->minor;
        memcpy(m->page_fee_back.transaction, line->transaction, sizeof(line->transaction));
    }
    if (!line->has_payment) return OK;
    TRY(fee_get(rows, line->payment.mchid, line->payment.out_trade_no, &fee));
    line->fee_rate = fee.rate;
    line->fee_minor = fee.minor;
    if (!line->has_refund) return OK;
    line->fee_minor = is_back_of(&m->page_fee_back, &line->refund) ? -m->page_fee_back.minor : 0;
    m->page_fee_back.minor = 0;
    return OK;
}

/* Three rows that were written at different times tell one story. */
static Status check_line(const BillLine *line, int64_t account)
{
    if (!line->has_payment) return OK;
    const int64_t minor = line->has_refund ? -line->refund.money.minor : line->payment.money.minor;
    REQUIRE(line->minor == minor, REFUSED_BILL_CHANGED);
    REQUIRE(line->payment.payee_account == account, REFUSED_BILL_CHANGED);
    return OK;
}

static Status read_line(Making *m, Rows *rows, PostingKey at, BillLine *line)
{
    const Row *posting = NULL;
    const Row *row = NULL;
    TRY(posting_row(rows, at, &posting));
    REQUIRE(posting != NULL, REFUSED_BILL_CHANGED);
    *line = (BillLine) { .batch = at.batch,
        .number = at.number,
        .kind = (PostingKind)posting_int(posting, POSTING_KIND),
        .minor = posting_int(posting, POSTING_MINOR),
        .posted_us = posting_int(posting, POSTING_TIME) };
    REQUIRE(posting_int(posting, POSTING_ACCOUNT) == m->open.account, REFUSED_BILL_CHANGED);
    REQUIRE(line->posted_us >= m->from_us && line->posted_us < m->to_us, REFUSED_BILL_CHANGED);
    if (m->counting) return OK;
    TRY(transaction_of(posting, line->transaction));
    TRY(explaining_row(rows, posting, &row));
    switch (line->kind) {
    case POSTING_PAY:
    case POSTING_CAPTURE: TRY(take_payment(m->form, row, line)); break;
    case POSTING_REFUND: TRY(take_refund(rows, m->form, row, line)); break;
    case POSTING_HOLD:
    case POSTING_RELEASE:
    case POSTING_FEE:
    case POSTING_SETTLE:
    case POSTING_FUND: break;
    }
    TRY(take_fee(m, rows, line));
    return check_line(line, m->open.account);
}

static bool is_wanted(BillKind kind, const BillLine *line)
{
    switch (kind) {
    case BILL_FUND_BASIC: return true;
    case BILL_TRADE_ALL: return line->has_payment;
    case BILL_TRADE_SUCCESS: return line->has_payment && !line->has_refund;
    case BILL_TRADE_REFUND: return line->has_refund;
    }
    return false;
}

static Status add_line(const BillLine *line, BillSums *sums)
{
    const bool in = line->minor >= 0;
    sums->lines++;
    *(in ? &sums->in : &sums->out) += 1;
    TRY(in ? minor_add(sums->in_minor, line->minor, &sums->in_minor)
           : minor_add(sums->out_minor, -line->minor, &sums->out_minor));
    if (!line->has_payment) return OK;
    *(line->has_refund ? &sums->refunds : &sums->paid) += 1;
    TRY(minor_add(sums->fee_minor, line->fee_minor, &sums->fee_minor));
    return line->has_refund ? minor_add(sums->refunded_minor, -line->minor, &sums->refunded_minor)
                            : minor_add(sums->paid_minor, line->minor, &sums->paid_minor);
}

static Status put_line(Making *m, BillLine *line)
{
    TRY(minor_add(m->page_balance, line->minor, &m->page_balance));
    if (m->counting || !is_wanted(m->form->kind, line)) return OK;
    line->balance = m->page_balance;
    if (line->has_payment) m->maker->openid(m->maker->context, &line->payment, line->openid);
    TRY(add_line(line, &m->page_sums));
    const Status s = bill_put_line(m->form->kind, line, m->text);
    return status_is(s, REFUSED_BUFFER_FULL) ? REFUSE(REFUSED_BILL_TOO_LARGE) : s;
}

/* May run again: what it wrote is written over. */
static Status page_run(Unit *unit, Rows *rows)
{
    Making *m = (Making *)unit;
    m->text->size = m->text_size;
    m->page_sums = m->sums;
    m->page_balance = m->balance;
    m->page_fee_back = m->fee_back;
    for (size_t i = 0; i < m->page_count; i++) {
        TRY(read_line(m, rows, m->keys[m->page + i], &m->line));
        TRY(put_line(m, &m->line));
    }
    return OK;
}

static Status check_stop(const BillMaker *maker)
{
    const bool stop = maker->stop != NULL && atomic_load(maker->stop);
    return stop ? REFUSE(REFUSED_BILL_STOPPED) : OK;
}

static Status make_slice(Making *m)
{
    for (m->page = 0; m->page < m->key_count; m->page += m->page_count) {
        const size_t left = m->key_count - m->page;
        TRY(check_stop(m->maker));
        m->page_count = left < PAGE_LINES ? left : PAGE_LINES;
        m->unit = (Unit) { .gather = page_gather, .run = page_run };
        m->text_size = m->text->size;
        TRY(unit_wait(m->maker->batcher, &m->unit));
        m->sums = m->page_sums;
        m->balance = m->page_balance;
        m->fee_back = m->page_fee_back;
    }
    return OK;
}

static Status begin_walk(Making *m, int64_t from_us, int64_t to_us)
{
    m->from_us = from_us;
    m->to_us = to_us;
    m->over = false;
    return batcher_between(m->maker->batcher, find_first, m);
}

static Status next_slice(Making *m)
{
    TRY(check_stop(m->maker));
    return batcher_between(m->maker->batcher, find_slice, m);
}

/* All of the merchant's postings between two moments. */
static Status walk(Making *m, int64_t from_us, int64_t to_us, bool counting)
{
    m->counting = counting;
    TRY(begin_walk(m, from_us, to_us));
    while (!m->over) {
        TRY(next_slice(m));
        TRY(make_slice(m));
    }
    return OK;
}

/* Before the days since are counted: has the day anything at all? Keys alone are read. */
static Status look_for_any(Making *m, int64_t from_us, int64_t to_us)
{
    TRY(begin_walk(m, from_us, to_us));
    do
        TRY(next_slice(m));
    while (m->key_count == 0 && !m->over);
    return m->key_count > 0 ? OK : REFUSE(REFUSED_BILL_NONE);
}

/* The balance that the day began with: the last evening's, less what moved from then on. */
static Status count_opening(Making *m, int64_t from_us)
{
    m->balance = 0;
    TRY(walk(m, from_us, time_business_day_start_us(m->open.today), true));
    return minor_add(m->open.evening_minor, -m->balance, &m->balance);
}

static Status write_bill(Making *m)
{
    const int64_t from_us = time_business_day_start_us(m->form->day);
    const int64_t to_us = time_business_day_start_us(m->form->day + 1);
    if (m->form->kind == BILL_FUND_BASIC) {
        TRY(look_for_any(m, from_us, to_us));
        TRY(count_opening(m, from_us));
    }
    TRY(bill_put_head(m->form->kind, m->text));
    TRY(walk(m, from_us, to_us, false));
    REQUIRE(m->sums.lines > 0, REFUSED_BILL_NONE);
    const Status s = bill_put_sums(m->form->kind, &m->sums, m->text);
    return status_is(s, REFUSED_BUFFER_FULL) ? REFUSE(REFUSED_BILL_TOO_LARGE) : s;
}

static Status make(Making *m)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    m->open.form = m->form;
    bill_open_unit(&m->open);
    TRY(unit_wait(m->maker->batcher, &m->open.unit));
    TRY(write_bill(m));
    sha256(span_of_buffer(m->text), digest);
    BillKeep keep = { .form = m->form, .sums = &m->sums, .sha256 = digest };
    bill_keep_unit(&keep);
    return unit_wait(m->maker->batcher, &keep.unit);
}

Status bill_admit(const BillMaker *maker, const BillForm *form)
{
    BillOpen open = { .form = form };
    bill_open_unit(&open);
    return unit_wait(maker->batcher, &open.unit);
}

Status bill_make(const BillMaker *maker, const BillForm *form, Buffer *ret_text, BillSums *ret_sums)
{
    static _Thread_local Making making;
    ASSERT(ret_text->size == 0 && ret_text->capacity <= BILL_TEXT_BYTES_MAX);
    making = (Making) { .maker = maker, .form = form, .text = ret_text };
    const Status s = make(&making);
    if (status_ok(s))
        *ret_sums = making.sums;
    else
        ret_text->size = 0;
    return s;
}
