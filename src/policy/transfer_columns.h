#pragma once
/*
 * transfer_columns: the rows of payers' transfers (payment/transfer.h), as hufud writes and vaultd
 * judges them. Numbers are stored: append only.
 */
#include "policy/tables.h"

/* A transfer's postings are named by it: TRANSFER_ID begins so. */
#define POSTING_TRANSFER_PREFIX "transfer/"

enum { TRANSFER_NUMBER_BYTES_MAX = 32 };

enum TransferColumn {
    TRANSFER_ID = 1, /* TEXT, key: the prefix and 40 hexadecimal digits of payer and number */
    TRANSFER_PAYER = 2, /* TEXT; this and all below but state, end and reason stay */
    TRANSFER_NUMBER = 3, /* TEXT: of the payer's own choosing */
    TRANSFER_RECEIVER = 4, /* TEXT: a payer */
    TRANSFER_MINOR = 5, /* INT; more than 0 */
    TRANSFER_CURRENCY = 6, /* INT */
    TRANSFER_SPEED = 7, /* INT, TransferSpeed */
    TRANSFER_ACCOUNT = 8, /* INT: the payer's */
    TRANSFER_RECEIVER_ACCOUNT = 9, /* INT */
    TRANSFER_REMARK = 10, /* TEXT or NULL */
    TRANSFER_GRANT = 11, /* BYTES 16: the PIN grant that it consumed */
    TRANSFER_STRENGTH = 12, /* INT, AuthStrength: what it was confirmed with */
    TRANSFER_CREATED = 13, /* INT, us */
    TRANSFER_DUE = 14, /* INT, us: not carried out before */
    TRANSFER_STATE = 15, /* INT, TransferState */
    TRANSFER_ENDED = 16, /* INT, us, or NULL */
    TRANSFER_REASON = 17, /* INT: the refusal that it failed for, 0: none */
};

typedef enum TransferSpeed {
    TRANSFER_REAL_TIME = 1,
    TRANSFER_NORMAL = 2,
    TRANSFER_NEXT_DAY = 3,
} TransferSpeed;

typedef enum TransferState {
    TRANSFER_WAITING = 1, /* the money is held */
    TRANSFER_DONE = 2, /* the receiver has it */
    TRANSFER_REVOKED = 3, /* the payer has it again */
    TRANSFER_FAILED = 4, /* likewise */
} TransferState;

enum TransferDayColumn { /* what a payer transferred today, and what he allows himself */
    TRANSFER_DAY_PAYER = 1, /* TEXT, key */
    TRANSFER_DAY_DAY = 2, /* INT: the business day that the next two count */
    TRANSFER_DAY_MINOR = 3, /* INT: that left, or is held */
    TRANSFER_DAY_COUNT = 4, /* INT: that were begun */
    TRANSFER_DAY_LIMIT_MINOR = 5, /* INT or NULL: his own limit of the sum */
    TRANSFER_DAY_LIMIT_COUNT = 6, /* INT or NULL */
};

/* "REAL_TIME", "NORMAL", "NEXT_DAY"; "" for none. What a PIN is for says it (policy/purposes.h). */
static inline const char *transfer_speed_name(int64_t speed)
{
    switch (speed) {
    case TRANSFER_REAL_TIME: return "REAL_TIME";
    case TRANSFER_NORMAL: return "NORMAL";
    case TRANSFER_NEXT_DAY: return "NEXT_DAY";
    default: return "";
    }
}
