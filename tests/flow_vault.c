/*
 * Goal: an institution with a payment core of its own uses the vault with one header and one
 * library (include/hufu/vault.h): cards become ciphertext, token and mask, passwords are checked,
 * and no clear value is found anywhere afterwards (TP-4, TP-6, TP-8, TP-13). Method: this program
 * sees the library as its users do; the real programs answer, are killed in between, and every file
 * that the house keeps is searched for the values in clear, hashed and encoded.
 */
#define _GNU_SOURCE /* memmem */
#include "admin_client.h"
#include "base/encoding.h"
#include "base/expect.h"
#include "callers.h"
#include "command.h"
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "enrol.h"
#include "operator.h"
#include "policy/detect_number.h"
#include "text/json.h"
#include "vaultclient/fields_inside.h"
#include <hufu/vault.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MANY = 1500, FILE_BYTES_MAX = 64 << 20 };

#define CARD "6222020200112233446"
#define OTHER_CARD "4111111111111111"
#define PASSWORD "canary horse battery 91"
#define MAC_KEY "canaryMACkeyCANARYmacKEYcanary42"

static Stand stand;
static StandCaller core;
static HufuVault *vault;
static StandCallerFiles files;
static HufuSettings settings;
static const HufuColumn card_column = { HUFU_CLASS_CARD, 101, 3 };

#define HUFU(...) OPERATOR(&stand, __VA_ARGS__)

static const char *write_file(const char *name, Span bytes)
{
    static char paths[4][2 * STAND_PATH_BYTES_MAX];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", stand.folder, name);
    return status_ok(file_write(path, 0600, bytes)) ? path : "";
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    HufuError error;
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(enrol_pin(stand.folder));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect,lookup,password,mac", &core));
    EXPECT_OK(stand_caller_settings(&stand, &core, &files, &settings));
    if (hufu_open(&settings, &vault, &error) != 0) fprintf(stderr, "  %s\n", error.message);
    EXPECT(vault != NULL);
}

static int protect(const HufuColumn *column, const char *subject, const char *reference,
        const char *value, HufuProtected *ret)
{
    const HufuField field = { subject, reference, value, strlen(value) };
    HufuError error;
    const int done = hufu_protect(vault, column, &field, 1, ret, &error);
    if (done != 0) fprintf(stderr, "  %s: %s\n", error.code, error.message);
    return done;
}

static void test_a_card_becomes_token_and_mask(void)
{
    HufuProtected a, b, c;
    EXPECT(protect(&card_column, "user-17", "row-1", CARD, &a) == 0);
    EXPECT(a.code[0] == 0 && a.sealed_size > strlen(CARD));
    EXPECT(strlen(a.token) == strlen(CARD) && !detect_luhn(span_of_text(a.token)));
    EXPECT(strstr(a.mask, "3446") != NULL && strstr(a.mask, "620") == NULL);
    /* The same card again: another ciphertext, the same index; in another column another index. */
    EXPECT(protect(&card_column, "user-18", "row-2", CARD, &b) == 0);
    EXPECT(a.sealed_size == b.sealed_size && !bytes_equal_ct(a.sealed, b.sealed, a.sealed_size));
    EXPECT(a.index.version > 0 && bytes_equal_ct(a.index.bytes, b.index.bytes, HUFU_INDEX_BYTES));
    const HufuColumn other = { HUFU_CLASS_CARD, 101, 4 };
    EXPECT(protect(&other, "user-17", "row-1", CARD, &c) == 0);
    EXPECT(!bytes_equal_ct(a.index.bytes, c.index.bytes, HUFU_INDEX_BYTES));

    HufuIndex index, old;
    EXPECT(hufu_look_up(vault, &card_column, CARD, strlen(CARD), &index, &old, NULL) == 0);
    EXPECT(bytes_equal_ct(index.bytes, a.index.bytes, HUFU_INDEX_BYTES));
}

