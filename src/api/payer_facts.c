#include "api/payer_facts.h"

#include "api/challenge.h"
#include "api/passage.h"
#include "ipc/password_wire.h"
#include "lifecycle/collect.h"
#include "policy/tables.h"
#include "store/unit_wait.h"
#include "vaultclient/fields.h"

#include <stdio.h>

static const DataClass classes[] = { CLASS_NAME, CLASS_IDENTITY_NUMBER, CLASS_PHONE };
enum { FACTS = sizeof(classes) / sizeof(classes[0]) };

static Fields fields_of(const House *house)
{
    return (Fields) { .domain = house->domain, .vault = house->vault };
}

static Status collect(const PayerFacts *facts)
{
    static const char purpose[] = "due-diligence";
    Collect work = { .purposes = &facts->house->purposes, .field_count = FACTS };
    memcpy(work.purpose, purpose, sizeof(purpose));
    passage_text(work.channel, sizeof(work.channel), span_of_text(facts->channel));
    TRY(subject_name_of(SPAN("hufu"), facts->payer, &work.name));
    snprintf(work.actor, sizeof(work.actor), "%s", facts->actor);
    for (size_t i = 0; i < FACTS; i++) {
        work.fields[i].class = classes[i];
        passage_text(work.fields[i].reference, sizeof(work.fields[i].reference), facts->payer);
    }
    collect_unit(&work, NULL);
    work.unit.from = facts->from;
    return unit_wait(facts->house->batcher, &work.unit);
}

static Status keep_one(const PayerFacts *facts, DataClass class, Span base64)
{
    const Fields fields = fields_of(facts->house);
    const WireBatchHead head = { .tenant = SPAN("hufu"),
        .data_class = (uint16_t) class,
        .table = TABLE_FIELD,
        .column = (uint16_t) class };
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(box_bytes);
    Box parsed = { 0 };
    FieldsMade made = { .status = OK };
    TRY(challenge_box(facts->house, base64, &box, &parsed));
    const FieldsItem item = {
        .subject = facts->payer, .secret = span_of_buffer(&box), .reference = facts->payer
    };
    TRY(fields_protect(&fields, &head, &item, 1, &made));
    return made.status;
}

Status payer_facts_keep(const PayerFacts *facts)
{
    const Span boxes[FACTS] = { facts->name_box, facts->number_box, facts->phone_box };
    TRY(collect(facts));
    for (size_t i = 0; i < FACTS; i++)
        TRY(keep_one(facts, classes[i], boxes[i]));
    return OK;
}

Status payer_facts_forget(const House *house, Span payer)
{
    const Fields fields = fields_of(house);
    const WireSubjectName subject = { SPAN("hufu"), payer };
    for (size_t i = 0; i < FACTS; i++)
        TRY(fields_forget(&fields, &subject, classes[i]));
    return OK;
}

Status payer_facts_known(const House *house, Span payer, bool *ret_known)
{
    const Fields fields = fields_of(house);
    const WireSubjectName subject = { SPAN("hufu"), payer };
    uint8_t bytes[FIELDS_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(bytes);
    const Status s = fields_mask_of(&fields, &subject, CLASS_IDENTITY_NUMBER, payer, &mask);
    *ret_known = status_ok(s);
    return status_is(s, REFUSED_ROW_MISSING) ? OK : s;
}
