#include "ipc/admin_wire.h"

#include "ipc/wire_shape.h"

#define SIGNED_FIELDS                                                           \
    { FIELD_SPAN, AT(WireAdminRequest, as), 1, WIRE_ADMIN_NAME_BYTES_MAX },     \
            { FIELD_I64, AT(WireAdminRequest, at_us), 0, 0 },                   \
            { FIELD_SPAN, AT(WireAdminRequest, nonce), WIRE_ADMIN_NONCE_BYTES,  \
                WIRE_ADMIN_NONCE_BYTES },                                       \
    {                                                                           \
        FIELD_SPAN, AT(WireAdminRequest, request), 1, WIRE_ADMIN_TEXT_BYTES_MAX \
    }

SHAPE(WireAdminRequest, admin_request_shape, SIGNED_FIELDS,
        { FIELD_SPAN, AT(WireAdminRequest, signature), 1, WIRE_ADMIN_SIGNATURE_BYTES_MAX },
        { FIELD_U8, AT(WireAdminRequest, encoding), 0, 0 });
WIRE_PAIR(admin_request, WireAdminRequest)

SHAPE(WireAdminRequest, admin_message_shape, SIGNED_FIELDS);

Status wire_admin_message(const WireAdminRequest *request, Buffer *ret_message)
{
    const size_t before = ret_message->size;
    TRY(buffer_put_framed(ret_message, SPAN("hufu-operator-request")));
    const Status s = wire_shape_put(ret_message, &admin_message_shape, request);
    if (!status_ok(s)) ret_message->size = before;
    return s;
}
