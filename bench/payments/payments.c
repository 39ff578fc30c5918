/*
 * payments: the headline benchmark. Drives pre-signed codepay orders (small amount, no PIN) and,
 * apart from them, native orders with PIN confirmation over TLS 1.3 keep-alive on loopback against
 * the real hufud and vaultd: durable commits, seals, audit and decide on. Prints one JSON line.
 *
 *   payments [--count N] [--connections N]
 *
 * p50_ms and p99_ms are taken at half of the measured speed (open loop); fsync_ms beside them is
 * this disk's fdatasync of one small write, measured in the same run. cpu_us is CPU time of each
 * program per payment. floor_us is what the protocol and the schema need in bare libcrypto,
 * libargon2 and SQLite, measured in the same run (floor.h lists the operations).
 */
#include "admin_client.h"
#include "floor.h"
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>

enum { WARM_UP = 200 };

static const char strategy[] =
        "version: 1\nname: bench\n"
        "amount:\n  challenge_over: 100000\n  delay_over: 0\n  review_over: 0\n"
        "  refuse_over: 5000000\n"
        "velocity:\n  challenge_count_over: 900000\n  challenge_sum_over: 100000000000\n"
        "  refuse_count_over: 1000000\n  refuse_sum_over: 1000000000000\n"
        "wait:\n  challenge_s: 300\n  delay_s: 60\n  review_s: 300\n";

static Stand stand;
static PayerApp *payers;
static size_t payer_count;

typedef struct Figures {
    double per_s;
    double p50_ms;
    double p99_ms;
    double cpu_us[STAND_PROGRAMS];
    double floor_us;
} Figures;

static void requests_free(LoadRequest **requests) { free(*requests); }

static Status run(
        LoadRequest *requests, size_t count, int connections, double rate, LoadResult *ret)
{
    TRY(load_run(&stand, requests, count, connections, rate, ret));
    if (ret->failed > 0)
        fprintf(stderr, "payments: %llu of %zu requests failed\n", (unsigned long long)ret->failed,
                count);
    REQUIRE(ret->failed == 0, REFUSED_HTTP_ANSWER_INVALID);
    return OK;
}

/* One codepay run as fast as it goes, one at half of that. */
static Status codepay(OrderPlan plan, size_t count, int connections, Figures *ret)
{
    CLEANUP(requests_free) LoadRequest *requests = calloc(count, sizeof(*requests));
    CHECK(requests != NULL, FAULT_MEMORY);
    LoadResult result = { 0 };
    char prefix[16];
    snprintf(prefix, sizeof(prefix), "%s-H", plan.prefix);
    TRY(orders_codepay(&plan, count, requests));
    TRY(run(requests, count, connections, 0, &result));
    ret->per_s = result.per_s;
    memcpy(ret->cpu_us, result.cpu_us, sizeof(ret->cpu_us));
    orders_free(requests, count);

    plan.prefix = prefix;
    const size_t half = count / 2;
    TRY(orders_codepay(&plan, half, requests));
    TRY(run(requests, half, connections, ret->per_s / 2, &result));
    orders_free(requests, half);
    ret->p50_ms = result.p50_ms;
    ret->p99_ms = result.p99_ms;
    return OK;
}

/* Orders first, then their confirmations; a payment is both. Latency is that of the confirmation.
 */
static Status pin_pass(
        const OrderPlan *plan, size_t count, int connections, double rate, Figures *ret)
{
    CLEANUP(requests_free) LoadRequest *orders = calloc(count, sizeof(*orders));
    CLEANUP(requests_free) LoadRequest *pins = calloc(count, sizeof(*pins));
    CHECK(orders != NULL && pins != NULL, FAULT_MEMORY);
    LoadResult first = { 0 };
    LoadResult second = { 0 };
    TRY(orders_native(plan, count, orders));
    TRY(run(orders, count, connections, 0, &first));
    TRY(orders_pins(plan, orders, count, pins));
    TRY(run(pins, count, connections, rate, &second));
    orders_free(orders, count);
    orders_free(pins, count);
    ret->per_s = (double)count / (first.seconds + second.seconds);
    for (int i = 0; i < STAND_PROGRAMS; i++)
        ret->cpu_us[i] = first.cpu_us[i] + second.cpu_us[i];
    ret->p50_ms = second.p50_ms;
    ret->p99_ms = second.p99_ms;
    return OK;
}

