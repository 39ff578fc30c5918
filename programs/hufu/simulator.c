#include "simulator.h"

#include "draw.h"

#include <math.h>
#include <stdlib.h>

enum {
    DAY_S = 86400,
    NOON_S = DAY_S / 2,
    TIME_DEVIATION_S = 20000,
    GRID = 100,
    FRAUD_OVER_MINOR = 22000,
    TERMINALS_COMPROMISED_A_DAY = 2,
    TERMINAL_COMPROMISED_DAYS = 28,
    CUSTOMERS_LEAKED_A_DAY = 3,
    CUSTOMER_LEAKED_DAYS = 14,
    LEAKED_FACTOR = 5,
    LEAKED_ONE_IN = 3,
};

typedef struct Place {
    double x, y;
} Place;

typedef struct Customer {
    Place place;
    double mean_amount;
    double mean_payments;
    uint32_t *near; /* terminals within the radius */
    uint32_t near_count;
} Customer;

typedef struct Town {
    const SimulatorConfig *config;
    SeededRandom random;
    Customer *customers;
    Place *terminals;
    uint32_t *near; /* all customers' lists, one after the other */
    Simulation out;
    size_t capacity;
} Town;

static void town_free(Town *town)
{
    free(town->customers);
    free(town->terminals);
    free(town->near);
    simulation_free(&town->out);
}

static Place draw_place(SeededRandom *random)
{
    const double x = draw_uniform(random, 0, GRID);
    return (Place) { x, draw_uniform(random, 0, GRID) };
}

static bool within(Place a, Place b, double radius)
{
    const double dx = a.x - b.x;
    const double dy = a.y - b.y;
    return dx * dx + dy * dy < radius * radius;
}

/* Fill the customers' lists of terminals; with `near` NULL only count. Returns the number of
 * entries. */
static size_t find_near(Town *town, uint32_t *near)
{
    const SimulatorConfig *config = town->config;
    size_t total = 0;
    for (uint32_t c = 0; c < config->customers; c++) {
        Customer *customer = &town->customers[c];
        customer->near = near == NULL ? NULL : near + total;
        customer->near_count = 0;
        for (uint32_t t = 0; t < config->terminals; t++) {
            if (!within(customer->place, town->terminals[t], config->radius)) continue;
            if (near != NULL) customer->near[customer->near_count] = t;
            customer->near_count++;
        }
        total += customer->near_count;
    }
    return total;
}

MUST_USE static Status settle(Town *town)
{
    const SimulatorConfig *config = town->config;
    town->customers = calloc(config->customers, sizeof(Customer));
    town->terminals = calloc(config->terminals, sizeof(Place));
    CHECK(town->customers != NULL && town->terminals != NULL, FAULT_MEMORY);
    for (uint32_t c = 0; c < config->customers; c++) {
        Customer *customer = &town->customers[c];
        customer->place = draw_place(&town->random);
        customer->mean_amount = draw_uniform(&town->random, 5, 100);
        customer->mean_payments = draw_uniform(&town->random, 0, 4);
    }
    for (uint32_t t = 0; t < config->terminals; t++)
        town->terminals[t] = draw_place(&town->random);

    const size_t entries = find_near(town, NULL);
    REQUIRE(entries > 0, REFUSED_NUMBER_INVALID);
    town->near = calloc(entries, sizeof(uint32_t));
    CHECK(town->near != NULL, FAULT_MEMORY);
    find_near(town, town->near);
    return OK;
}

MUST_USE static Status keep(Town *town, SimulatedPayment payment)
{
    if (town->out.count == town->capacity) {
        REQUIRE(town->capacity < SIMULATOR_PAYMENTS_MAX, REFUSED_NUMBER_INVALID);
        const size_t capacity = town->capacity == 0 ? 4096 : town->capacity * 2;
        SimulatedPayment *more = realloc(town->out.payments, capacity * sizeof(payment));
        CHECK(more != NULL, FAULT_MEMORY);
        town->out.payments = more;
        town->capacity = capacity;
    }
    town->out.payments[town->out.count++] = payment;
    return OK;
}

static int64_t draw_amount_minor(SeededRandom *random, double mean)
{
    double amount = draw_normal(random, mean, mean / 2);
    if (amount < 0) amount = draw_uniform(random, 0, 2 * mean);
    const int64_t minor = (int64_t)llround(amount * 100);
    return minor > 0 ? minor : 1; /* the book allows 0.00; nobody pays that */
}

MUST_USE static Status live_a_day(Town *town, uint32_t customer_number, uint32_t day)
{
    const Customer *customer = &town->customers[customer_number];
    const uint32_t payments = draw_poisson(&town->random, customer->mean_payments);
    for (uint32_t i = 0; i < payments; i++) {
        const double time = draw_normal(&town->random, NOON_S, TIME_DEVIATION_S);
        const int64_t minor = draw_amount_minor(&town->random, customer->mean_amount);
        if (time <= 0 || time >= DAY_S || customer->near_count == 0) continue;
        const uint32_t terminal = customer->near[draw_index(&town->random, customer->near_count)];
        TRY(keep(town,
                (SimulatedPayment) {
                        .time_s = town->config->start_s + (int64_t)day * DAY_S + (int64_t)time,
                        .customer = customer_number,
                        .terminal = terminal,
                        .minor = minor,
                }));
    }
    return OK;
}

