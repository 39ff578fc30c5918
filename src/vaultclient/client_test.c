#include "vaultclient/client.h"

#include "base/expect.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/peer.h"

#include <sys/socket.h>
#include <sys/un.h>

static uint8_t memory_bytes[VAULTCLIENT_ANSWER_BYTES_MAX];

static VaultClient *open_client(const Peer *peer, int channels, int deadline_ms)
{
    const VaultClientConfig config = {
        .socket_path = peer->path, .channels = channels, .deadline_ms = deadline_ms
    };
    VaultClient *client = NULL;
    return status_ok(vaultclient_open(&config, &client)) ? client : NULL;
}

static Status ask_status(VaultClient *client)
{
    Buffer memory = BUFFER_OF(memory_bytes);
    WireStatus status = { 0 };
    return vaultclient_status(client, &memory, &status);
}

/* Absent, there, gone, there again: refused at once while away, and right again without a hand. */
static void comes_back_by_itself(void)
{
    Peer peer = { 0 };
    unlink(expect_path("client-test", peer.path));
    VaultClient *client = open_client(&peer, 2, 0);
    EXPECT(client != NULL);
    EXPECT_REFUSED(ask_status(client), REFUSED_VAULT_UNAVAILABLE);
    EXPECT(peer_start(&peer));
    EXPECT_OK(ask_status(client));
    peer_stop(&peer);
    EXPECT_REFUSED(ask_status(client), REFUSED_VAULT_UNAVAILABLE);
    EXPECT(peer_start(&peer));
    EXPECT_OK(ask_status(client));

    const VaultClientCounters counters = vaultclient_counters(client);
    EXPECT(counters.unavailable == 2 && counters.connects == 2);
    vaultclient_close(client);
    peer_stop(&peer);
}

/* vaultd was restarted between two calls: a question that may be asked twice is, another is not. */
static void a_stale_channel(void)
{
    Peer peer = { 0 };
    EXPECT(peer_start(&peer));
    VaultClient *client = open_client(&peer, 1, 0);
    EXPECT(client != NULL);
    EXPECT_OK(ask_status(client));
    peer_stop(&peer);
    EXPECT(peer_start(&peer));
    EXPECT_OK(ask_status(client));
    EXPECT(vaultclient_counters(client).asked_twice == 1);

    peer_stop(&peer);
    EXPECT(peer_start(&peer));
    const WirePinSet set = { .box = SPAN("box"), .payer = SPAN("p"), .nonce = SPAN("n") };
    Buffer record = BUFFER_OF(memory_bytes);
    EXPECT_REFUSED(vaultclient_set_pin(client, &set, &record), REFUSED_VAULT_UNAVAILABLE);
    EXPECT(peer.calls[VAULT_SET_PIN] == 0);
    EXPECT_OK(vaultclient_set_pin(client, &set, &record));
    EXPECT(peer.calls[VAULT_SET_PIN] == 1);
    EXPECT(span_equal(span_of_buffer(&record), SPAN("record")));
    vaultclient_close(client);
    peer_stop(&peer);
}

enum { CALLERS = 8, CALLS = 200 };

static void *call_often(void *context)
{
    VaultClient *client = context;
    intptr_t failed = 0;
    for (int i = 0; i < CALLS; i++) {
        uint8_t bytes[1024];
        Buffer memory = BUFFER_OF(bytes);
        WireStatus status = { 0 };
        if (!status_ok(vaultclient_status(client, &memory, &status))) failed++;
    }
    return (void *)failed;
}

static void many_threads_share_few_channels(void)
{
    Peer peer = { 0 };
    EXPECT(peer_start(&peer));
    VaultClient *client = open_client(&peer, 2, 0);
    EXPECT(client != NULL);
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++)
        EXPECT(pthread_create(&threads[i], NULL, call_often, client) == 0);
    for (int i = 0; i < CALLERS; i++) {
        void *failed = NULL;
        EXPECT(pthread_join(threads[i], &failed) == 0);
        EXPECT(failed == NULL);
    }
    const VaultClientCounters counters = vaultclient_counters(client);
    EXPECT(counters.calls == CALLERS * CALLS && counters.connects <= 2);
    vaultclient_close(client);
    peer_stop(&peer);
}

static void all_channels_taken_is_busy(void)
{
    Peer peer = { 0 };
    EXPECT(peer_start(&peer));
    VaultClient *client = open_client(&peer, 1, 50);
    EXPECT(client != NULL);
    Slot *slot = NULL;
    EXPECT_OK(slot_take(client, &slot)); /* another call is under way, for ever */
    EXPECT_REFUSED(ask_status(client), REFUSED_VAULT_BUSY);
    slot_give(&slot);
    EXPECT_OK(ask_status(client));
    vaultclient_close(client);
    peer_stop(&peer);
}

