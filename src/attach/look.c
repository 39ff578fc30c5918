#include "attach/look.h"

enum { LOOKS_MAX = 8 };

WireAttachedClaim attach_claim(const AttachRow *row, bool locked, uint64_t stamp)
{
    return (WireAttachedClaim) { .absent = !row->present,
        .locked = locked && row->present,
        .doubled = row->doubled,
        .stamp = stamp,
        .image = row->present ? attach_row_image(row) : attach_row_key(row),
        .seal = row->present ? attach_row_seal(row) : (Span) { NULL, 0 } };
}

Status attach_look(AttachCore *core, AttachRows *rows, const char *const *key, AttachRow *ret_row,
        WireAttachedVerdict *ret_verdict)
{
    TRY(attach_rows_read(rows, key, ATTACH_NO_LOCK, NULL, ret_row));
    WireAttachedClaim claim = attach_claim(ret_row, false, 0);
    TRY(attach_claims(core, 0, &claim, 1, ret_verdict));
    if (ret_verdict->status == 0) return OK;
    for (int i = 0; i < LOOKS_MAX; i++) {
        const uint64_t stamp = ret_verdict->stamp;
        TRY(attach_rows_read(rows, key, ATTACH_SHARE, NULL, ret_row));
        claim = attach_claim(ret_row, true, stamp);
        TRY(attach_claims(core, 0, &claim, 1, ret_verdict));
        if (ret_verdict->status == 0 || ret_row->present) return OK;
        if (stamp != 0 && stamp == ret_verdict->stamp) return OK;
    }
    return REFUSE(REFUSED_ATTACH_UNCERTAIN);
}
