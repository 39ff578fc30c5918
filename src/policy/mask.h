#pragma once
/*
 * mask: how sensitive numbers are shown to everybody, the owner too: the last four, groups kept
 * (TP-11).
 *
 *     9555123456781234  ->  **** **** **** 1234
 */
#include "base/bytes.h"

/* Append the mask of a number of 8..32 digits. Refuses REFUSED_NUMBER_INVALID (other characters,
 * other sizes), REFUSED_BUFFER_FULL. */
MUST_USE Status mask_number(Span digits, Buffer *ret_text);
