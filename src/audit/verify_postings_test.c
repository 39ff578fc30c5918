/*
 * Goal: rows that say something moved, and postings that say otherwise, are found, whoever sealed
 * them (TP-12). Method: a sound database; rows of payments, refunds and bank orders put beside its
 * postings by plain SQL, right ones and each kind of wrong one.
 */
#include "audit/verify_for_tests.h"

/* A payment's row against its postings; T4 moved 10 from account 2 to account 3, T99 moved nothing.
 * The rows are in no leaf, which is found apart. */
static void test_payments_say_what_their_postings_say(void)
{
    SAMPLE;
    static const struct {
        const char *payment; /* transaction, state, minor, currency, payer, payee */
        unsigned found;
    } cases[] = {
        { "'T4', 1, 10, 156, 2, 3", 0 },
        { "'T4', 1, 11, 156, 2, 3", 1 },
        { "'T4', 1, 10, 156, 3, 2", 1 },
        { "'T4', 1, 10, 156, 2, 4", 1 },
        { "'T4', 1, 10, 840, 2, 3", 1 },
        { "'T4', 6, 10, 156, 2, 3", 1 },
        { "'T4', 7, 10, 156, 2, 3", 1 },
        { "'T4', 3, 10, 156, NULL, 3", 1 },
        { "'T99', 1, 10, 156, 2, 3", 1 },
        { "'T99', 7, 10, 156, 2, 3", 0 },
        { "'T99', 3, 10, 156, NULL, 3", 0 },
        { "'T6', 1, 30, 156, 2, 4", 0 },
    };
    EXPECT_OK(sample_execute(&sample,
            "CREATE TABLE payment(mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id "
            "TEXT, state BIGINT, minor BIGINT, currency BIGINT, payer_account BIGINT, "
            "payee_account BIGINT, revision BIGINT, batch BIGINT, seal BYTEA, "
            "PRIMARY KEY(mchid, out_trade_no))"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                "INSERT OR REPLACE INTO payment VALUES('m1', 'N1', %s, 1, 4, zeroblob(48))",
                cases[i].payment);
        EXPECT_OK(sample_execute(&sample, sql));
        const Found found = verify_now();
        if (found.counts[FINDING_PAYMENT_DIFFERS] != cases[i].found)
            fprintf(stderr, "%s\n", cases[i].payment);
        EXPECT(found.counts[FINDING_PAYMENT_DIFFERS] == cases[i].found);
        if (cases[i].found > 0) EXPECT(strcmp(found.keys[FINDING_PAYMENT_DIFFERS], "m1/N1") == 0);
    }
    EXPECT_OK(sample_execute(
            &sample, "UPDATE posting SET transaction_id = 'T6' WHERE transaction_id = 'T7'"));
    EXPECT(verify_now().counts[FINDING_PAYMENT_DIFFERS] == 1); /* paid twice */
}

/* One row in place of what was there: `values` between what stays the same. */
static void put_row(const char *table, const char *before, const char *values, const char *after)
{
    char sql[320];
    snprintf(sql, sizeof(sql),
            "INSERT OR REPLACE INTO %s VALUES('m1', %s, %s, %s 1, 4, zeroblob(48))", table, before,
            values, after);
    ASSERT(status_ok(sample_execute(&sample, sql)));
}

/* What was given back: T6 moved 30 from 2 to 4, T8 moves 10 of it back. */
static void test_refunds_say_what_was_given_back(void)
{
    SAMPLE;
    static const struct {
        const char *state; /* of the payment; then minor and accounts of the refund */
        const char *refund;
        const char *refunded; /* minor, count */
        const char *found_in; /* the first; NULL: nothing */
    } cases[] = {
        { "2, 5", "10, 2, 4", "10, 1", NULL },
        { "5, 5", "10, 2, 4", "10, 1", NULL },
        { "1, 5", "10, 2, 4", "10, 1", "refunded" }, /* nobody was told */
        { "2, 5", "10, 2, 4", "9, 1", "refunded" },
        { "2, 5", "10, 2, 4", "10, 2", "refunded" },
        { "2, 5", "9, 2, 4", "9, 1", "refund" },
        { "2, 5", "10, 4, 2", "10, 1", "refund" }, /* the wrong way */
        { "2, 5", "31, 2, 4", "31, 1", "refund" },
    };
    EXPECT_OK(sample_transfer(&sample, 4, 2, 10));
    static const char *const tables[] = {
        "CREATE TABLE payment(mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, transaction_id TEXT,"
        "state BIGINT, success_time BIGINT, minor BIGINT, currency BIGINT, payer_account BIGINT,"
        "payee_account BIGINT, revision BIGINT, batch BIGINT, seal BYTEA,"
        "PRIMARY KEY(mchid, out_trade_no))",
        "CREATE TABLE refund(mchid TEXT NOT NULL, out_refund_no TEXT NOT NULL, refund_id TEXT,"
        "out_trade_no TEXT, transaction_id TEXT, total BIGINT, minor BIGINT, payer_account BIGINT,"
        "payee_account BIGINT, currency BIGINT, revision BIGINT, batch BIGINT, seal BYTEA,"
        "PRIMARY KEY(mchid, out_refund_no))",
        "CREATE TABLE refunded(mchid TEXT NOT NULL, out_trade_no TEXT NOT NULL, minor BIGINT,"
        "refunds BIGINT, revision BIGINT, batch BIGINT, seal BYTEA,"
        "PRIMARY KEY(mchid, out_trade_no))",
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        EXPECT_OK(sample_execute(&sample, tables[i]));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put_row("payment", "'N1', 'T6'", cases[i].state, "30, 156, 2, 4,");
        put_row("refund", "'R1', 'T9', 'N1', 'T6', 30", cases[i].refund, "156,");
        put_row("refunded", "'N1'", cases[i].refunded, "");
        const Found found = verify_now();
        const char *in = cases[i].found_in;
        const bool right = in == NULL ? found.counts[FINDING_PAYMENT_DIFFERS] == 0
                                      : strcmp(found.tables[FINDING_PAYMENT_DIFFERS], in) == 0;
        if (!right) fprintf(stderr, "case %zu: %s\n", i, found.tables[FINDING_PAYMENT_DIFFERS]);
        EXPECT(right);
    }
    EXPECT_OK(sample_execute(&sample, "DELETE FROM payment"));
    EXPECT(strcmp(verify_now().tables[FINDING_PAYMENT_DIFFERS], "refund") == 0);
    EXPECT_OK(sample_execute(&sample, "DELETE FROM refund"));
    EXPECT(strcmp(verify_now().tables[FINDING_PAYMENT_DIFFERS], "refunded") == 0);
}

