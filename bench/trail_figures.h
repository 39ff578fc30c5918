#pragma once
/*
 * trail_figures: how fast the audit log is searched (LL-4.5.3): entries in leaves of 64, as busy
 * batches write them, are indexed; then a set of questions is asked, each the first page and proved
 * against a checkpoint. The worst counts.
 */
#include <stdint.h>

typedef struct TrailFigures {
    int64_t entries;
    double search_ms; /* the worst search, the index just opened */
    double search_warm_ms; /* again */
    double search_work_ms; /* of the processor, whoever else uses it */
    double index_per_s; /* entries */
    double index_mb;
    double log_mb;
    double proof_ms; /* of one leaf */
} TrailFigures;

/* `entries`: 64 or more, rounded down to whole leaves. Each question and its time go to standard
 * error. Ends the program when an answer is wrong. */
TrailFigures trail_figures(uint32_t entries);
