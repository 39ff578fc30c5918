#include "access/directory.h"

#include "store/unit_wait.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 2 * DIRECTORY_KEYS_MAX }; /* open addressing stays short at half full */

typedef struct Entry {
    Merchant merchant;
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
    RegisterStatus status;
    int64_t expires_us;
    PublicKey *key;
    PublicKey *retired; /* replaced once; kept, since somebody may be using it */
} Entry;

/* Two tables of pointers: keys by (mchid, serial), and one entry of each merchant, so that an
 * unknown merchant is told apart from an unknown serial. An absent slot is NULL; nothing is ever
 * taken out. */
struct MerchantDirectory {
    pthread_rwlock_t lock;
    Entry *keys[SLOTS];
    Entry *merchants[SLOTS];
    Entry *all;
    size_t count;
};

/* FNV-1a. Both tables hold only what operators registered, so nobody outside can make them collide.
 */
static size_t slot_of(Span mchid, Span serial)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < mchid.size; i++)
        h = (h ^ mchid.data[i]) * UINT64_C(0x100000001b3);
    h = (h ^ 0xff) * UINT64_C(0x100000001b3);
    for (size_t i = 0; i < serial.size; i++)
        h = (h ^ serial.data[i]) * UINT64_C(0x100000001b3);
    return (size_t)((h ^ h >> 32) % SLOTS);
}

static Entry **find_key(MerchantDirectory *d, Span mchid, Span serial)
{
    size_t i = slot_of(mchid, serial);
    while (d->keys[i] != NULL) { /* ends: at most half of the slots are taken */
        if (span_equal(span_of_text(d->keys[i]->merchant.mchid), mchid)
                && span_equal(span_of_text(d->keys[i]->serial), serial))
            break;
        i = (i + 1) % SLOTS;
    }
    return &d->keys[i];
}

static Entry **find_merchant(MerchantDirectory *d, Span mchid)
{
    size_t i = slot_of(mchid, (Span) { 0 });
    while (d->merchants[i] != NULL) {
        if (span_equal(span_of_text(d->merchants[i]->merchant.mchid), mchid)) break;
        i = (i + 1) % SLOTS;
    }
    return &d->merchants[i];
}

Status directory_open(MerchantDirectory **ret_directory)
{
    MerchantDirectory *d = calloc(1, sizeof(MerchantDirectory));
    CHECK(d != NULL, FAULT_MEMORY);
    d->all = calloc(DIRECTORY_KEYS_MAX, sizeof(Entry));
    if (d->all == NULL || pthread_rwlock_init(&d->lock, NULL) != 0) {
        free(d->all);
        free(d);
        return BROKEN(FAULT_MEMORY);
    }
    *ret_directory = d;
    return OK;
}

void directory_close(MerchantDirectory **directory)
{
    MerchantDirectory *d = *directory;
    if (d == NULL) return;
    for (size_t i = 0; i < d->count; i++) {
        public_key_free(&d->all[i].key);
        public_key_free(&d->all[i].retired);
    }
    pthread_rwlock_destroy(&d->lock);
    free(d->all);
    free(d);
    *directory = NULL;
}

static Status find_locked(
        MerchantDirectory *d, Span mchid, Span serial, int64_t now_us, DirectoryKey *ret_key)
{
    const Entry *any = *find_merchant(d, mchid);
    REQUIRE(any != NULL, REFUSED_MERCHANT_UNKNOWN);
    REQUIRE(any->merchant.status == STATUS_LIVE, REFUSED_MERCHANT_CLOSED);
    const Entry *entry = *find_key(d, mchid, serial);
    REQUIRE(entry != NULL, REFUSED_MERCHANT_KEY_UNKNOWN);
    REQUIRE(entry->status == STATUS_LIVE, REFUSED_MERCHANT_KEY_EXPIRED);
    REQUIRE(entry->expires_us > now_us, REFUSED_MERCHANT_KEY_EXPIRED);
    *ret_key = (DirectoryKey) { entry->key, public_key_algorithm(entry->key), any->merchant.suite };
    return OK;
}

Status directory_find(MerchantDirectory *directory, Span mchid, Span serial, int64_t now_us,
        DirectoryKey *ret_key)
{
    pthread_rwlock_rdlock(&directory->lock);
    const Status s = find_locked(directory, mchid, serial, now_us, ret_key);
    pthread_rwlock_unlock(&directory->lock);
    return s;
}

Status directory_suite(MerchantDirectory *directory, Span mchid, MerchantSuite *ret_suite)
{
    pthread_rwlock_rdlock(&directory->lock);
    const Entry *any = *find_merchant(directory, mchid);
    if (any != NULL) *ret_suite = any->merchant.suite;
    pthread_rwlock_unlock(&directory->lock);
    return any != NULL ? OK : REFUSE(REFUSED_MERCHANT_UNKNOWN);
}

/* The same key again keeps its pointer. A serial whose key changed keeps the old one beside it
 * once; a second change of one serial within one run is refused: serials name keys, they are not
 * meant to move. */
static Status put_key(Entry *entry, PublicKey **key)
{
    if (entry->key == NULL) {
        entry->key = *key;
        *key = NULL; /* transferred */
        return OK;
    }
    uint8_t old_print[32];
    uint8_t new_print[32];
    public_key_fingerprint(entry->key, old_print);
    public_key_fingerprint(*key, new_print);
    if (bytes_equal_ct(old_print, new_print, sizeof(old_print))) return OK;
    REQUIRE(entry->retired == NULL, REFUSED_DIRECTORY_FULL);
    entry->retired = entry->key;
    entry->key = *key;
    *key = NULL; /* transferred */
    return OK;
}

