/* hufu key unseal: one custodian hands in a share. It goes in a box to a key that this start of
 * vaultd made; whoever sits between sees nothing of it. */
#include "command.h"
#include "unseal_client.h"

#include "base/secret.h"
#include "crypto/box.h"
#include "keys/shares.h"
#include "policy/purposes.h"

#include <unistd.h>

enum { DEADLINE_MS = 10000, REQUEST_BYTES_MAX = BOX_BYTES_MAX + 4 };

static void channel_done(Channel **channel) { channel_close(*channel); }

MUST_USE static Status read_share(const char *path, Buffer *ret_text)
{
    if (strcmp(path, "-") != 0) return file_read(path, ret_text);
    if (isatty(STDIN_FILENO)) fprintf(stderr, "the share, then Ctrl-D:\n");
    while (ret_text->size < ret_text->capacity) {
        const ssize_t n = read(
                STDIN_FILENO, ret_text->data + ret_text->size, ret_text->capacity - ret_text->size);
        CHECK(n >= 0, FAULT_SYSTEM);
        if (n == 0) break;
        ret_text->size += (size_t)n;
    }
    return OK;
}

MUST_USE static Status seal(const WireUnseal *to, Span text, Buffer *ret_request)
{
    const Random random = random_system();
    BoxContext context = { .data_class = CLASS_SIGNING_KEY, .purpose = BOX_PURPOSE_SHARE };
    CLEANUP(public_key_free) PublicKey *key = NULL;
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    REQUIRE(to->nonce.size == BOX_NONCE_BYTES, REFUSED_IPC_FORMAT);
    memcpy(context.server_nonce, to->nonce.data, BOX_NONCE_BYTES);
    TRY(public_key_from_spki(to->public_key, &key));
    TRY(box_seal(key, 1, &random, &context, text, &box));
    return buffer_put_framed(ret_request, span_of_buffer(&box));
}

MUST_USE static Status hand_in(Channel *channel, const WireUnseal *unseal, const char *path)
{
    uint8_t text_memory[SHARE_TEXT_BYTES_MAX];
    uint8_t request_memory[REQUEST_BYTES_MAX];
    uint8_t answer_memory[64];
    Buffer text = BUFFER_OF(text_memory);
    Buffer request = BUFFER_OF(request_memory);
    Buffer answer = BUFFER_OF(answer_memory);
    Status s = read_share(path, &text);
    if (status_ok(s)) s = seal(unseal, span_of_buffer(&text), &request);
    bytes_wipe(text_memory, sizeof(text_memory));
    TRY(s);
    TRY(channel_call(channel, VAULT_UNSEAL_SHARE, span_of_buffer(&request), &answer));
    REQUIRE(answer.size == 2, REFUSED_IPC_FORMAT);
    printf("%u of %u shares are in%s\n", answer_memory[0], answer_memory[1],
            answer_memory[0] == answer_memory[1] ? "; the vault opens" : "");
    return OK;
}

MUST_USE static Status unseal(const char *socket, const char *path)
{
    CLEANUP(channel_done) Channel *channel = NULL;
    uint8_t memory[2048];
    Buffer answer = BUFFER_OF(memory);
    WireUnseal wire;
    TRY(channel_connect(socket, DEADLINE_MS, &channel));
    TRY(unseal_begin(channel, &answer, &wire));
    if (path != NULL) return hand_in(channel, &wire, path);
    printf("%u of %u shares are in; there are %u\n", wire.held, wire.needed, wire.count);
    return OK;
}

int command_key_unseal(int argc, char **argv)
{
    const char *directory = directory_default();
    const char *socket = NULL;
    const char *share = NULL;
    char path[PATH_BYTES_MAX];
    const Option options[] = {
        { "--share", OPTION_TEXT, "FILE", "a custodian's share; - reads it from the terminal",
                &share, 0, 0 },
        { "--socket", OPTION_TEXT, "PATH", "vaultd's operator socket [DIR's]", &socket, 0, 0 },
        { "--directory", OPTION_TEXT, "DIR", "of the running system [var]", &directory, 0, 0 },
    };
    const Usage usage = { "hufu key unseal",
        "Hand in one custodian's share while vaultd waits for its root key. Without --share: say "
        "how\n"
        "many are in. Nobody sees the share of another.",
        options, sizeof(options) / sizeof(options[0]) };
    int exit_status = EXIT_DONE;
    if (!options_read(&usage, argc, argv, &exit_status)) return exit_status;
    if (socket == NULL) socket = path_in(path, directory, PATH_OPERATOR_SOCKET);
    const Status s = unseal(socket, share);
    return status_ok(s) ? EXIT_DONE : command_failed("key unseal", s);
}
