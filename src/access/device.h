#pragma once
/*
 * device: on which browsers and programs somebody has logged in before (LL-4.5.2). A device is the
 * random secret in a cookie that it got from us; only its digest is kept. A log-in from a new one
 * is told to somebody; a known one is not slowed when others guess (access/throttle.h).
 *
 * Sealed rows, so that nobody makes a device known by writing to the database; DeviceBook answers
 * from verified rows alone, like CallerList. Thread-safe.
 */
#include "access/session.h"
#include "store/batch.h"

extern const Table device_table;

enum {
    DEVICE_NAME_BYTES = 2 * 16, /* hexadecimal of the first 16 bytes of the secret's SHA-256 */
    DEVICES_EACH_MAX = 16, /* of one principal; one more forgets the oldest */
    DEVICES_MAX = 32768,
};

enum DeviceColumn {
    DEVICE_PRINCIPAL = 1, /* TEXT, key */
    DEVICE_NAME = 2, /* TEXT, key */
    DEVICE_ADDED = 3, /* INT, us */
    DEVICE_STATUS = 4, /* INT, RegisterStatus */
};

typedef struct Device {
    char principal[SESSION_PRINCIPAL_BYTES_MAX + 1];
    char name[DEVICE_NAME_BYTES + 1];
    RegisterStatus status;
    int64_t added_us;
} Device;

/* The name of the device with this digest of its secret. */
void device_name(const uint8_t digest[SESSION_DEVICE_BYTES], char ret_name[DEVICE_NAME_BYTES + 1]);

/* Gathering or running. *ret_found false: there is none (`ret` unchanged). */
MUST_USE Status device_get(
        Rows *rows, const char *principal, const char *name, Device *ret, bool *ret_found);
/* Running. */
MUST_USE Status device_insert(Rows *rows, const Device *device);
MUST_USE Status device_update(Rows *rows, const Device *device);

typedef struct DeviceBook DeviceBook;

MUST_USE Status device_book_open(DeviceBook **ret_book);
void device_book_close(DeviceBook **book); /* NULL inside is fine */
/* Is it a live device of this principal? */
bool device_book_knows(DeviceBook *book, Span principal, const char *name);
/* Of anybody: we gave its secret out. */
bool device_book_knows_of(DeviceBook *book, const char *name);
/* Live ones of a principal, in the order in which they came; how many. */
size_t device_book_list(DeviceBook *book, Span principal, Device ret[DEVICES_EACH_MAX]);
/* Put or replace one, as a unit committed it. Refuses DEVICES_FULL. */
MUST_USE Status device_book_put(DeviceBook *book, const Device *device);
/* Load everything through the batch, waiting. Never from the batch thread. A row that does not
 * verify is left out (its alarm was raised) and counted. */
MUST_USE Status device_book_refresh(
        DeviceBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out);
