/* Goal: who may approve is remembered whole, over restarts, power cuts, full segments and journals
 * of a release before this; and in whichever way two names came to be one person's, they are no
 * quorum (TP-15, LL-4.5.2, DESIGN section 5.6). Method: records written behind the doors' back; the
 * journal's disk loses power at each write. */
#define _GNU_SOURCE
#include "vault/memory_operator.h"

#include "ipc/event_wire.h"
#include "vault/vault_test_deciders.h"
#include "vault/vault_test_people.h"

#include <string.h>

/* --- one person --- */

static Status write_operator(House *h, MemoryKind kind, Span payload)
{
    uint64_t position = 0;
    MEMORY_HOLD(h->memory);
    return memory_write(h->memory, kind, payload, &position);
}

static Status write_state(House *h, uint8_t place, Signer *s, uint8_t person)
{
    uint8_t memory[512];
    uint8_t key_memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    uint8_t hash[MEMORY_PERSON_BYTES];
    Buffer b = BUFFER_OF(memory);
    memset(hash, person, sizeof(hash));
    TRY(buffer_put_u8(&b, place));
    TRY(buffer_put_u8(&b, 0));
    TRY(buffer_put_u32(&b, DUTIES_ALL));
    TRY(buffer_put_i64(&b, 1));
    TRY(buffer_put_i64(&b, 1));
    TRY(buffer_put(&b, SPAN_OF(hash)));
    TRY(buffer_put_framed(&b, span_of_text(s->name)));
    TRY(buffer_put_framed(&b, signer_spki(s, key_memory)));
    return write_operator(h, MEMORY_OPERATOR_STATE, span_of_buffer(&b));
}

/* However both names came to be: they are one person's. */
static void test_one_person_under_two_names_is_no_quorum(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    EXPECT_OK(write_state(h, 2, &decide_dan, 0x77));
    EXPECT_OK(write_state(h, 3, &decide_fay, 0x77));
    EXPECT_REFUSED(decide_rotate(h, &decide_dan, &decide_fay), REFUSED_APPROVAL_QUORUM);
    EXPECT_OK(decide_rotate(h, &decide_dan, &decide_ann));
    EXPECT_OK(decide_rotate(h, &decide_fay, &decide_ann));
}

static Status enroll_stating(House *h, Signer *s, const char *person)
{
    uint8_t memory[512];
    uint8_t key_memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    TRY(buffer_put_framed(&b, span_of_text(s->name)));
    TRY(buffer_put_framed(&b, signer_spki(s, key_memory)));
    TRY(buffer_put_framed(&b, span_of_text(person)));
    return house_ask_operator(h, VAULT_ENROLL, span_of_buffer(&b));
}

static void test_persons_may_be_stated_at_the_ceremony(void)
{
    CLEANUP(house_done) House *h = house_open();
    decide_ann.key = people_key(0);
    decide_bob.key = people_key(1);
    EXPECT_OK(enroll_stating(h, &decide_ann, "S-1"));
    EXPECT_REFUSED(enroll_stating(h, &decide_bob, "s-1"), REFUSED_OPERATOR_PERSON_KNOWN);
    EXPECT_OK(enroll_stating(h, &decide_bob, "S-2"));
    EXPECT_OK(house_found(h));
    EXPECT_REFUSED(enroll_stating(h, &decide_dan, "S-3"), REFUSED_CEREMONY_CLOSED);
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS));
    EXPECT(memmem(torn_disk_bytes(h->journal[0]).data, torn_disk_bytes(h->journal[0]).size, "S-3",
                   3)
            == NULL);
    EXPECT(memmem(torn_disk_bytes(h->journal[0]).data, torn_disk_bytes(h->journal[0]).size, "dan",
                   3)
            != NULL); /* it looks in the right place */
}

/* --- the journal --- */

