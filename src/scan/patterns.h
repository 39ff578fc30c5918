#pragma once
/*
 * patterns: what Hyperscan looks for: literals of names and keys, and a few forms. A hit only says
 * "look here"; policy/detect.h decides.
 */
#include "scan/scan_inside.h"

typedef struct Patterns Patterns;
typedef struct PatternScratch PatternScratch; /* one a thread */

/* Faults: FAULT_SCAN, FAULT_MEMORY. */
MUST_USE Status patterns_new(Patterns **ret_patterns);
void patterns_free(Patterns **patterns);
MUST_USE Status pattern_scratch_new(const Patterns *patterns, PatternScratch **ret_scratch);
void pattern_scratch_free(PatternScratch **scratch);

/* Mark the places of a block (at most SCAN_BLOCK_BYTES) that may hold a finding. Faults FAULT_SCAN.
 */
MUST_USE Status patterns_mark(
        const Patterns *patterns, PatternScratch *scratch, Span block, Hot *hot);
