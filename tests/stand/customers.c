#define _GNU_SOURCE
#include "customers.h"

#include "crypto/tls.h"
#include "draw.h"
#include "merchant_steps.h"
#include "policy/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 20, GATE_MS = 2, AMOUNT_MAX = 5000, AWAIT_MS_MAX = 120000 };

static const char *const mchids[CUSTOMERS_MERCHANTS] = { "1900000001", "1900000002" };
static const KeyAlgorithm algorithms[CUSTOMERS_MERCHANTS] = { KEY_RSA, KEY_SM2 };
static const char *const payers[CUSTOMERS_PAYERS] = { "payer-1", "payer-2", "payer-3", "payer-4",
    "payer-5", "payer-6", "payer-7", "payer-8" };
static const char pin[] = "271828";

const char customers_strategy[] =
        "version: 1\nname: customers\n"
        "amount:\n  challenge_over: 100000\n  delay_over: 0\n  review_over: 0\n"
        "  refuse_over: 5000000\n"
        "velocity:\n  challenge_count_over: 900000\n  challenge_sum_over: 900000000000\n"
        "  refuse_count_over: 1000000\n  refuse_sum_over: 1000000000000\n"
        "wait:\n  challenge_s: 2\n  delay_s: 1\n  review_s: 2\n";

/* What both processes see. */
typedef struct Board {
    _Atomic unsigned gate; /* odd: open */
    _Atomic unsigned at_gate[CUSTOMERS_COUNT]; /* the closed gate that this customer stands at */
    _Atomic bool over;
    _Atomic int64_t marked_us;
    _Atomic unsigned interrupted;
    _Atomic uint64_t told;
    _Atomic uint64_t refused;
    _Atomic uint64_t lost;
    _Atomic bool in_trouble;
    _Atomic bool trouble_written;
    char trouble[CUSTOMERS_TROUBLE_BYTES];
    _Atomic size_t drawn;
    Receipt receipts[CUSTOMERS_ORDERS_MAX];
} Board;

struct Customers {
    Board *board;
    pid_t pid;
    uint64_t seed;
    Stand house; /* the customers' process looks here for folder and port */
    MerchantApp merchants[CUSTOMERS_MERCHANTS];
};

typedef struct Customer {
    Customers *all;
    Board *board;
    int number;
    SeededRandom random; /* of the orders; their secrets are not seeded */
    Stand house;
    HttpClient *http; /* NULL: not connected */
    PayerApp payer_apps[CUSTOMERS_PAYERS];
    BoxKey box_key;
    char code[PAYER_APP_CODE_BYTES_MAX];
    char code_url[128];
} Customer;

typedef enum Heard { HEARD_ANSWER, HEARD_REFUSED, HEARD_NOTHING, HEARD_WRONG } Heard;
typedef Heard (*Step)(Customer *customer, Receipt *receipt);

