#pragma once
/*
 * purposes: what a sealed box is for; what lies inside is a DataClass. The numbers stand in its
 * authenticated context (crypto/box.h), so both sides take them from here: who makes a box and
 * vaultd, which opens it. Append-only. The context's fields per purpose ("empty" and 0 are
 * demanded, too):
 *
 *   purpose      class              tenant  order         amount, currency  payee   nonce of
 *   pay          CLASS_PIN          mchid   out_trade_no  of the order      tenant  the order
 *   transfer     CLASS_PIN          receiver SPEED/NUMBER of the transfer   tenant  the transfer
 *   transfer-limits  CLASS_PIN      payer   COUNT         the day's sum     tenant  a challenge
 *   codes        CLASS_PIN          empty   empty         0, zeros          payer   a challenge
 *   waiting      CLASS_PIN          empty   empty         0, zeros          payer   a challenge
 *   set-pin      CLASS_PIN          empty   empty         0, zeros          payer   a challenge
 *   signing-key  CLASS_SIGNING_KEY  mchid   empty         0, zeros          tenant  a challenge
 *   set-password, login, reset-password, recover-password: as authorize, with an empty order and no
 *                amount
 *   authorize    PIN or PASSWORD    realm   reference     of what it is     user    a challenge
 *   login-code   PASSWORD           realm   empty         0, zeros          user    a challenge
 *   code         SECOND_FACTOR      realm   reference     0, zeros          user    a challenge
 *                of a bank, for a card (vault/card_bind.h): tenant "hufu", order the card's id,
 *                payee the payer
 *   set-second, reset-second: as code, with an empty order
 *   import       PIN or PASSWORD    realm   empty         0, zeros          empty   a challenge
 *   legacy-key   CLASS_SIGNING_KEY  realm   empty         0, zeros          empty   a challenge
 *   cards        CLASS_PIN          empty   the card's id 0, zeros          payer   a challenge
 *   field        of the value       tenant  reference     0, zeros          subject random
 *   lookup       of the value       tenant  empty         0, zeros          empty   random
 *   session      0                  tenant  empty         0, zeros          empty   random
 *   lookups      0                  tenant  empty         0, zeros          empty   random
 *   reveal       of the value       tenant  row key       0, zeros          receiver random
 *   mac-key      CLASS_SIGNING_KEY  tenant  empty         0, zeros          name    a challenge
 *   cipher-key   CLASS_SIGNING_KEY  tenant  empty         0, zeros          tenant  random
 *
 * field and lookup carry one value; session and lookups open a session of such values (the item's
 * data class, subject and reference are then authenticated with each message, ipc/field_wire.h).
 * reveal goes the other way: from vaultd to an enrolled receiver.
 *
 * `realm` is "<tenant>/<realm>". A server nonce that is not 16 bytes long (a prepay_id) stands in
 * the context as the first 16 bytes of its SHA-256.
 * Purpose 10 has no name: a share of the root key, for vaultd while it waits for its custodians
 * (programs/vaultd/unseal.h); CLASS_SIGNING_KEY, all else empty, nonce of that start.
 */
#include "policy/classes.h"

typedef enum BoxPurpose {
    BOX_PURPOSE_NONE = 0,
    BOX_PURPOSE_PAY = 1,
    BOX_PURPOSE_CODES = 2,
    BOX_PURPOSE_SET_PIN = 3,
    BOX_PURPOSE_SIGNING_KEY = 4,
    BOX_PURPOSE_WAITING = 5, /* see the orders that wait for this PIN */
    BOX_PURPOSE_TRANSFER = 8, /* payment/transfer.h */
    BOX_PURPOSE_TRANSFER_LIMITS = 9, /* higher ones; payment/transfer_limits.h */
    BOX_PURPOSE_FIELD = 20,
    BOX_PURPOSE_LOOKUP = 21,
    BOX_PURPOSE_SESSION = 22,
    BOX_PURPOSE_LOOKUPS = 23,
    BOX_PURPOSE_REVEAL = 24,
    BOX_PURPOSE_CIPHER_KEY = 25,
    BOX_PURPOSE_SET_PASSWORD = 40, /* inside: u8 length of the old one, the old one, the new one */
    BOX_PURPOSE_LOGIN = 41,
    BOX_PURPOSE_AUTHORIZE = 42, /* agree to one act: a payment of the tenant's own core */
    BOX_PURPOSE_RESET_PASSWORD = 43, /* inside: the new one; two people approve */
    BOX_PURPOSE_IMPORT = 44, /* inside: legacy records (ipc/password_wire.h) */
    BOX_PURPOSE_LEGACY_KEY = 45, /* inside: the key of a legacy formula */
    BOX_PURPOSE_MAC_KEY = 46, /* inside: a symmetric key that signs messages */
    BOX_PURPOSE_LOGIN_CODE =
            60, /* inside: u8 length of the one-time code, the code, the password */
    BOX_PURPOSE_CODE = 61, /* inside: a one-time code */
    BOX_PURPOSE_SET_SECOND = 62, /* inside: u8 length of a code of the old secret, it, the secret */
    BOX_PURPOSE_RESET_SECOND = 63, /* inside: the secret; two people approve */
    BOX_PURPOSE_RECOVER_PASSWORD = 47, /* inside: who one is, the new one */
    BOX_PURPOSE_CARD = 70, /* inside: what a bank needs of a card; order, amount, payee: the bank */
    BOX_PURPOSE_CARDS = 71, /* bind or unbind this card of the payer's */
    BOX_PURPOSE_SHARE = 10, /* not by name: programs/vaultd/unseal.c alone takes it */
} BoxPurpose;

/* By name, those above that have one with their PIN or key alone; anything else is
 * BOX_PURPOSE_NONE. */
static inline BoxPurpose box_purpose_of(Span name)
{
    if (span_equal(name, SPAN("pay"))) return BOX_PURPOSE_PAY;
    if (span_equal(name, SPAN("transfer"))) return BOX_PURPOSE_TRANSFER;
    if (span_equal(name, SPAN("transfer-limits"))) return BOX_PURPOSE_TRANSFER_LIMITS;
    if (span_equal(name, SPAN("codes"))) return BOX_PURPOSE_CODES;
    if (span_equal(name, SPAN("waiting"))) return BOX_PURPOSE_WAITING;
    if (span_equal(name, SPAN("cards"))) return BOX_PURPOSE_CARDS;
    if (span_equal(name, SPAN("set-pin"))) return BOX_PURPOSE_SET_PIN;
    if (span_equal(name, SPAN("signing-key"))) return BOX_PURPOSE_SIGNING_KEY;
    return BOX_PURPOSE_NONE;
}
