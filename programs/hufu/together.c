#include "together.h"

#include "admin_client.h"
#include "people.h"

enum { MESSAGE_BYTES_MAX = 32 * 1024, REASON_BYTES_MAX = 200 };

static void people_done(Person (*people)[2])
{
    person_free(&(*people)[0]);
    person_free(&(*people)[1]);
}

bool together_is_whole(const Together *together, const char *command)
{
    const bool reasoned = together->reason != NULL && together->reason[0] != '\0'
            && strlen(together->reason) <= REASON_BYTES_MAX;
    if (together->keys.count == 2 && reasoned) return true;
    fprintf(stderr, "hufu %s: --key twice and --reason are needed\nSee `hufu %s --help`.\n",
            command, command);
    return false;
}

Status together_approve(
        const Together *together, Span operation, Span subject, Buffer *ret_approvals)
{
    CLEANUP(people_done) Person people[2] = { 0 };
    for (size_t i = 0; i < 2; i++) {
        WireApproval approval;
        TRY(person_load(together->directory, together->keys.values[i], &people[i]));
        TRY(person_approve(
                &people[i], operation, subject, span_of_text(together->reason), &approval));
        TRY(wire_put_approval(ret_approvals, &approval));
    }
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
