#pragma once
/*
 * house_people: somebody joins the house as it is done: by one person's word, with the code for the
 * console from two others, half by half.
 */
#include "browser.h"

/* Joins with these roles (names joined by commas) and enrols at the console; fills person->secret.
 */
MUST_USE Status house_person(const Stand *stand, ConsoleUser *person, const char *roles);
