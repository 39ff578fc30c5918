#pragma once
/* floor_sql: the statements of floor.h in bare SQLite: prepared once, bound, stepped, in durable
 * transactions of 64 payments. */
#include "base/status.h"

MUST_USE Status floor_sql_measure(
        const char *folder, const char *database, double *ret_codepay_us, double *ret_pin_us);
