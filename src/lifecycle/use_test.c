/*
 * Goal: every use is refused unless purpose, consent, holding, time, party and policy all allow it,
 * and the refusal names what is wrong (TP-3, TP-17, LL-2.3.1, LL-4.5.2). Method: each act at each
 * stage of a life, as one table; then each rule by itself.
 */
#include "lifecycle/house_for_tests.h"

typedef enum Stage {
    NEVER_SEEN,
    CONSENTED,
    COLLECTED,
    WITHDRAWN,
    ENDED,
    ASKED_TO_GO,
    ON_HOLD,
    DELETED,
    STAGES
} Stage;

/* One life: marketing rests on consent, payment on the contract, due diligence on the law. */
static void live_until(Stage stage)
{
    if (stage >= CONSENTED) {
        ASSERT(status_ok(consent(wang(), "marketing", false)));
        ASSERT(status_ok(consent(wang(), "payment", true)));
    }
    if (stage >= COLLECTED) {
        ASSERT(status_ok(COLLECT(wang(), "marketing", CLASS_EMAIL)));
        ASSERT(status_ok(COLLECT(wang(), "payment", CLASS_IDENTITY, CLASS_CARD)));
        ASSERT(status_ok(COLLECT(wang(), "due-diligence", CLASS_IDENTITY_NUMBER)));
    }
    if (stage == WITHDRAWN) ASSERT(status_ok(ask(wang(), REQUEST_WITHDRAW, "marketing", 0, NULL)));
    if (stage == ENDED) ASSERT(status_ok(end_relation(wang())));
    if (stage == ASKED_TO_GO || stage == DELETED)
        ASSERT(status_ok(ask(wang(), REQUEST_DELETE, "", 0, NULL)));
    if (stage == ON_HOLD)
        ASSERT(status_ok(place_hold(wang(), "2026-17", house.rows.now_us + TIME_DAY_US)));
    if (stage == DELETED) {
        Keeper keeper = { .fail_after = SIZE_MAX };
        RetentionCounts counts = { 0 };
        house_days(3654);
        ASSERT(status_ok(retain(&keeper, &counts)));
    }
}

typedef struct Cell {
    const char *purpose;
    UseAct act;
    DataClass class;
    const char *party;
    StatusCode wanted[STAGES];
} Cell;

#define NO_SUBJECT REFUSED_SUBJECT_UNKNOWN
#define NOT_HELD REFUSED_DATA_NOT_HELD
#define GONE REFUSED_CONSENT_WITHDRAWN
#define OVER REFUSED_DATA_RETENTION_OVER
#define KEPT REFUSED_DATA_RESTRICTED
#define POLICY REFUSED_POLICY_REFUSES
#define YES 0

