#define _GNU_SOURCE
#include "seal_rows.h"

#include "cluster.h"
#include "processor.h"
#include "vault/row_seal.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 4096, COLUMNS = 8, IMAGE_BYTES = 256, VERIFIED = 640 * 1000, DATABASE_ROWS = 200000 };

typedef struct Sealed {
    uint8_t image[IMAGE_BYTES];
    size_t size;
    uint8_t seal[WIRE_SEAL_BYTES];
} Sealed;

static Sealed rows[ROWS];
static double best_per_s; /* of HMAC-SHA256: what pgcrypto is compared with */
static double best_columns_per_s;

/* TP-12's account, with a status and an owner, from its columns to its canonical bytes. */
static void encode(int i, Buffer *ret_image)
{
    static const uint16_t ids[COLUMNS] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const Value values[COLUMNS] = { VALUE_OF_INT(i), VALUE_OF_INT(156), VALUE_OF_INT(1000 + i),
        VALUE_OF_INT(0), VALUE_OF_INT(900 + i), VALUE_OF_INT(1795000000000000 + i), VALUE_OF_INT(1),
        VALUE_OF_TEXT(SPAN("owner-01")) };
    const RowHead head = { 4, 1, 1, 7, 0 };
    ASSERT(status_ok(row_encode(&head, ids, values, COLUMNS, ret_image)));
}

static void make_rows(Keys *keys)
{
    for (int i = 0; i < ROWS; i++) {
        Buffer b = BUFFER_OF(rows[i].image);
        RowView view;
        encode(i, &b);
        rows[i].size = b.size;
        ASSERT(status_ok(row_parse(span_of_buffer(&b), &view)));
        row_seal_make(keys, &view, rows[i].seal);
    }
}

/* A group of rows, made of their columns first when they are not there as bytes yet. */
static void parse_group(int first, bool from_columns, RowView views[ROW_SEALS_MAX])
{
    static uint8_t images[ROW_SEALS_MAX][IMAGE_BYTES];
    for (int k = 0; k < ROW_SEALS_MAX; k++) {
        const int number = (first + k) % ROWS;
        Span image = { rows[number].image, rows[number].size };
        if (from_columns) {
            Buffer b = BUFFER_OF(images[k]);
            encode(number, &b);
            image = span_of_buffer(&b);
        }
        ASSERT(status_ok(row_parse(image, &views[k])));
    }
}

/* Rows are parsed from their bytes, their seals made anew, several at once where the suite and the
 * processor can (SM3: eight side by side), and compared whole, as vaultd does it in a scan. */
static double verify_per_s(Keys *keys, bool from_columns)
{
    RowSealKey key = { .suite = keys_suite(keys) };
    double best = 0;
    key.mac = keys_row_seal(keys, 0, &key.version);
    for (int run = 0; run < 5; run++) {
        const double start = processor_thread_s();
        for (int i = 0; i < VERIFIED; i += ROW_SEALS_MAX) {
            RowView views[ROW_SEALS_MAX];
            const RowView *pointers[ROW_SEALS_MAX];
            int64_t revisions[ROW_SEALS_MAX];
            uint8_t seals[ROW_SEALS_MAX][WIRE_SEAL_BYTES];
            parse_group(i, from_columns, views);
            for (int k = 0; k < ROW_SEALS_MAX; k++) {
                pointers[k] = &views[k];
                revisions[k] = views[k].head.revision;
            }
            row_seal_under_many(&key, pointers, revisions, ROW_SEALS_MAX, seals);
            for (int k = 0; k < ROW_SEALS_MAX; k++)
                ASSERT(bytes_equal_ct(seals[k], rows[(i + k) % ROWS].seal, WIRE_SEAL_BYTES));
        }
        const double per_s = VERIFIED / (processor_thread_s() - start);
        if (per_s > best) best = per_s;
    }
    return best;
}

