#define _GNU_SOURCE
#include "audit/sample.h"

#include "audit/event.h"
#include "base/encoding.h"
#include "base/money.h"

#include <ftw.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COLUMN(id, name, type)                                    \
    {                                                             \
        id, name, type, false, CLASS_FINANCIAL, LEVEL_C2, "audit" \
    }

static const Column account_columns[] = {
    COLUMN(ACCOUNT_ID, "id", VALUE_INT),
    COLUMN(ACCOUNT_OWNER, "owner", VALUE_TEXT),
    COLUMN(ACCOUNT_CLASS, "class", VALUE_INT),
    COLUMN(ACCOUNT_CURRENCY, "currency", VALUE_INT),
    COLUMN(ACCOUNT_BALANCE, "balance", VALUE_INT),
    COLUMN(ACCOUNT_FROZEN, "frozen", VALUE_INT),
    COLUMN(ACCOUNT_PREVIOUS, "previous", VALUE_INT),
    COLUMN(ACCOUNT_PREVIOUS_DAY, "previous_day", VALUE_INT),
    COLUMN(ACCOUNT_BALANCE_TIME, "balance_time", VALUE_INT),
    COLUMN(ACCOUNT_STATUS, "status", VALUE_INT),
};
static const Column posting_columns[] = {
    COLUMN(POSTING_BATCH, "in_batch", VALUE_INT),
    COLUMN(POSTING_NUMBER, "number", VALUE_INT),
    COLUMN(POSTING_TRANSACTION, "transaction_id", VALUE_TEXT),
    COLUMN(POSTING_ACCOUNT, "account", VALUE_INT),
    COLUMN(POSTING_BUCKET, "bucket", VALUE_INT),
    COLUMN(POSTING_MINOR, "minor", VALUE_INT),
    COLUMN(POSTING_CURRENCY, "currency", VALUE_INT),
    COLUMN(POSTING_KIND, "kind", VALUE_INT),
    COLUMN(POSTING_TIME, "posted", VALUE_INT),
};
static const Table account = { TABLE_ACCOUNT, 1, "account", false, 1, 10, account_columns };
static const Table posting = { TABLE_POSTING, 1, "posting", true, 2, 9, posting_columns };
static const Table *const tables[] = { &account, &posting };
static const Migration migrations[] = {
    { 1,
            "CREATE TABLE account(id BIGINT PRIMARY KEY NOT NULL, owner TEXT NOT NULL, class "
            "BIGINT NOT NULL,"
            " currency BIGINT NOT NULL, balance BIGINT NOT NULL, frozen BIGINT NOT NULL, previous "
            "BIGINT NOT NULL,"
            " previous_day BIGINT NOT NULL, balance_time BIGINT NOT NULL, status BIGINT NOT NULL,"
            " revision BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT NULL) WITHOUT ROWID;"
            "CREATE TABLE posting(in_batch BIGINT NOT NULL, number BIGINT NOT NULL, transaction_id "
            "TEXT NOT NULL,"
            " account BIGINT NOT NULL, bucket BIGINT NOT NULL, minor BIGINT NOT NULL, currency "
            "BIGINT NOT NULL,"
            " kind BIGINT NOT NULL, posted BIGINT NOT NULL, batch BIGINT NOT NULL, seal BYTEA NOT "
            "NULL,"
            " PRIMARY KEY(in_batch, number)) WITHOUT ROWID;" },
};
static const StoreSchema sample_schema = { "sample", migrations, 1, tables, 2 };

/* --- the guard: leaves and seals as vaultd lays them out --- */

static Status guard_verify(
        void *context, const RowClaim *claims, size_t count, Status *ret_verdicts)
{
    for (size_t i = 0; i < count; i++)
        ret_verdicts[i] = OK;
    return OK;
}

static Status write_seal(const RowView *row, uint8_t ret_seal[SEAL_BYTES])
{
    memset(ret_seal, 0, SEAL_BYTES);
    Buffer seal = { ret_seal, 0, SEAL_BYTES };
    TRY(buffer_put_u16(&seal, 0x0101));
    TRY(buffer_put_u32(&seal, 1));
    TRY(buffer_put_u16(&seal, row->head.schema));
    return buffer_put_i64(&seal, row->head.revision);
}

