#include "picture/picture.h"

#include <errno.h>
#include <qrencode.h>

enum { QR_QUIET = 4 };

static void code_free(QRcode **code) { QRcode_free(*code); }

Status picture_qr(Span content, Picture *ret_picture)
{
    REQUIRE(content.size > 0 && content.size <= PICTURE_QR_BYTES_MAX, REFUSED_PICTURE_CONTENT);
    CLEANUP(code_free)
    QRcode *code = QRcode_encodeData((int)content.size, content.data, 0, QR_ECLEVEL_M);
    CHECK(code != NULL, FAULT_MEMORY);
    const size_t side = (size_t)code->width;
    REQUIRE(side <= PICTURE_SIDE_MAX, REFUSED_PICTURE_CONTENT);
    *ret_picture = (Picture) { .width = side, .height = side, .module_tall = 1, .quiet = QR_QUIET };
    for (size_t i = 0; i < side * side; i++)
        ret_picture->dark[i] = code->data[i] & 1;
    return OK;
}
