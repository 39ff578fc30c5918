#pragma once
/* transfers: what a payer's app does to transfer: asks who the receiver is, confirms with the PIN,
 * sets limits. */
#include "payer_phone.h"

typedef struct TransferWish {
    const char *number;
    const char *receiver;
    int64_t minor;
    const char *speed;
    const char *remark; /* NULL: none */
} TransferWish;

/* What a payer is shown before his PIN. */
typedef struct TransferShown {
    char mask[64];
    char fastest[16];
    uint8_t nonce[BOX_NONCE_BYTES];
} TransferShown;

/* Each refuses HTTP_ANSWER_INVALID when it is not 200, with the code in talk->answer. */
MUST_USE Status transfer_ask(
        const PayerTalk *talk, const TransferWish *wish, TransferShown *ret_shown);
/* The PIN in a box for `boxed`, sent for `wish`. */
MUST_USE Status transfer_send(const PayerTalk *talk, const TransferWish *wish,
        const TransferWish *boxed, const TransferShown *shown);
/* GET `target` is answered 200 with this text in it; else what came is shown. */
bool transfer_answer_holds(const PayerTalk *talk, const char *target, const char *text);
MUST_USE Status transfer_limits_set(
        const PayerTalk *talk, int64_t minor, int64_t count, bool with_pin);
