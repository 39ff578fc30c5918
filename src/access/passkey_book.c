#include "access/passkey_book.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "store/unit_wait.h"

#include <pthread.h>
#include <stdlib.h>

static const Column passkey_columns[] = {
    { PASSKEY_PRINCIPAL, "principal", VALUE_TEXT, false, CLASS_IDENTITY, LEVEL_C2, "access" },
    { PASSKEY_NAME, "name", VALUE_TEXT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_ID, "credential", VALUE_BYTES, false, CLASS_KEY_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_ALGORITHM, "algorithm", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_SPKI, "spki", VALUE_BYTES, false, CLASS_KEY_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_COUNT, "uses", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_COPIES, "copies", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_STATUS, "status", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_ADDED, "added", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
    { PASSKEY_STAMP, "stamp", VALUE_INT, false, CLASS_PUBLIC, LEVEL_C1, "access" },
};
enum { COLUMNS = sizeof(passkey_columns) / sizeof(passkey_columns[0]), NAME_BYTES = 16 };

const Table passkey_table = {
    TABLE_PASSKEY,
    .schema = 1,
    .name = "passkey",
    .append_only = false,
    .key_columns = 2,
    .column_count = COLUMNS,
    .columns = passkey_columns,
};

void passkey_name(Span id, char ret_name[PASSKEY_NAME_BYTES + 1])
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer text = { (uint8_t *)ret_name, 0, PASSKEY_NAME_BYTES };
    sha256(id, digest);
    ASSERT(status_ok(hex_encode((Span) { digest, NAME_BYTES }, &text)));
    ret_name[PASSKEY_NAME_BYTES] = 0;
}

/* --- rows --- */

static Status take_bytes(const Value *value, uint8_t *ret, size_t capacity, size_t *ret_size)
{
    Buffer b = { ret, 0, capacity };
    REQUIRE(status_ok(buffer_put(&b, value->bytes)), REFUSED_ROW_INVALID);
    *ret_size = b.size;
    return OK;
}

static Status passkey_of_row(const Row *row, Passkey *ret)
{
    const Value *v = row->values;
    Passkey p = { .status = (RegisterStatus)v[COLUMN_AT(PASSKEY_STATUS)].integer,
        .added_us = v[COLUMN_AT(PASSKEY_ADDED)].integer,
        .stamp = v[COLUMN_AT(PASSKEY_STAMP)].integer };
    const int64_t count = v[COLUMN_AT(PASSKEY_COUNT)].integer;
    REQUIRE(count >= 0 && count <= UINT32_MAX, REFUSED_ROW_INVALID);
    p.key.count = (uint32_t)count;
    p.key.algorithm = (KeyAlgorithm)v[COLUMN_AT(PASSKEY_ALGORITHM)].integer;
    p.key.may_be_copied = v[COLUMN_AT(PASSKEY_COPIES)].integer == 1;
    TRY(value_copy_text(&v[COLUMN_AT(PASSKEY_PRINCIPAL)], p.principal, sizeof(p.principal)));
    TRY(value_copy_text(&v[COLUMN_AT(PASSKEY_NAME)], p.name, sizeof(p.name)));
    TRY(take_bytes(&v[COLUMN_AT(PASSKEY_ID)], p.key.id, sizeof(p.key.id), &p.key.id_size));
    TRY(take_bytes(&v[COLUMN_AT(PASSKEY_SPKI)], p.key.spki, sizeof(p.key.spki), &p.key.spki_size));
    *ret = p;
    return OK;
}

Status passkey_get(
        Rows *rows, const char *principal, const char *name, Passkey *ret, bool *ret_found)
{
    const Value key[] = { VALUE_OF_TEXT(span_of_text(principal)),
        VALUE_OF_TEXT(span_of_text(name)) };
    const Row *row = NULL;
    TRY(rows_get(rows, &passkey_table, key, &row));
    *ret_found = row != NULL;
    return row != NULL ? passkey_of_row(row, ret) : OK;
}

static Span id_of(const Passkey *p) { return (Span) { p->key.id, p->key.id_size }; }

