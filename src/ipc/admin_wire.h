#pragma once
/*
 * admin_wire: a request at the operator's socket with who makes it: a person, by a signature of the
 * person's own key, never just a user of the system (TP-15, LL-4.5.2). The rules of vault_wire.h
 * hold.
 *
 *   WireAdminRequest = as framed | at i64 | nonce framed | request framed | signature framed
 *                      | encoding u8
 *
 * What is signed stands in wire_admin_message(): the exact bytes of the request, who, when and a
 * nonce, under a title of its own, so that no signature for anything else can stand for it.
 */
#include "base/bytes.h"

enum {
    WIRE_ADMIN_REQUEST = 1, /* the only operation of that socket */
    WIRE_ADMIN_NAME_BYTES_MAX = 40,
    WIRE_ADMIN_NONCE_BYTES = 16,
    WIRE_ADMIN_SIGNATURE_BYTES_MAX = 128, /* Ed25519: 64; P-256 and SM2 in DER: 72 */
    WIRE_ADMIN_TEXT_BYTES_MAX = 64 * 1024,
    WIRE_ADMIN_BYTES_MAX = WIRE_ADMIN_TEXT_BYTES_MAX + 512,
};

typedef struct WireAdminRequest {
    Span as; /* principal */
    int64_t at_us;
    Span nonce;
    Span request; /* one JSON object (api/admin.h) */
    Span signature;
    uint8_t encoding; /* WireSignatureEncoding; another number is hufud's to refuse */
} WireAdminRequest;
MUST_USE Status wire_put_admin_request(Buffer *b, const WireAdminRequest *request);
MUST_USE Status wire_take_admin_request(Cursor *c, WireAdminRequest *ret);

/* The bytes that are signed, at most WIRE_ADMIN_BYTES_MAX; `signature` plays no part. */
MUST_USE Status wire_admin_message(const WireAdminRequest *request, Buffer *ret_message);
