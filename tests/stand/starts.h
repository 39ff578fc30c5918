#pragma once
/*
 * starts: hufud is started on a store that somebody has had his hands on; what it and vaultd say
 * about it in their logs.
 */
#include "policy/tables.h"
#include "stand.h"

enum { STARTS_WAIT_MS_MAX = 30000 };

/* Does this file in the folder hold the text? */
bool starts_log_has(const Stand *stand, const char *name, const char *text);
/* Empty both programs' logs. */
void starts_forget(const Stand *stand);

/* hufud finds that the store is not in the confirmed state, vaultd names the table, nobody is
 * served; hufud is killed. */
bool starts_refused(Stand *stand, TableId table);
/* hufud serves; `ret_http` is connected to it. */
bool starts_well(Stand *stand, HttpClient **ret_http);

/* Start hufud anew and wait until it has closed yesterday: from then on it writes nothing by
 * itself. There must be accounts. `http` is connected anew. */
bool starts_with_closed_day(Stand *stand, HttpClient **http);

/* Wait until a number in the database is as large as this. */
bool starts_reaches(const Stand *stand, const char *sql, int64_t number);
