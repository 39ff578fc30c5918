#pragma once
/*
 * unseal_client: what vaultd tells about its custodians while it waits for their shares, and
 * waiting with it.
 */
#include "machine.h"

#include "ipc/channel.h"
#include "ipc/vault_wire.h"

/* Ask on a channel to the operator socket; `ret_unseal` borrows from `memory`. Refuses what vaultd
 * refuses, and REFUSED_IPC_*. */
MUST_USE Status unseal_begin(Channel *channel, Buffer *memory, WireUnseal *ret_unseal);

/* Say what is waited for until enough shares are in and vaultd is open, for as long as people need.
 * Refuses IPC_CLOSED when somebody wants us to stop, or vaultd is given up. */
MUST_USE Status unseal_await(const Machine *machine);
