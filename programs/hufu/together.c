#include "together.h"

#include "admin_client.h"

#include "base/seams.h"
#include "base/time.h"

enum { MESSAGE_BYTES_MAX = 32 * 1024 };

/* Time to carry a file to two people; an approval may live for a day (vault/approval.h). */
static const int64_t request_life_us = 12 * 3600 * TIME_SECOND_US;

/* --- what was given --- */

MUST_USE static Status read_approvals(Together *together)
{
    for (size_t i = 0; i < together->approvals.count; i++) {
        uint8_t memory[APPROVAL_FILE_BYTES_MAX + 1]; /* file_read() wants to see the end */
        Buffer text = BUFFER_OF(memory);
        ApprovalFile file;
        TRY(file_read(together->approvals.values[i], &text));
        TRY(approval_file_read(span_of_buffer(&text), &file));
        TRY(approval_file_merge(&together->carried, &file));
    }
    for (size_t i = 0; i < together->carried.act_count; i++) {
        const char *reason = together->carried.acts[i].reason;
        if (together->reason == NULL) together->reason = reason;
        REQUIRE(strcmp(reason, together->reason) == 0, REFUSED_APPROVAL_REASON);
    }
    return OK;
}

Status together_prepare(Together *together, size_t reason_max)
{
    const bool requests = together->request != NULL;
    const size_t files = together->approvals.count;
    const size_t keys = together->keys.count;
    const bool signs = requests ? keys + files == 0 : files > 0 ? keys < 2 : keys == 2;
    REQUIRE(signs, REFUSED_OPERATOR_KEY);
    TRY(read_approvals(together));
    REQUIRE(together->reason != NULL && together->reason[0] != '\0', REFUSED_OPERATOR_KEY);
    REQUIRE(strlen(together->reason) <= reason_max, REFUSED_APPROVAL_REASON);
    return OK;
}

bool together_is_missing(const char *command)
{
    fprintf(stderr,
            "hufu %s: --key twice (or --approval) and --reason are needed\n"
            "See `hufu %s --help`.\n",
            command, command);
    return false;
}

bool together_is_whole(Together *together, const char *command, size_t reason_max)
{
    const Status s = together_prepare(together, reason_max);
    if (status_is(s, REFUSED_OPERATOR_KEY)) return together_is_missing(command);
    return status_ok(s) || command_failed(command, s) == EXIT_DONE;
}

/* --- signing --- */

void together_signed_done(TogetherSigned *both)
{
    for (size_t i = 0; i < both->loaded; i++)
        person_free(&both->people[i]);
}

Status together_load(const Together *together, TogetherSigned *ret_signed)
{
    while (ret_signed->loaded < together->keys.count && ret_signed->loaded < 2) {
        Person *person = &ret_signed->people[ret_signed->loaded];
        TRY(person_load(together->directory, together->keys.values[ret_signed->loaded], person));
        ret_signed->loaded++;
    }
    return OK;
}

Status together_request(const Together *together, const WireApproval *wanted, size_t count)
{
    const Clock clock = clock_system();
    uint8_t memory[APPROVAL_FILE_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    ApprovalFile file = { .act_count = 0 };
    for (size_t i = 0; i < count; i++) {
        WireApproval act = wanted[i];
        act.reason = span_of_text(together->reason);
        act.expires_us = clock_now_us(&clock) + request_life_us;
        TRY(approval_file_add(&file, &act));
    }
    TRY(approval_file_write(&file, &text));
    TRY(file_write(together->request, 0644, span_of_buffer(&text)));
    return REFUSE(REFUSED_APPROVAL_REQUESTED);
}

/* What was signed elsewhere for this act; the reason is the files'. */
MUST_USE static Status take_carried(const Together *together, Span operation, Span subject,
        TogetherSigned *ret_signed, size_t *ret_count)
{
    const Clock clock = clock_system();
    const ApprovalAct *act = NULL;
    if (together->carried.act_count == 0) return OK;
    TRY(approval_file_find(&together->carried, operation, subject, clock_now_us(&clock), &act));
    REQUIRE(act->signer_count + ret_signed->loaded == 2, REFUSED_APPROVAL_QUORUM);
    for (size_t i = 0; i < act->signer_count; i++)
        ret_signed->approvals[(*ret_count)++] = approval_act_signed(act, i);
    return OK;
}

Status together_sign(
        const Together *together, Span operation, Span subject, TogetherSigned *ret_signed)
{
    size_t count = 0;
    const WireApproval wanted = { .operation = operation, .subject = subject };
    if (together->request != NULL) return together_request(together, &wanted, 1);
    TRY(together_load(together, ret_signed));
    TRY(take_carried(together, operation, subject, ret_signed, &count));
    for (size_t i = 0; i < ret_signed->loaded && count < 2; i++)
        TRY(person_approve(&ret_signed->people[i], operation, subject,
                span_of_text(together->reason), &ret_signed->approvals[count++]));
    REQUIRE(count == 2, REFUSED_APPROVAL_QUORUM);
    for (size_t i = 0; i < 2; i++)
        snprintf(ret_signed->names[i], sizeof(ret_signed->names[i]), "%.*s",
                (int)ret_signed->approvals[i].name.size,
                (const char *)ret_signed->approvals[i].name.data);
    return OK;
}

Status together_approve(
        const Together *together, Span operation, Span subject, Buffer *ret_approvals)
{
    CLEANUP(together_signed_done) TogetherSigned both = { 0 };
    TRY(together_sign(together, operation, subject, &both));
    for (size_t i = 0; i < 2; i++)
        TRY(wire_put_approval(ret_approvals, &both.approvals[i]));
    return OK;
}

/* --- vaultd --- */

void together_vault_done(VaultClient **client) { vaultclient_close(*client); }

Status together_vault(const char *directory, VaultClient **ret_client)
{
    char path[PATH_BYTES_MAX];
    const VaultClientConfig config = {
        .socket_path = path_in(path, directory, PATH_OPERATOR_SOCKET), .channels = 1
    };
    return vaultclient_open(&config, ret_client);
}

Status together_ask(const Together *together, VaultOperation operation, const char *name,
        Span subject, Span body)
{
    uint8_t request_bytes[MESSAGE_BYTES_MAX];
    uint8_t answer_bytes[64];
    Buffer request = BUFFER_OF(request_bytes);
    Buffer answer = BUFFER_OF(answer_bytes);
    CLEANUP(together_vault_done) VaultClient *vault = NULL;
    TRY(together_approve(together, span_of_text(name), subject, &request));
    TRY(buffer_put(&request, body));
    TRY(together_vault(together->directory, &vault));
    return vaultclient_ask(vault, operation, span_of_buffer(&request), &answer);
}
