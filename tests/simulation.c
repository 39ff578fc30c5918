/*
 * Goal: whatever fails between hufud, vaultd and their two disks, in whatever order, an
 * acknowledged payment is there once, none is there twice, money sums to zero, and work goes on by
 * itself (DESIGN promise 7). Method: one process plays both programs with everything outside passed
 * in: the database lies on a disk that tears what was not synced (store/torn_vfs.h), the journal on
 * another (journal/torn_disk.h), and the dialler between them loses, delays and cuts questions and
 * answers, at any message, those of a start too. A seed decides what fails and when; the same seed
 * fails alike:
 *
 *     simulation [SEEDS [FIRST]]
 */
#include "access/merchant.h"
#include "audit/log.h"
#include "base/expect.h"
#include "cases/alert.h"
#include "ledger/account.h"
#include "payment/enrol.h"
#include "payment/order.h"
#include "payment/pay_code.h"
#include "store/torn_vfs.h"
#include "store/unit_wait.h"
#include "vault/vault_test_house.h"
#include "vaultclient/guard.h"

#include <stdlib.h>

enum {
    SEEDS_USUAL = 12,
    ORDERS = 40, /* of one seed */
    TRIES_MAX = 40, /* until one order converges */
    FAULT_KINDS = 6,
    STARTS_MAX = 5, /* of hufud; nothing is done to the messages of the last two */
    ANSWER_BYTES_MAX = 1 << 20,
};

/* What the dialler does to a question. */
typedef enum Mischief {
    NONE,
    NOBODY_THERE,
    QUESTION_LOST,
    QUESTION_LATE, /* it waits in vaultd's lane until the next one comes, the asker gave up */
    ANSWER_LOST,
    ANSWER_LATE, /* the asker gave up */
    ANSWER_CUT, /* some bytes of it came */
    MISCHIEFS
} Mischief;

/* A question that nobody waits for any more. */
typedef struct Late {
    bool waits;
    uint8_t operation;
    Buffer request;
} Late;

static struct {
    House *vault; /* with its journal's disks */
    Store *store;
    VaultClient *client;
    VaultGuard *guard;
    Batcher *batcher;
    Clock clock;
    SeededRandom seed;
    Random random;
    Mischief mischief;
    uint64_t questions_until; /* the mischief */
    Late late;
    bool vault_dead;
    uint64_t restarts_of_vaultd, restarts_of_hufud, starts_failed, leases_lost, ordered;
    uint64_t done[MISCHIEFS]; /* how often each mischief was done */
    int64_t paid_minor;
} sim;

static uint64_t pick(uint64_t below) { return seeded_next(&sim.seed) % below; }
static int64_t now_us(void *context) { return ((const House *)context)->now_us; }

/* --- the dialler between them --- */

static bool link_is_usable; /* the batch thread's one link, or the test's while that waits */

static Status dial(void *context, const char *path, int deadline_ms, void **ret_link)
{
    REQUIRE(!sim.vault_dead && sim.mischief != NOBODY_THERE, REFUSED_IPC_CLOSED);
    link_is_usable = true;
    *ret_link = &link_is_usable;
    return OK;
}

static const ServicePeer hufud = { .uid = HOUSE_HUFUD_UID, .listener = VAULT_LISTENER_HUFUD };

/* It comes before the next one of its lane. Whether vaultd answers at all is asked beside it. */
static void deliver_late(uint8_t next)
{
    static uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer nobody_reads = BUFFER_OF(bytes);
    Late *late = &sim.late;
    if (!late->waits || next == VAULT_STATUS) return;
    late->waits = false;
    const Span request = span_of_buffer(&late->request);
    IGNORE(vault_handle(sim.vault->vault, &hufud, late->operation, request, &nobody_reads),
            "who asked has gone");
}

static void keep_late(uint8_t operation, Span request)
{
    static uint8_t bytes[CHANNEL_PAYLOAD_BYTES_MAX];
    sim.late = (Late) { true, operation, BUFFER_OF(bytes) };
    ASSERT(status_ok(buffer_put(&sim.late.request, request)));
}

/* The answer, or as much of it as comes through. */
static Status answer(uint8_t operation, Span request, Mischief mischief, Buffer *ret_answer)
{
    static uint8_t bytes[ANSWER_BYTES_MAX];
    Buffer whole = BUFFER_OF(bytes);
    const Status s = vault_handle(sim.vault->vault, &hufud, operation, request, &whole);
    if (mischief == ANSWER_LATE) return REFUSE(REFUSED_IPC_TIMEOUT);
    REQUIRE(mischief != ANSWER_LOST, REFUSED_IPC_CLOSED);
    TRY(s);
    if (mischief == NONE) return buffer_put(ret_answer, span_of_buffer(&whole));
    const size_t room = ret_answer->capacity - ret_answer->size;
    const size_t cut = whole.size == 0 ? 0 : pick(whole.size);
    if (cut > 0) memcpy(ret_answer->data + ret_answer->size, bytes, cut < room ? cut : room);
    return REFUSE(REFUSED_IPC_CLOSED); /* as a channel: the size says that there is nothing */
}

