#include "message/request.h"

#include "base/encoding.h"
#include "base/time.h"

#include <stdlib.h>

struct MessageVerifier {
    MessageKeys keys;
    NonceSet *nonces;
    PublicKey *decoy_rsa;
    PublicKey *decoy_sm2;
};

/* Keys whose private halves were never stored: nothing verifies under them. They make a request in
 * the name of nobody cost what one in the name of a merchant costs. */
static const char decoy_rsa_pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqDp8EFZ6lbGJ2SSKO2Md\n"
        "A+BajwUbD7bJXkaPJ6i8AQ3jOIuMM4ASayHiP5NOdoOTmVIDdwlOg7P8VT14tOSj\n"
        "gKX9hCMOztAHMTbn9ifJSQjwTzqY3UmIafd/mTolHho6gB6mgTOX0XS6/+5mpIX2\n"
        "ddOzsV+oDWugKi3ZNHJjGTtAkobQvS7tHAQ+/xWHtqc/+lszoCCMcGRO9fvP4oaK\n"
        "RSvwy7qWWnDpbhC+FXvvUyYeFxyDGcGyvW2HBDrMTDot1jo7ynSCYTY0o89AZAj0\n"
        "C4v5/8myMRtnuTcSegtlfQX+ridi+51Y2FkLfGZ1rNKEMdqy0uAxbTMW0pn2umiy\n"
        "5QIDAQAB\n"
        "-----END PUBLIC KEY-----\n";
static const char decoy_sm2_pem[] =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEvRjkJSPfJXsxmu9atclAc7ZqAqKG\n"
        "YMIKfEEE+XW+PNrL8gzlLgkywZqz1cAD10+MZJtJM05YP3pOk767sFjDcA==\n"
        "-----END PUBLIC KEY-----\n";

MUST_USE static Status open_decoys(MessageVerifier *verifier)
{
    TRY(public_key_from_pem(span_of_text(decoy_rsa_pem), &verifier->decoy_rsa));
    return public_key_from_pem(span_of_text(decoy_sm2_pem), &verifier->decoy_sm2);
}

Status message_verifier_open(
        const MessageKeys *keys, NonceSet *nonces, MessageVerifier **ret_verifier)
{
    MessageVerifier *verifier = calloc(1, sizeof(*verifier));
    CHECK(verifier != NULL, FAULT_MEMORY);
    verifier->keys = *keys;
    verifier->nonces = nonces;
    const Status status = open_decoys(verifier);
    if (!status_ok(status)) {
        message_verifier_close(verifier);
        return status;
    }
    *ret_verifier = verifier;
    return OK;
}

void message_verifier_close(MessageVerifier *verifier)
{
    if (verifier == NULL) return;
    public_key_free(&verifier->decoy_rsa);
    public_key_free(&verifier->decoy_sm2);
    free(verifier);
}

MUST_USE static Status check_clock(const Authorization *authorization, int64_t now_us)
{
    const int64_t apart_s = now_us / TIME_SECOND_US - authorization->timestamp_s;
    const int64_t skew_s = authorization->profile->skew_s;
    REQUIRE(apart_s <= skew_s && apart_s >= -skew_s, REFUSED_TIMESTAMP_SKEWED);
    return OK;
}

/* What the sender's key says of the signature; with nobody's key the same work is done and the
 * finding stands. */
MUST_USE static Status check_key(const MessageVerifier *verifier,
        const Authorization *authorization, Span canonical, Span signature)
{
    const SigningProfile *profile = authorization->profile;
    const PublicKey *key = NULL;
    Status found = verifier->keys.find(verifier->keys.context, authorization->mchid,
            authorization->serial, profile->algorithm, &key);
    if (status_broken(found)) return found;
    const bool held = status_ok(found);
    if (held && public_key_algorithm(key) != profile->algorithm)
        found = REFUSE(REFUSED_MERCHANT_KEY_UNKNOWN);

    const PublicKey *decoy =
            profile->algorithm == KEY_SM2 ? verifier->decoy_sm2 : verifier->decoy_rsa;
    const Status verdict =
            profile_verify(profile, status_ok(found) ? key : decoy, canonical, signature);
    if (held && verifier->keys.release != NULL) verifier->keys.release(verifier->keys.context, key);
    return status_ok(found) ? verdict : found;
}

MUST_USE static Status check_signature(
        const MessageVerifier *verifier, const Authorization *authorization, Span canonical)
{
    uint8_t signature_bytes[SIGN_BYTES_MAX];
    Buffer signature = BUFFER_OF(signature_bytes);
    REQUIRE(status_ok(base64_decode(authorization->signature, &signature)),
            REFUSED_SIGNATURE_FORMAT);
    return check_key(verifier, authorization, canonical, span_of_buffer(&signature));
}

MUST_USE static Status spend_nonce(NonceSet *nonces, const MessageSender *sender, int64_t now_us)
{
    if (nonces == NULL) return OK;
    return nonce_remember(nonces, sender->nonce_digest, sender->expires_s, now_us / TIME_SECOND_US);
}

/* Clock, signature, nonce. */
MUST_USE static Status verify(const MessageVerifier *verifier, const Authorization *authorization,
        const MessageParts *parts, int64_t now_us, Buffer *scratch, MessageSender *ret_sender)
{
    TRY(message_request(authorization->profile, parts, scratch));
    TRY(check_clock(authorization, now_us));
    TRY(check_signature(verifier, authorization, span_of_buffer(scratch)));

    MessageSender sender = {
        .profile = authorization->profile,
        .mchid = authorization->mchid,
        .serial = authorization->serial,
        .nonce = authorization->nonce,
        .timestamp_s = authorization->timestamp_s,
        .expires_s = authorization->timestamp_s + authorization->profile->skew_s,
    };
    nonce_digest(sender.mchid, sender.nonce, sender.nonce_digest);
    TRY(spend_nonce(verifier->nonces, &sender, now_us));
    *ret_sender = sender;
    return OK;
}

Status message_verify(const MessageVerifier *verifier, const MessageRequest *request,
        int64_t now_us, Buffer *scratch, MessageSender *ret_sender)
{
    scratch->size = 0;
    REQUIRE(request->authorization_count > 0, REFUSED_AUTHORIZATION_MISSING);
    REQUIRE(request->authorization_count == 1, REFUSED_AUTHORIZATION_FORMAT);
    Authorization authorization = { 0 };
    TRY(authorization_parse(request->authorization, &authorization));
    const MessageParts parts = {
        .method = request->method,
        .target = request->target,
        .timestamp = authorization.timestamp,
        .nonce = authorization.nonce,
        .body = request->body,
    };
    return verify(verifier, &authorization, &parts, now_us, scratch, ret_sender);
}

Status message_verify_envelope(const MessageVerifier *verifier, const Envelope *envelope,
        int64_t now_us, Buffer *scratch, MessageSender *ret_sender)
{
    const MessageParts parts = envelope_parts(envelope);
    scratch->size = 0;
    return verify(verifier, &envelope->who, &parts, now_us, scratch, ret_sender);
}
