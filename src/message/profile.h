#pragma once
/*
 * profile: how a message is signed, as data: what is signed, with which algorithm, where it all
 * stands in the request and in the answer, clock.
 *
 * The room's first file. Another profile is another entry of the table in profile.c and its vectors
 * in profile_vectors.h (profile_test.c asks for them). LL-4.3.9. Floor 4. No shared state.
 *
 *   v3-rsa, v3-sm2            WeChat Pay API v3 (reference/message.md section 1): RSA (PKCS#1 v1.5
 *                             with SHA-256), SM2 (SM3, ID 1234567812345678, strict DER)
 *   sorted-rsa2, sorted-sm2   form fields, sorted and joined; the same algorithms
 *   lianlian-rsa, -sm2        hex of the JSON body's digest, as LianLian's open platform signs
 *   lianlian-md5              the same with its own MD5: `legacy`, off unless hufud.yaml names it
 */
#include "crypto/digest.h"
#include "crypto/sign.h"

enum {
    MESSAGE_PARTS_MAX = 5,
    MESSAGE_METHOD_BYTES_MAX = 16,
    MESSAGE_TARGET_BYTES_MAX = 8 * 1024,
    MESSAGE_NONCE_BYTES_MAX = 128,
    MESSAGE_TIMESTAMP_BYTES_MAX = 18, /* so that milliseconds are read too, and refused by name */
    MESSAGE_BODY_BYTES_MAX = 96 * 1024,
    MESSAGE_MCHID_BYTES_MAX = 32,
    MESSAGE_SERIAL_BYTES_MAX = 64,
    MESSAGE_SIGNATURE_TEXT_MAX = 684, /* base64 of RSA-4096 */
    MESSAGE_CANONICAL_BYTES_MAX = MESSAGE_METHOD_BYTES_MAX + MESSAGE_TARGET_BYTES_MAX
            + MESSAGE_NONCE_BYTES_MAX + MESSAGE_TIMESTAMP_BYTES_MAX + MESSAGE_BODY_BYTES_MAX
            + MESSAGE_PARTS_MAX,
    MESSAGE_SKEW_S = 300, /* 300 is accepted, 301 refused */
};

typedef enum MessagePart {
    MESSAGE_METHOD = 1,
    MESSAGE_TARGET, /* path and raw query, exactly as sent */
    MESSAGE_TIMESTAMP, /* the text, exactly as sent */
    MESSAGE_NONCE,
    MESSAGE_BODY, /* raw bytes */
} MessagePart;

typedef enum MessageForm {
    MESSAGE_LINES = 1, /* the parts one after another */
    MESSAGE_SORTED, /* `name=value` of all fields but the signature, by name, empty ones left out */
    MESSAGE_DIGEST, /* the body's digest as hexadecimal digits in lower case */
} MessageForm;

/* What is signed. */
typedef struct MessageLines {
    MessageForm form;
    char separator;
    bool separator_at_end;
    uint8_t count; /* of MESSAGE_LINES */
    uint8_t parts[MESSAGE_PARTS_MAX]; /* MessagePart */
} MessageLines;

/* Where scheme, sender, clock and signature of a request stand. */
typedef enum MessageCarrier {
    CARRIER_AUTHORIZATION = 1, /* the header Authorization (authorization.h) */
    CARRIER_FORM, /* fields of an application/x-www-form-urlencoded body (envelope.h) */
    CARRIER_BODY, /* members of a JSON body, its signature in headers (signed_body.h) */
} MessageCarrier;

typedef enum MessageField {
    FIELD_CONTENT = 0, /* JSON as the body of the v3 profile has it; of a GET its query */
    FIELD_MERCHANT,
    FIELD_METHOD, /* `POST /v3/pay/transactions/native` */
    FIELD_NONCE,
    FIELD_SERIAL, /* of the key that signed */
    FIELD_SIGNATURE,
    FIELD_SCHEME,
    FIELD_TIMESTAMP,
    MESSAGE_FIELDS,
} MessageField;

/* The headers of an answer; NULL: none, the body says it. */
typedef struct AnswerNames {
    const char *timestamp;
    const char *nonce;
    const char *serial;
    const char *signature;
    const char *scheme;
} AnswerNames;

typedef struct SigningProfile {
    uint8_t number; /* stored: append only; at most PROFILE_NUMBER_MAX */
    const char *name; /* as people say it */
    const char *scheme; /* on the wire */
    KeyAlgorithm algorithm;
    const char *sm2_id; /* NULL: the standard's own, 1234567812345678 */
    DigestAlgorithm digest; /* of MESSAGE_DIGEST; what is `legacy` has MD5 */
    MessageCarrier carrier;
    const char *const *fields; /* [MESSAGE_FIELDS] of MESSAGE_SORTED and CARRIER_FORM */
    MessageLines request;
    MessageLines answer; /* and notifications */
    AnswerNames headers;
    int64_t skew_s;
    bool everyones; /* else of merchants who were given it (access/merchant_profile.h) */
    bool legacy; /* its digest is broken: digest and signature are MD5's; only verified with */
    const struct SigningProfile *answered; /* how answers are signed; NULL: by itself */
} SigningProfile;

enum { PROFILE_NUMBER_MAX = 62 };

extern const SigningProfile profile_v3_rsa; /* WECHATPAY2-SHA256-RSA2048 */
extern const SigningProfile profile_v3_sm2; /* WECHATPAY2-SM2-WITH-SM3 */

/* All of them; index < profile_count(). */
size_t profile_count(void);
const SigningProfile *profile_at(size_t index);
/* Exact match, or NULL. */
const SigningProfile *profile_by_scheme(MessageCarrier carrier, Span scheme);
const SigningProfile *profile_by_name(Span name);
/* Which one its answers are signed by: never a legacy one. */
const SigningProfile *profile_of_answers(const SigningProfile *profile);
/* The v3 profile of keys of this algorithm. */
const SigningProfile *profile_by_algorithm(KeyAlgorithm algorithm);

/* The parts of one message; those that the lines do not name are not looked at. */
typedef struct MessageParts {
    Span method;
    Span target;
    Span timestamp;
    Span nonce;
    Span body;
    Span merchant; /* these three: MESSAGE_SORTED */
    Span serial;
    Span call; /* FIELD_METHOD */
} MessageParts;

/* Append the canonical string of a request, or of an answer. Refuses REFUSED_BUFFER_FULL. */
MUST_USE Status message_request(
        const SigningProfile *profile, const MessageParts *parts, Buffer *ret_text);
MUST_USE Status message_answer(
        const SigningProfile *profile, const MessageParts *parts, Buffer *ret_text);

/* Sign and verify under the profile's algorithm and ID; keys of another algorithm refuse
 * REFUSED_KEY_FORMAT. Nothing is signed under a legacy profile (asserted). */
MUST_USE Status profile_sign(const SigningProfile *profile, const PrivateKey *key, Span canonical,
        Buffer *ret_signature);
MUST_USE Status profile_verify(
        const SigningProfile *profile, const PublicKey *key, Span canonical, Span signature);
