/* Goal: a session is its token's and its device's, ends when it must, and no clock that is set back
 * makes it longer. Method: a table whose clock the test moves; every attack on a token. */
#include "access/session.h"
#include "base/expect.h"

#define SECOND_US ((int64_t)1000000)
#define IDLE_US (100 * SECOND_US)
#define ABSOLUTE_US (1000 * SECOND_US)

enum { EACH_MAX = 3, ALL_MAX = 8, PAYERS_MAX = 4096 };

typedef struct Stand {
    int64_t now_us;
    SessionTable *table;
} Stand;

static const uint8_t laptop[SESSION_DEVICE_BYTES] = { 1 };
static const uint8_t phone[SESSION_DEVICE_BYTES] = { 2 };
#define ALICE ((SessionOwner) { SESSION_STAFF, SPAN("hufu"), SPAN("alice") })
#define BOB ((SessionOwner) { SESSION_STAFF, SPAN("hufu"), SPAN("bob") })

static int64_t stand_now(void *context) { return ((const Stand *)context)->now_us; }

static void stand_open(Stand *stand)
{
    const SessionLimits few = { IDLE_US, ABSOLUTE_US, EACH_MAX, ALL_MAX };
    const SessionLimits many = { IDLE_US, ABSOLUTE_US, EACH_MAX, PAYERS_MAX };
    *stand = (Stand) { .now_us = 5000 * SECOND_US };
    const SessionConfig config = {
        .steady = { stand_now, stand }, .random = random_system(), .limits = { few, few, many }
    };
    ASSERT(status_ok(session_table_open(&config, &stand->table)));
}

static Status begin(Stand *stand, const SessionOwner *owner, Secret *ret_token)
{
    uint64_t number = 0;
    return session_begin(stand->table, owner, SESSION_PROVED_BY_SECRETS, laptop, SPAN("192.0.2.1"),
            7, ret_token, &number);
}

static Status find(Stand *stand, const Secret *token)
{
    Session session;
    return session_find(stand->table, secret_span(token), laptop, &session);
}

static void test_a_session_says_whose_it_is(void)
{
    Stand stand;
    Secret token;
    Session session;
    uint64_t number = 0;
    stand_open(&stand);
    EXPECT_OK(session_begin(stand.table, &ALICE, SESSION_PROVED_BY_SECRETS, laptop,
            SPAN("192.0.2.1"), 7, &token, &number));
    EXPECT(token.size == SESSION_TOKEN_BYTES && number > 0 && number < (uint64_t)1 << 53);
    stand.now_us += 5 * SECOND_US;
    EXPECT_OK(session_find(stand.table, secret_span(&token), laptop, &session));
    EXPECT(session.number == number && session.kind == SESSION_STAFF && session.stamp == 7);
    EXPECT(strcmp(session.tenant, "hufu") == 0 && strcmp(session.principal, "alice") == 0);
    EXPECT(strcmp(session.from, "192.0.2.1") == 0);
    EXPECT(session.age_us == 5 * SECOND_US && session.proof_age_us == 5 * SECOND_US);
    session_table_close(&stand.table);
}

static void test_every_other_token_is_unknown(void)
{
    Stand stand;
    Secret token;
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &token));
    for (size_t bit = 0; bit < 8 * SESSION_TOKEN_BYTES; bit++) {
        Secret forged = token;
        forged.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        EXPECT_REFUSED(find(&stand, &forged), REFUSED_LOGIN_NEEDED);
    }
    for (size_t size = 0; size <= SECRET_BYTES_MAX; size++) {
        Secret other = token;
        other.size = size;
        if (size != SESSION_TOKEN_BYTES) EXPECT_REFUSED(find(&stand, &other), REFUSED_LOGIN_NEEDED);
    }
    EXPECT_OK(find(&stand, &token));
    session_table_close(&stand.table);
}