static Status with_pin(OrderPlan plan, size_t count, int connections, Figures *ret)
{
    char prefix[16];
    Figures half = { 0 };
    TRY(pin_pass(&plan, count, connections, 0, ret));
    snprintf(prefix, sizeof(prefix), "%s-H", plan.prefix);
    plan.prefix = prefix;
    TRY(pin_pass(&plan, count / 2, connections, ret->per_s / 2, &half));
    ret->p50_ms = half.p50_ms;
    ret->p99_ms = half.p99_ms;
    return OK;
}

static void print_figures(const char *name, const Figures *f, double kdf_us)
{
    const double total_us = f->cpu_us[STAND_HUFUD] + f->cpu_us[STAND_VAULTD];
    printf("\"%s\":{\"payments_per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
           "\"cpu_us\":{\"hufud\":%.1f,\"vaultd\":%.1f},\"floor_us\":%.1f,\"floor_ratio\":%.3f",
            name, f->per_s, f->p50_ms, f->p99_ms, f->cpu_us[STAND_HUFUD], f->cpu_us[STAND_VAULTD],
            f->floor_us, f->floor_us / total_us);
    if (kdf_us > 0) printf(",\"kdf_us\":%.1f", kdf_us);
    printf("},");
}

static Status open_house(MerchantApp *rsa, MerchantApp *sm2)
{
    const StandOptions options = { .strategy = strategy, .code_life_s = 3600 };
    TRY(stand_open(&options, &stand));
    TRY(stand_merchant(&stand, "1900000001", KEY_RSA, rsa));
    TRY(stand_merchant(&stand, "1900000002", KEY_SM2, sm2));
    payers = calloc(payer_count, sizeof(*payers));
    CHECK(payers != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < payer_count; i++) {
        char id[32];
        snprintf(id, sizeof(id), "bench-%02zu", i);
        TRY(stand_payer(&stand, id, "271828", 10000000000, &payers[i]));
    }
    return OK;
}

static Status measure(size_t count, int connections)
{
    MerchantApp rsa = { 0 };
    MerchantApp sm2 = { 0 };
    Figures warm = { 0 };
    Figures figures[4] = { 0 };
    TRY(open_house(&rsa, &sm2));
    const OrderPlan plans[] = { { &stand, &rsa, payers, payer_count, "R" },
        { &stand, &sm2, payers, payer_count, "S" }, { &stand, &rsa, payers, payer_count, "RP" },
        { &stand, &sm2, payers, payer_count, "SP" } };
    const OrderPlan warm_up = { &stand, &rsa, payers, payer_count, "WARM" };
    TRY(codepay(warm_up, WARM_UP, connections, &warm));
    TRY(codepay(plans[0], count, connections, &figures[0]));
    TRY(codepay(plans[1], count, connections, &figures[1]));
    TRY(with_pin(plans[2], count / 2, connections, &figures[2]));
    TRY(with_pin(plans[3], count / 2, connections, &figures[3]));

    Floor floor = { 0 };
    TRY(floor_measure(stand_path(&stand, "data"), stand_path(&stand, PATH_DATABASE), &floor));
    figures[0].floor_us = floor_codepay_us(&floor, KEY_RSA);
    figures[1].floor_us = floor_codepay_us(&floor, KEY_SM2);
    figures[2].floor_us = floor_pin_us(&floor, KEY_RSA);
    figures[3].floor_us = floor_pin_us(&floor, KEY_SM2);
    printf("{\"bench\":\"payments\",");
    print_figures("rsa", &figures[0], 0);
    print_figures("sm2", &figures[1], 0);
    print_figures("rsa_pin", &figures[2], floor.kdf_us);
    print_figures("sm2_pin", &figures[3], floor.kdf_us);
    floor_print(&floor);
    printf("}\n");
    return OK;
}

int main(int argc, char **argv)
{
    size_t count = 4000;
    int connections = 64;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--count") == 0) count = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--connections") == 0) connections = (int)strtol(argv[i + 1], NULL, 10);
    }
    if (count < 200 || connections < 1 || connections > LOAD_CONNECTIONS_MAX) {
        fprintf(stderr, "payments [--count N >= 200] [--connections 1..%d]\n",
                LOAD_CONNECTIONS_MAX);
        return 2;
    }
    payer_count = orders_payers(count);
    const Status s = measure(count, connections);
    free(payers);
    if (!status_ok(s)) fprintf(stderr, "payments: %s: %s\n", status_name(s), status_advice(s));
    stand_close(&stand);
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