static void test_what_is_refused(void)
{
    HufuProtected made;
    HufuError error;
    EXPECT(protect(&card_column, "u", "r", "4111111111111112", &made) == 0);
    EXPECT(strcmp(made.code, "CARD_NUMBER_INVALID") == 0 && made.sealed_size == 0);
    EXPECT(protect(&card_column, "u", "r", "123", &made) == 0); /* a CVN in the wrong field */
    EXPECT(strcmp(made.code, "DATA_PROHIBITED") == 0);
    const HufuField empty = { "u", "r", "", 0 };
    EXPECT(hufu_protect(vault, &card_column, &empty, 1, &made, &error) == -1);
    const HufuColumn biometric = { HUFU_CLASS_BIOMETRIC, 1, 1 };
    EXPECT(hufu_protect(vault, &biometric, &(HufuField) { "u", "r", "x", 1 }, 1, &made, &error)
            == -1);
    EXPECT(error.http_status == 400);
}

/* Many fields of many people, while both programs are killed: the library opens new sessions, and
 * subjects keep their keys. */
static void test_many_fields_over_restarts(void)
{
    static HufuProtected made[MANY];
    static HufuField fields[MANY];
    static char names[MANY][24];
    HufuError error;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "user-%d", i / 2);
        fields[i] = (HufuField) { names[i], "row", OTHER_CARD, strlen(OTHER_CARD) };
    }
    EXPECT(hufu_protect(vault, &card_column, fields, MANY, made, &error) == 0);
    for (int i = 0; i < MANY; i++)
        EXPECT(made[i].code[0] == 0 && made[i].sealed_size > 0);
    stand_stop(&stand, STAND_VAULTD, SIGKILL, NULL);
    EXPECT_OK(stand_start(&stand, STAND_VAULTD));
    EXPECT_OK(stand_await(&stand));
    for (int tries = 0; tries < 100; tries++) { /* until hufud has shown vaultd the store again */
        if (hufu_protect(vault, &card_column, fields, 10, made, &error) == 0) break;
        const struct timespec wait = { 0, 50000000 };
        nanosleep(&wait, NULL);
    }
    EXPECT(made[0].code[0] == 0 && made[0].sealed_size > 0);
    EXPECT(stand_number(&stand, "SELECT count(*) FROM alert") == 0);
}

static void test_passwords(void)
{
    char grant[HUFU_GRANT_TEXT_BYTES];
    HufuError error;
    const HufuOwner owner = { HUFU_CLASS_PASSWORD, "people", "li" };
    EXPECT(hufu_password_set(vault, &owner, NULL, "short", &error) == -1);
    EXPECT(error.http_status == 400);
    EXPECT(hufu_password_set(vault, &owner, NULL, PASSWORD, &error) == 0);
    EXPECT(hufu_password_set(vault, &owner, NULL, "another long one 4", &error) == -1);
    EXPECT(hufu_password_check(vault, &owner, PASSWORD, grant, &error) == 0);
    EXPECT(strlen(grant) == HUFU_GRANT_TEXT_BYTES - 1);
    EXPECT(hufu_password_check(vault, &owner, "not this one", grant, &error) == -1);
    EXPECT(error.http_status == 403 && strcmp(error.code, "PIN_WRONG") == 0);
}

/* A merchant's symmetric key signs inside the vault, and never leaves it (TP-7). */
static void check_mac(int algorithm, MacAlgorithm beside)
{
    static const char text[] = "appid=wx1&nonce_str=5K8264ILTKCH16CQ";
    const HufuMac how = { "merchant-7", algorithm, 0 };
    uint8_t mac[HUFU_MAC_BYTES];
    uint8_t expected[MAC_BYTES_MAX];
    HufuError error;
    int right = -1;
    EXPECT(hufu_mac_make(vault, &how, text, strlen(text), mac, &error) == 0);
    mac_once(beside, span_of_text(MAC_KEY), span_of_text(text), expected);
    EXPECT(span_equal(SPAN_OF(mac), (Span) { expected, HUFU_MAC_BYTES }));
    EXPECT(hufu_mac_verify(vault, &how, text, strlen(text), mac, &right, &error) == 0);
    EXPECT(right == 1);
    mac[0] ^= 1;
    EXPECT(hufu_mac_verify(vault, &how, text, strlen(text), mac, &right, &error) == 0);
    EXPECT(right == 0);
    const HufuMac nobody = { "merchant-8", algorithm, 0 };
    EXPECT(hufu_mac_make(vault, &nobody, text, strlen(text), mac, &error) == -1);
}

