/* Goal: TP-5, TP-8: every value of every column of a database is shown, with its place, and nothing
 * is written. Method: a SQLite file with keys, without, with blobs, NULLs and odd names. */
#include "store/columns.h"

#include "base/expect.h"

#include <sqlite3.h>
#include <unistd.h>

typedef struct Shown {
    size_t count;
    char places[16][128];
} Shown;

static Status on_value(void *context, const ColumnValue *value)
{
    Shown *shown = context;
    ASSERT(shown->count < 16);
    snprintf(shown->places[shown->count++], 128, "%s.%s[%s]=%.*s", value->table, value->column,
            value->key, (int)value->value.size, (const char *)value->value.data);
    return OK;
}

static bool shows(const Shown *shown, const char *place)
{
    for (size_t i = 0; i < shown->count; i++)
        if (strcmp(shown->places[i], place) == 0) return true;
    return false;
}

static void test_every_column_of_sqlite(void)
{
    char path[] = "/tmp/hufu-columns-XXXXXX";
    const int fd = mkstemp(path);
    EXPECT(fd >= 0);
    close(fd);
    sqlite3 *database = NULL;
    EXPECT(sqlite3_open(path, &database) == SQLITE_OK);
    const int made = sqlite3_exec(database,
            "CREATE TABLE a (x TEXT, y BLOB, z INTEGER);"
            "INSERT INTO a VALUES ('one', x'6162', NULL), (NULL, NULL, 4111111111111111);"
            "CREATE TABLE \"odd \"\" name\" (k TEXT, part INTEGER, v TEXT, PRIMARY KEY (k, part)) "
            "WITHOUT ROWID;"
            "INSERT INTO \"odd \"\" name\" VALUES ('key', 7, 'value');"
            "CREATE VIEW v AS SELECT * FROM a",
            NULL, NULL, NULL);
    EXPECT(made == SQLITE_OK);
    EXPECT(sqlite3_close(database) == SQLITE_OK);

    char address[64];
    snprintf(address, sizeof(address), "sqlite:%s", path);
    Shown shown = { 0 };
    EXPECT_OK(columns_walk(address, false, on_value, &shown));
    EXPECT(shown.count == 6);
    EXPECT(shows(&shown, "a.x[rowid 1]=one") && shows(&shown, "a.y[rowid 1]=ab"));
    EXPECT(shows(&shown, "a.z[rowid 2]=4111111111111111"));
    EXPECT(shows(&shown, "odd \" name.v[key,7]=value"));
    unlink(path);
}

static void test_what_is_no_database_is_refused(void)
{
    Shown shown = { 0 };
    EXPECT_REFUSED(columns_walk("sqlite:/nowhere/x.db", false, on_value, &shown),
            REFUSED_DATABASE_UNREADABLE);
    /* Nothing is sent over an open line to another machine (TP-17). */
    EXPECT_REFUSED(
            columns_walk("postgres://192.0.2.1/x?connect_timeout=1", false, on_value, &shown),
            REFUSED_CHANNEL_UNSAFE);
    EXPECT_REFUSED(
            columns_walk("oracle://x", false, on_value, &shown), REFUSED_DATABASE_UNREADABLE);
    EXPECT_REFUSED(
            columns_walk("postgres://127.0.0.1:1/x?connect_timeout=1", false, on_value, &shown),
            REFUSED_DATABASE_UNREADABLE);
    EXPECT(shown.count == 0);
    EXPECT(columns_address_is_known("postgresql://x") && !columns_address_is_known("mysql://x"));
}

TESTS(TEST(test_every_column_of_sqlite), TEST(test_what_is_no_database_is_refused))
