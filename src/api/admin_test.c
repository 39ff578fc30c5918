/*
 * Goal: the operator's socket does what its one JSON object says, for the person whose key signed
 * it, as far as the table of rights lets that person, and nothing for anybody else (TP-15,
 * LL-4.5.2). Method: a real socket and a real database, without vaultd; objects that are wrong in
 * every way; signatures that are missing, another's, old, repeated or over something else.
 */
#include "api/admin_inside.h"
#include "api/house_for_tests.h"
#include "api/passkey_desk.h"
#include "base/time.h"
#include "ipc/channel.h"
#include "text/json.h"

#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

static TestHouse house;
static Admin *admin;
static char path[128];
static _Thread_local uint8_t answer_bytes[ADMIN_TEXT_BYTES_MAX];
static PrivateKey *alice; /* does everything that these tests ask */
static PrivateKey *carol; /* audits */

static Status join(const char *id, const char *roles, PrivateKey **ret_key)
{
    Principal p = { .tenant = ASKER_HOUSE, .kind = PRINCIPAL_OF_PERSON, .status = STATUS_LIVE };
    snprintf(p.id, sizeof(p.id), "%s", id);
    memset(p.person, id[0], sizeof(p.person));
    CLEANUP(access_release) AccessTable *table = access_in_force(house.house.access);
    TRY(access_roles_of(table, span_of_text(roles), &p.roles));
    TRY(private_key_generate(KEY_ED25519, ret_key));
    TRY(principal_set_key(&p, private_key_public(*ret_key)));
    return principal_book_put(house.house.principals, &p);
}

static Status open_people(void)
{
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char file[512];
    YamlProblem problem = { 0 };
    snprintf(file, sizeof(file), "%s/rules/access.yaml", source != NULL ? source : ".");
    CLEANUP(access_table_free) AccessTable *table = NULL;
    TRY(access_table_load(file, &table, &problem));
    for (size_t i = 0; i < table->action_count; i++) /* what others agree to: flow/requests */
        memset(table->actions[i].approvals, 0, sizeof(table->actions[i].approvals));
    TRY(access_in_force_open(&table, &house.house.access));
    TRY(principal_book_open(&house.house.principals));
    TRY(grant_book_open(&house.house.grants));
    size_t loaded = 0;
    size_t left_out = 0;
    TRY(passkey_desk_open(&house.house, &loaded, &left_out));
    TRY(join("alice", "access-administrator,payment-operator,security-operator", &alice));
    return join("carol", "auditor", &carol);
}

static bool open_house(uint32_t operator_uid)
{
    if (!status_ok(house_open(&house, 0))) return false;
    if (!status_ok(open_people())) return false;
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
    private_key_free(&alice);
    private_key_free(&carol);
    principal_book_close(&house.house.principals);
    passkey_desk_close(&house.house);
    grant_book_close(&house.house.grants);
    access_in_force_close(&house.house.access);
    house_close(&house);
}
#define HOUSE                                    \
    CLEANUP(close_house) const int closing_ = 0; \
    (void)closing_;                              \
    EXPECT(open_house((uint32_t)getuid()))

static Status send_bytes(uint8_t operation, Span payload, Span *ret_answer)
{
    Channel *channel = NULL;
    Buffer answer = BUFFER_OF(answer_bytes);
    TRY(channel_connect(path, 5000, &channel));
    const Status s = channel_call(channel, operation, payload, &answer);
    channel_close(channel);
    *ret_answer = span_of_buffer(&answer);
    return s;
}

static int64_t now(void) { return clock_now_us(&house.house.clock); }

/* A request as somebody would sign it, now and with a fresh nonce. */
typedef struct Signing {
    WireAdminRequest asked;
    uint8_t nonce[WIRE_ADMIN_NONCE_BYTES];
    uint8_t signature_bytes[SIGN_BYTES_MAX];
} Signing;

