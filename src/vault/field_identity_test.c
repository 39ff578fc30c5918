/* Goal: an identity that a merchant encrypted becomes fingerprints that equal the payer's own for
 * the same person alone; nothing of it comes back in clear, and whatever is wrong with a ciphertext
 * looks the same (TP-8, TP-11). Method: a whole vault; both algorithms; each part wrong in turn. */
#include "vault/field_test_desk.h"

#include "crypto/key_transport.h"
#include "ipc/identity_wire.h"
#include "ipc/password_wire.h"
#include "keys/pairs.h"

static const char number[] = "11010519491231002X";
static const char other_number[] = "440524188001010014";
static const char name[] = "\xe5\xbc\xa0\xe4\xb8\x89";
static const char other_name[] = "\xe6\x9d\x8e\xe5\x9b\x9b";

typedef struct Shop {
    House *house;
    WireSignKey key;
    uint32_t version;
    PrivateKey *own; /* the merchant's */
    uint8_t spki_bytes[SIGN_SPKI_BYTES_MAX];
    Buffer spki;
    uint8_t number_bytes[SIGN_RSA_OAEP_BYTES_MAX];
    Buffer number;
    uint8_t name_bytes[SIGN_RSA_OAEP_BYTES_MAX];
    Buffer name;
} Shop;

static void shop_open(Shop *s, House *h, WireSignKey key)
{
    memset(s, 0, sizeof(*s));
    s->house = h;
    s->key = key;
    s->version = 1;
    s->spki = BUFFER_OF(s->spki_bytes);
    EXPECT_OK(private_key_generate(key == WIRE_SIGN_SM2 ? KEY_SM2 : KEY_RSA, &s->own));
    EXPECT_OK(public_key_to_spki(private_key_public(s->own), &s->spki));
}

static void shop_close(Shop *s) { private_key_free(&s->own); }

/* As a merchant's library does it, to the key of the certificate that it was shown. */
static Status encrypt(const Shop *s, Span plain, Buffer *ret)
{
    const KeyRole role = s->key == WIRE_SIGN_SM2 ? KEY_PLATFORM_SM2 : KEY_PLATFORM_RSA;
    const PublicKey *key = certificate_key(keys_certificate(house_keys(), role));
    ret->size = 0;
    if (s->key == WIRE_SIGN_SM2) return key_transport_close(key, plain, ret);
    return public_key_encrypt_oaep(key, plain, ret);
}

static void say(Shop *s, const char *who, const char *called)
{
    s->number = BUFFER_OF(s->number_bytes);
    s->name = BUFFER_OF(s->name_bytes);
    EXPECT_OK(encrypt(s, span_of_text(who), &s->number));
    EXPECT_OK(encrypt(s, span_of_text(called), &s->name));
}

static Status ask(Shop *s, WireIdentityPrints *ret)
{
    uint8_t memory[4096];
    Buffer b = BUFFER_OF(memory);
    const WireIdentity said = { .key = (uint8_t)s->key,
        .version = s->version,
        .number = span_of_buffer(&s->number),
        .name = span_of_buffer(&s->name),
        .receiver = span_of_buffer(&s->spki) };
    TRY(wire_put_identity(&b, &said));
    TRY(house_ask(s->house, VAULT_IDENTITY_SAID, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&s->house->answer));
    TRY(wire_take_identity_prints(&c, ret));
    return cursor_end(&c);
}

static bool same(const uint8_t *a, const uint8_t *b)
{
    return bytes_equal_ct(a, b, WIRE_PRINT_BYTES);
}

static Status open_shown(const Shop *s, Span shown, Buffer *ret)
{
    if (s->key == WIRE_SIGN_SM2) return key_transport_open(s->own, shown, ret);
    return private_key_decrypt_oaep(s->own, shown, ret);
}

static void one_person_has_one_print(House *h, WireSignKey key)
{
    Shop s;
    WireIdentityPrints first = { 0 };
    WireIdentityPrints again = { 0 };
    uint8_t mask_bytes[SIGN_RSA_OAEP_BYTES_MAX];
    Buffer mask = BUFFER_OF(mask_bytes);
    shop_open(&s, h, key);
    say(&s, number, name);
    EXPECT_OK(ask(&s, &first));
    EXPECT_OK(open_shown(&s, first.shown, &mask));
    EXPECT(span_equal(span_of_buffer(&mask), SPAN("\xe5\xbc\xa0*")));
    say(&s, "11010519491231002x", name); /* other bytes, another x, the same person */
    EXPECT_OK(ask(&s, &again));
    EXPECT(same(first.number, again.number) && same(first.name, again.name));
    say(&s, other_number, name);
    EXPECT_OK(ask(&s, &again));
    EXPECT(!same(first.number, again.number) && same(first.name, again.name));
    say(&s, number, other_name);
    EXPECT_OK(ask(&s, &again));
    EXPECT(same(first.number, again.number) && !same(first.name, again.name));
    shop_close(&s);
}

