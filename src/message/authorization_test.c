/* The header that carries a signature, whole and in every way broken (LL-4.3.9). */
#include "message/authorization.h"

#include "base/expect.h"

#define SCHEME "WECHATPAY2-SHA256-RSA2048 "
#define MCHID "mchid=\"1900000001\""
#define NONCE "nonce_str=\"k3j9x2m8q1\""
#define STAMP "timestamp=\"1767225600\""
#define SERIAL "serial_no=\"5157F09EFDC096DE15EBE81A47057A7232F1B8E1\""
#define SIGNATURE "signature=\"gP+1VVArH57w==\""

static Status parse(const char *text, Authorization *ret)
{
    return authorization_parse(span_of_text(text), ret);
}

static Status refusal_of(const char *text)
{
    Authorization ignored = { 0 };
    return parse(text, &ignored);
}

static void attributes_in_any_order(void)
{
    static const char *const orders[] = {
        SCHEME MCHID "," NONCE "," STAMP "," SERIAL "," SIGNATURE, /* wechatpay-go */
        SCHEME MCHID "," NONCE "," SIGNATURE "," STAMP "," SERIAL, /* the documents */
        SCHEME SIGNATURE "," SERIAL "," STAMP "," NONCE "," MCHID,
        SCHEME MCHID ", " NONCE " ,\t" STAMP " , " SERIAL "," SIGNATURE " ",
    };
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        Authorization a = { 0 };
        EXPECT_OK(parse(orders[i], &a));
        EXPECT(a.profile == &profile_v3_rsa);
        EXPECT(span_equal(a.mchid, SPAN("1900000001")));
        EXPECT(span_equal(a.nonce, SPAN("k3j9x2m8q1"))); /* wechatpay-node-v3: 10 characters */
        EXPECT(span_equal(a.timestamp, SPAN("1767225600")));
        EXPECT(a.timestamp_s == 1767225600);
        EXPECT(span_equal(a.serial, SPAN("5157F09EFDC096DE15EBE81A47057A7232F1B8E1")));
        EXPECT(span_equal(a.signature, SPAN("gP+1VVArH57w==")));
    }
    Authorization a = { 0 };
    EXPECT_OK(parse(
            "WECHATPAY2-SM2-WITH-SM3 " MCHID "," NONCE "," STAMP "," SERIAL "," SIGNATURE, &a));
    EXPECT(a.profile == &profile_v3_sm2);
}

