/*
 * Goal: whom we destroyed stays destroyed when last month's backup comes back: no door reveals,
 * shows or finds the data, the restored rows say so, and the raw domain store with vaultd beside it
 * opens nothing of theirs, while everybody else's data is there again (TP-3, LL-4.5.4). Method: two
 * people's cards, kept by us and by a caller of the service; one of them is destroyed by two
 * operators; the real `hufu backup` and `hufu restore`, with and without the domain store.
 */
#define _GNU_SOURCE
#include "admin_client.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "callers.h"
#include "command.h"
#include "intruder.h"
#include "operator.h"
#include "policy/purposes.h"
#include "policy/tables.h"
#include "store/store.h"
#include "vaultclient/fields_inside.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define CARD "6222020200112233446"
#define HOUSE "bank-a"

enum { WAIT_TRIES_MAX = 1200, POLL_MS = 50 };

/* Nobody's law keeps anything here, so that a deletion is one at once. */
static const char purposes[] =
        "version: 1\n"
        "answer_working_days: 15\n"
        "sensitive: [card]\n"
        "parties:\n"
        "  - { name: bank, kind: institution, payment_qualified: true }\n"
        "purposes:\n"
        "  - { name: payment, number: 1, basis: contract, needs: [card, phone], keep_days: 0,"
        " law_days: 0, share: [bank] }\n"
        "  - { name: legal-hold, number: 2, basis: law, needs: [card, phone], keep_days: 0,"
        " law_days: 0, hold: true }\n";

typedef struct Owner {
    const char *name;
    FieldsMade kept; /* in our own domain store */
    uint8_t sealed[1024]; /* by the service, for a core that keeps it itself */
    size_t sealed_bytes;
} Owner;

static Stand stand;
static StandCaller core;
static PrivateKey *bank;
static Owner dead = { .name = "wang" };
static Owner living = { .name = "li" };
static Owner later = { .name = "sun" };
static char backup_file[STAND_PATH_BYTES_MAX];
static char raw_store[STAND_PATH_BYTES_MAX]; /* the domain store as a thief copied it */

static const WireBatchHead column = {
    .tenant = SPAN(HOUSE), .data_class = CLASS_CARD, .table = TABLE_CARD, .column = CARD_NUMBER
};

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)
#define SUBJECT(verb, who, ...) HUFU("subject", verb, who, "--tenant", HOUSE, __VA_ARGS__)

/* --- a domain store with vaultd beside it --- */

static void fields_done(Fields *fields)
{
    domain_close(fields->domain);
    vaultclient_close(fields->vault);
}

static Status open_fields(const char *path, Fields *ret_fields)
{
    char socket[STAND_PATH_BYTES_MAX];
    snprintf(socket, sizeof(socket), "%s", stand_path(&stand, PATH_VAULT_SOCKET));
    const VaultClientConfig config = { .socket_path = socket, .channels = 2 };
    TRY(vaultclient_open(&config, &ret_fields->vault));
    return domain_open(path, NULL, &ret_fields->domain);
}

static Status seal_card(const Fields *fields, const char *owner, Buffer *ret_box)
{
    uint8_t memory[512];
    Buffer answer = BUFFER_OF(memory);
    WireBoxKey wire;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const Random random = random_system();
    const BoxContext context = { .data_class = CLASS_CARD,
        .purpose = BOX_PURPOSE_FIELD,
        .expiry_us = clock_system().now_us(NULL) + 60 * 1000000,
        .tenant = SPAN(HOUSE),
        .payee = span_of_text(owner) };
    TRY(vaultclient_box_key(fields->vault, &answer, &wire));
    TRY(public_key_from_point(KEY_P256, wire.public_key, &key));
    return box_seal(key, wire.key_id, &random, &context, SPAN(CARD), ret_box);
}

static Status keep(Owner *owner)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    CLEANUP(fields_done) Fields fields = { NULL, NULL };
    TRY(open_fields(stand_path(&stand, PATH_DOMAIN), &fields));
    TRY(seal_card(&fields, owner->name, &box));
    const FieldsItem item = { span_of_text(owner->name), 0, span_of_buffer(&box), { NULL, 0 } };
    TRY(fields_protect(&fields, &column, &item, 1, &owner->kept));
    return owner->kept.status;
}

