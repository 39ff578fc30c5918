#pragma once
/*
 * box: seal input for the holder of a private key, bound to what it is for (TP-4, DESIGN
 * section 6).
 *
 *     box = version u8 (1) | suite u8 | recipient key id u32
 *         | encapsulated key, framed (65 bytes: 04 || x || y)
 *         | context, framed (the AAD, see below)
 *         | cipher || tag, framed                                     (framed = u32 length, bytes)
 *
 * Suite 1 is HPKE base mode, RFC 9180: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
 * Suite 2 is the same construction with Chinese parts: Diffie-Hellman on the SM2 curve, HKDF-SM3,
 * SM4-GCM, under private-use ids kem 0xFF02, kdf 0xFF02, aead 0xFF02 (docs in box.c).
 * HPKE info = "hufu box 1" | version | suite | key id, so no header byte can be changed. A box is
 * sequence number 0 of its encapsulation. Thread-safe. Floor 1.
 *
 * A *session* saves the Diffie-Hellman of the messages after the first: its opening is a box (whose
 * context says what the session is for, and whose plaintext is empty), and both sides go on with
 * the same HPKE context: message n >= 1 has the nonce base_nonce XOR n (RFC 9180 section 5.2) and
 * additional data of its own. Who seals never uses a number twice; who opens refuses a number that
 * was used: that memory is the caller's.
 *
 * A *spelled* box is what a field of a page makes of keystrokes (TP-4, TP-19): each is sealed when
 * it comes, so that nobody who makes the box ever holds the whole value (docs/decisions/0075).
 *
 *     spelled = version u8 (2) | suite u8 | key id u32 | encapsulated key framed | context framed
 *             | opening's tag framed | strokes framed | end framed
 *     stroke  = number u32 | kind u8 (BoxStroke) | cipher || tag framed
 *     end     = number u32 | tag
 *
 * Opening, strokes and end are messages of one session: 0, and then numbers that rise (what was
 * taken back leaves a gap; no number is sealed with twice). A stroke's additional data is "stroke"
 * and its kind; the end's is "end" and all strokes as they stand: none can be left out, moved or
 * added. What opens is what was typed, joined; a place on the pad is its digit (box_pad()).
 *
 *     context = version u8 (1) | class u16 | purpose u16 | amount i64 | currency u8[3]
 *             | expiry i64 (us) | server nonce u8[16] | tenant framed | order framed | payee framed
 */
#include "base/seams.h"
#include "crypto/sign.h"

enum {
    BOX_POINT_BYTES = 65,
    BOX_NONCE_BYTES = 16,
    BOX_NAME_BYTES_MAX = 128, /* tenant, order, payee */
    BOX_PLAIN_BYTES_MAX = 4096, /* a field, never a file */
    BOX_CONTEXT_BYTES_MAX = 1 + 2 + 2 + 8 + 3 + 8 + BOX_NONCE_BYTES + 3 * (4 + BOX_NAME_BYTES_MAX),
    BOX_OVERHEAD_BYTES_MAX = 6 + 4 + BOX_POINT_BYTES + 4 + BOX_CONTEXT_BYTES_MAX + 4 + 16,
    BOX_BYTES_MAX = BOX_PLAIN_BYTES_MAX + BOX_OVERHEAD_BYTES_MAX,
    BOX_STROKES_MAX = 64,
    BOX_STROKE_BYTES_MAX = 16, /* one character as it is written: letter and accents */
    BOX_PAD_KEYS = 10,
};

/* In boxes: append only. */
typedef enum BoxStroke {
    BOX_STROKE_TEXT = 1, /* UTF-8 of one character */
    BOX_STROKE_PAD = 2, /* u8: a place on the pad, 0 first */
} BoxStroke;

/* Stored: append only. */
typedef enum BoxSuite {
    BOX_P256_AES_256_GCM = 1, /* recipient KEY_P256 */
    BOX_SM2_SM4_GCM = 2, /* recipient KEY_SM2 */
} BoxSuite;

