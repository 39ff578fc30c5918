#include "api/admission.h"

#include "api/signer.h"

/* On the batch thread: what takes long goes on elsewhere. */
static void admitted(Unit *unit, Status outcome)
{
    Passage *p = (Passage *)(void *)((uint8_t *)unit - offsetof(Passage, work));
    Status s = outcome;
    if (status_ok(s)) s = workers_submit(p->house->openers, &p->job);
    if (!status_ok(s)) passage_done(unit, s);
}

void admission_then(Passage *p, void (*job)(Job *job), PassageWrite write)
{
    if (!passage_verify(p)) return;
    MerchantAdmission *work = &p->work.admission;
    passage_text(work->mchid, sizeof(work->mchid), span_of_text(p->mchid));
    passage_text(work->serial, sizeof(work->serial), span_of_text(p->serial));
    merchant_admission_unit(work, job == NULL ? passage_done : admitted);
    p->job.run = job;
    passage_submit(p, write);
}