/* Somebody who is hufud's user asks for the whole number, out of this store. */
static Status reveal_from(const char *store, const Owner *owner)
{
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    Box parsed = { 0 };
    CLEANUP(fields_done) Fields fields = { NULL, NULL };
    const WireReveal reveal = { .tenant = column.tenant,
        .data_class = column.data_class,
        .table = column.table,
        .column = column.column,
        .row_key = span_of_text(owner->kept.row_key),
        .receiver = SPAN("bank"),
        .purpose = REVEAL_BANK_CHANNEL,
        .reason = SPAN("payout 7") };
    TRY(open_fields(store, &fields));
    TRY(fields_reveal(&fields, &reveal, NULL, &box));
    TRY(box_parse(span_of_buffer(&box), &parsed));
    TRY(box_open(bank, &parsed, &plain));
    REQUIRE(span_equal(span_of_buffer(&plain), SPAN(CARD)), REFUSED_SEAL_TAMPERED);
    return OK;
}

static Status take_number(void *context, const Value *values, size_t count)
{
    ASSERT(count == 1);
    *(int64_t *)context = values[0].integer;
    return OK;
}

/* Rows of this subject in our domain store: values and keys; -1: it could not be read. */
static int64_t rows_of(const Owner *owner)
{
    DomainStore *domain = NULL;
    int64_t number = -1;
    const Value key[] = { VALUE_OF_TEXT(span_of_text(owner->name)) };
    if (!status_ok(domain_open(stand_path(&stand, PATH_DOMAIN), NULL, &domain))) return -1;
    const Status s = domain_query(domain,
            "SELECT (SELECT count(*) FROM field WHERE subject = ?1)"
            " + (SELECT count(*) FROM subject_key WHERE subject = ?1)",
            key, 1, take_number, &number);
    domain_close(domain);
    return status_ok(s) ? number : -1;
}

/* --- the service --- */

static Status ask_service(const char *target, Span body, HttpClient **http, HttpAnswer *ret)
{
    TRY(stand_service(&stand, core.tls, http));
    return stand_service_call(*http, target, body, ret);
}

static Status seal_for_the_core(Owner *owner)
{
    StandCallerFiles files;
    HufuSettings settings;
    HufuVault *vault = NULL;
    HufuError error;
    HufuProtected made;
    const HufuColumn own = { HUFU_CLASS_CARD, 101, 3 };
    const HufuField field = { owner->name, "row-1", CARD, strlen(CARD) };
    TRY(stand_caller_settings(&stand, &core, &files, &settings));
    REQUIRE(hufu_open(&settings, &vault, &error) == 0, REFUSED_CALLER_UNKNOWN);
    const int done = hufu_protect(vault, &own, &field, 1, &made, &error);
    hufu_close(vault);
    REQUIRE(done == 0 && made.code[0] == 0, REFUSED_FIELD_CLASS);
    ASSERT(made.sealed_size <= sizeof(owner->sealed));
    memcpy(owner->sealed, made.sealed, made.sealed_size);
    owner->sealed_bytes = made.sealed_size;
    return OK;
}

/* The core asks for what it keeps; HTTP status. */
static int reveal_by_service(const Owner *owner)
{
    uint8_t base64_bytes[2048];
    char body[4096];
    Buffer base64 = BUFFER_OF(base64_bytes);
    HttpClient *http = NULL;
    HttpAnswer answer = { 0 };
    if (!status_ok(base64_encode((Span) { owner->sealed, owner->sealed_bytes }, &base64))) return 0;
    snprintf(body, sizeof(body),
            "{\"class\":\"card\",\"table\":101,\"column\":3,\"reference\":\"row-1\","
            "\"subject\":\"%s\",\"sealed\":\"%.*s\",\"receiver\":\"bank\","
            "\"purpose\":\"bank-channel\",\"reason\":\"payout 7\",\"data_purpose\":\"payment\"}",
            owner->name, (int)base64.size, (const char *)base64.data);
    const Status s = ask_service("/vault/v1/reveals", span_of_text(body), &http, &answer);
    const int status = status_ok(s) ? answer.status : 0;
    http_client_close(&http);
    return status;
}

/* --- the story --- */

