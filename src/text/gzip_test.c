/* Goal: what is packed is the same again for everybody who unpacks. Method: zlib's own inflate,
 * with its check of the sum at the end; sizes about the borders; room that is one byte too
 * small. */
#include "text/gzip.h"

#include <zlib.h>

#include "base/expect.h"

enum { SIZE_MAX_TRIED = 70000 };

static uint8_t plain[SIZE_MAX_TRIED];
static uint8_t packed[SIZE_MAX_TRIED + 1024];
static uint8_t again[SIZE_MAX_TRIED + 1];

static size_t unpack(Span bytes)
{
    z_stream stream = {
        .avail_in = (uInt)bytes.size, .next_out = again, .avail_out = sizeof(again)
    };
    memcpy(&stream.next_in, &bytes.data, sizeof(stream.next_in));
    ASSERT(inflateInit2(&stream, 15 + 16) == Z_OK);
    ASSERT(inflate(&stream, Z_FINISH) == Z_STREAM_END);
    const size_t size = stream.total_out;
    ASSERT(stream.avail_in == 0);
    inflateEnd(&stream);
    return size;
}

static void test_it_is_the_same_again(void)
{
    static const size_t sizes[] = { 0, 1, 2, 255, 4096, 65535, 65536, SIZE_MAX_TRIED };
    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * i >> 7);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        Buffer out = BUFFER_OF(packed);
        EXPECT_OK(gzip_pack((Span) { plain, sizes[i] }, &out));
        EXPECT(unpack(span_of_buffer(&out)) == sizes[i]);
        EXPECT(span_equal((Span) { plain, sizes[i] }, (Span) { again, sizes[i] }));
        Buffer tight = { again, 0, out.size };
        EXPECT_OK(gzip_pack((Span) { plain, sizes[i] }, &tight));
        EXPECT(span_equal(span_of_buffer(&out), span_of_buffer(&tight))); /* no time in it */
        Buffer small = { again, 0, out.size - 1 };
        EXPECT_REFUSED(gzip_pack((Span) { plain, sizes[i] }, &small), REFUSED_BUFFER_FULL);
        EXPECT(small.size == 0);
    }
}

TESTS(TEST(test_it_is_the_same_again))
