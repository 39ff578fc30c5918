#include "vaultclient/client.h"

#include "base/secret.h"
#include "vaultclient/client_internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum {
    PROBE_MS = 1000, /* patience with a vaultd that was silent before */
    PROBE_BYTES_MAX = 1024,
};

struct VaultClient {
    char path[CHANNEL_PATH_BYTES_MAX + 1];
    int deadline_ms;
    Dialler dialler;
    int slot_count;
    pthread_mutex_t lock; /* of the free list */
    pthread_cond_t given;
    Slot *free; /* the slot given back last is on top: its channel is the warmest */
    Slot slots[VAULTCLIENT_CHANNELS_MAX];
    /* Grows when a channel breaks. Channels of an older generation lead to a vaultd that is gone:
     * one call finds out, the others connect anew. */
    _Atomic uint64_t generation;
    atomic_bool silent; /* vaultd took a question and did not answer for a whole deadline */
    atomic_bool probing;
    _Atomic uint64_t calls;
    _Atomic uint64_t connects;
    _Atomic uint64_t unavailable;
    _Atomic uint64_t asked_twice;
};

static void init_waiting(VaultClient *client)
{
    pthread_condattr_t attributes;
    ASSERT(pthread_condattr_init(&attributes) == 0);
    ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    ASSERT(pthread_cond_init(&client->given, &attributes) == 0);
    ASSERT(pthread_mutex_init(&client->lock, NULL) == 0);
    pthread_condattr_destroy(&attributes);
}

