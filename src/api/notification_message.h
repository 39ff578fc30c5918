#pragma once
/*
 * notification_message: a notification as it goes out (reference/message.md section 1): what
 * happened, encrypted to the merchant's APIv3 key, in an envelope signed with the platform's key.
 * Made anew at each attempt: keys of that moment, nothing of it at rest. Both keys stay in vaultd.
 */
#include "api/house.h"
#include "payment/notification.h"

enum {
    NOTIFICATION_BODY_BYTES_MAX = 16 * 1024,
    NOTIFICATION_CANONICAL_BYTES_MAX = NOTIFICATION_BODY_BYTES_MAX + 256,
};

typedef struct NotificationMessage {
    Answer answer; /* its headers; points into itself: do not copy it */
    Buffer body; /* of body_bytes */
    uint8_t body_bytes[NOTIFICATION_BODY_BYTES_MAX];
    uint8_t canonical_bytes[NOTIFICATION_CANONICAL_BYTES_MAX];
    uint8_t memory_bytes[NOTIFICATION_BODY_BYTES_MAX]; /* of vaultd's answers */
} NotificationMessage;

/* What the merchant finds when he has decrypted it: the transaction as it succeeded, whatever
 * became of it since, or the refund. Refuses BUFFER_FULL. */
MUST_USE Status notification_resource_write(
        const House *house, const NotificationRead *read, Buffer *ret_plain);

/* Refuses MERCHANT_UNKNOWN, MERCHANT_APIV3_KEY_MISSING, KEY_UNKNOWN, what vaultd refuses. */
MUST_USE Status notification_message_make(
        House *house, const NotificationRead *read, NotificationMessage *ret);
