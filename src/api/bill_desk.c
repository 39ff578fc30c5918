#include "api/bill_desk.h"

#include "api/signer.h"
#include "api/transaction.h"
#include "text/gzip.h"

#include <pthread.h>
#include <stdlib.h>

struct BillDesk {
    House *house;
    Workers *worker;
    pthread_mutex_t lock;
    char waiting[BILL_DESK_WAITING_MAX][MERCHANT_ID_BYTES_MAX + 1]; /* "": free */
    BillForm made; /* what `text` is; its day 0: nothing */
    Buffer text;
    Buffer packed;
    BillTurns turns;
    atomic_bool stop;
};

/* --- whose turn --- */

static Status enter(BillDesk *desk, const char *mchid)
{
    size_t own = 0;
    size_t place = BILL_DESK_WAITING_MAX;
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < BILL_DESK_WAITING_MAX; i++) {
        if (desk->waiting[i][0] == 0) place = i;
        if (strcmp(desk->waiting[i], mchid) == 0) own++;
    }
    const bool taken = place < BILL_DESK_WAITING_MAX && own < BILL_DESK_EACH_MAX;
    if (taken)
        passage_text(desk->waiting[place], sizeof(desk->waiting[place]), span_of_text(mchid));
    pthread_mutex_unlock(&desk->lock);
    return taken ? OK : REFUSE(REFUSED_BILL_BUSY);
}

static void leave(BillDesk *desk, const char *mchid)
{
    pthread_mutex_lock(&desk->lock);
    for (size_t i = 0; i < BILL_DESK_WAITING_MAX; i++) {
        if (strcmp(desk->waiting[i], mchid) != 0) continue;
        desk->waiting[i][0] = 0;
        break;
    }
    pthread_mutex_unlock(&desk->lock);
}

/* --- making --- */

static void openid_of(
        void *context, const Payment *payment, char ret_openid[BILL_OPENID_BYTES_MAX + 1])
{
    char openid[PAYMENT_OPENID_BYTES + 1];
    transaction_openid(context, payment->mchid, payment->payer, openid);
    passage_text(ret_openid, BILL_OPENID_BYTES_MAX + 1, span_of_text(openid));
}

static bool is_made(const BillDesk *desk, const BillForm *form)
{
    const BillForm *made = &desk->made;
    return made->day == form->day && made->kind == form->kind
            && strcmp(made->mchid, form->mchid) == 0;
}

static Status have_made(BillDesk *desk, const BillForm *form)
{
    BillSums sums;
    const BillMaker maker = { desk->house->batcher, openid_of, desk->house, &desk->stop };
    TRY(bill_admit(&maker, form));
    if (is_made(desk, form)) return OK;
    TRY(bill_turns_take(&desk->turns, form, clock_now_us(&desk->house->clock)));
    desk->made = (BillForm) { .day = 0 };
    desk->text.size = 0;
    const Status s = bill_make(&maker, form, &desk->text, &sums);
    if (status_ok(s)) desk->made = *form;
    if (status_is(s, REFUSED_BILL_NONE)) bill_turns_none(&desk->turns, form);
    return s;
}

/* What the download is. Known before its address is handed out. */
static Status have_content(BillDesk *desk, bool gzip, Span *ret_content)
{
    *ret_content = span_of_buffer(&desk->text);
    if (gzip) {
        desk->packed.size = 0;
        const Status s = gzip_pack(span_of_buffer(&desk->text), &desk->packed);
        if (status_is(s, REFUSED_BUFFER_FULL)) return REFUSE(REFUSED_BILL_TOO_LARGE);
        TRY(s);
        *ret_content = span_of_buffer(&desk->packed);
    }
    REQUIRE(ret_content->size <= HTTP_ANSWER_BYTES_MAX, REFUSED_BILL_TOO_LARGE);
    return OK;
}

static int write_answer(Passage *p, Buffer *ret_body)
{
    if (!status_ok(p->outcome)) return passage_write_refusal(p, p->outcome, NULL, ret_body);
    return 200; /* the body was written at the desk */
}

