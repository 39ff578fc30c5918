/*
 * Goal: what was done to the database while nobody served is found when somebody wants to serve
 * again (DESIGN section 5.4; TP-9, TP-12): the start-up scan refuses a store that is not in the
 * confirmed state and vaultd names the table; a spoilt seal freezes its row alone; `auditor` finds
 * it with public keys alone; nothing that counts goes back. Method: the real programs, an intruder
 * on the stopped store, every column of every sealed table as the schema has them.
 */
#include "admin_client.h"
#include "base/expect.h"
#include "intruder.h"
#include "merchant_steps.h"
#include "people.h"
#include "starts.h"
#include "vaultclient/client.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4096, TABLES = 9, WHERE_BYTES_MAX = 256 };

static Stand stand;
static MerchantApp merchant;
static MerchantApp other_merchant;
static PayerApp payer;
static HttpClient *http;
static Intruder intruder;

/* A row and another one of its table. */
typedef struct Target {
    const char *table;
    TableId id;
    const char *where;
    const char *other; /* NULL: the table has one row */
} Target;

#define FIRST_POSTING "(in_batch, number) = (SELECT in_batch, number FROM posting LIMIT 1)"
#define SECOND_POSTING \
    "(in_batch, number) = (SELECT in_batch, number FROM posting LIMIT 1 OFFSET 1)"
#define FIRST_ALERT "(in_batch, number) = (SELECT in_batch, number FROM alert LIMIT 1)"
#define SECOND_ALERT "(in_batch, number) = (SELECT in_batch, number FROM alert LIMIT 1 OFFSET 1)"
#define USED_CODE "digest = (SELECT min(digest) FROM pay_code WHERE state = 2)"
#define LIVE_CODE "digest = (SELECT min(digest) FROM pay_code WHERE state = 1)"

static const Target targets[TABLES] = {
    { "account", TABLE_ACCOUNT, "owner = 'payer-1'", "owner = 'payer-2'" },
    { "payer", TABLE_PAYER, "id = 'payer-1'", "id = 'payer-2'" },
    { "merchant", TABLE_MERCHANT, "mchid = '1900000001'", "mchid = '1900000002'" },
    { "merchant_key", TABLE_MERCHANT_KEY, "mchid = '1900000001'", "mchid = '1900000002'" },
    { "pay_code", TABLE_PAY_CODE, USED_CODE, LIVE_CODE },
    { "payment", TABLE_PAYMENT, "out_trade_no = 'KEPT-1'", "out_trade_no = 'KEPT-2'" },
    { "posting", TABLE_POSTING, FIRST_POSTING, SECOND_POSTING },
    { "alert", TABLE_ALERT, FIRST_ALERT, SECOND_ALERT },
    { "day_end", TABLE_DAY_END, "1", NULL },
};

/* --- the house --- */

static bool pays(const char *number)
{
    const char *code = NULL;
    PayerAnswer answer = { 0 };
    Answered answered = { 0 };
    const Status s = payer_app_code(&payer, http, &stand.box_key, &answer, &code);
    if (!status_ok(s)) return false;
    if (!status_ok(step_codepay(&merchant, http, number, 100, code, &answered))) return false;
    return strcmp(answered.trade_state, "SUCCESS") == 0;
}

/* Two alerts, as two intrusions in the running house make them. */
static void make_alerts(void)
{
    Answered answered = { 0 };
    for (int i = 1; i <= 2; i++) {
        char number[16];
        snprintf(number, sizeof(number), "COPY-%d", i);
        intruder_do(&intruder,
                "CREATE TABLE kept.copy AS SELECT * FROM main.payment WHERE out_trade_no ="
                " 'KEPT-1'; UPDATE kept.copy SET out_trade_no = '%s', transaction_id = 'copy',"
                " prepay_id = 'copy'; INSERT INTO main.payment SELECT * FROM kept.copy;"
                " DROP TABLE kept.copy",
                number);
        EXPECT_OK(step_query(&merchant, http, number, &answered));
        EXPECT(answered.status == 403);
        intruder_do(&intruder, "DELETE FROM main.payment WHERE out_trade_no = '%s'", number);
        EXPECT(starts_reaches(&stand, "SELECT count(*) FROM alert", i));
    }
}

static void test_house_opens(void)
{
    const StandOptions options = { .code_life_s = 3600 };
    PayerApp second = { 0 };
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other_merchant));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 100000000, &payer));
    EXPECT_OK(stand_payer(&stand, "payer-2", "530964", 100000000, &second));
    EXPECT_OK(stand_connect(&stand, &http));
    intruder_open(&stand, &intruder);
    EXPECT(pays("KEPT-1"));
    EXPECT(pays("KEPT-2"));
    make_alerts();
    EXPECT(starts_with_closed_day(&stand, &http));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

