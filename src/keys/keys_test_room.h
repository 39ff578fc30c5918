#pragma once
/*
 * keys_test_room: a key store on two disks in memory, whose power can be cut and whose clock the
 * test sets.
 */
#include "journal/torn_disk.h"
#include "keys/keys.h"

typedef struct Room {
    TornPower power;
    TornDisk *disks[2];
    Secret root;
    int64_t now_us;
    KeysSuite suite;
    KeyLimit limits[KEY_ROLE_COUNT];
    Keys *keys;
    bool ceremony;
    _Alignas(64) uint8_t secrets[KEYS_SECRET_BYTES];
} Room;

/* cut_at  as torn_power() */
Room *room_open(uint64_t cut_at);
MUST_USE Status room_start(Room *room);
/* The same on disks as the first ceremony of this suite left them: making RSA keys is slow. */
MUST_USE Status room_start_made(Room *room);
/* As after a kill, or, when the power was cut, after it is back. */
MUST_USE Status room_restart(Room *room);
void room_done(Room **room);
/* Both files hold these bytes nowhere. */
bool room_disks_lack(const Room *room, Span bytes);
/* Bytes within bytes. */
bool room_holds(Span all, Span bytes);
