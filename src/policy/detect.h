#pragma once
/*
 * detect: finds in text what must not be there. One engine for all doors: free text of merchants
 * (TP-5, TP-8), the log sink (base/log.h), and the scanner (src/scan), which only decides faster
 * where to look. Typed identifiers (order numbers, payment codes) are judged by their grammar, not
 * here.
 *
 *   card          13..19 digits, alone or grouped as cards are printed, of a known issuer range,
 *                 passing Luhn's check (ISO/IEC 7812-1)
 *   card code     CVN, CVV, CVC and their names, then three or four digits
 *   track         ISO 7813 track 1 ("%B" PAN "^") and track 2 (PAN "=" or "D" seven digits)
 *   chip          EMV tag 57 or 5A in hexadecimal: track 2 equivalent, PAN
 *   identity      18 characters of GB 11643: region, date, check character
 *   phone         a Chinese mobile number beside a word that says so, with +86, or grouped 3-4-4
 *   private key   PEM, OpenSSH, PuTTY, PGP, bare PKCS#8 or PKCS#1 (base64 or DER), named SM2 keys
 *   secret        `password=...` and its kin, JWT, bearer tokens, cloud and service keys
 *   account       an internal address with its account (TP-14): URLs with a password, user@10.x,
 *                 an RFC 1918 host beside a user and a password
 *
 * Read in any of these spellings and two or three of them on top of each other: full-width and
 * other digits of Unicode, %34, \u0034, \x34, &#52;, base64 (both alphabets), hexadecimal of ASCII.
 * Single separators (space - . _ /) may stand between the groups of a number.
 *
 * The text is any bytes. No state, no allocation; about 13 KiB of stack. Floor 0.
 */
#include "base/bytes.h"

/* Stored in baseline files by name: append only. */
typedef enum DetectKind {
    DETECT_NOTHING = 0,
    DETECT_CARD = 1,
    DETECT_CARD_CODE = 2,
    DETECT_TRACK = 3,
    DETECT_CHIP = 4,
    DETECT_IDENTITY = 5,
    DETECT_PHONE = 6,
    DETECT_PRIVATE_KEY = 7,
    DETECT_SECRET = 8,
    DETECT_ACCOUNT = 9,
    DETECT_KINDS,
} DetectKind;

#define DETECT_SET(kind) (1u << (unsigned)(kind))
/* Never stored (TP-5). */
#define DETECT_PROHIBITED \
    (DETECT_SET(DETECT_CARD_CODE) | DETECT_SET(DETECT_TRACK) | DETECT_SET(DETECT_CHIP))
/* What the doors of the payment API refuse. */
#define DETECT_DOOR (DETECT_PROHIBITED | DETECT_SET(DETECT_CARD))
/* What they refuse in text that is kept as it comes. */
#define DETECT_KEPT (DETECT_ALL & ~DETECT_SET(DETECT_PHONE))
#define DETECT_ALL (DETECT_SET(DETECT_KINDS) - 2u)

enum {
    DETECT_WINDOW = 2048, /* bytes looked at in one piece */
    DETECT_OVERLAP = 512, /* a finding is whole in one piece when it is no longer than this */
    DETECT_VALUE_BYTES_MAX = 256,
    DETECT_FIELDS_MAX = 32, /* of one record */
};

/* `value` is the finding as it was read (decoded, separators kept) and is secret: it goes into a
 * keyed fingerprint or a mask, nowhere else. Borrowed during the call. */
typedef struct Detection {
    DetectKind kind;
    size_t at; /* in the text as given; of an encoded finding its first encoded byte */
    size_t size; /* of an encoded finding about its encoded size */
    Span value;
} Detection;

typedef void (*DetectFound)(void *context, const Detection *found);

/* "card_number", "track_data": for people and for baselines. Static storage. */
const char *detect_kind_name(DetectKind kind);

/* Call `found` for each finding of `kinds` (a set of DETECT_SET), nearly in order; one value in one
 * place is found once. Time is linear in the text. */
void detect_each(Span text, unsigned kinds, DetectFound found, void *context);

/* For a prefilter: a card number, a track, chip data, an identity number or a grouped phone number
 * begins at this byte, unencoded. `at` is the first digit of a group or of a chip's tag. */
bool detect_number_at(Span text, size_t at);

/* The first kind found in the text, DETECT_NOTHING when it is clean; the prohibited before others.
 */
DetectKind detect_kind(Span text, unsigned kinds);

/*
 * The same for the fields of one record in their order, at most DETECT_FIELDS_MAX: each alone, then
 * numbers that are split over neighbours, then a name ("cvv", "password") in one field with its
 * value in the next. ret_first, ret_last: the fields that hold the finding; may be NULL.
 */
DetectKind detect_kind_in_fields(
        const Span *fields, size_t count, unsigned kinds, size_t *ret_first, size_t *ret_last);

/* Only what is split over neighbours. */
DetectKind detect_kind_over_fields(
        const Span *fields, size_t count, unsigned kinds, size_t *ret_first, size_t *ret_last);

/* Doors: refuse REFUSED_DATA_PROHIBITED, REFUSED_DATA_CARD_NUMBER. */
MUST_USE Status detect_free_text(Span text);
/* `ret_first`, on refusal: the field that holds it, or its beginning; may be NULL. */
MUST_USE Status detect_fields(const Span *fields, size_t count, size_t *ret_first);
/* The same for text that is kept as it comes: refuses besides REFUSED_DATA_SENSITIVE (identity
 * numbers, private keys, secrets, internal accounts: TP-6, TP-7, TP-14). Phone numbers stay: shops
 * sell top-ups for them. */
MUST_USE Status detect_kept_text(Span text);

/* The guard of a program's log (base/log.h): all kinds; returns the kind's name or NULL. */
const char *detect_guard(const Span *fields, size_t count, size_t *ret_first, size_t *ret_last);
