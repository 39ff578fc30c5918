#pragma once
/*
 * file_box: a file that the holder of one private key alone reads (TP-17: what leaves the house).
 *
 *     file = "hufu file 1\n" | box, framed | nonce[12] | cipher || tag, framed
 *
 * The box (crypto/box.h) holds a fresh key of 32 bytes; the content is sealed under it (AES-256-GCM
 * for a P-256 recipient, SM4-GCM under its first 16 bytes for an SM2 one), with all that stands
 * before the nonce as additional data: neither can be put into another file. What the box's context
 * says is the sender's word, authentic once the file is open. Stateless. Floor 1.
 *
 * A file that is larger than anybody's memory comes in parts: FILE_PARTS_MAGIC, then each part, a
 * file as above, framed. The order in a part's context is file_box_part_name(): none is left out,
 * doubled or put elsewhere unseen.
 */
#include "crypto/box.h"

enum {
    FILE_BOX_PLAIN_BYTES_MAX = 1 << 20,
    FILE_BOX_OVERHEAD_BYTES_MAX = 12 + 4 + BOX_OVERHEAD_BYTES_MAX + 32 + 12 + 4 + 16,
};

/* Appended. Refuses REFUSED_BOX_FORMAT (sizes, key algorithm), REFUSED_BUFFER_FULL. */
MUST_USE Status file_box_seal(const PublicKey *recipient, const Random *random,
        const BoxContext *context, Span plain, Buffer *ret_file);

/*
 * ret_context  its names borrow from `file`
 * ret_plain    appended
 * Refuses REFUSED_BOX_FORMAT (no such file, key of another kind), REFUSED_BOX_TAMPERED,
 * REFUSED_AEAD_TAMPERED, REFUSED_BUFFER_FULL.
 */
MUST_USE Status file_box_open(
        const PrivateKey *key, Span file, BoxContext *ret_context, Buffer *ret_plain);

#define FILE_PARTS_MAGIC "hufu parts 1\n"

/* "<order>/<number>", of the last one "<order>/<number>/last"; appended. number: from 1. Refuses
 * REFUSED_BUFFER_FULL. */
MUST_USE Status file_box_part_name(Span order, int64_t number, bool last, Buffer *ret_name);
