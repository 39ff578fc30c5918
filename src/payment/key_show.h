#pragma once
/*
 * key_show: a merchant asks for its own APIv3 key: may it act, and which row, with which seal, says
 * so? vaultd judges that row by itself (TP-7). Its audit event is durable before vaultd is asked.
 */
#include "payment/payment.h"

enum { KEY_SHOW_IMAGE_BYTES_MAX = SIGN_SPKI_BYTES_MAX + 512 };

typedef struct KeyShow {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* in: of the key that signed */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES]; /* in */
    uint8_t image[KEY_SHOW_IMAGE_BYTES_MAX]; /* out: the key's row */
    size_t image_size;
    uint8_t seal[SEAL_BYTES];
    size_t seal_size;
} KeyShow;

/* Refuses what merchant_admit() refuses, STORE_BUSY. */
void key_show_unit(KeyShow *work, void (*done)(Unit *unit, Status outcome));