static void test_idle_and_absolute_limits(void)
{
    Stand stand;
    Secret token;
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &token));
    stand.now_us += IDLE_US - 1;
    EXPECT_OK(find(&stand, &token));
    stand.now_us += IDLE_US;
    EXPECT_REFUSED(find(&stand, &token), REFUSED_LOGIN_NEEDED);
    EXPECT(session_count(stand.table, SESSION_STAFF) == 0);
    /* However busy it is, it ends when it is old. */
    EXPECT_OK(begin(&stand, &ALICE, &token));
    const int64_t began_us = stand.now_us;
    while (stand.now_us + IDLE_US / 2 < began_us + ABSOLUTE_US) {
        stand.now_us += IDLE_US / 2;
        EXPECT_OK(find(&stand, &token));
    }
    EXPECT_OK(
            session_renew(stand.table, secret_span(&token), SESSION_PROVED_BY_SECRETS, 8, &token));
    stand.now_us = began_us + ABSOLUTE_US;
    EXPECT_REFUSED(find(&stand, &token), REFUSED_LOGIN_NEEDED);
    session_table_close(&stand.table);
}

/* Another table of rights: what it says holds for sessions that there are, too. */
static void test_other_times_hold_for_those_that_there_are(void)
{
    Stand stand;
    Secret token;
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &token));
    session_set_times(stand.table, SESSION_STAFF, 4 * IDLE_US, ABSOLUTE_US);
    EXPECT(session_limits(stand.table, SESSION_STAFF).idle_us == 4 * IDLE_US);
    EXPECT(session_limits(stand.table, SESSION_PAYER).idle_us == IDLE_US);
    stand.now_us += 2 * IDLE_US;
    EXPECT_OK(find(&stand, &token));
    session_set_times(stand.table, SESSION_STAFF, IDLE_US, 2 * IDLE_US);
    EXPECT_REFUSED(find(&stand, &token), REFUSED_LOGIN_NEEDED); /* older than it may be now */
    session_table_close(&stand.table);
}

static void test_a_clock_set_back_lengthens_nothing(void)
{
    Stand stand;
    Secret token;
    Secret later;
    Session session;
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &token));
    stand.now_us += IDLE_US - 1;
    EXPECT_OK(begin(&stand, &BOB, &later)); /* the table has seen this time */
    stand.now_us -= 4000 * SECOND_US;
    EXPECT_OK(session_find(stand.table, secret_span(&later), laptop, &session));
    EXPECT(session.age_us == 0 && session.unused_us == 0); /* and nothing negative */
    stand.now_us += 4000 * SECOND_US + 1;
    EXPECT_REFUSED(find(&stand, &token), REFUSED_LOGIN_NEEDED);
    session_table_close(&stand.table);
}

static void test_another_token_ends_the_first(void)
{
    Stand stand;
    Secret before;
    Secret after;
    Session session;
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &before));
    stand.now_us += 50 * SECOND_US;
    EXPECT_OK(session_renew(stand.table, secret_span(&before), SESSION_NOT_PROVED, 9, &after));
    EXPECT_REFUSED(find(&stand, &before), REFUSED_LOGIN_NEEDED);
    EXPECT_OK(session_find(stand.table, secret_span(&after), laptop, &session));
    EXPECT(session.stamp == 9 && session.proof_age_us == 50 * SECOND_US);
    EXPECT_REFUSED(
            session_renew(stand.table, secret_span(&before), SESSION_PROVED_BY_SECRETS, 9, &before),
            REFUSED_LOGIN_NEEDED);
    EXPECT_OK(
            session_renew(stand.table, secret_span(&after), SESSION_PROVED_BY_SECRETS, 9, &before));
    EXPECT_OK(session_find(stand.table, secret_span(&before), laptop, &session));
    EXPECT(session.proof_age_us == 0 && session.age_us == 50 * SECOND_US);
    session_table_close(&stand.table);
}

