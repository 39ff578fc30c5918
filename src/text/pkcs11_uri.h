#pragma once
/*
 * pkcs11_uri: which key of which token (RFC 7512):
 *
 *   pkcs11:token=cards;object=alice?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/p
 *
 * `token`, `object` (or `id`) and `module-path` must be there. Attributes that we do not know are
 * refused rather than passed over, each twice likewise; so is `pin-value`: a PIN in a URI stands in
 * lists of processes and in histories of shells. Floor 1.
 */
#include "base/bytes.h"

enum {
    PKCS11_URI_BYTES_MAX = 512,
    PKCS11_TOKEN_BYTES_MAX = 32, /* CK_TOKEN_INFO.label */
    PKCS11_OBJECT_BYTES_MAX = 64,
    PKCS11_ID_BYTES_MAX = 64,
    PKCS11_PATH_BYTES_MAX = 255,
};

typedef struct Pkcs11Uri { /* texts end with NUL; empty: not given */
    char token[PKCS11_TOKEN_BYTES_MAX + 1];
    char object[PKCS11_OBJECT_BYTES_MAX + 1];
    char module_path[PKCS11_PATH_BYTES_MAX + 1]; /* absolute */
    char pin_file[PKCS11_PATH_BYTES_MAX + 1]; /* absolute; of "pin-source=file:" */
    uint8_t id[PKCS11_ID_BYTES_MAX];
    size_t id_bytes;
} Pkcs11Uri;

bool pkcs11_uri_is(Span text); /* it begins with "pkcs11:" */
/* Refuses REFUSED_TOKEN_URI. */
MUST_USE Status pkcs11_uri_parse(Span text, Pkcs11Uri *ret_uri);
