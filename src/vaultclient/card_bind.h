#pragma once
/*
 * card_bind: a payer's card on its way to his bank, and what is kept of it (vault/card_bind.h): the
 * sealed number under its token in the domain store (fields.h, TABLE_CARD of tenant "hufu"), beside
 * whom the payer was confirmed as, which is read here and handed along. Thread-safe. Floor 3.
 */
#include "vaultclient/fields.h"

/*
 * `bind` without wrapped key and known facts. The same card of the same payer keeps its token.
 * ret_made: token and mask. ret_box: for the bank, appended.
 * Refuses what vault/card_bind.h says.
 */
MUST_USE Status card_bind_ask(
        const Fields *fields, const WireCardBind *bind, FieldsMade *ret_made, Buffer *ret_box);
MUST_USE Status card_code_ask(VaultClient *client, const WireCardCode *code, Buffer *ret_box);
/* Its binding is over: the sealed number leaves the store. OK also when there is none. */
MUST_USE Status card_forget(const Fields *fields, Span payer, Span token);
