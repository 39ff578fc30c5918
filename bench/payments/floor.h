#pragma once
/*
 * floor: what one payment costs in bare libraries: the public-key operations, box openings and password hash that the protocol
 * needs, in libcrypto and libargon2, plus the SQL statements that the schema needs, in bare SQLite in durable groups of 64.
 *
 * The list is the minimum of protocol and schema; an operation that a simpler implementation would not need stays out (no
 * TLS records, no seals, no audit hashes, no JSON, no journal). Reviewed table:
 *
 *   operation                 codepay   native + PIN   why it cannot be less
 *   verify merchant's request    1          1          LL-4.3.9: every message is signed (a confirmation comes in a box)
 *   sign our answer              1          1          LL-4.3.9; the payer's app is answered inside TLS alone
 *   open a box                   0          1          TP-4: the PIN crosses no process in clear
 *   password hash (PIN cost)     0          1          TP-6; bare libargon2 at policy cost
 *   SELECT payment by key        1          2          idempotency; the order that is paid
 *   SELECT code                  1          0
 *   SELECT payer, account        p          p          p = different payers in a group of 64, of 64 (40 of 64 here)
 *   SELECT merchant, key, account, once a group of 64  (twice for native + PIN, without the key the second time)
 *   INSERT payment               1          1
 *   UPDATE payment               0          1
 *   UPDATE code                  1          0
 *   UPDATE payer, account        p          p
 *   INSERT posting               2          2          double entry
 *   UPDATE merchant's account, INSERT audit leaf, COMMIT: once a group of 64
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
double floor_codepay_us(const Floor *floor, KeyAlgorithm algorithm);
double floor_pin_us(const Floor *floor, KeyAlgorithm algorithm);
/* "floor_ops":{...}, "fsync_ms":... */
void floor_print(const Floor *floor);
