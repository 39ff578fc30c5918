#pragma once
/*
 * request_client: what hufud answers when others must agree first (access/request.h), and how those
 * who are named here give their approvals at once.
 *
 * `--approve NAME` (before or behind the command) or $HUFU_APPROVE names whose key in
 * DIR/operators/ signs, too: several names are joined by commas. Without one the request waits, and
 * the command says so.
 */
#include "request_shown.h"

#include "ipc/vault_wire.h"

#define APPROVE_VARIABLE "HUFU_APPROVE"

/* Take `--approve NAME` out of the arguments, into $HUFU_APPROVE; how many are left. */
int approve_take(int argc, char **argv);

/* One signed request to hufud, its answer appended; what admin_ask() is made of. */
MUST_USE Status admin_ask_once(const char *directory, Span request, Buffer *ret_answer);

/*
 * The answer, as from `begin` on it stands in `answer`: one that only says that others must agree
 * is replaced by what the request answered when they did. Refuses REFUSED_REQUEST_WAITS (its number
 * was said), what request_look() and request.approve refuse, and how the request itself ended.
 */
MUST_USE Status request_settle(const char *directory, Buffer *answer, size_t begin);

/* What somebody would sign who approves this request. Refuses as request_shown_read() does, and
 * what request.show refuses. */
MUST_USE Status request_look(
        const char *directory, const char *request, RequestShown *ret_shown, Buffer *ret_exact);

/* Hand in an approval that was signed elsewhere; the answer of request.approve, appended. */
MUST_USE Status request_hand_in(const char *directory, const char *request,
        const WireApproval *approval, Buffer *ret_answer);
/* Sign one request as `approver` (a name, or a path to a key) and hand it in; the answer of
 * request.approve, appended. `reason`: signed, too. */
MUST_USE Status request_approve(const char *directory, const char *request, const char *approver,
        const char *reason, Buffer *ret_answer);
