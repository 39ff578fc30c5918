/*
 * Goal: every column of every table that the house stores says what class of data it holds, in a
 * form that the policy lets into a database, how sensitive it is and who answers for it (LL-4.5.1),
 * under ids that nobody else has. Method: walk all schemas; the build itself runs this.
 */
#include "access/merchant.h"
#include "access/request.h"
#include "audit/discover.h"
#include "audit/log.h"
#include "bank/channel_order.h"
#include "base/expect.h"
#include "cases/alert.h"
#include "ledger/account.h"
#include "lifecycle/subject.h"
#include "payment/payment.h"
#include "report/kept.h"
#include "vault/table_digest.h"

static const StoreSchema *const schemas[] = { &audit_schema, &cases_schema, &access_schema,
    &request_schema, &ledger_schema, &payment_schema, &report_schema, &lifecycle_schema,
    &bank_schema };

static bool is_declared(const Table *table, const Column *column)
{
    const bool class = status_ok(column_allow(column));
    const bool level = class && column->level >= data_class_facts(column->class)->level
            && column->level <= LEVEL_C3;
    if (class && level && column->owner != NULL && column->owner[0] != 0) return true;
    fprintf(stderr, "  %s.%s is not declared\n", table->name, column->name);
    return false;
}

static void test_every_column_is_declared(void)
{
    size_t columns = 0;
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        for (size_t k = 0; k < schemas[i]->table_count; k++) {
            const Table *table = schemas[i]->tables[k];
            for (size_t c = 0; c < table->column_count; c++, columns++)
                EXPECT(is_declared(table, &table->columns[c]));
        }
    }
    EXPECT(columns > 70);
}

static void test_ids_are_used_once(void)
{
    bool seen[DIGEST_TABLES_MAX] = { false }; /* vaultd keeps a digest of each */
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        for (size_t k = 0; k < schemas[i]->table_count; k++) {
            const Table *table = schemas[i]->tables[k];
            if (table->id >= DIGEST_TABLES_MAX)
                fprintf(stderr, "  %s: vaultd takes ids below %d\n", table->name,
                        DIGEST_TABLES_MAX);
            EXPECT(table->id > 0 && table->id < DIGEST_TABLES_MAX && !seen[table->id]);
            seen[table->id] = true;
            for (size_t c = 0; c < table->column_count; c++) {
                for (size_t d = c + 1; d < table->column_count; d++)
                    EXPECT(table->columns[c].id != table->columns[d].id);
            }
        }
    }
}

/* Else every row of it would be a finding: "table.missing" (LL-4.5.3). */
static void test_the_auditor_knows_every_table(void)
{
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        for (size_t k = 0; k < schemas[i]->table_count; k++) {
            const Table *table = schemas[i]->tables[k];
            EXPECT(span_equal(span_of_text(discover_name(table->id)), span_of_text(table->name)));
        }
    }
}

TESTS(TEST(test_every_column_is_declared), TEST(test_ids_are_used_once),
        TEST(test_the_auditor_knows_every_table))