Status vaultclient_open(const VaultClientConfig *config, VaultClient **ret_client)
{
    const size_t size = strlen(config->socket_path);
    REQUIRE(size > 0 && size <= CHANNEL_PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    ASSERT(config->channels >= 0 && config->channels <= VAULTCLIENT_CHANNELS_MAX);

    VaultClient *client = calloc(1, sizeof(*client));
    CHECK(client != NULL, FAULT_MEMORY);
    memcpy(client->path, config->socket_path, size);
    client->deadline_ms = config->deadline_ms > 0 ? config->deadline_ms : VAULTCLIENT_DEADLINE_MS;
    client->dialler = config->dialler != NULL ? *config->dialler : dialler_system();
    client->slot_count = config->channels > 0 ? config->channels : VAULTCLIENT_CHANNELS_MAX;
    init_waiting(client);
    for (int i = 0; i < client->slot_count; i++) {
        client->slots[i].client = client;
        client->slots[i].next_free = client->free;
        client->free = &client->slots[i];
    }
    *ret_client = client;
    return OK;
}

void vaultclient_close(VaultClient *client)
{
    if (client == NULL) return;
    for (int i = 0; i < client->slot_count; i++) {
        client->dialler.close(client->slots[i].link);
        free(client->slots[i].request.data);
        free(client->slots[i].answer.data);
    }
    pthread_cond_destroy(&client->given);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

VaultClientCounters vaultclient_counters(const VaultClient *client)
{
    return (VaultClientCounters) {
        .calls = client->calls,
        .connects = client->connects,
        .unavailable = client->unavailable,
        .asked_twice = client->asked_twice,
    };
}

/* --- slots --- */

static struct timespec deadline_of(const VaultClient *client)
{
    struct timespec until = { 0 };
    ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += client->deadline_ms / 1000;
    until.tv_nsec += (long)(client->deadline_ms % 1000) * 1000000;
    if (until.tv_nsec < 1000000000) return until;
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
    return until;
}

static Slot *wait_for_slot(VaultClient *client)
{
    pthread_mutex_lock(&client->lock);
    if (client->free == NULL) {
        const struct timespec until = deadline_of(client);
        while (client->free == NULL
                && pthread_cond_timedwait(&client->given, &client->lock, &until) == 0) { }
    }
    Slot *slot = client->free;
    if (slot != NULL) client->free = slot->next_free;
    pthread_mutex_unlock(&client->lock);
    return slot;
}

MUST_USE static Status take_buffer(Buffer *buffer, size_t capacity)
{
    buffer->size = 0;
    if (buffer->data != NULL) return OK;
    buffer->data = malloc(capacity);
    CHECK(buffer->data != NULL, FAULT_MEMORY);
    buffer->capacity = capacity;
    return OK;
}

Status slot_take(VaultClient *client, Slot **ret_slot)
{
    Slot *slot = wait_for_slot(client);
    REQUIRE(slot != NULL, REFUSED_VAULT_BUSY);
    /* Once a slot, at its first use. */
    Status status = take_buffer(&slot->request, VAULTCLIENT_REQUEST_BYTES_MAX);
    if (status_ok(status)) status = take_buffer(&slot->answer, VAULTCLIENT_ANSWER_BYTES_MAX);
    if (!status_ok(status)) {
        slot_give(&slot);
        return status;
    }
    *ret_slot = slot;
    return OK;
}

void slot_give(Slot **slot)
{
    if (*slot == NULL) return;
    VaultClient *client = (*slot)->client;
    pthread_mutex_lock(&client->lock);
    (*slot)->next_free = client->free;
    client->free = *slot;
    pthread_mutex_unlock(&client->lock);
    pthread_cond_signal(&client->given);
    *slot = NULL;
}

/* --- asking --- */

static void disconnect(Slot *slot)
{
    slot->client->dialler.close(slot->link);
    slot->link = NULL;
}

MUST_USE static Status connect_slot(Slot *slot)
{
    VaultClient *client = slot->client;
    if (slot->link != NULL && slot->generation == client->generation) return OK;
    disconnect(slot);
    slot->generation = client->generation;
    const Dialler *dialler = &client->dialler;
    TRY(dialler->connect(dialler->context, client->path, client->deadline_ms, &slot->link));
    client->connects++;
    return OK;
}

/* May vaultd get this question twice? It reads, or signs afresh, or (a PIN) knows a box that it has
 * judged: the same box with the same request has the same result (DESIGN section 6). */
static bool twice_is_once(VaultOperation operation)
{
    switch (operation) {
    case VAULT_STATUS:
    case VAULT_VERIFY:
    case VAULT_ROLL_BEGIN: /* the second walk is the running one; the first was never shown a row */
    case VAULT_SIGN:
    case VAULT_CHECKPOINT:
    case VAULT_CHECK_PIN:
    case VAULT_PASSWORD_CHECK:
    case VAULT_SECOND_CHECK:
    case VAULT_SECOND_LOGIN:
    case VAULT_PASSWORD_LOCKED:
    case VAULT_BOX_KEY:
    case VAULT_BOX_PAD:
    case VAULT_PUBLIC_KEYS:
    case VAULT_PSEUDONYM_KEY:
    case VAULT_TLS_LEAF:
    case VAULT_CALLER_LEAF:
    case VAULT_MERCHANT_LEAF:
    case VAULT_KEY_LIST:
    case VAULT_REWRAP_FIELDS:
    case VAULT_TURN_SUBJECTS:
    case VAULT_REVEAL_LOG:
    case VAULT_REVEAL_KEPT:
    case VAULT_HELD_UNTIL:
    case VAULT_ENCRYPT_DOWNLINK: return true;
    default: return false;
    }
}

/* *ret_stale: the channel was made by an earlier call and broke before it brought an answer. */
MUST_USE static Status ask_once(Slot *slot, VaultOperation operation, Span request,
        Buffer *ret_answer, bool *ret_answered, bool *ret_stale)
{
    VaultClient *client = slot->client;
    const bool old = slot->link != NULL && slot->generation == client->generation;
    TRY(connect_slot(slot));
    const Status status = client->dialler.call(slot->link, (uint8_t)operation, request, ret_answer);
    *ret_answered = client->dialler.usable(slot->link);
    if (*ret_answered) return status;

    *ret_stale = old && status_is(status, REFUSED_IPC_CLOSED);
    uint64_t mine = slot->generation;
    atomic_compare_exchange_strong(&client->generation, &mine, mine + 1);
    disconnect(slot);
    return status;
}

/* What a caller can do about it. A question too large for the wire, or a socket that is not ours to
 * open, does not get better by waiting. */
static Status outcome_of(VaultClient *client, Status status)
{
    const bool lasting = status_is(status, REFUSED_IPC_TOO_LARGE)
            || status_is(status, REFUSED_IPC_PEER) || status_is(status, FAULT_MEMORY);
    if (lasting) return status;
    client->unavailable++;
    return REFUSE(REFUSED_VAULT_UNAVAILABLE);
}

/* Is it there at all? Any answer will do. */
static bool probe(const VaultClient *client)
{
    uint8_t bytes[PROBE_BYTES_MAX];
    Buffer answer = BUFFER_OF(bytes);
    void *link = NULL;
    const Dialler *dialler = &client->dialler;
    const int deadline_ms = client->deadline_ms < PROBE_MS ? client->deadline_ms : PROBE_MS;
    if (!status_ok(dialler->connect(dialler->context, client->path, deadline_ms, &link)))
        return false;
    IGNORE(dialler->call(link, VAULT_STATUS, (Span) { NULL, 0 }, &answer), "any answer will do");
    const bool answered = dialler->usable(link);
    dialler->close(link);
    return answered;
}

/* Once vaultd was silent, one call at a time looks whether it answers again, and the others are
 * refused at once: to wait a whole deadline each would hold all that their callers hold. */
static bool vaultd_answers(VaultClient *client)
{
    bool nobody = false;
    if (!client->silent) return true;
    if (!atomic_compare_exchange_strong(&client->probing, &nobody, true)) return false;
    const bool answered = probe(client);
    if (answered) client->silent = false;
    client->probing = false;
    return answered;
}

/* The password lane may take its time under load without vaultd being away. */
static bool may_be_slow(VaultOperation operation)
{
    switch (operation) {
    case VAULT_CHECK_PIN:
    case VAULT_SET_PIN:
    case VAULT_PROTECT:
    case VAULT_PASSWORD_SET:
    case VAULT_PASSWORD_CHECK:
    case VAULT_PASSWORD_RESET:
    case VAULT_SECOND_SET:
    case VAULT_SECOND_CHECK:
    case VAULT_SECOND_RESET:
    case VAULT_SECOND_LOGIN:
    case VAULT_PASSWORD_LOCKED:
    case VAULT_PASSWORD_RECOVER:
    case VAULT_PASSWORD_IMPORT: return true;
    default: return false;
    }
}

Status slot_ask_span(Slot *slot, VaultOperation operation, Span request, Buffer *ret_answer)
{
    VaultClient *client = slot->client;
    const size_t size = ret_answer->size;
    client->calls++;
    if (!vaultd_answers(client)) return outcome_of(client, REFUSE(REFUSED_IPC_TIMEOUT));
    bool answered = false;
    bool stale = false;
    Status status = ask_once(slot, operation, request, ret_answer, &answered, &stale);
    if (stale && twice_is_once(operation)) {
        client->asked_twice++;
        status = ask_once(slot, operation, request, ret_answer, &answered, &stale);
    }
    if (!status_ok(status)) ret_answer->size = size;
    if (answered) return status;
    if (status_is(status, REFUSED_IPC_TIMEOUT) && !may_be_slow(operation)) client->silent = true;
    return outcome_of(client, status);
}

Status slot_ask(Slot *slot, VaultOperation operation, Buffer *ret_answer)
{
    return slot_ask_span(slot, operation, span_of_buffer(&slot->request), ret_answer);
}

Status vaultclient_ask(
        VaultClient *client, VaultOperation operation, Span request, Buffer *ret_answer)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(client, &slot));
    return slot_ask_span(slot, operation, request, ret_answer);
}
