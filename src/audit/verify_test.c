/*
 * Goal: whatever is done to rows or log behind our back is found, named, and nothing else is
 * (LL-4.5.3). Method: a sound database with checkpoints; one attack each, through plain SQL; the
 * findings that must come, and no others.
 */
#include "audit/verify_for_tests.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_a_sound_database_is_clean(void)
{
    SAMPLE;
    Found found = verify_now();
    EXPECT(found.report.findings == 0);
    EXPECT(found.report.leaves == 8 && found.report.signed_leaves == 8);
    EXPECT(found.report.accounts == 4 && found.report.postings == 16 && found.report.rows == 20);
    EXPECT(found.report.checkpoints == 6); /* newest and two of the history, in two places */
    /* An unsigned tail is no finding. */
    EXPECT_OK(sample_transfer(&sample, 2, 3, 1));
    found = verify_now();
    EXPECT(found.report.findings == 0 && found.report.leaves == 9
            && found.report.signed_leaves == 8);
}

typedef struct Attack {
    const char *sql;
    AuditFindingKind kind;
    const char *table;
    const char *key;
} Attack;

/* One byte or number changed in each column of each sealed table. */
static void test_every_column_counts(void)
{
    static const Attack attacks[] = {
        { "UPDATE account SET id = 99 WHERE id = 3", FINDING_ROW_CHANGED, "account", "99" },
        { "UPDATE account SET owner = 'ownes' WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET class = 3 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET currency = 840 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET balance = balance + 1 WHERE id = 3", FINDING_ROW_CHANGED, "account",
                "3" },
        { "UPDATE account SET frozen = 1 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET previous = 1 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET previous_day = 1 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET balance_time = 1 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET status = 0 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET revision = revision + 1 WHERE id = 3", FINDING_ROW_CHANGED, "account",
                "3" },
        { "UPDATE account SET revision = 'x' WHERE id = 3", FINDING_ROW_UNREADABLE, "account",
                "behind 18 rows" },
        { "UPDATE account SET batch = batch - 1 WHERE id = 3", FINDING_ROW_CHANGED, "account",
                "3" },
        { "UPDATE account SET batch = 1000000 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE account SET seal = zeroblob(48) WHERE id = 3", FINDING_SEAL_DIFFERS, "account",
                "3" },
        { "UPDATE account SET seal = x'01' WHERE id = 3", FINDING_SEAL_DIFFERS, "account", "3" },
        { "UPDATE account SET owner = 7.25 WHERE id = 3", FINDING_ROW_CHANGED, "account", "3" },
        { "UPDATE posting SET in_batch = 100 WHERE in_batch = 2 AND number = 1",
                FINDING_ROW_CHANGED, "posting", "100/1" },
        { "UPDATE posting SET number = 9 WHERE in_batch = 2 AND number = 1", FINDING_ROW_CHANGED,
                "posting", "2/9" },
        { "UPDATE posting SET transaction_id = 'T4' WHERE in_batch = 2 AND number = 1",
                FINDING_ROW_CHANGED, "posting", "2/1" },
        { "UPDATE posting SET account = 4 WHERE in_batch = 3 AND number = 1", FINDING_ROW_CHANGED,
                "posting", "3/1" },
        { "UPDATE posting SET bucket = 1 WHERE in_batch = 3 AND number = 1", FINDING_ROW_CHANGED,
                "posting", "3/1" },
        { "UPDATE posting SET minor = minor - 1 WHERE in_batch = 3 AND number = 1",
                FINDING_ROW_CHANGED, "posting", "3/1" },
        { "UPDATE posting SET currency = 840 WHERE in_batch = 3 AND number = 1",
                FINDING_ROW_CHANGED, "posting", "3/1" },
        { "UPDATE posting SET kind = 5 WHERE in_batch = 3 AND number = 1", FINDING_ROW_CHANGED,
                "posting", "3/1" },
        { "UPDATE posting SET posted = 5 WHERE in_batch = 3 AND number = 1", FINDING_ROW_CHANGED,
                "posting", "3/1" },
        { "UPDATE posting SET batch = 4 WHERE in_batch = 3 AND number = 1", FINDING_ROW_CHANGED,
                "posting", "3/1" },
    };
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "CREATE TABLE keep_account AS SELECT * FROM account"));
    EXPECT_OK(sample_execute(&sample, "CREATE TABLE keep_posting AS SELECT * FROM posting"));
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        const Attack *a = &attacks[i];
        EXPECT_OK(sample_execute(&sample, a->sql));
        const Found found = verify_now();
        const bool good = found.counts[a->kind] >= 1 && strcmp(found.keys[a->kind], a->key) == 0
                && strcmp(found.tables[a->kind], a->table) == 0;
        if (!good)
            fprintf(stderr, "%s: %s %s\n", a->sql, found.tables[a->kind], found.keys[a->kind]);
        EXPECT(good);
        EXPECT_OK(sample_execute(&sample, "DELETE FROM account"));
        EXPECT_OK(sample_execute(&sample, "DELETE FROM posting"));
        EXPECT_OK(sample_execute(&sample, "INSERT INTO account SELECT * FROM keep_account"));
        EXPECT_OK(sample_execute(&sample, "INSERT INTO posting SELECT * FROM keep_posting"));
    }
    EXPECT(verify_now().report.findings == 0);
}

