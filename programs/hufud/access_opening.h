#pragma once
/*
 * access_opening: who there is, what was given for a while, and the table that says what each may
 * do: loaded when hufud starts.
 *
 * The table in force is the one that was accepted (access/table_row.h). The file is taken when
 * there is none; later it is only compared, and one that differs is an alert, not a change.
 */
#include "api/house.h"

/* `path`: rules/access.yaml. What is wrong with it is logged with its line. Refuses what
 * access_table_load() and the batch refuse. */
MUST_USE Status access_open(House *house, const char *path);
void access_close(House *house);