static const Cell cells[] = {
    /*                    never seen, consented, collected, withdrawn, ended, asked to go, on hold,
                          deleted */
    { "marketing", USE_STORE, CLASS_EMAIL, "",
            { NO_SUBJECT, YES, YES, GONE, YES, YES, KEPT, NO_SUBJECT } },
    { "marketing", USE_DISPLAY, CLASS_EMAIL, "",
            { NO_SUBJECT, NOT_HELD, YES, GONE, OVER, NOT_HELD, KEPT, NO_SUBJECT } },
    { "marketing", USE_PROCESS, CLASS_EMAIL, "",
            { NO_SUBJECT, NOT_HELD, YES, GONE, OVER, NOT_HELD, KEPT, NO_SUBJECT } },
    { "marketing", USE_ENTRUST, CLASS_EMAIL, "message-sender",
            { NO_SUBJECT, NOT_HELD, POLICY, GONE, OVER, NOT_HELD, KEPT, NO_SUBJECT } },
    { "payment", USE_STORE, CLASS_CARD, "",
            { NO_SUBJECT, YES, YES, YES, YES, KEPT, KEPT, NO_SUBJECT } },
    { "payment", USE_DISPLAY, CLASS_CARD, "",
            { NO_SUBJECT, NOT_HELD, YES, YES, KEPT, KEPT, KEPT, NO_SUBJECT } },
    { "payment", USE_PROCESS, CLASS_CARD, "",
            { NO_SUBJECT, NOT_HELD, YES, YES, KEPT, KEPT, KEPT, NO_SUBJECT } },
    { "payment", USE_SHARE, CLASS_IDENTITY, "account-institution",
            { NO_SUBJECT, NOT_HELD, YES, YES, KEPT, KEPT, KEPT, NO_SUBJECT } },
    { "payment", USE_SHARE, CLASS_CARD, "account-institution",
            { NO_SUBJECT, NOT_HELD, POLICY, POLICY, KEPT, KEPT, KEPT, NO_SUBJECT } },
    { "payment", USE_ENTRUST, CLASS_IDENTITY, "message-sender",
            { NO_SUBJECT, NOT_HELD, YES, YES, KEPT, KEPT, KEPT, NO_SUBJECT } },
    { "payment", USE_DISCLOSE, CLASS_IDENTITY, "account-institution",
            { NO_SUBJECT, NOT_HELD, REFUSED_PARTY_NOT_ALLOWED, REFUSED_PARTY_NOT_ALLOWED, KEPT,
                    KEPT, KEPT, NO_SUBJECT } },
    { "due-diligence", USE_STORE, CLASS_IDENTITY_NUMBER, "",
            { NO_SUBJECT, YES, YES, YES, YES, KEPT, KEPT, NO_SUBJECT } },
    { "due-diligence", USE_DISPLAY, CLASS_IDENTITY_NUMBER, "",
            { NO_SUBJECT, NOT_HELD, YES, YES, KEPT, KEPT, KEPT, NO_SUBJECT } },
    { "due-diligence", USE_PROCESS, CLASS_IDENTITY_NUMBER, "",
            { NO_SUBJECT, NOT_HELD, YES, YES, YES, YES, KEPT, NO_SUBJECT } },
    { "due-diligence", USE_SHARE, CLASS_IDENTITY_NUMBER, "authority",
            { NO_SUBJECT, NOT_HELD, YES, YES, YES, YES, KEPT, NO_SUBJECT } },
    { "legal-hold", USE_DISPLAY, CLASS_CARD, "",
            { NO_SUBJECT, REFUSED_HOLD_UNKNOWN, REFUSED_HOLD_UNKNOWN, REFUSED_HOLD_UNKNOWN,
                    REFUSED_HOLD_UNKNOWN, REFUSED_HOLD_UNKNOWN, YES, NO_SUBJECT } },
    { "legal-hold", USE_SHARE, CLASS_CARD, "authority",
            { NO_SUBJECT, REFUSED_HOLD_UNKNOWN, REFUSED_HOLD_UNKNOWN, REFUSED_HOLD_UNKNOWN,
                    REFUSED_HOLD_UNKNOWN, REFUSED_HOLD_UNKNOWN, YES, NO_SUBJECT } },
};

static void test_every_act_at_every_stage(void)
{
    for (Stage stage = NEVER_SEEN; stage < STAGES; stage++) {
        HOUSE;
        live_until(stage);
        for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
            const Cell *c = &cells[i];
            const Status s = use(wang(), c->purpose, c->act, c->class, c->party, NULL);
            if (s.code != (int32_t)c->wanted[stage])
                fprintf(stderr, "  stage %d, row %zu: %s\n", (int)stage, i, status_name(s));
            EXPECT(s.code == (int32_t)c->wanted[stage]);
        }
    }
}

