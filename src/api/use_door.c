#include "api/use_door.h"

#include "api/passage.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

#include <stdio.h>

typedef struct Looking {
    Span tenant;
    bool used;
} Looking;

static Status look(void *context, Store *store)
{
    Looking *l = context;
    return lifecycle_is_used(store, l->tenant, &l->used);
}

/* *ret_asked: the rows are to be asked at all; *ret_pass: and who is not among them passes. */
static Status whose_register(const House *house, Span tenant, bool *ret_asked, bool *ret_pass)
{
    const RegisterKeeper keeper = purposes_register(&house->purposes, tenant);
    Looking looking = { tenant, true };
    if (keeper == REGISTER_BY_USE) TRY(batcher_between(house->batcher, look, &looking));
    *ret_asked = looking.used;
    *ret_pass = keeper == REGISTER_OWN;
    return OK;
}

/* What is asked with goes into rows and the log, the refused, too. */
static Status judge_texts(const UseDoor *use)
{
    const Span texts[] = { use->subject, use->purpose, use->party, use->reference };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].size > 0) TRY(detect_kept_text(texts[i]));
    return OK;
}

Status use_door_ask_for(const House *house, Span tenant, const char *actor, const UseDoor *use)
{
    bool asked = false;
    UseAsk work = { .purposes = &house->purposes,
        .use = { .act = use->act, .classes = use->classes } };
    TRY(whose_register(house, tenant, &asked, &work.strangers_pass));
    if (!asked) return OK;
    /* A name that nobody can register is a stranger's. */
    const Status named = subject_name_of(tenant, use->subject, &work.use.name);
    if (!status_ok(named)) return work.strangers_pass ? OK : REFUSE(REFUSED_SUBJECT_UNKNOWN);
    TRY(judge_texts(use));
    passage_text(work.use.purpose, sizeof(work.use.purpose), use->purpose);
    passage_text(work.use.party, sizeof(work.use.party), use->party);
    passage_text(work.reference, sizeof(work.reference), use->reference);
    passage_text(work.actor, sizeof(work.actor), span_of_text(actor));
    use_ask_unit(&work, NULL);
    return unit_wait(house->batcher, &work.unit);
}

Status use_door_ask(const Call *call, const UseDoor *use)
{
    char actor[SUBJECT_ACTOR_BYTES_MAX + 1];
    snprintf(actor, sizeof(actor), "caller/%s", call->caller.name);
    return use_door_ask_for(call->house, span_of_text(call->caller.tenant), actor, use);
}
