/* The distributions of the handbook's generator within generous bounds (a wrong constant falls
 * outside), determinism, and labels that agree with their definitions. */
#include "simulator.h"

#include "draw.h"

#include "base/expect.h"

#include <math.h>

static const SimulatorConfig town = {
    .seed = 7, .customers = 400, .terminals = 800, .days = 60, .start_s = 1522540800, .radius = 5
};

static void test_same_seed_same_payments(void)
{
    CLEANUP(simulation_free) Simulation a = { 0 };
    CLEANUP(simulation_free) Simulation b = { 0 };
    CLEANUP(simulation_free) Simulation other = { 0 };
    SimulatorConfig another = town;
    another.seed = 8;
    EXPECT_OK(simulate(&town, &a));
    EXPECT_OK(simulate(&town, &b));
    EXPECT_OK(simulate(&another, &other));
    EXPECT(a.count == b.count && a.count > 0);
    for (size_t i = 0; i < a.count; i++) {
        EXPECT(a.payments[i].time_s == b.payments[i].time_s);
        EXPECT(a.payments[i].customer == b.payments[i].customer);
        EXPECT(a.payments[i].terminal == b.payments[i].terminal);
        EXPECT(a.payments[i].minor == b.payments[i].minor);
        EXPECT(a.payments[i].scenario == b.payments[i].scenario);
    }
    EXPECT(other.count != a.count || other.payments[0].minor != a.payments[0].minor);
}

static void test_as_many_payments_as_the_book_says(void)
{
    CLEANUP(simulation_free) Simulation s = { 0 };
    EXPECT_OK(simulate(&town, &s));
    /* 2 a customer and day; P(|N(0,1)| < 43200/20000) = 0.969 fall into the day; P(no terminal
     * within 5 of 800 in 10,000) = exp(-800 * 25 pi / 10000) = 0.2 %, a little more at the edges.
     */
    const double wanted = 2.0 * 0.969 * town.customers * town.days;
    EXPECT(fabs((double)s.count - wanted) < 0.08 * wanted);
}

static void test_times_lie_in_their_days_around_noon(void)
{
    CLEANUP(simulation_free) Simulation s = { 0 };
    EXPECT_OK(simulate(&town, &s));
    double sum = 0;
    for (size_t i = 0; i < s.count; i++) {
        EXPECT(i == 0 || s.payments[i - 1].time_s <= s.payments[i].time_s);
        EXPECT(s.payments[i].time_s >= town.start_s);
        EXPECT(s.payments[i].time_s < town.start_s + (int64_t)town.days * 86400);
        sum += (double)((s.payments[i].time_s - town.start_s) % 86400);
    }
    EXPECT(fabs(sum / (double)s.count - 43200) < 600);
}

static void test_amounts_are_positive_with_the_mean_of_the_book(void)
{
    CLEANUP(simulation_free) Simulation s = { 0 };
    EXPECT_OK(simulate(&town, &s));
    double sum = 0;
    size_t honest = 0;
    for (size_t i = 0; i < s.count; i++) {
        EXPECT(s.payments[i].minor > 0);
        if (s.payments[i].scenario == 3) continue;
        sum += (double)s.payments[i].minor / 100;
        honest++;
    }
    /* Mean of U(5, 100); redrawing the 2.3 % that are negative lifts it by about 3 %. */
    const double mean = sum / (double)honest;
    EXPECT(mean > 50 && mean < 58);
}

static void test_labels_agree_with_their_definitions(void)
{
    CLEANUP(simulation_free) Simulation s = { 0 };
    EXPECT_OK(simulate(&town, &s));
    size_t scenario[4] = { 0 };
    for (size_t i = 0; i < s.count; i++) {
        EXPECT(s.payments[i].scenario <= 3);
        scenario[s.payments[i].scenario]++;
        if (s.payments[i].scenario == 1) EXPECT(s.payments[i].minor > 22000);
        if (s.payments[i].scenario == 0) EXPECT(s.payments[i].minor <= 22000);
        if (s.payments[i].scenario == 3) EXPECT(s.payments[i].minor % 5 == 0);
    }
    /* 2 terminals a day of 800 for 28 days: about 6 % are compromised at a time; 3 customers of 400
     * for 14 days: about a tenth leaked, a third of their payments. */
    EXPECT(scenario[1] > 0 && scenario[2] > 0 && scenario[3] > 0);
    EXPECT((double)scenario[2] > 0.02 * (double)s.count
            && (double)scenario[2] < 0.12 * (double)s.count);
    EXPECT((double)scenario[3] > 0.01 * (double)s.count
            && (double)scenario[3] < 0.07 * (double)s.count);
}

static void test_a_compromised_terminal_is_so_for_28_days(void)
{
    CLEANUP(simulation_free) Simulation s = { 0 };
    EXPECT_OK(simulate(&town, &s));
    /* Between two frauds of scenario 2 at one terminal on one day every payment there is a fraud.
     */
    for (size_t i = 0; i < s.count; i++) {
        if (s.payments[i].scenario != 2) continue;
        const int64_t day = (s.payments[i].time_s - town.start_s) / 86400;
        for (size_t k = i + 1; k < s.count; k++) {
            if ((s.payments[k].time_s - town.start_s) / 86400 != day) break;
            if (s.payments[k].terminal == s.payments[i].terminal)
                EXPECT(s.payments[k].scenario >= 2);
        }
    }
}

static void test_small_towns_are_refused_or_work(void)
{
    Simulation s = { 0 };
    SimulatorConfig config = town;
    config.customers = 0;
    EXPECT_REFUSED(simulate(&config, &s), REFUSED_NUMBER_INVALID);
    config = town;
    config.days = SIMULATOR_DAYS_MAX + 1;
    EXPECT_REFUSED(simulate(&config, &s), REFUSED_NUMBER_INVALID);
    config = town;
    config.radius = 0; /* nobody is near anything */
    EXPECT_REFUSED(simulate(&config, &s), REFUSED_NUMBER_INVALID);
    config = (SimulatorConfig) {
        .seed = 1, .customers = 1, .terminals = 1, .days = 1, .radius = 200
    };
    EXPECT_OK(simulate(&config, &s));
    simulation_free(&s);
}

static void test_draws_have_their_moments(void)
{
    SeededRandom random;
    const Random unused = random_seeded(&random, 1);
    (void)unused;
    double normal = 0;
    double square = 0;
    double poisson = 0;
    const int draws = 200000;
    for (int i = 0; i < draws; i++) {
        const double value = draw_normal(&random, 3, 2);
        normal += value;
        square += (value - 3) * (value - 3);
        poisson += draw_poisson(&random, 2.5);
    }
    EXPECT(fabs(normal / draws - 3) < 0.03);
    EXPECT(fabs(square / draws - 4) < 0.08);
    EXPECT(fabs(poisson / draws - 2.5) < 0.03);
}

TESTS(TEST(test_same_seed_same_payments), TEST(test_as_many_payments_as_the_book_says),
        TEST(test_times_lie_in_their_days_around_noon),
        TEST(test_amounts_are_positive_with_the_mean_of_the_book),
        TEST(test_labels_agree_with_their_definitions),
        TEST(test_a_compromised_terminal_is_so_for_28_days),
        TEST(test_small_towns_are_refused_or_work), TEST(test_draws_have_their_moments))
