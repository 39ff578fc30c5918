/*
 * Goal: on the day after, a merchant fetches his bill over the wire: its hash is right, its lines
 * are what moved, it is the same whenever it is asked for, it names no payer, and nobody else gets
 * it. Method: the real programs with clocks that the test sets (moved_clock.h); payments, refunds
 * and a reversal of one day, then the next day's questions; hufud is started again between; what
 * the bill says is added up and held against the postings; at last somebody changes a row.
 */
#include "api/bill_form.h"
#include "base/expect.h"
#include "base/time.h"
#include "merchant_steps.h"
#include "moved_clock.h"
#include "text/json.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    DAY_S = 86400,
    BILLS_S = 2 * DAY_S + 3600,
    ORDERS = 24,
    TEXT_BYTES_MAX = 64 * 1024,
    URL_BYTES_MAX = 256
};

static Stand stand;
static MerchantApp shop;
static MerchantApp other;
static PayerApp payer;
static HttpClient *http;
static int32_t day; /* that the bills are of */

static void test_house_opens(void)
{
    const StandOptions options = { .tls_life_s = 30 * DAY_S };
    EXPECT_OK(moved_clock_begin());
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &shop));
    EXPECT_OK(stand_merchant(&stand, "1900000002", KEY_SM2, &other));
    EXPECT_OK(stand_payer(&stand, "payer-1", "271828", 10000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
}

static void pay(const MerchantApp *app, const char *number, int64_t minor)
{
    PayerAnswer answer = { 0 };
    Answered a = { 0 };
    const char *code = NULL;
    EXPECT_OK(payer_app_code(&payer, http, &stand.box_key, &answer, &code));
    EXPECT_OK(step_codepay(app, http, number, minor, code, &a));
    EXPECT(strcmp(a.trade_state, "SUCCESS") == 0);
}

static void test_a_day_of_payments(void)
{
    Answered a = { 0 };
    const Clock clock = clock_system();
    day = time_business_day(clock_now_us(&clock));
    for (int i = 0; i < ORDERS; i++) {
        char number[32];
        char refund[32];
        snprintf(number, sizeof(number), "DAY1-%04d", i);
        snprintf(refund, sizeof(refund), "BACK-%04d", i);
        pay(i % 6 == 5 ? &other : &shop, number, 101 + 7 * i);
        if (i % 3 != 0) continue;
        EXPECT_OK(step_refund(&shop, http, number, refund, 33 + i, 101 + 7 * i, &a));
        EXPECT(a.status == 200);
    }
    EXPECT_OK(step_reverse(&shop, http, "DAY1-0001", &a));
    EXPECT(strcmp(a.trade_state, "REVOKED") == 0);
}

/* --- a bill over the wire --- */

typedef struct Bill {
    int status;
    char code[64];
    char hash_type[16];
    char hash[80];
    char url[URL_BYTES_MAX];
    uint8_t memory[TEXT_BYTES_MAX];
    size_t size;
} Bill;

typedef struct BillJson {
    Span hash_type;
    Span hash_value;
    Span download_url;
} BillJson;

static const JsonField bill_fields[] = {
    { "hash_type", JSON_TEXT, true, 1, 15, offsetof(BillJson, hash_type) },
    { "hash_value", JSON_TEXT, true, 1, 79, offsetof(BillJson, hash_value) },
    { "download_url", JSON_TEXT, true, 1, URL_BYTES_MAX - 1, offsetof(BillJson, download_url) },
};

static void keep(char *ret_text, Span text)
{
    memcpy(ret_text, text.data, text.size);
    ret_text[text.size] = 0;
}

static void read_bill(Span body, Bill *ret)
{
    JsonProblem problem = { 0 };
    BillJson json = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    ASSERT(status_ok(json_parse(body, &document, &problem)));
    ASSERT(status_ok(
            json_read_request(document, json_root(document), bill_fields, 3, &json, &problem)));
    keep(ret->hash_type, json.hash_type);
    keep(ret->hash, json.hash_value);
    keep(ret->url, json.download_url);
}

static void ask(const MerchantApp *app, const char *what, int32_t of, const char *more, Bill *ret)
{
    char target[128];
    char date[9];
    Answered a = { 0 };
    MerchantAnswer answer = { 0 };
    memset(ret, 0, sizeof(*ret));
    time_business_day_text(of, date);
    snprintf(target, sizeof(target), "/v3/bill/%s?bill_date=%.4s-%.2s-%.2s%s", what, date, date + 4,
            date + 6, more);
    EXPECT_OK(merchant_app_call(app, http, "GET", span_of_text(target), SPAN(""), &answer));
    ret->status = answer.status;
    if (answer.status == 200) {
        read_bill(answer.body, ret);
        return;
    }
    step_read(answer.status, answer.body, &a);
    snprintf(ret->code, sizeof(ret->code), "%s", a.code);
}

/* The path of the address that was handed out. */
static const char *target_of(const Bill *bill)
{
    const char *path = strstr(bill->url, "/v3/");
    ASSERT(strncmp(bill->url, "https://", 8) == 0 && path != NULL);
    return path;
}

/* A download is not signed: its hash was. */
static int fetch(const MerchantApp *app, const char *target, Bill *bill)
{
    MerchantApp unbelieving = *app;
    MerchantAnswer answer = { 0 };
    unbelieving.platform = NULL;
    if (!status_ok(merchant_app_call(
                &unbelieving, http, "GET", span_of_text(target), SPAN(""), &answer)))
        return 0;
    if (answer.status != 200) return answer.status;
    ASSERT(answer.body.size <= sizeof(bill->memory));
    memcpy(bill->memory, answer.body.data, answer.body.size);
    bill->size = answer.body.size;
    return 200;
}

static bool hash_fits(const Bill *bill, BillHash hash)
{
    uint8_t memory[80];
    Buffer hex = BUFFER_OF(memory);
    ASSERT(status_ok(bill_hash_put(hash, (Span) { bill->memory, bill->size }, &hex)));
    return span_equal(span_of_buffer(&hex), span_of_text(bill->hash))
            && strcmp(bill->hash_type, bill_hash_name(hash)) == 0;
}

/* --- what it says --- */

typedef struct Said {
    int64_t lines;
    int64_t in;
    int64_t out;
} Said;

static Span column(Span line, size_t at)
{
    Cursor c = cursor_of(line);
    Span value = { 0 };
    for (size_t i = 0; i <= at; i++)
        if (!status_ok(cursor_until(&c, ',', &value))) value = c.rest;
    ASSERT(value.size > 0 && value.data[0] == '`');
    return (Span) { value.data + 1, value.size - 1 };
}

static int64_t yuan(Span line, size_t at)
{
    int64_t minor = -1;
    ASSERT(status_ok(minor_parse_decimal(column(line, at), &minor)));
    return minor;
}

static Said add_up(const Bill *bill, bool fund)
{
    Said said = { 0 };
    Cursor c = cursor_of((Span) { bill->memory, bill->size });
    Span line = { 0 };
    ASSERT(status_ok(cursor_take(&c, 3, &line)) && span_equal(line, SPAN("\xEF\xBB\xBF")));
    ASSERT(status_ok(cursor_until(&c, '\n', &line)));
    while (status_ok(cursor_until(&c, '\n', &line)) && line.data[0] == '`') {
        const bool out = fund && span_equal(column(line, 5), SPAN("支出"));
        said.lines++;
        if (fund)
            *(out ? &said.out : &said.in) += yuan(line, 6);
        else
            said.in += yuan(line, 12);
        if (!fund) said.out += yuan(line, 16);
    }
    return said;
}

static int64_t postings(const char *what, const char *mchid, const char *sign)
{
    char sql[256];
    snprintf(sql, sizeof(sql),
            "SELECT coalesce(%s, 0) FROM posting WHERE minor %s 0 AND account ="
            " (SELECT id FROM account WHERE owner = '%s')",
            what, sign, mchid);
    return stand_number(&stand, sql);
}

static bool says(const Bill *bill, const char *words)
{
    const Span wanted = span_of_text(words);
    for (size_t i = 0; i + wanted.size <= bill->size; i++)
        if (span_equal((Span) { bill->memory + i, wanted.size }, wanted)) return true;
    return false;
}

static void check_bill(const MerchantApp *app, const char *what, bool fund)
{
    static Bill bill;
    ask(app, what, day, "", &bill);
    EXPECT(bill.status == 200);
    EXPECT(fetch(app, target_of(&bill), &bill) == 200);
    EXPECT(hash_fits(&bill, BILL_HASH_SHA1));
    const Said said = add_up(&bill, fund);
    EXPECT(said.in == postings("sum(minor)", app->mchid, ">"));
    EXPECT(said.out == -postings("sum(minor)", app->mchid, "<"));
    EXPECT(said.lines == postings("count(*)", app->mchid, "<>"));
    EXPECT(said.lines >= 4 && !says(&bill, "payer-1"));
}

static void test_no_bill_before_the_day_is_over(void)
{
    static Bill bill;
    ask(&shop, "tradebill", day, "", &bill);
    EXPECT(bill.status == 400 && strcmp(bill.code, "STATEMENT_CREATING") == 0);
    ask(&shop, "fundflowbill", day + 1, "", &bill);
    EXPECT(bill.status == 400 && strcmp(bill.code, "STATEMENT_CREATING") == 0);
}

static void test_the_next_day_the_bills_are_what_moved(void)
{
    static Bill bill;
    moved_clock_set_wall(DAY_S);
    pay(&shop, "DAY2-0001", 5);
    moved_clock_set_wall(BILLS_S); /* over by an hour, at whatever time this runs */
    ask(&shop, "tradebill", day, "&bill_type=SUCCESS", &bill);
    EXPECT(bill.status == 200 && fetch(&shop, target_of(&bill), &bill) == 200);
    EXPECT(!says(&bill, "DAY2-0001") && says(&bill, "`DAY1-0000,"));
    ask(&shop, "tradebill", day + 1, "", &bill);
    EXPECT(bill.status == 200 && fetch(&shop, target_of(&bill), &bill) == 200);
    EXPECT(says(&bill, "`DAY2-0001,") && !says(&bill, "DAY1-0000"));
    check_bill(&other, "tradebill", false);
    check_bill(&other, "fundflowbill", true);
}

static void write_file(const char *path, const Bill *bill)
{
    FILE *file = fopen(path, "wb");
    ASSERT(file != NULL && fwrite(bill->memory, 1, bill->size, file) == bill->size);
    ASSERT(fclose(file) == 0);
}

/* By the program gzip. */
static void unpack(Bill *bill)
{
    int status = -1;
    write_file(stand_path(&stand, "bill.csv.gz"), bill);
    const pid_t pid = fork();
    if (pid == 0) {
        execlp("gzip", "gzip", "-d", stand_path(&stand, "bill.csv.gz"), (char *)NULL);
        _exit(127);
    }
    ASSERT(waitpid(pid, &status, 0) == pid && status == 0);
    FILE *file = fopen(stand_path(&stand, "bill.csv"), "rb");
    ASSERT(file != NULL);
    bill->size = fread(bill->memory, 1, sizeof(bill->memory), file);
    ASSERT(fclose(file) == 0);
}

/* As `gzip` has it, it is the same bill; the hash is of what was packed. */
static void check_packed(void)
{
    static Bill packed;
    static Bill plain;
    ask(&shop, "tradebill", day, "", &plain);
    EXPECT(plain.status == 200 && fetch(&shop, target_of(&plain), &plain) == 200);
    ask(&shop, "tradebill", day, "&tar_type=GZIP", &packed);
    EXPECT(packed.status == 200 && fetch(&shop, target_of(&packed), &packed) == 200);
    EXPECT(strcmp(plain.hash, packed.hash) == 0 && packed.size < plain.size / 2);
    EXPECT(packed.memory[0] == 0x1f && packed.memory[1] == 0x8b);
    unpack(&packed);
    EXPECT(span_equal((Span) { plain.memory, plain.size }, (Span) { packed.memory, packed.size }));
}

static void test_parts_and_hashes(void)
{
    static Bill bill;
    ask(&shop, "tradebill", day, "&bill_type=REFUND&hash_type=SM3", &bill);
    EXPECT(bill.status == 200 && fetch(&shop, target_of(&bill), &bill) == 200);
    EXPECT(hash_fits(&bill, BILL_HASH_SM3));
    EXPECT(says(&bill, "`BACK-0000,") && says(&bill, "`REVOKED,"));
    EXPECT(!says(&bill, "`SUCCESS,`OTHERS"));
    ask(&shop, "tradebill", day, "&hash_type=SHA256", &bill);
    EXPECT(bill.status == 200 && fetch(&shop, target_of(&bill), &bill) == 200);
    EXPECT(hash_fits(&bill, BILL_HASH_SHA256));
    EXPECT(stand_leaves_with(&stand, bill.hash) == 1); /* the log has it */
    check_packed();
    ask(&shop, "tradebill", day, "&bill_type=EVERYTHING", &bill);
    EXPECT(bill.status == 400 && strcmp(bill.code, "PARAM_ERROR") == 0);
    ask(&shop, "fundflowbill", day, "&account_type=FEES", &bill);
    EXPECT(bill.status == 400 && strcmp(bill.code, "NO_STATEMENT_EXIST") == 0);
    ask(&shop, "tradebill", day - 1, "", &bill);
    EXPECT(bill.status == 400 && strcmp(bill.code, "NO_STATEMENT_EXIST") == 0);
    ask(&shop, "tradebill", day - 200, "", &bill);
    EXPECT(bill.status == 400 && strcmp(bill.code, "NO_STATEMENT_EXIST") == 0);
}

static void test_nobody_else_fetches_it(void)
{
    static Bill bill;
    char forged[URL_BYTES_MAX];
    ask(&shop, "tradebill", day, "", &bill);
    EXPECT(fetch(&other, target_of(&bill), &bill) == 403);
    snprintf(forged, sizeof(forged), "%s", target_of(&bill));
    char *last = &forged[strlen(forged) - 1];
    *last = *last == '0' ? '1' : '0';
    EXPECT(fetch(&shop, forged, &bill) == 403);
    EXPECT(fetch(&shop, "/v3/billdownload/file", &bill) == 403);
    EXPECT(fetch(&shop, target_of(&bill), &bill) == 200);
    moved_clock_set_wall(BILLS_S + BILL_TOKEN_LIFE_S + 2);
    EXPECT(fetch(&shop, target_of(&bill), &bill) == 403);
}

/* Refunds since, a restart: the bill of the day is what it was. */
static void test_it_is_the_same_whenever_it_is_made(void)
{
    static Bill before;
    static Bill after;
    Answered a = { 0 };
    ask(&shop, "fundflowbill", day, "", &before);
    EXPECT(before.status == 200 && fetch(&shop, target_of(&before), &before) == 200);
    EXPECT_OK(step_refund(&shop, http, "DAY1-0002", "LATE-0001", 1, 115, &a));
    EXPECT(a.status == 200);
    stand_stop(&stand, STAND_HUFUD, SIGKILL, NULL);
    http_client_close(&http);
    EXPECT_OK(stand_start(&stand, STAND_HUFUD));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT(fetch(&shop, target_of(&before), &after) == 403); /* addresses end with the run */
    ask(&shop, "fundflowbill", day, "", &after);
    EXPECT(after.status == 200 && fetch(&shop, target_of(&after), &after) == 200);
    EXPECT(before.size == after.size && strcmp(before.hash, after.hash) == 0);
    EXPECT(span_equal((Span) { before.memory, before.size }, (Span) { after.memory, after.size }));
    EXPECT(stand_audit(&stand) == 0);
}

static void test_a_changed_row_makes_no_bill(void)
{
    static Bill bill;
    stand_tamper(&stand, "UPDATE payment SET minor = minor + 1 WHERE out_trade_no = 'DAY1-0004'");
    ask(&shop, "tradebill", day, "", &bill);
    EXPECT(bill.status >= 400 && bill.hash[0] == 0);
    EXPECT(stand_audit(&stand) == 1);
}

static void test_house_closes(void)
{
    http_client_close(&http);
    stand_close(&stand);
}

TESTS(TEST(test_house_opens), TEST(test_a_day_of_payments),
        TEST(test_no_bill_before_the_day_is_over), TEST(test_the_next_day_the_bills_are_what_moved),
        TEST(test_parts_and_hashes), TEST(test_nobody_else_fetches_it),
        TEST(test_it_is_the_same_whenever_it_is_made), TEST(test_a_changed_row_makes_no_bill),
        TEST(test_house_closes))
