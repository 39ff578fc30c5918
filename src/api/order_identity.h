#pragma once
/*
 * order_identity: the person that a merchant's order names, on its way to vaultd: two ciphertexts
 * that hufud cannot read become fingerprints (payment/order_identity.h). Asks vaultd and waits: not
 * on the loop's thread.
 */
#include "api/passage.h"

/* The platform's key that the request's header Wechatpay-Serial names. Refuses FIELD_KEY. */
MUST_USE Status order_identity_key(Passage *passage, PlatformSigner *ret_key);
/* Fill order->identity from passage->sealed. Refuses FIELD_KEY, FIELD_SEALED, FIELD_IDENTITY,
 * PROTECT_BUDGET, VAULT_UNAVAILABLE, what directory_find() refuses. */
MUST_USE Status order_identity_open(Passage *passage, PaymentOrder *order);
