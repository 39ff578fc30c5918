#pragma once
/*
 * workers: a fixed number of threads for what blocks (a PIN check in the vault, opening a field),
 * so that neither a loop of the HTTP server nor the batch ever waits for it. The queue is bounded:
 * full means refused, and the caller says "try again" to its client.
 */
#include "base/status.h"

#include <stddef.h>

enum { WORKERS_THREADS_MAX = 64, WORKERS_QUEUE_MAX = 1024 };

typedef struct Job Job;
struct Job {
    void (*run)(Job *job); /* on a worker; the job may be freed here */
    Job *next; /* the queue's */
};

typedef struct Workers Workers;

/* Faults FAULT_THREAD, FAULT_MEMORY. */
MUST_USE Status workers_start(int threads, Workers **ret_workers);
/* From any thread. Refuses REFUSED_STORE_BUSY when the queue is full or the workers stop. */
MUST_USE Status workers_submit(Workers *workers, Job *job);
/* Finish what waits, then end. */
void workers_stop(Workers *workers);
