#pragma once
/*
 * personal_facts: what somebody's password or PIN must not be made of: six digits in a row of a
 * number of his (identity document, telephone), or of his date of birth in any order and length,
 * forwards or backwards (TP-6). Pure. Facts are sensitive: whoever holds them wipes them.
 */
#include "base/bytes.h"

enum { PERSONAL_FACTS_MAX = 4, PERSONAL_DIGITS_MAX = 32, PERSONAL_RUN = 6 };

typedef struct PersonalFact {
    uint8_t digits[PERSONAL_DIGITS_MAX];
    size_t size;
    char birth[9]; /* "YYYYMMDD", of an identity number; or empty */
} PersonalFact;

typedef struct PersonalFacts {
    PersonalFact of[PERSONAL_FACTS_MAX];
    size_t count;
} PersonalFacts;

void personal_facts_wipe(PersonalFacts *facts); /* for CLEANUP */
/* The digits of a value as they follow each other, whatever stands between. Of an identity number
 * of 18 or 15 characters the date in it, too. Beyond the _MAX nothing is added. */
void personal_facts_add(PersonalFacts *facts, bool is_identity_number, Span value);
/* Are these six digits such a run? */
bool personal_facts_have(const PersonalFacts *facts, const uint8_t digits[PERSONAL_RUN]);
/* Blank every such run in a text, also one that is written with -, ., /, _ or spaces between.
 * True when there was one. */
bool personal_facts_blank(const PersonalFacts *facts, uint8_t *text, size_t size);
