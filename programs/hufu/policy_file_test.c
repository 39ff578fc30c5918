/*
 * Goal: `hufu policy` reads a policy file to the same table as tools/policy_table compiles, cell by
 * cell, and signs exactly what differs, no more (TP-5, TP-8, DESIGN section 5.2). Method: the
 * default file itself against the compiled default; files with one line changed, whose differences
 * are laid over the default and compared again; files wrong in one place each, blamed by line.
 */
#include "policy_file.h"

#include "base/expect.h"

#include <stdio.h>

static const int64_t now_us = INT64_C(1800000000) * 1000000;
static const int64_t end_us = INT64_C(1800003600) * 1000000;

static PolicyFile file;
static PolicyFileWrong wrong;
static char specification[64 * 1024]; /* rules/policy.yaml */
static char changed[64 * 1024];

static void load(void)
{
    if (specification[0] != '\0') return;
    char path[512];
    const char *rules = getenv("HUFU_RULES");
    snprintf(path, sizeof(path), "%s/policy.yaml", rules == NULL ? "rules" : rules);
    FILE *stream = fopen(path, "r");
    ASSERT(stream != NULL);
    const size_t size = fread(specification, 1, sizeof(specification) - 1, stream);
    ASSERT(size > 0 && size < sizeof(specification) - 1);
    fclose(stream);
}

/* The specification with the first `from` behind `place` replaced. */
static const char *change(const char *place, const char *from, const char *to)
{
    load();
    const char *begin = strstr(specification, place);
    ASSERT(begin != NULL);
    const char *at = strstr(begin, from);
    ASSERT(at != NULL);
    const int before = (int)(at - specification);
    const int size = snprintf(
            changed, sizeof(changed), "%.*s%s%s", before, specification, to, at + strlen(from));
    ASSERT(size > 0 && (size_t)size < sizeof(changed));
    return changed;
}

static Status read_text(const char *text)
{
    policy_file_close(&file);
    return policy_file_read(span_of_text(text), &file, &wrong);
}

static void close_all(const int *unused) { policy_file_close(&file); }
#define CLOSES                                     \
    CLEANUP(close_all) const int closing_file = 0; \
    (void)closing_file

/* --- the same table --- */

static bool is_rule(size_t class, uint32_t layer, uint32_t purpose)
{
    const PolicyRule *rule = policy_rule_find(data_class_at(class)->class, layer, purpose);
    const PolicyFileCell *cell = &file.cells[class][layer - 1][purpose];
    if (rule == NULL || cell->line == 0) return rule == NULL && cell->line == 0;
    return cell->forms == rule->forms && cell->usual == rule->usual
            && span_equal(cell->clause, span_of_text(rule->clause))
            && span_equal(cell->why, span_of_text(rule->why));
}

static void test_both_readers_make_one_table(void)
{
    CLOSES;
    load();
    EXPECT_OK(read_text(specification));
    size_t rules = 0;
    for (size_t class = 0; class < DATA_CLASS_COUNT; class ++) {
        for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++) {
            for (uint32_t purpose = 0; purpose < POLICY_PURPOSE_COUNT; purpose++) {
                EXPECT(is_rule(class, layer, purpose));
                rules += file.cells[class][layer - 1][purpose].line != 0;
            }
        }
        const PolicyMask mask = policy_mask(policy_default(), data_class_at(class)->class, 0);
        EXPECT(file.masks[class].shape == mask.shape && file.masks[class].first == mask.first
                && file.masks[class].last == mask.last);
    }
    EXPECT(rules == policy_rule_count());
    PolicyBlob blob;
    size_t count = 1;
    EXPECT_OK(policy_file_differences(&file, 0, SPAN("TP-11"), SPAN("x"), &blob, &count));
    EXPECT(count == 0 && blob.count == 0);
}

/* --- differences --- */

