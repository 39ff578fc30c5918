#pragma once
/* admin_export: what leaves the house by an approved form (api/export_form.h). Private to
 * admin_*.c. */
#include "api/admin_inside.h"

/* The form is right: what others agreed to is its row (access/request.h). */
Status admin_export_permit_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_export_permit(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
/* {request, receiver, part?, after?}: one part (api/export_rows.h) of what the approved form of
 * this number allows, encrypted to the receiver's enrolled key; -> {file_base64, rows, sha256,
 * next?}; `next` is the next part's `after`. The receipt is in the log before the answer. */
Status admin_export_run(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
/* The newest 64 forms, with their states: -> {exports: [{request, asker, state, register, receiver,
 * purpose, until_us}]}. */
Status admin_export_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
