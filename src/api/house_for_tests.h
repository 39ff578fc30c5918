#pragma once
/*
 * house_for_tests: a house without vaultd, behind a real HTTP server on a free port: real rows on a
 * real database (sealed by the practice guard's toy checksum), and a vault client that finds
 * nobody. So what does not need a signature is seen as it is, and what needs one is seen as when
 * vaultd has just died. Only *_test.c files include it; the whole house stands in tests/.
 */
#include "access/request.h"
#include "api/admin.h"
#include "api/payer_house.h"
#include "api/reveal_feed.h"
#include "api/routes.h"
#include "api/signer.h"
#include "api/vault_feed.h"
#include "audit/log.h"
#include "bank/channel_order.h"
#include "cases/alert.h"
#include "http/client.h"
#include "store/store_for_tests.h"

enum { HOUSE_TEST_BURST = 50 }; /* of the merchant, who then has one a second */

typedef struct TestHouse {
    char folder[64];
    char database[96];
    char domain[96];
    char socket[96]; /* of vaultd, who is not there */
    House house;
    Store *store;
    PracticeGuard practice;
    HttpServer *server;
    PrivateKey *merchant_key; /* of "1900000001", serial "TESTSERIAL" */
} TestHouse;

static inline Status house_find_key(
        void *context, Span mchid, Span serial, KeyAlgorithm algorithm, const PublicKey **ret_key)
{
    const TestHouse *t = context;
    REQUIRE(span_equal(mchid, SPAN("1900000001")), REFUSED_MERCHANT_UNKNOWN);
    REQUIRE(algorithm == KEY_RSA, REFUSED_MERCHANT_KEY_UNKNOWN);
    *ret_key = private_key_public(t->merchant_key);
    return OK;
}

static inline Status house_open_rooms(TestHouse *t)
{
    static const StoreSchema *const schemas[] = { &audit_schema, &cases_schema, &access_schema,
        &request_schema, &ledger_schema, &payment_schema, &report_schema, &lifecycle_schema,
        &bank_schema };
    House *house = &t->house;
    const StoreConfig config = { t->database, NULL, schemas, sizeof(schemas) / sizeof(schemas[0]) };
    TRY(store_open(&config, &t->store));
    practice_guard_open(&t->practice);
    t->practice.guard.append = test_store_append_nothing;
    t->practice.guard.committed = NULL;
    platform_keys_open(&house->platform);
    house->platform.keys[0] = (PlatformKey) { .sign_key = WIRE_SIGN_RSA, .serial = "AA01" };
    house->platform.keys[1] = (PlatformKey) { .sign_key = WIRE_SIGN_SM2, .serial = "AA02" };
    house->platform.count = 2;
    TRY(batcher_start(t->store, &t->practice.guard, &house->clock, 0, &house->batcher));
    TRY(domain_open(t->domain, NULL, &house->domain));
    const VaultClientConfig vault = { .socket_path = t->socket };
    TRY(vaultclient_open(&vault, &house->vault));
    TRY(nonce_open(4096, &house->random, &house->nonces));
    TRY(private_key_generate(KEY_RSA, &t->merchant_key));
    const MessageKeys keys = { t, house_find_key, NULL };
    TRY(message_verifier_open(&keys, house->nonces, &house->verifier));
    TRY(pace_open(1, HOUSE_TEST_BURST, &house->pace));
    TRY(directory_open(&house->directory));
    TRY(caller_list_open(&house->callers));
    const PayerHouseConfig payers = { .cool_us = INT64_C(86400) * 1000000 };
    TRY(payer_house_open(house, &payers));
    TRY(workers_start(2, &house->openers));
    return signer_start(house, 2, &house->signer);
}

/* `signed_refusals`: how many refusals of strangers we try to have signed. */
static inline Status house_open(TestHouse *t, int64_t signed_refusals)
{
    *t = (TestHouse) { .folder = "/tmp/hufu-api-XXXXXX" };
    CHECK(mkdtemp(t->folder) != NULL, FAULT_DISK);
    snprintf(t->database, sizeof(t->database), "%s/hufu.db", t->folder);
    snprintf(t->domain, sizeof(t->domain), "%s/domain.db", t->folder);
    snprintf(t->socket, sizeof(t->socket), "%s/nobody", t->folder);
    t->house.clock = clock_system();
    t->house.random = random_system();
    door_open(&t->house.door);
    vault_feed_open(&t->house.feed);
    reveal_feed_open(&t->house.reveals);
    t->house.report_clock = report_clock_default;
    t->house.incident_clocks = incident_clocks_default;
    budget_open(&t->house.budget, 1, signed_refusals > 0 ? signed_refusals : 1);
    if (signed_refusals == 0) { /* take the one there is for the next hour, however slow the test */
        t->house.budget.interval_us = t->house.budget.burst_us = INT64_C(3600) * 1000000;
        ASSERT(budget_take(&t->house.budget, clock_now_us(&t->house.clock)));
    }
    TRY(house_open_rooms(t));
    const HttpServerConfig server = { .loops = 2, .handler = routes_serve, .context = &t->house };
    return http_server_start(&server, &t->server);
}

static inline void house_close(TestHouse *t)
{
    if (t->server != NULL) ASSERT(status_ok(http_server_stop(t->server, 10000)));
    if (t->house.openers != NULL) workers_stop(t->house.openers);
    if (t->house.batcher != NULL) batcher_stop(t->house.batcher);
    if (t->house.signer != NULL) signer_stop(t->house.signer);
    if (t->house.directory != NULL) directory_close(&t->house.directory);
    caller_list_close(&t->house.callers);
    payer_house_close(&t->house);
    http_server_free(&t->server);
    message_verifier_close(t->house.verifier);
    pace_close(&t->house.pace);
    nonce_close(t->house.nonces);
    private_key_free(&t->merchant_key);
    vaultclient_close(t->house.vault);
    domain_close(t->house.domain);
    if (t->store != NULL) store_close(t->store);
    practice_remove(t->database);
    practice_remove(t->domain);
    rmdir(t->folder);
}
