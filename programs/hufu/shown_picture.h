#pragma once
/* shown_picture: pictures of codes on this terminal and in files. What was drawn is wiped. */
#include "picture/picture.h"

/* The picture as text on standard output, with an empty line before it. */
MUST_USE Status picture_show(const Picture *picture);
/* `content` as a QR code, so. Refuses what picture_qr() refuses. */
MUST_USE Status picture_show_qr(Span content);
/* As PNG, for its owner alone. */
MUST_USE Status picture_save(const Picture *picture, const char *file);
