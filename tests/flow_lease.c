/*
 * Goal: of two hufuds one serves (DESIGN section 2: one active pair, fenced by a lease). On one
 * database the second stands by, and takes over when the first is gone; with another copy of it the
 * second takes the lease, and the first ends itself and says why, instead of refusing for ever.
 * Method: the real programs; a second hufud with sockets of its own beside the first.
 */
#include "admin_client.h"
#include "base/expect.h"
#include "command.h"
#include "crypto/tls.h"
#include "merchant_steps.h"
#include "starts.h"
#include "store/store.h"
#include "vaultclient/guard.h"

#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ENDS_MS_MAX = 60000, LOOK_MS = 10, CONFIG_BYTES_MAX = 8192 };

#define OTHER "other"

static Stand first; /* with vaultd */
static Stand second; /* hufud alone, in a folder inside the first one's */
static MerchantApp shop;

static bool make_folder(const char *name)
{
    return mkdir(name[0] == 0 ? second.folder : stand_path(&second, name), 0755) == 0;
}

/* Put `with` behind `folder` wherever `place` follows it. */
static Status replace_each(Buffer *text, const char *place, const char *with)
{
    uint8_t bytes[CONFIG_BYTES_MAX];
    Buffer made = BUFFER_OF(bytes);
    TRY(buffer_put_u8(text, 0));
    const char *rest = (const char *)text->data;
    for (const char *at = strstr(rest, place); at != NULL; at = strstr(rest, place)) {
        TRY(buffer_put(&made, (Span) { (const uint8_t *)rest, (size_t)(at - rest) }));
        TRY(buffer_print(&made, "%s%s", with, place));
        rest = at + strlen(place);
    }
    TRY(buffer_put(&made, span_of_text(rest)));
    text->size = 0;
    return buffer_put(text, span_of_buffer(&made));
}

/* As the first one's, with sockets and files of its own, and perhaps its own database. */
static Status write_settings(bool own_database)
{
    uint8_t bytes[CONFIG_BYTES_MAX];
    Buffer text = BUFFER_OF(bytes);
    TRY(file_read(stand_path(&first, "hufud.yaml"), &text));
    TRY(replace_each(&text, "/run/hufud/", "/" OTHER));
    if (own_database) TRY(replace_each(&text, "/" PATH_DATABASE, "/" OTHER));
    return file_write(stand_path(&second, "hufud.yaml"), 0644, span_of_buffer(&text));
}

static void test_house_opens(void)
{
    EXPECT_OK(stand_open(&(StandOptions) { 0 }, &first));
    EXPECT_OK(stand_merchant(&first, "1900000001", KEY_RSA, &shop));
    second = (Stand) { .options = first.options };
    memcpy(second.programs, first.programs, sizeof(second.programs));
    snprintf(second.folder, sizeof(second.folder), "%s", stand_path(&first, OTHER));
    EXPECT(make_folder("") && make_folder("run") && make_folder("run/hufud"));
    EXPECT(make_folder("log") && make_folder("data"));
    EXPECT_OK(write_settings(false));
}

/* HTTP status of an order at this hufud; 0: nobody answered. */
static int order(const Stand *at, const char *number)
{
    HttpClient *http = NULL;
    Answered answered = { 0 };
    Status s = stand_connect(at, &http);
    if (status_ok(s)) s = step_native(&shop, http, number, 100, &answered);
    http_client_close(&http);
    return status_ok(s) ? answered.status : 0;
}

static bool knows(const Stand *at, const char *number)
{
    HttpClient *http = NULL;
    Answered answered = { 0 };
    Status s = stand_connect(at, &http);
    if (status_ok(s)) s = step_query(&shop, http, number, &answered);
    http_client_close(&http);
    return status_ok(s) && answered.status == 200;
}

static bool ends_replaced(Stand *at)
{
    int state = 0;
    for (int waited = 0; waited < ENDS_MS_MAX; waited += LOOK_MS) {
        if (stand_ended(at, STAND_HUFUD, &state))
            return WIFEXITED(state) && WEXITSTATUS(state) == GUARD_LOST_EXIT
                    && starts_log_has(at, "log/hufud.log", "hufud.lease_lost");
        poll(NULL, 0, LOOK_MS);
    }
    return false;
}

static bool stands_by(const Stand *at)
{
    for (int waited = 0; waited < ENDS_MS_MAX; waited += LOOK_MS) {
        if (starts_log_has(at, "log/hufud.log", "hufud.waits_for_database")) return true;
        poll(NULL, 0, LOOK_MS);
    }
    return false;
}

static void test_a_standby_takes_over(void)
{
    EXPECT(order(&first, "FIRST-1") == 200);
    EXPECT_OK(stand_launch(&second, STAND_HUFUD));
    EXPECT(stands_by(&second));
    EXPECT(order(&first, "FIRST-2") == 200);
    stand_stop(&first, STAND_HUFUD, SIGKILL, NULL);
    EXPECT_OK(stand_await(&second));
    EXPECT(knows(&second, "FIRST-1") && knows(&second, "FIRST-2"));
    EXPECT(order(&second, "SECOND-1") == 200);
}

/* And back, by a stop this time: told to end, it ends in another way than below. */
static void test_the_other_way_round(void)
{
    int state = -1;
    EXPECT_OK(stand_launch(&first, STAND_HUFUD));
    EXPECT(stands_by(&first));
    stand_stop(&second, STAND_HUFUD, SIGTERM, &state);
    EXPECT(WIFEXITED(state) && WEXITSTATUS(state) == 0);
    EXPECT_OK(stand_await(&first));
    EXPECT(knows(&first, "SECOND-1"));
    EXPECT(stand_number(&first, "SELECT count(*) FROM alert") == 0);
    EXPECT(stand_await_checkpoint(&first));
    EXPECT(stand_audit(&first) == 0);
}

static void test_who_lost_the_lease_ends(void)
{
    EXPECT(order(&first, "FIRST-3") == 200);
    EXPECT_OK(store_copy_to(stand_path(&first, PATH_DATABASE), stand_path(&second, PATH_DATABASE)));
    EXPECT_OK(write_settings(true));
    EXPECT_OK(stand_start(&second, STAND_HUFUD));
    const int told = order(&first, "FIRST-4");
    EXPECT(told == 503 || told == 0); /* 0: it had noticed by itself */
    EXPECT(ends_replaced(&first));
    EXPECT(knows(&second, "FIRST-3") && !knows(&second, "FIRST-4"));
    EXPECT(order(&second, "SECOND-2") == 200);
}

static void test_house_closes(void)
{
    stand_stop(&second, STAND_HUFUD, SIGTERM, NULL);
    if (second.tls != NULL) tls_context_free(&second.tls);
    stand_close(&first);
}

TESTS(TEST(test_house_opens), TEST(test_a_standby_takes_over), TEST(test_the_other_way_round),
        TEST(test_who_lost_the_lease_ends), TEST(test_house_closes))
