#include "institution.h"

#include "admin_client.h"
#include "command.h"
#include "enrol.h"
#include "simulator.h"
#include "terminal.h"

#include "base/secret.h"
#include "vaultclient/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const operators[] = { "alice", "bob" };

typedef struct DemoMerchant {
    const char *mchid;
    const char *name;
    KeyAlgorithm algorithm;
} DemoMerchant;

static const DemoMerchant demo_merchants[] = {
    { "1900000001", "Corner Bookshop (RSA)", KEY_RSA },
    { "1900000002", "Harbour Tea House (SM2)", KEY_SM2 },
};

/* The first day: a town whose 1,200 customers are played by the hundred payers. */
static const SimulatorConfig first_day = {
    .seed = 2026, .customers = 1200, .terminals = 200, .days = 1, .radius = 20
};

/* --- done before? --- */

static bool done_before(const char *directory, const char *mark)
{
    char path[PATH_BYTES_MAX];
    return access(path_in(path, directory, mark), F_OK) == 0;
}

MUST_USE static Status done_now(const char *directory, const char *mark)
{
    char path[PATH_BYTES_MAX];
    return file_write(path_in(path, directory, mark), 0600, SPAN("done\n"));
}

/* --- operators --- */

static void client_done(VaultClient **client) { vaultclient_close(*client); }

/* The operator's key: made on first need, kept in a file that only its owner reads. */
MUST_USE static Status operator_key(const char *directory, const char *name, PrivateKey **ret_key)
{
    char file[64];
    char path[PATH_BYTES_MAX];
    uint8_t memory[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(memory);
    snprintf(file, sizeof(file), "operators/%s.key.pem", name);
    path_in(path, directory, file);
    Status s = file_read(path, &pem);
    if (status_ok(s)) {
        s = private_key_from_pem(span_of_buffer(&pem), ret_key);
        bytes_wipe(memory, sizeof(memory));
        return s;
    }
    TRY(private_key_generate(KEY_ED25519, ret_key));
    TRY(private_key_to_pem(*ret_key, &pem));
    s = file_write(path, 0600, span_of_buffer(&pem));
    bytes_wipe(memory, sizeof(memory));
    return s;
}

MUST_USE static Status operator_enrol(VaultClient *vault, const char *directory, const char *name)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t memory[SIGN_SPKI_BYTES_MAX];
    Buffer spki = BUFFER_OF(memory);
    TRY(operator_key(directory, name, &key));
    TRY(public_key_to_spki(private_key_public(key), &spki));
    const Status s = vaultclient_enroll(vault, span_of_text(name), span_of_buffer(&spki));
    return status_is(s, REFUSED_OPERATOR_EXISTS) ? OK : s;
}

