#include "unseal_client.h"

enum { DEADLINE_MS = 10000, PAUSE_MS = 200 };

#define SEALED "custodians, sealed"

static void channel_done(Channel **channel) { channel_close(*channel); }

Status unseal_begin(Channel *channel, Buffer *memory, WireUnseal *ret_unseal)
{
    TRY(channel_call(channel, VAULT_UNSEAL_BEGIN, SPAN(""), memory));
    Cursor c = cursor_of(span_of_buffer(memory));
    TRY(wire_take_unseal(&c, ret_unseal));
    return cursor_end(&c);
}

/* Is it still sealed, and how many shares are in? */
MUST_USE static Status look(const char *socket, bool *ret_sealed, WireUnseal *ret_unseal)
{
    CLEANUP(channel_done) Channel *channel = NULL;
    uint8_t memory[2048];
    Buffer answer = BUFFER_OF(memory);
    WireStatus status;
    TRY(channel_connect(socket, DEADLINE_MS, &channel));
    TRY(channel_call(channel, VAULT_STATUS, SPAN(""), &answer));
    Cursor c = cursor_of(span_of_buffer(&answer));
    TRY(wire_take_status(&c, &status));
    *ret_sealed = span_equal(status.custody, SPAN(SEALED));
    answer.size = 0;
    return *ret_sealed ? unseal_begin(channel, &answer, ret_unseal) : OK;
}

static void explain(const Machine *m, const WireUnseal *unseal)
{
    printf("  vaultd waits for its custodians: %u of %u hand in their shares, each with\n"
           "    %s/hufu key unseal --directory %s --share FILE\n",
            unseal->needed, unseal->count, m->layout->programs, m->layout->directory);
}

Status unseal_await(const Machine *m)
{
    char socket[PATH_BYTES_MAX];
    path_in(socket, m->layout->directory, PATH_OPERATOR_SOCKET);
    int told = -1;
    for (;;) {
        WireUnseal unseal = { 0 };
        bool sealed = true;
        const Status s = look(socket, &sealed, &unseal); /* between two doors nobody answers */
        if (status_ok(s) && !sealed) break;
        if (status_ok(s) && told < 0) explain(m, &unseal);
        if (status_ok(s) && told != unseal.held)
            printf("  %u of %u shares are in\n", unseal.held, unseal.needed);
        if (status_ok(s)) told = unseal.held;
        REQUIRE(!machine_ended(m, PAUSE_MS), REFUSED_IPC_CLOSED);
    }
    if (told >= 0) printf("  enough shares are in; the vault is open\n");
    return OK;
}
