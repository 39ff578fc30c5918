#pragma once
/* yaml_inside: the tree that yaml.c builds and yaml_read.c reads; nobody else sees it. */
#include "text/yaml.h"

struct YamlNode {
    YamlShape shape;
    bool plain; /* a scalar written without quotes */
    int line;
    int column;
    Span key; /* in a mapping: NUL-terminated for reading; owned */
    Span text; /* of a scalar; NUL-terminated; owned */
    YamlNode *parent;
    YamlNode *next; /* the parent's next child; siblings in file order */
    YamlNode *first, *last;
    size_t size;
    YamlNode **children; /* by index; made when the node is closed */
};

Status yaml_blamed(const YamlNode *node, StatusCode refusal, YamlProblem *problem);
