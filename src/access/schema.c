/* The tables of access as SQL. WITHOUT ROWID is the one word of SQLite's own: it saves a second
 * tree beside the key's. */
#include "access/caller.h"
#include "access/device.h"
#include "access/grant.h"
#include "access/merchant_address.h"
#include "access/merchant_origin.h"
#include "access/merchant_profile.h"
#include "access/merchant_terms.h"
#include "access/passkey_book.h"
#include "access/payer_login.h"
#include "access/principal.h"
#include "access/rights_review.h"
#include "access/table_row.h"

static const Migration migrations[] = {
    { 1,
            "CREATE TABLE merchant("
            "mchid TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, status BIGINT NOT NULL,"
            "account BIGINT NOT NULL, suite BIGINT NOT NULL, limit_minor BIGINT NOT NULL,"
            "created BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE merchant_key("
            "mchid TEXT NOT NULL, serial TEXT NOT NULL, algorithm BIGINT NOT NULL,"
            "spki BYTEA NOT NULL, status BIGINT NOT NULL, created BIGINT NOT NULL,"
            "expires BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(mchid, serial)) WITHOUT ROWID;"
            "CREATE TABLE payer("
            "id TEXT PRIMARY KEY NOT NULL, status BIGINT NOT NULL, account BIGINT NOT NULL,"
            "day BIGINT NOT NULL, day_count BIGINT NOT NULL, day_minor BIGINT NOT NULL,"
            "created BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 2,
            "CREATE TABLE caller("
            "name TEXT PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, key_hash BYTEA NOT NULL,"
            "rights BIGINT NOT NULL, status BIGINT NOT NULL, created BIGINT NOT NULL,"
            "expires BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 3,
            "CREATE TABLE device("
            "principal TEXT NOT NULL, name TEXT NOT NULL, added BIGINT NOT NULL,"
            "status BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(principal, name)) WITHOUT ROWID" },
    { 4,
            "CREATE TABLE principal("
            "id TEXT PRIMARY KEY NOT NULL, tenant TEXT NOT NULL, kind BIGINT NOT NULL,"
            "person BYTEA NOT NULL, roles BIGINT NOT NULL, algorithm BIGINT NOT NULL,"
            "spki BYTEA NOT NULL, status BIGINT NOT NULL, created BIGINT NOT NULL,"
            "changed BIGINT NOT NULL, review BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 5,
            "CREATE TABLE passkey("
            "principal TEXT NOT NULL, name TEXT NOT NULL, credential BYTEA NOT NULL,"
            "algorithm BIGINT NOT NULL, spki BYTEA NOT NULL, uses BIGINT NOT NULL,"
            "copies BIGINT NOT NULL, status BIGINT NOT NULL, added BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL,"
            "PRIMARY KEY(principal, name)) WITHOUT ROWID" },
    { 6,
            "CREATE TABLE payer_login("
            "payer TEXT PRIMARY KEY NOT NULL, status BIGINT NOT NULL, created BIGINT NOT NULL,"
            "cools_until BIGINT NOT NULL, last BIGINT NOT NULL, resets BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE payer_device("
            "payer TEXT NOT NULL, place BIGINT NOT NULL, id BYTEA NOT NULL,"
            "algorithm BIGINT NOT NULL, spki BYTEA NOT NULL, name TEXT NOT NULL,"
            "status BIGINT NOT NULL, added BIGINT NOT NULL, cools_until BIGINT NOT NULL,"
            "seen BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(payer, place)) WITHOUT ROWID" },
    { 7,
            "CREATE TABLE access_grant("
            "id TEXT PRIMARY KEY NOT NULL, principal TEXT NOT NULL, kind BIGINT NOT NULL,"
            "action TEXT NOT NULL, level BIGINT NOT NULL, reason TEXT NOT NULL,"
            "state BIGINT NOT NULL, asked BIGINT NOT NULL, given BIGINT NOT NULL,"
            "until BIGINT NOT NULL, decided_by TEXT NOT NULL, reviewed_by TEXT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE access_review("
            "principal TEXT NOT NULL, due BIGINT NOT NULL, reviewer TEXT NOT NULL,"
            "roles_had BIGINT NOT NULL, roles_left BIGINT NOT NULL, reason TEXT NOT NULL,"
            "reviewed BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(principal, due)) WITHOUT ROWID;"
            "CREATE TABLE access_table("
            "version BIGINT NOT NULL, part BIGINT NOT NULL, parts BIGINT NOT NULL,"
            "digest BYTEA NOT NULL, content BYTEA NOT NULL, accepted_by TEXT NOT NULL,"
            "accepted BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(version, part)) WITHOUT ROWID" },
    /* no door wrote passkeys before this one */
    { 8,
            "DROP TABLE passkey;"
            "CREATE TABLE passkey("
            "principal TEXT NOT NULL, name TEXT NOT NULL, credential BYTEA NOT NULL,"
            "algorithm BIGINT NOT NULL, spki BYTEA NOT NULL, uses BIGINT NOT NULL,"
            "copies BIGINT NOT NULL, status BIGINT NOT NULL, added BIGINT NOT NULL,"
            "stamp BIGINT NOT NULL, revision BIGINT NOT NULL, batch BIGINT NOT NULL,"
            "seal BYTEA NOT NULL, PRIMARY KEY(principal, name)) WITHOUT ROWID" },
    { 9,
            "CREATE TABLE merchant_profile("
            "mchid TEXT PRIMARY KEY NOT NULL, given BIGINT NOT NULL, changed BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 10,
            "CREATE TABLE merchant_terms("
            "mchid TEXT PRIMARY KEY NOT NULL, licence_name TEXT NOT NULL,"
            "licence_number TEXT NOT NULL, licence_digest BYTEA NOT NULL,"
            "licence_until BIGINT NOT NULL, account_token TEXT NOT NULL,"
            "account_mask TEXT NOT NULL, mcc BIGINT NOT NULL, agreement_digest BYTEA NOT NULL,"
            "agreement_time BIGINT NOT NULL, agreement_clause TEXT NOT NULL, risk BIGINT NOT NULL,"
            "fee_rate BIGINT NOT NULL, fee_min BIGINT NOT NULL, fee_max BIGINT NOT NULL,"
            "settlement BIGINT NOT NULL, changed BIGINT NOT NULL, revision BIGINT NOT NULL,"
            "batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 11,
            "CREATE TABLE merchant_origin("
            "mchid TEXT PRIMARY KEY NOT NULL, origins TEXT NOT NULL, changed BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
    { 12,
            "CREATE TABLE merchant_address("
            "mchid TEXT PRIMARY KEY NOT NULL, addresses TEXT NOT NULL, changed BIGINT NOT NULL,"
            "revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID" },
};
enum { MIGRATIONS = sizeof(migrations) / sizeof(migrations[0]) };

static const Table *const tables[] = { &merchant_table, &merchant_key_table, &payer_table,
    &caller_table, &device_table, &principal_table, &passkey_table, &payer_login_table,
    &payer_device_table, &grant_table, &rights_review_table, &access_table_table,
    &merchant_profile_table, &merchant_terms_table, &merchant_origin_table,
    &merchant_address_table };
enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

const StoreSchema access_schema = { "access", migrations, MIGRATIONS, tables, TABLES };
