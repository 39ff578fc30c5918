#include "outside.h"

#include "house_opening.h"

#include "audit/checkpoint.h"

static Status keys_look(Opening *o)
{
    return public_keys_look(&o->public_keys, &o->house, o->config.keys_file);
}

Status outside_look_at_keys(void *opening)
{
    Opening *o = opening;
    pthread_mutex_lock(&o->outside);
    const Status s = keys_look(o);
    pthread_mutex_unlock(&o->outside);
    return s;
}

/* No note is kept before the keys that signed it are. */
static Status checkpoint(Opening *o)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    TRY(vaultclient_checkpoint(o->house.vault, &note));
    TRY(keys_look(o));
    return audit_checkpoint_keep(o->config.checkpoints, o->config.second, span_of_buffer(&note));
}

/* Asked for and kept under one lock: a note that came late would look like a log that went back. */
Status outside_take_checkpoint(void *opening)
{
    Opening *o = opening;
    pthread_mutex_lock(&o->outside);
    const Status s = checkpoint(o);
    pthread_mutex_unlock(&o->outside);
    return s;
}
