#include "vaultclient/domain.h"

#include "store/cache.h"
#include "vaultclient/domain_inside.h"

#include <pthread.h>
#include <stdlib.h>

/* Not sealed tables: a record authenticates itself, and its version stands in vaultd's journal. */
static const Migration migrations[] = {
    { 1,
            "CREATE TABLE verifier (payer TEXT PRIMARY KEY NOT NULL, record BLOB NOT NULL);"
            "CREATE TABLE signing_key (mchid TEXT PRIMARY KEY NOT NULL, sealed BLOB NOT NULL);" },
    { 2,
            "CREATE TABLE password (data_class BIGINT NOT NULL, tenant TEXT NOT NULL,"
            " realm TEXT NOT NULL, user_id TEXT NOT NULL, record BLOB NOT NULL,"
            " PRIMARY KEY (data_class, tenant, realm, user_id)) WITHOUT ROWID;" },
    { 3,
            "CREATE TABLE subject_key (tenant TEXT NOT NULL, subject TEXT NOT NULL,"
            " wrapped BLOB NOT NULL, PRIMARY KEY (tenant, subject)) WITHOUT ROWID;"
            "CREATE TABLE field (tenant TEXT NOT NULL, table_id BIGINT NOT NULL,"
            " column_id BIGINT NOT NULL, row_key TEXT NOT NULL, data_class BIGINT NOT NULL,"
            " subject TEXT NOT NULL, sealed BLOB NOT NULL, mask TEXT NOT NULL,"
            " index_version BIGINT NOT NULL, blind BLOB NOT NULL, old_version BIGINT NOT NULL,"
            " old_blind BLOB NOT NULL, PRIMARY KEY (tenant, table_id, column_id, row_key));"
            "CREATE INDEX field_blind ON field (tenant, table_id, column_id, blind);"
            "CREATE INDEX field_old_blind ON field (tenant, table_id, column_id, old_blind);"
            "CREATE INDEX field_subject ON field (tenant, subject);"
            "CREATE TABLE reveal (number BIGINT PRIMARY KEY NOT NULL, record BLOB NOT NULL);"
            "CREATE TABLE walk (name TEXT PRIMARY KEY NOT NULL, total BIGINT NOT NULL,"
            " done BIGINT NOT NULL, tenant TEXT NOT NULL, table_id BIGINT NOT NULL,"
            " column_id BIGINT NOT NULL, row_key TEXT NOT NULL);" },
    { 4, "CREATE INDEX field_expiry ON field (tenant, subject) WHERE data_class = 105;" },
    { 5,
            "CREATE TABLE mac_key (tenant TEXT NOT NULL, name TEXT NOT NULL, sealed BLOB NOT NULL,"
            " PRIMARY KEY (tenant, name)) WITHOUT ROWID;" },
    { 6,
            "CREATE TABLE next_signing_key (mchid TEXT PRIMARY KEY NOT NULL, sealed BLOB NOT NULL,"
            " from_us BIGINT NOT NULL);" },
};
static const StoreSchema schema = {
    .room = "vaultclient",
    .migrations = migrations,
    .migration_count = sizeof(migrations) / sizeof(migrations[0]),
};

static const char put_verifier[] = "INSERT INTO verifier(payer, record) VALUES (?1, ?2) "
                                   "ON CONFLICT(payer) DO UPDATE SET record = excluded.record";
static const char get_verifier[] = "SELECT record FROM verifier WHERE payer = ?1";

enum { MASK_SETS = 64, TURNS = 64 };
#define MASK_LIFE_US ((int64_t)60 * 1000000)

struct DomainStore {
    pthread_mutex_t lock;
    pthread_mutex_t turns[TURNS];
    Store *store;
    Cache *masks; /* outside the domain: hufud's own memory (TP-8) */
};

MUST_USE static Status open_parts(const StoreConfig *config, DomainStore *domain)
{
    const CacheConfig masks = { CACHE_OUTSIDE, MASK_SETS, MASK_LIFE_US, clock_system(),
        random_system() };
    TRY(cache_new(&masks, &domain->masks));
    return store_open(config, &domain->store);
}

Status domain_open(const char *path, const char *vfs, DomainStore **ret_domain)
{
    DomainStore *domain = calloc(1, sizeof(*domain));
    CHECK(domain != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&domain->lock, NULL) == 0);
    for (size_t i = 0; i < TURNS; i++)
        ASSERT(pthread_mutex_init(&domain->turns[i], NULL) == 0);
    static const StoreSchema *const schemas[] = { &schema };
    const StoreConfig config = { .path = path, .vfs = vfs, .schemas = schemas, .schema_count = 1 };
    const Status status = open_parts(&config, domain);
    if (!status_ok(status)) {
        domain_close(domain);
        return status;
    }
    *ret_domain = domain;
    return OK;
}

void domain_close(DomainStore *domain)
{
    if (domain == NULL) return;
    if (domain->store != NULL) store_close(domain->store);
    cache_free(&domain->masks);
    for (size_t i = 0; i < TURNS; i++)
        pthread_mutex_destroy(&domain->turns[i]);
    pthread_mutex_destroy(&domain->lock);
    free(domain);
}

