/* Goal: who forgot a password gets another one by saying who he is, and nobody else does; a wrong
 * guess counts like a wrong password (TP-6). Method: a whole vault; facts sealed as a payer's are;
 * each part wrong in turn, over restarts. */
#include "vault/field_test_desk.h"
#include "vault/password_facts.h"
#include "vault/password_test_house.h"

#define GOOD "violet Kettle, 9 hills"
#define OTHER "amber Saddle, 4 rivers"
static const char number[] = "11010519491231002X";
static const char phone[] = "13912345678";
static const char name[] = "\xe5\xbc\xa0\xe4\xb8\x89";

static const WireOwner owner = { CLASS_PASSWORD, SPAN("hufu"), SPAN("payer"), SPAN("p1") };

typedef struct Person {
    Tenant tenant;
    Desk desk;
    DeskKept number;
    DeskKept phone;
} Person;

static Status seal_fact(Person *p, uint16_t data_class, const char *value, DeskKept *kept)
{
    p->desk.data_class = data_class;
    p->desk.column = data_class;
    return desk_protect(&p->desk, "p1", "p1", value, kept);
}

static void person_init(Person *p, House *h)
{
    memset(p, 0, sizeof(*p));
    tenant_init(&p->tenant, h, &owner);
    desk_open(&p->desk, h, "hufu");
    p->desk.table = TABLE_FIELD;
    EXPECT_OK(seal_fact(p, CLASS_IDENTITY_NUMBER, number, &p->number));
    p->phone = p->number; /* one subject, one key */
    EXPECT_OK(seal_fact(p, CLASS_PHONE, phone, &p->phone));
    EXPECT_OK(tenant_set(&p->tenant, "", GOOD));
}

typedef struct Say {
    const char *number; /* NULL: not said */
    const char *phone;
    const char *name;
    const char *password;
    bool without_phone; /* hufud shows the number alone */
    bool swapped; /* hufud shows the phone as the number */
    bool without_key;
} Say;

static Status put_claim(Buffer *b, uint16_t data_class, const char *value)
{
    if (value == NULL) return OK;
    return wire_put_claimed_fact(b, &(WireClaimedFact) { data_class, span_of_text(value) });
}

static Span recover_box(Person *p, const Say *say)
{
    static uint8_t memory[1024];
    Buffer plain = BUFFER_OF(memory);
    const uint32_t count =
            (uint32_t)(say->number != NULL) + (say->phone != NULL) + (say->name != NULL);
    const bool fits = status_ok(buffer_put_u32(&plain, count))
            && status_ok(put_claim(&plain, CLASS_IDENTITY_NUMBER, say->number))
            && status_ok(put_claim(&plain, CLASS_PHONE, say->phone))
            && status_ok(put_claim(&plain, CLASS_NAME, say->name))
            && status_ok(buffer_put(&plain, span_of_text(say->password)));
    ASSERT(fits);
    const TenantWish wish = { .purpose = BOX_PURPOSE_RECOVER_PASSWORD,
        .plain = span_of_buffer(&plain) };
    return tenant_box(&p->tenant, &wish);
}

