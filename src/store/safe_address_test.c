/* Goal: TP-17: a database elsewhere is spoken to over an encrypted channel that both ends prove
 * themselves on, or not at all. Method: addresses of every kind, and the environment that libpq
 * would listen to. */
#include "store/safe_address.h"

#include "base/expect.h"

#include <stdlib.h>

static const char *const safe[] = {
    "postgres:///hufu", /* the local socket */
    "postgres://%2Fvar%2Frun%2Fpostgresql/hufu", "postgresql://127.0.0.1:5432/hufu",
    "postgres://localhost/hufu", "postgres://[::1]/hufu", "postgres://127.0.0.1,localhost/hufu",
    "postgres://db.bank.example/hufu?sslmode=verify-full&sslcert=core.pem&sslkey=core.key",
    "postgres://db.bank.example/hufu?sslmode=verify-full&channel_binding=require",
    "host=10.0.0.7 sslmode=verify-full sslcert=core.pem",
    "host=db.bank.example hostaddr=127.0.0.1", /* a tunnel's end */
};

static const char *const unsafe[] = {
    "postgres://db.bank.example/hufu",
    "postgres://db.bank.example/hufu?sslmode=disable",
    "postgres://db.bank.example/hufu?sslmode=require&sslcert=core.pem", /* to whom? */
    "postgres://db.bank.example/hufu?sslmode=verify-ca&sslcert=core.pem",
    "postgres://db.bank.example/hufu?sslmode=verify-full", /* from whom? */
    "postgres://db.bank.example/hufu?sslmode=verify-full&channel_binding=prefer",
    "postgres://10.0.0.7/hufu",
    "postgres://128.0.0.1/hufu",
    "postgres://127.0.0.1,10.0.0.7/hufu", /* the second one, when the first is away */
    "postgres://localhost.bank.example/hufu",
    "host=127.0.0.1 hostaddr=10.0.0.7", /* goes there */
    "service=elsewhere",
};

static void test_what_leaves_is_encrypted(void)
{
    for (size_t i = 0; i < sizeof(safe) / sizeof(safe[0]); i++)
        EXPECT_OK(safe_address_postgres(safe[i], false));
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        EXPECT_REFUSED(safe_address_postgres(unsafe[i], false), REFUSED_CHANNEL_UNSAFE);
        EXPECT_OK(safe_address_postgres(unsafe[i], true)); /* --development */
    }
    EXPECT_REFUSED(
            safe_address_postgres("postgres://a?nothing=1", true), REFUSED_DATABASE_UNREADABLE);
    EXPECT(safe_address_is_postgres("postgresql://x") && !safe_address_is_postgres("sqlite:x"));
}

static void test_the_environment_counts(void)
{
    EXPECT(setenv("PGHOST", "db.bank.example", 1) == 0);
    EXPECT_REFUSED(safe_address_postgres("postgres:///hufu", false), REFUSED_CHANNEL_UNSAFE);
    EXPECT_OK(safe_address_postgres("postgres://127.0.0.1/hufu", false));
    EXPECT(setenv("PGSSLMODE", "verify-full", 1) == 0 && setenv("PGSSLCERT", "core.pem", 1) == 0);
    EXPECT_OK(safe_address_postgres("postgres:///hufu", false));
    EXPECT_REFUSED(safe_address_postgres("postgres:///hufu?sslmode=disable", false),
            REFUSED_CHANNEL_UNSAFE);
    EXPECT(unsetenv("PGHOST") == 0 && unsetenv("PGSSLMODE") == 0 && unsetenv("PGSSLCERT") == 0);
}

TESTS(TEST(test_what_leaves_is_encrypted), TEST(test_the_environment_counts))
