#include "text/yaml.h"

/* Whatever parses can be walked to its leaves, and each node can be blamed. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const YamlNode *node, int depth)
{
    ASSERT(depth <= YAML_DEPTH_MAX + 1);
    YamlProblem problem = { 0 };
    yaml_blame(node, &problem);
    ASSERT(problem.line >= 1 && problem.column >= 1);
    Span text = { 0 };
    int64_t number = 0;
    IGNORE(yaml_text(node, YAML_BYTES_MAX, &text, &problem), "either way is right");
    IGNORE(yaml_int(node, INT64_MIN, INT64_MAX, &number, &problem), "either way is right");
    for (size_t i = 0; i < yaml_size(node); i++)
        walk(yaml_at(node, i), depth + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(yaml_release) YamlDocument *document = NULL;
    YamlProblem problem = { 0 };
    if (status_ok(yaml_parse((Span) { data, size }, &document, &problem)))
        walk(yaml_root(document), 1);
    return 0;
}
