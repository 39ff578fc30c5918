#pragma once
/*
 * judge: what the PostgreSQL extension asks the vault. PostgreSQL's headers and ours have the same
 * names for different things, so this one includes neither, and every file of the extension sees
 * one side only.
 *
 * One backend, one thread, one connection to the vault, opened at the first question. Functions
 * return 0 or a code of base/refusals.def; what they do never leaves them by longjmp, and memory is
 * the caller's or static.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JUDGE_COLUMNS_MAX = 32,
    JUDGE_KEY_COLUMNS_MAX = 3,
    JUDGE_IMAGE_BYTES_MAX = 16384,
    JUDGE_KEY_BYTES_MAX = 512,
    JUDGE_SEAL_BYTES = 48,
    JUDGE_NAME_BYTES_MAX = 320,
};

/* Where the vault is, and under which name it knows this database. Borrowed during each call. */
typedef struct JudgeConfig {
    const char *socket;
    const char *database;
    int timeout_ms; /* of one question */
} JudgeConfig;

/* An attached table as the vault has it registered; good until a judge_table...()
 * of another one. */
typedef struct JudgeTable JudgeTable;
/* "public.t_account". Refuses ATTACHED_TABLE_UNKNOWN, VAULT_UNAVAILABLE. */
int judge_table(const JudgeConfig *config, const char *name, const JudgeTable **ret_table);
int judge_table_numbered(const JudgeConfig *config, uint16_t number, const JudgeTable **ret_table);
const char *judge_table_name(const JudgeTable *table);
uint16_t judge_table_number(const JudgeTable *table);
/* Key columns come first. */
size_t judge_columns(const JudgeTable *table);
size_t judge_key_columns(const JudgeTable *table);
const char *judge_column(const JudgeTable *table, size_t column);

/* One row, as it is shown to the vault. */
typedef struct JudgeRow {
    bool absent; /* only the key counts */
    bool locked; /* nobody else can be changing it */
    bool doubled; /* its key stands in the table more than once */
    size_t image_bytes;
    size_t key_bytes;
    size_t seal_bytes; /* JUDGE_SEAL_BYTES, or 0 */
    uint8_t image[JUDGE_IMAGE_BYTES_MAX];
    uint8_t key[JUDGE_KEY_BYTES_MAX];
    uint8_t seal[JUDGE_SEAL_BYTES];
} JudgeRow;

/* A column's value in the server's binary format; data NULL: NULL. `type` is its OID. */
typedef struct JudgeValue {
    const void *data;
    size_t size;
    uint32_t type;
} JudgeValue;

/* Image and key, of judge_columns() values. Refuses ATTACH_TABLE, ATTACH_VALUE. */
int judge_row(const JudgeTable *table, const JudgeValue *values, JudgeRow *ret_row);
/* The key alone, of judge_key_columns() values. */
int judge_key(const JudgeTable *table, const JudgeValue *values, JudgeRow *ret_row);
bool judge_same_image(const JudgeRow *a, const JudgeRow *b);
bool judge_same_key(const JudgeRow *a, const JudgeRow *b);
/* The key's values, as text that SQL reads; ret_values points into static memory. */
int judge_key_texts(const JudgeTable *table, const JudgeRow *row,
        const char *ret_values[JUDGE_KEY_COLUMNS_MAX]);
/* "fuid=7", for people; static memory. */
const char *judge_key_text(const JudgeTable *table, const JudgeRow *row);

/* The verdict about each row: 0, or what stands against it. A row that is locked and wrong is
 * frozen by it. */
enum { JUDGE_ROWS_MAX = 4 };
int judge_rows(const JudgeConfig *config, const JudgeRow *const *rows, size_t count,
        int ret_verdicts[JUDGE_ROWS_MAX]);
/* The row is right and has no seal; right, and the table is still being attached. */
bool judge_is_seal_lost(int verdict);
bool judge_is_unsealed(int verdict);

/* Did a core announce anything in the transaction with this number, of which nobody told the end?
 * OK, or ATTACH_UNANNOUNCED. */
int judge_is_open(const JudgeConfig *config, const JudgeTable *table, uint32_t xid);

/* --- announcements --- */
/* What a core signed; nothing of it is proven before the vault took it. */
typedef struct JudgeAnnouncement {
    uint16_t table;
    uint32_t xid;
    uint32_t changes;
    const uint8_t *rest; /* of it, borrowed: the changes not yet seen */
    size_t rest_bytes;
} JudgeAnnouncement;
int judge_announcement(const void *bytes, size_t size, JudgeAnnouncement *ret_announcement);
/* The next change: the row as it was (absent: an insert) and as it will be (absent: a delete), each
 * with the key. Called `changes` times. Refuses IPC_FORMAT, ROW_INVALID. */
int judge_change(JudgeAnnouncement *announcement, JudgeRow *ret_old, JudgeRow *ret_new);
/* Hand it in. ret_seals: `changes` of JUDGE_SEAL_BYTES. Refuses what the vault refuses. */
int judge_announce(const JudgeConfig *config, const void *bytes, size_t size, uint32_t changes,
        uint8_t *ret_seals);
int64_t judge_seal_revision(const uint8_t seal[JUDGE_SEAL_BYTES]);

/* Codes that the extension gives itself. */
enum {
    JUDGE_ROW_MISSING = 502,
    JUDGE_TABLE = 2002,
    JUDGE_WRITE_DIFFERS = 2004,
    JUDGE_RETRY = 2005,
    JUDGE_UNCERTAIN = 2008,
    JUDGE_UNANNOUNCED = 2009,
    JUDGE_OTHER_TRANSACTION = 2010,
};
/* The vault is not there, or something broke on the way to it. */
bool judge_is_away(int code);
const char *judge_name(int code); /* "ATTACHED_ROW_CHANGED" */
const char *judge_advice(int code);
