#pragma once
/*
 * payer_login: a payer who registered: since when, from which devices, and until when no money
 * leaves because a password was reset or a device is new (TP-6, TP-17). Sealed rows (DESIGN section
 * 5.4): a swapped device key is a stolen payer.
 *
 * The key of a device never leaves it; here stands its public half, whose SHA-256 is the device's
 * name. A payer has PAYER_DEVICES_MAX places for devices; a device that is ended keeps its place
 * until another one needs it. Passwords and who somebody is stand in the domain store alone.
 *
 * A payer without such a row was added by an institution's own front (`payer.add`) and goes on as
 * before, unless hufud is told that everybody must register (docs/decisions/0047).
 */
#include "access/payer.h"

extern const Table payer_login_table;
extern const Table payer_device_table;

enum {
    PAYER_DEVICES_MAX = 8,
    PAYER_DEVICE_ID_BYTES = 32, /* SHA-256 of its SubjectPublicKeyInfo */
    PAYER_DEVICE_SPKI_BYTES_MAX = 128,
    PAYER_DEVICE_NAME_BYTES_MAX = 40,
};

enum PayerLoginColumn {
    PAYER_LOGIN_PAYER = 1, /* TEXT, key */
    PAYER_LOGIN_STATUS = 2, /* INT, RegisterStatus */
    PAYER_LOGIN_CREATED = 3, /* INT, us */
    PAYER_LOGIN_COOLS_UNTIL = 4, /* INT, us: no money leaves before; 0: at no time */
    PAYER_LOGIN_LAST = 5, /* INT, us: of the last login; 0: none yet */
    PAYER_LOGIN_RESETS = 6, /* INT: how often a password was reset */
};

enum PayerDeviceColumn {
    PAYER_DEVICE_PAYER = 1, /* TEXT, key */
    PAYER_DEVICE_PLACE = 2, /* INT, key: 0..PAYER_DEVICES_MAX - 1 */
    PAYER_DEVICE_ID = 3, /* BYTES 32 */
    PAYER_DEVICE_ALGORITHM = 4, /* INT, KeyAlgorithm */
    PAYER_DEVICE_SPKI = 5, /* BYTES */
    PAYER_DEVICE_NAME = 6, /* TEXT: as its owner calls it */
    PAYER_DEVICE_STATUS = 7, /* INT, RegisterStatus */
    PAYER_DEVICE_ADDED = 8, /* INT, us */
    PAYER_DEVICE_COOLS_UNTIL = 9, /* INT, us; 0: at no time */
    PAYER_DEVICE_SEEN = 10, /* INT, us: of its last login */
};

typedef struct PayerLogin {
    char payer[PAYER_ID_BYTES_MAX + 1];
    RegisterStatus status;
    int64_t created_us;
    int64_t cools_until_us;
    int64_t last_us;
    int64_t resets;
} PayerLogin;

typedef struct PayerDevice {
    char payer[PAYER_ID_BYTES_MAX + 1];
    int64_t place;
    uint8_t id[PAYER_DEVICE_ID_BYTES];
    KeyAlgorithm algorithm;
    uint8_t spki[PAYER_DEVICE_SPKI_BYTES_MAX];
    size_t spki_size;
    char name[PAYER_DEVICE_NAME_BYTES_MAX + 1];
    RegisterStatus status;
    int64_t added_us;
    int64_t cools_until_us;
    int64_t seen_us;
} PayerDevice;

/* Each: while gathering it loads, while running it reads. *ret_found false: there is none. Nothing
 * is judged. */
MUST_USE Status payer_login_get(Rows *rows, const char *payer, bool *ret_found, PayerLogin *ret);
MUST_USE Status payer_device_get(
        Rows *rows, const char *payer, int64_t place, bool *ret_found, PayerDevice *ret);
/* Running: insert or update. */
MUST_USE Status payer_login_put(Rows *rows, const PayerLogin *login);
MUST_USE Status payer_device_put(Rows *rows, const PayerDevice *device);

/* All of a payer's devices; those without a row have status 0. */
typedef struct PayerDevices {
    PayerDevice at[PAYER_DEVICES_MAX];
} PayerDevices;
MUST_USE Status payer_devices_get(Rows *rows, const char *payer, PayerDevices *ret_devices);
/* The live one of this name; NULL: there is none. */
PayerDevice *payer_devices_find(PayerDevices *devices, const uint8_t id[PAYER_DEVICE_ID_BYTES]);
/* Where a new one goes: its own former place, an empty one, or that of one that was ended. -1: all
 * are live. */
int64_t payer_devices_place(const PayerDevices *devices, const uint8_t id[PAYER_DEVICE_ID_BYTES]);

/* --- may money leave? --- */

/* Who asks, as hufud saw him; judged again here, on verified rows. */
typedef struct PayerDoor {
    bool by_device; /* session and signature were right */
    int64_t place; /* of the device */
    uint8_t device[PAYER_DEVICE_ID_BYTES];
    bool needed; /* everybody must register */
} PayerDoor;
MUST_USE Status payer_door_gather(Rows *rows, const char *payer, const PayerDoor *door);
/* Running. Refuses PAYER_DEVICE_NEEDED (registered, or must be, and came without a device),
 * LOGIN_NEEDED (the device was ended), PAYER_CLOSED; last PAYER_COOLS_DOWN, which may be forgiven
 * where no money leaves. */
MUST_USE Status payer_door_admit(Rows *rows, const char *payer, const PayerDoor *door);
/* Running, for money that leaves by a payer's code: gathered by payer_gather(). Refuses
 * PAYER_CLOSED, PAYER_COOLS_DOWN. */
MUST_USE Status payer_may_pay(Rows *rows, const char *payer);
