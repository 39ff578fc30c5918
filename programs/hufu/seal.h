#pragma once
/*
 * seal: what the `hufu seal` commands share: how database, table and vault are named and opened.
 */
#include "command.h"

#include "attach/scan.h"
#include "together.h"

enum { EXIT_FINDINGS = 3 };

typedef struct SealTarget {
    const char *socket; /* NULL: the operators' of the directory */
    const char *url;
    const char *table_name;
    const char *database; /* NULL: as the connection says */
    const char *core_key; /* file; NULL: none */
    bool development;
    Together together;
    char database_memory[WIRE_NAME_BYTES_MAX + 1];
    PGconn *connection;
    AttachCore core;
    AttachRows rows;
} SealTarget;

/* The options that every command has. */
#define SEAL_OPTIONS(t)                                                                            \
    { "--db", OPTION_TEXT, "URL", "postgres://... of the database (required)", &(t)->url, 0, 0 },  \
            { "--table", OPTION_TEXT, "NAME", "with its schema: public.t_account (required)",      \
                &(t)->table_name, 0, 0 },                                                          \
            { "--name", OPTION_TEXT, "TEXT", "of the database, for people [database@host:port]",   \
                &(t)->database, 0, 0 },                                                            \
            { "--core-key", OPTION_TEXT, "FILE", "the core's private key (PEM)", &(t)->core_key,   \
                0, 0 },                                                                            \
            { "--socket", OPTION_TEXT, "PATH", "of vaultd [DIR's operator socket]", &(t)->socket,  \
                0, 0 },                                                                            \
            { "--development", OPTION_FLAG, NULL,                                                  \
                "take --db over a channel that is not encrypted and proven", &(t)->development, 0, \
                0 },                                                                               \
    {                                                                                              \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]",                          \
                &(t)->together.directory, 0, 0                                                     \
    }

/* Connect to both. Says what failed. */
MUST_USE Status seal_connect(SealTarget *target);
/* Find the table at the vault and look its columns up. */
MUST_USE Status seal_find(SealTarget *target);
void seal_done(SealTarget *target); /* for CLEANUP */
/* "hufu: seal: ..." with what the database said last. */
int seal_failed(const SealTarget *target, Status status);
/* Two approvals, appended. Refuses as together_prepare() and together_approve(). */
MUST_USE Status seal_approve(SealTarget *target, Span operation, Span subject, Buffer *ret_message);
/* One line for people: what, which row, what to do. */
void seal_show_finding(const AttachTable *table, const AttachFinding *finding);
