#pragma once
/*
 * shapes: requests, byte for byte, that two parsers may read differently (request smuggling), and
 * what else is no HTTP/1.1; and what must become of each at every door.
 *
 * A shape may hide a request: whole, signed and right by itself, it stands where a parser that
 * misread the first one would find a second. Source: RFC 9112 sections 2 to 7 and 11.2; RFC 9110.
 */
#include "base/bytes.h"

typedef enum ShapeEnd {
    SHAPE_REFUSED, /* one answer, 4xx or 501, then the connection ends */
    SHAPE_ONCE, /* one answer to one request; what it is depends on the door */
    SHAPE_ANSWERED_THEN_REFUSED, /* one answer, then one refusal, then the end */
} ShapeEnd;

typedef struct Shape {
    const char *name;
    Span head;
    char fill; /* sent `fills` times between head and tail */
    size_t fills;
    Span tail;
    bool counts; /* the hidden request is the body: a Content-Length of it ends the head */
    ShapeEnd end;
} Shape;

extern const Shape shapes[];
extern const size_t shape_count;
