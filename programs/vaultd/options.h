#pragma once
/*
 * options: what vaultd is told at its start. There is no configuration file: vaultd has no parser
 * for one.
 */
#include "keys/custody.h"
#include "keys/keys.h"
#include "vault/vault.h"

enum { OPTIONS_WHO_MAX = 16 };

typedef struct Options {
    const char *directory; /* key store, journal, what its custody needs */
    const char *socket; /* for hufud */
    const char *operator_socket; /* for people */
    const char *core_socket; /* for another's payment core; NULL: none */
    int core_group; /* of that socket; -1: none */
    VaultUsers users;
    int group; /* of both sockets; -1: none */
    Custody custody;
    bool development;
    KeyLimit limits[KEY_ROLE_COUNT]; /* 0: as the role has it */
    CustodyHsm hsm;
    int keeper_fd; /* of the keeper that started us; -1: none */
    bool ceremony; /* hold it and end */
    bool turn_root; /* to this, and end: turn_mode.h */
    Custody next_custody;
    CustodyHsm next_hsm;
    int share_fds[SHARES_MAX]; /* where the custodians want their shares */
    uint8_t share_count;
    uint8_t shares_needed;
    int record_fd; /* where the ceremony's record goes; -1: nowhere */
    const char *who[OPTIONS_WHO_MAX]; /* took part */
    size_t who_count;
    KeysSuite suite; /* 0: as the key store has it */
    SealSuite field_suite; /* 0: as the key store has it */
    bool legacy_import;
    uint32_t lookups_per_day; /* 0: as vault.h has it, and the two below */
    uint32_t protects_per_day;
    uint32_t password_length_min;
    uint32_t tls_life_s; /* of hufud's certificate */
    const char *names[ISSUE_NAMES_MAX + 1];
} Options;

/* Reads argv; prints what is wrong, or the help, and returns false when vaultd shall not start. */
bool options_parse(int argc, char **argv, Options *ret_options);
