/* Goal: nobody's password is a common one, his birthday, or six digits of his identity number or
 * telephone, and hufud learns none of these by asking (TP-6, TP-13). Method: every spelling of one
 * date; the thousand; sealed fields through a whole vault, of the owner, of another, changed; every
 * answer searched for the numbers. */
#include "vault/field_test_desk.h"
#include "vault/password_facts.h"
#include "vault/password_rules.h"
#include "vault/password_test_house.h"
#include "vault/vault_test_trace.h"

#include "crypto/common_password.h"

/* Area 110105, born on 1 February 1990; the last sign is the right check. */
#define IDENTITY "11010519900201877X"
#define IDENTITY_OLD "110105900201877"
#define PHONE "13917385264"
#define GOOD "green-Otter 51 rivers"

static const WireOwner wang = { CLASS_PIN, SPAN("bank1"), SPAN("users"), SPAN("wang") };
static const WireOwner wang_login = { CLASS_PASSWORD, SPAN("bank1"), SPAN("users"), SPAN("wang") };

static PersonalFacts facts_of(const char *identity, const char *phone)
{
    PersonalFacts facts = { .count = 0 };
    if (identity != NULL) personal_facts_add(&facts, true, span_of_text(identity));
    if (phone != NULL) personal_facts_add(&facts, false, span_of_text(phone));
    return facts;
}

static bool pin_weak(const PersonalFacts *facts, const char *pin)
{
    return pin_is_weak(span_of_text(pin), facts);
}

static bool password_weak(const PersonalFacts *facts, const char *password)
{
    return password_is_weak(span_of_text(password), SPAN("wang"), PASSWORD_LENGTH_MIN, facts);
}

static void test_a_birthday_in_any_spelling(void)
{
    static const char *const pins[] = { "900201", "010290", "020190", "900102", "199002", "021990",
        "199001", "011990", "990020", "010219", "020119", "199021", "211990", "121990", "199012",
        /* backwards */
        "102009", "092010", "091020", "200991" };
    const PersonalFacts facts[] = { facts_of(IDENTITY, NULL), facts_of(IDENTITY_OLD, NULL) };
    const PersonalFacts none = { .count = 0 };
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        EXPECT(pin_weak(&facts[0], pins[i]) && pin_weak(&facts[1], pins[i]));
        EXPECT(!pin_weak(&none, pins[i]) || common_pin(span_of_text(pins[i])));
    }
    static const char *const others[] = { "284617", "910201", "900301", "190903" };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        EXPECT(!pin_weak(&facts[0], others[i]));
}

static void test_digits_of_a_document_or_a_telephone(void)
{
    const PersonalFacts facts = facts_of(IDENTITY, "+86 139-1738-5264");
    const char *const numbers[] = { "11010519900201877", "8613917385264" };
    for (size_t n = 0; n < 2; n++) {
        for (size_t i = 0; i + 6 <= strlen(numbers[n]); i++) {
            char ahead[7] = { 0 };
            char back[7] = { 0 };
            for (size_t k = 0; k < 6; k++) {
                ahead[k] = numbers[n][i + k];
                back[5 - k] = numbers[n][i + k];
            }
            EXPECT(pin_weak(&facts, ahead) && pin_weak(&facts, back));
        }
    }
    EXPECT(!pin_weak(&facts, "917380")); /* five of them */
}

static void test_passwords_of_hardly_more_than_that(void)
{
    const PersonalFacts facts = facts_of(IDENTITY, PHONE);
    const PersonalFacts none = { .count = 0 };
    static const char *const weak[] = { "Li#Q9x19900201", "1990-02-01-Kqz", "01/02/1990 Kqz!",
        "Kz7q13917385264", "Kzq 8x 1391738", "Xq!4625837193z" };
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
        EXPECT(password_weak(&facts, weak[i]) && !password_weak(&none, weak[i]));
    EXPECT(!password_weak(&facts, "green-Otter 19900201 rivers")); /* enough of it is not known */
    EXPECT(!password_weak(&facts, GOOD));
}

