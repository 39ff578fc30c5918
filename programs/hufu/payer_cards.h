#pragma once
/*
 * payer_cards: how a payer binds his own bank card from his telephone, or, without one, as his
 * institution's front does: each of the four elements, the PIN and the code in a box of its own
 * that only vaultd opens.
 */
#include "payer_phone.h"

enum { PAYER_CARDS_ID_BYTES_MAX = 32, PAYER_CARDS_MASK_BYTES_MAX = 64 };

/* As the service said last. */
typedef struct PayerCardShown {
    char id[PAYER_CARDS_ID_BYTES_MAX + 1];
    char state[17];
    char mask[PAYER_CARDS_MASK_BYTES_MAX + 1];
} PayerCardShown;

/* ret_shown->id is set from the challenge on, also when it was refused. */
MUST_USE Status payer_card_bind(const PayerTalk *talk, const PayerPerson *holder,
        const char *card_number, PayerCardShown *ret_shown);
/* `shown` from binding; again afterwards. */
MUST_USE Status payer_card_confirm(const PayerTalk *talk, const char *code, PayerCardShown *shown);
MUST_USE Status payer_card_unbind(const PayerTalk *talk, PayerCardShown *shown);
/* Pay the order behind a code_url from this card. ret_state: as the service says
 * ("SUCCESS", "USERPAYING", "PAYERROR"). */
MUST_USE Status payer_card_pay_order(
        const PayerTalk *talk, const PayerCardShown *shown, Span code_url, char ret_state[17]);
/* GET /payer/v1/cards as it came; borrowed until the next call. */
MUST_USE Status payer_card_list(const PayerTalk *talk, Span *ret_body);
