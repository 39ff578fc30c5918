#include "vault/verify.h"

#include "vault/row_seal.h"

typedef struct Frozen {
    KeyedHash names[WIRE_CLAIMS_MAX];
    size_t count;
} Frozen;

static Status freeze(Frozen *frozen, const KeyedHash *name, StatusCode why)
{
    frozen->names[frozen->count++] = *name;
    return REFUSE(why);
}

static Status check_absent(StoreView *view, Span key, Frozen *frozen)
{
    KeyedHash name;
    store_view_name(view, key, &name);
    REQUIRE(!memory_frozen(view->memory, &name), REFUSED_ROW_FROZEN);
    if (revision_map_get(&view->map, &name) == 0) return OK;
    return freeze(frozen, &name, REFUSED_ROW_DELETED);
}

static Status check_present(StoreView *view, const WireClaim *claim, Frozen *frozen)
{
    RowView row;
    TRY(row_parse(claim->image, &row));
    KeyedHash name;
    store_view_name(view, row.key, &name);
    REQUIRE(!memory_frozen(view->memory, &name), REFUSED_ROW_FROZEN);
    if (!status_ok(row_seal_verify(view->keys, &row, claim->seal)))
        return freeze(frozen, &name, REFUSED_ROW_SEAL_MISMATCH);
    if (store_view_append_only(row.head.table)) return OK;
    RevisionTag tag;
    row_seal_tag(claim->seal.data, &tag);
    if (revision_map_is(&view->map, &name, row.head.revision, &tag)) return OK;
    /* As the outstanding batch would leave it: hufud asked too early. No reason to freeze it. */
    REQUIRE(!revision_map_pending(&view->map, &name, row.head.revision, &tag),
            REFUSED_BATCH_OUT_OF_ORDER);
    return freeze(frozen, &name, REFUSED_ROW_ROLLED_BACK);
}

Status verify_claims(StoreView *view, Span request, Buffer *ret_answer)
{
    REQUIRE(view->phase == STORE_SERVING, REFUSED_VAULT_NOT_READY);
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_CLAIMS_MAX, &count));
    Frozen frozen;
    frozen.count = 0;
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireClaim claim;
        TRY(wire_take_claim(&c, &claim));
        const Status s = claim.absent ? check_absent(view, claim.image, &frozen)
                                      : check_present(view, &claim, &frozen);
        TRY(buffer_put_u32(ret_answer, (uint32_t)s.code));
    }
    TRY(cursor_end(&c));
    return memory_freeze(view->memory, frozen.names, frozen.count);
}