/* --- what the programs say --- */

static void stop_house(int signal)
{
    http_client_close(&http);
    stand_stop(&stand, STAND_HUFUD, signal, NULL);
}

/* `auditor` exits with findings, one of them of this kind about this table. */
static bool audit_says(const Target *target, const char *finding)
{
    char bytes[LINE_BYTES_MAX];
    if (truncate(stand_path(&stand, "log/auditor.log"), 0) != 0 || stand_audit(&stand) != 1)
        return false;
    FILE *file = fopen(stand_path(&stand, "log/auditor.log"), "r");
    if (file == NULL) return false;
    bool said = false;
    while (!said && fgets(bytes, sizeof(bytes), file) != NULL)
        said = strncmp(bytes, finding, strlen(finding)) == 0
                && strstr(bytes, target->table) != NULL;
    fclose(file);
    return said;
}

/* --- each column --- */

typedef void (*Attack)(Intruder *, const char *, const char *, const IntruderColumn *);
typedef bool (*Notice)(const Target *target, const IntruderColumn *column);

static void each_column(size_t first, Attack attack, Notice notice)
{
    int attacks = 0;
    for (size_t t = first; t < TABLES; t++) {
        IntruderColumn columns[INTRUDER_COLUMNS_MAX];
        const Target *target = &targets[t];
        const size_t count = intruder_columns(&intruder, target->table, columns);
        for (size_t i = 0; i < count; i++) {
            intruder_keep(&intruder, target->table, "before");
            attack(&intruder, target->table, target->where, &columns[i]);
            const bool noticed = notice(target, &columns[i]);
            intruder_put_back(&intruder, target->table, "before", "1");
            attacks++;
            if (!noticed) fprintf(stderr, "  at %s.%s\n", target->table, columns[i].name);
            EXPECT(noticed);
        }
    }
    printf("       %d columns\n", attacks);
}

static bool is_seal(const IntruderColumn *column) { return strcmp(column->name, "seal") == 0; }

/* A seal is no part of the state that the journal confirmed: see the next test but one. */
static bool scan_notices(const Target *target, const IntruderColumn *column)
{
    return is_seal(column) || starts_refused(&stand, target->id);
}

static void test_scan_finds_one_bit_of_each_column(void)
{
    each_column(0, intruder_flip, scan_notices);
}

static void test_scan_finds_another_type_in_each_column(void)
{
    each_column(0, intruder_retype, scan_notices);
}

/* A seal's MAC only vaultd can judge: it holds the key. */
static bool audit_notices(const Target *target, const IntruderColumn *column)
{
    if (is_seal(column)) return true;
    return audit_says(target, "row.");
}

static void test_auditor_finds_one_bit_of_each_column(void)
{
    each_column(0, intruder_flip, audit_notices);
}

/* --- rows --- */

static bool is_noticed(const Target *target, const char *finding)
{
    const bool noticed = audit_says(target, finding) && starts_refused(&stand, target->id);
    intruder_put_back(&intruder, target->table, "before", "1");
    if (!noticed) fprintf(stderr, "  at %s\n", target->table);
    return noticed;
}

static void test_two_rows_swapped(void)
{
    for (size_t t = 0; t < TABLES; t++) {
        const Target *target = &targets[t];
        if (target->other == NULL) continue;
        char here[WHERE_BYTES_MAX];
        char there[WHERE_BYTES_MAX];
        intruder_keep(&intruder, target->table, "before");
        intruder_name(&intruder, target->table, target->where, here, sizeof(here));
        intruder_name(&intruder, target->table, target->other, there, sizeof(there));
        intruder_swap(&intruder, target->table, here, there);
        EXPECT(is_noticed(target, "row.changed"));
    }
}

static void test_one_deleted(void)
{
    for (size_t t = 0; t < TABLES; t++) {
        intruder_keep(&intruder, targets[t].table, "before");
        intruder_do(&intruder, "DELETE FROM main.%s WHERE %s", targets[t].table, targets[t].where);
        EXPECT(is_noticed(&targets[t], "row.lost"));
    }
}

/* The last column of the key is another one in the copy; so are the names that must be unique. */
static void test_one_duplicated_under_another_key(void)
{
    for (size_t t = 0; t < TABLES; t++) {
        const Target *target = &targets[t];
        intruder_keep(&intruder, target->table, "before");
        intruder_duplicate(&intruder, target->table, target->where);
        EXPECT(is_noticed(target, "row."));
    }
}

