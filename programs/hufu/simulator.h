#pragma once
/*
 * simulator: a town's card payments, with three kinds of fraud hidden in them.
 *
 * The generator that the fraud-detection handbook publishes (Le Borgne, Siblini, Lebichot,
 * Bontempi: Reproducible Machine Learning for Credit Card Fraud Detection, ULB 2022, chapter 3,
 * "Simulated dataset"), written anew from its description:
 *
 *   customers   uniform on a 100 x 100 grid; mean amount U(5, 100), deviation half of it; payments
 * a day Poisson with a mean U(0, 4) terminals   uniform on the grid; a customer uses those nearer
 * than the radius (5), each equally likely time        of day normal(43200 s, 20000 s); what falls
 * outside the day is left out amount      normal; a negative one is drawn again from U(0, 2 x
 * mean); two decimals scenario 1  every amount over 220 scenario 2  each day 2 more terminals are
 * compromised for 28 days: all payments there scenario 3  each day 3 more customers' cards leak for
 * 14 days: a third of their payments, amounts x 5
 *
 * A later scenario overwrites an earlier one. The seed decides everything: same seed, same bytes.
 * The labels are apart from the payments, because nobody knows them when a payment is made.
 */
#include "base/seams.h"

enum {
    SIMULATOR_CUSTOMERS_MAX = 100000,
    SIMULATOR_TERMINALS_MAX = 100000,
    SIMULATOR_DAYS_MAX = 3660,
    SIMULATOR_PAYMENTS_MAX = 50000000,
};

typedef struct SimulatorConfig {
    uint64_t seed;
    uint32_t customers;
    uint32_t terminals;
    uint32_t days;
    int64_t start_s; /* of the first day, seconds since 1970 */
    double radius; /* 5 in the book; small towns of ours need more */
} SimulatorConfig;

typedef struct SimulatedPayment {
    int64_t time_s;
    uint32_t customer;
    uint32_t terminal;
    int64_t minor;
    uint8_t scenario; /* 0: no fraud */
} SimulatedPayment;

typedef struct Simulation {
    SimulatedPayment
            *payments; /* ordered by time, then customer, then the order in which they were drawn */
    size_t count;
} Simulation;

/* Refuses NUMBER_INVALID (a number out of range, nobody near any terminal); faults FAULT_MEMORY. */
MUST_USE Status simulate(const SimulatorConfig *config, Simulation *ret_simulation);
void simulation_free(Simulation *simulation);
