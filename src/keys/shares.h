#pragma once
/*
 * shares: the root key in n pieces, of which any k bring it back and fewer tell nothing (Shamir;
 * PCI DSS 3.6.1.2: full-length shares, not halves).
 *
 * Each byte of the root is the constant term of its own random polynomial of degree k - 1 over
 * GF(2^8) (the field of AES); a share is the values at its number 1..n. All in constant time.
 *
 *   share = version u8 (1) | k u8 | n u8 | number u8 | set [16] | values [32] | check [8]
 *   check = SHA-256("hufu share check" | everything before)[0..8]: a typing mistake has a name
 *   text  = "HUFU-SHARE " and the bytes in hexadecimal, in groups; case, spaces and line ends are
 *           not looked at
 *   set   = version u8 (1) | k u8 | n u8 | set [16] | n commitments [32]; kept beside the key store
 *   commitment = SHA-256("hufu share" | share): a made-up share has a name. The values are 256
 *           random bits, so what the file holds helps nobody to guess them.
 */
#include "base/seams.h"
#include "base/secret.h"

enum {
    SHARES_MAX = 16,
    SHARES_NEEDED_MIN = 2,
    SHARE_VALUE_BYTES = 32,
    SHARE_SET_ID_BYTES = 16,
    SHARE_BYTES = 4 + SHARE_SET_ID_BYTES + SHARE_VALUE_BYTES + 8,
    SHARE_TEXT_BYTES_MAX = 512, /* 11 and 30 groups of 4, and how people break lines */
    SHARE_SET_BYTES_MAX = 3 + SHARE_SET_ID_BYTES + SHARES_MAX * 32,
};

typedef struct Share { /* secret: the owner wipes it */
    uint8_t needed; /* k */
    uint8_t count; /* n */
    uint8_t number; /* 1..n */
    uint8_t set[SHARE_SET_ID_BYTES];
    uint8_t values[SHARE_VALUE_BYTES];
} Share;

typedef struct ShareSet {
    uint8_t needed;
    uint8_t count;
    uint8_t set[SHARE_SET_ID_BYTES];
    uint8_t commitments[SHARES_MAX][32];
} ShareSet;

/* For CLEANUP. */
void share_wipe(Share *share);

/*
 * root        32 bytes
 * ret_shares  `count` of them; the caller wipes them
 * Refuses REFUSED_SHARES_NUMBER unless 2 <= needed <= count <= SHARES_MAX. Faults FAULT_RANDOM.
 */
MUST_USE Status shares_split(const Secret *root, uint8_t needed, uint8_t count,
        const Random *random, Share *ret_shares, ShareSet *ret_set);

/* Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status share_put_text(const Share *share, Buffer *ret_text);
/* Refuses REFUSED_SHARE_FORMAT (not such a text), REFUSED_SHARE_DAMAGED (one that was mistyped). */
MUST_USE Status share_parse_text(Span text, Share *ret_share);

MUST_USE Status share_set_put(const ShareSet *set, Buffer *ret_bytes);
/* Refuses REFUSED_SHARE_FORMAT. */
MUST_USE Status share_set_parse(Span bytes, ShareSet *ret_set);

/* --- bringing it back --- */
typedef struct ShareBasket { /* secret: the owner wipes it */
    ShareSet set;
    uint8_t held; /* shares so far */
    Share shares[SHARES_MAX];
} ShareBasket;

void share_basket_begin(const ShareSet *set, ShareBasket *ret_basket);
void share_basket_wipe(ShareBasket *basket);
/* Refuses REFUSED_SHARE_FOREIGN (another set), REFUSED_SHARE_FORGED, REFUSED_SHARE_DUPLICATE. */
MUST_USE Status share_basket_add(ShareBasket *basket, const Share *share);
/* Refuses REFUSED_SHARES_MISSING. */
MUST_USE Status share_basket_root(const ShareBasket *basket, Secret *ret_root);
