/* Goal: a person logs in with password and one-time code through the real vaultd and a domain store
 * as hufud keeps them: a code counts once, over kill -9 too; two people give a lost one anew; the
 * store's file holds nothing of the secret; and his password is compared with his own numbers where
 * they rest sealed (LL-4.5.2, TP-4, TP-6). Method: the real program in its
 * sandbox over its sockets; codes as an app makes them, of now and of the step after it, so no
 * waiting is needed. */
#define _GNU_SOURCE
#include "vaultclient/fields.h"
#include "vaultclient/second_factor.h"

#include "crypto/totp.h"
#include "policy/tables.h"
#include "store/practice.h"
#include "vault/password_test_house.h"
#include "vault/vault_test_trace.h"
#include "vaultd.h"

#include <fcntl.h>
#include <unistd.h>

#define PASSWORD "correct horse battery 0"

static const WireOwner wang = { CLASS_PASSWORD, SPAN("hufu"), SPAN("staff"), SPAN("wang") };
static uint8_t secret[TOTP_SECRET_BYTES_MIN];
static uint8_t next_secret[32];
static char store_path[EXPECT_PATH_BYTES];
static Vaultd vaultd;
static House *house;
static Passwords passwords;
static Tenant person; /* makes the boxes */
static uint32_t base; /* the step in which the test began */

static void open_all(void)
{
    const Random random = random_system();
    ASSERT(status_ok(random_fill(&random, secret, sizeof(secret))));
    ASSERT(status_ok(random_fill(&random, next_secret, sizeof(next_secret))));
    expect_path("flow-second-factor", store_path);
    practice_remove(store_path);
    house = vaultd_open(&vaultd, "intl", NULL);
    tenant_init(&person, house, &wang);
    tenant_enroll_people(&person);
    const VaultClientConfig config = { .socket_path = vaultd.socket, .channels = 2 };
    ASSERT(status_ok(vaultclient_open(&config, &passwords.vault)));
    ASSERT(status_ok(domain_open(store_path, NULL, &passwords.domain)));
    base = totp_step(clock_system().now_us(NULL));
}

static Span box_of(BoxPurpose purpose, uint16_t data_class, Span first, Span second)
{
    uint8_t memory[256];
    Buffer plain = BUFFER_OF(memory);
    ASSERT(status_ok(buffer_put_u8(&plain, (uint8_t)first.size)));
    ASSERT(status_ok(buffer_put(&plain, first)) && status_ok(buffer_put(&plain, second)));
    const TenantWish wish = {
        .purpose = purpose, .plain = span_of_buffer(&plain), .data_class = data_class
    };
    house->now_us = clock_system().now_us(NULL);
    return tenant_box(&person, &wish);
}

static Status login(const char *password, Span of, uint32_t step)
{
    uint8_t grant[WIRE_GRANT_BYTES];
    uint8_t code[TOTP_DIGITS];
    TRY(totp_code(of, step, code));
    const WireSecondLogin wire = { .owner = wang,
        .box = box_of(
                BOX_PURPOSE_LOGIN_CODE, CLASS_PASSWORD, SPAN_OF(code), span_of_text(password)),
        .nonce = SPAN_OF(person.nonce) };
    TRY(second_factor_login(&passwords, &wire, grant));
    WirePasswordSpend spend = { .owner = wang, .purpose = BOX_PURPOSE_LOGIN_CODE };
    memcpy(spend.grant, grant, sizeof(grant));
    return passwords_spend(&passwords, &spend);
}

static Status set_second(Span of)
{
    const WirePasswordSet set = { .owner = wang,
        .box = box_of(BOX_PURPOSE_SET_SECOND, CLASS_SECOND_FACTOR, SPAN(""), of),
        .nonce = SPAN_OF(person.nonce) };
    return second_factor_set(&passwords, &set);
}

/* His identity number, as it was collected: sealed in the domain store. */
static Status collect(const WireBatchHead *place, const char *value)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    FieldsMade made;
    uint32_t key_id = 0;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    const Random random = random_system();
    const Fields fields = { passwords.domain, passwords.vault };
    const BoxContext context = { .data_class = place->data_class,
        .purpose = BOX_PURPOSE_FIELD,
        .expiry_us = clock_system().now_us(NULL) + (int64_t)60 * 1000000,
        .tenant = place->tenant,
        .order = wang.user,
        .payee = wang.user };
    house_box_key(house, &key, &key_id);
    TRY(box_seal(key, key_id, &random, &context, span_of_text(value), &box));
    const FieldsItem item = { wang.user, 0, span_of_buffer(&box), wang.user };
    TRY(fields_protect(&fields, place, &item, 1, &made));
    return made.status;
}

static Status set_against(const char *password)
{
    static const DataClass classes[] = { CLASS_IDENTITY_NUMBER, CLASS_PHONE };
    const WirePasswordSet set = { .owner = wang,
        .box = box_of(BOX_PURPOSE_SET_PASSWORD, CLASS_PASSWORD, SPAN(""), span_of_text(password)),
        .nonce = SPAN_OF(person.nonce) };
    return passwords_set_against(&passwords, &set, classes, 2);
}

