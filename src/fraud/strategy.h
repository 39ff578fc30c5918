#pragma once
/*
 * strategy: what people tune, read from rules/strategy.yaml at start and compiled into plain
 * numbers.
 *
 *   version: 1
 *   name: baseline
 *   amount:                         # minor units of one payment; a threshold of 0 is off
 *     challenge_over: 100000        # without a PIN at most this
 *     delay_over: 0
 *     review_over: 0
 *     refuse_over: 5000000
 *   velocity:                       # of one payer in one business day, this payment included
 *     challenge_count_over: 200
 *     challenge_sum_over: 500000
 *     refuse_count_over: 1000
 *     refuse_sum_over: 20000000
 *   wait:                           # seconds a held payment waits
 *     challenge_s: 300              # then refused
 *     delay_s: 60                   # then captured
 *     review_s: 1800                # then refused
 */
#include "policy/tables.h"
#include "text/yaml.h"

enum {
    STRATEGY_NAME_BYTES_MAX = 64,
    STRATEGY_BYTES_MAX = 65536,
    STRATEGY_MAGIC = 0x53545247,
    STRATEGY_FAULT_WAIT_S = 1800
};

typedef struct Strategy {
    uint32_t magic; /* STRATEGY_MAGIC once compiled; anything else makes decide() say review */
    uint32_t version;
    char name[STRATEGY_NAME_BYTES_MAX + 1];
    struct {
        int64_t challenge_over;
        int64_t delay_over;
        int64_t review_over;
        int64_t refuse_over;
    } amount;
    struct {
        int64_t challenge_count_over;
        int64_t challenge_sum_over;
        int64_t refuse_count_over;
        int64_t refuse_sum_over;
    } velocity;
    struct {
        int64_t challenge_s;
        int64_t delay_s;
        int64_t review_s;
    } wait;
} Strategy;

/* Refuses STRATEGY_INVALID (values that contradict one another) and what text/yaml.h refuses;
 * `problem` says where. */
MUST_USE Status strategy_parse(Span yaml, Strategy *ret_strategy, YamlProblem *problem);
/* The same from a file. Refuses STRATEGY_INVALID (no such file, too large) with problem->line = 0.
 */
MUST_USE Status strategy_load(const char *path, Strategy *ret_strategy, YamlProblem *problem);
