/*
 * Goal: the operator's socket does what its one JSON object says and nothing for anybody else
 * (LL-4.5.2). Method: a real socket and a real database, without vaultd; objects that are wrong in
 * every way.
 */
#include "api/house_for_tests.h"
#include "ipc/channel.h"
#include "text/json.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

static TestHouse house;
static Admin *admin;
static char path[128];
static _Thread_local uint8_t answer_bytes[ADMIN_TEXT_BYTES_MAX];

static bool open_house(uint32_t operator_uid)
{
    if (!status_ok(house_open(&house, 0))) return false;
    snprintf(path, sizeof(path), "%s/admin", house.folder);
    const AdminConfig config = { .house = &house.house,
        .socket_path = path,
        .operator_uid = operator_uid,
        .group = -1,
        .database_path = house.database,
        .domain_path = house.domain };
    return status_ok(admin_start(&config, &admin));
}

static void close_house(const int *unused)
{
    if (admin != NULL) admin_stop(admin);
    admin = NULL;
    house_close(&house);
}
#define HOUSE                                    \
    CLEANUP(close_house) const int closing_ = 0; \
    (void)closing_;                              \
    EXPECT(open_house((uint32_t)getuid()))

static Status ask_bytes(uint8_t operation, Span request, Span *ret_answer)
{
    Channel *channel = NULL;
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(channel_connect(path, 5000, &channel));
    const Status s = channel_call(channel, operation, request, &answer);
    channel_close(channel);
    *ret_answer = span_of_buffer(&answer);
    return s;
}

static Status ask(const char *request)
{
    Span answer = { 0 };
    return ask_bytes(ADMIN_REQUEST, span_of_text(request), &answer);
}

static void test_objects_that_are_wrong(void)
{
    static const struct {
        const char *request;
        StatusCode refusal;
    } cases[] = { { "", REFUSED_JSON_SYNTAX }, { "status", REFUSED_JSON_SYNTAX },
        { "[\"status\"]", REFUSED_JSON_TYPE }, { "{}", REFUSED_JSON_MISSING },
        { "{\"operation\":1}", REFUSED_JSON_TYPE }, { "{\"operation\":\"\"}", REFUSED_JSON_RANGE },
        { "{\"operation\":\"drop.tables\"}", REFUSED_ADMIN_OPERATION },
        { "{\"operation\":\"Status\"}", REFUSED_ADMIN_OPERATION },
        { "{\"operation\":\"status \"}", REFUSED_ADMIN_OPERATION },
        { "{\"operation\":\"status\",\"operation\":\"stop\"}", REFUSED_JSON_DUPLICATE_KEY },
        { "{\"operation\":\"day.end\",\"dya\":1}", REFUSED_JSON_UNKNOWN_KEY },
        { "{\"operation\":\"day.end\",\"day\":\"1\"}", REFUSED_JSON_TYPE },
        { "{\"operation\":\"merchant.add\"}", REFUSED_JSON_MISSING },
        { "{\"operation\":\"merchant.add\",\"mchid\":\"1\",\"name\":\"n\",\"public_key_pem\":"
          "\"no\"}",
                REFUSED_KEY_FORMAT },
        { "{\"operation\":\"payer.add\",\"payer_id\":\"p\"}", REFUSED_JSON_MISSING },
        { "{\"operation\":\"backup\"}", REFUSED_JSON_MISSING } };
    HOUSE;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EXPECT_REFUSED(ask(cases[i].request), cases[i].refusal);
    Span answer = { 0 };
    EXPECT_REFUSED(ask_bytes(2, SPAN("{\"operation\":\"status\"}"), &answer), REFUSED_IPC_FORMAT);
    EXPECT(!admin_stop_asked(admin));
    EXPECT(practice_number(house.store, "SELECT count(*) FROM merchant") == 0);
}

/* Another user of this machine. As root there is one at hand; else we are it ourselves. */
static int ask_as_another(void)
{
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(9);
        const Status s = ask("{\"operation\":\"stop\"}");
        _exit(status_is(s, REFUSED_IPC_CLOSED) ? 1 : status_is(s, REFUSED_IPC_PEER) ? 2 : 0);
    }
    int state = 0;
    if (child < 0 || waitpid(child, &state, 0) != child) return -1;
    return WEXITSTATUS(state);
}