static int by_time(const void *left, const void *right)
{
    const SimulatedPayment *a = left;
    const SimulatedPayment *b = right;
    if (a->time_s != b->time_s) return a->time_s < b->time_s ? -1 : 1;
    if (a->customer != b->customer) return a->customer < b->customer ? -1 : 1;
    if (a->terminal != b->terminal) return a->terminal < b->terminal ? -1 : 1;
    return (a->minor > b->minor) - (a->minor < b->minor);
}

static int64_t day_start_s(const Town *town, uint32_t day)
{
    return town->config->start_s + (int64_t)day * DAY_S;
}

/* The first payment at or after a time; the payments are in order. */
static size_t first_at(const Town *town, int64_t time_s)
{
    size_t low = 0;
    size_t high = town->out.count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (town->out.payments[middle].time_s < time_s) low = middle + 1;
        if (town->out.payments[middle].time_s >= time_s) high = middle;
    }
    return low;
}

static void compromise_terminals(Town *town, uint32_t day)
{
    uint32_t chosen[TERMINALS_COMPROMISED_A_DAY];
    const uint32_t count = town->config->terminals < TERMINALS_COMPROMISED_A_DAY
            ? town->config->terminals
            : TERMINALS_COMPROMISED_A_DAY;
    draw_some(&town->random, town->config->terminals, count, chosen);
    const int64_t end_s = day_start_s(town, day + TERMINAL_COMPROMISED_DAYS);
    for (size_t i = first_at(town, day_start_s(town, day)); i < town->out.count; i++) {
        SimulatedPayment *payment = &town->out.payments[i];
        if (payment->time_s >= end_s) return;
        for (uint32_t k = 0; k < count; k++) {
            if (payment->terminal == chosen[k]) payment->scenario = 2;
        }
    }
}

static void leak_cards(Town *town, uint32_t day)
{
    uint32_t chosen[CUSTOMERS_LEAKED_A_DAY];
    const uint32_t count = town->config->customers < CUSTOMERS_LEAKED_A_DAY
            ? town->config->customers
            : CUSTOMERS_LEAKED_A_DAY;
    draw_some(&town->random, town->config->customers, count, chosen);
    const int64_t end_s = day_start_s(town, day + CUSTOMER_LEAKED_DAYS);
    for (size_t i = first_at(town, day_start_s(town, day)); i < town->out.count; i++) {
        SimulatedPayment *payment = &town->out.payments[i];
        if (payment->time_s >= end_s) return;
        for (uint32_t k = 0; k < count; k++) {
            if (payment->customer != chosen[k]) continue;
            if (draw_index(&town->random, LEAKED_ONE_IN) != 0) continue;
            payment->minor *= LEAKED_FACTOR;
            payment->scenario = 3;
        }
    }
}

static void add_fraud(Town *town)
{
    for (size_t i = 0; i < town->out.count; i++) {
        if (town->out.payments[i].minor > FRAUD_OVER_MINOR) town->out.payments[i].scenario = 1;
    }
    for (uint32_t day = 0; day < town->config->days; day++)
        compromise_terminals(town, day);
    for (uint32_t day = 0; day < town->config->days; day++)
        leak_cards(town, day);
}

Status simulate(const SimulatorConfig *config, Simulation *ret_simulation)
{
    REQUIRE(config->customers >= 1 && config->customers <= SIMULATOR_CUSTOMERS_MAX,
            REFUSED_NUMBER_INVALID);
    REQUIRE(config->terminals >= 1 && config->terminals <= SIMULATOR_TERMINALS_MAX,
            REFUSED_NUMBER_INVALID);
    REQUIRE(config->days >= 1 && config->days <= SIMULATOR_DAYS_MAX, REFUSED_NUMBER_INVALID);

    CLEANUP(town_free) Town town = { .config = config };
    const Random unused = random_seeded(&town.random, config->seed);
    (void)unused; /* the draws take from the state itself */
    TRY(settle(&town));
    for (uint32_t day = 0; day < config->days; day++) {
        for (uint32_t c = 0; c < config->customers; c++)
            TRY(live_a_day(&town, c, day));
    }
    if (town.out.count > 0)
        qsort(town.out.payments, town.out.count, sizeof(SimulatedPayment), by_time);
    add_fraud(&town);
    *ret_simulation = town.out; /* transferred */
    town.out = (Simulation) { 0 };
    return OK;
}

void simulation_free(Simulation *simulation)
{
    free(simulation->payments);
    *simulation = (Simulation) { 0 };
}
