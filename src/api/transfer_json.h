#pragma once
/*
 * transfer_json: what the handlers of payers' transfers and the operators' desk share
 * (payer_transfer.c, payer_transfers.c, admin_transfer.c); nobody else includes it.
 */
#include "api/house.h"
#include "payment/transfer.h"
#include "text/json.h"
#include "vaultclient/fields.h"

/* Members of the open object. `owner`: its payer reads it, and sees what he wrote. */
void transfer_put_json(JsonWriter *w, const Transfer *transfer, bool owner);
/* One item of the open array, from its verified row; else its id and what is wrong with the row.
 * `payer`: whose alone it may be; "": anybody's. */
MUST_USE Status transfer_put_line(
        House *house, const char *id, const char *payer, bool owner, JsonWriter *w);

/* How a receiver's name is shown (TP-11): the mask that vaultd made; hufud never sees the name.
 * Refuses TRANSFER_RECEIVER: nobody has said who that is. */
MUST_USE Status transfer_receiver_mask(const House *house, Span receiver, Buffer *ret_mask);
