#pragma once
/*
 * institution: what the demonstration consists of: two operators, two merchants (RSA and SM2), a
 * hundred payers, and one day of their payments. Every step is done once; what a broken start left
 * undone is done by the next.
 */
#include "replayer.h"

enum {
    INSTITUTION_PAYERS = 100,
    INSTITUTION_BALANCE_MINOR = 10000000, /* 100,000.00 each */
    INSTITUTION_POOR_ONE_IN = 20,
    INSTITUTION_POOR_MINOR = 50000, /* 500.00: not enough for the whole day */
};

/* Two operators' Ed25519 keys in <directory>/operators/, enrolled at the vault's ceremony, which
 * ends with the first batch: before hufud is started. */
MUST_USE Status institution_operators(const char *directory);

/* The merchants and payers make their keys and PINs in <directory>/demo/; hufud gets public keys
 * and boxes. */
MUST_USE Status institution_enrol(const char *directory);

/*
 * The first day's traffic. *ret_played is false when it was played before.
 * tls  trusts the CA of `directory`
 */
MUST_USE Status institution_day(const char *directory, const char *address, uint16_t port,
        struct ssl_ctx_st *tls, unsigned workers, ReplayResult *ret_result, bool *ret_played);
