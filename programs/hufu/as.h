#pragma once
/*
 * as: who asks at the operator's socket. Each request is signed with the key of a person, never
 * sent by "the operator" (ipc/admin_wire.h; LL-4.5.2).
 *
 * The person is named by --as NAME (before or behind the command), else by $HUFU_AS, else by the
 * file DIR/as; the key is that of people.h.
 */
#include "people.h"

#define AS_VARIABLE "HUFU_AS"
#define AS_FILE "as" /* under the directory */

/* Take `--as NAME` out of the arguments, into $HUFU_AS; how many are left. */
int as_take(int argc, char **argv);

/* Refuses ADMIN_UNSIGNED (nobody is named). */
MUST_USE Status as_name(const char *directory, char ret_name[PEOPLE_NAME_BYTES_MAX + 1]);

/* Append the request with its signature. Refuses what as_name() and person_load() refuse. */
MUST_USE Status as_sign(const char *directory, Span request, Buffer *ret_signed);
