#include "picture/picture.h"

#include "base/secret.h"

#include <png.h>
#include <stdlib.h>

enum { DOTS_PER_MODULE = 6 };

static size_t drawn_width(const Picture *p) { return p->width + 2 * p->quiet; }
static size_t drawn_height(const Picture *p) { return p->height * p->module_tall + 2 * p->quiet; }

/* x, y: modules as wide as tall, with the quiet zone. */
static bool is_dark(const Picture *p, size_t x, size_t y)
{
    if (x < p->quiet || y < p->quiet) return false;
    const size_t column = x - p->quiet;
    const size_t row = (y - p->quiet) / p->module_tall;
    if (column >= p->width || row >= p->height) return false;
    return p->dark[row * p->width + column] != 0;
}

/* --- PNG --- */

static void gray_fill(const Picture *p, size_t width, size_t height, uint8_t *ret_gray)
{
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            ret_gray[y * width + x] =
                    is_dark(p, x / DOTS_PER_MODULE, y / DOTS_PER_MODULE) ? 0 : 0xff;
}

static Status png_put(size_t width, size_t height, const uint8_t *gray, Buffer *out)
{
    png_image image = { .version = PNG_IMAGE_VERSION,
        .width = (png_uint_32)width,
        .height = (png_uint_32)height,
        .format = PNG_FORMAT_GRAY };
    png_alloc_size_t size = out->capacity - out->size;
    const int written =
            png_image_write_to_memory(&image, out->data + out->size, &size, 0, gray, 0, NULL);
    png_image_free(&image);
    REQUIRE(written != 0, REFUSED_BUFFER_FULL);
    out->size += size;
    return OK;
}

Status picture_png(const Picture *picture, Buffer *out)
{
    const size_t width = drawn_width(picture) * DOTS_PER_MODULE;
    const size_t height = drawn_height(picture) * DOTS_PER_MODULE;
    uint8_t *gray = malloc(width * height);
    CHECK(gray != NULL, FAULT_MEMORY);
    gray_fill(picture, width, height, gray);
    const Status s = png_put(width, height, gray, out);
    bytes_wipe(gray, width * height);
    free(gray);
    return s;
}

/* --- text --- */

Status picture_text(const Picture *picture, Buffer *out)
{
    static const char *const blocks[] = { " ", "\u2584", "\u2580", "\u2588" };
    for (size_t y = 0; y < drawn_height(picture); y += 2) {
        for (size_t x = 0; x < drawn_width(picture); x++) {
            const size_t upper = is_dark(picture, x, y) ? 0 : 2;
            const size_t lower = is_dark(picture, x, y + 1) ? 0 : 1;
            TRY(buffer_put(out, span_of_text(blocks[upper | lower])));
        }
        TRY(buffer_put(out, SPAN("\n")));
    }
    return OK;
}
