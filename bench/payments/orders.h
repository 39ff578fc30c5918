#pragma once
/* orders: make and sign the requests of a run beforehand: codepay orders with fresh codes, native
 * orders and their PINs. */
#include "load.h"

enum {
    ORDERS_PAYERS = 40, /* who pay at the same time: what the floor is reckoned for (floor.h) */
    ORDERS_ROUND = ORDERS_PAYERS * PAYER_APP_CODES_MAX, /* as many codes as they can have at once */
};

/* How many payers that takes: each set of ORDERS_PAYERS pays for one round. */
size_t orders_payers(size_t count);

typedef struct OrderPlan {
    Stand *stand;
    const MerchantApp *merchant;
    PayerApp *payers;
    size_t payer_count; /* orders_payers() of the most that is asked for */
    const char *prefix; /* of order numbers */
    const char *notify_url; /* of native orders; NULL: one that nobody answers */
} OrderPlan;

/* `count` signed codepay orders of a small amount; codes are taken through the payers' API. */
MUST_USE Status orders_codepay(const OrderPlan *plan, size_t count, LoadRequest *ret_requests);
/* `count` signed native orders, not sent yet. */
MUST_USE Status orders_native(const OrderPlan *plan, size_t count, LoadRequest *ret_requests);
/* For native orders that were sent (`sent` has their prepay ids): the payers' confirmations, each
 * with its PIN box. */
MUST_USE Status orders_pins(
        const OrderPlan *plan, const LoadRequest *sent, size_t count, LoadRequest *ret_requests);
void orders_free(LoadRequest *requests, size_t count);