static void test_one_person_has_one_print_under_both_algorithms(void)
{
    CLEANUP(house_done) House *h = house_open();
    one_person_has_one_print(h, WIRE_SIGN_RSA);
    one_person_has_one_print(h, WIRE_SIGN_SM2);
}

static void test_the_print_outlives_a_restart(void)
{
    CLEANUP(house_done) House *h = house_open();
    Shop s;
    WireIdentityPrints first = { 0 };
    WireIdentityPrints again = { 0 };
    shop_open(&s, h, WIRE_SIGN_SM2);
    say(&s, number, name);
    EXPECT_OK(ask(&s, &first));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(ask(&s, &again));
    EXPECT(same(first.number, again.number) && same(first.name, again.name));
    shop_close(&s);
}

/* TP-8: no padding oracle: a byte changed, cut, too long, empty inside, another key's, raw bytes:
 * one refusal for each, also when the other field is right. */
static void all_that_does_not_open_is_alike(House *h, WireSignKey key)
{
    static uint8_t noise[WIRE_IDENTITY_CIPHER_MAX];
    Shop s;
    WireIdentityPrints prints = { 0 };
    shop_open(&s, h, key);
    for (size_t i = 0; i < 24; i++) {
        say(&s, number, name);
        Buffer *bent = i % 2 == 0 ? &s.number : &s.name;
        bent->data[i * (bent->size - 1) / 23] ^= (uint8_t)(1 << i % 8);
        EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_SEALED);
    }
    for (size_t cut = 1; cut < 40; cut += 13) {
        say(&s, number, name);
        s.name.size -= cut;
        EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_SEALED);
    }
    say(&s, number, name);
    s.name = (Buffer) { noise, sizeof(noise), sizeof(noise) };
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_SEALED);
    say(&s, number, name); /* to the merchant's own key */
    s.number.size = 0;
    if (key == WIRE_SIGN_SM2)
        EXPECT_OK(key_transport_close(private_key_public(s.own), span_of_text(number), &s.number));
    else
        EXPECT_OK(public_key_encrypt_oaep(
                private_key_public(s.own), span_of_text(number), &s.number));
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_SEALED);
    shop_close(&s);
}

static void test_all_that_does_not_open_is_alike(void)
{
    CLEANUP(house_done) House *h = house_open();
    all_that_does_not_open_is_alike(h, WIRE_SIGN_RSA);
    all_that_does_not_open_is_alike(h, WIRE_SIGN_SM2);
}

static void test_only_an_identity_is_one(void)
{
    static const char *const numbers[] = { "110105194912310021", "11010519491331002X",
        "6222021234567894", "1", "11010519491231002X " };
    static const char *const names[] = { "123456", "\xe5\xbc\xa0\n", "6222021234567894",
        "\xff\xfe" };
    CLEANUP(house_done) House *h = house_open();
    Shop s;
    WireIdentityPrints prints = { 0 };
    shop_open(&s, h, WIRE_SIGN_RSA);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        say(&s, numbers[i], name);
        EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_IDENTITY);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        say(&s, number, names[i]);
        EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_IDENTITY);
    }
    shop_close(&s);
}

static void test_keys_that_are_none(void)
{
    CLEANUP(house_done) House *h = house_open();
    Shop s;
    WireIdentityPrints prints = { 0 };
    shop_open(&s, h, WIRE_SIGN_RSA);
    say(&s, number, name);
    s.version = 0;
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_KEY);
    s.version = 77;
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_KEY);
    s.version = 1;
    s.key = (WireSignKey)9;
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_KEY);
    s.key = WIRE_SIGN_SM2; /* it is not encrypted to that one */
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_SEALED);
    s.key = WIRE_SIGN_RSA;
    s.spki.size--;
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_KEY_FORMAT);
    shop_close(&s);
}

static Status seal_fact(Desk *desk, uint16_t data_class, const char *value, DeskKept *kept)
{
    desk->data_class = data_class;
    desk->column = data_class;
    return desk_protect(desk, "p1", "p1", value, kept);
}

/* A captured hufud can encrypt any number itself: it tries no more of them in a day than it could
 * protect (TP-9). What does not open counts, too. */
static void test_guesses_have_a_budget(void)
{
    CLEANUP(house_done) House *h = house_open();
    Shop s;
    Desk desk;
    DeskKept kept = { 0 };
    WireIdentityPrints prints = { 0 };
    h->protects_per_day = 6;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    shop_open(&s, h, WIRE_SIGN_SM2);
    say(&s, number, name);
    EXPECT_OK(ask(&s, &prints));
    EXPECT_OK(ask(&s, &prints));
    s.name.size--;
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_FIELD_SEALED);
    say(&s, number, name);
    EXPECT_REFUSED(ask(&s, &prints), REFUSED_PROTECT_BUDGET);
    EXPECT(h->alerts == 1);
    desk_open(&desk, h, "hufu"); /* orders use up nothing that registering payers needs */
    desk.table = TABLE_FIELD;
    EXPECT_OK(seal_fact(&desk, CLASS_NAME, name, &kept));
    desk_close(&desk);
    shop_close(&s);
}

/* --- the payer's own --- */

