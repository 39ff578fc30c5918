/*
 * Goal: no secret passes in clear between processes, nor to any file or socket (TP-4: "between
 * processes of local software, too, encrypted"; TP-17). Method: strace listens at hufud and vaultd,
 * every thread, every byte that is read or written, while a payer pays with a PIN, cards and
 * identity data are protected and a password is set and checked; the bytes are searched for each of
 * them, in clear, hashed and encoded.
 */
#define _GNU_SOURCE
#include "base/expect.h"
#include "callers.h"
#include "command.h"
#include "enrol.h"
#include "merchant_steps.h"
#include "needles.h"
#include <hufu/vault.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_BYTES_MAX = 16384, ATTACH_MS_MAX = 20000 };

#define CARD "6222020200112233446"
#define ORDER "CHANNELS-ORDER-1"
#define PIN "739164"

static Stand stand;
static MerchantApp merchant;
static PayerApp payer;
static StandCaller core;
static HufuVault *vault;
static Needles *needles;
static pid_t tracer;

static void open_library(void)
{
    StandCallerFiles files;
    HufuSettings settings;
    HufuError error;
    EXPECT_OK(stand_caller_settings(&stand, &core, &files, &settings));
    EXPECT(hufu_open(&settings, &vault, &error) == 0);
}

static void test_house_opens(void)
{
    const StandOptions options = { .sm = getenv("HUFU_SUITE") != NULL };
    needles = needles_open();
    EXPECT_OK(stand_open(&options, &stand));
    EXPECT_OK(stand_merchant(&stand, "1900000001", KEY_RSA, &merchant));
    EXPECT_OK(stand_caller(&stand, "core", "bank-a", "protect,lookup,password", &core));
    open_library();
}

/* --- the listener --- */

static void exec_strace(int log)
{
    char hufud[16];
    char vaultd[16];
    dup2(log, 2);
    snprintf(hufud, sizeof(hufud), "%d", (int)stand.pids[STAND_HUFUD]);
    snprintf(vaultd, sizeof(vaultd), "%d", (int)stand.pids[STAND_VAULTD]);
    execlp("strace", "strace", "-f", "-xx", "-s", "200000", "-e",
            "trace=read,write,readv,writev,pread64,pwrite64,preadv,pwritev,sendto,recvfrom,sendmsg,"
            "recvmsg,sendmmsg,recvmmsg,splice,sendfile,process_vm_writev",
            "-o", stand_path(&stand, "demo/trace"), "-p", hufud, "-p", vaultd, (char *)NULL);
    _exit(127);
}

/* Until it says that it is attached to both; false: it is not there, or may not. */
static bool is_attached(int from)
{
    char said[SAID_BYTES_MAX] = "";
    size_t size = 0;
    for (;;) {
        struct pollfd wait = { from, POLLIN, 0 };
        if (poll(&wait, 1, ATTACH_MS_MAX) <= 0) return false;
        const ssize_t n = read(from, said + size, sizeof(said) - 1 - size);
        if (n <= 0) return false;
        size += (size_t)n;
        said[size] = 0;
        const char *first = strstr(said, "attached");
        if (first != NULL && strstr(first + 1, "attached") != NULL) return true;
    }
}

static bool listen_to_both(void)
{
    int ends[2];
    ASSERT(pipe(ends) == 0);
    tracer = fork();
    if (tracer == 0) exec_strace(ends[1]);
    close(ends[1]);
    const bool attached = is_attached(ends[0]);
    /* The pipe stays open: strace has more to say, and must not end of it. */
    if (!attached) waitpid(tracer, NULL, 0);
    if (!attached) tracer = 0;
    return attached;
}

/* --- what is listened to --- */

static int protect(uint16_t class, const char *value)
{
    HufuProtected made = { 0 };
    HufuError error;
    const HufuColumn column = { class, 101, class };
    const HufuField field = { "user-1", "row-1", value, strlen(value) };
    needles_add(needles, span_of_text(value), "a protected value");
    if (hufu_protect(vault, &column, &field, 1, &made, &error) != 0) return -1;
    return made.code[0] == 0 ? 0 : -1;
}

