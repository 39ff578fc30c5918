#pragma once
/*
 * payer_act: what a registered payer does at his own doors, as rows: he registers, logs in, gets
 * another password, ends a device. Passwords and signatures were checked before (api/payer_*.c,
 * vaultd); here stands what follows from it, and every act, refused or not, has its line in the
 * audit log (LL-4.5.3). A registered payer's row meets the ledger here, like enrol.h.
 */
#include "payment/payment.h"

typedef enum PayerActKind {
    PAYER_LOOK = 0, /* reads, and tells nobody */
    PAYER_REGISTERS = 1,
    PAYER_LOGS_IN = 2, /* may add the device that asks */
    PAYER_LOGS_OUT = 3,
    PAYER_SETS_PASSWORD = 4,
    PAYER_SETS_PIN = 5,
    PAYER_COOLS = 6, /* before a reset is tried: no money leaves from now on */
    PAYER_COOLS_NOT = 7, /* it was refused: as before */
    PAYER_RESETS_PASSWORD = 8, /* other devices end; may add the one that asks */
    PAYER_RESETS_PIN = 9, /* likewise */
    PAYER_ENDS_DEVICE = 10,
    PAYER_ENDS_SESSION = 11,
} PayerActKind;

typedef struct PayerAct {
    Unit unit;
    PayerActKind kind; /* in, as all up to the line */
    Status failed; /* the act was refused before: only told */
    char payer[PAYER_ID_BYTES_MAX + 1];
    bool joins; /* registers: an account is there, and its PIN was right */
    int64_t account; /* registers anew: account_id_draw() */
    PayerDevice device; /* that asks: id, algorithm, spki, name; place, when a session says it */
    bool adds_device; /* the payer proved more than a password: it may be a new one */
    uint8_t ends[PAYER_DEVICE_ID_BYTES]; /* the device to end */
    bool identified; /* registers, logs in: who he is is known; prints are put */
    IdentityPrints prints;
    int64_t cool_us; /* how long no money leaves, after a reset or from a new device */
    int64_t cooled_us; /* COOLS_NOT: what COOLS set, and */
    int64_t before_us; /* ... what was there before; both out of COOLS */
    uint8_t nonce_digest[PAYMENT_NONCE_DIGEST_BYTES];
    /* --- out --- */
    bool exists; /* there is an account */
    bool registered;
    bool has_prints; /* before */
    PayerLogin login;
    PayerDevices devices;
    int64_t place; /* of the device that asks; -1: it is not the payer's */
} PayerAct;

/*
 * Refuses PAYER_REGISTER_REFUSED (joins nobody, or somebody registered; a new one's name is taken),
 * PAYER_LOGIN_REFUSED (not registered), PAYER_CLOSED, PAYER_DEVICE_UNKNOWN, PAYER_DEVICES_FULL,
 * LOGIN_NEEDED (the session's device was ended), PAYER_FIELD, and `failed`.
 */
void payer_act_unit(PayerAct *work, void (*done)(Unit *unit, Status outcome));
