#pragma once
/*
 * together: what two operators sign at one command, and vaultd's operators' socket, where most of
 * it goes (DESIGN section 5.6).
 */
#include "command.h"
#include "people.h"

#include "vaultclient/client.h"

typedef struct Together {
    const char *directory;
    const char *reason;
    OptionList keys;
} Together;

#define TOGETHER_OPTIONS(t) TOGETHER_OPTIONS_WHY(t, "why; it is signed (required)")
/* The same, where more is to be said about the reason. */
#define TOGETHER_OPTIONS_WHY(t, about_reason)                                                  \
    { "--key", OPTION_LIST, "OPERATOR",                                                        \
        "twice: a name in DIR/operators/, or a path to NAME.key.pem", &(t).keys, 0, 0 },       \
            { "--reason", OPTION_TEXT, "TEXT", about_reason, &(t).reason, 0, 0 },              \
    {                                                                                          \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(t).directory, 0, 0 \
    }

/* Two keys and a reason? Else what is missing was said. `command`: "receiver add". */
bool together_is_whole(const Together *together, const char *command);
/* Say that two keys and a reason are needed; false. */
bool together_is_missing(const char *command);

typedef struct TogetherSigned {
    Person people[2];
    WireApproval approvals[2]; /* borrow from the people, the reason and what was signed */
} TogetherSigned;

/* Load both keys and sign (operation, subject, reason). Refuses as person_load(). */
MUST_USE Status together_sign(
        const Together *together, Span operation, Span subject, TogetherSigned *ret_signed);
void together_signed_done(TogetherSigned *both); /* for CLEANUP */

/* The same; the two approvals are appended as bytes. */
MUST_USE Status together_approve(
        const Together *together, Span operation, Span subject, Buffer *ret_approvals);

/* vaultd's operators' socket. */
MUST_USE Status together_vault(const char *directory, VaultClient **ret_client);
void together_vault_done(VaultClient **client); /* for CLEANUP */

/* Both approvals of (name, subject), then `body`, to vaultd. Refuses what vaultd refuses. */
MUST_USE Status together_ask(const Together *together, VaultOperation operation, const char *name,
        Span subject, Span body);
