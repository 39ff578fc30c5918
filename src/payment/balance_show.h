#pragma once
/* balance_show: a merchant asks what stands on its account. */
#include "payment/payment.h"

typedef struct BalanceShow {
    Unit unit;
    char mchid[MERCHANT_ID_BYTES_MAX + 1]; /* in */
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1]; /* in: of the key that signed */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES]; /* in */
    int64_t available_minor; /* out: can be refunded from and settled */
    int64_t pending_minor; /* out: held */
} BalanceShow;

/* Refuses what merchant_admit() refuses; ACCOUNT_UNKNOWN. */
void balance_show_unit(BalanceShow *work, void (*done)(Unit *unit, Status outcome));