static void test_others_are_shown_out(void)
{
    CLEANUP(close_house) const int closing_ = 0;
    (void)closing_;
    EXPECT(open_house((uint32_t)getuid() + 12345));
    EXPECT(chmod(house.folder, 0755) == 0);
    if (geteuid() == 0) EXPECT(ask_as_another() == 2); /* by the file's mode */
    EXPECT(chmod(path, 0666) == 0);
    EXPECT(ask_as_another() == 1); /* by who they are */
    EXPECT(!admin_stop_asked(admin));
}

static void test_too_large(void)
{
    static uint8_t large[ADMIN_TEXT_BYTES_MAX + 1];
    Span answer = { 0 };
    HOUSE;
    memset(large, ' ', sizeof(large));
    EXPECT_REFUSED(ask_bytes(ADMIN_REQUEST, SPAN_OF(large), &answer), REFUSED_IPC_TOO_LARGE);
    EXPECT_OK(ask("{\"operation\":\"status\"}"));
}

typedef struct StatusJson {
    Span vault;
    int64_t units;
} StatusJson;

static void test_status_without_vaultd(void)
{
    static const JsonField fields[] = { { "vault", JSON_TEXT, true, 1, 64,
                                                offsetof(StatusJson, vault) },
        { "units", JSON_INT, true, 0, INT64_MAX, offsetof(StatusJson, units) } };
    Span answer = { 0 };
    StatusJson status = { 0 };
    JsonProblem problem = { 0 };
    HOUSE;
    EXPECT_OK(ask_bytes(ADMIN_REQUEST, SPAN("{\"operation\":\"status\"}"), &answer));
    CLEANUP(json_free) JsonDocument *document = NULL;
    EXPECT_OK(json_parse(answer, &document, &problem));
    EXPECT_OK(json_read_some(document, json_root(document), fields, 2, &status, &problem));
    EXPECT(span_equal(status.vault, span_of_text(status_name(REFUSE(REFUSED_VAULT_UNAVAILABLE)))));
    EXPECT_REFUSED(ask("{\"operation\":\"key.list\"}"), REFUSED_VAULT_UNAVAILABLE);
    EXPECT_REFUSED(ask("{\"operation\":\"box.key\"}"), REFUSED_VAULT_UNAVAILABLE);
}

static void test_sums_of_an_empty_ledger(void)
{
    Span answer = { 0 };
    HOUSE;
    EXPECT_OK(ask_bytes(ADMIN_REQUEST, SPAN("{\"operation\":\"report.sums\"}"), &answer));
    EXPECT(span_equal(answer, SPAN("{\"postings\":[],\"payments\":[]}")));
}

static void test_stop_is_asked(void)
{
    HOUSE;
    EXPECT(!admin_stop_asked(admin));
    EXPECT_OK(ask("{\"operation\":\"stop\"}"));
    EXPECT(admin_stop_asked(admin));
}

static void *ask_often(void *context)
{
    size_t *right = context;
    for (int i = 0; i < 50; i++)
        *right += status_ok(ask_bytes(
                          ADMIN_REQUEST, SPAN("{\"operation\":\"nothing\"}"), &(Span) { 0 }))
                ? 0
                : 1;
    return NULL;
}

static void test_operators_at_once(void)
{
    pthread_t threads[4];
    size_t right[4] = { 0 };
    HOUSE;
    for (size_t i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, ask_often, &right[i]) == 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    EXPECT(right[0] + right[1] + right[2] + right[3] == 200);
    EXPECT_OK(ask("{\"operation\":\"report.sums\"}"));
}

TESTS(TEST(test_objects_that_are_wrong), TEST(test_others_are_shown_out), TEST(test_too_large),
        TEST(test_status_without_vaultd), TEST(test_sums_of_an_empty_ledger),
        TEST(test_stop_is_asked), TEST(test_operators_at_once))