static void signing_begin(Signing *s, const char *as, Span request)
{
    ASSERT(status_ok(random_fill(&house.house.random, s->nonce, sizeof(s->nonce))));
    s->asked = (WireAdminRequest) {
        .as = span_of_text(as), .at_us = now(), .nonce = SPAN_OF(s->nonce), .request = request
    };
}

static void sign(Signing *s, const PrivateKey *key)
{
    static _Thread_local uint8_t bytes[WIRE_ADMIN_BYTES_MAX];
    Buffer message = BUFFER_OF(bytes);
    Buffer signature = BUFFER_OF(s->signature_bytes);
    ASSERT(status_ok(wire_admin_message(&s->asked, &message)));
    ASSERT(status_ok(sign_make(key, span_of_buffer(&message), &signature)));
    s->asked.signature = span_of_buffer(&signature);
}

static Status send_signed(const Signing *s, Span *ret_answer)
{
    static _Thread_local uint8_t bytes[WIRE_ADMIN_BYTES_MAX];
    Buffer payload = BUFFER_OF(bytes);
    TRY(wire_put_admin_request(&payload, &s->asked));
    return send_bytes(WIRE_ADMIN_REQUEST, span_of_buffer(&payload), ret_answer);
}

static Status ask_as(const char *as, const PrivateKey *key, Span request, Span *ret_answer)
{
    Signing s;
    signing_begin(&s, as, request);
    sign(&s, key);
    return send_signed(&s, ret_answer);
}

static Status ask_bytes(Span request, Span *ret_answer)
{
    return ask_as("alice", alice, request, ret_answer);
}

static Status ask(const char *request)
{
    Span answer = { 0 };
    return ask_bytes(span_of_text(request), &answer);
}

static void test_objects_that_are_wrong(void)
{
    static const struct {
        const char *request;
        StatusCode refusal;
    } cases[] = { { " ", REFUSED_JSON_SYNTAX }, { "status", REFUSED_JSON_SYNTAX },
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
        { "{\"operation\":\"caller.add\",\"name\":\"c\",\"tenant\":\"hufu\",\"key_pem\":\"no\","
          "\"rights\":[\"password\"]}",
                REFUSED_CALLER_FIELD }, /* our own people's passwords stand there */
        { "{\"operation\":\"access.join\",\"id\":\"mei\",\"staff_number\":\"1\",\"roles\":[],"
          "\"key_pem\":\"no\",\"reason\":\"r\",\"tenant\":\"house\"}",
                REFUSED_PRINCIPAL_FIELD },
        { "{\"operation\":\"backup\"}", REFUSED_JSON_MISSING } };
    HOUSE;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EXPECT_REFUSED(ask(cases[i].request), cases[i].refusal);
    Span answer = { 0 };
    EXPECT_REFUSED(send_bytes(2, SPAN("{\"operation\":\"status\"}"), &answer), REFUSED_IPC_FORMAT);
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
    static uint8_t large[WIRE_ADMIN_BYTES_MAX + 1];
    Span answer = { 0 };
    HOUSE;
    memset(large, ' ', sizeof(large));
    EXPECT_REFUSED(send_bytes(WIRE_ADMIN_REQUEST, SPAN_OF(large), &answer), REFUSED_IPC_TOO_LARGE);
    EXPECT_OK(ask("{\"operation\":\"status\"}"));
}

/* --- who asks --- */

#define STATUS SPAN("{\"operation\":\"status\"}")

