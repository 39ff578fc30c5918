#pragma once
/*
 * together: what two operators sign for one command, and vaultd's operators' socket, where most of
 * it goes (DESIGN section 5.6).
 *
 * Both sign at the command (--key twice), or each on a machine of their own: `hufu approval
 * request` writes what is to be signed, `hufu approval sign` signs it, and the command is given the
 * file (--approval; vaultclient/approval_file.h). One key and one carried approval do, too.
 */
#include "command.h"
#include "people.h"

#include "vaultclient/approval_file.h"
#include "vaultclient/client.h"

enum { TOGETHER_REASON_BYTES_MAX = APPROVAL_FILE_REASON_BYTES_MAX };

typedef struct Together {
    const char *directory;
    const char *reason;
    OptionList keys;
    OptionList approvals; /* files of approvals that were signed elsewhere */
    const char *request; /* NULL, or: write there what is to be signed, and do nothing */
    ApprovalFile carried; /* what the files hold */
} Together;

/* Who signs; the command names the reason and the directory itself. */
#define TOGETHER_SIGN_OPTIONS(t)                                                                \
    { "--key", OPTION_LIST, "OPERATOR",                                                         \
        "twice: a name in DIR/operators/, a path to NAME.key.pem, or pkcs11:...", &(t).keys, 0, \
        0 },                                                                                    \
            { "--approval", OPTION_LIST, "FILE",                                                \
                "instead of a key: signed elsewhere, see `hufu approval request --help`",       \
                &(t).approvals, 0, 0 },                                                         \
    {                                                                                           \
        "--request", OPTION_TEXT, "FILE", "", &(t).request, 0, 0                                \
    }

#define TOGETHER_OPTIONS(t) TOGETHER_OPTIONS_WHY(t, "why; it is signed (required)")
/* The same, where more is to be said about the reason. */
#define TOGETHER_OPTIONS_WHY(t, about_reason)                                                  \
    TOGETHER_SIGN_OPTIONS(t),                                                                  \
            { "--reason", OPTION_TEXT, "TEXT", about_reason, &(t).reason, 0, 0 },              \
    {                                                                                          \
        "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &(t).directory, 0, 0 \
    }

/*
 * Read the files of carried approvals; the reason is theirs. Refuses REFUSED_OPERATOR_KEY (who
 * signs, or the reason, is not given), REFUSED_APPROVAL_REASON (another reason than the files', or
 * over `reason_max` bytes), and what approval_file_read() and approval_file_merge() refuse.
 */
MUST_USE Status together_prepare(Together *together, size_t reason_max);
/* The same. False: what is wrong was said. `command`: "receiver add". */
bool together_is_whole(Together *together, const char *command, size_t reason_max);
/* Say that two keys and a reason are needed; false. */
bool together_is_missing(const char *command);

typedef struct TogetherSigned {
    Person people[2];
    size_t loaded; /* of them, by --key */
    WireApproval approvals[2]; /* borrow from the people, the files, the reason, what was signed */
    char names[2][APPROVAL_FILE_NAME_BYTES_MAX + 1];
} TogetherSigned;

/* Load the keys, once: for who wants a wrong one told before anything else. Refuses as
 * person_load(). */
MUST_USE Status together_load(const Together *together, TogetherSigned *ret_signed);
/*
 * The two approvals of (operation, subject, reason). May be called again for another act, with the
 * same keys. Refuses as person_load(), REFUSED_APPROVAL_QUORUM (not two), and what
 * approval_file_find() refuses; REFUSED_APPROVAL_REQUESTED: the request is written instead
 * (command_failed() tells so).
 */
MUST_USE Status together_sign(
        const Together *together, Span operation, Span subject, TogetherSigned *ret_signed);
void together_signed_done(TogetherSigned *both); /* for CLEANUP */

/* Write what is to be signed for `count` acts (operation and subject of each) to
 * together->request; always refuses, when written REFUSED_APPROVAL_REQUESTED. */
MUST_USE Status together_request(
        const Together *together, const WireApproval *wanted, size_t count);

/* As together_sign(); the two approvals are appended as bytes. */
MUST_USE Status together_approve(
        const Together *together, Span operation, Span subject, Buffer *ret_approvals);

/* vaultd's operators' socket. */
MUST_USE Status together_vault(const char *directory, VaultClient **ret_client);
void together_vault_done(VaultClient **client); /* for CLEANUP */

/* Both approvals of (name, subject), then `body`, to vaultd. Refuses what vaultd refuses. */
MUST_USE Status together_ask(const Together *together, VaultOperation operation, const char *name,
        Span subject, Span body);