/* The file's differences, laid over the default, answer as the file does, everywhere. */
static bool amounts_to_the_file(const PolicyBlob *blob)
{
    static Policy policy;
    policy_adopt(&policy, blob);
    for (size_t class = 0; class < DATA_CLASS_COUNT; class ++) {
        for (uint32_t layer = 1; layer <= POLICY_LAYER_COUNT; layer++) {
            for (uint32_t purpose = 0; purpose < POLICY_PURPOSE_COUNT; purpose++) {
                const PolicyFileCell *cell = policy_file_decide(&file, class, layer, purpose);
                const PolicyDecision d =
                        policy_decide(&policy, data_class_at(class)->class, layer, purpose, now_us);
                if (d.forms != cell->forms || d.usual != (PolicyForm)cell->usual) return false;
            }
        }
        const PolicyMask mask = policy_mask(&policy, data_class_at(class)->class, now_us);
        const PolicyMask *wanted = &file.masks[class];
        if (mask.shape != wanted->shape || mask.first != wanted->first || mask.last != wanted->last)
            return false;
    }
    return true;
}

static const char cards[] = "of: [card, bank-account]";
static const char persons[] = "of: [identity-number, phone, name, email, address]";

static void test_what_differs_is_signed_and_nothing_else(void)
{
    CLOSES;
    /* Of card and of bank-account; the merchant's terminal keeps its own rule. */
    EXPECT_OK(read_text(
            change(cards, "at: [display], do: [mask, token]", "at: [display], do: [clear, mask]")));
    PolicyBlob blob;
    size_t count = 0;
    EXPECT_OK(policy_file_differences(&file, end_us, SPAN("TP-11"), SPAN("why"), &blob, &count));
    EXPECT(count == 2 && amounts_to_the_file(&blob));
    EXPECT(policy_amendment_is_override(&blob.amendments[0]));
    EXPECT(blob.amendments[0].until_us == end_us);
    EXPECT(span_equal(blob.amendments[0].clause, SPAN("TP-8")));

    /* A purpose's own rule that the file leaves out follows `any` again. */
    EXPECT_OK(read_text(change(persons,
            "      - { at: [share], for: [legal-order], do: [encrypt], by: TP-4, why: \"to the "
            "receiver's own key, against a recorded order\" }\n",
            "")));
    EXPECT_OK(policy_file_differences(&file, 0, SPAN("TP-11"), SPAN("why"), &blob, &count));
    EXPECT(count == 5 && amounts_to_the_file(&blob));
    EXPECT(!policy_amendment_is_override(&blob.amendments[0]) && blob.amendments[0].until_us == 0);

    EXPECT_OK(read_text(change("masks:", "of: phone, shape: number, first: 0, last: 4",
            "of: phone, shape: number, first: 3, last: 4")));
    EXPECT_OK(policy_file_differences(&file, end_us, SPAN("TP-11"), SPAN("why"), &blob, &count));
    EXPECT(count == 1 && blob.amendments[0].kind == AMEND_MASK && amounts_to_the_file(&blob));
    EXPECT(span_equal(blob.amendments[0].reason, SPAN("why")));
}

/* TP-5: the file may say it, nobody can sign it. */
static void test_prohibited_data_cannot_be_signed(void)
{
    CLOSES;
    EXPECT_OK(read_text(change("of: [prohibited]", "do: [refuse]", "do: [encrypt]")));
    PolicyBlob blob;
    size_t count = 0;
    size_t at = 0;
    EXPECT_OK(policy_file_differences(&file, end_us, SPAN("TP-11"), SPAN("why"), &blob, &count));
    EXPECT(count == 2);
    EXPECT_REFUSED(policy_blob_check(&blob, now_us, &at), REFUSED_POLICY_FIXED);
}

static void test_too_many_differences_are_counted(void)
{
    CLOSES;
    EXPECT_OK(read_text(change(persons, "at: [share], do: [refuse]",
            "at: [share, database], for: [pay, owner, operate, audit], do: [token], by: TP-4, why: "
            "x }\n      - { at: [share], do: [refuse]")));
    PolicyBlob blob;
    size_t count = 0;
    EXPECT_REFUSED(
            policy_file_differences(&file, end_us, SPAN("TP-11"), SPAN("why"), &blob, &count),
            REFUSED_BUFFER_FULL);
    EXPECT(count == 40 && blob.count == POLICY_AMENDMENTS_MAX);
}