/* The right user of the system is not enough (LL-4.5.2). */
static void test_nobody_without_his_signature(void)
{
    Span answer = { 0 };
    HOUSE;
    EXPECT_REFUSED(send_bytes(WIRE_ADMIN_REQUEST, STATUS, &answer), REFUSED_ADMIN_UNSIGNED);
    EXPECT_REFUSED(send_bytes(WIRE_ADMIN_REQUEST, SPAN(""), &answer), REFUSED_ADMIN_UNSIGNED);
    EXPECT_REFUSED(ask_as("alice", carol, STATUS, &answer), REFUSED_ADMIN_STRANGER);
    EXPECT_REFUSED(ask_as("mallory", alice, STATUS, &answer), REFUSED_ADMIN_STRANGER);
    EXPECT_REFUSED(ask_as("Alice", alice, STATUS, &answer), REFUSED_ADMIN_STRANGER);
    EXPECT_OK(ask_as("carol", carol, STATUS, &answer));
    Principal left;
    EXPECT_OK(principal_book_find(house.house.principals, SPAN("carol"), &left));
    left.status = STATUS_CLOSED;
    EXPECT_OK(principal_book_put(house.house.principals, &left));
    EXPECT_REFUSED(ask_as("carol", carol, STATUS, &answer), REFUSED_ADMIN_STRANGER);
}

static void test_what_was_signed_and_nothing_else(void)
{
    Span answer = { 0 };
    Signing s;
    HOUSE;
    signing_begin(&s, "alice", STATUS);
    sign(&s, alice);
    s.asked.request = SPAN("{\"operation\":\"stop\"}");
    EXPECT_REFUSED(send_signed(&s, &answer), REFUSED_ADMIN_STRANGER);
    s.asked.request = STATUS;
    s.asked.at_us++;
    EXPECT_REFUSED(send_signed(&s, &answer), REFUSED_ADMIN_STRANGER);
    s.asked.at_us--;
    EXPECT_OK(send_signed(&s, &answer));
    EXPECT_REFUSED(send_signed(&s, &answer), REFUSED_NONCE_REPLAYED);
    s.signature_bytes[0] ^= 1;
    EXPECT_REFUSED(send_signed(&s, &answer), REFUSED_ADMIN_STRANGER);
    EXPECT(!admin_stop_asked(admin));
}

static void test_only_now(void)
{
    const int64_t minute_us = 60 * TIME_SECOND_US;
    const int64_t off_us[] = { -6 * minute_us, 6 * minute_us };
    Span answer = { 0 };
    Signing s;
    HOUSE;
    for (size_t i = 0; i < 2; i++) {
        signing_begin(&s, "alice", STATUS);
        s.asked.at_us += off_us[i];
        sign(&s, alice);
        EXPECT_REFUSED(send_signed(&s, &answer), REFUSED_TIMESTAMP_SKEWED);
    }
    signing_begin(&s, "alice", STATUS); /* before this start: its nonces are forgotten */
    sign(&s, alice);
    house.house.opened_us = now();
    EXPECT_REFUSED(send_signed(&s, &answer), REFUSED_TIMESTAMP_SKEWED);
    EXPECT_OK(ask_bytes(STATUS, &answer));
}

/* --- what each may --- */

static void test_every_operation_is_an_action(void)
{
    HOUSE;
    CLEANUP(access_release) AccessTable *table = access_in_force(house.house.access);
    for (size_t i = 0; i < admin_operations_count(); i++) {
        const Span name = span_of_text(admin_operations_at(i));
        const bool begins = span_equal(name, SPAN("access.begin")); /* while there is nobody */
        EXPECT((access_action_named(table, name) < 0) == begins);
    }
}

static void test_each_does_what_the_table_says(void)
{
    Span answer = { 0 };
    HOUSE;
    EXPECT_OK(ask_as("carol", carol, SPAN("{\"operation\":\"report.sums\"}"), &answer));
    EXPECT_REFUSED(ask_as("carol", carol, SPAN("{\"operation\":\"stop\"}"), &answer),
            REFUSED_ACCESS_NO_ROLE);
    EXPECT(!admin_stop_asked(admin));
    EXPECT_REFUSED(ask("{\"operation\":\"access.begin\",\"people\":[]}"), REFUSED_ACCESS_BEGUN);
}

/* People come, change and go (TP-15, LL-4.5.2). */
#define MEI(rest) "\"id\":\"mei\",\"reason\":\"test\"" rest "}"

