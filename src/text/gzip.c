#include "text/gzip.h"

#define ZLIB_CONST
#include <zlib.h>

enum { WINDOW_BITS_GZIP = 15 + 16, MEMORY_LEVEL = 8 };

Status gzip_pack(Span bytes, Buffer *ret_packed)
{
    z_stream stream = { .next_in = bytes.data, .avail_in = (uInt)bytes.size };
    const size_t room = ret_packed->capacity - ret_packed->size;
    ASSERT(bytes.size <= UINT32_MAX && room <= UINT32_MAX);
    stream.next_out = ret_packed->data + ret_packed->size;
    stream.avail_out = (uInt)room;
    CHECK(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS_GZIP, MEMORY_LEVEL,
                  Z_DEFAULT_STRATEGY)
                    == Z_OK,
            FAULT_MEMORY);
    const bool whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
    const size_t size = stream.total_out;
    deflateEnd(&stream);
    REQUIRE(whole, REFUSED_BUFFER_FULL);
    ret_packed->size += size;
    return OK;
}