static void test_symmetric_keys_of_merchants(void)
{
    HufuError error;
    EXPECT(hufu_mac_key_set(vault, "merchant-7", "weak", 4, &error) == -1);
    EXPECT(error.http_status == 400);
    EXPECT(hufu_mac_key_set(vault, "merchant-7", MAC_KEY, strlen(MAC_KEY), &error) == 0);
    check_mac(HUFU_MAC_HMAC_SHA256, MAC_HMAC_SHA256);
    check_mac(HUFU_MAC_HMAC_SM3, MAC_HMAC_SM3);
}

/* --- a full number leaves for a machine alone (TP-8) --- */

static PrivateKey *bank;
static HufuProtected revealed; /* as the core stored it */
static HufuColumn revealed_column = { HUFU_CLASS_CARD, 101, 3 };
static char revealed_subject[64] = "user-31";

static int reveal(HttpClient *http, const char *reference, const char *receiver,
        const char *purpose, Buffer *ret_box)
{
    static const JsonField fields[] = { { "receiver_box", JSON_TEXT, true, 1, 16384, 0 } };
    uint8_t base64_bytes[4096];
    char body[8192];
    Buffer base64 = BUFFER_OF(base64_bytes);
    HttpAnswer answer = { 0 };
    JsonProblem problem = { 0 };
    Span box = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    if (!status_ok(base64_encode((Span) { revealed.sealed, revealed.sealed_size }, &base64)))
        return 0;
    snprintf(body, sizeof(body),
            "{\"class\":\"card\",\"table\":%d,\"column\":%d,\"reference\":\"%s\","
            "\"subject\":\"%s\",\"sealed\":\"%.*s\",\"receiver\":\"%s\",\"purpose\":\"%s\","
            "\"reason\":\"payout 7\"}",
            (int)revealed_column.table, (int)revealed_column.column, reference, revealed_subject,
            (int)base64.size, (const char *)base64.data, receiver, purpose);
    if (!status_ok(stand_service_call(http, "/vault/v1/reveals", span_of_text(body), &answer)))
        return 0;
    if (answer.status != 200) return answer.status;
    const bool read = status_ok(json_parse(answer.body, &document, &problem))
            && status_ok(json_read_some(document, json_root(document), fields, 1, &box, &problem))
            && status_ok(base64_decode(box, ret_box));
    return read ? answer.status : 0;
}

