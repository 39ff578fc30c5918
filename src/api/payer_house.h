#pragma once
/* payer_house: what the payers' own doors need of the house besides sessions and throttle, opened
 * and closed in one place. */
#include "api/house.h"

typedef struct PayerHouseConfig {
    bool devices_needed; /* every payer must register (docs/decisions/0047) */
    int64_t cool_us; /* no money leaves so long after a reset, or from a new device */
} PayerHouseConfig;

/* The batcher runs. Faults FAULT_MEMORY, FAULT_RANDOM; refuses STORE_STOPPED. */
MUST_USE Status payer_house_open(House *house, const PayerHouseConfig *config);
void payer_house_close(House *house);