static Mischief next_mischief(void)
{
    const Mischief mischief = sim.mischief;
    if (mischief == NONE || sim.questions_until-- > 0) return NONE;
    sim.mischief = NONE;
    sim.done[mischief]++;
    return mischief;
}

static Status ask(void *link, uint8_t operation, Span request, Buffer *ret_answer)
{
    const Mischief mischief = next_mischief();
    link_is_usable = mischief == NONE;
    if (sim.vault_dead || mischief == QUESTION_LOST || mischief == NOBODY_THERE) {
        link_is_usable = false;
        return REFUSE(REFUSED_IPC_CLOSED);
    }
    deliver_late(operation);
    if (mischief == QUESTION_LATE) {
        keep_late(operation, request);
        return REFUSE(REFUSED_IPC_TIMEOUT);
    }
    const Status s = answer(operation, request, mischief, ret_answer);
    if (!sim.vault->power.off) return s;
    sim.vault_dead = true; /* its disk is gone: it ends, and says nothing */
    link_is_usable = false;
    return REFUSE(REFUSED_IPC_CLOSED);
}

static bool usable(const void *link) { return *(const bool *)link; }
static void hang_up(void *link) { }

/* --- both programs --- */

static Status hufud_start(void)
{
    static const StoreSchema *const schemas[] = { &audit_schema, &cases_schema, &access_schema,
        &ledger_schema, &payment_schema };
    static uint8_t bytes[VAULTCLIENT_ANSWER_BYTES_MAX];
    const Dialler dialler = { dial, ask, usable, hang_up, NULL };
    const VaultClientConfig client = {
        .socket_path = "simulated", .channels = 1, .dialler = &dialler
    };
    const StoreConfig store = { "/simulated.db", TORN_VFS_NAME, schemas, 5, false };
    const VaultScanView scan = { .leaves = audit_each_hash };
    Buffer memory = BUFFER_OF(bytes);
    WireStatus status = { 0 };
    TRY(store_open(&store, &sim.store));
    TRY(vaultclient_open(&client, &sim.client));
    TRY(vaultclient_scan(sim.client, sim.store, &scan, &memory, &status));
    const VaultGuardConfig guard = { .client = sim.client,
        .store = sim.store,
        .scan = scan,
        .epoch = status.epoch,
        .append = audit_append,
        .committed = audit_batches };
    TRY(vaultclient_guard_open(&guard, &sim.guard));
    const BatchGuard batch_guard = vaultclient_guard(sim.guard);
    return batcher_start(sim.store, &batch_guard, &sim.clock, status.next_batch, &sim.batcher);
}

static void hufud_stop(void)
{
    if (sim.guard != NULL && vaultclient_guard_lost(sim.guard)) sim.leases_lost++;
    if (sim.batcher != NULL) batcher_stop(sim.batcher);
    vaultclient_guard_close(sim.guard);
    vaultclient_close(sim.client);
    if (sim.store != NULL) store_close(sim.store);
    sim.batcher = NULL;
    sim.guard = NULL;
    sim.client = NULL;
    sim.store = NULL;
}

static Status vaultd_restart(void)
{
    sim.restarts_of_vaultd++;
    sim.vault_dead = false;
    sim.late.waits = false;
    return house_restart(sim.vault);
}

/* --- what fails --- */

static void let_a_message_fail(uint64_t within)
{
    sim.mischief = (Mischief)(1 + pick(MISCHIEFS - 1));
    sim.questions_until = pick(within);
}

static void let_something_fail(void)
{
    switch (pick(FAULT_KINDS)) {
    case 0: sim.vault->power.cut_at = sim.vault->power.operations + 1 + pick(12); break;
    case 1: torn_arm(TORN_CUT, 1 + pick(40)); break;
    case 2: torn_arm(TORN_FULL, 1 + pick(20)); break;
    case 3: /* the whole machine */
        torn_arm(TORN_CUT, 1 + pick(40));
        sim.vault->power.cut_at = sim.vault->power.operations + 1 + pick(8);
        break;
    case 4: torn_arm(TORN_SYNC_FAILS, 1 + pick(10)); break;
    default: break;
    }
    if (pick(2) == 0) let_a_message_fail(12);
}

