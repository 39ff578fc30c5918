#include "shapes.h"

/* Not served to anybody who does not sign: where the outer request is handled, it is refused. */
#define POST "POST /v3/pay/transactions/native HTTP/1.1\r\n"
#define HOST "Host: localhost\r\n"
#define LAST "Connection: close\r\n"
#define CODED POST HOST "Content-Length: 5\r\n"
#define LENGTH(value) POST HOST "Content-Length:" value "\r\n\r\nhello"
#define TARGET(target) "GET " target " HTTP/1.1\r\n" HOST LAST "\r\n"

#define REFUSED(name, bytes)                                       \
    {                                                              \
        name, SPAN(bytes), 0, 0, { NULL, 0 }, false, SHAPE_REFUSED \
    }
#define ONCE(name, bytes)                                       \
    {                                                           \
        name, SPAN(bytes), 0, 0, { NULL, 0 }, false, SHAPE_ONCE \
    }
#define FILLED(name, head, fill, fills, tail)                           \
    {                                                                   \
        name, SPAN(head), fill, fills, SPAN(tail), false, SHAPE_REFUSED \
    }

const Shape shapes[] = {
    /* where does the body end? */
    REFUSED("CL.TE", CODED "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE.CL", POST HOST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n"),
    REFUSED("TE alone", POST HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE twice",
            CODED "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"),
    REFUSED("TE of another name", CODED "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE identity", CODED "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
    REFUSED("TE after a tab", CODED "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE before a blank", CODED "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE in capitals", CODED "TRANSFER-ENCODING: CHUNKED\r\n\r\n0\r\n\r\n"),
    REFUSED("TE folded", CODED "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE behind a bare LF", CODED "X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE behind a bare CR", CODED "X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("TE behind a control byte", CODED "\x0bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    REFUSED("chunk extension", POST HOST "Transfer-Encoding: chunked\r\n\r\n0;a=b\r\n\r\n"),
    REFUSED("chunk size overflows",
            POST HOST "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF0\r\n\r\n"),
    REFUSED("chunk size below zero", POST HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"),
    REFUSED("two lengths", POST HOST "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello"),
    REFUSED("two lengths alike", POST HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    REFUSED("length with a sign", LENGTH(" +5")),
    REFUSED("length below zero", LENGTH(" -5")),
    REFUSED("length in hexadecimal", LENGTH(" 0x5")),
    REFUSED("length with a blank behind", LENGTH(" 5 ")),
    REFUSED("length with a blank inside", LENGTH(" 0 5")),
    REFUSED("length as a list", LENGTH(" 5, 5")),
    REFUSED("length with a fraction", LENGTH(" 5.0")),
    REFUSED("no length", LENGTH("")),
    REFUSED("length overflows", LENGTH(" 18446744073709551621")),
    REFUSED("length in quotes", LENGTH(" \"5\"")),
    REFUSED("length in a name with a blank", POST HOST "Content-Length : 5\r\n\r\nhello"),
    REFUSED("length folded", POST HOST "Content-Length:\r\n 5\r\n\r\nhello"),
    { "a body that is a request", SPAN(POST HOST LAST), 0, 0, { NULL, 0 }, true, SHAPE_ONCE },
    { "a GET with a body", SPAN("GET /v3/pay HTTP/1.1\r\n" HOST LAST), 0, 0, { NULL, 0 }, true,
            SHAPE_ONCE },
    { "what is no request behind one", SPAN("GET /v3/pay HTTP/1.1\r\n" HOST "\r\n\x01\r\n\r\n"), 0,
            0, { NULL, 0 }, false, SHAPE_ANSWERED_THEN_REFUSED },

    /* where does a line, a name, a value end? */
    REFUSED("lines that end with LF", "GET / HTTP/1.1\nHost: localhost\n\n"),
    REFUSED("one line that ends with LF", "GET / HTTP/1.1\r\nHost: localhost\nX: a\r\n\r\n"),
    REFUSED("a bare CR in a value", "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"),
    REFUSED("a folded line", "GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"),
    REFUSED("a blank before the first header", "GET / HTTP/1.1\r\n " HOST "\r\n"),
    REFUSED("a blank before a colon", "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
    REFUSED("a header without a colon", "GET / HTTP/1.1\r\n" HOST "what\r\n\r\n"),
    REFUSED("a header without a name", "GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n"),
    REFUSED("NUL in a value", "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"),
    REFUSED("NUL in a name", "GET / HTTP/1.1\r\n" HOST "X\0Y: a\r\n\r\n"),
    REFUSED("NUL in the target", "GET /\0a HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a byte over 0x7F in a value", "GET / HTTP/1.1\r\n" HOST "X: \xff\r\n\r\n"),
    REFUSED("DEL in a value", "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n"),

    /* who is asked for what? */
    REFUSED("absolute-form of another host", "GET http://evil.example/ HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("absolute-form of this host", "GET https://localhost/ HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("authority-form", "CONNECT evil.example:443 HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("asterisk-form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a target without a slash", "GET v3 HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a fragment", "GET /#a HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("two Hosts", "GET / HTTP/1.1\r\n" HOST "Host: evil.example\r\n\r\n"),
    REFUSED("two Hosts alike", "GET / HTTP/1.1\r\n" HOST HOST "\r\n"),
    REFUSED("no Host", "GET / HTTP/1.1\r\n\r\n"),
    REFUSED("an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    REFUSED("a Host of two words", "GET / HTTP/1.1\r\nHost: localhost evil\r\n\r\n"),
    ONCE("an encoded slash", TARGET("/v3/pay/transactions%2fnative")),
    ONCE("dot segments", TARGET("/healthz/../v3/pay/transactions/native")),
    ONCE("encoded dot segments", TARGET("/%2e%2e/%2e%2e/etc/passwd")),
    ONCE("an encoded NUL", TARGET("/v3/pay/transactions/native%00.html")),
    ONCE("an encoded line end", TARGET("/v3/a%0d%0aX:%20b")),
    ONCE("a backslash", TARGET("/v3\\pay\\..\\..")),
    ONCE("two slashes", TARGET("//v3//pay")),

    /* is it HTTP/1.1? */
    REFUSED("HTTP/0.9", "GET /\r\n\r\n"),
    REFUSED("HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n"),
    REFUSED("HTTP/1.10", "GET / HTTP/1.10\r\n" HOST "\r\n"),
    REFUSED("HTTP/01.1", "GET / HTTP/01.1\r\n" HOST "\r\n"),
    REFUSED("http/1.1", "GET / http/1.1\r\n" HOST "\r\n"),
    REFUSED("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    REFUSED("an unknown method", "EXEC / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a method in lower case", "get / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("two blanks in the first line", "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a tab in the first line", "GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a blank at the end of the first line", "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    REFUSED("an empty line before the first", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    REFUSED("a blank before the first line", " GET / HTTP/1.1\r\n" HOST "\r\n"),
    ONCE("an upgrade to h2c",
            "GET /v3/pay HTTP/1.1\r\n" HOST "Connection: Upgrade, HTTP2-Settings, close\r\n"
            "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
    ONCE("an upgrade to websocket",
            "GET /v3/pay HTTP/1.1\r\n" HOST "Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
    ONCE("100-continue", POST HOST LAST "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"),
    ONCE("HTTP/1.0 without Host", "GET /v3/pay HTTP/1.0\r\n\r\n"),

    /* how much of it? */
    FILLED("a line of 9 KB", "GET /", 'a', 9216, " HTTP/1.1\r\n" HOST "\r\n"),
    FILLED("a header of 9 KB", "GET / HTTP/1.1\r\n" HOST "X: ", 'a', 9216, "\r\n\r\n"),
    FILLED("a name of 9 KB", "GET / HTTP/1.1\r\n" HOST, 'a', 9216, ": a\r\n\r\n"),
    FILLED("a line without an end", "GET /", 'a', 1 << 17, ""),
    FILLED("a method without an end", "", 'A', 1 << 17, ""),
    FILLED("a body of 600,000 bytes", POST HOST "Content-Length: 600000\r\n\r\n", 'a', 600000, ""),
    REFUSED("a body of an exabyte", POST HOST "Content-Length: 1152921504606846976\r\n\r\nhello"),
#define HEADERS_4 "a:b\r\na:b\r\na:b\r\na:b\r\n"
#define HEADERS_16 HEADERS_4 HEADERS_4 HEADERS_4 HEADERS_4
    REFUSED("65 headers",
            "GET / HTTP/1.1\r\n" HOST HEADERS_16 HEADERS_16 HEADERS_16 HEADERS_16 "\r\n"),
};
const size_t shape_count = sizeof(shapes) / sizeof(shapes[0]);
