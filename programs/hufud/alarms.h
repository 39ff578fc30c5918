#pragma once
/*
 * alarms: a row that did not verify becomes one alert row, written by a unit of its own.
 *
 * One finding, one alert: a frozen row may be asked for a thousand times a second, and must fill
 * neither a table nor a log. What was told is remembered for this run only: after a restart the
 * first read of a row that is still frozen reminds once more, so an alert that a crash swallowed is
 * not lost for good. Any thread; nothing here waits.
 */
#include "cases/alert.h"

#include <pthread.h>

enum {
    ALARMS_WAITING_MAX = 64, /* findings of the first scan, before there is a batch */
    ALARMS_TOLD_MAX = 4096,
};

typedef struct Alarms {
    pthread_mutex_t lock;
    Batcher *batcher; /* NULL: not yet */
    Alert waiting[ALARMS_WAITING_MAX];
    size_t waiting_count;
    uint64_t told[ALARMS_TOLD_MAX]; /* of row keys; the oldest gives way */
    size_t told_count;
} Alarms;

void alarms_open(Alarms *alarms);
void alarms_close(Alarms *alarms);

/* There is a batch now: what waited is written. */
void alarms_begin(Alarms *alarms, Batcher *batcher);

/* For BatchGuard.alarm and the rolling check. */
void alarms_row(void *alarms, const Table *table, Span key, Status verdict);
/* For VaultScanView.frozen. */
void alarms_scan(void *alarms, Span key);
