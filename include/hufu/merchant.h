#pragma once
/*
 * merchant: take payments from a program of your own. C.
 *
 *     HufuMerchantSettings settings = { .host = "pay.example", .port = 443,
 *         .mchid = "1900000001", .serial_no = "PUB_KEY_ID_...", .key_file = "merchant.key.pem",
 *         .apiv3_file = "merchant.apiv3" };
 *     HufuMerchant *merchant;
 *     HufuAnswer answer;
 *     HufuError error;
 *     if (hufu_merchant_open(&settings, &merchant, &error) != 0) fail(error.message);
 *     if (hufu_merchant_call(merchant, "POST", "/v3/pay/transactions/native", order, &answer,
 *                 &error) != 0) fail(error.message);
 *     // answer.body: {"code_url":"hufu://pay/..."}
 *     hufu_merchant_close(merchant);
 *
 * Requests are signed (RSA or SM2, as the key is), answers verified: what a function hands out is
 * the platform's word. A lost answer is asked for again, which is safe: the same order number is
 * the same order. Every function returns 0, or -1 with `error` filled (which may be NULL). A
 * HufuMerchant is used by one thread at a time; open several. Structs only grow at their end.
 */
#include <hufu/error.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HufuMerchant HufuMerchant;

typedef struct HufuMerchantSettings {
    const char *host; /* name or address; its certificate must show it */
    uint16_t port;
    const char *authority_file; /* PEM: who certifies the host; NULL: the system's authorities */
    const char *mchid;
    const char *serial_no; /* the platform's name for your key */
    const char *key_file; /* PKCS #8 PEM: your private key */
    const char *apiv3_file; /* your APIv3 key: 32 bytes */
    unsigned timeout_ms; /* 0: 10000 */
} HufuMerchantSettings;

/* Connects, and learns whose signature answers bear. */
int hufu_merchant_open(
        const HufuMerchantSettings *settings, HufuMerchant **ret_merchant, HufuError *error);
void hufu_merchant_close(HufuMerchant *merchant); /* wipes; NULL is fine */

typedef struct HufuAnswer { /* lives until the next call */
    int http_status; /* 200 or 204 */
    const char *body; /* JSON, not ended by NUL */
    size_t body_size;
    int verified; /* 1; 0: a bill, unsigned: compare the hash that its address came with */
} HufuAnswer;

/* target: the path with its query; body: JSON, NULL: none. What was refused, or is not done yet
 * (202), is -1, with the platform's code and message in `error`. */
int hufu_merchant_call(HufuMerchant *merchant, const char *method, const char *target,
        const char *body, HufuAnswer *ret_answer, HufuError *error);

/* What came to your notify_url. */
typedef struct HufuNotification {
    const char *timestamp; /* headers: Wechatpay-Timestamp, -Nonce, -Serial, -Signature */
    const char *nonce;
    const char *serial;
    const char *signature;
    const char *body; /* its exact bytes */
    size_t body_size;
} HufuNotification;

/*
 * Verify it and open its resource: JSON, ended by NUL. It counts as a call: when the platform's key
 * was turned it asks for the new one, at most once a minute, whoever sends what. Answer 204 when
 * this returned 0; look whether you know the `id` in the body: it is told at least once.
 */
int hufu_merchant_notification(HufuMerchant *merchant, const HufuNotification *notification,
        char *ret_resource, size_t capacity, HufuError *error);

#ifdef __cplusplus
}
#endif