static void signatures_in_lists(void)
{
    Peer peer = { 0 };
    EXPECT(peer_start(&peer));
    VaultClient *client = open_client(&peer, 1, 0);
    EXPECT(client != NULL);
    /* 64 messages of 32 KiB are more than one request may hold: they go in several. */
    static uint8_t message[32 * 1024];
    static uint8_t texts[WIRE_SIGN_ITEMS_MAX][16];
    Buffer signatures[WIRE_SIGN_ITEMS_MAX];
    VaultSignItem items[WIRE_SIGN_ITEMS_MAX];
    memset(message, 'm', sizeof(message));
    for (size_t i = 0; i < WIRE_SIGN_ITEMS_MAX; i++) {
        signatures[i] = (Buffer)BUFFER_OF(texts[i]);
        items[i] = (VaultSignItem) { i % 2 == 0 ? WIRE_SIGN_RSA : WIRE_SIGN_SM2, 0,
            { message, sizeof(message) - i }, &signatures[i] };
    }
    EXPECT_OK(vaultclient_sign(client, items, WIRE_SIGN_ITEMS_MAX));
    EXPECT(peer.calls[VAULT_SIGN] > 1);
    for (size_t i = 0; i < WIRE_SIGN_ITEMS_MAX; i++) {
        Cursor c = cursor_of(span_of_buffer(&signatures[i]));
        uint8_t key = 0;
        uint32_t size = 0;
        EXPECT_OK(cursor_u8(&c, &key));
        EXPECT_OK(cursor_u32(&c, &size));
        EXPECT(key == items[i].key && size == sizeof(message) - i);
    }

    /* All or none: the last buffer is too small. */
    for (size_t i = 0; i < 3; i++)
        signatures[i].size = 0;
    signatures[2].capacity = 2;
    EXPECT_REFUSED(vaultclient_sign(client, items, 3), REFUSED_BUFFER_FULL);
    EXPECT(signatures[0].size == 0 && signatures[1].size == 0);
    vaultclient_close(client);
    peer_stop(&peer);
}

static void what_vaultd_refuses_is_passed_on(void)
{
    Peer peer = { 0 };
    EXPECT(peer_start(&peer));
    VaultClient *client = open_client(&peer, 1, 0);
    EXPECT(client != NULL);
    EXPECT_REFUSED(vaultclient_enroll(client, SPAN("a"), SPAN("key")), REFUSED_VAULT_FORBIDDEN);
    uint8_t grant[WIRE_GRANT_BYTES];
    const WirePinCheck check = { .purpose = SPAN("pay") };
    EXPECT_OK(vaultclient_check_pin(client, &check, grant));
    EXPECT(span_equal(SPAN_OF(grant), SPAN("0123456789abcdef")));
    Buffer memory = BUFFER_OF(memory_bytes);
    Span first = { 0 };
    Span second = { 0 };
    EXPECT_OK(vaultclient_wrap_key(client, &memory, &first, &second));
    EXPECT(span_equal(first, SPAN("one")) && span_equal(second, SPAN("two")));

    /* Answers that are cut: refused, nothing is read beyond them. */
    peer.short_answer = true;
    EXPECT_REFUSED(ask_status(client), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(vaultclient_check_pin(client, &check, grant), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(vaultclient_tls_leaf(client, SPAN("spki"), &memory, &first, &second),
            REFUSED_IPC_FORMAT);
    vaultclient_close(client);
    peer_stop(&peer);
}

/* --- a vaultd that hangs --- */

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, path, strlen(path));
    unlink(path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
    ASSERT(listen(fd, 8) == 0);
    return fd;
}

static void *ask_in_thread(void *client)
{
    IGNORE(vaultclient_ask(client, VAULT_STATUS, SPAN(""), &(Buffer) { memory_bytes, 0, 1024 }),
            "it is refused");
    return NULL;
}

/* Each call alone waits its deadline only as long as nobody knows; then one looks and the others
 * go. */
static void one_call_at_a_time_asks_a_silent_vaultd(void)
{
    Peer peer = { 0 };
    const int listener = listen_at(expect_path("client-silent", peer.path));
    VaultClient *client = open_client(&peer, 4, 1000);
    EXPECT(client != NULL);
    EXPECT_REFUSED(ask_status(client), REFUSED_VAULT_UNAVAILABLE);
    close(accept(listener, NULL, NULL));

    pthread_t thread;
    uint8_t byte = 0;
    EXPECT(pthread_create(&thread, NULL, ask_in_thread, client) == 0);
    const int looking = accept(listener, NULL, NULL);
    EXPECT(recv(looking, &byte, 1, 0) == 1); /* it has asked, and waits */
    const uint64_t connects = vaultclient_counters(client).connects;
    EXPECT_REFUSED(vaultclient_ask(client, VAULT_STATUS, SPAN(""), &(Buffer) { &byte, 0, 1 }),
            REFUSED_VAULT_UNAVAILABLE);
    EXPECT(vaultclient_counters(client).connects == connects);
    close(looking);
    pthread_join(thread, NULL);
    close(listener);
    unlink(peer.path);

    EXPECT(peer_start(&peer)); /* it is back: the next call finds out by itself */
    EXPECT_OK(ask_status(client));
    EXPECT_OK(ask_status(client));
    EXPECT(peer.calls[VAULT_STATUS] == 3);
    vaultclient_close(client);
    peer_stop(&peer);
}

TESTS(TEST(comes_back_by_itself), TEST(one_call_at_a_time_asks_a_silent_vaultd),
        TEST(a_stale_channel), TEST(many_threads_share_few_channels),
        TEST(all_channels_taken_is_busy), TEST(signatures_in_lists),
        TEST(what_vaultd_refuses_is_passed_on))
