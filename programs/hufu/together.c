#include "together.h"

#include "admin_client.h"

enum { MESSAGE_BYTES_MAX = 32 * 1024, REASON_BYTES_MAX = 200 };

bool together_is_missing(const char *command)
{
    fprintf(stderr, "hufu %s: --key twice and --reason are needed\nSee `hufu %s --help`.\n",
            command, command);
    return false;
}

bool together_is_whole(const Together *together, const char *command)
{
    const bool reasoned = together->reason != NULL && together->reason[0] != '\0'
            && strlen(together->reason) <= REASON_BYTES_MAX;
    return (together->keys.count == 2 && reasoned) || together_is_missing(command);
}

void together_signed_done(TogetherSigned *both)
{
    for (size_t i = 0; i < 2; i++)
        person_free(&both->people[i]);
}

Status together_sign(
        const Together *together, Span operation, Span subject, TogetherSigned *ret_signed)
{
    for (size_t i = 0; i < 2; i++) {
        Person *person = &ret_signed->people[i];
        TRY(person_load(together->directory, together->keys.values[i], person));
        TRY(person_approve(person, operation, subject, span_of_text(together->reason),
                &ret_signed->approvals[i]));
    }
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