static Status put_person(
        JsonWriter *w, const char *id, const char *number, const char *roles, PrivateKey *key)
{
    uint8_t pem_bytes[1024];
    Buffer pem = BUFFER_OF(pem_bytes);
    TRY(public_key_to_pem(private_key_public(key), &pem));
    json_key_text(w, "id", span_of_text(id));
    json_key_text(w, "staff_number", span_of_text(number));
    json_key_array(w, "roles");
    json_item_text(w, span_of_text(roles));
    json_close(w);
    json_key_text(w, "key_pem", span_of_buffer(&pem));
    return OK;
}

static Status join_mei(const char *id, const char *number, const char *roles, PrivateKey *key)
{
    static uint8_t request_bytes[4096];
    Buffer request = BUFFER_OF(request_bytes);
    Span answer = { 0 };
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("access.join"));
    TRY(put_person(&w, id, number, roles, key));
    json_key_text(&w, "reason", SPAN("test"));
    json_close(&w);
    TRY(json_finish(&w));
    return ask_bytes(span_of_buffer(&request), &answer);
}

static void test_people_come_and_go(void)
{
    Span answer = { 0 };
    CLEANUP(private_key_free) PrivateKey *mei = NULL;
    CLEANUP(private_key_free) PrivateKey *other = NULL;
    HOUSE;
    EXPECT_OK(private_key_generate(KEY_P256, &mei));
    EXPECT_OK(private_key_generate(KEY_SM2, &other));
    EXPECT_OK(join_mei("mei", "S7", "risk-analyst", mei));
    EXPECT_OK(ask_as("mei", mei, STATUS, &answer));
    EXPECT_REFUSED(join_mei("mei", "S8", "risk-analyst", other), REFUSED_PRINCIPAL_EXISTS);
    EXPECT_REFUSED(join_mei("mei2", "S7", "risk-analyst", other), REFUSED_PRINCIPAL_PERSON);
    EXPECT_REFUSED(join_mei("mei2", "S8", "risk-analyst", mei), REFUSED_PRINCIPAL_KEY);
    EXPECT_REFUSED(join_mei("mei2", "S8", "emergency-operator", other), REFUSED_ACCESS_ROLE_TENANT);
    EXPECT_REFUSED(join_mei("mei2", "S8", "merchant-clerk", other), REFUSED_ACCESS_ROLE_TENANT);
    EXPECT_REFUSED(join_mei("mei2", "S8", "king", other), REFUSED_ACCESS_ROLE_UNKNOWN);
    /* Roles that exclude one another are refused at every change. */
    EXPECT_REFUSED(
            ask("{\"operation\":\"access.move\",\"roles\":[\"auditor\",\"developer\"]," MEI("")),
            REFUSED_ACCESS_CONFLICT);
    EXPECT_OK(ask("{\"operation\":\"access.move\",\"roles\":[\"payment-operator\"]," MEI("")));
    EXPECT_OK(ask_as("mei", mei, SPAN("{\"operation\":\"merchant.key.list\"}"), &answer));
    EXPECT_OK(ask("{\"operation\":\"access.leave\"," MEI("")));
    EXPECT_REFUSED(ask_as("mei", mei, STATUS, &answer), REFUSED_ADMIN_STRANGER);
    EXPECT_REFUSED(ask("{\"operation\":\"access.leave\"," MEI("")), REFUSED_PRINCIPAL_UNKNOWN);
    EXPECT_REFUSED(join_mei("mei", "S7", "risk-analyst", other), REFUSED_PRINCIPAL_EXISTS);
    EXPECT_OK(join_mei("mei3", "S7", "risk-analyst", other)); /* the person may come back */
}