static Status ask_known(House *h, const char *who, const DeskKept *facts[2],
        const uint16_t classes[2], WireIdentityPrints *ret)
{
    static uint8_t memory[4096];
    Buffer b = BUFFER_OF(memory);
    const WireSubjectName subject = { SPAN("hufu"), span_of_text(who) };
    WireKnown known = { .wrapped = { facts[0]->wrapped, facts[0]->wrapped_bytes }, .count = 2 };
    for (size_t i = 0; i < 2; i++)
        known.of[i] = (WireSealedFact) { classes[i], { facts[i]->sealed, facts[i]->sealed_bytes } };
    TRY(wire_put_subject_name(&b, &subject));
    TRY(wire_put_known(&b, &known));
    TRY(house_ask(h, VAULT_IDENTITY_KNOWN, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    TRY(wire_take_identity_prints(&c, ret));
    return cursor_end(&c);
}

static void test_the_payers_own_is_the_same_print(void)
{
    static const uint16_t classes[] = { CLASS_IDENTITY_NUMBER, CLASS_NAME };
    static const uint16_t doubled[] = { CLASS_NAME, CLASS_NAME };
    static const uint16_t phones[] = { CLASS_IDENTITY_NUMBER, CLASS_PHONE };
    CLEANUP(house_done) House *h = house_open();
    Shop s;
    Desk desk;
    DeskKept kept_number = { 0 };
    DeskKept kept_name = { 0 };
    const DeskKept *facts[] = { &kept_number, &kept_name };
    WireIdentityPrints said = { 0 };
    WireIdentityPrints own = { 0 };
    desk_open(&desk, h, "hufu");
    desk.table = TABLE_FIELD;
    EXPECT_OK(seal_fact(&desk, CLASS_IDENTITY_NUMBER, "11010519491231002x", &kept_number));
    kept_name = kept_number; /* one subject, one key */
    EXPECT_OK(seal_fact(&desk, CLASS_NAME, name, &kept_name));
    EXPECT_OK(ask_known(h, "p1", facts, classes, &own));
    EXPECT(own.shown.size == 0);
    shop_open(&s, h, WIRE_SIGN_RSA);
    say(&s, number, name);
    EXPECT_OK(ask(&s, &said));
    EXPECT(same(said.number, own.number) && same(said.name, own.name));
    EXPECT(!status_ok(ask_known(h, "p2", facts, classes, &own))); /* somebody else's */
    EXPECT_REFUSED(ask_known(h, "p1", facts, doubled, &own), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(ask_known(h, "p1", facts, phones, &own), REFUSED_FIELD_CLASS);
    kept_number.sealed[kept_number.sealed_bytes - 1] ^= 1;
    EXPECT_REFUSED(ask_known(h, "p1", facts, classes, &own), REFUSED_SEAL_TAMPERED);
    shop_close(&s);
    desk_close(&desk);
}

/* --- keys that turn; last, as all houses of this program have these keys --- */

static Status put_note(void *context, KeyRole role, uint32_t version, const PublicKey *before,
        const PublicKey *key, Buffer *ret_note)
{
    return buffer_put(ret_note, SPAN("note"));
}

static Status turn(int64_t overlap_us)
{
    const KeyEndorse endorse = { put_note, NULL };
    const KeyTurnTimes times = { 0, overlap_us };
    uint32_t version = 0;
    return keys_pair_rotate(house_keys(), KEY_PLATFORM_SM2, &times, &endorse, &version);
}

/* What was encrypted to the key of before opens while others are shown it, and then no more. */
static void test_an_old_key_opens_in_its_overlap(void)
{
    CLEANUP(house_done) House *h = house_open();
    Shop s;
    WireIdentityPrints first = { 0 };
    WireIdentityPrints again = { 0 };
    shop_open(&s, h, WIRE_SIGN_SM2);
    say(&s, number, name);
    EXPECT_OK(ask(&s, &first));
    EXPECT_OK(turn((int64_t)86400 * 1000000));
    EXPECT_OK(ask(&s, &again));
    EXPECT(same(first.number, again.number));
    s.version = 2; /* it is not encrypted to this one */
    EXPECT_REFUSED(ask(&s, &again), REFUSED_FIELD_SEALED);
    say(&s, number, name);
    EXPECT_OK(ask(&s, &again));
    EXPECT_OK(turn(0));
    EXPECT_REFUSED(ask(&s, &again), REFUSED_FIELD_KEY);
    EXPECT_OK(keys_destroy(house_keys(), KEY_PLATFORM_SM2, 2));
    EXPECT_REFUSED(ask(&s, &again), REFUSED_FIELD_KEY);
    shop_close(&s);
}

TESTS(TEST(test_one_person_has_one_print_under_both_algorithms),
        TEST(test_the_print_outlives_a_restart), TEST(test_all_that_does_not_open_is_alike),
        TEST(test_only_an_identity_is_one), TEST(test_keys_that_are_none),
        TEST(test_guesses_have_a_budget), TEST(test_the_payers_own_is_the_same_print),
        TEST(test_an_old_key_opens_in_its_overlap))
