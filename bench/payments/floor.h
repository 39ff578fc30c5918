#pragma once
/*
 * floor: what one payment costs in bare libraries: the public-key operations, box openings and
 * password hash that the protocol needs, in libcrypto and libargon2, plus the SQL statements that
 * the schema needs, in bare SQLite in durable groups of 64.
 *
 * The list is the minimum of protocol and schema; an operation that a simpler implementation would
 * not need stays out (no TLS records, no seals, no audit hashes, no JSON, no journal). Reviewed:
 *
 *   operation               codepay  native + PIN  why it cannot be less
 *   verify the request         1          1        LL-4.3.9: every message is signed (a
 *                                                  confirmation comes in a box)
 *   sign our answer            1          1        LL-4.3.9 (the payer's app: inside TLS)
 *   open a box                 0          1        TP-4: the PIN crosses no process in clear
 *   password hash, PIN cost    0          1        TP-6; bare libargon2 at policy cost
 *   SELECT payment             1          2        idempotency; the order that is paid
 *   SELECT, UPDATE code        1          0
 *   SELECT, UPDATE payer and account: once for each of the 40 payers in a group of 64
 *   SELECT merchant, key, account: once a group
 *   INSERT payment             1          1
 *   UPDATE payment             0          1
 *   INSERT posting             2          2        double entry
 *   UPDATE the merchant's account, INSERT audit leaf, COMMIT: once a group (native + PIN is two
 *   groups: orders, then confirmations)
 */
#include "crypto/sign.h"

typedef struct Floor {
    double rsa_verify_us, rsa_sign_us;
    double sm2_verify_us, sm2_sign_us;
    double box_open_us;
    double kdf_us;
    double sql_codepay_us; /* CPU a payment, its share of the group included */
    double sql_pin_us;
    double fsync_ms; /* fdatasync of one small append, median */
} Floor;

/* folder: on the file system that is measured; database: one with rows to take as patterns. */
MUST_USE Status floor_measure(const char *folder, const char *database, Floor *ret_floor);
/* The signatures alone. */
void floor_signatures(Floor *ret_floor);
/* One small append and fdatasync in this folder, median of many. */
double floor_fsync_ms(const char *folder);
double floor_codepay_us(const Floor *floor, KeyAlgorithm algorithm);
double floor_pin_us(const Floor *floor, KeyAlgorithm algorithm);
/* "floor_ops":{...}, "fsync_ms":... */
void floor_print(const Floor *floor);
