#pragma once
/*
 * settlement_rows: the rows of settlements, for the files of this room. Nobody outside includes it.
 */
#include "payment/settlement.h"

MUST_USE Status settlement_row(Rows *rows, const char *id, const Row **ret_row);
MUST_USE Status settlement_of_row(const Row *row, Settlement *ret);
/* Insert, or replace what there is. */
MUST_USE Status settlement_put(Rows *rows, const Settlement *settlement, bool is_new);