/* Of two changes at once none undoes the other, whatever the book still has. */
static void test_a_replaced_key_stays_replaced(void)
{
    Span answer = { 0 };
    Principal late;
    CLEANUP(private_key_free) PrivateKey *mei = NULL;
    HOUSE;
    EXPECT_OK(private_key_generate(KEY_ED25519, &mei));
    EXPECT_OK(join_mei("mei", "S7", "risk-analyst", mei));
    EXPECT_OK(principal_book_find(house.house.principals, SPAN("mei"), &late));
    EXPECT_OK(principal_set_key(&late, private_key_public(carol)));
    EXPECT_OK(principal_book_put(house.house.principals, &late));
    EXPECT_OK(ask("{\"operation\":\"access.move\",\"roles\":[\"payment-operator\"]," MEI("")));
    EXPECT_REFUSED(ask_as("mei", carol, STATUS, &answer), REFUSED_ADMIN_STRANGER);
    EXPECT_OK(ask_as("mei", mei, STATUS, &answer));
}

/* alice, S1, with her key, and somebody. */
static Status begin_with(const char *id, const char *number, PrivateKey *key)
{
    static uint8_t request_bytes[4096];
    Buffer request = BUFFER_OF(request_bytes);
    Span answer = { 0 };
    JsonWriter w = json_writer_for(&request, LAYER_REQUEST);
    json_open_object(&w);
    json_key_text(&w, "operation", SPAN("access.begin"));
    json_key_array(&w, "people");
    json_open_object(&w);
    TRY(put_person(&w, "alice", "S1", "access-administrator", alice));
    json_close(&w);
    json_open_object(&w);
    TRY(put_person(&w, id, number, "security-officer", key));
    json_close(&w);
    json_close(&w);
    json_close(&w);
    TRY(json_finish(&w));
    return ask_bytes(span_of_buffer(&request), &answer);
}

/* There is one beginning: half of it would be a house in which nobody can ever approve. */
static void test_the_first_people_differ(void)
{
    HOUSE;
    principal_book_close(&house.house.principals);
    EXPECT_OK(principal_book_open(&house.house.principals));
    EXPECT_REFUSED(begin_with("alice", "S2", carol), REFUSED_PRINCIPAL_EXISTS);
    EXPECT_REFUSED(begin_with("bob", "S1", carol), REFUSED_PRINCIPAL_PERSON);
    EXPECT_REFUSED(begin_with("bob", "S2", alice), REFUSED_PRINCIPAL_KEY);
    EXPECT_REFUSED(begin_with("bob", "S2", carol), REFUSED_VAULT_UNAVAILABLE); /* it is asked */
    EXPECT(principal_book_count(house.house.principals) == 0);
}

static void test_nobody_changes_himself(void)
{
    HOUSE;
    EXPECT_REFUSED(ask("{\"operation\":\"access.leave\",\"id\":\"alice\",\"reason\":\"x\"}"),
            REFUSED_ACCESS_SELF);
    EXPECT_REFUSED(
            ask("{\"operation\":\"access.move\",\"id\":\"alice\",\"roles\":[],\"reason\":\"x\"}"),
            REFUSED_ACCESS_SELF);
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
    EXPECT_OK(ask_bytes(SPAN("{\"operation\":\"status\"}"), &answer));
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
    EXPECT_OK(ask_bytes(SPAN("{\"operation\":\"report.sums\"}"), &answer));
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
        *right += status_ok(ask_bytes(SPAN("{\"operation\":\"nothing\"}"), &(Span) { 0 })) ? 0 : 1;
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

TESTS(TEST(test_nobody_without_his_signature), TEST(test_what_was_signed_and_nothing_else),
        TEST(test_only_now), TEST(test_every_operation_is_an_action),
        TEST(test_each_does_what_the_table_says), TEST(test_people_come_and_go),
        TEST(test_a_replaced_key_stays_replaced), TEST(test_the_first_people_differ),
        TEST(test_nobody_changes_himself), TEST(test_objects_that_are_wrong),
        TEST(test_others_are_shown_out), TEST(test_too_large), TEST(test_status_without_vaultd),
        TEST(test_sums_of_an_empty_ledger), TEST(test_stop_is_asked), TEST(test_operators_at_once))