static void test_the_thousand_commonest(void)
{
    const PersonalFacts none = { .count = 0 };
    EXPECT(common_password_count() > 990);
    for (size_t i = 0; i < common_password_count(); i++) {
        char text[2 * COMMON_PASSWORD_BYTES_MAX];
        const Span word = common_password_at(i);
        EXPECT(password_is_weak(word, SPAN("wang"), 1, &none));
        if (word.size < 4) continue;
        snprintf(text, sizeof(text), "%.*s!2026#93", (int)word.size, (const char *)word.data);
        EXPECT(password_is_weak(span_of_text(text), SPAN("wang"), 1, &none));
    }
    static const char *const weak[] = { "Mustang-Corvette66", "Dr4g0n#2026#17", "St@rw4rs 19 77!",
        "Liverpool 1892 !!" };
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
        EXPECT(password_weak(&none, weak[i]));
    static const char *const good[] = { GOOD, "correct horse battery", "dragon kettle under moss" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        EXPECT(!password_weak(&none, good[i]));
    static const char *const pins[] = { "159753", "147258", "314159", "102030", "789456" };
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++)
        EXPECT(pin_weak(&none, pins[i]));
    EXPECT(!common_pin(SPAN("284617")) && !common_pin(SPAN("15975")) && !common_pin(SPAN("")));
    EXPECT(!common_pin(SPAN("15975a")));
}

/* --- through the vault --- */

typedef struct Person {
    Tenant tenant;
    DeskKept identity, phone;
    WireKnown known;
} Person;

static WireSealedFact keep(
        House *h, const char *user, uint16_t class, const char *value, DeskKept *kept)
{
    Desk desk;
    desk_open(&desk, h, "bank1");
    desk.data_class = class;
    desk.table = TABLE_FIELD;
    desk.column = class;
    ASSERT(status_ok(desk_protect(&desk, user, user, value, kept)));
    desk_close(&desk);
    return (WireSealedFact) { class, { kept->sealed, kept->sealed_bytes } };
}

static void open_person(Person *p, House *h, const WireOwner *owner)
{
    *p = (Person) { .known = { .count = 2 } };
    tenant_init(&p->tenant, h, owner);
    p->known.of[0] = keep(h, "wang", CLASS_IDENTITY_NUMBER, IDENTITY, &p->identity);
    memcpy(p->phone.wrapped, p->identity.wrapped, p->identity.wrapped_bytes);
    p->phone.wrapped_bytes = p->identity.wrapped_bytes;
    p->known.of[1] = keep(h, "wang", CLASS_PHONE, PHONE, &p->phone);
    p->known.wrapped = (Span) { p->identity.wrapped, p->identity.wrapped_bytes };
}

static Status set(Person *p, const char *new)
{
    Tenant *t = &p->tenant;
    uint8_t memory[256];
    uint8_t message[WIRE_BOX_BYTES_MAX + 8192];
    Buffer plain = BUFFER_OF(memory);
    Buffer b = BUFFER_OF(message);
    TRY(buffer_put_u8(&plain, 0));
    TRY(buffer_put(&plain, span_of_text(new)));
    const TenantWish wish = { .purpose = BOX_PURPOSE_SET_PASSWORD,
        .plain = span_of_buffer(&plain) };
    const WirePasswordSet wire = { t->owner, tenant_box(t, &wish), SPAN_OF(t->nonce), t->verifier };
    TRY(wire_put_password_set(&b, &wire));
    TRY(wire_put_known(&b, &p->known));
    return house_ask(t->house, VAULT_PASSWORD_SET, span_of_buffer(&b));
}

static void test_vaultd_opens_them_itself(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    open_person(&p, h, &wang);
    trace_begin(h);
    EXPECT_REFUSED(set(&p, "900201"), REFUSED_PIN_WEAK);
    EXPECT_REFUSED(set(&p, "385264"), REFUSED_PIN_WEAK);
    EXPECT_REFUSED(set(&p, "111111"), REFUSED_PIN_WEAK); /* as any other weak one */
    EXPECT_OK(set(&p, "284617"));
    p.tenant.owner = wang_login;
    EXPECT_REFUSED(set(&p, "Li#Q9x19900201"), REFUSED_PASSWORD_WEAK);
    EXPECT_OK(set(&p, GOOD));
    static const char *const canaries[] = { IDENTITY, PHONE, "900201", "385264" };
    for (size_t i = 0; i < sizeof(canaries) / sizeof(canaries[0]); i++) {
        trace_expect_absent(trace_answers(), span_of_text(canaries[i]));
        trace_expect_absent_from_journal(h, span_of_text(canaries[i]));
    }
}