/* --- and gets well --- */

/* As the program does: it asks until it is answered. */
static Status hufud_start_again(void)
{
    Status s = OK;
    for (int starts = 1; starts <= STARTS_MAX; starts++) {
        sim.restarts_of_hufud++;
        if (starts < STARTS_MAX - 1) let_a_message_fail(16);
        s = hufud_start();
        sim.mischief = NONE;
        if (status_ok(s)) break;
        sim.starts_failed++;
        hufud_stop();
        if (sim.vault_dead) TRY(vaultd_restart());
    }
    return s;
}

/* Power and patience are back; whoever ended is started again, hufud as long as it takes. */
static Status heal(void)
{
    const bool hufud_ended = sim.batcher == NULL || batcher_failed(sim.batcher);
    sim.mischief = NONE;
    if (sim.vault_dead) TRY(vaultd_restart());
    sim.vault->power.cut_at = 0;
    if (!hufud_ended) {
        torn_arm(TORN_NONE, 0);
        if (pick(3) == 0) let_a_message_fail(16); /* also while the store is shown again */
        return OK;
    }
    hufud_stop();
    torn_power_on(seeded_next(&sim.seed));
    return hufud_start_again();
}

/* --- what people do --- */

static Status add_people(void)
{
    MerchantAdd shop = { .actor = "test",
        .currency = CURRENCY_CNY,
        .merchant = { .mchid = "1900000001",
                .name = "Tea",
                .suite = MERCHANT_RSA,
                .limit_minor = 10000000 },
        .key = { .serial = "5E1F", .algorithm = KEY_RSA, .spki_size = 4 } };
    PayerAdd payer = {
        .actor = "test", .payer = { .id = "p1" }, .opening = { 1000000, CURRENCY_CNY }
    };
    TRY(account_id_draw(&sim.random, &shop.merchant.account));
    TRY(account_id_draw(&sim.random, &payer.payer.account));
    merchant_add_unit(&shop, NULL);
    payer_add_unit(&payer, NULL);
    TRY(unit_wait(sim.batcher, &shop.unit));
    return unit_wait(sim.batcher, &payer.unit);
}

/* One code and one attempt to pay with it. *ret_acknowledged: the answer said SUCCESS. */
static Status order_once(const char *number, int64_t minor, bool *ret_acknowledged)
{
    static const PaymentRules rules = { .strategy = { .magic = STRATEGY_MAGIC,
                                                .amount = { 1000000, 2000000, 3000000, 5000000 },
                                                .wait = { 300, 60, 1800 } },
        .accounts = { .magic = ACCOUNT_RULES_MAGIC },
        .barcode = { .magic = BARCODE_RULES_MAGIC } };
    PayCodeIssue codes = { .count = 1, .payer = "p1" };
    PaymentCodepay work = { .rules = &rules,
        .order = { .money = { minor, CURRENCY_CNY },
                .mchid = "1900000001",
                .serial = "5E1F",
                .appid = "wx01",
                .description = "tea" } };
    snprintf(work.order.out_trade_no, sizeof(work.order.out_trade_no), "%s", number);
    TRY(pay_codes_draw(&sim.random, &codes));
    TRY(payment_ids_draw(&sim.random, sim.vault->now_us, &work.ids));
    pay_code_issue_unit(&codes, NULL);
    TRY(unit_wait(sim.batcher, &codes.unit));
    memcpy(work.auth_code, codes.codes[0], sizeof(work.auth_code));
    payment_codepay_unit(&work, NULL);
    TRY(unit_wait(sim.batcher, &work.unit));
    *ret_acknowledged = work.payment.state == TRADE_SUCCESS;
    return OK;
}

/* As a merchant does: the same order again until it is answered. A repeat of an order that is paid
 * already is answered with its outcome, whatever code comes with it, or as ORDER_PAID. */
static bool order_until_answered(int index)
{
    char number[32];
    const int64_t minor = 1 + (int64_t)pick(500);
    snprintf(number, sizeof(number), "SIM-%06d", index);
    if (pick(2) == 0) let_something_fail();
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        bool acknowledged = false;
        sim.vault->now_us += 1000 + (int64_t)pick(1000000);
        const Status s = order_once(number, minor, &acknowledged);
        if (acknowledged || status_is(s, REFUSED_ORDER_PAID)
                || status_is(s, REFUSED_ORDER_CONFLICT)) {
            sim.ordered++;
            sim.paid_minor += minor;
            return true;
        }
        const Status healed = heal();
        if (status_ok(healed)) continue;
        fprintf(stderr, "  not healed: %s (order %s answered %s)\n", status_name(healed), number,
                status_name(s));
        return false;
    }
    fprintf(stderr, "  order %s never converged\n", number);
    return false;
}