static Status ask(Person *p, const Say *say, Span box)
{
    static uint8_t memory[2 * WIRE_BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Tenant *t = &p->tenant;
    const DeskKept *first = say->swapped ? &p->phone : &p->number;
    const WirePasswordRecover recover = { .owner = t->owner,
        .box = box,
        .nonce = SPAN_OF(t->nonce),
        .verifier = t->verifier,
        .wrapped = { p->number.wrapped, say->without_key ? 0 : p->number.wrapped_bytes } };
    TRY(wire_put_password_recover(&b, &recover));
    TRY(wire_put_count(&b, say->without_phone ? 1 : 2, WIRE_FACTS_MAX));
    TRY(wire_put_sealed_fact(&b,
            &(WireSealedFact) { CLASS_IDENTITY_NUMBER, { first->sealed, first->sealed_bytes } }));
    if (!say->without_phone)
        TRY(wire_put_sealed_fact(
                &b, &(WireSealedFact) { CLASS_PHONE, { p->phone.sealed, p->phone.sealed_bytes } }));
    TRY(house_ask(t->house, VAULT_PASSWORD_RECOVER, span_of_buffer(&b)));
    const Buffer *answer = &t->house->answer;
    memcpy(t->verifier_memory, answer->data, answer->size);
    t->verifier = (Span) { t->verifier_memory, answer->size };
    return OK;
}

static Status recover(Person *p, const Say *say) { return ask(p, say, recover_box(p, say)); }

static void test_who_he_is_gives_another_password(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    person_init(&p, h);
    uint8_t old[WIRE_VERIFIER_BYTES_MAX];
    memcpy(old, p.tenant.verifier.data, p.tenant.verifier.size);
    EXPECT_REFUSED(/* of his own birthday */
            recover(&p, &(Say) { number, phone, NULL, "Kz#Q9x19491231", 0 }),
            REFUSED_PASSWORD_WEAK);
    EXPECT_OK(recover(&p, &(Say) { number, phone, NULL, OTHER, 0 }));
    EXPECT_OK(tenant_login(&p.tenant, OTHER));
    EXPECT_REFUSED(tenant_login(&p.tenant, GOOD), REFUSED_PIN_WRONG);
    memcpy(p.tenant.verifier_memory, old, p.tenant.verifier.size); /* the store of before */
    EXPECT_REFUSED(tenant_login(&p.tenant, GOOD), REFUSED_VERIFIER_ROLLED_BACK);
    desk_close(&p.desk);
}

/* Whatever is wrong of it, the answer is the same. */
static void test_nobody_else_is_he(void)
{
    static const Say wrong[] = {
        { "110105194912310021", phone, NULL, OTHER, 0 },
        { number, "13912345679", NULL, OTHER, 0 },
        { number, "1391234567", NULL, OTHER, 0 },
        { "x", "y", NULL, OTHER, 0 },
        { number, NULL, NULL, OTHER, 0 }, /* one of two */
        { NULL, phone, NULL, OTHER, 0 },
        { NULL, NULL, NULL, OTHER, 0 },
        { number, NULL, NULL, OTHER, .without_phone = true }, /* too little is known */
        { number, phone, NULL, OTHER, .without_key = true },
    };
    CLEANUP(house_done) House *h = house_open();
    Person p;
    person_init(&p, h);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_REFUSED(recover(&p, &wrong[i]), REFUSED_IDENTITY_WRONG);
        EXPECT_OK(tenant_login(&p.tenant, GOOD)); /* nothing was changed; the count begins anew */
    }
    /* A fact that nothing is known of is not asked about, so saying it is not proving it. */
    EXPECT_OK(recover(&p, &(Say) { number, phone, name, OTHER, 0 }));
    desk_close(&p.desk);
}

/* hufud shows a field of another place: what is said there is no proof here. */
static void test_a_fact_counts_in_its_own_place(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    person_init(&p, h);
    EXPECT_REFUSED(recover(&p, &(Say) { phone, phone, NULL, OTHER, .swapped = true }),
            REFUSED_SEAL_TAMPERED);
    Person other = p;
    other.tenant.owner.user = SPAN("p2");
    other.tenant.verifier = (Span) { NULL, 0 };
    EXPECT_OK(tenant_set(&other.tenant, "", GOOD));
    EXPECT_REFUSED(
            recover(&other, &(Say) { number, phone, NULL, OTHER, 0 }), REFUSED_SEAL_TAMPERED);
    desk_close(&p.desk);
}

