#pragma once
/* bank_opening: the channel to a bank (bank/desk.h), as the settings say. */
#include "api/house.h"
#include "bank/desk.h"
#include "bank/sandbox.h"
#include "bank/sandbox_card.h"
#include "config.h"

enum { BANK_AUTHORITIES_BYTES_MAX = 64 * 1024 };

typedef struct BankOpening {
    uint8_t ca_bytes[BANK_AUTHORITIES_BYTES_MAX];
    Buffer ca; /* whom we believe; empty: no channel */
    Sandbox sandbox;
    SandboxCards cards;
} BankOpening;

/* Read whom we believe, before the first certificate of ours is made; opens the lines of `house`.
 * Refuses BANK_NONE (a sandbox outside development), what config_read_file() refuses. */
MUST_USE Status bank_opening_prepare(
        const Config *config, bool development, House *house, BankOpening *ret);
/* Our certificate and whom we believe, from now on. NULL: there is no channel. */
void bank_opening_renew(const House *house, struct ssl_ctx_st *tls);
/* The desk of `house` goes to work. */
MUST_USE Status bank_opening(const Config *config, House *house, BankOpening *opening);
/* Before the batch ends. Also when it was never opened. */
void bank_closing(House *house);
