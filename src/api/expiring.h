#pragma once
/*
 * expiring: merchants' keys and licences and the platform's own certificates that end soon are an
 * alert 30, 7 and 1 days before, once each, also over restarts (TP-7). Looks at a few keys a step,
 * from the directory of verified rows; at licences once an hour, by a plain read: a reminder
 * decides nothing.
 */
#include "api/house.h"

enum { EXPIRING_STEP_MAX = 64, EXPIRING_LICENCES_MAX = 256 };

typedef struct Expiring {
    House *house;
    size_t next; /* of the directory */
    int64_t next_us;
    int64_t next_licences_us;
} Expiring;

/* Look at the next keys. Faults and refusals of the store are passed up; the same keys come again
 * in the next round. */
MUST_USE Status expiring_step(Expiring *expiring, int64_t now_us);

/* What is alerted about a key that ends then; OK: nothing yet, or it is over. */
Status expiring_verdict(int64_t expires_us, int64_t now_us);
/* Live keys that end within 30 days. */
int64_t expiring_count(House *house);
/* Certificates of the platform that do. */
int64_t expiring_platform_count(House *house);