void seal_rows_print(const char *name, Keys *keys)
{
    make_rows(keys);
    const double per_s = verify_per_s(keys, false);
    const double columns_per_s = verify_per_s(keys, true);
    if (keys_suite(keys) == KEYS_INTERNATIONAL) {
        best_per_s = per_s;
        best_columns_per_s = columns_per_s;
    }
    printf("\"%s\":%.0f,\"from_columns_%s\":%.0f,", name, per_s, name, columns_per_s);
}

/* --- pgcrypto --- */

static bool run(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    const bool good =
            PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good) fprintf(stderr, "seal: %s", PQerrorMessage(connection));
    PQclear(result);
    return good;
}

#define KEY "'\\x0707070707070707070707070707070707070707070707070707070707070707'::bytea"
/* What people do today: the columns as one text, its HMAC in a column beside them. */
#define ROW_TEXT                                                                               \
    "convert_to(concat_ws('|', fuid, fcurtype, fbalance, fcon, fyday_balance, fbalance_time, " \
    "status, owner), 'UTF8')"

static bool fill(PGconn *connection)
{
    char sql[1024];
    snprintf(sql, sizeof(sql),
            "CREATE TABLE account AS SELECT i AS fuid, 156::smallint AS fcurtype, (1000 + "
            "i)::bigint "
            "AS fbalance, 0::bigint AS fcon, (900 + i)::bigint AS fyday_balance, timestamp "
            "'2026-01-01' + i * interval '1 second' AS fbalance_time, 1 AS status, "
            "'owner-01'::text "
            "AS owner, ''::bytea AS mac, '\\x00'::bytea AS bytes FROM generate_series(1, %d) i",
            DATABASE_ROWS);
    return run(connection, "CREATE EXTENSION pgcrypto") && run(connection, sql)
            && run(connection,
                    "UPDATE account SET bytes = decode(repeat('07', 211), 'hex'), "
                    "mac = hmac(" ROW_TEXT ", " KEY ", 'sha256')")
            && run(connection, "VACUUM FULL account")
            && run(connection, "SET max_parallel_workers_per_gather = 0");
}

static double query_per_s(PGconn *connection, const char *sql)
{
    const int pid = PQbackendPID(connection);
    double best = 0;
    for (int round = 0; round < 3; round++) {
        const double start = processor_program_s(pid);
        for (int i = 0; i < 3; i++)
            if (!run(connection, sql)) return 0;
        const double spent = processor_program_s(pid) - start;
        const double per_s = spent > 0 ? 3.0 * DATABASE_ROWS / spent : 0;
        if (per_s > best) best = per_s;
    }
    return best;
}

void seal_rows_print_pgcrypto(void)
{
    Cluster cluster;
    char url[128];
    double per_s = 0;
    double bytes_per_s = 0;
    if (status_ok(cluster_open(&cluster))) {
        PGconn *connection = PQconnectdb(cluster_url(&cluster, "postgres", url));
        if (fill(connection)) {
            per_s = query_per_s(connection,
                    "SELECT count(*) FROM account WHERE hmac(" ROW_TEXT ", " KEY
                    ", 'sha256') = mac");
            bytes_per_s = query_per_s(connection,
                    "SELECT count(*) FROM account WHERE hmac(bytes, " KEY ", 'sha256') = mac");
        }
        PQfinish(connection);
        cluster_close(&cluster);
    }
    const double over = per_s > 0 ? best_per_s / per_s : 0;
    const double columns_over = per_s > 0 ? best_columns_per_s / per_s : 0;
    const double ready_over = bytes_per_s > 0 ? best_per_s / bytes_per_s : 0;
    printf("\"pgcrypto_per_s\":%.0f,\"over_pgcrypto\":%.1f,\"from_columns_over_pgcrypto\":%.1f,"
           "\"pgcrypto_ready_bytes_per_s\":%.0f,\"over_pgcrypto_ready_bytes\":%.1f,",
            per_s, over, columns_over, bytes_per_s, ready_over);
}
