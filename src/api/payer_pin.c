#include "api/payer_pin.h"

#include "base/encoding.h"
#include "base/secret.h"

Passage *payer_passage(Job *job)
{
    return (Passage *)(void *)((uint8_t *)job - offsetof(Passage, job));
}

Status payer_take_box(Passage *p, Span base64, Box *ret_box)
{
    Buffer bytes = BUFFER_OF(p->box);
    TRY(base64_decode(base64, &bytes));
    p->box_size = bytes.size;
    return box_parse(span_of_buffer(&bytes), ret_box);
}

Status payer_check_pin(Passage *p, uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    uint8_t verifier_bytes[DOMAIN_RECORD_BYTES_MAX];
    Buffer verifier = BUFFER_OF(verifier_bytes);
    Status s = domain_get_verifier(p->house->domain, p->pin.payer, &verifier);
    if (status_is(s, (StatusCode)REFUSED_ROW_MISSING)) s = REFUSE(REFUSED_PIN_WRONG);
    TRY(s);
    p->pin.box = (Span) { p->box, p->box_size };
    p->pin.verifier = span_of_buffer(&verifier);
    p->pin.now_us = clock_now_us(&p->house->clock);
    s = vaultclient_check_pin(p->house->vault, &p->pin, ret_grant);
    bytes_wipe(verifier_bytes, sizeof(verifier_bytes));
    return s;
}

void payer_submit(Passage *p, void (*run)(Job *job))
{
    p->job.run = run;
    const Status s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_refuse(p, s, NULL);
}
