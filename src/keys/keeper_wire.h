#pragma once
/*
 * keeper_wire: the three things that vaultd and its keeper say, over a socket that keeps messages
 * apart (SOCK_SEQPACKET) and that only these two hold.
 *
 *   vaultd: 'G'             give me the root          keeper: 'R' root [32], or 'N' (none yet)
 *   vaultd: 'P' root [32]   keep this                 keeper: 'K' (kept)
 */
enum {
    KEEPER_GET = 'G',
    KEEPER_PUT = 'P',
    KEEPER_ROOT = 'R',
    KEEPER_NONE = 'N',
    KEEPER_KEPT = 'K',
    KEEPER_ROOT_BYTES = 32,
    KEEPER_MESSAGE_BYTES_MAX = 1 + KEEPER_ROOT_BYTES,
};
