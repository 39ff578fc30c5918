#pragma once
/*
 * house_people: somebody joins the house as it is done: by one person's word, with the code for the
 * console from two others, half by half.
 */
#include "browser.h"

/* Joins with these roles (names joined by commas), with a key for the command line in
 * operators/<name>.key.pem. */
MUST_USE Status house_join(const Stand *stand, const ConsoleUser *person, const char *roles);
/* Joins and enrols at the console; fills person->secret. */
MUST_USE Status house_person(const Stand *stand, ConsoleUser *person, const char *roles);
/* One request at the operator's socket by somebody who has joined; the answer is appended. */
MUST_USE Status house_ask(const Stand *stand, const char *who, Span request, Buffer *ret_answer);
