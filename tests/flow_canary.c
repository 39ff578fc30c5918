/*
 * Goal: what must not be kept is kept nowhere. Canaries of every class (card, CVN, tracks, chip,
 * expiry, identity number, phone, key, password, account, name, e-mail, address, one-time code,
 * biometric) in every spelling go into every input of hufud; then logs, tables, domain store,
 * journals, WAL, error answers, hufud's memory and a core of it are searched for each of them, in
 * clear, as a plain hash and in base64 (TP-4, TP-5, TP-6, TP-7, TP-8, TP-13; DESIGN section 2: "a
 * card number typed into free text is refused and its buffers wiped").
 * Method: the real programs, over their real doors; the searches first show that they find.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "command.h"
#include "enrol.h"
#include "house_people.h"
#include "mouths.h"
#include "needles.h"
#include "policy/detect_test_canaries.h"
#include <hufu/vault.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LOOKS_MAX = 10, LOOK_PAUSE_NS = 50000000 };

/* Classes that no detector knows by their looks: they are told from other text by where they are.
 */
typedef enum OtherKind {
    OTHER_EXPIRY = DETECT_KINDS,
    OTHER_PASSWORD,
    OTHER_NAME,
    OTHER_EMAIL,
    OTHER_ADDRESS,
    OTHER_BANK_ACCOUNT,
    OTHER_ONE_TIME_CODE,
    OTHER_BIOMETRIC,
    KINDS,
} OtherKind;

static const char *const other_names[] = { "expiry", "password", "name", "e-mail", "address",
    "bank account", "one-time code", "biometric" };

static Stand stand;
static MerchantApp merchant;
static StandCaller core;
static PayerApp payer;
static PayerApp registered;
static PayerPhone phone;
static ConsoleUser dora = { .name = "dora", .password = "copper lantern 48 orchard" };
static Browser dora_at;
static Mouths mouths;
static Needles *needles;
static size_t said, refused, answers_with_hits;
static uint64_t next_index = 1000;

static const char *kind_name(int kind)
{
    return kind < DETECT_KINDS ? detect_kind_name((DetectKind)kind)
                               : other_names[kind - DETECT_KINDS];
}

static void put_other(int kind, uint64_t index, Buffer *text)
{
    const unsigned n = (unsigned)(index * 2654435761u % 1000000007u);
    Status s = OK;
    switch (kind) {
    case OTHER_EXPIRY: s = buffer_print(text, "exp 12/%02u of %09u", n % 20 + 27, n); break;
    case OTHER_PASSWORD: s = buffer_print(text, "horse%09ustaple", n); break;
    case OTHER_NAME: s = buffer_print(text, "Ouyang-Canary-%09u", n); break;
    case OTHER_EMAIL: s = buffer_print(text, "canary.%09u@mail.example", n); break;
    case OTHER_ADDRESS: s = buffer_print(text, "No.%09u,Canary-Road,Shanghai", n); break;
    case OTHER_BANK_ACCOUNT: s = buffer_print(text, "CN-31-00-%09u-A", n); break;
    case OTHER_ONE_TIME_CODE: s = buffer_print(text, "otp#%06u/%09u", n % 1000000, n); break;
    default: s = buffer_print(text, "face:%09u:minutiae:%09u", n, n / 7); break;
    }
    ASSERT(status_ok(s));
}

/* --- the house --- */

static void test_house_opens(void)
{
    const StandOptions options = { .code_life_s = 3600, .sm = getenv("HUFU_SUITE") != NULL };
    needles = needles_open();
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect,lookup,reveal,password,bind", &core));
    EXPECT_OK(stand_connect(&stand, &mouths.http));
    EXPECT_OK(stand_service(&stand, core.tls, &mouths.service));
    mouths.stand = &stand;
    mouths.merchant = &merchant;
}

/* A payer who registered, on his telephone; and somebody who works at the console. */
static void test_people_come(void)
{
    static const PayerPerson person = { "Zhang San", "11010519491231002X", "13800138000" };
    PayerAnswer answer;
    const PayerTalk talk = { &registered, mouths.http, &stand.box_key, &answer };
    EXPECT_OK(payer_phone_make(KEY_P256, "a phone", &phone));
    registered.phone = &phone;
    EXPECT_OK(payer_phone_register(&talk, &person, "seven quiet harbours 15"));
    EXPECT_OK(house_person(&stand, &dora, "payment-operator"));
    EXPECT_OK(browser_open(&stand, &dora_at));
    EXPECT(browser_login(&dora_at, &dora) == 200);
    mouths.phone = &phone;
    mouths.console = &dora_at;
}