static void test_rows_swapped(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET id = 99 WHERE id = 3"));
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET id = 3 WHERE id = 4"));
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET id = 4 WHERE id = 99"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_ROW_CHANGED] == 2 && found.counts[FINDING_BALANCE_DIFFERS] == 2);
}

/* An append-only row that is gone is named by its entry. */
static void test_posting_deleted(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "DELETE FROM posting WHERE in_batch = 4 AND number = 1"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_SUM_NOT_ZERO] == 1 && found.counts[FINDING_BALANCE_DIFFERS] == 1);
    EXPECT(found.counts[FINDING_ROW_LOST] == 1 && found.report.findings == 3);
}

/* A whole transaction and its effect gone: sums are right, the log knows better. */
static void test_transaction_deleted_with_its_effect(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "DELETE FROM posting WHERE in_batch = 7"));
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET balance = balance + 50 WHERE id = 4"));
    EXPECT_OK(sample_execute(&sample, "UPDATE account SET balance = balance - 50 WHERE id = 2"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_SUM_NOT_ZERO] == 0 && found.counts[FINDING_BALANCE_DIFFERS] == 0);
    EXPECT(found.counts[FINDING_ROW_CHANGED] == 2 && found.counts[FINDING_ROW_LOST] == 2);
}

/* The old image of a row with its own old seal and batch: each part is genuine. */
static void test_account_rolled_back(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "CREATE TABLE old AS SELECT * FROM account WHERE id = 3"));
    EXPECT_OK(sample_transfer(&sample, 3, 2, 5));
    EXPECT_OK(sample_transfer(&sample, 3, 2, 6));
    EXPECT_OK(sample_execute(&sample, "DELETE FROM account WHERE id = 3"));
    EXPECT_OK(sample_execute(&sample, "INSERT INTO account SELECT * FROM old"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_ROW_LOST] >= 1 && found.counts[FINDING_BALANCE_DIFFERS] == 1);
    EXPECT(found.counts[FINDING_ROW_CHANGED] == 0);
}

static void test_account_deleted(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "DELETE FROM account WHERE id = 4"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_ROW_LOST] >= 1 && found.counts[FINDING_BALANCE_DIFFERS] == 1);
}

/* A copy of a row needs another key, so it stands in no leaf; one in a table without its key is
 * told as well. */
static void test_row_duplicated(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "CREATE TABLE copy AS SELECT * FROM posting"));
    EXPECT_OK(sample_execute(&sample, "DROP TABLE posting"));
    EXPECT_OK(sample_execute(&sample,
            "CREATE TABLE posting(in_batch BIGINT, number BIGINT, transaction_id TEXT, account "
            "BIGINT, bucket BIGINT,"
            " minor BIGINT, currency BIGINT, kind BIGINT, posted BIGINT, batch BIGINT, seal BYTEA,"
            " PRIMARY KEY(in_batch, number, seal, posted, batch, kind))"));
    EXPECT_OK(sample_execute(&sample, "INSERT INTO posting SELECT * FROM copy"));
    EXPECT_OK(sample_execute(
            &sample, "UPDATE posting SET seal = x'00' || seal WHERE in_batch = 1 AND number = 1"));
    EXPECT_OK(sample_execute(
            &sample, "INSERT INTO posting SELECT * FROM copy WHERE in_batch = 1 AND number = 1"));
    Found found = { .report = { 0 } };
    const AuditVerifyConfig config = { sample.path, &sample.keys, sample.dir, sample.second,
        note_finding, &found };
    AuditReport report;
    /* The key is not the one of the registry: the schema itself was changed, and the check says it
     * cannot. */
    EXPECT_STATUS(audit_verify(&config, &report), FAULT_STORE_SCHEMA);
}