static void live(Owner *owner)
{
    char notice[STAND_PATH_BYTES_MAX];
    char classes[96];
    snprintf(notice, sizeof(notice), "%s", stand_path(&stand, "notice.txt"));
    EXPECT_OK(keep(owner));
    EXPECT_OK(seal_for_the_core(owner));
    snprintf(classes, sizeof(classes), "card=%s", owner->kept.row_key);
    EXPECT(operator_ended(SUBJECT("consent", owner->name, "--purpose", "payment", "--text", notice,
                                  "--channel", "app"),
            0));
    EXPECT(operator_ended(SUBJECT("consent", owner->name, "--purpose", "payment", "--text", notice,
                                  "--channel", "app", "--separate"),
            0));
    EXPECT(operator_ended(SUBJECT("collect", owner->name, "--purpose", "payment", "--classes",
                                  classes, "--channel", "app"),
            0));
}

static bool is_shown(const Owner *owner)
{
    return operator_ended(SUBJECT("access", owner->name, "--proof", "id card seen"), 0)
            && operator_says("**** **** ****");
}

static void test_two_people_have_cards(void)
{
    const StandOptions options = { .purposes = purposes };
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(file_write(stand_path(&stand, "notice.txt"), 0644, SPAN("We pay for you.\n")));
    EXPECT_OK(private_key_generate(KEY_P256, &bank));
    EXPECT_OK(public_key_to_pem(private_key_public(bank), &pem));
    EXPECT_OK(file_write(stand_path(&stand, "bank.pem"), 0644, span_of_buffer(&pem)));
    EXPECT(operator_ended(
            HUFU("receiver", "add", "bank", stand_path(&stand, "bank.pem"), "--key", "alice",
                    "--key", "bob", "--reason", "payouts", "--per-subject", "99"),
            0));
    EXPECT_OK(stand_caller(&stand, "core", HOUSE, "protect,reveal", &core));
    live(&dead);
    live(&living);
    EXPECT(is_shown(&dead) && is_shown(&living));
    EXPECT(reveal_by_service(&dead) == 200 && reveal_by_service(&living) == 200);
    EXPECT_OK(reveal_from(stand_path(&stand, PATH_DOMAIN), &dead));
}

/* Deleted on the person's word, destroyed on two people's. */
static bool die(const Owner *owner)
{
    char sql[160];
    snprintf(sql, sizeof(sql),
            "SELECT count(*) FROM data_holding WHERE subject = '%s' AND state = 4", owner->name);
    if (!operator_ended(SUBJECT("delete", owner->name, "--proof", "letter"), 0)) return false;
    for (int tries = 0; tries < WAIT_TRIES_MAX; tries++) { /* until its values have left */
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (stand_number(&stand, sql) == 1) break;
        nanosleep(&wait, NULL);
    }
    return operator_ended(HUFU("subject", "destroy", "--key", "alice", "--key", "bob", "--reason",
                                  "art. 47"),
                   0)
            && operator_says("hufu destruction 1");
}

static void test_backup_then_destruction(void)
{
    snprintf(backup_file, sizeof(backup_file), "%s", stand_path(&stand, "last-month.hufu"));
    snprintf(raw_store, sizeof(raw_store), "%s", stand_path(&stand, "stolen.db"));
    EXPECT(operator_ended(HUFU("backup", backup_file), 0));
    EXPECT_OK(store_copy_to(stand_path(&stand, PATH_DOMAIN), raw_store));
    EXPECT(die(&dead));
    EXPECT(rows_of(&dead) == 0);
    EXPECT(reveal_by_service(&dead) >= 400 && reveal_by_service(&living) == 200);
}