/* --- into every mouth --- */

static void look_at_answer(const AskAnswer *answer, const char *label)
{
    const Span head = { answer->head, answer->head_size };
    const Span body = { answer->body, answer->body_size };
    const size_t hits = needles_search(needles, head, label) + needles_search(needles, body, label);
    answers_with_hits += hits > 0 ? 1 : 0;
}

static void say_one(const Mouth *mouth, int kind, CanaryEncoding encoding, const char *label)
{
    static AskAnswer answer;
    uint8_t plain_bytes[CANARY_BYTES_MAX];
    uint8_t text_bytes[CANARY_BYTES_MAX];
    Buffer plain = BUFFER_OF(plain_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    const uint64_t index = next_index++;
    if (kind < DETECT_KINDS) {
        canary_plain((DetectKind)kind, index, &plain);
        canary_make((DetectKind)kind, encoding, index, &text);
    } else {
        put_other(kind, index, &plain);
        put_other(kind, index, &text);
    }
    const bool escaped = encoding == CANARY_JSON || encoding == CANARY_JSON_FULL_WIDTH;
    const MouthText spoken = { span_of_buffer(&text), escaped };
    if (!mouth_takes(mouth, &spoken)) return;
    needles_add(needles, span_of_buffer(&plain), label);
    if (encoding != CANARY_PLAIN) needles_add_spelled(needles, spoken.text, label);
    mouth_say(&mouths, mouth, &spoken, &answer);
    said++;
    const bool was_refused = answer.fields.status < 200 || answer.fields.status >= 300;
    if (!was_refused && !mouth->harmless)
        fprintf(stderr, "  taken: %s, HTTP %d\n", label, answer.fields.status);
    refused += was_refused || mouth->harmless ? 1 : 0;
    look_at_answer(&answer, label);
}

/* Free text may hold what only its place would tell from other text, and telephone numbers. */
static bool is_told_by_its_looks(int kind)
{
    return kind < DETECT_KINDS && (DETECT_SET(kind) & DETECT_KEPT) != 0;
}

static void say_kind(const Mouth *mouth, int kind)
{
    char label[NEEDLE_LABEL_BYTES];
    if (mouth->free_text && !is_told_by_its_looks(kind)) return;
    for (int encoding = 0; encoding < CANARY_ENCODINGS; encoding++) {
        const bool detected = kind < DETECT_KINDS;
        if (!detected && encoding != CANARY_PLAIN) break;
        if (detected && !canary_exists((DetectKind)kind, (CanaryEncoding)encoding)) continue;
        snprintf(label, sizeof(label), "%s, %s, in: %s", kind_name(kind),
                canary_encoding_name((CanaryEncoding)encoding), mouth->name);
        say_one(mouth, kind, (CanaryEncoding)encoding, label);
    }
}

static void test_every_class_into_every_mouth(void)
{
    for (size_t i = 0; i < mouths_count(); i++)
        for (int kind = DETECT_CARD; kind < KINDS; kind++)
            say_kind(mouth_at(i), kind);
    printf("       %zu canaries into %zu inputs, %zu needles\n", said, mouths_count(),
            needles_count(needles));
    EXPECT(said > 3000 && refused == said);
    EXPECT(answers_with_hits == 0);
    EXPECT(browser_get(&dora_at, "/console/v1/whoami") == 200); /* all the while she was heard */
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL) && !stand_ended(&stand, STAND_VAULTD, NULL));
}

/* --- the same classes where they belong: in boxes --- */

static HufuVault *open_library(void)
{
    StandCallerFiles files;
    HufuSettings settings;
    HufuVault *vault = NULL;
    HufuError error;
    ASSERT(status_ok(stand_caller_settings(&stand, &core, &files, &settings)));
    if (hufu_open(&settings, &vault, &error) != 0) fprintf(stderr, "  %s\n", error.message);
    return vault;
}

