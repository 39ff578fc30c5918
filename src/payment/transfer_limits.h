#pragma once
/*
 * transfer_limits: how much and how often a payer lets himself transfer in a day (银发 [2016] 261:
 * agreed with the owner). Lower limits hold at once; higher ones, up to the rules' for the class of
 * his account, need his PIN for exactly these two numbers.
 */
#include "payment/transfer.h"

typedef struct TransferLimits {
    Unit unit;
    char payer[PAYER_ID_BYTES_MAX + 1]; /* in */
    PayerDoor door; /* in */
    const PaymentRules *rules; /* in */
    bool sets; /* in: false: only looks */
    bool with_pin; /* in: the PIN was right for these limits */
    int64_t limit_minor; /* in, when it sets */
    int64_t limit_count;
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES]; /* in */
    TransferDay day; /* out: with the limits that hold: the lower of the rules' and his own */
    TransferDayRule most; /* out: of the rules */
} TransferLimits;

/* Refuses PAYER_UNKNOWN, PAYER_CLOSED, what payer_door_admit() refuses, TRANSFER_FIELD (over the
 * rules, or below zero), GRANT_INVALID (higher than before, without the PIN). */
void transfer_limits_unit(TransferLimits *work, void (*done)(Unit *unit, Status outcome));
