#pragma once
/*
 * mouths: every way in which a text from outside comes into hufud: bodies, wrong types, broken
 * JSON, unknown names, headers, queries, paths, over-long ones, at each of its doors. None of them
 * is a place where the text belongs.
 */
#include "asks.h"
#include "browser.h"
#include "callers.h"
#include "payer_phone.h"

typedef enum MouthDoor {
    MOUTH_MERCHANT, /* signed as it should be */
    MOUTH_STRANGER, /* the same port without a signature; payers speak so, too */
    MOUTH_CALLER, /* the vault's service */
    MOUTH_OPERATOR, /* the admin socket */
    MOUTH_PAYER, /* signed by a registered payer's device, in his session */
    MOUTH_CONSOLE, /* from the page of somebody who has logged in */
} MouthDoor;

/* '@' in target, body or header stands for the text. */
typedef struct Mouth {
    const char *name;
    MouthDoor door;
    const char *method; /* NULL: POST */
    const char *target;
    const char *body; /* NULL: none */
    const char *header_name; /* one more header; NULL: none */
    const char *header;
    const char *type; /* NULL: application/json */
    bool raw; /* the body is no JSON: nothing is escaped in it */
    bool free_text; /* any text may stand here that is not sensitive */
    bool harmless; /* what is said there is not looked at: need not be refused */
    size_t filler; /* bytes behind the body, or in the header */
} Mouth;

size_t mouths_count(void);
const Mouth *mouth_at(size_t index);

typedef struct Mouths {
    const Stand *stand;
    const MerchantApp *merchant;
    HttpClient *http;
    HttpClient *service;
    const PayerPhone *phone;
    Browser *console;
} Mouths;

typedef struct MouthText {
    Span text;
    bool escaped; /* it is spelled in JSON's own escapes */
} MouthText;

/* Can this text be said there at all? */
bool mouth_takes(const Mouth *mouth, const MouthText *text);
/* Say it. ret_answer->fields.status: 0 when the connection was closed without a word; for the
 * operator's door 200 or 400. */
void mouth_say(
        const Mouths *mouths, const Mouth *mouth, const MouthText *text, AskAnswer *ret_answer);
