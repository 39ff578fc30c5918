#include "shown_picture.h"

#include "command.h"

#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>

enum { PICTURE_FILE_MODE = 0600 };

Status picture_show(const Picture *picture)
{
    uint8_t *memory = malloc(PICTURE_TEXT_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, PICTURE_TEXT_BYTES_MAX };
    const Status s = picture_text(picture, &text);
    if (status_ok(s)) printf("\n%.*s", (int)text.size, (const char *)memory);
    bytes_wipe(memory, PICTURE_TEXT_BYTES_MAX);
    free(memory);
    return s;
}

Status picture_show_qr(Span content)
{
    Picture picture;
    Status s = picture_qr(content, &picture);
    if (status_ok(s)) s = picture_show(&picture);
    bytes_wipe(&picture, sizeof(picture));
    return s;
}

Status picture_save(const Picture *picture, const char *file)
{
    uint8_t *memory = malloc(PICTURE_PNG_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer png = { memory, 0, PICTURE_PNG_BYTES_MAX };
    Status s = picture_png(picture, &png);
    if (status_ok(s)) s = file_write(file, PICTURE_FILE_MODE, span_of_buffer(&png));
    bytes_wipe(memory, PICTURE_PNG_BYTES_MAX);
    free(memory);
    return s;
}