/* --- wrong files --- */

static int line_of(const char *needle)
{
    const char *at = strstr(changed, needle);
    ASSERT(at != NULL);
    int line = 1;
    for (const char *c = changed; c < at; c++)
        line += *c == '\n';
    return line;
}

static void test_what_is_wrong_is_said_with_its_line(void)
{
    CLOSES;
    static const struct {
        const char *place, *from, *to, *needle;
        StatusCode refusal;
    } cases[] = {
        { cards, "at: [log]", "at: [logs]", "[logs]", REFUSED_POLICY_FILE },
        { cards, "by: TP-8", "by: TQ-8", "TQ-8", REFUSED_POLICY_FILE },
        { cards, "do: [mask]", "do: [masks]", "[masks]", REFUSED_POLICY_FILE },
        { cards, "do: [mask]", "do: [mask, mask]", "[mask, mask]", REFUSED_POLICY_FILE },
        { cards, "do: [refuse]", "do: [refuse, mask]", "[refuse, mask]", REFUSED_POLICY_FILE },
        { cards, "for: [merchant-terminal]", "for: [granted]",
                "for: [granted], do: [refuse], by: TP-18", REFUSED_POLICY_FILE },
        { cards, "for: [legal-order]", "fro: [legal-order]", "fro:", REFUSED_YAML_UNKNOWN_KEY },
        { cards, "at: [log]", "at: [display]",
                "at: [display], do: [mask, token], by: TP-8, why: \"every",
                REFUSED_POLICY_FILE }, /* twice; the second is to blame */
        { cards, "of: [card, bank-account]", "of: [card, bank-acount]", "bank-acount",
                REFUSED_POLICY_FILE },
        { cards, ", by: TP-8", "", "at: [database], do: [token, mask], why", REFUSED_YAML_MISSING },
        { "masks:", "shape: name", "shape: names", "shape: names", REFUSED_POLICY_FILE },
        { "masks:", "of: name", "of: phone", "of: phone, shape: name", REFUSED_POLICY_FILE },
        { "masks:", "last: 4", "last: 256", "last: 256", REFUSED_YAML_RANGE },
        { "fixed", "[prohibited, card-expiry]", "[prohibited, card]",
                "fixed:", REFUSED_POLICY_FILE },
        { "fixed", "[prohibited, card-expiry]", "[prohibited]", "fixed:", REFUSED_POLICY_FILE },
        { "version", "version: 1", "version: 2", "version: 2", REFUSED_YAML_RANGE },
        { "version", "version: 1", "version: 1\nextra: 1", "extra", REFUSED_YAML_UNKNOWN_KEY },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const Status s = read_text(change(cases[i].place, cases[i].from, cases[i].to));
        EXPECT_REFUSED(s, cases[i].refusal);
        if (wrong.where.line != line_of(cases[i].needle))
            fprintf(stderr, "  %s: line %d, %s\n", cases[i].to, wrong.where.line, wrong.what);
        EXPECT(wrong.where.line == line_of(cases[i].needle));
    }
    EXPECT_REFUSED(read_text(change(cards,
                           "      - { at: [disclose], do: [refuse], by: TP-4, why: \"never "
                           "published\" }\n",
                           "")),
            REFUSED_POLICY_FILE);
    EXPECT(strstr(wrong.what, "card at disclose: no rule") != NULL);
    EXPECT_REFUSED(read_text("version: [1"), REFUSED_YAML_SYNTAX);
    EXPECT_REFUSED(read_text(""), REFUSED_YAML_TYPE);
}

TESTS(TEST(test_both_readers_make_one_table), TEST(test_what_differs_is_signed_and_nothing_else),
        TEST(test_prohibited_data_cannot_be_signed), TEST(test_too_many_differences_are_counted),
        TEST(test_what_is_wrong_is_said_with_its_line))
