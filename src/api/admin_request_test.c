/*
 * Goal: nobody hides what waits for approval by asking much himself: what expires first is shown,
 * and whether there is more (TP-15). Method: more requests than a list holds, through a real batch;
 * some of them withdrawn.
 */
#define _GNU_SOURCE
#include "api/admin_inside.h"
#include "api/admin_request.h"
#include "api/house_for_tests.h"

enum { LISTED = 64, ASKED = LISTED + 2 };

static TestHouse house;
static Admin admin;
static const Asker alice = { .principal = "alice", .tenant = ASKER_HOUSE, .door = DOOR_CLI };
static char ids[ASKED][ASKED_ID_BYTES + 1];
static uint8_t answer_bytes[ADMIN_TEXT_BYTES_MAX];
static Buffer answer = BUFFER_OF(answer_bytes);

static Status open_people(void)
{
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char file[512];
    YamlProblem problem = { 0 };
    Principal p = {
        .id = "alice", .tenant = ASKER_HOUSE, .kind = PRINCIPAL_OF_PERSON, .status = STATUS_LIVE
    };
    snprintf(file, sizeof(file), "%s/rules/access.yaml", source != NULL ? source : ".");
    CLEANUP(access_table_free) AccessTable *table = NULL;
    TRY(access_table_load(file, &table, &problem));
    TRY(access_in_force_open(&table, &house.house.access));
    TRY(principal_book_open(&house.house.principals));
    return principal_book_put(house.house.principals, &p);
}

typedef Status (*Operation)(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

static Status run(Operation operation, const char *request)
{
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    answer.size = 0;
    TRY(json_parse(span_of_text(request), &document, &problem));
    JsonWriter w = json_writer_for(&answer, LAYER_DISPLAY);
    json_open_object(&w);
    TRY(operation(&admin, document, &alice, &w));
    json_close(&w);
    return json_finish(&w);
}

/* Where it stands in the last answer; NULL: not in it. */
static const uint8_t *place_of(const char *text)
{
    return memmem(answer.data, answer.size, text, strlen(text));
}

static void ask(char ret_id[ASKED_ID_BYTES + 1])
{
    static const char request[] = "{\"operation\":\"caller.add\"}";
    static const char key[] = "\"request\":\"";
    answer.size = 0;
    EXPECT_OK(
            admin_request_ask(&admin, span_of_text(request), SPAN("caller.add"), &alice, &answer));
    const uint8_t *at = place_of(key);
    ASSERT(at != NULL);
    memcpy(ret_id, at + strlen(key), ASKED_ID_BYTES);
}

static Status withdraw(const char *id)
{
    char request[128];
    snprintf(request, sizeof(request),
            "{\"operation\":\"request.withdraw\",\"request\":\"%s\",\"reason\":\"ticket 4\"}", id);
    return run(admin_request_withdraw, request);
}

static void test_opens(void)
{
    EXPECT_OK(house_open(&house, 0));
    admin.config.house = &house.house;
    EXPECT_OK(open_people());
    for (int i = 0; i < ASKED; i++)
        ask(ids[i]);
}

static void test_what_expires_first_is_shown(void)
{
    EXPECT_OK(run(admin_request_list, "{\"operation\":\"request.list\"}"));
    const uint8_t *before = answer.data;
    for (int i = 0; i < LISTED; i++) {
        const uint8_t *at = place_of(ids[i]);
        EXPECT(at != NULL && at > before);
        before = at;
    }
    EXPECT(place_of(ids[LISTED]) == NULL && place_of(ids[LISTED + 1]) == NULL);
    EXPECT(place_of("\"more\":true") != NULL);
}

/* Two less: all that wait are there, and with `all` nothing that ended takes their place. */
static void test_what_ended_comes_behind(void)
{
    EXPECT_OK(withdraw(ids[0]));
    EXPECT_OK(withdraw(ids[ASKED - 1]));
    EXPECT_OK(run(admin_request_list, "{\"operation\":\"request.list\"}"));
    EXPECT(place_of(ids[1]) != NULL && place_of(ids[LISTED]) != NULL);
    EXPECT(place_of("\"more\":false") != NULL);
    EXPECT_OK(run(admin_request_list, "{\"operation\":\"request.list\",\"all\":true}"));
    EXPECT(place_of(ids[1]) != NULL && place_of(ids[LISTED]) != NULL);
    EXPECT(place_of(ids[0]) == NULL && place_of("\"more\":true") != NULL);
    EXPECT_OK(withdraw(ids[1]));
    EXPECT_OK(run(admin_request_list, "{\"operation\":\"request.list\",\"all\":true}"));
    EXPECT(place_of(ids[1]) != NULL && place_of(ids[1]) > place_of(ids[LISTED]));
    EXPECT(place_of(ids[0]) == NULL); /* of what ended, the newest */
}

static void test_closes(void)
{
    principal_book_close(&house.house.principals);
    access_in_force_close(&house.house.access);
    house_close(&house);
}

/* A bank that does not answer holds no more than its share of who serves the house's people. */
static void test_a_bank_holds_some_of_the_workers_alone(void)
{
    Admin desk = { 0 };
    Admin *const calling = &desk;
    EXPECT(ADMIN_BANK_CALLS_MAX < ADMIN_WORKERS);
    for (int i = 0; i < ADMIN_BANK_CALLS_MAX; i++)
        EXPECT_OK(admin_bank_call_begin(&desk));
    EXPECT_REFUSED(admin_bank_call_begin(&desk), REFUSED_STORE_BUSY);
    admin_bank_call_end(&calling);
    EXPECT_OK(admin_bank_call_begin(&desk));
    EXPECT_REFUSED(admin_bank_call_begin(&desk), REFUSED_STORE_BUSY);
}

TESTS(TEST(test_a_bank_holds_some_of_the_workers_alone), TEST(test_opens),
        TEST(test_what_expires_first_is_shown), TEST(test_what_ended_comes_behind),
        TEST(test_closes))
