#pragma once
/*
 * bank: the sandbox bank's endpoints. Two ports, one book: either line answers for the other's
 * orders. Mutual TLS. Every answer says X-Sandbox, so that nobody takes it for a bank.
 *
 *     POST /sandbox/orders         {"out_trade_no","kind","amount"} -> {"out_trade_no","state"}
 *     GET  /sandbox/orders/NUMBER  -> {"out_trade_no","state"}
 *     GET  /sandbox/days/YYYYMMDD  -> the day's reconciliation file
 *
 * Faults are ordered by the amount's last two digits: 91 fails, 92 is done but never answered, 93
 * is pending until it is queried.
 */
#include "book.h"

struct ssl_ctx_st;

enum { BANK_LINES = 2 };

typedef struct Bank Bank;

/* ports  0: the kernel chooses
 * tls    must ask for clients' certificates; a reference is taken */
MUST_USE Status bank_open(const char *book_path, const uint16_t ports[BANK_LINES],
        struct ssl_ctx_st *tls, Bank **ret_bank);
uint16_t bank_port(const Bank *bank, int line);
void bank_close(Bank **bank);
