#include "attach/announced.h"

static Status take_head(Cursor *c, AttachAnnounced *ret)
{
    WireAttachedSigned message;
    WireAttachedHead head;
    TRY(wire_take_attached_signed(c, &message));
    TRY(cursor_end(c));
    ret->rest = cursor_of(message.message);
    TRY(wire_take_attached_head(&ret->rest, &head));
    TRY(wire_take_count(&ret->rest, WIRE_ATTACHED_CHANGES_MAX, &ret->changes));
    ret->table = head.table;
    ret->transaction = head.transaction;
    return OK;
}

Status attach_announced_open(Span bytes, AttachAnnounced *ret_announced)
{
    Cursor c = cursor_of(bytes);
    AttachAnnounced announced;
    REQUIRE(status_ok(take_head(&c, &announced)), REFUSED_IPC_FORMAT);
    *ret_announced = announced;
    return OK;
}

static Status take_key(const AttachAnnounced *a, Span image, Span *ret_key)
{
    RowView row;
    TRY(row_parse(image, &row));
    REQUIRE(row.head.table == a->table, REFUSED_ROW_INVALID);
    REQUIRE(ret_key->size == 0 || span_equal(*ret_key, row.key), REFUSED_ROW_INVALID);
    *ret_key = row.key;
    return OK;
}

Status attach_announced_next(AttachAnnounced *a, WireAttachedChange *ret_change, Span *ret_key)
{
    Cursor rest = a->rest;
    WireAttachedChange change;
    Span key = { NULL, 0 };
    REQUIRE(status_ok(wire_take_attached_change(&rest, &change)), REFUSED_IPC_FORMAT);
    if (change.old_image.size > 0) TRY(take_key(a, change.old_image, &key));
    if (change.new_image.size > 0) TRY(take_key(a, change.new_image, &key));
    REQUIRE(key.size > 0, REFUSED_IPC_FORMAT);
    a->rest = rest;
    *ret_change = change;
    *ret_key = key;
    return OK;
}