static Status put_locked(
        MerchantDirectory *d, const Merchant *merchant, const MerchantKey *key, PublicKey **parsed)
{
    const Span mchid = span_of_text(merchant->mchid);
    Entry **slot = find_key(d, mchid, span_of_text(key->serial));
    REQUIRE(*slot != NULL || d->count < DIRECTORY_KEYS_MAX, REFUSED_DIRECTORY_FULL);
    Entry *entry = *slot != NULL ? *slot : &d->all[d->count];
    TRY(put_key(entry, parsed));
    entry->merchant = *merchant;
    memcpy(entry->serial, key->serial, sizeof(entry->serial));
    entry->status = key->status;
    entry->expires_us = key->expires_us;
    if (*slot == NULL) d->count++;
    *slot = entry;
    Entry **first = find_merchant(d, mchid);
    if (*first == NULL) *first = entry;
    (*first)->merchant = *merchant;
    return OK;
}

Status directory_put(MerchantDirectory *directory, const Merchant *merchant, const MerchantKey *key)
{
    REQUIRE(strcmp(merchant->mchid, key->mchid) == 0, REFUSED_MERCHANT_KEY_UNKNOWN);
    CLEANUP(public_key_free) PublicKey *parsed = NULL;
    TRY(public_key_from_spki((Span) { key->spki, key->spki_size }, &parsed));
    REQUIRE(public_key_algorithm(parsed) == key->algorithm, REFUSED_KEY_FORMAT);
    pthread_rwlock_wrlock(&directory->lock);
    const Status s = put_locked(directory, merchant, key, &parsed);
    pthread_rwlock_unlock(&directory->lock);
    return s;
}

const char *directory_state_name(const DirectoryEntry *entry, int64_t now_us)
{
    if (entry->status != STATUS_LIVE) return "revoked";
    return entry->expires_us > now_us ? "live" : "expired";
}

bool directory_at(MerchantDirectory *directory, size_t number, DirectoryEntry *ret_entry)
{
    pthread_rwlock_rdlock(&directory->lock);
    const bool found = number < directory->count;
    if (found) {
        const Entry *entry = &directory->all[number];
        memcpy(ret_entry->mchid, entry->merchant.mchid, sizeof(ret_entry->mchid));
        memcpy(ret_entry->serial, entry->serial, sizeof(ret_entry->serial));
        ret_entry->algorithm = public_key_algorithm(entry->key);
        ret_entry->status = entry->status;
        ret_entry->expires_us = entry->expires_us;
    }
    pthread_rwlock_unlock(&directory->lock);
    return found;
}

/* --- loading --- */

typedef struct KeyName {
    char mchid[MERCHANT_ID_BYTES_MAX + 1];
    char serial[MERCHANT_SERIAL_BYTES_MAX + 1];
} KeyName;

/* One key and its merchant, as verified rows say. One unit a key: a row that was tampered with
 * costs only itself. */
typedef struct DirectoryLoad {
    Unit unit;
    KeyName name;
    Merchant merchant;
    MerchantKey key;
} DirectoryLoad;

static Status load_gather(Unit *unit, Rows *rows)
{
    const DirectoryLoad *work = (const DirectoryLoad *)unit;
    int64_t account = 0;
    return merchant_gather(rows, work->name.mchid, work->name.serial, &account);
}

static Status load_run(Unit *unit, Rows *rows)
{
    DirectoryLoad *work = (DirectoryLoad *)unit;
    TRY(merchant_get(rows, work->name.mchid, &work->merchant));
    return merchant_key_get(rows, work->name.mchid, work->name.serial, &work->key);
}

typedef struct NameList {
    KeyName after;
    KeyName names[DIRECTORY_GROUP_MAX];
    size_t count;
} NameList;

static Status take_name(void *context, const Value *values, size_t count)
{
    NameList *list = context;
    CHECK(count == 2 && list->count < DIRECTORY_GROUP_MAX, FAULT_STORE);
    KeyName *name = &list->names[list->count];
    const bool fits = status_ok(value_copy_text(&values[0], name->mchid, sizeof(name->mchid)))
            && status_ok(value_copy_text(&values[1], name->serial, sizeof(name->serial)));
    if (fits) list->count++; /* a name we would never have written names no row of ours */
    return OK;
}

static Status list_names(void *context, Store *store)
{
    NameList *list = context;
    const Value parameters[] = { VALUE_OF_TEXT(span_of_text(list->after.mchid)),
        VALUE_OF_TEXT(span_of_text(list->after.serial)), VALUE_OF_INT(DIRECTORY_GROUP_MAX) };
    list->count = 0;
    return store_query(store,
            "SELECT mchid, serial FROM merchant_key WHERE mchid > ?1 OR (mchid = ?1 AND serial > "
            "?2)"
            " ORDER BY mchid, serial LIMIT ?3",
            parameters, 3, take_name, list);
}

static Status load_one(MerchantDirectory *directory, Batcher *batcher, const KeyName *name)
{
    DirectoryLoad work = { .unit = { .gather = load_gather, .run = load_run }, .name = *name };
    TRY(unit_wait(batcher, &work.unit));
    return directory_put(directory, &work.merchant, &work.key);
}

Status directory_refresh(
        MerchantDirectory *directory, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out)
{
    size_t loaded = 0;
    size_t left_out = 0;
    NameList list = { 0 };
    for (;;) { /* ends: each group stands behind the last in key order */
        TRY(batcher_between(batcher, list_names, &list));
        if (list.count == 0) break;
        for (size_t i = 0; i < list.count; i++) {
            const Status s = load_one(directory, batcher, &list.names[i]);
            if (status_broken(s)) return s;
            loaded += status_ok(s);
            left_out += !status_ok(s);
        }
        list.after = list.names[list.count - 1];
    }
    *ret_loaded = loaded;
    *ret_left_out = left_out;
    return OK;
}
