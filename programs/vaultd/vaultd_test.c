/* Goal: the real vaultd, as a process of its own inside its sandbox, keeps over its sockets what
 * src/vault promises, also when it is killed at the worst moment. Method: the flows of
 * vault_test_house.h over channels; SIGKILL. Run with the path of vaultd in HUFU_VAULTD. */
#define _GNU_SOURCE
#include "ipc/channel.h"
#include "vault/field_test_desk.h"
#include "vault/password_test_house.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TRIES_MAX = 400, START_TRY_MS = 25, DEADLINE_MS = 20000, OPTIONS_MAX = 6 };

typedef struct Vaultd {
    char directory[64];
    char socket[96];
    char operator_socket[96];
    const char *suite;
    const char *options[OPTIONS_MAX]; /* further ones, to the first NULL */
    pid_t pid;
    Channel *channels[2];
} Vaultd;

static Status ask(House *h, int listener, uint8_t operation, Span request, Buffer *ret_answer)
{
    const Vaultd *v = h->peer;
    return channel_call(v->channels[listener], operation, request, ret_answer);
}

static Status connect_to(const char *path, Channel **ret_channel)
{
    for (int i = 0; i < START_TRIES_MAX; i++) {
        if (status_ok(channel_connect(path, DEADLINE_MS, ret_channel))) return OK;
        poll(NULL, 0, START_TRY_MS); /* it is still making its keys */
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

static pid_t vaultd_fork(const Vaultd *v)
{
    const char *program = getenv("HUFU_VAULTD");
    ASSERT(program != NULL);
    const char *argv[13 + OPTIONS_MAX] = { "vaultd", "--directory", v->directory, "--socket",
        v->socket, "--operator-socket", v->operator_socket, "--development", "--suite", v->suite,
        "--san", "pay.example.org" };
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        argv[12 + i] = v->options[i];
    const pid_t pid = fork();
    if (pid == 0) {
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static Status vaultd_start(Vaultd *v)
{
    v->pid = vaultd_fork(v);
    CHECK(v->pid > 0, FAULT_SYSTEM);
    TRY(connect_to(v->socket, &v->channels[0]));
    return connect_to(v->operator_socket, &v->channels[1]);
}

/* Its exit status, or minus the signal that ended it. */
static int vaultd_end(Vaultd *v, int signal_number)
{
    int status = 0;
    if (signal_number != 0) kill(v->pid, signal_number);
    waitpid(v->pid, &status, 0);
    channel_close(v->channels[0]);
    channel_close(v->channels[1]);
    v->channels[0] = NULL;
    v->channels[1] = NULL;
    unlink(v->socket); /* so that the next connect waits for the next vaultd */
    unlink(v->operator_socket);
    v->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

typedef struct Scene {
    Vaultd vaultd;
    House *house;
} Scene;

static Status scene_open_with(Scene *s, const char *suite, const char *const *options)
{
    Vaultd *v = &s->vaultd;
    *s = (Scene) { .vaultd = { .suite = suite } };
    for (size_t i = 0; options != NULL && options[i] != NULL; i++)
        v->options[i] = options[i];
    snprintf(v->directory, sizeof(v->directory), "/tmp/hufu_vaultd_XXXXXX");
    CHECK(mkdtemp(v->directory) != NULL, FAULT_SYSTEM);
    snprintf(v->socket, sizeof(v->socket), "%s/hufud", v->directory);
    snprintf(v->operator_socket, sizeof(v->operator_socket), "%s/operator", v->directory);
    s->house = calloc(1, sizeof(*s->house));
    CHECK(s->house != NULL, FAULT_MEMORY);
    s->house->ask = ask;
    s->house->peer = v;
    s->house->now_us = clock_now_us(&(Clock) { .now_us = clock_system().now_us });
    TRY(vaultd_start(v));
    return house_scan(s->house);
}

static Status scene_open(Scene *s, const char *suite) { return scene_open_with(s, suite, NULL); }

static void scene_done(Scene *s)
{
    static const char *const names[] = { "keys.a", "keys.b", "journal.a", "journal.b", "attached.a",
        "attached.b", "root.key" };
    if (s->vaultd.pid > 0) vaultd_end(&s->vaultd, SIGKILL);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", s->vaultd.directory, names[i]);
        unlink(path);
    }
    rmdir(s->vaultd.directory);
    free(s->house);
}

static Status restart(Scene *s)
{
    vaultd_end(&s->vaultd, SIGKILL);
    return vaultd_start(&s->vaultd);
}

static void whole_cycle(const char *suite)
{
    CLEANUP(scene_done) Scene s;
    EXPECT_OK(scene_open(&s, suite));
    House *h = s.house;
    EXPECT_OK(house_found(h));
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT_OK(house_verify(h, 1));
    EXPECT_OK(house_ask(h, VAULT_STATUS, SPAN("")));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    WireStatus status;
    EXPECT_OK(wire_take_status(&c, &status));
    EXPECT(status.ready && status.sandboxed && status.tree_size == 2 && status.tracked_rows == 2);
    EXPECT(span_equal(status.custody, SPAN("development")));

    h->rows[1].image[h->rows[1].image_bytes - 1] ^= 1;
    EXPECT(status_refused(house_verify(h, 1)));
    h->rows[1].image[h->rows[1].image_bytes - 1] ^= 1;
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
    EXPECT_OK(restart(&s));
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_VAULT_NOT_READY);
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(house_verify(h, 1), REFUSED_ROW_FROZEN);
    EXPECT_OK(house_verify(h, 0));
    EXPECT_OK(house_ask_operator(h, VAULT_STOP, SPAN("")));
    EXPECT(vaultd_end(&s.vaultd, 0) == 0);
}

static void test_whole_cycle(void) { whole_cycle("intl"); }
static void test_whole_cycle_sm(void) { whole_cycle("sm"); }

static void test_killed_after_prepare(void)
{
    CLEANUP(scene_done) Scene s;
    EXPECT_OK(scene_open(&s, "intl"));
    House *h = s.house;
    EXPECT_OK(house_found(h));
    for (int round = 0; round < 6; round++) {
        house_draft_transfer(h, 100);
        EXPECT_OK(house_prepare(h));
        if (round % 2 == 1) house_store(h); /* the database had committed */
        EXPECT_OK(restart(&s));
        EXPECT_OK(house_scan(h));
        EXPECT_OK(house_verify(h, 1));
    }
    EXPECT(h->leaf_count == 4);
}

static void test_older_store_is_refused(void)
{
    CLEANUP(scene_done) Scene s;
    EXPECT_OK(scene_open(&s, "intl"));
    House *h = s.house;
    EXPECT_OK(house_found(h));
    const StoredRow rows[2] = { h->rows[0], h->rows[1] };
    house_draft_transfer(h, 100);
    EXPECT_OK(house_commit(h));
    EXPECT(vaultd_end(&s.vaultd, SIGTERM) == 0);
    EXPECT_OK(vaultd_start(&s.vaultd));
    h->rows[0] = rows[0];
    h->rows[1] = rows[1];
    h->row_count -= 2;
    h->leaf_count -= 1;
    EXPECT_REFUSED(house_scan(h), REFUSED_STORE_ROLLED_BACK);
    EXPECT_REFUSED(house_verify(h, 0), REFUSED_VAULT_NOT_READY);
    EXPECT_REFUSED(house_ask(h, VAULT_BOX_KEY, SPAN("")), REFUSED_VAULT_NOT_READY);
}

/* What hufud's socket does not give, and what comes out of the others. */
static void test_keys_over_the_socket(void)
{
    CLEANUP(scene_done) Scene s;
    EXPECT_OK(scene_open(&s, "intl"));
    House *h = s.house;
    EXPECT_REFUSED(house_ask(h, VAULT_STOP, SPAN("")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(house_ask(h, VAULT_UNWRAP_KEY, SPAN("")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_REFUSED(house_ask_operator(h, VAULT_VERIFY, SPAN("")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_OK(house_ask(h, VAULT_PUBLIC_KEYS, SPAN("")));
    EXPECT_OK(house_ask(h, VAULT_KEY_LIST, SPAN("")));
    EXPECT_OK(house_ask(h, VAULT_BOX_KEY, SPAN("")));

    CLEANUP(private_key_free) PrivateKey *key = NULL;
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    uint8_t request_memory[SIGN_SPKI_BYTES_MAX + 4];
    Buffer spki = BUFFER_OF(spki_memory);
    Buffer request = BUFFER_OF(request_memory);
    EXPECT_OK(private_key_generate(KEY_P256, &key));
    EXPECT_OK(public_key_to_spki(private_key_public(key), &spki));
    EXPECT_OK(buffer_put_framed(&request, span_of_buffer(&spki)));
    EXPECT_OK(house_ask(h, VAULT_TLS_LEAF, span_of_buffer(&request)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    Span leaf_der;
    Span ca_der;
    EXPECT_OK(cursor_framed(&c, 8192, &leaf_der));
    EXPECT_OK(cursor_framed(&c, 8192, &ca_der));
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CLEANUP(certificate_free) Certificate *ca = NULL;
    EXPECT_OK(certificate_from_der(leaf_der, &leaf));
    EXPECT_OK(certificate_from_der(ca_der, &ca));
    EXPECT_OK(certificate_verify(leaf, ca, h->now_us));
}

/* --- limits from the command line (TP-6, TP-8) --- */

static void test_a_day_has_as_many_values_as_were_said(void)
{
    static const char *const options[] = { "--lookups-per-day", "2", "--protects-per-day", "3",
        NULL };
    CLEANUP(scene_done) Scene s;
    EXPECT_OK(scene_open_with(&s, "intl", options));
    Desk desk;
    WireIndexes indexes;
    DeskKept kept = { 0 };
    desk_open(&desk, s.house, "shop");
    for (int i = 0; i < 3; i++)
        EXPECT_OK(desk_protect(&desk, "payer-1", "", "6222021234567894", &kept));
    EXPECT_REFUSED(
            desk_protect(&desk, "payer-1", "", "6222021234567894", &kept), REFUSED_PROTECT_BUDGET);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(desk_lookup(&desk, "6222021234567894", &indexes));
    EXPECT_REFUSED(desk_lookup(&desk, "6222021234567894", &indexes), REFUSED_LOOKUP_BUDGET);
    desk_close(&desk);
}

static void set_passwords(const char *const *options, StatusCode of_eleven, StatusCode of_fifteen)
{
    static const WireOwner li = { CLASS_PASSWORD, SPAN("bank1"), SPAN("users"), SPAN("li") };
    CLEANUP(scene_done) Scene s;
    EXPECT_OK(scene_open_with(&s, "intl", options));
    Tenant t;
    tenant_init(&t, s.house, &li);
    EXPECT(tenant_set(&t, "", "vR7k.Wq2-hT").code == (int32_t)of_eleven);
    t.verifier.size = 0;
    t.owner.user = SPAN("zhao");
    EXPECT(tenant_set(&t, "", "vR7k.Wq2-hTz9x4").code == (int32_t)of_fifteen);
}

static void test_a_password_is_as_long_as_was_said(void)
{
    static const char *const shorter[] = { "--password-length-min", "11", NULL };
    static const char *const longer[] = { "--password-length-min", "16", NULL };
    set_passwords(NULL, REFUSED_PASSWORD_WEAK, (StatusCode)0);
    set_passwords(shorter, (StatusCode)0, (StatusCode)0);
    set_passwords(longer, REFUSED_PASSWORD_WEAK, REFUSED_PASSWORD_WEAK);
}

/* No limit is switched off, or made absurd, by a slip. */
static void test_limits_out_of_range_do_not_start(void)
{
    static const char *const wrong[][2] = { { "--lookups-per-day", "0" },
        { "--protects-per-day", "0" }, { "--lookups-per-day", "-1" },
        { "--protects-per-day", "2147483648" }, { "--lookups-per-day", "10k" },
        { "--password-length-min", "7" }, { "--password-length-min", "65" },
        { "--password-length-min", "" } };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const Vaultd v = { .directory = "/nonexistent",
            .socket = "/nonexistent/a",
            .operator_socket = "/nonexistent/b",
            .suite = "intl",
            .options = { wrong[i][0], wrong[i][1] } };
        int status = 0;
        const pid_t pid = vaultd_fork(&v);
        EXPECT(waitpid(pid, &status, 0) == pid);
        EXPECT(WIFEXITED(status)
                && WEXITSTATUS(status) == 2); /* not 1: it never came to the files */
    }
}

TESTS(TEST(test_whole_cycle), TEST(test_whole_cycle_sm), TEST(test_killed_after_prepare),
        TEST(test_older_store_is_refused), TEST(test_keys_over_the_socket),
        TEST(test_a_day_has_as_many_values_as_were_said),
        TEST(test_a_password_is_as_long_as_was_said), TEST(test_limits_out_of_range_do_not_start))