static Status write_bill(BillDesk *desk, Passage *p)
{
    const BillWork *work = &p->work.bill;
    char token[BILL_TOKEN_HEX_BYTES + 1];
    uint8_t hex_bytes[2 * DIGEST_BYTES_MAX];
    uint8_t url_bytes[512];
    Buffer hex = BUFFER_OF(hex_bytes);
    Buffer url = BUFFER_OF(url_bytes);
    JsonWriter w = json_writer(&p->body);
    TRY(bill_hash_put(work->ask.hash, span_of_buffer(&desk->text), &hex));
    bill_token_make(desk->house, p->mchid, &work->ask, token);
    TRY(buffer_print(&url, "%s/v3/billdownload/file?token=%s", work->origin, token));
    json_open_object(&w);
    json_key_text(&w, "hash_type", span_of_text(bill_hash_name(work->ask.hash)));
    json_key_text(&w, "hash_value", span_of_buffer(&hex));
    json_key_text(&w, "download_url", span_of_buffer(&url));
    json_close(&w);
    return json_finish(&w);
}

/* Not signed, as in the profile: the hash that came signed before it proves it. */
static void send_bill(const BillDesk *desk, Passage *p, Span content)
{
    Answer *answer = &p->answer;
    if (status_ok(answer_unsigned(&desk->house->random, answer)))
        answer->headers[0].value =
                p->work.bill.ask.gzip ? SPAN("application/gzip") : SPAN("text/csv; charset=utf-8");
    passage_send(p, 200, answer->headers, answer->header_count, content);
}

static void serve(Job *job)
{
    Passage *p = passage_of_job(job);
    BillDesk *desk = p->house->bills;
    const bool download = p->work.bill.download;
    Span content = { 0 };
    unit_asked(passage_from(p), NULL);
    Status s = have_made(desk, &p->work.bill.form);
    unit_asked(NULL, NULL);
    if (status_ok(s)) s = have_content(desk, p->work.bill.ask.gzip, &content);
    if (status_ok(s) && !download) s = write_bill(desk, p);
    leave(desk, p->mchid);
    if (status_ok(s) && download)
        send_bill(desk, p, content);
    else
        passage_finish(p, s, write_answer);
}

void bill_desk_submit(BillDesk *desk, Passage *p)
{
    Status s = enter(desk, p->mchid);
    if (status_ok(s)) {
        passage_not_coming(p);
        p->job.run = serve;
        s = workers_submit(desk->worker, &p->job);
        if (status_ok(s)) return; /* the passage may be gone already */
        leave(desk, p->mchid);
    }
    passage_finish(p, s, write_answer);
}

/* --- opening --- */

Status bill_desk_open(House *house, BillDesk **ret_desk)
{
    BillDesk *desk = calloc(1, sizeof(*desk));
    CHECK(desk != NULL, FAULT_MEMORY);
    desk->house = house;
    desk->text = (Buffer) { malloc(BILL_TEXT_BYTES_MAX), 0, BILL_TEXT_BYTES_MAX };
    ASSERT(pthread_mutex_init(&desk->lock, NULL) == 0);
    desk->packed = (Buffer) { malloc(HTTP_ANSWER_BYTES_MAX), 0, HTTP_ANSWER_BYTES_MAX };
    const bool short_of_memory = desk->text.data == NULL || desk->packed.data == NULL;
    Status s = short_of_memory ? BROKEN(FAULT_MEMORY) : OK;
    if (status_ok(s)) s = workers_start(1, &desk->worker);
    *ret_desk = desk;
    if (!status_ok(s)) bill_desk_close(ret_desk);
    return s;
}

void bill_desk_stop(BillDesk *desk)
{
    if (desk != NULL) atomic_store(&desk->stop, true);
}

void bill_desk_close(BillDesk **desk)
{
    BillDesk *d = *desk;
    if (d == NULL) return;
    if (d->worker != NULL) workers_stop(d->worker);
    pthread_mutex_destroy(&d->lock);
    free(d->text.data);
    free(d->packed.data);
    free(d);
    *desk = NULL;
}