/* TP-6: guesses at the person and at the password are one count, over restarts. */
static void test_a_guess_counts_like_a_wrong_password(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    const Say wrong = { number, "13900000000", NULL, OTHER, 0 };
    const Say right = { number, phone, NULL, OTHER, 0 };
    person_init(&p, h);
    for (int i = 0; i < 3; i++)
        EXPECT_REFUSED(recover(&p, &wrong), REFUSED_IDENTITY_WRONG);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(tenant_login(&p.tenant, OTHER), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(recover(&p, &wrong), REFUSED_IDENTITY_WRONG);
    EXPECT_REFUSED(recover(&p, &right), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(tenant_login(&p.tenant, GOOD), REFUSED_PIN_LOCKED);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    EXPECT_OK(recover(&p, &right));
    EXPECT_OK(tenant_login(&p.tenant, OTHER));
    desk_close(&p.desk);
}

/* A captured hufud sets itself a password for him in a realm of its own, seals a telephone of its
 * own choice, and tries identity numbers: a lock is one realm's, the day's tries are the person's.
 */
static void test_realms_give_no_more_guesses(void)
{
    static char realm[] = "r0";
    CLEANUP(house_done) House *h = house_open();
    Person p;
    const Say wrong = { "110105194912310021", phone, NULL, OTHER, 0 };
    person_init(&p, h);
    for (int i = 0; i < PASSWORD_FACT_TRIES_PER_DAY; i++) {
        if (i % 4 == 0) {
            realm[1] = (char)('a' + i / 4);
            p.tenant.owner.realm = span_of_text(realm);
            p.tenant.verifier = (Span) { NULL, 0 };
            EXPECT_OK(tenant_set(&p.tenant, "", GOOD));
        }
        EXPECT_REFUSED(recover(&p, &wrong), REFUSED_IDENTITY_WRONG);
    }
    p.tenant.owner.realm = SPAN("z");
    p.tenant.verifier = (Span) { NULL, 0 };
    EXPECT_OK(tenant_set(&p.tenant, "", GOOD));
    EXPECT_REFUSED(recover(&p, &wrong), REFUSED_PIN_LOCKED);
    h->now_us += (int64_t)24 * 3600 * 1000000;
    EXPECT_OK(recover(&p, &(Say) { number, phone, NULL, OTHER, 0 }));
    desk_close(&p.desk);
}

static void test_a_box_is_good_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    const Say wrong = { number, "13900000000", NULL, OTHER, 0 };
    const Say right = { number, phone, NULL, OTHER, 0 };
    uint8_t memory[BOX_BYTES_MAX];
    person_init(&p, h);
    Span box = recover_box(&p, &wrong);
    memcpy(memory, box.data, box.size);
    box.data = memory;
    EXPECT_REFUSED(ask(&p, &wrong, box), REFUSED_IDENTITY_WRONG);
    EXPECT_REFUSED(ask(&p, &wrong, box), REFUSED_PIN_WRONG);
    box = recover_box(&p, &right);
    memcpy(memory, box.data, box.size);
    box.data = memory;
    EXPECT_OK(ask(&p, &right, box));
    EXPECT_REFUSED(ask(&p, &right, box), REFUSED_BOX_SPENT);
    EXPECT_REFUSED(tenant_set_box(&p.tenant, box), REFUSED_BOX_CONTEXT);
    desk_close(&p.desk);
}

static void test_nobody_is_known_by_the_answer(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    const Say say = { number, phone, NULL, OTHER, 0 };
    person_init(&p, h);
    p.tenant.owner.user = SPAN("p9");
    p.tenant.verifier = (Span) { NULL, 0 };
    EXPECT_REFUSED(recover(&p, &say), REFUSED_IDENTITY_WRONG);
    EXPECT_REFUSED(recover(&p, &(Say) { number, phone, NULL, "123456", 0 }), REFUSED_PASSWORD_WEAK);
    desk_close(&p.desk);
}

TESTS(TEST(test_who_he_is_gives_another_password), TEST(test_nobody_else_is_he),
        TEST(test_a_fact_counts_in_its_own_place), TEST(test_a_guess_counts_like_a_wrong_password),
        TEST(test_realms_give_no_more_guesses), TEST(test_a_box_is_good_once),
        TEST(test_nobody_is_known_by_the_answer))
