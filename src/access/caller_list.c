#include "access/caller.h"

#include "store/unit_wait.h"

#include <pthread.h>
#include <stdlib.h>

struct CallerList {
    pthread_rwlock_t lock;
    size_t count;
    Caller callers[CALLERS_MAX];
};

Status caller_list_open(CallerList **ret_list)
{
    CallerList *list = calloc(1, sizeof(*list));
    CHECK(list != NULL, FAULT_MEMORY);
    ASSERT(pthread_rwlock_init(&list->lock, NULL) == 0);
    *ret_list = list;
    return OK;
}

void caller_list_close(CallerList **list)
{
    if (*list == NULL) return;
    pthread_rwlock_destroy(&(*list)->lock);
    free(*list);
    *list = NULL;
}

static void unlock(CallerList **list) { pthread_rwlock_unlock(&(*list)->lock); }

Status caller_list_find(
        CallerList *list, const uint8_t key[CALLER_KEY_BYTES], int64_t now_us, Caller *ret_caller)
{
    pthread_rwlock_rdlock(&list->lock);
    CLEANUP(unlock) CallerList *held = list;
    for (size_t i = 0; i < held->count; i++) {
        const Caller *caller = &held->callers[i];
        if (!bytes_equal_ct(caller->key, key, CALLER_KEY_BYTES)) continue;
        if (caller->status != STATUS_LIVE || now_us >= caller->expires_us) continue;
        *ret_caller = *caller;
        return OK;
    }
    return REFUSE(REFUSED_CALLER_UNKNOWN);
}

bool caller_list_key_is_taken(
        CallerList *list, const uint8_t key[CALLER_KEY_BYTES], const char *name)
{
    pthread_rwlock_rdlock(&list->lock);
    CLEANUP(unlock) CallerList *held = list;
    for (size_t i = 0; i < held->count; i++) {
        const Caller *other = &held->callers[i];
        const bool same_key = bytes_equal_ct(other->key, key, CALLER_KEY_BYTES);
        if (same_key && other->status == STATUS_LIVE && strcmp(other->name, name) != 0) return true;
    }
    return false;
}

Status caller_list_put(CallerList *list, const Caller *caller)
{
    pthread_rwlock_wrlock(&list->lock);
    CLEANUP(unlock) CallerList *held = list;
    Caller *place = NULL;
    for (size_t i = 0; i < held->count; i++) {
        Caller *other = &held->callers[i];
        const bool same_name = strcmp(other->name, caller->name) == 0;
        const bool same_key = bytes_equal_ct(other->key, caller->key, CALLER_KEY_BYTES);
        if (same_name) place = other;
        REQUIRE(same_name || !same_key || other->status != STATUS_LIVE, REFUSED_CALLER_EXISTS);
    }
    if (place == NULL) {
        REQUIRE(held->count < CALLERS_MAX, REFUSED_CALLERS_FULL);
        place = &held->callers[held->count++];
    }
    *place = *caller;
    return OK;
}

size_t caller_list_all(CallerList *list, Caller ret_callers[CALLERS_MAX])
{
    pthread_rwlock_rdlock(&list->lock);
    const size_t count = list->count;
    memcpy(ret_callers, list->callers, count * sizeof(Caller));
    pthread_rwlock_unlock(&list->lock);
    return count;
}

/* --- loading --- */

typedef struct CallerLoad {
    Unit unit;
    char name[CALLER_NAME_BYTES_MAX + 1];
    Caller caller;
} CallerLoad;

static Status load_gather(Unit *unit, Rows *rows)
{
    CallerLoad *work = (CallerLoad *)unit;
    bool found = false;
    return caller_get(rows, work->name, &work->caller, &found);
}

static Status load_run(Unit *unit, Rows *rows)
{
    CallerLoad *work = (CallerLoad *)unit;
    bool found = false;
    TRY(caller_get(rows, work->name, &work->caller, &found));
    REQUIRE(found, REFUSED_CALLER_UNKNOWN);
    return OK;
}

typedef struct Names {
    char names[CALLERS_MAX][CALLER_NAME_BYTES_MAX + 1];
    size_t count;
} Names;

static Status take_name(void *context, const Value *values, size_t count)
{
    Names *names = context;
    CHECK(count == 1 && names->count < CALLERS_MAX, FAULT_STORE);
    char *name = names->names[names->count];
    if (status_ok(value_copy_text(&values[0], name, CALLER_NAME_BYTES_MAX + 1))) names->count++;
    return OK;
}

static Status list_names(void *context, Store *store)
{
    const Value most = VALUE_OF_INT(CALLERS_MAX);
    return store_query(
            store, "SELECT name FROM caller ORDER BY name LIMIT ?1", &most, 1, take_name, context);
}

Status caller_list_refresh(
        CallerList *list, Batcher *batcher, size_t *ret_loaded, size_t *ret_left_out)
{
    Names names = { .count = 0 };
    size_t loaded = 0;
    TRY(batcher_between(batcher, list_names, &names));
    for (size_t i = 0; i < names.count; i++) {
        CallerLoad work = { .unit = { .gather = load_gather, .run = load_run } };
        memcpy(work.name, names.names[i], sizeof(work.name));
        Status s = unit_wait(batcher, &work.unit);
        if (status_ok(s)) s = caller_list_put(list, &work.caller);
        if (status_broken(s)) return s;
        loaded += status_ok(s);
    }
    *ret_loaded = loaded;
    *ret_left_out = names.count - loaded;
    return OK;
}