static void test_no_more_than_the_purpose_needs(void)
{
    HOUSE;
    UseVerdict verdict = { 0 };
    EXPECT_OK(consent(wang(), "marketing", false));
    const DataClass too_much[4] = { CLASS_EMAIL, CLASS_IDENTITY_NUMBER };
    EXPECT_REFUSED(
            collect(wang(), "marketing", too_much, &verdict), REFUSED_PURPOSE_FIELD_NOT_NEEDED);
    EXPECT(verdict.class == CLASS_IDENTITY_NUMBER); /* by name */
    EXPECT(house_number("SELECT count(*) FROM data_holding") == 0); /* all or none */
    const DataClass never[4] = { CLASS_PROHIBITED };
    EXPECT_REFUSED(collect(wang(), "payment", never, &verdict), REFUSED_DATA_NEVER_COLLECTED);
    EXPECT_REFUSED(
            COLLECT(wang(), "payment", CLASS_IDENTITY, CLASS_IDENTITY), REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(COLLECT(wang(), "payment", 0), REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(COLLECT(wang(), "nothing", CLASS_EMAIL), REFUSED_PURPOSE_UNKNOWN);
    EXPECT_REFUSED(COLLECT(wang(), "legal-hold", CLASS_CARD), REFUSED_HOLD_UNKNOWN);
}

static void test_no_consent_no_data(void)
{
    HOUSE;
    UseVerdict verdict = { 0 };
    EXPECT_REFUSED(COLLECT(wang(), "marketing", CLASS_EMAIL), REFUSED_CONSENT_MISSING);
    EXPECT(house_number("SELECT count(*) FROM data_subject") == 0); /* nothing came to be */
    /* a contract needs none, but for what is sensitive: that needs one of its own */
    EXPECT_OK(COLLECT(wang(), "payment", CLASS_PHONE));
    const DataClass card[4] = { CLASS_PHONE, CLASS_CARD };
    EXPECT_REFUSED(collect(wang(), "payment", card, &verdict), REFUSED_CONSENT_NOT_SEPARATE);
    EXPECT(verdict.class == CLASS_CARD);
    EXPECT_OK(consent(wang(), "payment", false)); /* the general one is not it */
    EXPECT_REFUSED(COLLECT(wang(), "payment", CLASS_CARD), REFUSED_CONSENT_NOT_SEPARATE);
    EXPECT_OK(consent(wang(), "payment", true));
    EXPECT_OK(COLLECT(wang(), "payment", CLASS_CARD));
    /* a separate one alone is none */
    EXPECT_REFUSED(consent(wang(), "biometric-payment", true), REFUSED_CONSENT_MISSING);
    EXPECT_OK(consent(wang(), "biometric-payment", false));
    EXPECT_REFUSED(
            COLLECT(wang(), "biometric-payment", CLASS_BIOMETRIC), REFUSED_CONSENT_NOT_SEPARATE);
    EXPECT_OK(consent(wang(), "biometric-payment", true));
    EXPECT_OK(COLLECT(wang(), "biometric-payment", CLASS_BIOMETRIC));
    EXPECT_REFUSED(consent(wang(), "due-diligence", false), REFUSED_CONSENT_NOT_BASIS);
    EXPECT_REFUSED(consent(wang(), "nothing", false), REFUSED_PURPOSE_UNKNOWN);
    EXPECT(house_number("SELECT min(length(shown)) FROM data_consent") == SUBJECT_DIGEST_BYTES);
}

/* What was collected for one purpose is of no use for another, though that one needs it, too. */
static void test_for_the_purpose_it_was_collected_for(void)
{
    HOUSE;
    EXPECT_OK(COLLECT(wang(), "payment", CLASS_PHONE));
    EXPECT_REFUSED(use(wang(), "anti-fraud", USE_PROCESS, CLASS_PHONE, "", NULL),
            REFUSED_DATA_PURPOSE_OTHER);
    EXPECT_OK(COLLECT(wang(), "anti-fraud", CLASS_PHONE));
    EXPECT_OK(use(wang(), "anti-fraud", USE_PROCESS, CLASS_PHONE, "", NULL));
    EXPECT(house_number("SELECT count(*) FROM data_holding") == 1);
}

static void test_withdrawn_then_used(void)
{
    HOUSE;
    Request request = { 0 };
    UseVerdict verdict = { 0 };
    EXPECT_OK(consent(wang(), "marketing", false));
    EXPECT_OK(COLLECT(wang(), "marketing", CLASS_EMAIL));
    EXPECT_OK(use(wang(), "marketing", USE_PROCESS, CLASS_EMAIL, "", NULL));
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "marketing", 0, &request));
    EXPECT(request.outcome == 0);
    EXPECT_REFUSED(use(wang(), "marketing", USE_PROCESS, CLASS_EMAIL, "", &verdict),
            REFUSED_CONSENT_WITHDRAWN);
    EXPECT(verdict.class == CLASS_EMAIL);
    EXPECT_REFUSED(COLLECT(wang(), "marketing", CLASS_PHONE), REFUSED_CONSENT_WITHDRAWN);
    EXPECT(house_number("SELECT due FROM data_holding") == house.rows.now_us); /* its clock runs */
    EXPECT_OK(consent(wang(), "marketing", false)); /* a new one is a new one */
    EXPECT_OK(COLLECT(wang(), "marketing", CLASS_EMAIL));
    EXPECT_OK(use(wang(), "marketing", USE_PROCESS, CLASS_EMAIL, "", NULL));
    EXPECT(house_number("SELECT due FROM data_holding") == 0);
}

