#include "vault/store_view.h"

#include "base/secret.h"
#include "policy/tables.h"
#include "vault/prepare.h"

#include <stdlib.h>

Status store_view_open(Keys *keys, Memory *memory, Clock clock, Random random, StoreView **ret_view)
{
    StoreView *view = calloc(1, sizeof(*view));
    CHECK(view != NULL, FAULT_MEMORY);
    view->keys = keys;
    view->memory = memory;
    view->clock = clock;
    view->random = random;
    view->names = memory->names;
    revision_map_open(&view->map);
    const Status s = prepare_scratch_open(&view->scratch);
    if (!status_ok(s)) {
        store_view_close(view);
        return s;
    }
    *ret_view = view;
    return OK;
}

void store_view_close(StoreView *view)
{
    if (view == NULL) return;
    revision_map_close(&view->map);
    prepare_scratch_close(view->scratch);
    bytes_wipe(view, sizeof(*view));
    free(view);
}

void store_view_name(const StoreView *view, Span key, KeyedHash *ret_name)
{
    keyed_hash(&view->names, key, ret_name);
}

/* Only what grows without bound is kept out of the map; a table that merely never changes costs 32
 * bytes a row there and is guarded at the first read like the others. */
bool store_view_append_only(uint16_t table) { return table == TABLE_POSTING; }

void store_view_saw_seal(StoreView *view, uint32_t version)
{
    for (size_t i = view->seal_version_count; i-- > 0;)
        if (view->seal_versions[i] == version) return;
    if (view->seal_version_count == KEYS_VERSIONS_MAX) return; /* then all are needed */
    view->seal_versions[view->seal_version_count++] = version;
}

bool store_view_needs_seal(const StoreView *view, uint32_t version)
{
    if (view->phase != STORE_SERVING || view->seal_version_count == KEYS_VERSIONS_MAX) return true;
    for (size_t i = 0; i < view->seal_version_count; i++)
        if (view->seal_versions[i] == version) return true;
    return false;
}