/* --- what must be true --- */

static Status take_number(void *context, const Value *values, size_t count)
{
    *(int64_t *)context = values[0].integer;
    return OK;
}

static Status read_number(void *context, Store *store)
{
    const char **sql = context;
    int64_t number = INT64_MIN;
    TRY(store_query(store, *sql, NULL, 0, take_number, &number));
    return number == 0 ? OK : REFUSE(REFUSED_AUDIT_ROW_DIFFERS);
}

static bool is_zero(const char *sql)
{
    if (status_ok(batcher_between(sim.batcher, read_number, &sql))) return true;
    fprintf(stderr, "  not zero: %s\n", sql);
    return false;
}

static bool books_are_right(void)
{
    char paid[160];
    char count[160];
    snprintf(paid, sizeof(paid),
            "SELECT %lld - coalesce(sum(minor), 0) FROM payment WHERE state = 1",
            (long long)sim.paid_minor);
    snprintf(count, sizeof(count),
            "SELECT %llu - count(DISTINCT out_trade_no) FROM payment WHERE state = 1",
            (unsigned long long)sim.ordered);
    return is_zero(paid) && is_zero(count) && is_zero("SELECT sum(minor) FROM posting")
            && is_zero("SELECT sum(balance + frozen) FROM account")
            && is_zero("SELECT count(*) FROM account a WHERE balance <> (SELECT "
                       "coalesce(sum(minor), 0)"
                       " FROM posting WHERE account = a.id AND bucket = 0)")
            && is_zero("SELECT (SELECT sum(balance) FROM account WHERE class = 2)"
                       " - (SELECT coalesce(sum(minor), 0) FROM payment WHERE state = 1)")
            && is_zero("SELECT count(*) FROM alert");
}

static bool run_seed(uint64_t seed)
{
    sim.random = random_seeded(&sim.seed, seed);
    sim.vault = house_open();
    sim.clock = (Clock) { now_us, sim.vault };
    sim.mischief = NONE;
    sim.vault_dead = false;
    sim.late.waits = false;
    sim.ordered = 0;
    sim.paid_minor = 0;
    bool good = status_ok(torn_open()) && status_ok(hufud_start()) && status_ok(add_people());
    for (int i = 0; i < ORDERS && good; i++)
        good = order_until_answered(i);
    good = good && status_ok(heal()) && books_are_right();
    sim.mischief = NONE;
    /* What stands on the disks is what was lived: both start once more. */
    if (good) {
        hufud_stop();
        good = status_ok(vaultd_restart()) && status_ok(hufud_start()) && books_are_right();
    }
    hufud_stop();
    torn_close();
    house_close(sim.vault);
    if (!good) fprintf(stderr, "  replay with: simulation 1 %llu\n", (unsigned long long)seed);
    return good;
}

static int64_t seeds = SEEDS_USUAL;
static int64_t first = 1;

static void test_failures_in_any_order(void)
{
    static const char *const names[MISCHIEFS] = { "", "nobody there", "question lost",
        "question late", "answer lost", "answer late", "answer cut" };
    for (int64_t seed = first; seed < first + seeds; seed++)
        EXPECT(run_seed((uint64_t)seed));
    printf("       %lld seeds, %d orders each; vaultd started again %llu times, hufud %llu (%llu "
           "failed)\n",
            (long long)seeds, ORDERS, (unsigned long long)sim.restarts_of_vaultd,
            (unsigned long long)sim.restarts_of_hufud, (unsigned long long)sim.starts_failed);
    for (Mischief m = NOBODY_THERE; m < MISCHIEFS; m++) {
        printf("       %s: %llu\n", names[m], (unsigned long long)sim.done[m]);
        EXPECT(sim.done[m] > 0 || seeds < SEEDS_USUAL);
    }
    EXPECT(sim.leases_lost == 0); /* there is one hufud, and it never takes itself for another */
    if (seeds < SEEDS_USUAL) return; /* a replay of few need not meet everything */
    EXPECT(sim.restarts_of_vaultd > 0 && sim.restarts_of_hufud > 0 && sim.starts_failed > 0);
}

int expect_failures;

int main(int argc, char **argv)
{
    static const ExpectTest tests[] = { TEST(test_failures_in_any_order) };
    if (argc > 1 && !status_ok(i64_parse(span_of_text(argv[1]), &seeds))) return 2;
    if (argc > 2 && !status_ok(i64_parse(span_of_text(argv[2]), &first))) return 2;
    return expect_run(tests, 1, 1, argv);
}
