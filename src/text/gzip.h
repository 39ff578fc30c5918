#pragma once
/*
 * gzip: bytes packed as one gzip member (RFC 1952), without name or time: the same bytes in, the
 * same bytes out. For what clients ask for packed; nothing of theirs is ever unpacked. Floor 1. No
 * shared state.
 */
#include "base/bytes.h"

/* Append. Refuses REFUSED_BUFFER_FULL; then, and on a fault, ret_packed is unchanged. Faults
 * FAULT_MEMORY. */
MUST_USE Status gzip_pack(Span bytes, Buffer *ret_packed);