pthread_mutex_t *domain_turn(DomainStore *domain, const Span *parts, size_t count)
{
    uint32_t hash = 2166136261U; /* FNV-1a: who collides waits for the other, and no more */
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < parts[i].size; k++)
            hash = (hash ^ parts[i].data[k]) * 16777619U;
    }
    return &domain->turns[hash % TURNS];
}

void domain_turn_end(pthread_mutex_t **turn) { pthread_mutex_unlock(*turn); }

/* The domain store's door: what is put in is of this class, in this form (TP-6, TP-7, TP-8). */
Status domain_put_record(DomainStore *domain, DataClass class, PolicyForm form, const char *sql,
        const Value *values, size_t count)
{
    TRY(policy_allow(class, LAYER_DOMAIN, PURPOSE_ANY, form));
    pthread_mutex_lock(&domain->lock);
    const Status status = store_execute(domain->store, sql, values, count);
    pthread_mutex_unlock(&domain->lock);
    return status;
}

typedef struct Found {
    Buffer *record;
    bool any;
} Found;

static Status take_record(void *context, const Value *values, size_t count)
{
    Found *found = context;
    ASSERT(count == 1);
    found->any = true;
    return buffer_put(found->record, values[0].bytes);
}

Status domain_get_record(
        DomainStore *domain, const char *sql, const Value *keys, size_t count, Buffer *ret_record)
{
    Found found = { .record = ret_record };
    pthread_mutex_lock(&domain->lock);
    const Status status = store_query(domain->store, sql, keys, count, take_record, &found);
    pthread_mutex_unlock(&domain->lock);
    TRY(status);
    REQUIRE(found.any, REFUSED_ROW_MISSING);
    return OK;
}

/* One lock over reading and keeping: nobody writes in between. */
static Status get_mask(DomainStore *domain, DataClass class, Span key, const char *sql,
        const Value *keys, size_t count, Buffer *ret_mask)
{
    const size_t before = ret_mask->size;
    Found found = { .record = ret_mask };
    if (cache_get(domain->masks, key, ret_mask)) return OK;
    TRY(store_query(domain->store, sql, keys, count, take_record, &found));
    REQUIRE(found.any, REFUSED_ROW_MISSING);
    const Span mask = { ret_mask->data + before, ret_mask->size - before };
    IGNORE(cache_put(domain->masks, class, FORM_MASK, key, mask), "then it is read again");
    return OK;
}

Status domain_get_mask(DomainStore *domain, DataClass class, Span key, const char *sql,
        const Value *keys, size_t count, Buffer *ret_mask)
{
    pthread_mutex_lock(&domain->lock);
    const Status status = get_mask(domain, class, key, sql, keys, count, ret_mask);
    pthread_mutex_unlock(&domain->lock);
    return status;
}

Status domain_query(DomainStore *domain, const char *sql, const Value *keys, size_t count,
        StoreRow row, void *context)
{
    pthread_mutex_lock(&domain->lock);
    const Status status = store_query(domain->store, sql, keys, count, row, context);
    pthread_mutex_unlock(&domain->lock);
    return status;
}

Status domain_read(DomainStore *domain, DomainWork work, void *context)
{
    pthread_mutex_lock(&domain->lock);
    const Status status = work(context, domain->store);
    pthread_mutex_unlock(&domain->lock);
    return status;
}

Status domain_transaction(DomainStore *domain, DomainWork work, void *context)
{
    pthread_mutex_lock(&domain->lock);
    Status status = store_execute(domain->store, "BEGIN IMMEDIATE", NULL, 0);
    if (status_ok(status)) {
        status = work(context, domain->store);
        if (status_ok(status)) status = store_execute(domain->store, "COMMIT", NULL, 0);
        if (!status_ok(status))
            IGNORE(store_execute(domain->store, "ROLLBACK", NULL, 0), "the first status tells");
    }
    cache_clear(domain->masks); /* whatever was replaced or destroyed is not shown again */
    pthread_mutex_unlock(&domain->lock);
    return status;
}

MUST_USE static Status put(DomainStore *domain, const char *sql, DataClass class, PolicyForm form,
        Span name, Span record)
{
    REQUIRE(name.size > 0 && name.size <= DOMAIN_NAME_BYTES_MAX, REFUSED_BUFFER_FULL);
    REQUIRE(record.size > 0 && record.size <= DOMAIN_RECORD_BYTES_MAX, REFUSED_BUFFER_FULL);
    const Value values[] = { VALUE_OF_TEXT(name), VALUE_OF_BYTES(record) };
    return domain_put_record(domain, class, form, sql, values, 2);
}

MUST_USE static Status get(DomainStore *domain, const char *sql, Span name, Buffer *ret_record)
{
    REQUIRE(name.size > 0 && name.size <= DOMAIN_NAME_BYTES_MAX, REFUSED_ROW_MISSING);
    const Value key = VALUE_OF_TEXT(name);
    return domain_get_record(domain, sql, &key, 1, ret_record);
}

Status domain_put_verifier(DomainStore *domain, Span payer, Span record)
{
    return put(domain, put_verifier, CLASS_PIN, FORM_HASH, payer, record);
}

Status domain_get_verifier(DomainStore *domain, Span payer, Buffer *ret_record)
{
    return get(domain, get_verifier, payer, ret_record);
}