/* Without them all is as before; a version that nobody knows is refused. */
static void test_a_request_without_facts(void)
{
    CLEANUP(house_done) House *h = house_open();
    Tenant t;
    uint8_t memory[64];
    Buffer b = BUFFER_OF(memory);
    WireKnown known = { .count = 9 };
    tenant_init(&t, h, &wang);
    EXPECT_OK(tenant_set(&t, "", "900201"));
    Cursor c = cursor_of(SPAN(""));
    EXPECT_OK(wire_take_known(&c, &known));
    EXPECT(known.count == 0);
    known = (WireKnown) { SPAN("key"), 1, { { CLASS_PHONE, SPAN("sealed") } } };
    EXPECT_OK(wire_put_known(&b, &known));
    const uint8_t changes[] = { 0 /* version */, 11 /* count */ };
    for (size_t i = 0; i < sizeof(changes); i++) {
        memory[changes[i]] ^= 1;
        c = cursor_of(span_of_buffer(&b));
        EXPECT_REFUSED(wire_take_known(&c, &known), REFUSED_IPC_FORMAT);
        EXPECT(c.rest.size == b.size);
        memory[changes[i]] ^= 1;
    }
    c = cursor_of(span_of_buffer(&b));
    EXPECT_OK(wire_take_known(&c, &known));
    EXPECT(known.count == 1 && c.rest.size == 0);
}

static void test_anothers_facts_answer_nothing(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    Person zhao;
    open_person(&p, h, &wang);
    const WireKnown own = p.known;
    p.tenant.owner.user = SPAN("zhao"); /* a captured hufud asks by a user of its own */
    EXPECT_REFUSED(set(&p, "900201"), REFUSED_SEAL_TAMPERED);
    EXPECT(h->alerts > 0);
    zhao.known.of[0] =
            keep(h, "zhao", CLASS_PHONE, PHONE, memset(&zhao.phone, 0, sizeof(DeskKept)));
    p.known.wrapped = (Span) { zhao.phone.wrapped, zhao.phone.wrapped_bytes };
    EXPECT_REFUSED(set(&p, "900201"), REFUSED_SEAL_TAMPERED); /* with that one's own key */
    p.tenant.owner = wang;
    p.tenant.owner.tenant = SPAN("bank2");
    p.known = own;
    EXPECT_REFUSED(set(&p, "900201"), REFUSED_SEAL_TAMPERED);
    p.tenant.owner = wang;
    p.known.of[1].data_class = CLASS_CARD;
    EXPECT_REFUSED(set(&p, "900201"), REFUSED_PASSWORD_FACTS);
    p.known.of[1] = (WireSealedFact) { CLASS_IDENTITY_NUMBER, own.of[1].sealed };
    EXPECT_REFUSED(set(&p, "284617"), REFUSED_SEAL_TAMPERED);
    p.known = own;
    p.identity.sealed[p.identity.sealed_bytes - 1] ^= 1;
    EXPECT_REFUSED(set(&p, "284617"), REFUSED_SEAL_TAMPERED);
}

/* Who asks often would learn a number piece by piece. */
static void test_a_person_is_compared_with_so_often_a_day(void)
{
    CLEANUP(house_done) House *h = house_open();
    Person p;
    open_person(&p, h, &wang);
    for (int i = 0; i < PASSWORD_FACT_SETS_PER_DAY; i++)
        EXPECT_REFUSED(set(&p, "900201"), REFUSED_PIN_WEAK);
    EXPECT_REFUSED(set(&p, "284617"), REFUSED_PASSWORD_SETS);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(set(&p, "284617"), REFUSED_PASSWORD_SETS);
    h->now_us += (int64_t)24 * 3600 * 1000000;
    EXPECT_OK(set(&p, "284617"));
}

/* The facts are the person's, whatever realm and kind of password a captured hufud names. */
static void test_a_person_is_one_in_all_realms(void)
{
    static const char *const names[] = { "users", "r1", "r2", "r3" };
    CLEANUP(house_done) House *h = house_open();
    Person p;
    open_person(&p, h, &wang);
    for (int i = 0; i < PASSWORD_FACT_SETS_PER_DAY; i++) {
        const bool login = i % 2 == 1;
        p.tenant.owner = login ? wang_login : wang;
        p.tenant.owner.realm = span_of_text(names[i % 4]);
        EXPECT_REFUSED(set(&p, login ? "Li#Q9x19900201" : "900201"),
                login ? REFUSED_PASSWORD_WEAK : REFUSED_PIN_WEAK);
    }
    p.tenant.owner.realm = SPAN("r4");
    EXPECT_REFUSED(set(&p, GOOD), REFUSED_PASSWORD_SETS);
}

TESTS(TEST(test_a_birthday_in_any_spelling), TEST(test_digits_of_a_document_or_a_telephone),
        TEST(test_passwords_of_hardly_more_than_that), TEST(test_the_thousand_commonest),
        TEST(test_vaultd_opens_them_itself), TEST(test_a_request_without_facts),
        TEST(test_anothers_facts_answer_nothing),
        TEST(test_a_person_is_compared_with_so_often_a_day),
        TEST(test_a_person_is_one_in_all_realms))