static void passkey_values(const Passkey *p, Value v[COLUMNS])
{
    const Span spki = { p->key.spki, p->key.spki_size };
    v[COLUMN_AT(PASSKEY_PRINCIPAL)] = VALUE_OF_TEXT(span_of_text(p->principal));
    v[COLUMN_AT(PASSKEY_NAME)] = VALUE_OF_TEXT(span_of_text(p->name));
    v[COLUMN_AT(PASSKEY_ID)] = VALUE_OF_BYTES(id_of(p));
    v[COLUMN_AT(PASSKEY_ALGORITHM)] = VALUE_OF_INT((int64_t)p->key.algorithm);
    v[COLUMN_AT(PASSKEY_SPKI)] = VALUE_OF_BYTES(spki);
    v[COLUMN_AT(PASSKEY_COUNT)] = VALUE_OF_INT(p->key.count);
    v[COLUMN_AT(PASSKEY_COPIES)] = VALUE_OF_INT(p->key.may_be_copied ? 1 : 0);
    v[COLUMN_AT(PASSKEY_STATUS)] = VALUE_OF_INT((int64_t)p->status);
    v[COLUMN_AT(PASSKEY_ADDED)] = VALUE_OF_INT(p->added_us);
    v[COLUMN_AT(PASSKEY_STAMP)] = VALUE_OF_INT(p->stamp);
}

Status passkey_insert(Rows *rows, const Passkey *passkey)
{
    Value values[COLUMNS];
    Passkey before;
    bool found = false;
    TRY(passkey_get(rows, passkey->principal, passkey->name, &before, &found));
    REQUIRE(!found, REFUSED_PASSKEY_EXISTS);
    passkey_values(passkey, values);
    return rows_insert(rows, &passkey_table, values);
}

Status passkey_update(Rows *rows, const Passkey *passkey)
{
    Value values[COLUMNS];
    passkey_values(passkey, values);
    return rows_update(rows, &passkey_table, values);
}

/* --- the book --- */

struct PasskeyBook {
    pthread_rwlock_t lock;
    size_t count;
    Passkey of[PASSKEYS_MAX];
};

Status passkey_book_open(PasskeyBook **ret_book)
{
    PasskeyBook *book = calloc(1, sizeof(*book)); /* touched only as far as used */
    CHECK(book != NULL, FAULT_MEMORY);
    ASSERT(pthread_rwlock_init(&book->lock, NULL) == 0);
    *ret_book = book;
    return OK;
}

void passkey_book_close(PasskeyBook **book)
{
    if (*book == NULL) return;
    pthread_rwlock_destroy(&(*book)->lock);
    free(*book);
    *book = NULL;
}

static void unlock(PasskeyBook **book) { pthread_rwlock_unlock(&(*book)->lock); }

static bool is_of(const Passkey *p, Span principal)
{
    return p->status == STATUS_LIVE && span_equal(span_of_text(p->principal), principal);
}

/* Of this principal, or, where none is named, the only one of anybody's. */
static Status find(PasskeyBook *book, const Span *principal, Span id, Passkey *ret)
{
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PasskeyBook *held = book;
    const Passkey *found = NULL;
    for (size_t i = 0; i < held->count; i++) {
        const Passkey *p = &held->of[i];
        if (p->status != STATUS_LIVE || !span_equal(id_of(p), id)) continue;
        if (principal != NULL && !is_of(p, *principal)) continue;
        REQUIRE(found == NULL, REFUSED_PASSKEY_UNKNOWN);
        found = p;
    }
    REQUIRE(found != NULL, REFUSED_PASSKEY_UNKNOWN);
    *ret = *found;
    return OK;
}

Status passkey_book_find(PasskeyBook *book, Span principal, Span id, Passkey *ret)
{
    return find(book, &principal, id, ret);
}

Status passkey_book_find_id(PasskeyBook *book, Span id, Passkey *ret)
{
    return find(book, NULL, id, ret);
}

bool passkey_book_has_id(PasskeyBook *book, Span id)
{
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PasskeyBook *held = book;
    for (size_t i = 0; i < held->count; i++) {
        const Passkey *p = &held->of[i];
        if (p->status == STATUS_LIVE && span_equal(id_of(p), id)) return true;
    }
    return false;
}

size_t passkey_book_list(PasskeyBook *book, Span principal, Passkey ret[PASSKEYS_EACH_MAX])
{
    size_t count = 0;
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PasskeyBook *held = book;
    for (size_t i = 0; i < held->count && count < PASSKEYS_EACH_MAX; i++) {
        if (is_of(&held->of[i], principal)) ret[count++] = held->of[i];
    }
    return count;
}