static void missing_scheme_and_form(void)
{
    Authorization a = { 0 };
    EXPECT_REFUSED(authorization_parse((Span) { NULL, 0 }, &a), REFUSED_AUTHORIZATION_MISSING);
    EXPECT_REFUSED(refusal_of(""), REFUSED_AUTHORIZATION_MISSING);
    EXPECT_REFUSED(refusal_of("Basic dXNlcg=="), REFUSED_AUTHORIZATION_SCHEME);
    EXPECT_REFUSED(refusal_of("wechatpay2-sha256-rsa2048 " MCHID), REFUSED_AUTHORIZATION_SCHEME);
    EXPECT_REFUSED(refusal_of("WECHATPAY2-SHA256-RSA2048"), REFUSED_AUTHORIZATION_FORMAT);

    static const char *const bad[] = {
        SCHEME,
        SCHEME MCHID "," NONCE "," STAMP "," SERIAL, /* one missing */
        SCHEME MCHID "," NONCE "," STAMP "," SERIAL "," SIGNATURE ",", /* comma at end */
        SCHEME MCHID "," NONCE "," STAMP "," SERIAL "," SIGNATURE "," MCHID, /* twice, sixth */
        SCHEME MCHID "," MCHID "," STAMP "," SERIAL "," SIGNATURE, /* twice, fifth */
        SCHEME MCHID " " NONCE "," STAMP "," SERIAL "," SIGNATURE, /* no comma */
        SCHEME MCHID ",," NONCE "," STAMP "," SERIAL "," SIGNATURE,
        SCHEME "mchid=1900000001," NONCE "," STAMP "," SERIAL "," SIGNATURE, /* no quotes */
        SCHEME "mchid=\"19\\\"1\"," NONCE "," STAMP "," SERIAL "," SIGNATURE, /* escape */
        SCHEME "mchid=\"\"," NONCE "," STAMP "," SERIAL "," SIGNATURE, /* empty */
        SCHEME "MCHID=\"1900000001\"," NONCE "," STAMP "," SERIAL "," SIGNATURE, /* case */
        SCHEME "mchid =\"1900000001\"," NONCE "," STAMP "," SERIAL "," SIGNATURE, /* blank */
        SCHEME "mchid=\"19 00\"," NONCE "," STAMP "," SERIAL "," SIGNATURE,
        SCHEME "mchid=\"19\n00\"," NONCE "," STAMP "," SERIAL "," SIGNATURE,
        SCHEME "mchid=\"19\xC3\xA9\"," NONCE "," STAMP "," SERIAL "," SIGNATURE,
        SCHEME "mchid=\"123456789012345678901234567890123\"," NONCE "," STAMP "," SERIAL
               "," SIGNATURE, /* 33 characters */
        SCHEME "extra=\"1\"," NONCE "," STAMP "," SERIAL "," SIGNATURE,
        SCHEME MCHID "," NONCE ",timestamp=\"-1767225600\"," SERIAL "," SIGNATURE,
        SCHEME MCHID "," NONCE ",timestamp=\"01767225600\"," SERIAL "," SIGNATURE,
        SCHEME MCHID "," NONCE ",timestamp=\"1767225600.5\"," SERIAL "," SIGNATURE,
        SCHEME MCHID "," NONCE ",timestamp=\"1234567890123456789\"," SERIAL "," SIGNATURE,
        SCHEME MCHID "," NONCE "," STAMP "," SERIAL ",signature=\"abc",
        SCHEME MCHID "," NONCE "," STAMP "," SERIAL "," SIGNATURE "x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        EXPECT_REFUSED(refusal_of(bad[i]), REFUSED_AUTHORIZATION_FORMAT);
}

static void nonce_sizes(void)
{
    for (size_t size = 0; size <= MESSAGE_NONCE_BYTES_MAX + 1; size++) {
        uint8_t bytes[512];
        Buffer header = BUFFER_OF(bytes);
        EXPECT_OK(buffer_print(
                &header, SCHEME MCHID "," STAMP "," SERIAL "," SIGNATURE ",nonce_str=\""));
        for (size_t i = 0; i < size; i++)
            EXPECT_OK(buffer_put_u8(&header, 'a'));
        EXPECT_OK(buffer_put_u8(&header, '"'));
        Authorization a = { 0 };
        const bool fine = size >= 1 && size <= MESSAGE_NONCE_BYTES_MAX;
        EXPECT_STATUS(
                authorization_parse(span_of_buffer(&header), &a), fine ? 0 : REFUSED_NONCE_FORMAT);
    }
}

static void milliseconds_are_read(void)
{
    Authorization a = { 0 };
    EXPECT_OK(
            parse(SCHEME MCHID "," NONCE ",timestamp=\"1767225600123\"," SERIAL "," SIGNATURE, &a));
    EXPECT(a.timestamp_s == 1767225600123);
}

static void the_blamed_attribute(void)
{
    EXPECT(strcmp(authorization_blame(
                          SPAN(SCHEME MCHID "," NONCE ",timestamp=\"x\"," SERIAL "," SIGNATURE)),
                   "timestamp")
            == 0);
    EXPECT(strcmp(authorization_blame(SPAN(SCHEME "nonce_str=\"\"")), "nonce_str") == 0);
    EXPECT(strcmp(authorization_blame(SPAN(SCHEME MCHID "," MCHID)), "mchid") == 0);
    EXPECT(strcmp(authorization_blame(SPAN(SCHEME "nothing")), "") == 0);
}

/* Every prefix and every single changed byte: refused or read, never beyond the header (run under
 * ASan). */
static void cut_and_flipped(void)
{
    static const char whole[] = SCHEME MCHID "," NONCE "," STAMP "," SERIAL "," SIGNATURE;
    for (size_t size = 0; size + 1 < sizeof(whole); size++) {
        uint8_t *copy = malloc(size + 1);
        EXPECT(copy != NULL);
        memcpy(copy, whole, size);
        Authorization a = { 0 };
        EXPECT(status_refused(authorization_parse((Span) { copy, size }, &a)));
        free(copy);
    }
    uint8_t bytes[sizeof(whole) - 1];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        memcpy(bytes, whole, sizeof(bytes));
        bytes[i] = '"';
        Authorization a = { 0 };
        const Status s = authorization_parse(SPAN_OF(bytes), &a);
        EXPECT(whole[i] == '"' ? status_ok(s) : status_refused(s));
    }
}

static void over_long(void)
{
    char text[AUTHORIZATION_BYTES_MAX + 2];
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text, SCHEME, sizeof(SCHEME) - 1);
    text[sizeof(text) - 1] = '\0';
    EXPECT_REFUSED(refusal_of(text), REFUSED_AUTHORIZATION_FORMAT);
}

TESTS(TEST(attributes_in_any_order), TEST(missing_scheme_and_form), TEST(nonce_sizes),
        TEST(milliseconds_are_read), TEST(the_blamed_attribute), TEST(cut_and_flipped),
        TEST(over_long))