typedef struct BoxContext {
    uint16_t data_class; /* policy's ids */
    uint16_t purpose;
    int64_t amount; /* minor units; 0 when none */
    uint8_t currency[3]; /* "CNY"; zeros when there is no amount */
    int64_t expiry_us;
    uint8_t server_nonce[BOX_NONCE_BYTES];
    Span tenant; /* each 0..BOX_NAME_BYTES_MAX bytes, borrowed */
    Span order;
    Span payee;
} BoxContext;

/* A parsed, not yet authenticated box. Spans borrow from the parsed bytes. */
typedef struct Box {
    BoxSuite suite;
    uint32_t key_id;
    Span encapsulated;
    Span context_bytes; /* exactly what is authenticated */
    BoxContext context;
    Span sealed; /* of a spelled box: the opening's tag */
    bool is_spelled;
    Span strokes; /* of a spelled box */
    Span end;
} Box;

/* The one canonical encoding: equal contexts have equal bytes. Refuses REFUSED_BOX_FORMAT (a name
 * too long), REFUSED_BUFFER_FULL. */
MUST_USE Status box_context_put(const BoxContext *context, Buffer *ret_bytes);
/* Refuses REFUSED_BOX_FORMAT unless `bytes` is exactly one context. */
MUST_USE Status box_context_parse(Span bytes, BoxContext *ret_context);

/*
 * Append a box for `recipient` (KEY_P256 or KEY_SM2 chooses the suite).
 * Refuses REFUSED_BOX_FORMAT (sizes, key algorithm), REFUSED_BUFFER_FULL. Faults FAULT_CRYPTO.
 */
MUST_USE Status box_seal(const PublicKey *recipient, uint32_t key_id, const Random *random,
        const BoxContext *context, Span plain, Buffer *ret_box);

/* Read untrusted bytes. Refuses REFUSED_BOX_FORMAT. */
MUST_USE Status box_parse(Span bytes, Box *ret_box);

/*
 * Open a parsed box with the key its key_id names. box->context is authentic only after OK.
 * ret_plain  at most BOX_PLAIN_BYTES_MAX; will hold a secret: wipe it after use
 * Refuses REFUSED_BOX_TAMPERED (anything differs), REFUSED_BOX_FORMAT (key of another suite;
 * strokes that are none), REFUSED_BUFFER_FULL. Unless OK, ret_plain is unchanged.
 */
MUST_USE Status box_open(const PrivateKey *recipient, const Box *box, Buffer *ret_plain);

/*
 * Which digit lies at which place of the pad that belongs to this encapsulated key (TP-19): drawn
 * from the recipient's secret, another one for each session, and the same whenever it is asked.
 * ret_digits: '0'..'9', each once. Refuses REFUSED_BOX_FORMAT (not a point's size, key of no
 * suite).
 */
MUST_USE Status box_pad(
        const PrivateKey *recipient, Span encapsulated, uint8_t ret_digits[BOX_PAD_KEYS]);

/* --- sessions --- */

typedef struct BoxSession { /* secret: the owner wipes it */
    uint8_t suite; /* BoxSuite; 0: none */
    uint8_t key[32];
    uint8_t nonce[12];
} BoxSession;

/* For CLEANUP. */
void box_session_wipe(BoxSession *session);

/* Append the opening for `recipient`, and keep what the messages are sealed with. As box_seal(). */
MUST_USE Status box_session_begin(const PublicKey *recipient, uint32_t key_id, const Random *random,
        const BoxContext *context, Buffer *ret_box, BoxSession *ret_session);
/* The same session from its opening. Refuses as box_open(); REFUSED_BOX_FORMAT (it has a
 * plaintext: it is no opening). */
MUST_USE Status box_session_accept(
        const PrivateKey *recipient, const Box *box, BoxSession *ret_session);

/* Append cipher || tag of message `number` (1..). Refuses REFUSED_BOX_FORMAT (number 0, too
 * large), REFUSED_BUFFER_FULL. */
MUST_USE Status box_session_seal(
        const BoxSession *session, uint64_t number, Span aad, Span plain, Buffer *ret_sealed);
/* Append the plaintext. Refuses REFUSED_BOX_FORMAT (number 0), REFUSED_BOX_TAMPERED,
 * REFUSED_BUFFER_FULL. Unless OK, ret_plain is unchanged. */
MUST_USE Status box_session_open(
        const BoxSession *session, uint64_t number, Span aad, Span sealed, Buffer *ret_plain);