/* A passkey is a proof, and not one by secrets; a token alone is neither. */
static void test_how_somebody_proved_himself_is_remembered(void)
{
    Stand stand;
    Secret token;
    Session session;
    uint64_t number = 0;
    stand_open(&stand);
    EXPECT_OK(session_begin(
            stand.table, &ALICE, SESSION_PROVED_BY_PASSKEY, laptop, SPAN(""), 7, &token, &number));
    EXPECT_OK(session_find(stand.table, secret_span(&token), laptop, &session));
    EXPECT(session.proof_age_us == 0 && session.secrets_age_us == INT64_MAX);
    EXPECT_OK(
            session_renew(stand.table, secret_span(&token), SESSION_PROVED_BY_SECRETS, 7, &token));
    stand.now_us += 30 * SECOND_US;
    EXPECT_OK(
            session_renew(stand.table, secret_span(&token), SESSION_PROVED_BY_PASSKEY, 7, &token));
    stand.now_us += 20 * SECOND_US;
    EXPECT_OK(session_renew(stand.table, secret_span(&token), SESSION_NOT_PROVED, 7, &token));
    EXPECT_OK(session_find(stand.table, secret_span(&token), laptop, &session));
    EXPECT(session.proof_age_us == 20 * SECOND_US && session.secrets_age_us == 50 * SECOND_US);
    session_table_close(&stand.table);
}

static void test_another_device_ends_it(void)
{
    Stand stand;
    Secret token;
    Session session = { 0 };
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &token));
    EXPECT_REFUSED(session_find(stand.table, secret_span(&token), phone, &session),
            REFUSED_SESSION_DEVICE);
    EXPECT(strcmp(session.principal, "alice") == 0); /* whom to warn */
    EXPECT_REFUSED(find(&stand, &token), REFUSED_LOGIN_NEEDED);
    session_table_close(&stand.table);
}

static void test_one_too_many_ends_the_oldest(void)
{
    Stand stand;
    Secret tokens[EACH_MAX + 1];
    Secret bob;
    Session list[SESSIONS_EACH_MAX];
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &BOB, &bob));
    for (size_t i = 0; i < EACH_MAX + 1; i++) {
        stand.now_us += SECOND_US;
        EXPECT_OK(begin(&stand, &ALICE, &tokens[i]));
    }
    EXPECT_REFUSED(find(&stand, &tokens[0]), REFUSED_LOGIN_NEEDED);
    for (size_t i = 1; i < EACH_MAX + 1; i++)
        EXPECT_OK(find(&stand, &tokens[i]));
    EXPECT_OK(find(&stand, &bob));
    EXPECT(session_list_of(stand.table, &ALICE, list) == EACH_MAX);
    EXPECT(list[0].age_us == 0 && list[EACH_MAX - 1].age_us == (EACH_MAX - 1) * SECOND_US);
    session_table_close(&stand.table);
}

static void test_only_the_owners_own_are_ended(void)
{
    Stand stand;
    Secret tokens[2];
    Secret namesakes[2];
    Session session;
    uint64_t number = 0;
    const SessionOwner elsewhere = { SESSION_ADMINISTRATOR, SPAN("hufu"), SPAN("alice") };
    const SessionOwner shifted = { SESSION_STAFF, SPAN("hufua"), SPAN("lice") };
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &tokens[0]));
    EXPECT_OK(begin(&stand, &elsewhere, &namesakes[0]));
    EXPECT_OK(begin(&stand, &shifted, &namesakes[1]));
    EXPECT_OK(session_begin(stand.table, &ALICE, SESSION_PROVED_BY_SECRETS, laptop, SPAN(""), 7,
            &tokens[1], &number));
    EXPECT_REFUSED(session_end_number(stand.table, &BOB, number), REFUSED_SESSION_NOT_OWN);
    EXPECT_REFUSED(session_end_number(stand.table, &elsewhere, number), REFUSED_SESSION_NOT_OWN);
    EXPECT(session_end_all_of(stand.table, &ALICE, number) == 1);
    EXPECT_REFUSED(find(&stand, &tokens[0]), REFUSED_LOGIN_NEEDED);
    EXPECT_OK(session_find(stand.table, secret_span(&tokens[1]), laptop, &session));
    EXPECT_OK(session_end_number(stand.table, &ALICE, number));
    EXPECT_REFUSED(find(&stand, &tokens[1]), REFUSED_LOGIN_NEEDED);
    EXPECT(session_end_all_of(stand.table, &ALICE, 0) == 0);
    EXPECT_OK(find(&stand, &namesakes[0]));
    EXPECT_OK(find(&stand, &namesakes[1]));
    session_end(stand.table, secret_span(&namesakes[0]));
    EXPECT_REFUSED(find(&stand, &namesakes[0]), REFUSED_LOGIN_NEEDED);
    session_table_close(&stand.table);
}

