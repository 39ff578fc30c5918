#pragma once
/*
 * scan_baseline: the findings that are known, so that only new ones break a build.
 *
 *     hufu-scan-baseline 1
 *     <32 hexadecimal digits> <kind> <place>     one line each; only the first word counts
 *
 * The first word is a fingerprint (scan_report.h) under a key in a file of its own (mode 0600) that
 * is not committed beside the baseline: who has only the baseline learns no value from it.
 */
#include "scan_report.h"

/* Read the key, or make it when `make` and it is not there. Refuses REFUSED_SCAN_BASELINE (not a
 * key, or readable by others). Faults FAULT_DISK, FAULT_RANDOM. */
MUST_USE Status baseline_key(const char *path, bool make, Report *report);

/* Mark what is in the baseline as known. Refuses REFUSED_SCAN_BASELINE. */
MUST_USE Status baseline_read(const char *path, Report *report);

/* Everything found now, known or not. Faults FAULT_DISK, FAULT_MEMORY. */
MUST_USE Status baseline_write(const char *path, const Report *report);
