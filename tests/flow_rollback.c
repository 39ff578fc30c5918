/*
 * Goal: nothing that counts goes back (DESIGN sections 2, 5.4; issue 2): a whole database put back
 * with its log is not served, also not when vaultd was killed meanwhile and remembers only its
 * journal; wrong PINs, revisions, batches and the lease go on where they stood. Method: the real
 * programs, SIGKILL, and both databases copied back as they lay there.
 */
#include "admin_client.h"
#include "base/expect.h"
#include "merchant_steps.h"
#include "starts.h"
#include "vaultclient/client.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static Stand stand;
static MerchantApp merchant;
static PayerApp payer;
static PayerApp guesser;
static HttpClient *http;

static void test_house_opens(void)
{
    const StandOptions options = { .code_life_s = 3600 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 100000000, &payer));
    EXPECT_OK(stand_payer(&stand, "payer-3", "161803", 100000000, &guesser));
    EXPECT_OK(stand_connect(&stand, &http));
}

static bool pays(const char *number)
{
    const char *code = NULL;
    PayerAnswer answer = { 0 };
    Answered answered = { 0 };
    const Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    if (!status_ok(s)) return false;
    if (!status_ok(step_codepay(&merchant, http, number, 100, code, &answered))) return false;
    if (strcmp(answered.trade_state, "SUCCESS") == 0) return true;
    fprintf(stderr, "  HTTP %d %s %s\n", answered.status, answered.code, answered.trade_state);
    return false;
}

static void stop_house(int signal)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, signal, NULL);
}

static void copy_file(const char *from, const char *to)
{
    static uint8_t bytes[65536];
    FILE *in = fopen(stand_path(&stand, from), "rb");
    if (in == NULL) { /* no log: the store was closed in order */
        unlink(stand_path(&stand, to));
        return;
    }
    FILE *out = fopen(stand_path(&stand, to), "wb");
    ASSERT(out != NULL);
    for (size_t n = 0; (n = fread(bytes, 1, sizeof(bytes), in)) > 0;)
        ASSERT(fwrite(bytes, 1, n, out) == n);
    fclose(in);
    ASSERT(fclose(out) == 0);
}

static void copy_store(const char *name, bool back)
{
    static const char *const tails[] = { "", "-wal", "-shm" };
    static const char *const files[] = { PATH_DATABASE, PATH_DOMAIN };
    for (size_t f = 0; f < 2; f++) {
        for (size_t i = 0; i < 3; i++) {
            char live[64];
            char kept[64];
            snprintf(live, sizeof(live), "%s%s", files[f], tails[i]);
            snprintf(kept, sizeof(kept), "data/%s-%zu%s", name, f, tails[i]);
            copy_file(back ? kept : live, back ? live : kept);
        }
    }
}

static bool guess_is(const char *pin, const char *code)
{
    const char *unused = NULL;
    PayerAnswer answer = { 0 };
    snprintf(guesser.pin, sizeof(guesser.pin), "%s", pin);
    guesser.codes_left = 0;
    const Status s = payer_app_code(&guesser, http, &stand.box_key, &answer, &unused);
    if (status_ok(s)) snprintf(answer.code, sizeof(answer.code), "RIGHT");
    if (strcmp(answer.code, code) == 0) return true;
    fprintf(stderr, "  guess %s: HTTP %d %s, not %s\n", pin, answer.status, answer.code, code);
    return false;
}

static int64_t batches_of_vault(int64_t *ret_epoch)
{
    uint8_t bytes[1024];
    Buffer memory = BUFFER_OF(bytes);
    WireStatus status = { 0 };
    VaultClient *vault = NULL;
    const VaultClientConfig config = { .socket_path = stand_path(&stand, PATH_OPERATOR_SOCKET),
        .channels = 1 };
    ASSERT(status_ok(vaultclient_open(&config, &vault)));
    ASSERT(status_ok(vaultclient_status(vault, &memory, &status)));
    vaultclient_close(vault);
    *ret_epoch = (int64_t)status.epoch;
    return status.next_batch;
}

/* Both databases with their logs, as they lay there when hufud was killed: nothing is served from
 * them, also not by a vaultd that was killed and remembers only its journal; and what counts goes
 * on where it stood. */
static void test_the_whole_store_restored_with_its_log(void)
{
    int64_t epoch = 0;
    int64_t later_epoch = 0;
    EXPECT(guess_is("111222", "PIN_WRONG"));
    EXPECT(pays("OLDER-1"));
    stop_house(SIGKILL);
    copy_store("old", false);
    EXPECT(starts_well(&stand, &http));
    EXPECT(pays("NEWER-1"));
    EXPECT(guess_is("111223", "PIN_WRONG") && guess_is("111224", "PIN_WRONG"));
    EXPECT(guess_is("111225", "PIN_WRONG"));
    const int64_t batches = batches_of_vault(&epoch);
    stop_house(SIGKILL);
    copy_store("new", false);
    copy_store("old", true);
    EXPECT(starts_refused(&stand, TABLE_ACCOUNT));
    copy_store("old", true);
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT(starts_refused(&stand, TABLE_POSTING));
    EXPECT(batches_of_vault(&later_epoch) == batches && later_epoch > epoch);

    copy_store("new", true);
    EXPECT(starts_well(&stand, &http));
    EXPECT(stand_number(&stand, "SELECT count(*) FROM payment WHERE out_trade_no = 'NEWER-1'")
            == 1);
    EXPECT(guess_is("111226", "PIN_WRONG")); /* the fifth in all */
    EXPECT(guess_is("161803", "PIN_LOCKED")); /* the right one, too late */
}

static void test_attempts_survive_each_death_of_vaultd(void)
{
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT(pays("AGAIN-1"));
    EXPECT(guess_is("161803", "PIN_LOCKED"));
    const int64_t revision =
            stand_number(&stand, "SELECT revision FROM account WHERE owner = 'payer-1'");
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT(pays("AGAIN-2"));
    EXPECT(stand_number(&stand, "SELECT revision FROM account WHERE owner = 'payer-1'")
            == revision + 1);
    stop_house(SIGKILL);
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT(starts_well(&stand, &http));
    EXPECT(guess_is("161803", "PIN_LOCKED"));
}

/* A charge that is refused takes no number, no revision, and gives none back. */
static void test_a_refused_charge_moves_no_counter(void)
{
    Answered answered = { 0 };
    static const char revisions[] =
            "SELECT sum(revision) FROM (SELECT revision FROM account UNION ALL"
            " SELECT revision FROM payer UNION ALL SELECT revision FROM pay_code)";
    const int64_t before = stand_number(&stand, revisions);
    EXPECT_OK(step_codepay(&merchant, http, "REFUSED-1", 100, "100000000000000000", &answered));
    EXPECT(answered.status == 400);
    EXPECT(stand_number(&stand, revisions) == before);
    EXPECT(pays("AFTER-1"));
    EXPECT(stand_number(&stand, revisions) > before);
}

static void test_books_and_log_are_right(void)
{
    EXPECT(stand_number(&stand, "SELECT sum(minor) FROM posting") == 0);
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_the_whole_store_restored_with_its_log),
        TEST(test_attempts_survive_each_death_of_vaultd),
        TEST(test_a_refused_charge_moves_no_counter), TEST(test_books_and_log_are_right),
        TEST(test_house_closes))