static void say_secrets(void)
{
    char grant[HUFU_GRANT_TEXT_BYTES];
    HttpClient *http = NULL;
    Answered answered = { 0 };
    PayerAnswer paid = { 0 };
    HufuError error;
    HufuIndex index, old;
    const HufuOwner owner = { HUFU_CLASS_PASSWORD, "people", "li" };
    static const char password[] = "canary horse battery 91";
    needles_add(needles, span_of_text(password), "a password");
    needles_add_digests(needles, SPAN(PIN), "a PIN");
    EXPECT_OK(stand_payer(&stand, "channels-payer", PIN, 1000000, &payer));
    EXPECT_OK(stand_connect(&stand, &http));
    EXPECT_OK(step_native(&merchant, http, ORDER, 100, &answered));
    EXPECT_OK(payer_app_pay(&payer, http, &stand.box_key, span_of_text(answered.code_url), &paid));
    EXPECT_OK(step_query(&merchant, http, ORDER, &answered));
    EXPECT(strcmp(answered.trade_state, "SUCCESS") == 0);
    http_client_close(&http);
    EXPECT(protect(HUFU_CLASS_CARD, CARD) == 0);
    EXPECT(protect(HUFU_CLASS_IDENTITY_NUMBER, "11010519491231002X") == 0);
    EXPECT(protect(HUFU_CLASS_PHONE, "13812345678") == 0);
    EXPECT(protect(HUFU_CLASS_NAME, "Ouyang Canary") == 0);
    const HufuColumn cards = { HUFU_CLASS_CARD, 101, HUFU_CLASS_CARD };
    EXPECT(hufu_look_up(vault, &cards, CARD, strlen(CARD), &index, &old, &error) == 0);
    EXPECT(hufu_password_set(vault, &owner, NULL, password, &error) == 0);
    EXPECT(hufu_password_check(vault, &owner, password, grant, &error) == 0);
}

/* --- what was heard --- */

static int nibble(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* strace's text in place: each "\x31" becomes its byte, all else stays and only parts. */
static size_t decode(uint8_t *text, size_t size)
{
    size_t to = 0;
    for (size_t at = 0; at < size;) {
        const bool escape = at + 3 < size && text[at] == '\\' && text[at + 1] == 'x'
                && nibble(text[at + 2]) >= 0 && nibble(text[at + 3]) >= 0;
        text[to++] =
                (uint8_t)(escape ? nibble(text[at + 2]) << 4 | nibble(text[at + 3]) : text[at]);
        at += escape ? 4 : 1;
    }
    return to;
}

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* Six digits alone, not part of a longer number (a time). */
static size_t pins_in(Span bytes)
{
    size_t count = 0;
    const size_t size = sizeof(PIN) - 1;
    for (size_t at = 1; at + size < bytes.size; at++) {
        if (!span_equal((Span) { bytes.data + at, size }, SPAN(PIN))) continue;
        count += !is_digit(bytes.data[at - 1]) && !is_digit(bytes.data[at + size]) ? 1 : 0;
    }
    return count;
}

static void search_trace(void)
{
    struct stat facts = { 0 };
    const int fd = open(stand_path(&stand, "demo/trace"), O_RDONLY | O_CLOEXEC);
    EXPECT(fd >= 0 && fstat(fd, &facts) == 0 && facts.st_size > 0);
    const size_t size = (size_t)facts.st_size;
    uint8_t *text = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    ASSERT(text != MAP_FAILED);
    const Span heard = { text, decode(text, size) };
    printf("       %zu KiB heard\n", heard.size >> 10);
    /* It heard what hufud wrote into its database, and what went to vaultd. */
    EXPECT(memmem(heard.data, heard.size, ORDER, strlen(ORDER)) != NULL);
    EXPECT(memmem(heard.data, heard.size, "channels-payer", 14) != NULL);
    EXPECT(needles_search(needles, heard, "a channel") == 0);
    EXPECT(pins_in(heard) == 0);
    /* And would have found them. */
    memcpy(text, "x" PIN "x" CARD, 7 + sizeof(CARD));
    EXPECT(pins_in(heard) == 1);
    needles_hush(needles);
    EXPECT(needles_search(needles, heard, "a planted card") == 1);
    munmap(text, size);
}

static void test_nothing_in_clear_between_processes(void)
{
    if (!listen_to_both()) {
        printf("SKIPPED: no strace, or no right to trace\n");
        return;
    }
    say_secrets();
    kill(tracer, SIGINT);
    waitpid(tracer, NULL, 0);
    search_trace();
}

static void test_house_closes(void)
{
    EXPECT(!stand_ended(&stand, STAND_HUFUD, NULL) && !stand_ended(&stand, STAND_VAULTD, NULL));
    hufu_close(vault);
    stand_caller_done(&core);
    stand_close(&stand);
    needles_close(needles);
}

TESTS(TEST(test_house_opens), TEST(test_nothing_in_clear_between_processes),
        TEST(test_house_closes))