/* The old rows are whole, with seals that were right: `stale` is the table before the last charge.
 */
static void test_an_old_row_with_its_old_seal(void)
{
    static const size_t changing[] = { 0, 1 };
    for (size_t i = 0; i < 2; i++)
        intruder_keep(&intruder, targets[changing[i]].table, i == 0 ? "stale_0" : "stale_1");
    EXPECT(pays("LATER-1"));
    EXPECT(stand_await_checkpoint(&stand));
    stop_house(SIGTERM);
    for (size_t i = 0; i < 2; i++) {
        const Target *target = &targets[changing[i]];
        intruder_keep(&intruder, target->table, "before");
        intruder_put_back(&intruder, target->table, i == 0 ? "stale_0" : "stale_1", target->where);
        EXPECT(is_noticed(target, "row."));
    }
}

/* A spoilt seal costs its row alone: the house serves, the row is frozen, an alert is written. */
static void test_scan_freezes_a_row_whose_seal_is_spoilt(void)
{
    for (size_t t = 0; t < TABLES; t++) {
        const Target *target = &targets[t];
        const IntruderColumn seal = { .name = "seal", .type = "BYTEA" };
        char here[WHERE_BYTES_MAX];
        char alerts[96];
        snprintf(alerts, sizeof(alerts), "SELECT count(*) FROM alert WHERE about_table = %d",
                (int)target->id);
        const int64_t before = stand_number(&stand, alerts);
        intruder_name(&intruder, target->table, target->where, here, sizeof(here));
        intruder_keep(&intruder, target->table, "before");
        intruder_flip(&intruder, target->table, here, &seal);
        EXPECT(starts_well(&stand, &http));
        EXPECT(starts_log_has(&stand, "log/hufud.log", "\"event\":\"row.frozen_by_scan\""));
        EXPECT(starts_reaches(&stand, alerts, before + 1));
        stop_house(SIGTERM);
        intruder_put_back(&intruder, target->table, "before", here);
    }
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

/* What the scans froze stays frozen, however well it was repaired: first each is refused, then two
 * people release it. */
static Status release(const Target *target, const char *where)
{
    static const char *const names[] = { "alice", "bob" };
    uint8_t key_bytes[ROW_KEY_BYTES_MAX];
    Buffer key = BUFFER_OF(key_bytes);
    Person people[2] = { 0 };
    WireApproval approvals[2];
    VaultClient *vault = NULL;
    const VaultClientConfig config = { .socket_path = stand_path(&stand, PATH_OPERATOR_SOCKET),
        .channels = 1 };
    TRY(intruder_key(&intruder, target->table, (uint16_t)target->id, where, &key));
    for (size_t i = 0; i < 2; i++) {
        TRY(person_load(stand.folder, names[i], &people[i]));
        TRY(person_approve(&people[i], SPAN("release-row"), span_of_buffer(&key), SPAN("repaired"),
                &approvals[i]));
    }
    TRY(vaultclient_open(&config, &vault));
    const Status s = vaultclient_release_row(vault, approvals);
    vaultclient_close(vault);
    for (size_t i = 0; i < 2; i++)
        person_free(&people[i]);
    return s;
}

/* The merchant's key was frozen when hufud started: it is looked at again every few seconds. */
static bool soon_pays(const char *number)
{
    for (int waited = 0; waited < STARTS_WAIT_MS_MAX; waited += 200) {
        if (pays(number)) return true;
        poll(NULL, 0, 200);
    }
    return false;
}

static void test_two_people_release_what_was_frozen(void)
{
    EXPECT(starts_well(&stand, &http));
    EXPECT(!pays("FROZEN-1"));
    for (size_t t = 0; t < TABLES; t++) {
        EXPECT_OK(release(&targets[t], targets[t].where));
        if (targets[t].other != NULL) EXPECT_OK(release(&targets[t], targets[t].other));
    }
    EXPECT(soon_pays("RELEASED-1"));
    intruder_close(&intruder);
}

TESTS(TEST(test_house_opens), TEST(test_an_old_row_with_its_old_seal),
        TEST(test_scan_finds_one_bit_of_each_column),
        TEST(test_scan_finds_another_type_in_each_column),
        TEST(test_auditor_finds_one_bit_of_each_column), TEST(test_two_rows_swapped),
        TEST(test_one_deleted), TEST(test_one_duplicated_under_another_key),
        TEST(test_scan_freezes_a_row_whose_seal_is_spoilt),
        TEST(test_two_people_release_what_was_frozen), TEST(test_books_and_log_are_right),
        TEST(test_house_closes))