static void test_table_dropped(void)
{
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "DROP TABLE posting"));
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_TABLE_MISSING] == 1 && found.counts[FINDING_BALANCE_DIFFERS] == 4);
}

static void test_log_attacked(void)
{
    static const Attack attacks[] = {
        { "UPDATE audit_leaf SET leaf = leaf || x'00' WHERE batch = 6", FINDING_LEAF_CHANGED, "",
                "" },
        { "UPDATE audit_leaf SET hash = zeroblob(32) WHERE batch = 6", FINDING_LEAF_CHANGED, "",
                "" },
        { "UPDATE audit_leaf SET hash = x'00' WHERE batch = 6", FINDING_LEAF_CHANGED, "", "" },
        { "UPDATE audit_leaf SET time_us = time_us + 1 WHERE batch = 6", FINDING_LEAF_CHANGED, "",
                "" },
        { "UPDATE audit_leaf SET salt = zeroblob(32) WHERE batch = 6", FINDING_ROW_CHANGED, "",
                "" },
        { "UPDATE audit_leaf SET salt = x'00' WHERE batch = 6", FINDING_LEAF_CHANGED, "", "" },
        { "UPDATE audit_leaf SET leaf = 'text' WHERE batch = 6", FINDING_LEAF_CHANGED, "", "" },
        { "DELETE FROM audit_leaf WHERE batch = 6", FINDING_LEAF_MISSING, "", "" },
        { "DELETE FROM audit_leaf WHERE batch = 7", FINDING_LOG_TRUNCATED, "", "" },
        { "DELETE FROM audit_leaf", FINDING_LOG_TRUNCATED, "", "" },
        { "UPDATE audit_leaf SET batch = 9000000000000 WHERE batch = 7", FINDING_LOG_TRUNCATED, "",
                "" },
        { "UPDATE audit_leaf SET batch = -1 WHERE batch = 7", FINDING_LOG_TRUNCATED, "", "" },
        { "UPDATE audit_leaf SET batch = 100 - batch", FINDING_LEAF_MISSING, "", "" },
        { "UPDATE audit_leaf SET (leaf, hash) = (SELECT leaf, hash FROM audit_leaf WHERE batch = "
          "5) WHERE batch = 6",
                FINDING_LOG_DIFFERS, "", "" },
    };
    SAMPLE;
    EXPECT_OK(sample_execute(&sample, "CREATE TABLE keep AS SELECT * FROM audit_leaf"));
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        EXPECT_OK(sample_execute(&sample, attacks[i].sql));
        const Found found = verify_now();
        if (found.counts[attacks[i].kind] == 0) fprintf(stderr, "%s\n", attacks[i].sql);
        EXPECT(found.counts[attacks[i].kind] >= 1);
        EXPECT_OK(sample_execute(&sample, "DELETE FROM audit_leaf"));
        EXPECT_OK(sample_execute(&sample, "INSERT INTO audit_leaf SELECT * FROM keep"));
    }
    EXPECT(verify_now().report.findings == 0);
}

/* Everything set back together, database and log: only what was signed and kept elsewhere tells. */
static void test_whole_database_rolled_back(void)
{
    SAMPLE;
    char copy[128];
    snprintf(copy, sizeof(copy), "%s/copy.db", sample.folder);
    EXPECT_OK(store_copy_to(sample.path, copy));
    EXPECT_OK(sample_transfer(&sample, 2, 3, 7));
    EXPECT_OK(sample_checkpoint(&sample));
    Found found = verify_now();
    EXPECT(found.report.findings == 0);
    const AuditVerifyConfig config = { copy, &sample.keys, sample.dir, sample.second, note_finding,
        &found };
    EXPECT_OK(audit_verify(&config, &found.report));
    EXPECT(found.counts[FINDING_LOG_TRUNCATED] == 1 && found.report.findings == 1);
}

