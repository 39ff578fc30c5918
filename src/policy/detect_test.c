/* TP-5, TP-8: what must not be stored is noticed in free text, in the spellings people use. Numbers
 * are the schemes' published test numbers. */
#define _GNU_SOURCE
#include "policy/detect.h"

#include "base/expect.h"
#include "base/log.h"
#include "base/seams.h"
#include "policy/detect_number.h"
#include "policy/detect_test_canaries.h"

#include <sys/mman.h>
#include <unistd.h>

static Status detect(const char *text) { return detect_free_text(span_of_text(text)); }

static void test_card_numbers_are_refused(void)
{
    static const char *const texts[] = { "4111111111111111", "pay to 4111 1111 1111 1111 please",
        "5555-5555-5555-4444", "378282246310005", "6200000000000005", "卡号6200000000000005。",
        "４１１１１１１１１１１１１１１１", "3530111333300000", "6011111111111117",
        "4222222222222" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT_REFUSED(detect(texts[i]), REFUSED_DATA_CARD_NUMBER);
}

static void test_track_and_codes_are_prohibited(void)
{
    EXPECT_REFUSED(detect("%B4111111111111111^DOE/JOHN^2512101"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect(";4111111111111111=25121010000"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect("4111111111111111D25121010000"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect("cvv 123"), REFUSED_DATA_PROHIBITED);
    EXPECT_REFUSED(detect("my CVN2: 4321"), REFUSED_DATA_PROHIBITED);
}

static void test_ordinary_text_passes(void)
{
    static const char *const texts[] = { "", "image test", "订单 20260131000123456789012 的尾款",
        "4111111111111112", "phone 13800138000", "cv version 12345", "41111111111111111111111",
        "2026-01-31 12:00:00 100.00", "cvv", "%B", "1234567890123456" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT_OK(detect(texts[i]));
}

static void test_luhn_notices_every_single_wrong_digit(void)
{
    const char *good = "4111111111111111";
    EXPECT(detect_luhn(span_of_text(good)));
    for (size_t i = 0; i < 16; i++) {
        for (char d = '0'; d <= '9'; d++) {
            char text[17];
            memcpy(text, good, sizeof(text));
            if (text[i] == d) continue;
            text[i] = d;
            EXPECT(!detect_luhn(span_of_text(text)));
        }
    }
    EXPECT(!detect_luhn(span_of_text("")) && !detect_luhn(span_of_text("4111a")));
}

/* One record as merchants send them: order numbers of the usual makes, times, prices, bar codes,
 * digests, coordinates, names. */
static size_t ordinary_record(SeededRandom *random, char text[4][160], Span ret_fields[4])
{
    const unsigned long long a = seeded_next(random);
    const unsigned long long b = seeded_next(random);
    const unsigned long long c = seeded_next(random);
    const unsigned month = (unsigned)(b % 12 + 1);
    const unsigned day = (unsigned)(b / 16 % 28 + 1);
    static const char *const names[] = { "Zhang Wei", "李娜", "O'Brien & Sons", "Café 50% off",
        "Müller GmbH", "C:\\temp\\x41", "图书（第2版）" };
    snprintf(text[0], 160, "%s order %llu of 2026-%02u-%02u, tel 1%010llu, %llu.%02llu CNY x%llu",
            names[a % 7], a % 1000000000000, month, day, b % 10000000000, a % 900, a % 100, c % 7);
    snprintf(text[1], 160, "2026%02u%02u%012llu", month, day, c % 1000000000000);
    snprintf(text[2], 160,
            "{\"sku\":\"69%011llu\",\"at\":%llu,\"lat\":%llu.%015llu,\"id\":\"%016llx%016llx\"}",
            a % 100000000000, 1700000000000 + b % 90000000000, c % 90, a % 1000000000000000, b, c);
    snprintf(text[3], 160, "https://shop.example/notify?o=2026%02u%02u%06llu&t=%llu&n=%08llx",
            month, day, a % 1000000, 1700000000 + c % 90000000, b % 0xFFFFFFFF);
    for (size_t i = 0; i < 4; i++)
        ret_fields[i] = span_of_text(text[i]);
    return 4;
}

/* DESIGN section 5.1: false refusals at most 1 in 100,000 (TP-5 without harm to trade). */
static void test_false_refusals_are_rare(void)
{
    enum { RECORDS = 400000 };
    SeededRandom random;
    random_seeded(&random, 20260131);
    size_t refused = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        char text[4][160];
        Span fields[4];
        const size_t count = ordinary_record(&random, text, fields);
        if (status_ok(detect_fields(fields, count, NULL))) continue;
        refused++;
        printf("refused: %s | %s | %s | %s\n", text[0], text[1], text[2], text[3]);
    }
    EXPECT(refused <= RECORDS / 100000);
}

/* Goal: TP-5, TP-8, TP-14: no kind slips through in any spelling, wherever it stands. Method: fresh
 * values of each kind in each spelling, in the middle of a text that says nothing. */
static void test_every_kind_in_every_spelling(void)
{
    for (DetectKind kind = DETECT_CARD; kind < DETECT_KINDS; kind++) {
        for (CanaryEncoding e = CANARY_PLAIN; e < CANARY_ENCODINGS; e++) {
            for (uint64_t i = 0; i < 12 && canary_exists(kind, e); i++) {
                uint8_t memory[CANARY_BYTES_MAX + 64];
                Buffer text = BUFFER_OF(memory);
                EXPECT_OK(buffer_put(&text, SPAN("2026-01-31 12:00:05 ok ")));
                canary_make(kind, e, i, &text);
                EXPECT_OK(buffer_put(&text, SPAN(" 2026 end")));
                if (detect_kind(span_of_buffer(&text), DETECT_SET(kind)) != kind)
                    printf("%s %s: %.*s\n", detect_kind_name(kind), canary_encoding_name(e),
                            (int)text.size, (char *)memory);
                EXPECT(detect_kind(span_of_buffer(&text), DETECT_SET(kind)) == kind);
            }
        }
    }
}

static void count_one(void *context, const Detection *found)
{
    size_t *count = context;
    *count += found->kind == DETECT_CARD;
}

/* A finding is whole in one window and counted in one, wherever the windows' edges fall. */
static void test_windows_lose_and_double_nothing(void)
{
    static uint8_t memory[3 * DETECT_WINDOW];
    for (size_t at = DETECT_WINDOW - DETECT_OVERLAP - 40; at < DETECT_WINDOW + 40; at++) {
        memset(memory, 'x', sizeof(memory));
        memcpy(memory + at, " 4111 1111 1111 1111 ", 21);
        size_t count = 0;
        detect_each(SPAN_OF(memory), DETECT_ALL, count_one, &count);
        EXPECT(count == 1);
        /* A long number that an edge cuts is not a card. */
        memset(memory + at - 30, '0', 60);
        memcpy(memory + at, "4111111111111111", 16);
        count = 0;
        detect_each(SPAN_OF(memory), DETECT_ALL, count_one, &count);
        EXPECT(count == 0);
    }
}

/* TP-5: a number split over neighbouring fields of one record. */
static void test_split_over_fields(void)
{
    const char *number = "6222021234567890128"; /* made right below */
    uint8_t digits[19];
    memcpy(digits, number, 19);
    for (digits[18] = '0'; !detect_luhn(SPAN_OF(digits)); digits[18]++)
        EXPECT(digits[18] < '9');
    for (size_t cut = 3; cut <= 16; cut++) {
        const Span two[] = { SPAN("nothing"), { digits, cut }, { digits + cut, 19 - cut } };
        EXPECT_REFUSED(detect_fields(two, 3, NULL), REFUSED_DATA_CARD_NUMBER);
        const Span apart[] = { { digits, cut }, SPAN("a word"), { digits + cut, 19 - cut } };
        EXPECT_OK(detect_fields(apart, 3, NULL));
    }
    const Span four[] = { SPAN("card 4111"), SPAN("1111"), SPAN(" 1111 "), SPAN("1111 end") };
    size_t first = 9;
    size_t last = 9;
    EXPECT(detect_kind_in_fields(four, 4, DETECT_ALL, &first, &last) == DETECT_CARD);
    EXPECT(first == 0 && last == 3);
    const Span wide[] = { SPAN("\\uff14111 1111"), SPAN("%31111 1111") };
    EXPECT_REFUSED(detect_fields(wide, 2, NULL), REFUSED_DATA_CARD_NUMBER);
    const Span named[] = { SPAN("CVN2"), SPAN("123") };
    EXPECT_REFUSED(detect_fields(named, 2, NULL), REFUSED_DATA_PROHIBITED);
    const Span dates[] = { SPAN("45123456"), SPAN("20260131") };
    EXPECT_OK(detect_fields(dates, 2, NULL));
}

static void test_numbers_that_are_no_cards(void)
{
    static const char *const texts[] = { "0.4532015112830366", "lat 39.4111111111111111",
        "9f86d081884c7d4111111111111111c15b0f00a08", "4006381333931" /* EAN-13 */,
        "411111111111 1111 2", "44 20 7946 0958 123", "4500, 1200, 300, 80, 25, 6000",
        "2026-01-31 12:00:00 4111", "a1b2c3d4-4111-1111-1111-111111111111" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        EXPECT(detect_kind(span_of_text(texts[i]), DETECT_ALL) == DETECT_NOTHING);
}

/* Programs, manuals and configuration name secrets all day; that is none. */
static void test_words_that_are_no_secrets(void)
{
    static const char *const texts[] = { "password: required", "password = get_password()",
        "\"password\": \"string\"", "apiKey=${API_KEY}", "secret: <your secret>",
        "-----BEGIN PRIVATE KEY-----", "https://example.com:8443/a@b", "phone 12345678901",
        "order 13800138000", "user admin at 8.8.8.8", "postgres://user:password@localhost/x",
        "password: ********", "password_hash == 12345678a" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const DetectKind kind = detect_kind(span_of_text(texts[i]), DETECT_ALL);
        if (kind != DETECT_NOTHING) printf("%s: %s\n", texts[i], detect_kind_name(kind));
        EXPECT(kind == DETECT_NOTHING);
    }
}

static void test_kinds_of_people_and_servers(void)
{
    static const struct {
        const char *text;
        DetectKind kind;
    } cases[] = { { "id 110101 19900307 7715", DETECT_IDENTITY },
        { "11010519491231002X", DETECT_IDENTITY }, { "tel: 13800138000", DETECT_PHONE },
        { "138-0013-8000", DETECT_PHONE }, { "+86 138-1357-2468", DETECT_PHONE },
        { "0086-138-1357-2468", DETECT_PHONE }, { "手机号13912345678", DETECT_PHONE },
        { "host=10.1.2.3 user=root password=Tr0ub4dor", DETECT_ACCOUNT },
        { "jdbc:mysql://10.0.0.5:3306/pay?user=pay&password=S3cr3t-pay", DETECT_ACCOUNT },
        { "mysql://pay:Abc12345@db.internal/pay", DETECT_ACCOUNT },
        { "ssh admin@172.16.9.1", DETECT_ACCOUNT }, { "AKIAIOSFODNN7EXAMPLE", DETECT_SECRET },
        { "Authorization: Bearer abcdefgh12345678ABCDEFGH", DETECT_SECRET },
        { "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
                DETECT_SECRET },
        { "sm2_private_key=128b2fa8bd433c6c068c8d803dff79792a519a55171b1b650c23661d15897263",
                DETECT_SECRET },
        { "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj",
                DETECT_PRIVATE_KEY } };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const DetectKind kind = detect_kind(span_of_text(cases[i].text), DETECT_ALL);
        if (kind != cases[i].kind) printf("%s: %s\n", cases[i].text, detect_kind_name(kind));
        EXPECT(kind == cases[i].kind);
    }
}

/* GB 11643: the check character notices every wrong digit. */
static void test_identity_check_character(void)
{
    const char *good = "11010519491231002X";
    EXPECT(detect_identity_number(span_of_text(good)));
    for (size_t i = 0; i < 17; i++) {
        for (char d = '0'; d <= '9'; d++) {
            char text[19];
            memcpy(text, good, sizeof(text));
            if (text[i] == d) continue;
            text[i] = d;
            EXPECT(!detect_identity_number(span_of_text(text)));
        }
    }
    EXPECT(detect_mobile_number(SPAN("13912345678")) && detect_mobile_number(SPAN("19912345678")));
    EXPECT(!detect_mobile_number(SPAN("13abcdefghi")) && !detect_mobile_number(SPAN("1391234567")));
    EXPECT(!detect_mobile_number(SPAN("12912345678"))
            && !detect_mobile_number(SPAN("1391234567x")));
    EXPECT(!detect_identity_number(SPAN("110105190002290026"))
            && !detect_identity_number(SPAN("1")));
}

static void test_bytes_cut_anywhere_are_read(void)
{
    const char *text = "４１１１ 1111-1111.1111;=%B^cvv2 12";
    for (size_t size = 0; size <= strlen(text); size++)
        IGNORE(detect_free_text((Span) { (const uint8_t *)text, size }),
                "only that it ends is asked");
}

/* Goal: TP-5, TP-6, TP-14: nothing passes into a log line, under whichever key and in whichever
 * spelling. Method: each kind in each spelling through each declared key, then split over two keys;
 * the line holds no piece of it, names the kind, and an alert follows. */
static char logged[16384];

static void log_through(const LogField *fields, size_t count)
{
    const int fd = memfd_create("log", 0);
    log_open("test", LOG_INFO, fd);
    log_guard(detect_guard);
    log_write(LOG_INFO, "test.line", fields, count);
    const ssize_t size = pread(fd, logged, sizeof(logged) - 1, 0);
    logged[size > 0 ? size : 0] = 0;
    log_guard(NULL);
    log_open("test", LOG_INFO, STDERR_FILENO);
    close(fd);
}

static void test_the_log_sink_refuses(void)
{
    for (DetectKind kind = DETECT_CARD; kind < DETECT_KINDS; kind++) {
        for (CanaryEncoding e = CANARY_PLAIN; e < CANARY_ENCODINGS; e++) {
            uint8_t memory[CANARY_BYTES_MAX + 1];
            Buffer text = BUFFER_OF(memory);
            if (!canary_exists(kind, e)) continue;
            canary_make(kind, e, 0, &text);
            memory[text.size] = 0;
            if (text.size > LOG_TEXT_BYTES_MAX) continue; /* the sink cuts it anyway */
            for (LogKey key = 0; key < LOG_KEY_COUNT_OF; key++) {
                const LogField field = { key, (const char *)memory, 0 };
                log_through(&field, 1);
                EXPECT(strstr(logged, "[refused: ") != NULL);
                EXPECT(strstr(logged, (const char *)memory) == NULL);
                EXPECT(strstr(logged, "\"level\":\"alert\"") != NULL);
            }
        }
    }
    const LogField split[] = { LOG_TEXT(PATH, "41111111"), LOG_TEXT(ADDRESS, "11111111") };
    log_through(split, 2);
    EXPECT(strstr(logged, "11111111") == NULL && strstr(logged, "card_number") != NULL);
    const LogField number[] = { LOG_NUMBER(COUNT, 4111111111111111) };
    log_through(number, 1);
    EXPECT(strstr(logged, "4111") == NULL);
    const LogField clean[] = { LOG_TEXT(PATH, "/var/log"), LOG_NUMBER(COUNT, 41111111),
        LOG_NUMBER(SIZE, 11111111) };
    log_through(clean, 3);
    EXPECT(strstr(logged, "refused") == NULL && strstr(logged, "41111111") != NULL);
}

TESTS(TEST(test_card_numbers_are_refused), TEST(test_track_and_codes_are_prohibited),
        TEST(test_ordinary_text_passes), TEST(test_luhn_notices_every_single_wrong_digit),
        TEST(test_false_refusals_are_rare), TEST(test_every_kind_in_every_spelling),
        TEST(test_windows_lose_and_double_nothing), TEST(test_split_over_fields),
        TEST(test_numbers_that_are_no_cards), TEST(test_words_that_are_no_secrets),
        TEST(test_kinds_of_people_and_servers), TEST(test_identity_check_character),
        TEST(test_bytes_cut_anywhere_are_read), TEST(test_the_log_sink_refuses))
