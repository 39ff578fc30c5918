#pragma once
/*
 * terms_file: a merchant's terms as `hufu merchant onboard --file` reads them: good ones, and the
 * same with one member otherwise.
 */
#include "stand.h"

#define TERMS_HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

typedef struct TermsMember {
    const char *name;
    const char *value; /* JSON; "": left out */
} TermsMember;

/* As DIR/terms.json; `others` replace members of the same name. */
void terms_file_write(const Stand *stand, const TermsMember *others, size_t count);