static Status write_leaf(const BatchDraft *draft, BatchSealed *sealed, Buffer *leaf)
{
    TRY(buffer_put_u8(leaf, AUDIT_LEAF_VERSION));
    TRY(buffer_put_i64(leaf, draft->batch));
    TRY(buffer_put_i64(leaf, draft->time_us));
    TRY(buffer_put_framed(leaf, draft->events));
    TRY(buffer_put_u32(leaf, (uint32_t)draft->change_count));
    for (size_t i = 0; i < draft->change_count; i++) {
        RowView row;
        uint8_t hash[MERKLE_HASH_BYTES];
        TRY(row_parse(draft->changes[i].new_image, &row));
        TRY(write_seal(&row, sealed->seals[i]));
        audit_row_hash(SPAN_OF(sealed->salt), row.image, hash);
        TRY(buffer_put_u16(leaf, row.head.table));
        TRY(buffer_put_u32(leaf, (uint32_t)row.head.revision));
        TRY(buffer_put(leaf, SPAN_OF(hash)));
    }
    return OK;
}

static Status guard_prepare(void *context, const BatchDraft *draft, BatchSealed *ret_sealed)
{
    Sample *s = context;
    Buffer leaf = BUFFER_OF(s->leaf);
    memset(ret_sealed->salt, (int)(draft->batch % 251) + 1, sizeof(ret_sealed->salt));
    TRY(write_leaf(draft, ret_sealed, &leaf));
    merkle_leaf(span_of_buffer(&leaf), &s->pending);
    memcpy(ret_sealed->leaf_hash, s->pending.bytes, MERKLE_HASH_BYTES);
    ret_sealed->leaf = span_of_buffer(&leaf);
    return OK;
}

static Status guard_confirm(void *context, int64_t batch)
{
    Sample *s = context;
    merkle_append(&s->tree, &s->pending);
    return OK;
}

static Status guard_abort(void *context, int64_t batch) { return OK; }

/* --- units --- */

typedef struct Transfer {
    Unit unit;
    int64_t from;
    int64_t to;
    int64_t minor;
    uint64_t number;
    sem_t *finished;
    Status outcome;
} Transfer;

static Status get(Rows *rows, int64_t id, const Row **ret_row)
{
    return rows_get(rows, &account, &VALUE_OF_INT(id), ret_row);
}

static Status gather_transfer(Unit *unit, Rows *rows)
{
    const Transfer *t = (const Transfer *)unit;
    const Row *row = NULL;
    TRY(get(rows, t->from, &row));
    return get(rows, t->to, &row);
}

static Status post(const Transfer *t, Rows *rows, int64_t id, int64_t minor)
{
    uint8_t memory[32];
    Buffer name = BUFFER_OF(memory);
    TRY(buffer_print(&name, "T%llu", (unsigned long long)t->number));
    const Value values[] = { VALUE_OF_INT(rows_batch(rows)), VALUE_OF_INT(rows_next_number(rows)),
        VALUE_OF_TEXT(span_of_buffer(&name)), VALUE_OF_INT(id), VALUE_OF_INT(POSTING_BALANCE),
        VALUE_OF_INT(minor), VALUE_OF_INT(CURRENCY_CNY), VALUE_OF_INT(POSTING_PAY),
        VALUE_OF_INT(rows_now_us(rows)) };
    return rows_insert(rows, &posting, values);
}

static Status move(const Transfer *t, Rows *rows, int64_t id, int64_t minor)
{
    const Row *row = NULL;
    TRY(get(rows, id, &row));
    const int64_t now = rows_now_us(rows);
    const int64_t before = row != NULL ? row->values[4].integer : 0;
    const Value values[] = { VALUE_OF_INT(id), VALUE_OF_TEXT(SPAN("owner")),
        VALUE_OF_INT(id == SAMPLE_SYSTEM_ACCOUNT ? ACCOUNT_CLASS_SYSTEM : ACCOUNT_CLASS_PAYER),
        VALUE_OF_INT(CURRENCY_CNY), VALUE_OF_INT(before + minor), VALUE_OF_INT(0), VALUE_OF_INT(0),
        VALUE_OF_INT(0), VALUE_OF_INT(now), VALUE_OF_INT(1) };
    TRY(row != NULL ? rows_update(rows, &account, values) : rows_insert(rows, &account, values));
    return post(t, rows, id, minor);
}

