#include "fraud/strategy.h"

#include <stdlib.h>

#define MINOR_MAX INT64_C(1000000000000000)
enum { COUNT_MAX = 1000000, WAIT_S_MAX = 7 * 86400 };

/* What YAML gives before it is checked and copied: the name is borrowed from the document. */
typedef struct StrategyFile {
    Strategy strategy;
    int64_t version;
    Span name;
} StrategyFile;

#define NUMBER(name, most, place)                                                      \
    {                                                                                  \
        name, YAML_INT, true, 0, most, offsetof(StrategyFile, strategy.place), NULL, 0 \
    }
#define SECONDS(name, place)                                                                 \
    {                                                                                        \
        name, YAML_INT, true, 1, WAIT_S_MAX, offsetof(StrategyFile, strategy.place), NULL, 0 \
    }
#define SECTION(name, table)                                                         \
    {                                                                                \
        name, YAML_MAPPING, true, 0, 0, 0, table, sizeof(table) / sizeof((table)[0]) \
    }

static const YamlField amount_fields[] = {
    NUMBER("challenge_over", MINOR_MAX, amount.challenge_over),
    NUMBER("delay_over", MINOR_MAX, amount.delay_over),
    NUMBER("review_over", MINOR_MAX, amount.review_over),
    NUMBER("refuse_over", MINOR_MAX, amount.refuse_over),
};

static const YamlField velocity_fields[] = {
    NUMBER("challenge_count_over", COUNT_MAX, velocity.challenge_count_over),
    NUMBER("challenge_sum_over", MINOR_MAX, velocity.challenge_sum_over),
    NUMBER("refuse_count_over", COUNT_MAX, velocity.refuse_count_over),
    NUMBER("refuse_sum_over", MINOR_MAX, velocity.refuse_sum_over),
};

static const YamlField wait_fields[] = {
    SECONDS("challenge_s", wait.challenge_s),
    SECONDS("delay_s", wait.delay_s),
    SECONDS("review_s", wait.review_s),
};

static const YamlField fields[] = {
    { "version", YAML_INT, true, 1, 1, offsetof(StrategyFile, version), NULL, 0 },
    { "name", YAML_TEXT, true, 1, STRATEGY_NAME_BYTES_MAX, offsetof(StrategyFile, name), NULL, 0 },
    SECTION("amount", amount_fields),
    SECTION("velocity", velocity_fields),
    SECTION("wait", wait_fields),
};

/* A refusal below the mildest other threshold would make that one unreachable: somebody mistyped.
 */
static bool contradicts(int64_t milder, int64_t refuse)
{
    return milder > 0 && refuse > 0 && milder >= refuse;
}

static Status check(const YamlNode *root, const Strategy *s, YamlProblem *problem)
{
    const bool amount = contradicts(s->amount.challenge_over, s->amount.refuse_over)
            || contradicts(s->amount.delay_over, s->amount.refuse_over)
            || contradicts(s->amount.review_over, s->amount.refuse_over);
    const bool velocity =
            contradicts(s->velocity.challenge_count_over, s->velocity.refuse_count_over)
            || contradicts(s->velocity.challenge_sum_over, s->velocity.refuse_sum_over);
    if (amount) yaml_blame(yaml_find(root, "amount"), problem);
    if (velocity) yaml_blame(yaml_find(root, "velocity"), problem);
    REQUIRE(!amount && !velocity, REFUSED_STRATEGY_INVALID);
    return OK;
}

Status strategy_parse(Span yaml, Strategy *ret_strategy, YamlProblem *problem)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    StrategyFile file = { 0 };
    TRY(yaml_parse(yaml, &document, problem));
    const YamlNode *root = yaml_root(document);
    TRY(yaml_read(root, fields, sizeof(fields) / sizeof(fields[0]), &file, problem));
    TRY(check(root, &file.strategy, problem));
    memcpy(file.strategy.name, file.name.data, file.name.size);
    file.strategy.version = (uint32_t)file.version;
    file.strategy.magic = STRATEGY_MAGIC;
    *ret_strategy = file.strategy;
    return OK;
}

static void memory_free(uint8_t **memory) { free(*memory); }

Status strategy_load(const char *path, Strategy *ret_strategy, YamlProblem *problem)
{
    *problem = (YamlProblem) { 0 };
    CLEANUP(memory_free) uint8_t *memory = malloc(STRATEGY_BYTES_MAX);
    CHECK(memory != NULL, FAULT_MEMORY);
    Buffer text = { memory, 0, STRATEGY_BYTES_MAX };
    REQUIRE(yaml_file_read(path, &text), REFUSED_STRATEGY_INVALID);
    return strategy_parse(span_of_buffer(&text), ret_strategy, problem);
}
