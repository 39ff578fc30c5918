/*
 * Goal: `hufu scan --db postgres://` judges every column of a real PostgreSQL, says where and never
 * what (TP-5, TP-8, TP-14). Method: a cluster of our own with tables that hide
 * a value of each kind in text, bytea, json and number columns, scanned as a person would; a role
 * that may not read one table; a database that does not exist.
 */
#include "cluster.h"

#include "base/expect.h"

#include <string.h>

enum { SAID_BYTES = 64 * 1024 };

static Cluster cluster;
static char said[SAID_BYTES];

static void cluster_done(const int *unused) { cluster_close(&cluster); }

static int psql(const char *database, const char *sql)
{
    char url[128];
    const char *argv[] = { "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d",
        cluster_url(&cluster, database, url), "-c", sql, NULL };
    return cluster_run(argv, false, said, sizeof(said));
}

static int scan(const char *url)
{
    const char *argv[] = { getenv("HUFU_HUFU"), "scan", "--quiet", "--db", url, NULL };
    return cluster_run(argv, false, said, sizeof(said));
}

static const char tables[] =
        "CREATE TABLE payment (id int, part text, note text, raw bytea, extra jsonb, amount bigint,"
        " PRIMARY KEY (id, part));"
        "INSERT INTO payment VALUES (1, 'a', 'card 4111 1111 1111 1111', NULL, NULL, 100),"
        " (2, 'b', 'two cups', convert_to('cvv2=123', 'UTF8'), NULL, 6222021234567894),"
        " (3, 'c', NULL, NULL, '{\"id\": \"11010519491231002X\"}', 7);"
        "CREATE SCHEMA ops; CREATE TABLE ops.\"odd name\" (v text);"
        "INSERT INTO ops.\"odd name\" VALUES ('mysql://pay:Abc12345@db.internal/pay');"
        "CREATE VIEW seen AS SELECT note FROM payment;"
        "CREATE TABLE kept (v text); INSERT INTO kept VALUES ('nothing here');"
        "CREATE ROLE clerk LOGIN; GRANT USAGE ON SCHEMA ops TO clerk;"
        "GRANT SELECT ON kept TO clerk";

static bool says_nothing_secret(void)
{
    static const char *const values[] = { "4111", "62220212345", "11010519491231002", "123)",
        "Abc12345" };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (strstr(said, values[i]) != NULL) return false;
    return true;
}

static void test_every_column_is_judged(void)
{
    const Status opened = cluster_open(&cluster);
    CLEANUP(cluster_done) const int closing = 0;
    (void)closing;
    if (status_is(opened, REFUSED_IPC_CLOSED)) {
        printf("skipped: no PostgreSQL 15 here\n");
        return;
    }
    EXPECT_OK(opened);
    char url[128];
    EXPECT(psql("postgres", "CREATE DATABASE shop") == 0);
    EXPECT(psql("shop", tables) == 0);
    EXPECT(scan(cluster_url(&cluster, "shop", url)) == 1);
    EXPECT(strstr(said, "payment.note[1,a]") != NULL);
    EXPECT(strstr(said, "payment.raw[2,b]") != NULL && strstr(said, "card_code") != NULL);
    EXPECT(strstr(said, "payment.amount[2,b]") != NULL);
    EXPECT(strstr(said, "payment.extra[3,c]") != NULL && strstr(said, "identity_number") != NULL);
    EXPECT(strstr(said, "ops.odd name.v") != NULL && strstr(said, "internal_account") != NULL);
    EXPECT(strstr(said, "5 new findings") != NULL && says_nothing_secret());
    if (strstr(said, "5 new findings") == NULL) fprintf(stderr, "%s\n", said);

    /* What a role may not read is no clean database. */
    char clerk[128];
    snprintf(clerk, sizeof(clerk), "postgres://clerk@127.0.0.1:%d/shop", cluster.port);
    EXPECT(scan(clerk) == 1 && strstr(said, "DATABASE_UNREADABLE") != NULL);
    EXPECT(scan(cluster_url(&cluster, "nowhere", url)) == 1);
    EXPECT(strstr(said, "DATABASE_UNREADABLE") != NULL);

    EXPECT(psql("shop", "SELECT note FROM payment WHERE id = 1") == 0);
    EXPECT(strcmp(said, "card 4111 1111 1111 1111\n") == 0);
}

TESTS(TEST(test_every_column_is_judged))
