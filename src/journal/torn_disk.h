#pragma once
/*
 * torn_disk: a disk in memory whose power can be cut at any chosen operation. For tests and
 * simulations.
 *
 * Everything that was synced survives a cut. Of everything else each sector of 512 bytes keeps, on
 * its own, some state that it had since the last sync: so writes are lost, kept in another order,
 * or torn inside a sector; the file's size is any that it had. Which, the seed decides; the same
 * seed and the same operations end in the same bytes. Several disks may hang on one power. Not
 * thread-safe.
 */
#include "base/seams.h"

enum { TORN_DISK_CHANGES_MAX = 65536 }; /* between two syncs */

typedef struct TornPower {
    SeededRandom random;
    uint64_t operations; /* writes, syncs and truncates so far */
    uint64_t cut_at; /* this operation (1 is the first) and all after it fail; 0: never */
    bool off;
} TornPower;

TornPower torn_power(uint64_t seed, uint64_t cut_at);
/* Power is back; call torn_disk_restart() for each disk before. `cut_at` counts from here. */
void torn_power_restart(TornPower *power, uint64_t cut_at);

typedef struct TornDisk TornDisk;

/* size_max  of the file; a write behind it is FAULT_DISK, as on a full disk
 * power     borrowed for the disk's life */
MUST_USE Status torn_disk_open(TornPower *power, size_t size_max, TornDisk **ret_disk);
void torn_disk_close(TornDisk *disk); /* NULL is fine */
Disk torn_disk_seam(TornDisk *disk);

/* After a cut: what survived is now what the disk holds. Before one: what a killed process leaves,
 * which is everything it wrote, and that is durable from here on. */
void torn_disk_restart(TornDisk *disk);
/* Make the disk as full as this from now on (never below what it holds). */
void torn_disk_limit(TornDisk *disk, size_t size_max);
/* What a reader sees now; borrowed until the next operation. */
Span torn_disk_bytes(const TornDisk *disk);
/* Put these bytes there, durably: at most size_max. */
void torn_disk_set(TornDisk *disk, Span bytes);
