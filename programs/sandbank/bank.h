#pragma once
/*
 * bank: the sandbox bank's endpoints. One or two ports, one book: either line answers for the
 * other's orders, also from another process. Mutual TLS. Every answer says X-Sandbox, so that
 * nobody takes it for a bank.
 *
 *     POST /sandbox/orders         {"out_trade_no","kind","amount","account_token"?,"card_box"?}
 *                                  -> {"out_trade_no","kind","amount","state"}
 *     POST /sandbox/closed         {"out_trade_no","kind","amount"} -> the same: never to be done,
 *                                  unless it is done
 *     GET  /sandbox/orders/NUMBER  -> the same, or 404
 *     GET  /sandbox/days/YYYYMMDD  -> the day's reconciliation file
 *     POST /sandbox/bindings       {"card_id","card_box"} -> {"card_id","state","agreement"?}
 *     POST /sandbox/bindings/confirmed  the same, with the code in the box
 *     POST /sandbox/bindings/ended {"card_id"} -> the same
 *     GET  /sandbox/bindings/ID    -> the same, or 404 (binding_calls.h)
 *     GET  /sandbox/health         -> 200
 *
 * A card payment whose card_box (crypto/box.h) does not open, or is another order's, is FAILED;
 * what is in it is looked at and forgotten.
 *
 * Faults are ordered by the amount's last two digits: 91 fails, 92 is done but never answered, 93
 * is pending until it is queried, 94 is done and stands in the day's file twice, 95 is answered
 * BANK_SLOW_MS late, 96 is refused (403) without being written down.
 */
#include "bindings.h"
#include "crypto/sign.h"

struct ssl_ctx_st;

enum { BANK_LINES = 2, BANK_SLOW_MS = 3000 };

typedef struct Bank Bank;

typedef struct BankConfig {
    const char *book_path;
    uint16_t ports[BANK_LINES]; /* 0: the kernel chooses */
    int line_count; /* 1..BANK_LINES */
    struct ssl_ctx_st *tls; /* must ask for clients' certificates; a reference is taken */
    const PrivateKey *box_key; /* what cards are sealed to; NULL: no card is taken; borrowed */
    const char *folder; /* where codes are written; borrowed */
    uint8_t binding_key[BINDING_KEY_BYTES]; /* of what the book has of accounts and codes */
    const char *client; /* the common name that a client's certificate must have; borrowed */
} BankConfig;

MUST_USE Status bank_open(const BankConfig *config, Bank **ret_bank);
uint16_t bank_port(const Bank *bank, int line);
void bank_close(Bank **bank);