static void test_a_password_of_his_own_numbers(void)
{
    open_all();
    const WireBatchHead place = { .tenant = wang.tenant,
        .data_class = CLASS_IDENTITY_NUMBER,
        .table = TABLE_FIELD,
        .column = CLASS_IDENTITY_NUMBER };
    EXPECT_REFUSED(set_against("mustang-corvette66"), REFUSED_PASSWORD_WEAK);
    EXPECT_OK(collect(&place, "11010519900201877X"));
    EXPECT_REFUSED(set_against("Kz#Q9x19900201"), REFUSED_PASSWORD_WEAK);
}

static void test_password_and_code(void)
{
    bool is_set = true;
    const WirePasswordSet set = { .owner = wang,
        .box = box_of(BOX_PURPOSE_SET_PASSWORD, CLASS_PASSWORD, SPAN(""), SPAN(PASSWORD)),
        .nonce = SPAN_OF(person.nonce) };
    EXPECT_OK(passwords_set(&passwords, &set));
    EXPECT_OK(second_factor_is_set(&passwords, &wang, &is_set));
    EXPECT(!is_set);
    EXPECT_REFUSED(login(PASSWORD, SPAN_OF(secret), base), REFUSED_PIN_WRONG);
    EXPECT_OK(set_second(SPAN_OF(secret)));
    EXPECT_REFUSED(set_second(SPAN_OF(next_secret)), REFUSED_PIN_WRONG); /* without the old code */
    EXPECT_OK(second_factor_is_set(&passwords, &wang, &is_set));
    EXPECT(is_set);
    EXPECT_REFUSED(login("another horse battery 1", SPAN_OF(secret), base), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(login(PASSWORD, SPAN_OF(next_secret), base), REFUSED_PIN_WRONG);
    EXPECT_OK(login(PASSWORD, SPAN_OF(secret), base));
    EXPECT_REFUSED(login(PASSWORD, SPAN_OF(secret), base), REFUSED_PIN_WRONG);
}

static void test_a_killed_vaultd_remembers_the_code(void)
{
    vaultd_kill(&vaultd, house, "intl");
    EXPECT_REFUSED(login(PASSWORD, SPAN_OF(secret), base), REFUSED_PIN_WRONG);
    EXPECT_OK(login(PASSWORD, SPAN_OF(secret), base + 1));
    vaultd_kill(&vaultd, house, "intl");
    EXPECT_REFUSED(login(PASSWORD, SPAN_OF(secret), base + 1), REFUSED_PIN_WRONG);
}

static void test_the_store_holds_no_secret(void)
{
    static uint8_t bytes[1024 * 1024];
    char wal[EXPECT_PATH_BYTES + 4];
    snprintf(wal, sizeof(wal), "%s-wal", store_path);
    const char *const paths[] = { store_path, wal };
    size_t seen = 0;
    for (size_t i = 0; i < 2; i++) {
        const int fd = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        const ssize_t n = read(fd, bytes, sizeof(bytes));
        close(fd);
        EXPECT(n >= 0);
        trace_expect_absent((Span) { bytes, (size_t)n }, SPAN_OF(secret));
        seen += (size_t)n;
    }
    EXPECT(seen > 0);
    PasswordsSweep sweep = { 0 };
    while (!sweep.finished) {
        EXPECT_OK(passwords_sweep(&passwords, &sweep));
        EXPECT(sweep.refused == 0);
    }
    EXPECT(sweep.done == 2); /* the password and the second factor */
}

/* The device is lost: with the same box two people give the new secret, and one cannot. */
static Status reset(const char *second)
{
    uint8_t memory[2048];
    Buffer both = BUFFER_OF(memory);
    WireApproval two[2];
    const TenantWish wish = { .purpose = BOX_PURPOSE_RESET_SECOND,
        .plain = SPAN_OF(next_secret),
        .data_class = CLASS_SECOND_FACTOR };
    house->now_us = clock_system().now_us(NULL);
    const WirePasswordReset wire = {
        .owner = wang, .box = tenant_box(&person, &wish), .nonce = SPAN_OF(person.nonce)
    };
    uint8_t subject_memory[256];
    Buffer subject = BUFFER_OF(subject_memory);
    TRY(tenant_put_reset_subject(&person, CLASS_SECOND_FACTOR, wire.box, &subject));
    TRY(tenant_put_approvals(
            &person, "reset-second-factor", span_of_buffer(&subject), second, &both));
    Cursor c = cursor_of(span_of_buffer(&both));
    TRY(wire_take_approval(&c, &two[0]));
    TRY(wire_take_approval(&c, &two[1]));
    return second_factor_reset(&passwords, two, &wire);
}

static void test_two_people_give_a_lost_one_anew(void)
{
    EXPECT_REFUSED(reset("ann"), REFUSED_APPROVAL_QUORUM);
    EXPECT_OK(reset("bob"));
    /* Used steps stay used, whatever the secret. */
    EXPECT_REFUSED(login(PASSWORD, SPAN_OF(next_secret), base), REFUSED_PIN_WRONG);
    domain_close(passwords.domain);
    vaultclient_close(passwords.vault);
    vaultd_close(&vaultd, house);
    practice_remove(store_path);
}

TESTS(TEST(test_a_password_of_his_own_numbers), TEST(test_password_and_code),
        TEST(test_a_killed_vaultd_remembers_the_code), TEST(test_the_store_holds_no_secret),
        TEST(test_two_people_give_a_lost_one_anew))
