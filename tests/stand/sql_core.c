#define _GNU_SOURCE
#include "sql_core.h"

#include <string.h>

/* --- SQL --- */

/* Run it; true when it was refused with this name, and left no trace of its own. */
bool sql_refused_on(PGconn *connection, const char *sql, const char *name)
{
    PGresult *result = PQexec(connection, sql);
    const char *said = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const bool same = said != NULL && strcmp(said, name) == 0;
    if (!same) fprintf(stderr, "%s\n  wanted %s, said %s\n", sql, name, said ? said : "nothing");
    PQclear(result);
    return same;
}

bool sql_refused(const char *sql, const char *name)
{
    return sql_refused_on(scene.attacker, sql, name);
}

/* The first value of the first row; static. */
const char *sql_answer(PGconn *connection, const char *sql)
{
    static char text[256];
    PGresult *result = PQexec(connection, sql);
    const bool good = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    snprintf(
            text, sizeof(text), "%s", good ? PQgetvalue(result, 0, 0) : PQerrorMessage(connection));
    PQclear(result);
    return text;
}

bool sql_verdict_is(const char *table, int uid, const char *wanted)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT hufu_seal_verdict('%s', '%d')", table, uid);
    const char *said = sql_answer(scene.attacker, sql);
    if (strcmp(said, wanted) != 0) fprintf(stderr, "%s %d: %s\n", table, uid, said);
    return strcmp(said, wanted) == 0;
}

bool sql_do(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    const ExecStatusType type = PQresultStatus(result);
    const bool good = type == PGRES_COMMAND_OK || type == PGRES_TUPLES_OK;
    if (!good) fprintf(stderr, "%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    return good;
}

/* --- a core whose writes are SQL --- */

int core_sign_balance(Teller *t, int uid, int64_t balance, Announcement *ret)
{
    char key_text[16];
    char balance_text[24];
    const char *key[] = { key_text };
    const char *columns[] = { "fbalance" };
    const char *values[] = { balance_text };
    snprintf(key_text, sizeof(key_text), "%d", uid);
    snprintf(balance_text, sizeof(balance_text), "%lld", (long long)balance);
    return hufu_seal_sign_update(
            t->seal, key, columns, values, 1, ret->bytes, sizeof(ret->bytes), &ret->size);
}

/* hufu_seal_announce() of it; the name of the refusal, or what it answers. */
static void announce(PGconn *connection, const Announcement *a, char ret_said[128])
{
    const char *values[] = { (const char *)a->bytes };
    const int lengths[] = { (int)a->size };
    const int formats[] = { 1 };
    PGresult *result = PQexecParams(connection, "SELECT hufu_seal_announce($1::bytea)::text", 1,
            NULL, values, lengths, formats, 0);
    const char *refused = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (PQresultStatus(result) == PGRES_TUPLES_OK) refused = PQgetvalue(result, 0, 0);
    snprintf(ret_said, 128, "%s", refused != NULL ? refused : "nothing");
    PQclear(result);
}

bool core_announces(PGconn *connection, const Announcement *a, const char *wanted)
{
    char said[128];
    announce(connection, a, said);
    if (strcmp(said, wanted) == 0) return true;
    fprintf(stderr, "announce: wanted %s, said %s\n", wanted, said);
    return false;
}