/* A separate consent that is withdrawn takes the sensitive classes of a contract with it. */
static void test_a_contracts_consent_withdrawn(void)
{
    HOUSE;
    EXPECT_OK(consent(wang(), "payment", true));
    EXPECT_OK(COLLECT(wang(), "payment", CLASS_CARD, CLASS_PHONE));
    EXPECT_OK(ask(wang(), REQUEST_WITHDRAW, "payment", 0, NULL));
    EXPECT_REFUSED(
            use(wang(), "payment", USE_PROCESS, CLASS_CARD, "", NULL), REFUSED_CONSENT_WITHDRAWN);
    EXPECT_OK(use(wang(), "payment", USE_PROCESS, CLASS_PHONE, "", NULL));
    EXPECT(house_number("SELECT count(*) FROM data_holding WHERE due > 0") == 1);
}

static void test_parties(void)
{
    HOUSE;
    EXPECT_OK(consent(wang(), "payment", true));
    EXPECT_OK(COLLECT(wang(), "payment", CLASS_IDENTITY, CLASS_CARD));
    EXPECT_REFUSED(
            use(wang(), "payment", USE_SHARE, CLASS_IDENTITY, "", NULL), REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(use(wang(), "payment", USE_DISPLAY, CLASS_IDENTITY, "authority", NULL),
            REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(use(wang(), "payment", USE_SHARE, CLASS_IDENTITY, "nobody", NULL),
            REFUSED_PARTY_UNKNOWN);
    EXPECT_REFUSED(use(wang(), "payment", USE_SHARE, CLASS_IDENTITY, "message-sender", NULL),
            REFUSED_PARTY_NOT_ALLOWED);
    EXPECT_REFUSED(use(wang(), "payment", USE_ENTRUST, CLASS_CARD, "message-sender", NULL),
            REFUSED_PARTY_NOT_QUALIFIED);
    EXPECT(house_number("SELECT count(*) FROM data_act WHERE kind IN (5, 6, 7)") == 0);
    EXPECT_OK(use(wang(), "payment", USE_ENTRUST, CLASS_IDENTITY, "message-sender", NULL));
    EXPECT_OK(use(wang(), "payment", USE_SHARE, CLASS_IDENTITY, "clearing-network", NULL));
    EXPECT(house_number("SELECT count(*) FROM data_act WHERE kind IN (5, 7) AND purpose = 1"
                        " AND basis = 2 AND length(classes) = 2 AND party IS NOT NULL")
            == 2);
}

static void test_names_and_sets(void)
{
    SubjectName name;
    HOUSE;
    UseAct act = 0;
    EXPECT_REFUSED(subject_name_of(SPAN(""), SPAN("a"), &name), REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(subject_name_of(SPAN("a"), SPAN("a/b"), &name), REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(subject_name_of(SPAN("a"), SPAN("a b"), &name), REFUSED_SUBJECT_FIELD);
    EXPECT_REFUSED(
            subject_name_of(SPAN("a"),
                    SPAN("12345678901234567890123456789012345678901234567890123456789012345"),
                    &name),
            REFUSED_SUBJECT_FIELD);
    EXPECT(use_act_of(SPAN("entrust"), &act) && act == USE_ENTRUST);
    EXPECT(!use_act_of(SPAN("sell"), &act));
    EXPECT_REFUSED(use(wang(), "payment", USE_PROCESS, 0, "", NULL), REFUSED_SUBJECT_FIELD);
}

/* Another tenant's subject of the same name is another person. */
static void test_tenants_are_apart(void)
{
    HOUSE;
    const SubjectName other = name_of("other", "wang");
    EXPECT_OK(consent(wang(), "marketing", false));
    EXPECT_OK(COLLECT(wang(), "marketing", CLASS_EMAIL));
    EXPECT_REFUSED(
            use(other, "marketing", USE_PROCESS, CLASS_EMAIL, "", NULL), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(COLLECT(other, "marketing", CLASS_EMAIL), REFUSED_CONSENT_MISSING);
    EXPECT_REFUSED(ask(other, REQUEST_DELETE, "", 0, NULL), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_REFUSED(place_hold(other, "x", house.rows.now_us + 1), REFUSED_SUBJECT_UNKNOWN);
    EXPECT_OK(use(wang(), "marketing", USE_PROCESS, CLASS_EMAIL, "", NULL));
}

static Status list_used(void *context, Store *store)
{
    return lifecycle_is_used(store, SPAN("house"), context);
}

/* LL-4.5.2: who was never registered is refused, unless the tenant keeps a register of its own; who
 * is registered, or was, is judged here in any case. */
static void test_strangers_pass_where_the_tenant_keeps_the_register(void)
{
    HOUSE;
    bool used = true;
    EXPECT_OK(batcher_between(house.rows.batcher, list_used, &used));
    EXPECT(!used);
    UseAsk work = { .purposes = &house.purposes, .strangers_pass = true };
    work.use = (Use) { .name = wang(), .act = USE_SHARE };
    work.use.classes = class_set_of(CLASS_IDENTITY);
    TEXT_INTO(work.actor, "caller/core");
    use_ask_unit(&work, NULL);
    EXPECT_OK(unit_wait(house.rows.batcher, &work.unit));
    EXPECT(work.stranger && house_number("SELECT count(*) FROM data_act") == 0);
    work.strangers_pass = false;
    EXPECT_REFUSED(unit_wait(house.rows.batcher, &work.unit), REFUSED_PURPOSE_UNKNOWN);
    work.strangers_pass = true;
    live_until(COLLECTED);
    EXPECT_OK(batcher_between(house.rows.batcher, list_used, &used));
    EXPECT(used);
    EXPECT_REFUSED(unit_wait(house.rows.batcher, &work.unit), REFUSED_PURPOSE_UNKNOWN); /* which? */
    TEXT_INTO(work.use.purpose, "payment");
    TEXT_INTO(work.use.party, "account-institution");
    EXPECT_OK(unit_wait(house.rows.batcher, &work.unit));
    EXPECT(!work.stranger && house_number("SELECT count(*) FROM data_act WHERE kind = 5") == 1);
    EXPECT_OK(place_hold(wang(), "2026-17", house.rows.now_us + TIME_DAY_US));
    EXPECT_REFUSED(unit_wait(house.rows.batcher, &work.unit), REFUSED_DATA_RESTRICTED);
}

TESTS(TEST(test_every_act_at_every_stage), TEST(test_no_more_than_the_purpose_needs),
        TEST(test_no_consent_no_data), TEST(test_for_the_purpose_it_was_collected_for),
        TEST(test_withdrawn_then_used), TEST(test_a_contracts_consent_withdrawn),
        TEST(test_parties), TEST(test_names_and_sets), TEST(test_tenants_are_apart),
        TEST(test_strangers_pass_where_the_tenant_keeps_the_register))