static Status run_transfer(Unit *unit, Rows *rows)
{
    const Transfer *t = (const Transfer *)unit;
    const AuditEvent event = {
        .kind = AUDIT_ORDER_PAY, .actor = SPAN("payer/p1"), .subject = SPAN("1900000001/N1")
    };
    TRY(audit_event_tell(rows, &event));
    TRY(move(t, rows, t->from, -t->minor));
    return move(t, rows, t->to, t->minor);
}

static void transfer_done(Unit *unit, Status outcome)
{
    Transfer *t = (Transfer *)unit;
    t->outcome = outcome;
    sem_post(t->finished);
}

static Transfer transfer_of(Sample *s, int64_t from, int64_t to, int64_t minor)
{
    return (Transfer) {
        .unit = { .gather = gather_transfer, .run = run_transfer, .done = transfer_done },
        .from = from,
        .to = to,
        .minor = minor,
        .number = ++s->transactions
    };
}

Status sample_transfer(Sample *sample, int64_t from, int64_t to, int64_t minor)
{
    Transfer transfer = transfer_of(sample, from, to, minor);
    return unit_wait(sample->batcher, &transfer.unit);
}

Status sample_transfers(Sample *sample, size_t count)
{
    enum { AT_ONCE = 1024 };
    static Transfer transfers[AT_ONCE];
    sem_t finished;
    CHECK(sem_init(&finished, 0, 0) == 0, FAULT_SYSTEM);
    Status all = OK;
    for (size_t done = 0; done < count;) {
        const size_t now = count - done < AT_ONCE ? count - done : AT_ONCE;
        for (size_t i = 0; i < now; i++) {
            transfers[i] = transfer_of(sample, 2 + (int64_t)(i % 50), 3 + (int64_t)(i * 7 % 50), 1);
            transfers[i].finished = &finished;
            TRY(batcher_submit(sample->batcher, &transfers[i].unit));
        }
        for (size_t i = 0; i < now; i++)
            sem_wait(&finished);
        for (size_t i = 0; i < now; i++)
            if (!status_ok(transfers[i].outcome)) all = transfers[i].outcome;
        done += now;
    }
    sem_destroy(&finished);
    return all;
}

/* --- checkpoints --- */

static Status put_line(Span name, const PrivateKey *key, Span text, Buffer *note)
{
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    uint8_t bytes_memory[4 + SIGN_BYTES_MAX];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer spki = BUFFER_OF(spki_memory);
    Buffer bytes = BUFFER_OF(bytes_memory);
    TRY(public_key_to_spki(private_key_public(key), &spki));
    const bool sm2 = private_key_algorithm(key) == KEY_SM2;
    const size_t size = sm2 ? 65 : 32;
    const Span parts[] = { name, SPAN("\n"), sm2 ? SPAN("\xFFsm2-with-sm3") : SPAN("\x01"),
        { spki.data + spki.size - size, size } };
    digest_parts(DIGEST_SHA256, parts, 4, digest);
    TRY(buffer_put(&bytes, (Span) { digest, 4 }));
    TRY(sign_make(key, text, &bytes));
    TRY(buffer_put(note, SPAN("\xE2\x80\x94 ")));
    TRY(buffer_put(note, name));
    TRY(buffer_put_u8(note, ' '));
    TRY(base64_encode(span_of_buffer(&bytes), note));
    return buffer_put_u8(note, '\n');
}

Status sample_sign(const Sample *sample, Span name, Span text, Buffer *ret_note)
{
    TRY(buffer_put(ret_note, text));
    TRY(buffer_put_u8(ret_note, '\n'));
    TRY(put_line(name, sample->ed25519, text, ret_note));
    return put_line(name, sample->sm2, text, ret_note);
}