/* Its own place, or that of one that was removed: what is closed stays in its row. */
static Status place_of(PasskeyBook *book, const Passkey *passkey, Passkey **ret_place)
{
    Passkey *closed = NULL;
    size_t live = 0;
    *ret_place = NULL;
    for (size_t i = 0; i < book->count; i++) {
        Passkey *other = &book->of[i];
        const bool same = strcmp(other->principal, passkey->principal) == 0;
        if (same && strcmp(other->name, passkey->name) == 0) {
            *ret_place = other;
            return OK;
        }
        live += is_of(other, span_of_text(passkey->principal));
        if (other->status != STATUS_LIVE && closed == NULL) closed = other;
    }
    REQUIRE(live < PASSKEYS_EACH_MAX || passkey->status != STATUS_LIVE, REFUSED_PASSKEYS_FULL);
    REQUIRE(closed != NULL || book->count < PASSKEYS_MAX, REFUSED_PASSKEYS_FULL);
    *ret_place = closed != NULL ? closed : &book->of[book->count++];
    return OK;
}

Status passkey_book_put(PasskeyBook *book, const Passkey *passkey)
{
    pthread_rwlock_wrlock(&book->lock);
    CLEANUP(unlock) PasskeyBook *held = book;
    Passkey *place = NULL;
    TRY(place_of(held, passkey, &place));
    *place = *passkey;
    return OK;
}

/* --- loading --- */

typedef struct PasskeyLoad {
    Unit unit;
    Passkey passkey;
} PasskeyLoad;

static Status load_gather(Unit *unit, Rows *rows)
{
    PasskeyLoad *work = (PasskeyLoad *)unit;
    bool found = false;
    return passkey_get(rows, work->passkey.principal, work->passkey.name, &work->passkey, &found);
}

static Status load_run(Unit *unit, Rows *rows)
{
    PasskeyLoad *work = (PasskeyLoad *)unit;
    bool found = false;
    TRY(passkey_get(rows, work->passkey.principal, work->passkey.name, &work->passkey, &found));
    REQUIRE(found, REFUSED_PASSKEY_UNKNOWN);
    return OK;
}

typedef struct Names {
    Passkey *of; /* PASSKEYS_MAX */
    size_t count;
} Names;

static Status take_name(void *context, const Value *values, size_t count)
{
    Names *names = context;
    CHECK(count == 2 && names->count < PASSKEYS_MAX, FAULT_STORE);
    Passkey *p = &names->of[names->count];
    if (status_ok(value_copy_text(&values[0], p->principal, sizeof(p->principal)))
            && status_ok(value_copy_text(&values[1], p->name, sizeof(p->name))))
        names->count++;
    return OK;
}

static Status list_names(void *context, Store *store)
{
    const Value parameters[] = { VALUE_OF_INT(STATUS_LIVE), VALUE_OF_INT(PASSKEYS_MAX) };
    return store_query(store,
            "SELECT principal, name FROM passkey WHERE status = ?1 ORDER BY added LIMIT ?2",
            parameters, 2, take_name, context);
}

static Status load_all(PasskeyBook *book, Batcher *batcher, const Names *names, size_t *ret_loaded)
{
    for (size_t i = 0; i < names->count; i++) {
        PasskeyLoad work = { .unit = { .gather = load_gather, .run = load_run },
            .passkey = names->of[i] };
        Status s = unit_wait(batcher, &work.unit);
        if (status_ok(s)) s = passkey_book_put(book, &work.passkey);
        if (status_broken(s)) return s;
        *ret_loaded += status_ok(s);
    }
    return OK;
}

Status passkey_book_refresh(
        PasskeyBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out)
{
    Names names = { .of = calloc(PASSKEYS_MAX, sizeof(Passkey)) };
    CHECK(names.of != NULL, FAULT_MEMORY);
    *ret_loaded = 0;
    Status s = batcher_between(batcher, list_names, &names);
    if (status_ok(s)) s = load_all(book, batcher, &names, ret_loaded);
    *ret_left_out = names.count - *ret_loaded;
    free(names.of);
    return s;
}