static int64_t now_us(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void pause_ms(int ms)
{
    const struct timespec wait = { 0, ms * 1000000L };
    nanosleep(&wait, NULL);
}

const char *customers_payer(int payer) { return payers[payer]; }

const char *customers_way(Way way)
{
    static const char *const names[WAYS] = { "code", "pin", "close", "leave", "hold" };
    ASSERT((unsigned)way < WAYS);
    return names[way];
}

/* --- what is heard --- */

static Heard trouble(Customer *c, const Receipt *r, const char *step, int status, const char *code)
{
    Board *board = c->board;
    if (atomic_exchange(&board->in_trouble, true)) return HEARD_WRONG;
    snprintf(board->trouble, sizeof(board->trouble), "%s by %s, %s: HTTP %d, %s", r->number,
            customers_way(r->way), step, status, code);
    board->trouble_written = true;
    return HEARD_WRONG;
}

static bool no_answer(Status s)
{
    return status_is(s, REFUSED_HTTP_CLOSED) || status_is(s, REFUSED_HTTP_TIMEOUT)
            || status_is(s, REFUSED_HTTP_CONNECT);
}

static bool away(int status, const char *code)
{
    return status == 503 && strcmp(code, "SERVICE_UNAVAILABLE") == 0;
}

/* An answer, a clear "not now", nothing, or something that must not be. */
static Heard judge(Customer *c, const Receipt *r, const char *step, Status s, int wanted_status,
        int status, const char *code)
{
    if (no_answer(s)) return HEARD_NOTHING;
    if (away(status, code)) return HEARD_REFUSED;
    if (status != wanted_status) return trouble(c, r, step, status, code);
    if (!status_ok(s)) return trouble(c, r, step, status, status_name(s));
    return HEARD_ANSWER;
}

static int state_of(const char *text)
{
    if (strcmp(text, "SUCCESS") == 0) return TRADE_SUCCESS;
    if (strcmp(text, "USERPAYING") == 0) return TRADE_USERPAYING;
    if (strcmp(text, "PAYERROR") == 0) return TRADE_PAYERROR;
    return 0;
}

/* --- steps --- */

static const MerchantApp *merchant_of(const Customer *c, const Receipt *r)
{
    return &c->all->merchants[r->merchant];
}

static Heard fetch_code(Customer *c, Receipt *r)
{
    PayerAnswer answer = { 0 };
    const char *code = NULL;
    const Status s = payer_app_code(&c->payer_apps[r->payer], c->http, &c->box_key, &answer, &code);
    if (status_ok(s)) answer.status = 200; /* also when a code was left from last time */
    const Heard heard = judge(c, r, "codes", s, 200, answer.status, answer.code);
    if (heard == HEARD_ANSWER) snprintf(c->code, sizeof(c->code), "%s", code);
    return heard;
}

static Heard order_by_code(Customer *c, Receipt *r)
{
    Answered answered = { 0 };
    r->asked = r->way == HOLD ? TRADE_USERPAYING : TRADE_SUCCESS;
    const Status s =
            step_codepay(merchant_of(c, r), c->http, r->number, r->minor, c->code, &answered);
    const Heard heard = judge(c, r, "codepay", s, 200, answered.status, answered.code);
    if (heard != HEARD_ANSWER) return heard;
    const int state = state_of(answered.trade_state);
    const bool right = state == r->asked || (r->way == HOLD && state == TRADE_PAYERROR);
    if (!right || (state == TRADE_SUCCESS && answered.total != r->minor))
        return trouble(c, r, "codepay says", answered.status, answered.trade_state);
    snprintf(r->transaction_id, sizeof(r->transaction_id), "%s", answered.transaction_id);
    r->told = state;
    return heard;
}

static Heard order_native(Customer *c, Receipt *r)
{
    Answered answered = { 0 };
    r->asked = TRADE_NOTPAY;
    const Status s = step_native(merchant_of(c, r), c->http, r->number, r->minor, &answered);
    const Heard heard = judge(c, r, "native", s, 200, answered.status, answered.code);
    if (heard != HEARD_ANSWER) return heard;
    if (answered.code_url[0] == 0) return trouble(c, r, "native", 200, "no code_url");
    snprintf(c->code_url, sizeof(c->code_url), "%s", answered.code_url);
    r->told = TRADE_NOTPAY;
    return heard;
}

static Heard confirm(Customer *c, Receipt *r)
{
    PayerAnswer answer = { 0 };
    r->asked = TRADE_SUCCESS;
    const Status s = payer_app_pay(
            &c->payer_apps[r->payer], c->http, &c->box_key, span_of_text(c->code_url), &answer);
    const Heard heard = judge(c, r, "pay", s, 200, answer.status, answer.code);
    if (heard == HEARD_ANSWER) r->told = TRADE_SUCCESS;
    return heard;
}

static Heard close_order(Customer *c, Receipt *r)
{
    Answered answered = { 0 };
    r->asked = TRADE_CLOSED;
    const Status s = step_close(merchant_of(c, r), c->http, r->number, &answered);
    const Heard heard = judge(c, r, "close", s, 204, answered.status, answered.code);
    if (heard == HEARD_ANSWER) r->told = TRADE_CLOSED;
    return heard;
}

/* --- insisting --- */

/* The house may have another port by now: the ready file says. */
static bool connected(Customer *c)
{
    if (c->http != NULL) return true;
    if (!status_ok(stand_await(&c->house))) return false;
    return status_ok(stand_connect(&c->house, &c->http));
}

/* Only requests that are one message are counted as interrupted: a payer's step is two, and the
 * kill may come between them. */
static void note(Customer *c, Heard heard, int64_t began_us, bool one_message)
{
    Board *board = c->board;
    if (heard == HEARD_REFUSED) board->refused++;
    if (heard == HEARD_NOTHING) board->lost++;
    if (one_message && began_us <= board->marked_us) board->interrupted++;
}

/* Repeat one step until it is answered. */
static bool insist(Customer *c, Receipt *r, Step step)
{
    const bool one_message = step != fetch_code && step != confirm;
    const int64_t until = now_us() + (int64_t)CUSTOMERS_CONVERGE_MS_MAX * 1000;
    while (now_us() < until && !c->board->over) {
        if (connected(c)) {
            const int64_t began = now_us();
            const Heard heard = step(c, r);
            if (heard == HEARD_ANSWER) {
                c->board->told++;
                return true;
            }
            if (heard == HEARD_WRONG) return false;
            note(c, heard, began, one_message);
            if (heard == HEARD_NOTHING) http_client_close(&c->http);
        }
        pause_ms(PAUSE_MS);
    }
    if (!c->board->over) trouble(c, r, "repeated in vain, asked for", r->asked, "no answer");
    return false;
}

static bool serve(Customer *c, Receipt *r)
{
    switch (r->way) {
    case PAY_BY_CODE:
    case HOLD: return insist(c, r, fetch_code) && insist(c, r, order_by_code);
    case PAY_BY_PIN: return insist(c, r, order_native) && insist(c, r, confirm);
    case CLOSE: return insist(c, r, order_native) && insist(c, r, close_order);
    case LEAVE:
    case WAYS: break;
    }
    return insist(c, r, order_native);
}

static Way draw_way(Customer *c)
{
    static const Way mixture[] = { PAY_BY_CODE, PAY_BY_CODE, PAY_BY_CODE, PAY_BY_CODE, PAY_BY_CODE,
        PAY_BY_CODE, PAY_BY_CODE, PAY_BY_CODE, PAY_BY_PIN, PAY_BY_PIN, PAY_BY_PIN, PAY_BY_PIN,
        CLOSE, CLOSE, CLOSE, LEAVE, HOLD };
    return mixture[draw_index(&c->random, sizeof(mixture) / sizeof(mixture[0]))];
}

/* A new line on the list; NULL when it is full. */
static Receipt *draw_order(Customer *c)
{
    const size_t index = c->board->drawn++;
    if (index >= CUSTOMERS_ORDERS_MAX) {
        c->board->drawn--;
        return NULL;
    }
    Receipt *r = &c->board->receipts[index];
    snprintf(r->number, sizeof(r->number), "ORDER-%06zu", index);
    r->way = draw_way(c);
    r->merchant = (int)draw_index(&c->random, CUSTOMERS_MERCHANTS);
    const bool by_code = r->way == PAY_BY_CODE || r->way == HOLD;
    r->payer = by_code ? c->number : (int)draw_index(&c->random, CUSTOMERS_PAYERS);
    r->minor = 1 + draw_index(&c->random, AMOUNT_MAX);
    if (r->way == HOLD) r->minor = CUSTOMERS_HELD_MINOR;
    return r;
}

static void stand_at_gate(Customer *c, unsigned gate)
{
    c->board->at_gate[c->number] = gate;
    while (c->board->gate == gate && !c->board->over)
        pause_ms(GATE_MS);
}

static void *live(void *context)
{
    Customer *c = context;
    while (!c->board->over && !c->board->in_trouble) {
        const unsigned gate = c->board->gate;
        if (gate % 2 == 0) {
            stand_at_gate(c, gate);
            continue;
        }
        Receipt *r = draw_order(c);
        if (r == NULL || !serve(c, r)) break;
    }
    http_client_close(&c->http);
    if (c->house.tls != NULL) tls_context_free(&c->house.tls);
    box_key_free(&c->box_key);
    return NULL;
}

/* --- their process --- */

static void prepare(Customer *c, Customers *all, int number)
{
    *c = (Customer) { .all = all, .board = all->board, .number = number };
    random_seeded(&c->random, all->seed * 1000003 + (uint64_t)number);
    memcpy(c->house.folder, all->house.folder, sizeof(c->house.folder));
    ASSERT(status_ok(box_key_pin(stand_path(&c->house, "demo"), &c->box_key)));
    for (int i = 0; i < CUSTOMERS_PAYERS; i++) {
        snprintf(c->payer_apps[i].id, sizeof(c->payer_apps[i].id), "%s", payers[i]);
        snprintf(c->payer_apps[i].pin, sizeof(c->payer_apps[i].pin), "%s", pin);
    }
}

static void live_all(Customers *all)
{
    static Customer customers[CUSTOMERS_COUNT];
    pthread_t threads[CUSTOMERS_COUNT];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < CUSTOMERS_COUNT; i++) {
        prepare(&customers[i], all, i);
        ASSERT(pthread_create(&threads[i], NULL, live, &customers[i]) == 0);
    }
    for (int i = 0; i < CUSTOMERS_COUNT; i++)
        pthread_join(threads[i], NULL);
}

