#pragma once
/*
 * pace: how often each sender may come: a bucket of tokens each (budget.h), made when he first
 * comes. Only senders whose signature was right are counted: nobody can make buckets, or empty
 * another's, by writing a name. Thread-safe.
 */
#include "base/bytes.h"

enum { PACE_SENDERS_MAX = 16384, PACE_NAME_BYTES_MAX = 32 };

typedef struct Pace Pace;

/* per_second and burst 1..1000000 (asserted). Faults FAULT_MEMORY. */
MUST_USE Status pace_open(int64_t per_second, int64_t burst, Pace **ret_pace);
void pace_close(Pace **pace); /* NULL inside is fine */

/* Refuses REFUSED_RATE_LIMITED: too often, or there are PACE_SENDERS_MAX others already. */
MUST_USE Status pace_take(Pace *pace, Span sender, int64_t now_us);