/* As a release before this wrote it: name and key, and everything may be approved. */
static void test_an_old_journal_is_read(void)
{
    CLEANUP(house_done) House *h = house_open();
    decide_ann.key = people_key(0);
    Signer old_bob = { "Bob.Li", KEY_ED25519, WIRE_SIGNATURE_OWN, people_key(1) }; /* as it was */
    Signer *const old[2] = { &decide_ann, &old_bob };
    for (size_t i = 0; i < 2; i++) {
        uint8_t memory[256];
        uint8_t key_memory[WIRE_OPERATOR_KEY_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        EXPECT_OK(buffer_put_framed(&b, span_of_text(old[i]->name)));
        EXPECT_OK(buffer_put_framed(&b, signer_spki(old[i], key_memory)));
        EXPECT_OK(write_operator(h, MEMORY_OPERATOR, span_of_buffer(&b)));
    }
    EXPECT_OK(house_found(h));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT(decide_list(h) == 2 && decide_listed[0].since_us == 0
            && decide_listed[0].duties == DUTIES_ALL);
    EXPECT_OK(decide_rotate(h, &decide_ann, &old_bob));
    EXPECT_OK(decide_change(h, "ann", "S-1", 0, &decide_ann, &old_bob));
    EXPECT_OK(decide_change(h, "Bob.Li", "S-2", 0, &decide_ann, &old_bob));
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT(decide_list(h) == 2 && decide_listed[0].has_person && decide_listed[1].has_person);
    EXPECT_OK(decide_rotate(h, &decide_ann, &old_bob));
}

static void test_a_journal_that_we_would_not_write_is_refused(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    Signer other = decide_ann;
    other.name = "eve";
    EXPECT_REFUSED(write_state(h, 1, &other, 1), REFUSED_JOURNAL_TAMPERED); /* bob's place */
    EXPECT_REFUSED(write_state(h, 9, &decide_dan, 1), REFUSED_JOURNAL_TAMPERED); /* a gap */
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS));
    EXPECT_OK(decide_remove(h, "dan", &decide_ann, &decide_bob));
    EXPECT_REFUSED(write_state(h, 2, &decide_dan, 1), REFUSED_JOURNAL_TAMPERED); /* back to life */
}

/* The power goes at each write of a joining: afterwards dan is enrolled whole or not at all, and
 * the approvals are spent exactly when he is. */
static void test_power_cut_while_somebody_joins(void)
{
    int joined = 0;
    for (uint64_t round = 0; round < 24; round++) {
        CLEANUP(house_done) House *h = decide_house_known();
        uint8_t memory[DECIDE_BYTES_MAX];
        uint8_t key_memory[WIRE_OPERATOR_KEY_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        Signer *const two[2] = { &decide_ann, &decide_bob };
        const WireOperator wire = { SPAN("dan"), signer_spki(&decide_dan, key_memory), SPAN("S-3"),
            DUTY_KEYS };
        decide_put(h, OPERATOR_ACT_ADD, &wire, two, &b);
        torn_power_restart(&h->power, 1 + round % 4);
        h->power.random = torn_power(round, 0).random; /* what is left of the last write */
        const Status s = house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b));
        torn_disk_restart(h->journal[0]);
        torn_disk_restart(h->journal[1]);
        torn_power_restart(&h->power, 0);
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
        const bool is_in = decide_list(h) == 3;
        EXPECT(is_in || !status_ok(s));
        const Status again = house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b));
        EXPECT_STATUS(again, is_in ? REFUSED_APPROVAL_REPLAYED : 0);
        EXPECT_OK(decide_rotate(h, &decide_dan, &decide_ann));
        joined += is_in ? 1 : 0;
    }
    EXPECT(joined > 0 && joined < 24); /* both were met */
}

static WireVaultEvent told[WIRE_VAULT_EVENTS_MAX];

/* Those that wait for the log after `kept`. */
static uint32_t take_events(House *h, uint64_t kept)
{
    uint8_t memory[8];
    Buffer b = BUFFER_OF(memory);
    uint32_t count = 0;
    ASSERT(status_ok(buffer_put_u64(&b, kept)));
    ASSERT(status_ok(house_ask(h, VAULT_EVENTS, span_of_buffer(&b))));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(wire_take_count(&c, WIRE_VAULT_EVENTS_MAX, &count)));
    for (uint32_t i = 0; i < count; i++)
        ASSERT(status_ok(wire_take_vault_event(&c, &told[i])));
    return count;
}

/* Acts tell who signed, and whom it is about; what a leaver tries is an alarm (LL-4.5.3). */
static void test_the_log_hears_of_it(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS));
    EXPECT_OK(decide_remove(h, "dan", &decide_ann, &decide_bob));
    EXPECT_REFUSED(decide_rotate(h, &decide_dan, &decide_ann), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(decide_rotate(h, &decide_ann, &decide_ann), REFUSED_APPROVAL_QUORUM);
    EXPECT_OK(memory_settle(h->memory)); /* an alarm is durable soon */
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT(take_events(h, 5) == 3); /* after the first start, two enrolled, two known */
    EXPECT(told[0].operation == VAULT_OPERATOR_ADD && told[1].operation == VAULT_OPERATOR_REMOVE);
    for (size_t i = 0; i < 2; i++) {
        EXPECT(span_equal(told[i].subject, SPAN("dan")) && !told[i].alarm);
        EXPECT(span_equal(told[i].first, SPAN("ann")) && span_equal(told[i].second, SPAN("bob")));
        EXPECT(span_equal(told[i].reason, SPAN("because")));
    }
    EXPECT(told[2].alarm && told[2].operation == VAULT_KEY_ROTATE);
    EXPECT(told[2].status == REFUSED_APPROVAL_INVALID);
}

