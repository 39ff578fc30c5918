#pragma once
/* box_inside: what box.c and box_spelled.c have of each other; nobody else includes it. */
#include "crypto/aead.h"
#include "crypto/box.h"

enum { BOX_END_BYTES = 4 + AEAD_TAG_BYTES };

/* The session that this opening begins, be it a spelled box's; else as box_session_accept(). */
MUST_USE Status box_accept(const PrivateKey *recipient, const Box *box, BoxSession *ret_session);
/* box_open() of a spelled box. */
MUST_USE Status box_spelled_open(const PrivateKey *recipient, const Box *box, Buffer *ret_plain);