static int protect(HufuVault *vault, uint16_t class, int kind)
{
    uint8_t bytes[CANARY_BYTES_MAX];
    char label[NEEDLE_LABEL_BYTES];
    Buffer value = BUFFER_OF(bytes);
    HufuProtected made = { 0 };
    HufuError error = { 0 };
    const HufuColumn column = { class, 101, class };
    if (kind < DETECT_KINDS)
        canary_plain((DetectKind)kind, next_index++, &value);
    else
        put_other(kind, next_index++, &value);
    snprintf(label, sizeof(label), "%s, protected by the library", kind_name(kind));
    needles_add(needles, span_of_buffer(&value), label);
    const HufuField field = { "user-1", "row-1", value.data, value.size };
    if (hufu_protect(vault, &column, &field, 1, &made, &error) != 0) return -1;
    needles_search(needles, (Span) { made.sealed, made.sealed_size }, "what came back");
    if (made.code[0] != 0) fprintf(stderr, "  %s: %s\n", label, made.code);
    return made.code[0] == 0 ? 0 : -1;
}

static void test_every_class_in_boxes(void)
{
    char grant[HUFU_GRANT_TEXT_BYTES];
    HufuError error;
    const HufuOwner owner = { HUFU_CLASS_PASSWORD, "people", "li" };
    static const char *const words[] = { "canary horse battery 91", "canary horse battery 92" };
    HufuVault *vault = open_library();
    EXPECT(vault != NULL);
    EXPECT(protect(vault, HUFU_CLASS_CARD, DETECT_CARD) == 0);
    EXPECT(protect(vault, HUFU_CLASS_IDENTITY_NUMBER, DETECT_IDENTITY) == 0);
    EXPECT(protect(vault, HUFU_CLASS_PHONE, DETECT_PHONE) == 0);
    EXPECT(protect(vault, HUFU_CLASS_NAME, OTHER_NAME) == 0);
    EXPECT(protect(vault, HUFU_CLASS_EMAIL, OTHER_EMAIL) == 0);
    EXPECT(protect(vault, HUFU_CLASS_ADDRESS, OTHER_ADDRESS) == 0);
    EXPECT(protect(vault, HUFU_CLASS_BANK_ACCOUNT, OTHER_BANK_ACCOUNT) == 0);
    EXPECT(protect(vault, HUFU_CLASS_CARD, DETECT_TRACK) != 0); /* TP-5: not even in a box */
    EXPECT(protect(vault, HUFU_CLASS_CARD, DETECT_CARD_CODE) != 0);
    EXPECT(protect(vault, HUFU_CLASS_CARD, DETECT_CHIP) != 0);
    for (int i = 0; i < 2; i++)
        needles_add(needles, span_of_text(words[i]), i == 0 ? "a password" : "a wrong password");
    EXPECT(hufu_password_set(vault, &owner, NULL, words[0], &error) == 0);
    EXPECT(hufu_password_check(vault, &owner, words[0], grant, &error) == 0);
    EXPECT(hufu_password_check(vault, &owner, words[1], grant, &error) != 0);
    hufu_close(vault);
}

/* Six digits alone may stand anywhere by chance; as a hash, or in base64, they may not. */
static void test_a_payment_with_a_pin(void)
{
    Answered answered = { 0 };
    PayerAnswer paid = { 0 };
    EXPECT_OK(stand_payer(&stand, "canary-payer", "739164", 1000000, &payer));
    needles_add_digests(needles, SPAN("739164"), "a PIN");
    EXPECT_OK(step_native(&merchant, mouths.http, "WITH-PIN-1", 100, &answered));
    EXPECT_OK(payer_app_pay(
            &payer, mouths.http, &stand.box_key, span_of_text(answered.code_url), &paid));
    EXPECT_OK(step_query(&merchant, mouths.http, "WITH-PIN-1", &answered));
    EXPECT(strcmp(answered.trade_state, "SUCCESS") == 0);
}

/* --- the search --- */

