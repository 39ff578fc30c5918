/*
 * Make an order, show what the payer scans, ask how it stands, and close it:
 *
 *     order HOST PORT CA MCHID SERIAL KEY APIV3 NUMBER
 */
#include <hufu/merchant.h>
#include <stdio.h>
#include <stdlib.h>

static int fail(const HufuError *error)
{
    fprintf(stderr, "order: HTTP %d %s: %s\n", error->http_status, error->code, error->message);
    return EXIT_FAILURE;
}

static void show(const char *what, const HufuAnswer *answer)
{
    printf("%s %d %.*s\n", what, answer->http_status, (int)answer->body_size, answer->body);
}

static int trade(HufuMerchant *merchant, const char *mchid, const char *number)
{
    char text[1024];
    HufuAnswer answer;
    HufuError error;
    snprintf(text, sizeof(text),
            "{\"appid\":\"wx1\",\"mchid\":\"%s\",\"description\":\"A "
            "book\",\"out_trade_no\":\"%s\","
            "\"notify_url\":\"https://merchant.example/notify\","
            "\"amount\":{\"total\":1250,\"currency\":\"CNY\"}}",
            mchid, number);
    if (hufu_merchant_call(merchant, "POST", "/v3/pay/transactions/native", text, &answer, &error))
        return fail(&error);
    show("order", &answer);
    snprintf(text, sizeof(text), "/v3/pay/transactions/out-trade-no/%s?mchid=%s", number, mchid);
    if (hufu_merchant_call(merchant, "GET", text, NULL, &answer, &error)) return fail(&error);
    show("query", &answer);
    char target[256];
    snprintf(target, sizeof(target), "/v3/pay/transactions/out-trade-no/%s/close", number);
    snprintf(text, sizeof(text), "{\"mchid\":\"%s\"}", mchid);
    if (hufu_merchant_call(merchant, "POST", target, text, &answer, &error)) return fail(&error);
    show("close", &answer);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    HufuMerchant *merchant;
    HufuError error;
    if (argc != 9) {
        fprintf(stderr, "order HOST PORT CA MCHID SERIAL KEY APIV3 NUMBER\n");
        return EXIT_FAILURE;
    }
    const HufuMerchantSettings settings = { .host = argv[1],
        .port = (uint16_t)strtoul(argv[2], NULL, 10),
        .authority_file = argv[3],
        .mchid = argv[4],
        .serial_no = argv[5],
        .key_file = argv[6],
        .apiv3_file = argv[7] };
    if (hufu_merchant_open(&settings, &merchant, &error) != 0) return fail(&error);
    const int done = trade(merchant, argv[4], argv[8]);
    hufu_merchant_close(merchant);
    return done;
}
