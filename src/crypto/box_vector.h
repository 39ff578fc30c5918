#pragma once
/*
 * box_vector: one box byte by byte, made by the console's page (web/src/seal/box.ts) with a known
 * ephemeral key. box_test.c opens it, and the page's own test makes it again.
 */
#define BOX_VECTOR_RECIPIENT "3ac9e1b65f3c7d20418897a6b5c4d3e2f1a09b8c7d6e5f4031425364758697a8"
#define BOX_VECTOR_EPHEMERAL "5b11f0e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddee"
#define BOX_VECTOR_TENANT "hufu/staff"
#define BOX_VECTOR_ORDER "单号-1"
#define BOX_VECTOR_PAYEE "dora"
#define BOX_VECTOR_NONCE "000102030405060708090a0b0c0d0e0f"
#define BOX_VECTOR_PLAIN "06313233343536636f70706572206c616e7465726e203438206f726368617264"
#define BOX_VECTOR_BOX                                                                     \
    "010101352908000000410415e809634f5bea4f8a4d1f46254bddd99a4d989636408485e4419fd9dac376" \
    "aab754ca2adf1f309dcb22fdb008d2cd11e2d1ed894d1de747142a74f261af85cb0000004a010067003c" \
    "ffffffffffffffff434e5900065bfeda27c240000102030405060708090a0b0c0d0e0f0000000a687566" \
    "752f737461666600000008e58d95e58fb72d3100000004646f7261000000307b71cbdec4051eea5057c3" \
    "e9ea03b1a8eeaeecd2440b1fdfb8baa38b7caaffa85269d8d31b5dd38b3d8beb1924e267e6"