static void payer_name(char ret[16], int number) { snprintf(ret, 16, "p%d", number); }

static void test_a_full_kind_refuses_and_leaves_the_others_alone(void)
{
    static Secret tokens[PAYERS_MAX];
    Stand stand;
    Secret extra;
    char name[16];
    stand_open(&stand);
    for (int i = 0; i < PAYERS_MAX; i++) {
        payer_name(name, i);
        const SessionOwner payer = { SESSION_PAYER, SPAN("hufu"), span_of_text(name) };
        EXPECT_OK(begin(&stand, &payer, &tokens[i]));
    }
    const SessionOwner late = { SESSION_PAYER, SPAN("hufu"), SPAN("late") };
    EXPECT_REFUSED(begin(&stand, &late, &extra), REFUSED_SESSIONS_FULL);
    EXPECT_OK(begin(&stand, &ALICE, &extra));
    for (int i = 0; i < PAYERS_MAX; i++)
        EXPECT_OK(find(&stand, &tokens[i]));
    stand.now_us += IDLE_US; /* what is over makes room */
    EXPECT_OK(begin(&stand, &late, &extra));
    EXPECT(session_count(stand.table, SESSION_PAYER) == 1);
    session_table_close(&stand.table);
}

static void test_names_out_of_bounds(void)
{
    Stand stand;
    Secret token;
    char name[SESSION_PRINCIPAL_BYTES_MAX + 2];
    memset(name, 'a', sizeof(name));
    name[sizeof(name) - 1] = 0;
    stand_open(&stand);
    const SessionOwner nobody = { SESSION_STAFF, SPAN("hufu"), SPAN("") };
    const SessionOwner nowhere = { SESSION_STAFF, SPAN(""), SPAN("alice") };
    const SessionOwner long_name = { SESSION_STAFF, SPAN("hufu"), span_of_text(name) };
    EXPECT_REFUSED(begin(&stand, &nobody, &token), REFUSED_LOGIN_NEEDED);
    EXPECT_REFUSED(begin(&stand, &nowhere, &token), REFUSED_LOGIN_NEEDED);
    EXPECT_REFUSED(begin(&stand, &long_name, &token), REFUSED_LOGIN_NEEDED);
    EXPECT(session_end_all_of(stand.table, &long_name, 0) == 0);
    session_table_close(&stand.table);
}

static void test_the_csrf_value_is_the_tokens_own(void)
{
    Stand stand;
    Secret tokens[2];
    uint8_t first[SESSION_CSRF_BYTES];
    uint8_t again[SESSION_CSRF_BYTES];
    uint8_t other[SESSION_CSRF_BYTES];
    stand_open(&stand);
    EXPECT_OK(begin(&stand, &ALICE, &tokens[0]));
    EXPECT_OK(begin(&stand, &ALICE, &tokens[1]));
    session_csrf(stand.table, secret_span(&tokens[0]), first);
    session_csrf(stand.table, secret_span(&tokens[0]), again);
    session_csrf(stand.table, secret_span(&tokens[1]), other);
    EXPECT(bytes_equal_ct(first, again, sizeof(first)));
    EXPECT(!bytes_equal_ct(first, other, sizeof(first)));
    EXPECT(!bytes_equal_ct(first, tokens[0].bytes, sizeof(first)));
    session_table_close(&stand.table);
}

