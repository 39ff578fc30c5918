/* POST /v3/merchant-service/apiv3-key/activate: a merchant says that it has the next APIv3 key in
 * use; from then on the house encrypts under that one, and the one before is gone.
 *
 * GET /v3/merchant-service/apiv3-key: a merchant obtains its own APIv3 key, encrypted to its own
 * public key. What it signed goes on to vaultd, which verifies it again: we could not ask without
 * it (vault/key_owner.h, TP-7; routes.h). */
#include "api/routes.h"

#include "api/admission.h"
#include "api/signer.h"
#include "base/encoding.h"
#include "message/authorization.h"

static Status ask(Passage *p, Buffer *memory, WireKeyRevealed *ret_revealed)
{
    const KeyShow *work = &p->work.key_show;
    uint8_t record_bytes[DOMAIN_RECORD_BYTES_MAX];
    uint8_t signature_bytes[WIRE_SIGNATURE_BYTES_MAX];
    Buffer record = BUFFER_OF(record_bytes);
    Buffer signature = BUFFER_OF(signature_bytes);
    Authorization sender;
    TRY(authorization_parse(http_request_header(p->http, "Authorization"), &sender));
    TRY(base64_decode(sender.signature, &signature));
    const Status found = domain_get_signing_key(
            p->house->domain, span_of_text(p->mchid), clock_now_us(&p->house->clock), &record);
    REQUIRE(!status_is(found, (StatusCode)REFUSED_ROW_MISSING), REFUSED_MERCHANT_APIV3_KEY_MISSING);
    TRY(found);
    const WireKeyReveal reveal = { { work->image, work->image_size },
        { work->seal, work->seal_size }, span_of_buffer(&record), sender.timestamp, sender.nonce,
        span_of_buffer(&signature) };
    return vaultclient_key_reveal(p->house->vault, &reveal, memory, ret_revealed);
}

static Status write_key(Passage *p, Buffer *ret_body)
{
    uint8_t memory_bytes[WIRE_KEY_BYTES_MAX + 64];
    uint8_t text_bytes[2 * WIRE_KEY_BYTES_MAX];
    Buffer memory = BUFFER_OF(memory_bytes);
    Buffer text = BUFFER_OF(text_bytes);
    WireKeyRevealed revealed = { 0 };
    TRY(ask(p, &memory, &revealed));
    TRY(base64_encode(revealed.cipher, &text));
    JsonWriter w = json_writer_to_owner(ret_body);
    json_open_object(&w);
    json_key_text(&w, "algorithm",
            revealed.algorithm == KEY_SM2 ? SPAN("SM2-ENCRYPTION-WITH-SM3")
                                          : SPAN("RSAES-OAEP-SHA256"));
    json_key_text(&w, "serial_no", span_of_text(p->serial));
    json_key_text(&w, "encrypted_apiv3_key", span_of_buffer(&text));
    json_close(&w);
    return json_finish(&w);
}

static int write_made(Passage *p, Buffer *ret_body)
{
    if (status_ok(p->outcome)) return 200;
    return passage_write_refusal(p, p->outcome, NULL, ret_body);
}

static void open_key(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, write_key(p, &p->body), write_made);
}

/* On the batch thread: vaultd is asked from another. */
static void row_taken(Unit *unit, Status outcome)
{
    Passage *p = (Passage *)(void *)((uint8_t *)unit - offsetof(Passage, work));
    if (!status_ok(outcome)) {
        passage_done(unit, outcome);
        return;
    }
    p->job.run = open_key;
    const Status s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_done(unit, s);
}

void merchant_apiv3_key(Passage *p, Span rest)
{
    if (!passage_verify(p)) return;
    if (p->gateway != NULL) { /* vaultd verifies the v3 profile's header alone */
        passage_refuse(p, REFUSE(REFUSED_ENVELOPE_METHOD), NULL);
        return;
    }
    KeyShow *work = &p->work.key_show;
    memset(work, 0, sizeof(*work));
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    memcpy(work->nonce_digest, p->nonce_digest, sizeof(work->nonce_digest));
    key_show_unit(work, row_taken);
    passage_submit(p, write_made);
}

/* --- the next key --- */

/* The same answer when it was called for before. */
static Status turn(const Passage *p, Buffer *ret_body)
{
    DomainStore *domain = p->house->domain;
    const Span mchid = span_of_text(p->mchid);
    uint8_t record_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer record = BUFFER_OF(record_bytes);
    TRY(domain_turn_signing_key(domain, mchid));
    const Status found =
            domain_get_signing_key(domain, mchid, clock_now_us(&p->house->clock), &record);
    REQUIRE(!status_is(found, (StatusCode)REFUSED_ROW_MISSING), REFUSED_MERCHANT_APIV3_KEY_MISSING);
    TRY(found);
    JsonWriter w = json_writer(ret_body);
    json_open_object(&w);
    json_key_text(&w, "state", SPAN("live"));
    json_close(&w);
    return json_finish(&w);
}

static void turn_key(Job *job)
{
    Passage *p = passage_of_job(job);
    passage_finish(p, turn(p, &p->body), write_made);
}

void merchant_apiv3_activate(Passage *p, Span rest) { admission_then(p, turn_key, write_made); }
