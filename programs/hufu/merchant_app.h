#pragma once
/*
 * merchant_app: merchants of the demonstration, as merchants' own programs would have them
 * (sdk/merchant_app.h). Their private keys and APIv3 keys were made on their side and lie in their
 * own folder:
 *   <folder>/merchants.csv   mchid,serial_no
 *   <folder>/<mchid>.key.pem and <folder>/<mchid>.apiv3
 */
#include "sdk/merchant_app.h"

enum { MERCHANT_APPS_MAX = 64 };

typedef struct MerchantApps {
    MerchantApp items[MERCHANT_APPS_MAX];
    size_t count;
} MerchantApps;

/* Make a key, an APIv3 key and the serial number, and write all to the folder. Does nothing when
 * the merchant has them already. Faults FAULT_CRYPTO, FAULT_DISK. */
MUST_USE Status merchant_app_make(const char *folder, const char *mchid, KeyAlgorithm algorithm);
/* Refuses CSV_*, KEY_FORMAT; faults FAULT_DISK. */
MUST_USE Status merchant_apps_load(const char *folder, MerchantApps *ret_apps);
/* For CLEANUP: wipes and frees. */
void merchant_apps_free(MerchantApps *apps);

/* "PUB_KEY_ID_" and the first 16 bytes of the key's fingerprint: a name that needs no certificate.
 */
void merchant_serial_of(const PublicKey *key, char ret_serial[MESSAGE_SERIAL_BYTES_MAX + 1]);