Status institution_operators(const char *directory)
{
    if (done_before(directory, "operators/enrolled")) return OK;
    char path[PATH_BYTES_MAX];
    CLEANUP(client_done) VaultClient *vault = NULL;
    const VaultClientConfig config = {
        .socket_path = path_in(path, directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    TRY(vaultclient_open(&config, &vault));
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        TRY(operator_enrol(vault, directory, operators[i]));
    return done_now(directory, "operators/enrolled");
}

/* --- merchants and payers --- */

MUST_USE static Status merchant_enrol(
        const char *directory, const MerchantApp *app, const char *name)
{
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t answer_bytes[4096];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(public_key_to_pem(private_key_public(app->key), &pem));
    const EnrolMerchant merchant = { .mchid = app->mchid,
        .name = name,
        .key_pem = span_of_buffer(&pem),
        .serial = app->serial,
        .apiv3 = SPAN_OF(app->apiv3) };
    const Status s = enrol_merchant(directory, &merchant, &answer);
    return status_is(s, REFUSED_MERCHANT_EXISTS) ? OK : s;
}

MUST_USE static Status merchants_enrol(const char *directory, const char *folder)
{
    for (size_t i = 0; i < sizeof(demo_merchants) / sizeof(demo_merchants[0]); i++)
        TRY(merchant_app_make(folder, demo_merchants[i].mchid, demo_merchants[i].algorithm));
    MerchantApps *apps = calloc(1, sizeof(*apps));
    CHECK(apps != NULL, FAULT_MEMORY);
    Status s = merchant_apps_load(folder, apps);
    for (size_t i = 0; i < apps->count && status_ok(s); i++)
        s = merchant_enrol(directory, &apps->items[i], demo_merchants[i].name);
    merchant_apps_free(apps);
    free(apps);
    return s;
}

MUST_USE static Status payers_enrol(const char *directory, const char *folder)
{
    CLEANUP(payer_apps_free) PayerApps apps = { 0 };
    TRY(payer_apps_make(folder, INSTITUTION_PAYERS));
    TRY(payer_apps_load(folder, &apps));
    Progress progress = progress_begin("enrolling payers", apps.count);
    for (size_t i = 0; i < apps.count; i++) {
        uint8_t memory[4096];
        Buffer answer = BUFFER_OF(memory);
        const int64_t balance = i % INSTITUTION_POOR_ONE_IN == INSTITUTION_POOR_ONE_IN - 1
                ? INSTITUTION_POOR_MINOR
                : INSTITUTION_BALANCE_MINOR;
        const Status s =
                enrol_payer(directory, apps.items[i].id, apps.items[i].pin, balance, &answer);
        if (!status_is(s, REFUSED_PAYER_EXISTS)) TRY(s);
        progress_show(&progress, i + 1);
    }
    progress_end(&progress, apps.count);
    return OK;
}

Status institution_enrol(const char *directory)
{
    TRY(enrol_pin(directory));
    if (done_before(directory, "demo/enrolled")) return OK;
    char folder[PATH_BYTES_MAX];
    path_in(folder, directory, "demo");
    TRY(merchants_enrol(directory, folder));
    TRY(payers_enrol(directory, folder));
    return done_now(directory, "demo/enrolled");
}

/* --- their day --- */

/* As if it had been read from the file that `hufu simulate` writes. */
MUST_USE static Status day_rows(ReplayRows *ret_rows)
{
    CLEANUP(simulation_free) Simulation day = { 0 };
    TRY(simulate(&first_day, &day));
    ret_rows->items = calloc(day.count, sizeof(ReplayRow));
    CHECK(ret_rows->items != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < day.count; i++) {
        char customer[24];
        char terminal[24];
        snprintf(customer, sizeof(customer), "%" PRIu32, day.payments[i].customer);
        snprintf(terminal, sizeof(terminal), "%" PRIu32, day.payments[i].terminal);
        replay_row(span_of_text(customer), span_of_text(terminal), day.payments[i].minor,
                &ret_rows->items[i]);
    }
    ret_rows->count = day.count;
    return OK;
}

MUST_USE static Status day_play(
        const char *directory, const ReplayConfig *config, ReplayResult *ret_result)
{
    char folder[PATH_BYTES_MAX];
    path_in(folder, directory, "demo");
    CLEANUP(payer_apps_free) PayerApps payers = { 0 };
    CLEANUP(replay_rows_free) ReplayRows rows = { 0 };
    TRY(payer_apps_load(folder, &payers));
    TRY(day_rows(&rows));
    MerchantApps *merchants = calloc(1, sizeof(*merchants));
    CHECK(merchants != NULL, FAULT_MEMORY);
    Status s = merchant_apps_load(folder, merchants);
    ReplayConfig whole = *config;
    whole.merchants = merchants;
    whole.payers = &payers;
    whole.folder = folder;
    if (status_ok(s)) s = replay_run(&whole, &rows, ret_result);
    merchant_apps_free(merchants);
    free(merchants);
    return s;
}

Status institution_day(const char *directory, const char *address, uint16_t port,
        struct ssl_ctx_st *tls, unsigned workers, ReplayResult *ret_result, bool *ret_played)
{
    *ret_played = false;
    if (done_before(directory, "demo/day-played")) return OK;
    char prefix[REPLAY_PREFIX_BYTES_MAX
            + 1]; /* a broken day is played again with new order numbers */
    const Clock clock = clock_system();
    snprintf(prefix, sizeof(prefix), "D%" PRIx64, (uint64_t)clock_now_us(&clock) / 100000);
    const ReplayConfig config = { .address = address,
        .port = port,
        .tls = tls,
        .workers = workers,
        .prefix = prefix,
        .label = "a day of payments" };
    TRY(day_play(directory, &config, ret_result));
    *ret_played = true;
    return ret_result->interrupted ? OK : done_now(directory, "demo/day-played");
}