/* Many joiners and leavers: the segments turn, the list is full, and nothing is forgotten. */
static void test_a_full_list(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    char name[16];
    uint64_t kept = 0;
    Signer guest = { name, KEY_ED25519, WIRE_SIGNATURE_OWN, NULL };
    for (int i = 2; i < WIRE_OPERATORS_MAX; i++) {
        private_key_free(&guest.key);
        snprintf(name, sizeof(name), "guest%d", i);
        EXPECT_OK(decide_add(h, &guest, "S-3", DUTY_KEYS));
        EXPECT_OK(decide_remove(h, name, &decide_ann, &decide_bob));
        const uint32_t waiting = take_events(h, kept); /* else there is no room for more */
        kept = told[waiting - 1].number;
    }
    EXPECT_REFUSED(decide_add(h, &decide_dan, "S-3", DUTY_KEYS), REFUSED_OPERATORS_FULL);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT(decide_list(h) == WIRE_OPERATORS_MAX && decide_listed[WIRE_OPERATORS_MAX - 1].gone);
    EXPECT_OK(decide_rotate(h, &decide_ann, &decide_bob));
    private_key_free(&guest.key);
}

/* Give this operator a key that nobody had; its old one is in `ret_old`. */
static Status change_key(House *h, Signer *who, PrivateKey **ret_old)
{
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    Signer next = *who;
    next.key = NULL;
    TRY(private_key_generate(KEY_ED25519, &next.key));
    const WireOperator wire = { span_of_text(who->name), signer_spki(&next, memory), SPAN(""), 0 };
    const Status s = decide_operator(h, VAULT_OPERATOR_CHANGE, &wire, &decide_ann, &decide_bob);
    *ret_old = status_ok(s) ? who->key : next.key;
    if (status_ok(s)) who->key = next.key;
    return s;
}

static Status enrol_with(House *h, const char *name, PrivateKey *key)
{
    Signer joiner = { name, KEY_ED25519, WIRE_SIGNATURE_OWN, key };
    return decide_add(h, &joiner, "S-9", DUTY_KEYS);
}

/* A key that its owner changed is nobody's again, also when segments turned since and vaultd was
 * killed; nor is it his own. */
static void test_a_replaced_key_is_nobodys(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    PrivateKey *old[3] = { NULL };
    Signer dan = { "dan", KEY_ED25519, WIRE_SIGNATURE_OWN, NULL };
    EXPECT_OK(decide_add(h, &dan, "S-3", DUTY_KEYS));
    for (size_t i = 0; i < 3; i++)
        EXPECT_OK(change_key(h, &dan, &old[i]));
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3; i++)
            EXPECT_REFUSED(enrol_with(h, "eve", old[i]), REFUSED_OPERATOR_EXISTS);
        Signer before = dan;
        before.key = old[0];
        const WireOperator back = { SPAN("dan"), signer_spki(&before, memory), SPAN(""), 0 };
        EXPECT_REFUSED(decide_operator(h, VAULT_OPERATOR_CHANGE, &back, &decide_ann, &decide_bob),
                REFUSED_OPERATOR_EXISTS);
        if (round == 1) EXPECT_OK(journal_renew(h->memory->journal));
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
    }
    EXPECT_OK(decide_rotate(h, &dan, &decide_ann));
    for (size_t i = 0; i < 3; i++)
        private_key_free(&old[i]);
    private_key_free(&dan.key);
}

TESTS(TEST(test_a_replaced_key_is_nobodys), TEST(test_one_person_under_two_names_is_no_quorum),
        TEST(test_persons_may_be_stated_at_the_ceremony), TEST(test_an_old_journal_is_read),
        TEST(test_a_journal_that_we_would_not_write_is_refused),
        TEST(test_power_cut_while_somebody_joins), TEST(test_the_log_hears_of_it),
        TEST(test_a_full_list))