/* --- random steps against a plain model --- */

enum { STEPS = 20000, KNOWN = 64, OWNERS = 5 };

typedef struct Known {
    Secret token;
    int owner;
    bool live;
    int64_t begun; /* the order of begins */
} Known;

static void model_begin(Known known[KNOWN], const Known *fresh, size_t at)
{
    size_t live = 0;
    Known *oldest = NULL;
    known[at].live = false; /* its token is forgotten; the test ended it before */
    for (size_t i = 0; i < KNOWN; i++) {
        if (!known[i].live || known[i].owner != fresh->owner) continue;
        live++;
        if (oldest == NULL || known[i].begun < oldest->begun) oldest = &known[i];
    }
    if (live == EACH_MAX) oldest->live = false;
    known[at] = *fresh;
}

static void one_step(Stand *stand, SeededRandom *seed, Known known[KNOWN], int64_t begun)
{
    char name[16];
    const size_t at = seeded_next(seed) % KNOWN;
    Known fresh = { .owner = (int)(seeded_next(seed) % OWNERS), .live = true, .begun = begun };
    payer_name(name, fresh.owner);
    const SessionOwner owner = { SESSION_PAYER, SPAN("hufu"), span_of_text(name) };
    const Span token = secret_span(&known[at].token);
    switch (seeded_next(seed) % 8) {
    case 0:
    case 1:
    case 2:
        session_end(stand->table, token);
        EXPECT_OK(begin(stand, &owner, &fresh.token));
        model_begin(known, &fresh, at);
        return;
    case 3:
        session_end(stand->table, token);
        known[at].live = false;
        return;
    case 4:
        if (known[at].live)
            EXPECT_OK(session_renew(stand->table, token, SESSION_NOT_PROVED, 7, &known[at].token));
        return;
    case 5:
        session_end_all_of(stand->table, &owner, 0);
        for (size_t i = 0; i < KNOWN; i++)
            known[i].live = known[i].live && known[i].owner != fresh.owner;
        return;
    default: EXPECT(status_ok(find(stand, &known[at].token)) == known[at].live);
    }
}

static void test_many_steps(void)
{
    static Known known[KNOWN];
    SeededRandom seed;
    Stand stand;
    size_t live = 0;
    const Random seeded = random_seeded(&seed, 11);
    EXPECT_OK(random_fill(&seeded, NULL, 0));
    stand_open(&stand);
    for (int64_t step = 0; step < STEPS && expect_failures == 0; step++)
        one_step(&stand, &seed, known, step);
    for (size_t i = 0; i < KNOWN; i++) {
        live += known[i].live;
        EXPECT(status_ok(find(&stand, &known[i].token)) == known[i].live);
    }
    EXPECT(session_count(stand.table, SESSION_PAYER) == live);
    session_table_close(&stand.table);
}

TESTS(TEST(test_a_session_says_whose_it_is), TEST(test_every_other_token_is_unknown),
        TEST(test_idle_and_absolute_limits), TEST(test_other_times_hold_for_those_that_there_are),
        TEST(test_a_clock_set_back_lengthens_nothing), TEST(test_another_token_ends_the_first),
        TEST(test_how_somebody_proved_himself_is_remembered), TEST(test_another_device_ends_it),
        TEST(test_one_too_many_ends_the_oldest), TEST(test_only_the_owners_own_are_ended),
        TEST(test_a_full_kind_refuses_and_leaves_the_others_alone), TEST(test_names_out_of_bounds),
        TEST(test_the_csrf_value_is_the_tokens_own), TEST(test_many_steps))