static void test_nothing_in_files(void)
{
    static const char *const folders[] = { "data", "domain", "vault", "checkpoints", "second",
        "log", "run" };
    size_t files = 0;
    size_t hits = 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        hits += needles_search_folder(needles, stand_path(&stand, folders[i]), NULL, &files);
    printf("       %zu files\n", files);
    EXPECT(files > 10 && hits == 0);
    /* The search finds what is there. */
    uint8_t bytes[CANARY_BYTES_MAX];
    Buffer planted = BUFFER_OF(bytes);
    ASSERT(status_ok(buffer_put(&planted, SPAN("x"))));
    canary_plain(DETECT_CARD, 7, &planted);
    needles_add(needles, (Span) { bytes + 1, planted.size - 1 }, "a planted card");
    EXPECT_OK(file_write(stand_path(&stand, "log/planted"), 0600, span_of_buffer(&planted)));
    EXPECT(needles_search_folder(needles, stand_path(&stand, "log"), NULL, &files) == 1);
    unlink(stand_path(&stand, "log/planted"));
}

/* The last answer may be on the wire a moment before its buffers are given back. */
static size_t look_into(pid_t pid, size_t *ret_bytes)
{
    size_t hits = 0;
    for (int look = 0; look < LOOKS_MAX; look++) {
        *ret_bytes = 0;
        hits = needles_search_process(needles, pid, ret_bytes);
        if (hits == 0 || *ret_bytes == 0) return hits;
        const struct timespec wait = { 0, LOOK_PAUSE_NS };
        nanosleep(&wait, NULL);
    }
    return hits;
}

/* A sanitizer keeps freed memory and terabytes of shadow: ./check looks in a build without it. */
#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static bool may_look(void)
{
    char path[64];
    if (SANITIZED) {
        printf("SKIPPED: the memory of a build with the address sanitizer\n");
        return false;
    }
    snprintf(path, sizeof(path), "/proc/%d/mem", (int)stand.pids[STAND_HUFUD]);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
    if (fd < 0) printf("SKIPPED: hufud's memory is read by root alone\n");
    return fd >= 0;
}

static void test_nothing_in_memory(void)
{
    size_t bytes = 0;
    if (!may_look()) return;
    EXPECT(look_into(stand.pids[STAND_HUFUD], &bytes) == 0);
    printf("       %zu MiB of hufud's memory\n", bytes >> 20);
    EXPECT(bytes > 1 << 20);
    /* The search finds what is there: this program holds them all. */
    size_t own = 0;
    needles_hush(needles);
    EXPECT(needles_search_process(needles, getpid(), &own) > 1000);
}

/* gcore of gdb, run beside the programs; false: it is not there or may not. */
static bool make_core(const char *prefix)
{
    char pid[16];
    int status = 0;
    snprintf(pid, sizeof(pid), "%d", (int)stand.pids[STAND_HUFUD]);
    const pid_t child = fork();
    if (child == 0) {
        const int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        execlp("gcore", "gcore", "-o", prefix, pid, (char *)NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_nothing_in_a_core(void)
{
    char path[STAND_PATH_BYTES_MAX + 64];
    struct stat facts = { 0 };
    if (!may_look()) return;
    if (!make_core(stand_path(&stand, "demo/core"))) {
        printf("SKIPPED: no gcore (package gdb), or no right to trace\n");
        return;
    }
    snprintf(path, sizeof(path), "%s/demo/core.%d", stand.folder, (int)stand.pids[STAND_HUFUD]);
    EXPECT(stat(path, &facts) == 0 && facts.st_size > 1 << 20);
    EXPECT(needles_search_file(needles, path) == 0);
    printf("       a core of %lld MiB\n", (long long)(facts.st_size >> 20));
    unlink(path);
}

static void test_house_closes(void)
{
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL) && !stand_ended(&stand, STAND_VAULTD, NULL));
    browser_close(&dora_at);
    payer_phone_wipe(&phone);
    http_client_close(&mouths.http);
    http_client_close(&mouths.service);
    stand_caller_done(&core);
    stand_close(&stand);
    needles_close(needles);
}

TESTS(TEST(test_house_opens), TEST(test_people_come), TEST(test_every_class_into_every_mouth),
        TEST(test_every_class_in_boxes), TEST(test_a_payment_with_a_pin),
        TEST(test_nothing_in_files), TEST(test_nothing_in_a_core), TEST(test_nothing_in_memory),
        TEST(test_house_closes))
