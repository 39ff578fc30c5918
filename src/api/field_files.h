#pragma once
/*
 * field_files: the cashier page and the protected input fields under /cashier/ (TP-4, TP-19): files
 * as api/console_files.h reads them, with a content policy that names every script by its digest.
 *
 * /cashier/ pays an order; nobody frames it. /cashier/field.html is one field: a document without
 * an origin of its own (sandbox), which its page cannot look into. It is framed by the cashier page
 * alone; or, as field.html?merchant=M, by the origins that merchant M has registered, of which
 * there may be none (docs/protected-input.md).
 */
#include "api/console_files.h"

enum { FIELD_POLICY_BYTES_MAX = 4096, FIELD_ORIGINS_BYTES_MAX = 1024 };

typedef struct FieldFiles FieldFiles;

/* As console_files_open(); refuses CONSOLE_FILES, too: no field.html, more scripts than a policy
 * names. */
MUST_USE Status field_files_open(const char *folder, FieldFiles **ret_files);
void field_files_close(FieldFiles **files); /* NULL inside is fine */

/* Append the origins that may frame fields for this merchant, each with a blank before it; none is
 * fine. Any thread; never blocks. */
typedef void (*FieldOrigins)(void *context, Span merchant, Buffer *ret_origins);

/* The request asks for one of them, and was answered (and is gone). False: it does not (or files is
 * NULL). Any thread. */
bool field_files_answer(
        const FieldFiles *files, FieldOrigins origins, void *context, HttpRequest *request);
