#pragma once
/*
 * detect_test_canaries: values of every kind that must not be found anywhere, fresh ones for each
 * index, in every spelling that the detector promises to read. For tests and benchmarks; in no
 * program. All are made up: numbers have right check digits, keys open nothing.
 */
#include "policy/detect.h"

typedef enum CanaryEncoding {
    CANARY_PLAIN,
    CANARY_SPACED, /* cards only: 4-4-4-4 */
    CANARY_DASHED,
    CANARY_FULL_WIDTH,
    CANARY_PERCENT, /* %34 */
    CANARY_PERCENT_FULL_WIDTH, /* %EF%BC%94 */
    CANARY_PERCENT_TWICE, /* %2534 */
    CANARY_JSON, /* \u0034 */
    CANARY_JSON_FULL_WIDTH, /* \uFF14 */
    CANARY_BACKSLASH_X, /* \x34 */
    CANARY_ENTITY, /* &#52; */
    CANARY_BASE64, /* at the three phases */
    CANARY_BASE64_PHASE_1,
    CANARY_BASE64_PHASE_2,
    CANARY_BASE64_URL,
    CANARY_HEX, /* the hexadecimal of ASCII */
    CANARY_ENCODINGS,
} CanaryEncoding;

enum { CANARY_BYTES_MAX = 1800 };

/* The detector promises this kind in this spelling. */
bool canary_exists(DetectKind kind, CanaryEncoding encoding);
/* Its text, with the words around it that make it one ("cvv2=..."); at most CANARY_BYTES_MAX. */
void canary_make(DetectKind kind, CanaryEncoding encoding, uint64_t index, Buffer *ret_text);
/* The same without encoding. */
void canary_plain(DetectKind kind, uint64_t index, Buffer *ret_text);
/* "base64" */
const char *canary_encoding_name(CanaryEncoding encoding);