static void test_a_number_leaves_for_its_receiver_alone(void)
{
    StandCaller payout = { 0 };
    HttpClient *http = NULL;
    uint8_t pem_bytes[SIGN_KEY_PEM_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t plain_bytes[BOX_PLAIN_BYTES_MAX];
    Buffer pem = BUFFER_OF(pem_bytes);
    Buffer box = BUFFER_OF(box_bytes);
    Buffer plain = BUFFER_OF(plain_bytes);
    Box parsed = { 0 };
    EXPECT_OK(private_key_generate(getenv("HUFU_SUITE") != NULL ? KEY_SM2 : KEY_P256, &bank));
    EXPECT_OK(public_key_to_pem(private_key_public(bank), &pem));
    const char *file = write_file("bank.pem", span_of_buffer(&pem));
    EXPECT(protect(&card_column, "user-31", "row-31", CARD, &revealed) == 0);
    EXPECT_OK(stand_caller(&stand, "payout", "bank-a", "reveal", &payout));
    EXPECT_OK(stand_service(&stand, payout.tls, &http));

    EXPECT(reveal(http, "row-31", "icbc", "bank-channel", &box) == 403); /* not enrolled */
    EXPECT(OPERATOR(&stand, "receiver", "add", "icbc", file, "--key", "alice", "--key", "alice",
                   "--reason", "payouts")
            == 1); /* one person twice */
    EXPECT(OPERATOR(&stand, "receiver", "add", "icbc", file, "--key", "alice", "--key", "bob",
                   "--reason", "payouts")
            == 0);
    EXPECT(reveal(http, "row-32", "icbc", "bank-channel", &box) == 400); /* not its place */
    EXPECT(reveal(http, "row-31", "icbc", "legal-order", &box) == 403); /* not its purpose */
    EXPECT(reveal(http, "row-31", "icbc", "bank-channel", &box) == 200);
    EXPECT_OK(box_parse(span_of_buffer(&box), &parsed));
    EXPECT_OK(box_open(bank, &parsed, &plain));
    EXPECT(span_equal(span_of_buffer(&plain), SPAN(CARD)));
    EXPECT(OPERATOR(&stand, "reveal", "list") == 0);
    EXPECT(operator_says("payout 7") && operator_says("SEAL_TAMPERED"));
    http_client_close(&http);
    stand_caller_done(&payout);
    private_key_free(&bank);
}

/* --- a card that nobody owns (TP-8) --- */

static Status take_planted(void *context, const Value *values, size_t count)
{
    char *token = context;
    ASSERT(count == 2 && values[0].bytes.size < 32
            && values[1].bytes.size <= sizeof(revealed.sealed));
    memcpy(token, values[0].bytes.data, values[0].bytes.size);
    token[values[0].bytes.size] = '\0';
    memcpy(revealed.sealed, values[1].bytes.data, values[1].bytes.size);
    revealed.sealed_size = values[1].bytes.size;
    return OK;
}

/* Somebody who can read the domain store, and has a caller's key, tries what he finds. */
static void steal_planted(char ret_token[32])
{
    DomainStore *domain = NULL;
    const Value key[] = { VALUE_OF_TEXT(SPAN("user-42")) };
    EXPECT_OK(domain_open(stand_path(&stand, PATH_DOMAIN), NULL, &domain));
    EXPECT_OK(domain_query(domain, "SELECT row_key, sealed FROM field WHERE subject = ?1", key, 1,
            take_planted, ret_token));
    domain_close(domain);
    revealed_column = (HufuColumn) { HUFU_CLASS_CARD, TABLE_CARD, CARD_NUMBER };
    snprintf(revealed_subject, sizeof(revealed_subject), "user-42");
}

static bool await_number(const char *sql, int64_t wanted)
{
    for (int tries = 0; tries < 200; tries++) {
        const struct timespec wait = { 0, 50 * 1000000L };
        if (stand_number(&stand, sql) == wanted) return true;
        nanosleep(&wait, NULL);
    }
    return false;
}

static const char vault_alerts[] = "SELECT count(*) FROM alert WHERE kind = 41";

static void test_a_planted_card_alarms(void)
{
    StandCaller thief = { 0 };
    HttpClient *http = NULL;
    uint8_t ordinary_bytes[BOX_BYTES_MAX];
    uint8_t planted_bytes[BOX_BYTES_MAX];
    Buffer ordinary = BUFFER_OF(ordinary_bytes);
    Buffer planted = BUFFER_OF(planted_bytes);
    char token[32] = "";
    EXPECT_OK(stand_caller(&stand, "thief", "bank-a", "reveal", &thief));
    EXPECT_OK(stand_service(&stand, thief.tls, &http));
    EXPECT(operator_ended(HUFU("vault", "plant-honey", "--tenant", "bank-a", "--subject", "user-41",
                                  "--subject", "user-42", "--count", "2"),
            0));
    EXPECT(operator_ended(HUFU("vault", "plant-honey", "--tenant", "bank-a"), 2));
    EXPECT(protect(&card_column, "user-31", "row-33", "4111111111111111", &revealed) == 0);
    EXPECT(reveal(http, "row-33", "icbc", "bank-channel", &ordinary) == 200);
    EXPECT(stand_number(&stand, vault_alerts) == 0);
    steal_planted(token);
    EXPECT(strlen(token) == 16);
    EXPECT(reveal(http, token, "icbc", "bank-channel", &planted) == 200);
    EXPECT(planted.size > 0); /* an ordinary answer */
    EXPECT(await_number(vault_alerts, 1));
    EXPECT(operator_ended(HUFU("incident", "list"), 0));
    EXPECT(operator_says("planted card"));
    http_client_close(&http);
    stand_caller_done(&thief);
}

/* What people did to the vault is in the audit log, each line once, also after kills (TP-15). */
static void test_acts_upon_the_vault_are_in_the_log(void)
{
    static const char *const acts[] = { "ceremony/", "operator.enrol/alice", "operator.enrol/bob",
        "receiver.add/icbc", "honey.plant", "key.rotate/binding" };
    EXPECT(operator_ended(HUFU("key", "rotate", "binding", "--key", "alice", "--key", "bob",
                                  "--reason", "a year is over"),
            0));
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                "SELECT count(*) FROM audit_leaf WHERE instr(leaf, CAST('%s' AS BLOB)) > 0",
                acts[i]);
        EXPECT(await_number(sql, 1));
    }
    EXPECT(stand_audit(&stand) == 0);
}

