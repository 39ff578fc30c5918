#pragma once
/*
 * hufu_seal: seals for rows of your own PostgreSQL tables, from your own payment core (TP-10,
 * TP-12).
 *
 * A table is attached once (`hufu seal attach`). From then on the core checks each row before it
 * uses it, and announces each change, signed with the core's own key, in the transaction that
 * writes it: these calls do both. Whatever anybody else writes, with the same database user, is
 * found.
 *
 *     HufuSeal *seal;
 *     hufu_seal_open(&config, connection, &seal);
 *     PQexec(connection, "BEGIN");
 *     hufu_seal_lock(seal, key);                      SELECT ... FOR UPDATE, checked
 *     hufu_seal_int(seal, "fbalance", &balance);
 *     hufu_seal_update(seal, key, columns, values, 1);
 *     hufu_seal_commit(seal);                         COMMIT, and tells the vault
 *
 * Every call returns 0 or a code; hufu_seal_name() and hufu_seal_advice() say what it means. After
 * anything but 0 roll back (hufu_seal_rollback). Keys and values are text as PostgreSQL reads it.
 * One handle a table and connection, one thread at a time. This header is stable.
 */
#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

typedef struct HufuSeal HufuSeal;

typedef struct HufuSealConfig {
    const char *socket; /* where vaultd listens for cores (--core-socket) */
    const char *database; /* the names under which the table is attached */
    const char *table; /* "public.t_account" */
    const char *key_pem; /* the core's private key, PEM text; NULL: check only */
    /* Rows without a seal, while the table is being attached, must match the sample formula of
     * TP-12 in this column; then their first change seals them. NULL: they are believed. */
    const char *legacy_column;
    const char *legacy_user_column;
    const char *legacy_password;
} HufuSealConfig;

int hufu_seal_open(const HufuSealConfig *config, PGconn *connection, HufuSeal **ret_seal);
void hufu_seal_close(HufuSeal *seal); /* NULL is fine; the connection stays yours */

/* Before a read (每次读写操作之前): is this row as it was last sealed? 0, or what is wrong with it. Its
 * values are then at hand. A row that is rightly not there is HUFU_SEAL_ABSENT. */
enum { HUFU_SEAL_ABSENT = 502 };
int hufu_seal_check(HufuSeal *seal, const char *const *key);
/* The same inside your transaction, and the row stays locked until it ends. */
int hufu_seal_lock(HufuSeal *seal, const char *const *key);
/* Of the row checked last: an integer column; any column as it is sealed (decimals without
 * superfluous zeros, bytes in hexadecimal, times in microseconds). */
int hufu_seal_int(const HufuSeal *seal, const char *column, int64_t *ret_value);
int hufu_seal_text(const HufuSeal *seal, const char *column, char *ret_text, size_t capacity);

/* Inside your transaction: check, announce, write, keep the seal. */
int hufu_seal_update(HufuSeal *seal, const char *const *key, const char *const *columns,
        const char *const *values, size_t count);
int hufu_seal_insert(
        HufuSeal *seal, const char *const *columns, const char *const *values, size_t count);
int hufu_seal_delete(HufuSeal *seal, const char *const *key);

/* For a core whose writes are SQL of the database's side (a stored procedure): check and sign only.
 * Give the announcement to your SQL, which hands it in before it writes, in this transaction:
 * `SELECT hufu_seal_announce($1)` of the extension hufu_seal. Announcements are handed in in the
 * order in which they were signed. Up to HUFU_SEAL_ANNOUNCEMENT_BYTES_MAX. */
enum { HUFU_SEAL_ANNOUNCEMENT_BYTES_MAX = 36 * 1024 };
int hufu_seal_sign_update(HufuSeal *seal, const char *const *key, const char *const *columns,
        const char *const *values, size_t count, uint8_t *ret_announcement, size_t capacity,
        size_t *ret_size);
int hufu_seal_sign_insert(HufuSeal *seal, const char *const *columns, const char *const *values,
        size_t count, uint8_t *ret_announcement, size_t capacity, size_t *ret_size);
int hufu_seal_sign_delete(HufuSeal *seal, const char *const *key, uint8_t *ret_announcement,
        size_t capacity, size_t *ret_size);

/* End the transaction and tell the vault how. Whoever ends it himself tells with hufu_seal_ended().
 * A word that does not arrive is no harm: the next lock or scan finds out. */
int hufu_seal_commit(HufuSeal *seal);
int hufu_seal_rollback(HufuSeal *seal);
int hufu_seal_ended(HufuSeal *seal, int committed);
/* After ROLLBACK TO a savepoint behind which rows were announced: the end of this transaction does
 * not tell then how each row is, and the next look at it does. */
void hufu_seal_undone(HufuSeal *seal);

const char *hufu_seal_name(int code); /* "ATTACHED_ROW_CHANGED" */
const char *hufu_seal_advice(int code);
