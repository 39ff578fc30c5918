#pragma once
/*
 * sql_core: statements whose refusals are known by their names, and a core whose writes are SQL: it
 * signs what its statements hand in.
 */
#include "seal_scene.h"

/* False, and said, unless it was refused with this message. */
bool sql_refused_on(PGconn *connection, const char *sql, const char *name);
bool sql_refused(const char *sql, const char *name); /* as scene.attacker */
bool sql_do(PGconn *connection, const char *sql);
/* The first value of the first row, or what went wrong; good until the next call. */
const char *sql_answer(PGconn *connection, const char *sql);
/* hufu_seal_verdict() of this account. */
bool sql_verdict_is(const char *table, int uid, const char *wanted);

typedef struct Announcement {
    uint8_t bytes[HUFU_SEAL_ANNOUNCEMENT_BYTES_MAX];
    size_t size;
} Announcement;

/* 0 or the code of what refused. Inside the teller's transaction. */
int core_sign_balance(Teller *teller, int uid, int64_t balance, Announcement *ret_announcement);
/* Hand it in: what it answers ("1"), or the name of its refusal. */
bool core_announces(PGconn *connection, const Announcement *announcement, const char *wanted);
