#define _GNU_SOURCE
#include "keys/keys_test_room.h"

#include <stdlib.h>

enum { DISK_BYTES = 1 << 20 };

static int64_t room_now(void *context) { return ((Room *)context)->now_us; }

Status room_start(Room *room)
{
    Room *r = room;
    KeysConfig config = {
        .segments = { torn_disk_seam(r->disks[0]), torn_disk_seam(r->disks[1]) },
        .root = &r->root,
        .suite = r->suite,
        .random = random_system(),
        .clock = { room_now, r },
        .secrets = r->secrets,
    };
    memcpy(config.limits, r->limits, sizeof(config.limits));
    return keys_open(&config, &r->keys, &r->ceremony);
}

Room *room_open(uint64_t cut_at)
{
    Room *r = aligned_alloc(64, sizeof(*r));
    ASSERT(r != NULL);
    memset(r, 0, sizeof(*r));
    r->power = torn_power(3, cut_at);
    r->root.size = 32;
    memset(r->root.bytes, 1, 32);
    r->now_us = (int64_t)1795000000 * 1000000;
    for (int i = 0; i < 2; i++)
        ASSERT(status_ok(torn_disk_open(&r->power, DISK_BYTES, &r->disks[i])));
    return r;
}

Status room_start_made(Room *r)
{
    static uint8_t bytes[3][2][DISK_BYTES]; /* by suite, 0 being the default one */
    static size_t sizes[3][2];
    const bool is_made = sizes[r->suite][0] > 0;
    for (int i = 0; i < 2 && is_made; i++)
        torn_disk_set(r->disks[i], (Span) { bytes[r->suite][i], sizes[r->suite][i] });
    TRY(room_start(r));
    for (int i = 0; i < 2 && !is_made; i++) {
        const Span made = torn_disk_bytes(r->disks[i]);
        if (made.size > 0) memcpy(bytes[r->suite][i], made.data, made.size);
        sizes[r->suite][i] = made.size;
    }
    return OK;
}

Status room_restart(Room *room)
{
    Room *r = room;
    keys_close(r->keys);
    r->keys = NULL;
    torn_disk_restart(r->disks[0]);
    torn_disk_restart(r->disks[1]);
    if (r->power.off) torn_power_restart(&r->power, 0);
    return room_start(r);
}

void room_done(Room **room)
{
    Room *r = *room;
    keys_close(r->keys);
    torn_disk_close(r->disks[0]);
    torn_disk_close(r->disks[1]);
    free(r);
}

bool room_holds(Span all, Span bytes)
{
    return memmem(all.data, all.size, bytes.data, bytes.size) != NULL;
}

bool room_disks_lack(const Room *room, Span bytes)
{
    for (int i = 0; i < 2; i++) {
        if (room_holds(torn_disk_bytes(room->disks[i]), bytes)) return false;
    }
    return true;
}
