#pragma once
/*
 * policy_file: a whole policy as a file, in the form of rules/policy.yaml, and what in it differs
 * from the default: the amendments that two people sign (policy/amend.h).
 *
 * It reads as strictly as tools/policy_table, which compiles the default, and with other code: a
 * cell that is left out, a name that nobody knows, a clause that does not exist are wrong, and said
 * with their line. policy_file_test and policy_test.py hold the two readers against each other.
 */
#include "policy/amend.h"
#include "text/yaml.h"

enum { POLICY_FILE_WHAT_BYTES = 160 };

typedef struct PolicyFileCell {
    int line; /* 0: no rule for just this purpose */
    PolicyForms forms;
    uint8_t usual;
    Span clause; /* borrowed from the document */
    Span why;
} PolicyFileCell;

typedef struct PolicyFile {
    YamlDocument *document;
    PolicyFileCell cells[DATA_CLASS_COUNT][POLICY_LAYER_COUNT][POLICY_PURPOSE_COUNT];
    PolicyMask masks[DATA_CLASS_COUNT]; /* left out: shape ALL */
    bool masked[DATA_CLASS_COUNT];
} PolicyFile;

typedef struct PolicyFileWrong {
    YamlProblem where;
    char what[POLICY_FILE_WHAT_BYTES]; /* "no layer is called `databse`"; empty: the refusal says */
} PolicyFileWrong;

/* `ret_file` is large: keep it off the stack. Close it in any case.
 * Refuses REFUSED_POLICY_FILE, REFUSED_YAML_*; faults FAULT_MEMORY. */
MUST_USE Status policy_file_read(Span text, PolicyFile *ret_file, PolicyFileWrong *ret_wrong);
void policy_file_close(PolicyFile *file);

/* What is permitted by the file alone, as policy_decide() answers: a rule for the purpose before
 * the one for any. */
const PolicyFileCell *policy_file_decide(
        const PolicyFile *file, size_t class_index, uint32_t layer, uint32_t purpose);

/*
 * The file's differences from the default. Looser ones get this end (0: none); clause and reason
 * are the rule's own `by` and `why`, a mask's are the given ones. The version is the caller's.
 * Refuses REFUSED_BUFFER_FULL when they are more than POLICY_AMENDMENTS_MAX: `ret_count` is how
 * many there are, in any case.
 */
MUST_USE Status policy_file_differences(const PolicyFile *file, int64_t until_us, Span clause,
        Span reason, PolicyBlob *ret_blob, size_t *ret_count);
