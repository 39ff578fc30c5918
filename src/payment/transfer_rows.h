#pragma once
/* transfer_rows: what the files about transfers share. Nobody outside this room includes it. */
#include "payment/transfer.h"

MUST_USE Status transfer_row(Rows *rows, const char *id, const Row **ret_row);
MUST_USE Status transfer_of_row(const Row *row, Transfer *ret);
/* Insert, or replace what there is. */
MUST_USE Status transfer_put(Rows *rows, const Transfer *transfer, bool is_new);

/* --- transfer.c --- */
/* All that a receiver is judged by. ret_account: his; 0: there is none. */
MUST_USE Status transfer_receiver_gather(Rows *rows, const char *receiver);
/* May this payer be given money now? Refuses TRANSFER_RECEIVER. */
MUST_USE Status transfer_receiver_admit(Rows *rows, const char *receiver, Currency currency,
        const AccountRules *rules, int64_t *ret_account);
/* The audit event of what happened to `transfer`, then `s` itself. `actor` "": the clock. */
MUST_USE Status transfer_tell(Rows *rows, const Transfer *transfer, const char *actor,
        const uint8_t *nonce_digest, bool quiet, Status s);