static Status enrol(Stand *stand, Customers *all)
{
    for (int i = 0; i < CUSTOMERS_MERCHANTS; i++) {
        TRY(stand_merchant(stand, mchids[i], algorithms[i], &all->merchants[i]));
        all->merchants[i].tries_max = 1; /* they repeat by themselves, and count */
    }
    for (int i = 0; i < CUSTOMERS_PAYERS; i++) {
        PayerApp app = { 0 };
        TRY(stand_payer(stand, payers[i], pin, CUSTOMERS_BALANCE_MINOR, &app));
    }
    return OK;
}

Status customers_start(Stand *stand, uint64_t seed, Customers **ret_customers)
{
    Customers *all = calloc(1, sizeof(*all));
    CHECK(all != NULL, FAULT_MEMORY);
    all->seed = seed;
    *ret_customers = all; /* freed by customers_stop() also when the rest fails */
    void *memory =
            mmap(NULL, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED, FAULT_MEMORY);
    all->board = memory;
    TRY(enrol(stand, all));
    memcpy(all->house.folder, stand->folder, sizeof(all->house.folder));
    fflush(NULL);
    all->pid = fork();
    CHECK(all->pid >= 0, FAULT_SYSTEM);
    if (all->pid == 0) {
        live_all(all);
        _exit(0);
    }
    return OK;
}

