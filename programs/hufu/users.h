#pragma once
/*
 * users: the system users under which our programs run, and the folders that each may see.
 *
 *   hufu-web     hufud     data, domain, checkpoints
 *   hufu-vault   vaultd    vault, token
 *   hufu-audit   auditor   reads data, checkpoints and reports; never domain, never vault
 *   hufu         a group for the sockets between them, and for nothing else
 *
 * Only root can make users; anybody else runs everything as themselves, which is said aloud.
 */
#include "base/bytes.h"

#include <sys/types.h>

enum { USERS_PATH_BYTES_MAX = 512 };

typedef struct Users {
    bool separate; /* false: everything below is the caller's own */
    const char *reason; /* why not separate; static storage */
    uid_t web;
    gid_t web_group;
    uid_t vault;
    gid_t vault_group;
    uid_t audit;
    gid_t audit_group;
    gid_t sockets;
} Users;

/*
 * Make the users that are missing (says what it does), when we are root and they could reach
 * `directory` and the programs. Faults FAULT_SYSTEM.
 */
MUST_USE Status users_prepare(const char *directory, const char *programs, Users *ret_users);

/* The users as they are, without making any: for a system that `up` set up in this directory. They
 * are apart only when its data belongs to hufud's own user. */
MUST_USE Status users_find(const char *directory, Users *ret_users);

/* Be hufud's user from here on, for good; nothing where they are not apart. Faults FAULT_SYSTEM. */
MUST_USE Status users_become_web(const Users *users);

/* Make the folders under `directory` with their owners and modes. Faults FAULT_DISK. */
MUST_USE Status users_folders(const Users *users, const char *directory);
