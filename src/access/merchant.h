#pragma once
/*
 * merchant: who may ask for money, and the public keys that speak for them. Sealed rows (DESIGN
 * section 5.4): a swapped public key is a stolen merchant.
 *
 * merchant_admit() is the check that counts: it runs inside the batch, on verified rows. The
 * directory (directory.h) only saves hufud from verifying signatures that nobody could have made.
 */
#include "crypto/sign.h"
#include "store/batch.h"

extern const Table merchant_table;
extern const Table merchant_key_table;
extern const Table payer_table; /* payer.h */
extern const StoreSchema access_schema;

enum {
    MERCHANT_ID_BYTES_MAX = 32,
    MERCHANT_NAME_BYTES_MAX = 128,
    MERCHANT_SERIAL_BYTES_MAX = 64,
};

enum MerchantColumn {
    MERCHANT_ID = 1, /* TEXT, key: mchid */
    MERCHANT_NAME = 2, /* TEXT */
    MERCHANT_STATUS = 3, /* INT, RegisterStatus */
    MERCHANT_ACCOUNT = 4, /* INT */
    MERCHANT_SUITE = 5, /* INT, MerchantSuite: what our answers are signed with */
    MERCHANT_LIMIT = 6, /* INT, minor units of one payment */
    MERCHANT_CREATED = 7, /* INT, us */
};

/* Stored: append only. */
typedef enum MerchantSuite { MERCHANT_RSA = 1, MERCHANT_SM2 = 2 } MerchantSuite;

typedef struct Merchant {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char name[MERCHANT_NAME_BYTES_MAX + 1];
    RegisterStatus status;
    int64_t account;
    MerchantSuite suite;
    int64_t limit_minor;
    int64_t created_us;
} Merchant;

typedef struct MerchantKey {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    KeyAlgorithm algorithm;
    uint8_t spki[SIGN_SPKI_BYTES_MAX];
    size_t spki_size;
    RegisterStatus status;
    int64_t created_us;
    int64_t expires_us;
} MerchantKey;

/* 1..32 of digits, letters, `_` and `-`, and none of the tenants that are the house itself
 * (ASKER_HOUSE, and "house" in its register of people): a merchant of that name would be it. */
bool merchant_id_is_valid(Span mchid);
/* 1..64 of digits, upper-case letters and `_`. */
bool merchant_serial_is_valid(Span serial);

/* Gather merchant, key and addresses (`serial` NULL: the merchant alone). Nothing is judged here:
 * the rows are not verified yet. ret_account: its account, to be gathered next; 0: none. */
MUST_USE Status merchant_gather(
        Rows *rows, const char *mchid, const char *serial, int64_t *ret_account);

/* Running. Refuses MERCHANT_UNKNOWN. */
MUST_USE Status merchant_get(Rows *rows, const char *mchid, Merchant *ret);
/* Refuses MERCHANT_KEY_UNKNOWN. */
MUST_USE Status merchant_key_get(
        Rows *rows, const char *mchid, const char *serial, MerchantKey *ret);

/*
 * May this merchant act with this key, from where the unit comes from, now? Running.
 *
 * Refuses MERCHANT_UNKNOWN, MERCHANT_CLOSED, MERCHANT_KEY_UNKNOWN, MERCHANT_KEY_EXPIRED,
 * ADDRESS_OTHER (merchant_address.h).
 */
MUST_USE Status merchant_admit(
        Rows *rows, const char *mchid, const char *serial, Merchant *ret_merchant);

/* Running. Refuse MERCHANT_EXISTS, MERCHANT_KEY_EXISTS. Times are the caller's. */
MUST_USE Status merchant_insert(Rows *rows, const Merchant *merchant);
MUST_USE Status merchant_key_insert(Rows *rows, const MerchantKey *key);
MUST_USE Status merchant_key_update(Rows *rows, const MerchantKey *key);