/* --- nothing rests in clear --- */

static uint8_t *file_bytes;
static int files_searched;

static bool holds(Span bytes, Span needle)
{
    return memmem(bytes.data, bytes.size, needle.data, needle.size) != NULL;
}

/* In clear, in base64, as plain SHA-256 in bytes and hexadecimal. */
static bool holds_any_form(Span bytes, const char *value, const char *path)
{
    uint8_t text_bytes[256];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer text = BUFFER_OF(text_bytes);
    const Span clear = span_of_text(value);
    sha256(clear, digest);
    if (!status_ok(base64_encode(clear, &text))) return true;
    while (text.size > 0 && text.data[text.size - 1] == '=')
        text.size--;
    bool found = holds(bytes, clear) || holds(bytes, SPAN_OF(digest))
            || holds(bytes, (Span) { text.data, text.size - 1 });
    text.size = 0;
    if (!status_ok(hex_encode(SPAN_OF(digest), &text))) return true;
    found = found || holds(bytes, span_of_buffer(&text));
    if (found) fprintf(stderr, "  %s holds a form of %.4s...\n", path, value);
    return found;
}

static bool search(const char *folder)
{
    bool clean = true;
    DIR *dir = opendir(folder);
    if (dir == NULL) return false;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[1024];
        struct stat facts;
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (lstat(path, &facts) != 0) continue;
        if (S_ISDIR(facts.st_mode)) clean = search(path) && clean;
        if (!S_ISREG(facts.st_mode)) continue;
        Buffer bytes = { file_bytes, 0, FILE_BYTES_MAX };
        if (!status_ok(file_read(path, &bytes))) return false;
        files_searched++;
        const Span all = span_of_buffer(&bytes);
        clean = !holds_any_form(all, CARD, path) && !holds_any_form(all, OTHER_CARD, path)
                && !holds_any_form(all, PASSWORD, path) && !holds_any_form(all, MAC_KEY, path)
                && clean;
    }
    closedir(dir);
    return clean;
}

static void test_nothing_rests_in_clear(void)
{
    file_bytes = malloc(FILE_BYTES_MAX);
    EXPECT(file_bytes != NULL);
    EXPECT(search(stand.folder));
    EXPECT(files_searched > 10);
    /* The search itself finds what is there. */
    const char *planted = write_file("planted", SPAN("x" CARD "x"));
    EXPECT(!search(stand.folder));
    unlink(planted);
    free(file_bytes);
}

static void test_house_closes(void)
{
    hufu_close(vault);
    stand_caller_done(&core);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_card_becomes_token_and_mask), TEST(test_what_is_refused),
        TEST(test_many_fields_over_restarts), TEST(test_passwords),
        TEST(test_symmetric_keys_of_merchants), TEST(test_a_number_leaves_for_its_receiver_alone),
        TEST(test_a_planted_card_alarms), TEST(test_acts_upon_the_vault_are_in_the_log),
        TEST(test_nothing_rests_in_clear), TEST(test_house_closes))