/* Every door, and the thief's copy. */
static void nobody_reads_the_dead(void)
{
    const char *const domain = stand_path(&stand, PATH_DOMAIN);
    char present[STAND_PATH_BYTES_MAX];
    snprintf(present, sizeof(present), "%s", domain);
    EXPECT(operator_ended(HUFU("subject", "status", dead.name, "--tenant", HOUSE), 1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
    EXPECT(operator_ended(SUBJECT("access", dead.name, "--proof", "id card seen"), 1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
    EXPECT(operator_ended(SUBJECT("use", dead.name, "--act", "process", "--purpose", "payment",
                                  "--classes", "card"),
            1));
    EXPECT(operator_says("SUBJECT_UNKNOWN"));
    EXPECT(rows_of(&dead) == 0);
    EXPECT(reveal_by_service(&dead) >= 400);
    EXPECT_REFUSED(reveal_from(present, &dead), REFUSED_ROW_MISSING);
    EXPECT_REFUSED(reveal_from(raw_store, &dead), REFUSED_SUBJECT_DESTROYED);
}

static void everybody_else_is_there(void)
{
    EXPECT(is_shown(&living));
    EXPECT(rows_of(&living) == 2);
    EXPECT(reveal_by_service(&living) == 200);
    EXPECT_OK(reveal_from(raw_store, &living));
}

static int64_t dead_in_ledger(void)
{
    return stand_number(
            &stand, "SELECT count(*) FROM data_subject WHERE subject = 'wang' AND state = 4");
}

static void the_rows_say_so(void)
{
    EXPECT(dead_in_ledger() == 1);
    EXPECT(stand_number(&stand,
                   "SELECT count(*) FROM data_holding WHERE subject = 'wang' AND state <> 4")
            == 0);
    EXPECT(stand_leaves_with(&stand, "destroyed before this restore") == 1);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM data_subject WHERE state = 1") == 1);
}

static pid_t restore_start(const char *more)
{
    const char *const words[] = { "restore", backup_file, "--key", "alice", "--key", "bob",
        "--reason", "the disk burnt", more, NULL };
    return operator_start(&stand, words);
}

static bool restore(const char *more)
{
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    stand_stop(&stand, STAND_VAULTD, SIGTERM, NULL);
    return operator_ended(operator_end(&stand, restore_start(more)), 0)
            && status_ok(stand_start(&stand, STAND_VAULTD))
            && status_ok(stand_start(&stand, STAND_HUFUD));
}

/* TP-8, TP-16: nor does a restore take back that numbers were revealed since: the log of reveals
 * proves itself, and every line of it is in the log that goes on. */
static void reveals_are_all_told(void)
{
    EXPECT(operator_ended(HUFU("reveal", "list"), 0));
    EXPECT(operator_ended(HUFU("audit", "report", "--no-pdf"), 0));
    EXPECT(stand_leaves_with(&stand, "not in the domain store") == 0);
    EXPECT(stand_leaves_with(&stand, "lines 1-") == 1);
}

/* Whoever asks vaultd past hufud takes the lines of it with him: that they are missing is told. */
static void the_thief_is_noticed(void)
{
    EXPECT(operator_ended(HUFU("reveal", "list"), 1));
    EXPECT(operator_says("ROW_MISSING"));
    EXPECT(operator_ended(HUFU("audit", "report", "--no-pdf"), 0));
    EXPECT(stand_leaves_with(&stand, "not in the domain store") >= 1);
}

static void test_last_months_backup_brings_nobody_back(void)
{
    EXPECT(restore("--domain"));
    reveals_are_all_told();
    nobody_reads_the_dead();
    the_rows_say_so();
    everybody_else_is_there();
}

static bool exchanged(void) { return operator_said(&stand, "are exchanged"); }
static bool dead_left_the_domain(void) { return rows_of(&dead) == 0; }

static bool comes_to(bool (*state)(void))
{
    for (int tries = 0; tries < WAIT_TRIES_MAX; tries++) {
        const struct timespec wait = { 0, POLL_MS * 1000000L };
        if (state()) return true;
        nanosleep(&wait, NULL);
    }
    return false;
}

static bool launch_until(const char *logged)
{
    return truncate(stand_path(&stand, "log/hufud.log"), 0) == 0
            && status_ok(stand_launch(&stand, STAND_HUFUD)) && stand_log_says(&stand, logged);
}

/* While the domain store is another's to write, hufud comes as far as the restore's own event. */
static Status killed_before_the_domain(void *context, Store *store)
{
    (void)store;
    kill(*(const pid_t *)context, SIGCONT);
    const bool logged = stand_logged(&stand, "the disk burnt");
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    return logged ? OK : REFUSE(REFUSED_ROW_MISSING);
}

/* kill -9 once the restore is in the log and nobody is destroyed again. */
static void kill_before_the_domain(pid_t restorer)
{
    DomainStore *domain = NULL;
    kill(restorer, SIGSTOP); /* nobody accepts yet */
    EXPECT(launch_until("STORE_ROLLED_BACK"));
    EXPECT_OK(domain_open(stand_path(&stand, PATH_DOMAIN), NULL, &domain));
    EXPECT_OK(domain_transaction(domain, killed_before_the_domain, &restorer));
    domain_close(domain);
    EXPECT(rows_of(&dead) == 2 && dead_in_ledger() == 0);
}

/* And once more between the domain store and the rows: the ledger is another's to write. */
static void kill_before_the_rows(void)
{
    Intruder writer;
    stand_stop(&stand, STAND_VAULTD, SIGTERM, NULL);
    EXPECT(launch_until("hufud.waits_for_vault"));
    intruder_open(&stand, &writer);
    intruder_do(&writer, "BEGIN IMMEDIATE");
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT(comes_to(dead_left_the_domain));
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    intruder_close(&writer); /* rolls back */
    EXPECT(dead_in_ledger() == 0);
}

/* The start after that does the rest: one event, and a checkpoint outside before it serves. */
static void test_killed_on_the_way(void)
{
    stand_stop(&stand, STAND_HUFUD, SIGTERM, NULL);
    const pid_t restorer = restore_start("--domain");
    EXPECT(comes_to(exchanged));
    kill_before_the_domain(restorer);
    kill_before_the_rows();
    EXPECT(status_ok(stand_start(&stand, STAND_HUFUD)) && stand_audit(&stand) == 0);
    EXPECT(operator_ended(operator_end(&stand, restorer), 0));
    nobody_reads_the_dead();
    the_rows_say_so();
    everybody_else_is_there();
    EXPECT(stand_leaves_with(&stand, "the disk burnt") == 1);
}

static void test_nor_does_the_ledger_alone(void)
{
    EXPECT(restore(NULL));
    the_thief_is_noticed();
    nobody_reads_the_dead();
    the_rows_say_so();
    everybody_else_is_there();
}

/* The month is over: its shred key is gone, and with it everything that a copy of before opens, the
 * living's too. Others die meanwhile. The old ledger still brings nobody back. */
static void test_nor_after_the_months_key_is_gone(void)
{
    EXPECT(operator_ended(HUFU("key", "rotate", "shred", "--key", "alice", "--key", "bob",
                                  "--reason", "a month is over"),
            0));
    EXPECT(operator_ended(HUFU("vault", "turn"), 0));
    EXPECT(operator_ended(HUFU("key", "destroy", "shred", "1", "--key", "alice", "--key", "bob",
                                  "--reason", "a month is over"),
            0));
    live(&later);
    EXPECT(die(&later));
    EXPECT(restore(NULL));
    nobody_reads_the_dead();
    the_rows_say_so();
    EXPECT(is_shown(&living) && reveal_by_service(&living) == 200);
    EXPECT_REFUSED(reveal_from(raw_store, &living), REFUSED_KEY_DESTROYED); /* the thief's copy */
}

/* Not as a new person under the old name either; and there is nobody left to destroy. */
static void test_destroyed_for_good(void)
{
    EXPECT(operator_ended(SUBJECT("consent", dead.name, "--purpose", "payment", "--text",
                                  stand_path(&stand, "notice.txt"), "--channel", "app"),
            1));
    EXPECT(operator_says("SUBJECT_GONE"));
    EXPECT_REFUSED(keep(&dead), REFUSED_SUBJECT_DESTROYED);
    EXPECT(operator_ended(
            HUFU("subject", "destroy", "--key", "alice", "--key", "bob", "--reason", "again"), 0));
    EXPECT(operator_says("nobody waits"));
    EXPECT(stand_await_checkpoint(&stand));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_house_closes(void)
{
    private_key_free(&bank);
    stand_caller_done(&core);
    stand_close(&stand);
}

TESTS(TEST(test_two_people_have_cards), TEST(test_backup_then_destruction),
        TEST(test_last_months_backup_brings_nobody_back), TEST(test_killed_on_the_way),
        TEST(test_nor_does_the_ledger_alone), TEST(test_nor_after_the_months_key_is_gone),
        TEST(test_destroyed_for_good), TEST(test_house_closes))
