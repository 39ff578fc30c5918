#include "access/principal.h"

#include "store/unit_wait.h"

#include <pthread.h>
#include <stdlib.h>

enum { SLOTS = 2 * PRINCIPALS_MAX }; /* at most half full; nobody is taken out */

struct PrincipalBook {
    pthread_rwlock_t lock;
    size_t count;
    Principal of[PRINCIPALS_MAX];
    uint16_t slots[SLOTS]; /* place + 1 */
};
_Static_assert(PRINCIPALS_MAX < UINT16_MAX, "a place fits a slot");

Status principal_book_open(PrincipalBook **ret_book)
{
    PrincipalBook *book = calloc(1, sizeof(*book)); /* touched only as far as used */
    CHECK(book != NULL, FAULT_MEMORY);
    ASSERT(pthread_rwlock_init(&book->lock, NULL) == 0);
    *ret_book = book;
    return OK;
}

void principal_book_close(PrincipalBook **book)
{
    if (*book == NULL) return;
    pthread_rwlock_destroy(&(*book)->lock);
    free(*book);
    *book = NULL;
}

static void unlock(PrincipalBook **book) { pthread_rwlock_unlock(&(*book)->lock); }

/* FNV-1a: ids are ours, nobody outside chooses them. */
static size_t slot_of(Span id)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < id.size; i++)
        hash = (hash ^ id.data[i]) * 16777619u;
    return hash % SLOTS;
}

/* The slot that holds this id, or the free one where it belongs. */
static uint16_t *slot_for(PrincipalBook *book, Span id)
{
    for (size_t i = slot_of(id);; i = (i + 1) % SLOTS) {
        uint16_t *slot = &book->slots[i];
        if (*slot == 0 || span_equal(span_of_text(book->of[*slot - 1].id), id)) return slot;
    }
}

bool principal_book_look(PrincipalBook *book, Span id, Principal *ret_principal)
{
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PrincipalBook *held = book;
    const uint16_t place = *slot_for(held, id);
    if (place == 0) return false;
    *ret_principal = held->of[place - 1];
    return true;
}

Status principal_book_find(PrincipalBook *book, Span id, Principal *ret_principal)
{
    Principal found;
    REQUIRE(principal_book_look(book, id, &found), REFUSED_PRINCIPAL_UNKNOWN);
    REQUIRE(found.status == STATUS_LIVE, REFUSED_PRINCIPAL_UNKNOWN);
    *ret_principal = found;
    return OK;
}

static bool is_another_live(const Principal *other, const Principal *principal)
{
    return other->status == STATUS_LIVE && strcmp(other->id, principal->id) != 0;
}

bool principal_book_person_is_taken(PrincipalBook *book, const Principal *principal)
{
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PrincipalBook *held = book;
    for (size_t i = 0; i < held->count; i++) {
        const Principal *other = &held->of[i];
        if (!is_another_live(other, principal)) continue;
        if (bytes_equal_ct(other->person, principal->person, PRINCIPAL_PERSON_BYTES)) return true;
    }
    return false;
}

bool principal_book_key_is_taken(PrincipalBook *book, const Principal *principal)
{
    const Span key = { principal->key, principal->key_size };
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PrincipalBook *held = book;
    for (size_t i = 0; i < held->count; i++) {
        const Principal *other = &held->of[i];
        if (!is_another_live(other, principal)) continue;
        if (span_equal((Span) { other->key, other->key_size }, key)) return true;
    }
    return false;
}

Status principal_book_put(PrincipalBook *book, const Principal *principal)
{
    pthread_rwlock_wrlock(&book->lock);
    CLEANUP(unlock) PrincipalBook *held = book;
    uint16_t *slot = slot_for(held, span_of_text(principal->id));
    REQUIRE(*slot != 0 || held->count < PRINCIPALS_MAX, REFUSED_PRINCIPALS_FULL);
    if (*slot == 0) *slot = (uint16_t)++held->count;
    held->of[*slot - 1] = *principal;
    return OK;
}

bool principal_book_at(PrincipalBook *book, size_t number, Principal *ret_principal)
{
    pthread_rwlock_rdlock(&book->lock);
    CLEANUP(unlock) PrincipalBook *held = book;
    if (number >= held->count) return false;
    *ret_principal = held->of[number];
    return true;
}

size_t principal_book_count(PrincipalBook *book)
{
    pthread_rwlock_rdlock(&book->lock);
    const size_t count = book->count;
    pthread_rwlock_unlock(&book->lock);
    return count;
}

/* --- loading --- */

typedef struct PrincipalLoad {
    Unit unit;
    char id[PRINCIPAL_ID_BYTES_MAX + 1];
    Principal principal;
} PrincipalLoad;

static Status load_gather(Unit *unit, Rows *rows)
{
    PrincipalLoad *work = (PrincipalLoad *)unit;
    bool found = false;
    return principal_get(rows, work->id, &work->principal, &found);
}

static Status load_run(Unit *unit, Rows *rows)
{
    PrincipalLoad *work = (PrincipalLoad *)unit;
    bool found = false;
    TRY(principal_get(rows, work->id, &work->principal, &found));
    REQUIRE(found, REFUSED_PRINCIPAL_UNKNOWN);
    return OK;
}

typedef struct Ids {
    char (*ids)[PRINCIPAL_ID_BYTES_MAX + 1];
    size_t count;
} Ids;

static void ids_free(Ids *ids) { free(ids->ids); }

static Status take_id(void *context, const Value *values, size_t count)
{
    Ids *ids = context;
    CHECK(count == 1 && ids->count < PRINCIPALS_MAX, FAULT_STORE);
    char *id = ids->ids[ids->count];
    if (status_ok(value_copy_text(&values[0], id, PRINCIPAL_ID_BYTES_MAX + 1))) ids->count++;
    return OK;
}

static Status list_ids(void *context, Store *store)
{
    const Value most = VALUE_OF_INT(PRINCIPALS_MAX);
    return store_query(store, "SELECT id FROM principal ORDER BY created, id LIMIT ?1", &most, 1,
            take_id, context);
}

Status principal_book_refresh(
        PrincipalBook *book, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out)
{
    size_t loaded = 0;
    CLEANUP(ids_free) Ids ids = { .ids = calloc(PRINCIPALS_MAX, sizeof(*ids.ids)) };
    CHECK(ids.ids != NULL, FAULT_MEMORY);
    TRY(batcher_between(batcher, list_ids, &ids));
    for (size_t i = 0; i < ids.count; i++) {
        PrincipalLoad work = { .unit = { .gather = load_gather, .run = load_run } };
        memcpy(work.id, ids.ids[i], sizeof(work.id));
        Status s = unit_wait(batcher, &work.unit);
        if (status_ok(s)) s = principal_book_put(book, &work.principal);
        if (status_broken(s)) return s;
        loaded += status_ok(s);
    }
    *ret_loaded = loaded;
    *ret_left_out = ids.count - loaded;
    return OK;
}