Status sample_note(Sample *sample, Buffer *ret_note)
{
    uint8_t memory[256];
    Buffer text = BUFFER_OF(memory);
    MerkleHash root;
    merkle_root(&sample->tree, &root);
    TRY(buffer_print(&text, "%s\n%llu\n", sample->origin, (unsigned long long)sample->tree.size));
    TRY(base64_encode(SPAN_OF(root.bytes), &text));
    TRY(buffer_put_u8(&text, '\n'));
    return sample_sign(sample, span_of_text(sample->origin), span_of_buffer(&text), ret_note);
}

Status sample_checkpoint(Sample *sample)
{
    uint8_t memory[AUDIT_NOTE_BYTES_MAX];
    Buffer note = BUFFER_OF(memory);
    TRY(sample_note(sample, &note));
    return audit_checkpoint_keep(sample->dir, sample->second, span_of_buffer(&note));
}

/* --- open and close --- */

static Status execute_between(void *context, Store *store)
{
    return store_execute(store, context, NULL, 0);
}

Status sample_execute(Sample *sample, const char *sql)
{
    return batcher_between(sample->batcher, execute_between, (void *)(uintptr_t)sql);
}

static Status make_keys(Sample *s)
{
    uint8_t memory[4096];
    Buffer pem = BUFFER_OF(memory);
    TRY(private_key_generate(KEY_ED25519, &s->ed25519));
    TRY(private_key_generate(KEY_SM2, &s->sm2));
    TRY(public_key_to_pem(private_key_public(s->ed25519), &pem));
    TRY(public_key_to_pem(private_key_public(s->sm2), &pem));
    return audit_keys_parse(span_of_buffer(&pem), &s->keys);
}

static Status print_path(char *to, size_t capacity, const char *folder, const char *name)
{
    Buffer path = { (uint8_t *)to, 0, capacity };
    TRY(buffer_print(&path, "%s/%s", folder, name));
    return buffer_put_u8(&path, 0);
}

static Status make_files(Sample *s)
{
    static const char template[] = "/tmp/hufu-audit-XXXXXX";
    memcpy(s->folder, template, sizeof(template));
    CHECK(mkdtemp(s->folder) != NULL, FAULT_DISK);
    TRY(print_path(s->path, sizeof(s->path), s->folder, "store.db"));
    TRY(print_path(s->dir, sizeof(s->dir), s->folder, "log"));
    return print_path(s->second, sizeof(s->second), s->folder, "second");
}

Status sample_open(Sample *ret_sample, int64_t accounts)
{
    return sample_open_with(ret_sample, accounts, NULL);
}

Status sample_open_with(Sample *ret_sample, int64_t accounts, const StoreSchema *more)
{
    Sample *s = ret_sample;
    *s = (Sample) { .clock = clock_system(), .origin = "hufu/test/1" };
    TRY(make_files(s));
    TRY(make_keys(s));
    const StoreSchema *const schemas[] = { &sample_schema, &audit_schema, more };
    const StoreConfig config = { s->path, NULL, schemas, more != NULL ? 3 : 2 };
    TRY(store_open(&config, &s->store));
    const BatchGuard guard = { .context = s,
        .verify = guard_verify,
        .prepare = guard_prepare,
        .confirm = guard_confirm,
        .abort = guard_abort,
        .append = audit_append,
        .committed = audit_batches };
    TRY(batcher_start(s->store, &guard, &s->clock, 0, &s->batcher));
    for (int64_t i = 0; i < accounts; i++)
        TRY(sample_transfer(s, SAMPLE_SYSTEM_ACCOUNT, 2 + i, 1000));
    return OK;
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *walk)
{
    return remove(path);
}

void sample_close(Sample *sample)
{
    if (sample->batcher != NULL) batcher_stop(sample->batcher);
    store_close(sample->store);
    private_key_free(&sample->ed25519);
    private_key_free(&sample->sm2);
    audit_keys_free(&sample->keys);
    if (sample->folder[0] != 0) nftw(sample->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
