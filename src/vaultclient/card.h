#pragma once
/* card: what of a card goes to a bank, from a box for vaultd into one for the bank
 * (vault/card_pass.h). Neither is kept here. Thread-safe. Floor 3. */
#include "ipc/field_wire.h"
#include "vaultclient/client.h"

/* ret_box: appended. Refuses what vault/card_pass.h says. */
MUST_USE Status vaultclient_card_pass(
        VaultClient *client, const WireCardPass *pass, Buffer *ret_box);
