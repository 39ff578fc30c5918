#pragma once
/*
 * seal_scene: another's payment core beside our vaultd, for tests: a PostgreSQL of our own, vaultd
 * with two enrolled operators, `hufu seal`, somebody who has the database's password, and tellers,
 * the core's own writers.
 */
#include "attach/hufu_seal.h"
#include "base/expect.h"
#include "cluster.h"

enum { SAID_BYTES = 256 * 1024 };

typedef struct Scene {
    Cluster cluster;
    char folder[128]; /* of vaultd */
    char programs[272];
    char url[128];
    char core_key[160];
    char core_socket[160];
    char operator_socket[160];
    pid_t vaultd;
    PGconn *attacker;
    char said[SAID_BYTES];
} Scene;

extern Scene scene; /* one a program */

/* HUFU_SUITE=sm: vaultd's keys and seals, and the core's signatures, are of the Chinese suite; an
 * operator's key is Ed25519 in both. */
bool scene_sm(void);
Status scene_open(void);
void scene_close(void);
/* A path in its folder; good until the eighth next call. */
const char *scene_path(const char *name);
Status scene_start_vaultd(void);
void scene_kill_vaultd(int signal);

/* As somebody who has the database's password; false when the database refused. */
bool scene_sql(const char *text);
/* TP-12's account table, with its sample hashes. */
Status scene_make_table(const char *name, int rows);

/* `hufu seal WHAT` with more options; its exit status. Output in scene.said. */
int scene_hufu(const char *what, const char *table, const char *const *more);
/* Was this verdict told of this account? */
bool scene_said(const char *verdict, int uid);
extern const char *const scene_approve[]; /* what attaching needs besides */
Status scene_attach(const char *table);

typedef struct Teller {
    PGconn *connection;
    HufuSeal *seal;
    char pem[4096];
} Teller;

int teller_open(Teller *t, const char *table);
/* With the key of this file instead of the core's. */
int teller_open_with(Teller *t, const char *table, const char *key_file);
void teller_close(Teller *t);
/* Money from one to another, in one transaction; 0 or the code. */
int teller_transfer(Teller *t, int from, int to, int64_t amount);
