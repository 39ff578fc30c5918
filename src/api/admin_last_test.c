/*
 * Goal: nobody takes the last of those without whom nobody could ever come: neither who asks for
 * people nor who agrees (TP-15, LL-4.5.2). Method: the operations themselves, on real rows, in a
 * house of two and then of three.
 */
#include "access/staff.h"
#include "api/admin_access.h"
#include "api/house_for_tests.h"
#include "api/passkey_desk.h"
#include "store/unit_wait.h"

static TestHouse house;
static Admin admin;

static Status join(const char *id, const char *roles)
{
    CLEANUP(private_key_free) PrivateKey *key = NULL;
    CLEANUP(access_release) AccessTable *table = access_in_force(house.house.access);
    StaffChange work = { .act = STAFF_JOIN, .actor = "operator/test", .table = table };
    Principal *p = &work.principal;
    p->kind = PRINCIPAL_OF_PERSON;
    snprintf(p->id, sizeof(p->id), "%s", id);
    snprintf(p->tenant, sizeof(p->tenant), "%s", ASKER_HOUSE);
    memset(p->person, id[0], sizeof(p->person));
    TRY(access_roles_of(table, span_of_text(roles), &p->roles));
    TRY(private_key_generate(KEY_ED25519, &key));
    TRY(principal_set_key(p, private_key_public(key)));
    staff_change_unit(&work, NULL);
    TRY(unit_wait(house.house.batcher, &work.unit));
    return principal_book_put(house.house.principals, p);
}

static Status open_people(void)
{
    const char *source = getenv("HUFU_SOURCE"); /* given by meson */
    char file[512];
    YamlProblem problem = { 0 };
    size_t loaded = 0;
    size_t left_out = 0;
    CLEANUP(access_table_free) AccessTable *table = NULL;
    snprintf(file, sizeof(file), "%s/rules/access.yaml", source != NULL ? source : ".");
    TRY(access_table_load(file, &table, &problem));
    TRY(access_in_force_open(&table, &house.house.access));
    TRY(principal_book_open(&house.house.principals));
    TRY(grant_book_open(&house.house.grants));
    TRY(passkey_desk_open(&house.house, &loaded, &left_out));
    TRY(join("alice", "access-administrator"));
    return join("bob", "security-officer");
}

static void close_house(const int *unused)
{
    pthread_mutex_destroy(&admin.enrolling);
    principal_book_close(&house.house.principals);
    passkey_desk_close(&house.house);
    grant_book_close(&house.house.grants);
    access_in_force_close(&house.house.access);
    house_close(&house);
}
#define HOUSE                                    \
    CLEANUP(close_house) const int closing_ = 0; \
    (void)closing_;                              \
    admin.config.house = &house.house;           \
    pthread_mutex_init(&admin.enrolling, NULL);  \
    EXPECT_OK(house_open(&house, 0));            \
    EXPECT_OK(open_people())

static Status ask(AdminOperation operation, const char *as, const char *request)
{
    uint8_t memory[1024];
    Buffer answer = BUFFER_OF(memory);
    Asker asker = { .tenant = ASKER_HOUSE, .door = DOOR_CLI };
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    snprintf(asker.principal, sizeof(asker.principal), "%s", as);
    TRY(json_parse(span_of_text(request), &document, &problem));
    JsonWriter w = json_writer_for(&answer, LAYER_DISPLAY);
    json_open_object(&w);
    return operation(&admin, document, &asker, &w);
}

#define LEAVE(who) "{\"operation\":\"access.leave\",\"id\":\"" who "\",\"reason\":\"a quarrel\"}"
#define MOVE(who) \
    "{\"operation\":\"access.move\",\"id\":\"" who "\",\"roles\":[],\"reason\":\"a quarrel\"}"

static void test_the_last_stay(void)
{
    HOUSE;
    EXPECT_REFUSED(ask(admin_access_leave, "alice", LEAVE("bob")), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_REFUSED(ask(admin_access_move, "alice", MOVE("bob")), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_REFUSED(ask(admin_access_leave, "bob", LEAVE("alice")), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_REFUSED(ask(admin_access_review, "bob",
                           "{\"operation\":\"access.review\",\"who\":\"alice\",\"roles\":[],"
                           "\"reason\":\"a quarrel\"}"),
            REFUSED_OPERATORS_TOO_FEW);
    EXPECT_OK(join("dan", "security-officer"));
    EXPECT_OK(ask(admin_access_leave, "alice", LEAVE("bob")));
    EXPECT_REFUSED(ask(admin_access_leave, "alice", LEAVE("dan")), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_OK(join("erin", "auditor"));
    EXPECT_OK(ask(admin_access_leave, "alice", LEAVE("erin"))); /* who is neither goes as before */
}

TESTS(TEST(test_the_last_stay))