/* Who has this account is a payer, everybody else is the house. */
static void set_holder(const char *account)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "UPDATE account SET class = CASE id WHEN %s THEN 1 ELSE 3 END",
            account);
    ASSERT(status_ok(sample_execute(&sample, sql)));
}

/* A bank order's row against its postings: T4 moved 10 from account 2 to account 3, as "bank/N1"
 * here; account 3 is who gets a funding, account 2 who is paid out. */
static void test_bank_orders_say_what_their_postings_say(void)
{
    SAMPLE;
    static const struct {
        const char *order; /* kind, account, minor, currency, state */
        unsigned found;
    } cases[] = {
        { "1, 3, 10, 156, 4", 0 },
        { "3, 3, 10, 156, 4", 0 },
        { "1, 3, 11, 156, 4", 1 },
        { "1, 3, 10, 156, 3", 1 }, /* credited before the bank said so */
        { "1, 3, 10, 156, 5", 1 },
        { "1, 4, 10, 156, 4", 1 }, /* credited to somebody else */
        { "1, 3, 10, 840, 4", 3 }, /* of one currency, moved in another, at both accounts */
        { "2, 2, 10, 156, 4", 0 },
        { "2, 2, 10, 156, 5", 1 }, /* failed, and not given back */
        { "2, 2, 10, 156, 2", 1 }, /* out before the bank said so: it should be held */
        { "2, 3, 10, 156, 4", 1 },
    };
    EXPECT_OK(sample_execute(&sample,
            "CREATE TABLE channel_order(number TEXT PRIMARY KEY NOT NULL, kind BIGINT, account "
            "BIGINT, minor BIGINT, currency BIGINT, state BIGINT, revision BIGINT, batch BIGINT, "
            "seal BYTEA) WITHOUT ROWID"));
    EXPECT_OK(sample_execute(
            &sample, "UPDATE posting SET transaction_id = 'bank/N1' WHERE transaction_id = 'T4'"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char sql[256];
        snprintf(sql, sizeof(sql),
                "INSERT OR REPLACE INTO channel_order VALUES('N1', %s, 1, 4, zeroblob(48))",
                cases[i].order);
        EXPECT_OK(sample_execute(&sample, sql));
        set_holder((const char[]) { cases[i].order[3], 0 });
        const Found found = verify_now();
        if (found.counts[FINDING_PAYMENT_DIFFERS] != cases[i].found)
            fprintf(stderr, "%s: %u\n", cases[i].order, found.counts[FINDING_PAYMENT_DIFFERS]);
        EXPECT(found.counts[FINDING_PAYMENT_DIFFERS] == cases[i].found);
        if (cases[i].found > 0)
            EXPECT(strcmp(found.tables[FINDING_PAYMENT_DIFFERS], "channel_order") == 0);
    }
    EXPECT_OK(sample_execute(&sample,
            "INSERT OR REPLACE INTO channel_order VALUES('N1', 2, 2, 10, 156, 2, 1, 4, "
            "zeroblob(48))"));
    set_holder("2");
    EXPECT_OK(sample_execute(&sample,
            "UPDATE posting SET account = 2, bucket = 1 WHERE transaction_id = 'bank/N1' AND "
            "account = 3"));
    EXPECT(verify_now().counts[FINDING_PAYMENT_DIFFERS] == 0); /* held */
    /* Beside what is right, money to somebody else under the order's name: T6 moved 30, 2 to 4. */
    EXPECT_OK(sample_execute(&sample,
            "INSERT OR REPLACE INTO channel_order VALUES('N2', 1, 4, 30, 156, 4, 1, 4, "
            "zeroblob(48))"));
    EXPECT_OK(sample_execute(
            &sample, "UPDATE posting SET transaction_id = 'bank/N2' WHERE transaction_id = 'T6'"));
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET class = 1 WHERE id = 4"));
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET class = 3 WHERE id = 2"));
    EXPECT(verify_now().counts[FINDING_PAYMENT_DIFFERS] == 0);
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET class = 1 WHERE id = 2"));
    EXPECT(verify_now().counts[FINDING_PAYMENT_DIFFERS] == 1);
    EXPECT_OK(sample_execute(
            &sample, "UPDATE posting SET transaction_id = 'T6' WHERE transaction_id = 'bank/N2'"));
    EXPECT_OK(sample_execute(&sample, "DELETE FROM channel_order"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_PAYMENT_DIFFERS] == 2); /* postings of no order */
    EXPECT(strcmp(found.keys[FINDING_PAYMENT_DIFFERS], "bank/N1") == 0);
}

TESTS(TEST(test_payments_say_what_their_postings_say), TEST(test_refunds_say_what_was_given_back),
        TEST(test_bank_orders_say_what_their_postings_say))
