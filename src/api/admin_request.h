#pragma once
/*
 * admin_request: what others must agree to (access/request.h), at the operator's doors. Private to
 * admin_*.c.
 */
#include "api/admin_inside.h"

/*
 * Keep `request` for others to agree to, and answer {request, sha256, needs, expires_us}. It was
 * looked at (AdminCheck). Refuses REQUEST_TOO_LARGE, PRINCIPAL_UNKNOWN.
 */
MUST_USE Status admin_request_ask(
        Admin *admin, Span request, Span operation, const Asker *asker, Buffer *ret_payload);

/* {all?} -> {requests, more}: 64 at most, those that wait before the others, and of them those that
 * expire first; `more` says that there are others. What ended: the newest first. */
Status admin_request_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_request_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_request_approve(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_request_refuse(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_request_withdraw(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
