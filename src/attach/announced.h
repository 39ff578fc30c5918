#pragma once
/*
 * announced: what a signed announcement says, read by somebody who hands it in and cannot prove it:
 * the signature is the vault's to look at. Floor 3.
 */
#include "ipc/attached_wire.h"

typedef struct AttachAnnounced {
    uint16_t table;
    uint64_t transaction;
    uint32_t changes;
    Cursor rest; /* the changes not yet seen; borrows */
} AttachAnnounced;

/* bytes: WireAttachedSigned. Refuses REFUSED_IPC_FORMAT. */
MUST_USE Status attach_announced_open(Span bytes, AttachAnnounced *ret_announced);
/* Called `changes` times. Each image is one of this table, both have the key. Refuses
 * REFUSED_IPC_FORMAT, REFUSED_ROW_INVALID. Spans borrow. */
MUST_USE Status attach_announced_next(
        AttachAnnounced *announced, WireAttachedChange *ret_change, Span *ret_key);
