#pragma once
/*
 * admin_client: ask a running hufud over the operator's socket (api/admin.h), and show what it
 * said.
 */
#include "text/json.h"

enum { ADMIN_ANSWER_BYTES_MAX = 1 << 20 };

/* Paths under the directory, as `hufu up` lays them out. */
#define PATH_ADMIN_SOCKET "run/hufud/admin.sock"
#define PATH_VAULT_SOCKET "run/vaultd/vaultd.sock"
#define PATH_OPERATOR_SOCKET "run/vaultd/operator.sock"
#define PATH_READY "run/hufud/ready"
#define PATH_DATABASE "data/ledger.db"
#define PATH_TRAIL "data/trail.db" /* the index of the audit log */
#define PATH_DOMAIN "domain/domain.db"
#define PATH_REPORTS "reports" /* audit reports that were kept */
#define PATH_KEYS "data/public-keys" /* for auditors */

/* One request, signed by who asks (as.h), one answer, appended. Refuses what hufud refuses, what
 * as_sign() refuses, REFUSED_IPC_*, and REFUSED_REQUEST_WAITS when others must agree first
 * (request_client.h). */
MUST_USE Status admin_ask(const char *directory, Span request, Buffer *ret_answer);

/* {"operation": "<name>"} for requests without fields. */
MUST_USE Status admin_ask_plain(const char *directory, const char *operation, Buffer *ret_answer);

/* Ask, and print the answer as lines; an exit status. */
int admin_show(const char *directory, const char *what, Span request);
int admin_show_plain(const char *directory, const char *operation);

/* One field of a request. */
typedef struct AdminWord {
    const char *key;
    JsonKind kind; /* TEXT, INT or BOOL */
    const char *text; /* TEXT; NULL: it was not said, and is left out */
    int64_t number; /* INT, BOOL */
} AdminWord;

/* The same of an operation with fields; `what` names the command: "settlement list". */
int admin_show_words(const char *directory, const char *what, const char *operation,
        const AdminWord *words, size_t count);

/* Print a text that somebody else wrote: what cannot be seen as \xNN. */
void text_show(Span text);
/* Print one JSON object as lines `name  value`, lists of objects as indented lines. */
void json_show(Span json);
