#pragma once
/*
 * attached_test_core: a payment core of somebody else, with one little table, as vaultd sees it:
 * for the tests of attached.h.
 */
#include "crypto/sign.h"
#include "ipc/attached_wire.h"
#include "vault/vault_test_house.h"

typedef struct CoreRow { /* as the database has it */
    uint8_t image[512];
    size_t size; /* 0: no such row */
    uint8_t seal[WIRE_SEAL_BYTES];
} CoreRow;

typedef struct Core {
    House *house;
    PrivateKey *key;
    uint8_t nonce;
    uint16_t table;
    uint8_t session[WIRE_ATTACHED_SESSION_BYTES];
    uint64_t sequence;
    uint64_t transaction;
    uint8_t message[4096];
    Buffer request; /* the last signed message */
    uint8_t memory[8192];
    Span registration; /* the last one that was asked for, with its approvals; in `memory` */
    CoreRow announced; /* the image and seal of the last announcement */
} Core;

/* A house in which the table "pay" is attached (and complete), and a core with its key. */
Status core_open(Core *ret_core);
void core_done(Core *core); /* for CLEANUP */
Status core_session(Core *core);
Status core_register(Core *core, const char *name);
/* With so many columns; more than two have names as long as they may be. */
Status core_register_columns(Core *core, const char *name, uint32_t columns);
/* Two enrolled people sign; appended to the message. */
Status core_approve(Core *core, Span operation, Span subject, Buffer *message);
Status core_complete(Core *core);

/* The image of an account. */
void core_image(const Core *core, int64_t id, int64_t balance, CoreRow *ret_row);
/* Announce old -> new in transaction core->transaction (either may be NULL). */
Status core_announce(Core *core, const CoreRow *old_row, const CoreRow *new_row);
Status core_resolve(Core *core, uint64_t transaction, int outcome);
/* One whole change: a transaction of its own, announced, committed, told. `row` becomes new. */
Status core_write(Core *core, CoreRow *row, int64_t id, int64_t balance);
Status core_delete(Core *core, CoreRow *row);
/* Sign and send whatever stands in `message`. */
Status core_send(Core *core, uint8_t operation, Span message);

/* The verdict on a locked row, or on its absence with this stamp. */
Status core_check(Core *core, const CoreRow *row, bool locked, WireAttachedVerdict *ret_verdict);
Status core_check_absent(
        Core *core, const CoreRow *row, uint64_t stamp, WireAttachedVerdict *ret_verdict);
/* OK when the locked row has this verdict. */
Status core_locked(Core *core, const CoreRow *row);
