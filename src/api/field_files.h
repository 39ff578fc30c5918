#pragma once
/*
 * field_files: the cashier page and the protected input fields under /cashier/ (TP-4, TP-19): files
 * as api/console_files.h reads them, with a content policy that names every script by its digest.
 *
 * /cashier/ pays an order; nobody frames it. /cashier/field.html is one field: a document without
 * an origin of its own (sandbox), which its page cannot look into. It is framed by the cashier page
 * alone; or, as field.html?merchant=M, by the origins that merchant M has registered, of which
 * there may be none (api/field_frame.h asks; docs/protected-input.md).
 */
#include "api/console_files.h"

enum { FIELD_POLICY_BYTES_MAX = 4096 };

typedef struct FieldFiles FieldFiles;

/* As console_files_open(); refuses CONSOLE_FILES, too: no field.html, more scripts than a policy
 * names. */
MUST_USE Status field_files_open(const char *folder, FieldFiles **ret_files);
void field_files_close(FieldFiles **files); /* NULL inside is fine */

/* The request asks for a field that some merchant's page frames; `ret_merchant` is whose, as it
 * stands in the query: untrusted bytes, borrowed from the request. Any thread. */
bool field_files_for_merchant(
        const FieldFiles *files, const HttpRequest *request, Span *ret_merchant);

/*
 * The request asks for one of them, and was answered (and is gone). False: it does not (or files is
 * NULL). Any thread.
 *
 * origins  that may frame it when it is framed by a merchant's page, each with a blank before it;
 *          empty: nobody's
 */
bool field_files_answer(const FieldFiles *files, Span origins, HttpRequest *request);
