#pragma once
/*
 * torn_vfs: a disk in memory for SQLite that loses power (test support, in no program).
 *
 * Every write stays apart until its file is synced. When the power goes, each 512-byte sector of
 * each write that was not synced is kept or lost as the seed says, in an order that the seed says;
 * so are truncations and, until their first sync, new files. What was synced stays. One connection
 * at a time; not thread-safe; one disk a process.
 *
 * Sources: SQLite's own test_vfs and crash tests (sqlite.org/testing.html section 3.2); sector
 * model of sqlite.org/atomiccommit.html section 2.
 */
#include "base/seams.h"

enum {
    TORN_FILES_MAX = 8,
    TORN_NAME_BYTES_MAX = 128,
    TORN_SECTOR_BYTES = 512,
    TORN_FILE_BYTES_MAX = 4 * 1024 * 1024,
    TORN_WRITES_MAX = 4096, /* not yet synced */
};

#define TORN_VFS_NAME "torn"

typedef enum TornFault {
    TORN_NONE,
    TORN_CUT, /* the power goes during operation `at`; everything fails until torn_power_on() */
    TORN_FULL, /* from operation `at` on, nothing that grows a file succeeds: SQLITE_FULL */
    TORN_SMALL, /* all files together hold `at` bytes; more is SQLITE_FULL */
    TORN_SYNC_FAILS, /* the first sync from operation `at` on fails, and does nothing */
} TornFault;

/* Make the disk, empty, and register it. */
MUST_USE Status torn_open(void);
void torn_close(void);
/* Count writes, syncs, truncations and deletions from 1 again, and let one of them fail. */
void torn_arm(TornFault fault, uint64_t at);
uint64_t torn_operations(void);
bool torn_fault_happened(void);
/* Settle what was not synced; the disk works again. */
void torn_power_on(uint64_t seed);
/* Keep the disk as it is, and go back to that state. Everything is taken as synced. */
MUST_USE Status torn_save(void);
void torn_restore(void);