/* Another history, consistent in itself, signed by the same keys: a captured vault. The second
 * place disagrees. */
static void test_split_view(void)
{
    SAMPLE;
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    const MerkleFrontier tree = sample.tree;
    sample.tree.edge[3].bytes[0] ^= 1;
    EXPECT_OK(sample_note(&sample, &note));
    sample.tree = tree;
    EXPECT_REFUSED(audit_checkpoint_keep(sample.second, NULL, span_of_buffer(&note)),
            REFUSED_AUDIT_ROOT_DIFFERS);
    char path[128];
    snprintf(path, sizeof(path), "%s/checkpoint", sample.second);
    FILE *file = fopen(path, "w");
    EXPECT(file != NULL);
    EXPECT(fwrite(note.data, 1, note.size, file) == note.size && fclose(file) == 0);
    const Found found = verify_now();
    EXPECT(found.counts[FINDING_CHECKPOINT_SPLIT] >= 1);
}

static void test_checkpoints_attacked(void)
{
    SAMPLE;
    char path[128];
    snprintf(path, sizeof(path), "%s/checkpoint", sample.dir);
    FILE *file = fopen(path, "r+");
    EXPECT(file != NULL);
    EXPECT(fputc('X', file) == 'X' && fclose(file) == 0);
    Found found = verify_now();
    EXPECT(found.counts[FINDING_CHECKPOINT_INVALID] == 1 && found.report.findings == 1);
    EXPECT(unlink(path) == 0);
    found = verify_now();
    EXPECT(found.counts[FINDING_CHECKPOINT_MISSING] == 1 && found.report.findings == 1);
    snprintf(path, sizeof(path), "%s/checkpoint", sample.second);
    EXPECT(unlink(path) == 0);
    found = verify_now();
    EXPECT(found.counts[FINDING_CHECKPOINT_MISSING] == 2 && found.report.signed_leaves == 0);
}

/* Batches go on while the check reads: it sees one state. */
static void *keep_writing(void *context)
{
    for (int i = 0; i < 200; i++)
        IGNORE(sample_transfer(&sample, 2, 3, 0), "the check is what counts");
    return NULL;
}

static void test_live_database(void)
{
    SAMPLE;
    pthread_t writer;
    EXPECT(pthread_create(&writer, NULL, keep_writing, NULL) == 0);
    uint64_t findings = 0;
    for (int i = 0; i < 20; i++)
        findings += verify_now().report.findings;
    pthread_join(writer, NULL);
    EXPECT(findings == 0);
    EXPECT(verify_now().report.leaves == 208);
}

/* What vaultd's keys did not sign is nothing. */
static void test_other_keys(void)
{
    SAMPLE;
    PrivateKey *other = NULL;
    uint8_t memory[2048];
    Buffer pem = BUFFER_OF(memory);
    AuditKeys keys = { 0 };
    EXPECT_OK(private_key_generate(KEY_ED25519, &other));
    EXPECT_OK(public_key_to_pem(private_key_public(other), &pem));
    EXPECT_OK(audit_keys_parse(span_of_buffer(&pem), &keys));
    private_key_free(&other);
    Found found = { .report = { 0 } };
    const AuditVerifyConfig config = { sample.path, &keys, sample.dir, sample.second, note_finding,
        &found };
    const Status s = audit_verify(&config, &found.report);
    audit_keys_free(&keys);
    EXPECT_OK(s);
    EXPECT(found.counts[FINDING_CHECKPOINT_INVALID] == 2);
}

TESTS(TEST(test_a_sound_database_is_clean), TEST(test_every_column_counts), TEST(test_rows_swapped),
        TEST(test_posting_deleted), TEST(test_transaction_deleted_with_its_effect),
        TEST(test_account_rolled_back), TEST(test_account_deleted), TEST(test_row_duplicated),
        TEST(test_table_dropped), TEST(test_log_attacked), TEST(test_whole_database_rolled_back),
        TEST(test_split_view), TEST(test_checkpoints_attacked), TEST(test_live_database),
        TEST(test_other_keys))
