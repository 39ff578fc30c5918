#include "alarms.h"

#include "base/log.h"
#include "crypto/digest.h"

#include <stdlib.h>

void alarms_open(Alarms *alarms)
{
    *alarms = (Alarms) { 0 };
    ASSERT(pthread_mutex_init(&alarms->lock, NULL) == 0);
}

void alarms_close(Alarms *alarms) { pthread_mutex_destroy(&alarms->lock); }

/* SHA-256, since merchants choose part of a key: nobody shall find one that hides another's alarm.
 */
static uint64_t name_of(Span key)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    uint64_t name = 0;
    sha256(key, digest);
    memcpy(&name, digest, sizeof(name));
    return name;
}

/* Was this row told in this run? It is from now on. */
static bool told_before(Alarms *a, Span key)
{
    const uint64_t name = name_of(key);
    const size_t count = a->told_count < ALARMS_TOLD_MAX ? a->told_count : ALARMS_TOLD_MAX;
    for (size_t i = 0; i < count; i++) {
        if (a->told[i] == name) return true;
    }
    a->told[a->told_count++ % ALARMS_TOLD_MAX] = name;
    return false;
}

static void alert_done(Unit *unit, Status outcome)
{
    if (!status_ok(outcome)) LOG_STATUS(LOG_ALERT, "alert.not_written", outcome);
    free(unit);
}

/* On the batch thread, perhaps: so it must not wait. */
static void submit(Batcher *batcher, const Alert *alert)
{
    AlertAdd *work = calloc(1, sizeof(*work));
    if (work == NULL) return;
    work->alert = *alert;
    alert_add_unit(work, alert_done);
    const Status s = batcher_submit(batcher, &work->unit);
    if (!status_ok(s)) alert_done(&work->unit, s);
}

static void tell(Alarms *a, const Alert *alert)
{
    if (a->batcher != NULL)
        submit(a->batcher, alert);
    else if (a->waiting_count < ALARMS_WAITING_MAX)
        a->waiting[a->waiting_count++] = *alert;
}

void alarms_begin(Alarms *alarms, Batcher *batcher)
{
    pthread_mutex_lock(&alarms->lock);
    alarms->batcher = batcher;
    for (size_t i = 0; i < alarms->waiting_count; i++)
        submit(batcher, &alarms->waiting[i]);
    alarms->waiting_count = 0;
    pthread_mutex_unlock(&alarms->lock);
}

/* Only the first finding is new: from then on the row is frozen, until people release it. */
void alarms_row(void *alarms, const Table *table, Span key, Status verdict)
{
    Alarms *a = alarms;
    pthread_mutex_lock(&a->lock);
    const bool told = told_before(a, key);
    if (!told || !status_is(verdict, REFUSED_ROW_FROZEN)) {
        LOG_STATUS(LOG_ALERT, "row.refused", verdict, LOG_TEXT(TABLE, table->name));
        const Alert alert = alert_of(ALERT_ROW, table->id, key, verdict);
        tell(a, &alert);
    }
    pthread_mutex_unlock(&a->lock);
}

/* While a store is refused it is scanned again and again, and each scan finds the same; later scans
 * come of a restarted vaultd, and what they find is new. */
void alarms_scan(void *alarms, Span key)
{
    Alarms *a = alarms;
    Cursor c = cursor_of(key);
    uint16_t table = 0;
    if (!status_ok(cursor_u16(&c, &table))) return;
    pthread_mutex_lock(&a->lock);
    const bool told = told_before(a, key);
    if (!told || a->batcher != NULL) {
        LOG(LOG_ALERT, "row.frozen_by_scan", LOG_NUMBER(TABLE, table));
        const Alert alert = alert_of(ALERT_ROW, table, key, REFUSE(REFUSED_ROW_SEAL_MISMATCH));
        tell(a, &alert);
    }
    pthread_mutex_unlock(&a->lock);
}
