#include "vault/verify.h"

#include "vault/row_seal.h"

typedef struct Frozen {
    KeyedHash names[WIRE_CLAIMS_MAX];
    size_t count;
} Frozen;

static Status freeze(Frozen *frozen, const KeyedHash *name, Status why)
{
    frozen->names[frozen->count++] = *name;
    return why;
}

static Status check_absent(StoreView *view, Span key, Frozen *frozen)
{
    KeyedHash name;
    store_view_name(view, key, &name);
    REQUIRE(!memory_frozen(view->memory, &name), REFUSED_ROW_FROZEN);
    if (revision_map_get(&view->map, &name) == 0) return OK;
    return freeze(frozen, &name, REFUSE(REFUSED_ROW_DELETED));
}

Status verify_row(const StoreView *view, const RowView *row, const KeyedHash *name, Span seal)
{
    TRY(row_seal_verify(view->keys, row, seal));
    if (store_view_append_only(row->head.table)) return OK;
    RevisionTag tag;
    row_seal_tag(seal.data, &tag);
    if (revision_map_is(&view->map, name, row->head.revision, &tag)) return OK;
    const bool is_early = revision_map_pending(&view->map, name, row->head.revision, &tag);
    return REFUSE(is_early ? REFUSED_BATCH_OUT_OF_ORDER : REFUSED_ROW_ROLLED_BACK);
}

static Status check_present(StoreView *view, const WireClaim *claim, Frozen *frozen)
{
    RowView row;
    TRY(row_parse(claim->image, &row));
    KeyedHash name;
    store_view_name(view, row.key, &name);
    REQUIRE(!memory_frozen(view->memory, &name), REFUSED_ROW_FROZEN);
    const Status s = verify_row(view, &row, &name, claim->seal);
    if (status_ok(s) || status_is(s, REFUSED_BATCH_OUT_OF_ORDER)) return s;
    return freeze(frozen, &name, s);
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
