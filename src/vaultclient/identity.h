#pragma once
/*
 * identity: who shall pay an order and who a payer is, as fingerprints of vaultd's
 * (ipc/identity_wire.h). Nothing of either is ever clear here. Thread-safe. Floor 3.
 */
#include "ipc/identity_wire.h"
#include "vaultclient/passwords.h"

/* Append the encrypted masked name to ret_shown. Refuses what field_identity_said() refuses. */
MUST_USE Status identity_said(VaultClient *vault, const WireIdentity *said,
        uint8_t ret_number[WIRE_PRINT_BYTES], uint8_t ret_name[WIRE_PRINT_BYTES],
        Buffer *ret_shown);

/* Of a payer, by what stands sealed of him in the domain store; false: number or name is not
 * there, or he was destroyed. */
MUST_USE Status identity_of_payer(const Passwords *passwords, Span payer,
        uint8_t ret_number[WIRE_PRINT_BYTES], uint8_t ret_name[WIRE_PRINT_BYTES], bool *ret_there);