void customers_stop(Customers *all)
{
    if (all == NULL) return;
    if (all->board != NULL) all->board->over = true;
    if (all->pid > 0)
        while (waitpid(all->pid, NULL, 0) < 0 && errno == EINTR) { }
    for (int i = 0; i < CUSTOMERS_MERCHANTS; i++) {
        private_key_free(&all->merchants[i].key);
        public_key_free(&all->merchants[i].platform);
    }
    if (all->board != NULL) munmap(all->board, sizeof(Board));
    free(all);
}

/* --- the test's side --- */

void customers_open_gate(Customers *all)
{
    if (all->board->gate % 2 == 0) all->board->gate++;
}

static bool everybody_stands(const Board *board)
{
    for (int i = 0; i < CUSTOMERS_COUNT; i++)
        if (board->at_gate[i] != board->gate) return false;
    return true;
}

/* Until `*place` has come to `wanted`, or for ever when it is NULL: then until all stand at the
 * gate. */
static bool await(const Customers *all, const _Atomic uint64_t *place, uint64_t wanted)
{
    const int64_t until = now_us() + (int64_t)AWAIT_MS_MAX * 1000;
    while (now_us() < until && !all->board->in_trouble) {
        const bool reached = place == NULL ? everybody_stands(all->board) : *place >= wanted;
        if (reached) return true;
        pause_ms(1);
    }
    fprintf(stderr, "  customers: %s\n", customers_trouble(all));
    return false;
}

bool customers_close_gate(Customers *all)
{
    if (all->board->gate % 2 == 1) all->board->gate++;
    return await(all, NULL, 0);
}

bool customers_await(Customers *all, uint64_t count)
{
    return await(all, &all->board->told, all->board->told + count);
}

bool customers_await_refused(Customers *all, uint64_t count)
{
    return await(all, &all->board->refused, all->board->refused + count);
}

void customers_mark(Customers *all)
{
    all->board->interrupted = 0;
    all->board->marked_us = now_us();
}

unsigned customers_interrupted(const Customers *all) { return all->board->interrupted; }
uint64_t customers_told(const Customers *all) { return all->board->told; }
uint64_t customers_refused(const Customers *all) { return all->board->refused; }
uint64_t customers_lost(const Customers *all) { return all->board->lost; }

const char *customers_trouble(const Customers *all)
{
    if (!all->board->in_trouble) return "";
    for (int i = 0; i < 1000 && !all->board->trouble_written; i++)
        pause_ms(1);
    return all->board->trouble;
}

size_t customers_receipts(const Customers *all, const Receipt **ret_receipts)
{
    *ret_receipts = all->board->receipts;
    return all->board->drawn;
}

const MerchantApp *customers_merchant(const Customers *all, int merchant)
{
    return &all->merchants[merchant];
}
