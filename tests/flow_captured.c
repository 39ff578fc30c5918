/*
 * Goal: whoever has captured hufud, and speaks to vaultd as hufud does, can do nothing that hufud's
 * own code would not let him do (DESIGN section 2: "vaultd believes signatures, not hufud"; TP-6,
 * TP-7, TP-8, TP-9, TP-12, TP-13, TP-15). Method: the real vaultd over its real socket, one table
 * of acts with the refusal that each must get. He holds everything that hufud holds: records,
 * ciphertext, wrapped subject keys, seals, boxes that went through his hands; nobody's private key.
 */
#define _GNU_SOURCE
#include "crypto/digest.h"
#include "ipc/attached_wire.h"
#include "ipc/password_wire.h"
#include "ipc/policy_wire.h"
#include "policy/purposes.h"
#include "vault/field_test_desk.h"
#include "vaultd.h"

#include <signal.h>

enum { LIFE_US = 60 * 1000000, MESSAGE_BYTES_MAX = 32 * 1024 };

#define CARD "6222021234567894"
#define PAYER "payer-1"
#define PIN "284617"
#define PASSWORD "canary horse battery 91"

static Vaultd vaultd;
static House *house;
static Desk desk;
static DeskKept card;
static DeskReceiver bank = { "bank", NULL, 1 << REVEAL_BANK_CHANNEL | 1 << REVEAL_LEGAL_ORDER, 2,
    2 };
static uint8_t nonce[16] = { 7 };
static uint8_t verifier_bytes[WIRE_VERIFIER_BYTES_MAX];
static Span verifier;
static uint8_t password_bytes[WIRE_VERIFIER_BYTES_MAX];
static Span password_record;
static uint8_t seen_box_bytes[BOX_BYTES_MAX];
static Span seen_box; /* a payer's, for order-1: it went through hufud once */
static const int strangers[2] = { 2, 2 }; /* eve, whom nobody enrolled */
static const WireOwner owner = { CLASS_PASSWORD, SPAN("bank-a"), SPAN("people"), SPAN("li") };

/* --- what goes through hufud's hands --- */

static Span seal_box(const BoxContext *given, Span plain, uint8_t memory[BOX_BYTES_MAX])
{
    Buffer box = { memory, 0, BOX_BYTES_MAX };
    BoxContext context = *given;
    const Random random = random_system();
    context.expiry_us = house->now_us + LIFE_US;
    memcpy(context.server_nonce, nonce, sizeof(nonce));
    ASSERT(status_ok(box_seal(desk.box_key, desk.key_id, &random, &context, plain, &box)));
    return span_of_buffer(&box);
}

static Span pay_box(const char *pin, const char *order, uint8_t memory[BOX_BYTES_MAX])
{
    BoxContext context = { .data_class = CLASS_PIN,
        .purpose = BOX_PURPOSE_PAY,
        .amount = 100,
        .currency = { 'C', 'N', 'Y' },
        .tenant = SPAN("m1"),
        .order = span_of_text(order),
        .payee = SPAN("m1") };
    return seal_box(&context, span_of_text(pin), memory);
}

static Status check_pin_box(Span box, const char *order, int64_t minor)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const WirePinCheck check = { box, SPAN("pay"), SPAN("m1"), span_of_text(order), minor,
        SPAN(PAYER), SPAN_OF(nonce), verifier, house->now_us };
    TRY(wire_put_pin_check(&b, &check));
    return house_ask(house, VAULT_CHECK_PIN, span_of_buffer(&b));
}

static Status set_pin(const char *plain, Span present)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const BoxContext context = {
        .data_class = CLASS_PIN, .purpose = BOX_PURPOSE_SET_PIN, .payee = SPAN(PAYER)
    };
    const WirePinSet set = { seal_box(&context, span_of_text(plain), box_bytes), SPAN(PAYER),
        SPAN_OF(nonce), house->now_us, present };
    TRY(wire_put_pin_set(&b, &set));
    return house_ask(house, VAULT_SET_PIN, span_of_buffer(&b));
}

static void keep(uint8_t *memory, Span *ret)
{
    ASSERT(house->answer.size <= WIRE_VERIFIER_BYTES_MAX);
    memcpy(memory, house->answer.data, house->answer.size);
    *ret = (Span) { memory, house->answer.size };
}

static Status set_password(const char *old, const char *new, Span present)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    uint8_t plain_bytes[256];
    Buffer b = BUFFER_OF(memory);
    Buffer plain = BUFFER_OF(plain_bytes);
    const BoxContext context = { .data_class = CLASS_PASSWORD,
        .purpose = BOX_PURPOSE_SET_PASSWORD,
        .tenant = SPAN("bank-a/people"),
        .payee = SPAN("li") };
    TRY(buffer_put_u8(&plain, (uint8_t)strlen(old)));
    TRY(buffer_put(&plain, span_of_text(old)));
    TRY(buffer_put(&plain, span_of_text(new)));
    const Span box = seal_box(&context, span_of_buffer(&plain), box_bytes);
    const WirePasswordSet set = { owner, box, SPAN_OF(nonce), present };
    TRY(wire_put_password_set(&b, &set));
    return house_ask(house, VAULT_PASSWORD_SET, span_of_buffer(&b));
}

static void open_desk(void)
{
    WireBoxKey key;
    desk = (Desk) { .house = house,
        .tenant = "shop",
        .data_class = CLASS_CARD,
        .table = TABLE_CARD,
        .column = CARD_NUMBER };
    ASSERT(status_ok(house_ask(house, VAULT_BOX_KEY, SPAN(""))));
    Cursor c = cursor_of(span_of_buffer(&house->answer));
    ASSERT(status_ok(wire_take_box_key(&c, &key)));
    desk.key_id = key.key_id;
    ASSERT(status_ok(public_key_from_point(KEY_P256, key.public_key, &desk.box_key)));
}

static void test_honest_hufud(void)
{
    static const int both[2] = { 0, 1 };
    house = vaultd_open(&vaultd, "intl", NULL);
    desk_people(house);
    open_desk();
    EXPECT_OK(house_found(house));
    EXPECT_OK(private_key_generate(KEY_P256, &bank.key));
    EXPECT_OK(desk_enroll(house, &bank, both));
    EXPECT_OK(desk_protect(&desk, "subject-1", "ref-1", CARD, &card));
    EXPECT_OK(set_pin(PIN, (Span) { NULL, 0 }));
    keep(verifier_bytes, &verifier);
    EXPECT_OK(set_password("", PASSWORD, (Span) { NULL, 0 }));
    keep(password_bytes, &password_record);
    seen_box = pay_box(PIN, "order-1", seen_box_bytes);
    EXPECT_OK(check_pin_box(seen_box, "order-1", 100));
}

/* --- acts: cards --- */

typedef enum Twist {
    TWIST_NONE,
    TWIST_TENANT,
    TWIST_CLASS,
    TWIST_TABLE,
    TWIST_COLUMN,
    TWIST_ROW,
    TWIST_SUBJECT,
    TWIST_BIT,
} Twist;

static WireReveal twisted(Twist twist, DeskKept *kept)
{
    *kept = card;
    WireReveal r = desk_reveal_of(&desk, "subject-1", kept, "bank");
    if (twist == TWIST_TENANT) r.tenant = SPAN("bank-a");
    if (twist == TWIST_CLASS) r.data_class = CLASS_IDENTITY_NUMBER;
    if (twist == TWIST_TABLE) r.table = TABLE_BINDING;
    if (twist == TWIST_COLUMN) r.column = CARD_NUMBER + 1;
    if (twist == TWIST_ROW) r.row_key = SPAN("9999999999999999");
    if (twist == TWIST_SUBJECT) r.subject = SPAN("subject-2");
    if (twist == TWIST_BIT) kept->sealed[kept->sealed_bytes / 2] ^= 1;
    return r;
}

static Status reveal_twisted(Twist twist)
{
    DeskKept kept;
    char value[WIRE_VALUE_BYTES_MAX + 1];
    const WireReveal r = twisted(twist, &kept);
    return desk_reveal(&desk, &r, NULL, &bank, value);
}

static Status reveal_from_tenant(void) { return reveal_twisted(TWIST_TENANT); }
static Status reveal_from_class(void) { return reveal_twisted(TWIST_CLASS); }
static Status reveal_from_table(void) { return reveal_twisted(TWIST_TABLE); }
static Status reveal_from_column(void) { return reveal_twisted(TWIST_COLUMN); }
static Status reveal_from_row(void) { return reveal_twisted(TWIST_ROW); }
static Status reveal_from_subject(void) { return reveal_twisted(TWIST_SUBJECT); }
static Status reveal_changed(void) { return reveal_twisted(TWIST_BIT); }

static Status reveal_to_myself(void)
{
    char value[WIRE_VALUE_BYTES_MAX + 1];
    const DeskReceiver me = { "myself", bank.key, 1 << REVEAL_BANK_CHANNEL, 1, 1 };
    const WireReveal r = desk_reveal_of(&desk, "subject-1", &card, "myself");
    return desk_reveal(&desk, &r, NULL, &me, value);
}

static Status reveal_as(uint8_t purpose, const int people[2])
{
    char value[WIRE_VALUE_BYTES_MAX + 1];
    WireReveal r = desk_reveal_of(&desk, "subject-1", &card, "bank");
    r.purpose = purpose;
    return desk_reveal(&desk, &r, people, &bank, value);
}

static Status reveal_alone(void) { return reveal_as(REVEAL_LEGAL_ORDER, NULL); }
static Status reveal_with_strangers(void) { return reveal_as(REVEAL_LEGAL_ORDER, strangers); }
static Status reveal_on_a_screen(void) { return reveal_as(REVEAL_FULL_DISPLAY, NULL); }

static Status reveal_over_budget(void)
{
    for (uint32_t i = 0; i < bank.per_day; i++)
        TRY(reveal_as(REVEAL_BANK_CHANNEL, NULL));
    return reveal_as(REVEAL_BANK_CHANNEL, NULL);
}

static Status reveal_over_budget_after_a_kill(void)
{
    vaultd_kill(&vaultd, house, "intl");
    return reveal_as(REVEAL_BANK_CHANNEL, NULL);
}

static Status protect_the_same_box(void)
{
    DeskKept kept = { 0 };
    TRY(desk_protect(&desk, "subject-1", "ref-2", CARD, &kept));
    TRY(desk_protect_again(&desk, &kept)); /* the same request: the same outcome */
    vaultd_kill(&vaultd, house, "intl");
    desk.request[desk.request_bytes - 1] ^= 1; /* the same box in another request */
    return desk_protect_again(&desk, &kept);
}

static Status rewrap_for_another(void)
{
    DeskKept kept = card;
    bool moved = false;
    return desk_rewrap(&desk, "subject-2", kept.token, &kept, &moved);
}

/* --- acts: PIN and passwords --- */

static Status replay_the_box(void) { return check_pin_box(seen_box, "order-2", 100); }
static Status raise_the_amount(void)
{
    uint8_t memory[BOX_BYTES_MAX];
    return check_pin_box(pay_box(PIN, "order-3", memory), "order-3", 10000);
}

static Status replace_the_pin(void) { return set_pin("730418", (Span) { NULL, 0 }); }
static Status replace_the_pin_unknowing(void) { return set_pin("000000730418", verifier); }

static Status a_sixth_try(void)
{
    uint8_t memory[BOX_BYTES_MAX];
    char order[16];
    for (int i = 0; i < 5; i++) {
        snprintf(order, sizeof(order), "guess-%d", i);
        IGNORE(check_pin_box(pay_box("111213", order, memory), order, 100), "wrong, and counted");
        vaultd_kill(&vaultd, house, "intl"); /* also over restarts */
    }
    return check_pin_box(pay_box(PIN, "guess-6", memory), "guess-6", 100);
}

static Status set_pin_while_locked(void) { return set_pin("284617730418", verifier); }

static Status replace_the_password(void)
{
    return set_password("", "another horse battery 1", (Span) { NULL, 0 });
}

/* The record that hufud keeps, shown as if it were a field: whatever it is called. */
static Status open_the_record(void)
{
    char value[WIRE_VALUE_BYTES_MAX + 1];
    WireReveal r = desk_reveal_of(&desk, "subject-1", &card, "bank");
    r.data_class = CLASS_PASSWORD;
    r.sealed = password_record;
    return desk_reveal(&desk, &r, NULL, &bank, value);
}

static Status reset_with_strangers(void)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    uint8_t box_bytes[BOX_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const BoxContext context = { .data_class = CLASS_PASSWORD,
        .purpose = BOX_PURPOSE_RESET_PASSWORD,
        .tenant = SPAN("bank-a/people"),
        .payee = SPAN("li") };
    desk_approve(house, strangers, "reset-password", SPAN("li"), "mine", &b);
    const Span box = seal_box(&context, SPAN("another horse battery 1"), box_bytes);
    const WirePasswordReset reset = { owner, box, SPAN_OF(nonce) };
    TRY(wire_put_password_reset(&b, &reset));
    return house_ask(house, VAULT_PASSWORD_RESET, span_of_buffer(&b));
}

static Status destroy_with_strangers(void)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    desk_approve(house, strangers, "destroy-subjects", SPAN("subject-1"), "mine", &b);
    const WireSubjectName name = { SPAN("shop"), SPAN("subject-1") };
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_subject_name(&b, &name));
    return house_ask(house, VAULT_DESTROY_SUBJECTS, span_of_buffer(&b));
}

/* --- acts: money and rows --- */

static Status prepare_account(int64_t id, int64_t balance, int64_t revision, int row)
{
    const AccountFacts facts = { id, ACCOUNT_CLASS_MERCHANT, 156, balance, 0, revision, "p1" };
    house_begin(house);
    if (row < 0)
        house_insert(house, house_account(house, &facts));
    else
        house_update(house, row, house_account(house, &facts));
    return house_prepare(house);
}

static Status a_balance_from_nothing(void) { return prepare_account(2, 20000, 2, 1); }
static Status an_account_full_of_money(void) { return prepare_account(9, 20000, 1, -1); }
static Status a_row_that_skips(void) { return prepare_account(2, 10000, 5, 1); }

static Status postings_that_do_not_sum(void)
{
    house_draft_transfer(house, 100);
    const PostingFacts more = { "t-extra", 2, POSTING_BALANCE, 5000, 156 };
    house_insert(house, house_posting(house, &more));
    return house_prepare(house);
}

static Status a_seal_of_my_own(void)
{
    const uint8_t seal[WIRE_SEAL_BYTES] = { 1, 1 };
    const AccountFacts facts = { 77, ACCOUNT_CLASS_MERCHANT, 156, 99999, 0, 1, "p1" };
    const Span image = house_account(house, &facts);
    return house_verify_bytes(house, image, SPAN_OF(seal));
}

/* --- acts: what belongs to people, and to others --- */

static Status ask_of(VaultOperation operation)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    desk_approve(house, strangers, "anything", SPAN("subject"), "mine", &b);
    return house_ask(house, (uint8_t)operation, span_of_buffer(&b));
}

/* Each of them; OK only when all are forbidden, so that the table's refusal is of the last. */
static Status what_people_do(void)
{
    static const VaultOperation operations[] = { VAULT_ACCEPT_RESTORE, VAULT_UNWRAP_KEY,
        VAULT_ENROLL, VAULT_OPERATOR_ADD, VAULT_OPERATOR_CHANGE, VAULT_OPERATOR_REMOVE, VAULT_STOP,
        VAULT_RECEIVER_ADD, VAULT_RECEIVER_REMOVE, VAULT_PLANT_HONEY, VAULT_LEGACY_ENABLE,
        VAULT_POLICY_SET, VAULT_EXPIRY_GRANT, VAULT_EXPIRY_LIST, VAULT_KEY_ROTATE,
        VAULT_KEY_DESTROY, VAULT_ATTACHED_TABLE, VAULT_ATTACHED_RELEASE, VAULT_RELEASE_ROW };
    Status s = OK;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        s = ask_of(operations[i]);
        if (!status_is(s, REFUSED_VAULT_FORBIDDEN)) {
            fprintf(stderr, "  operation %d: %s\n", (int)operations[i], status_name(s));
            return s;
        }
    }
    return s;
}

static Status unfreeze(void) { return ask_of(VAULT_RELEASE_ROW); }
static Status set_policy(void) { return ask_of(VAULT_POLICY_SET); }
static Status rotate_a_key(void) { return ask_of(VAULT_KEY_ROTATE); }
static Status destroy_a_key(void) { return ask_of(VAULT_KEY_DESTROY); }

/* An announcement is signed by the core of that table. */
static Status announce_for_a_core(void)
{
    uint8_t memory[MESSAGE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    const uint8_t signature[64] = { 1 };
    const WireAttachedSigned message = { SPAN("not an announcement"), SPAN_OF(signature) };
    TRY(wire_put_attached_signed(&b, &message));
    return house_ask(house, VAULT_ATTACHED_ANNOUNCE, span_of_buffer(&b));
}

static Status sign(Span message)
{
    uint8_t memory[1024];
    Buffer b = BUFFER_OF(memory);
    const WireSignItem item = { WIRE_SIGN_RSA, 0, message };
    TRY(buffer_put_u32(&b, 1));
    TRY(wire_put_sign_item(&b, &item));
    return house_ask(house, VAULT_SIGN, span_of_buffer(&b));
}

static Status sign_a_box_key(void) { return sign(SPAN("hufu-box-key\0\0\0\1mine")); }

static Status what_nobody_knows(void) { return house_ask(house, 120, SPAN("")); }

/* --- the table --- */

typedef struct CapturedAct {
    const char *name;
    Status (*act)(void);
    StatusCode refusal;
} CapturedAct;

static const CapturedAct acts[] = {
    { "reveal a card to himself", reveal_to_myself, REFUSED_RECEIVER_UNKNOWN },
    { "reveal for a legal order, alone", reveal_alone, REFUSED_REVEAL_FORBIDDEN },
    { "the same, with strangers' signatures", reveal_with_strangers, REFUSED_APPROVAL_INVALID },
    { "full display", reveal_on_a_screen, REFUSED_RECEIVER_UNKNOWN },
    { "ciphertext of another tenant", reveal_from_tenant, REFUSED_SEAL_TAMPERED },
    { "ciphertext as another class", reveal_from_class, REFUSED_SEAL_FORMAT },
    { "ciphertext in another table", reveal_from_table, REFUSED_SEAL_TAMPERED },
    { "ciphertext in another column", reveal_from_column, REFUSED_SEAL_TAMPERED },
    { "ciphertext in another row", reveal_from_row, REFUSED_SEAL_TAMPERED },
    { "ciphertext of another subject", reveal_from_subject, REFUSED_SEAL_TAMPERED },
    { "changed ciphertext", reveal_changed, REFUSED_SEAL_TAMPERED },
    { "rewrap for another subject", rewrap_for_another, REFUSED_SEAL_TAMPERED },
    { "a password record as a field", open_the_record, REFUSED_REVEAL_FORBIDDEN },
    { "reveal over the budget", reveal_over_budget, REFUSED_REVEAL_BUDGET },
    { "over the budget, vaultd killed", reveal_over_budget_after_a_kill, REFUSED_REVEAL_BUDGET },
    { "a card's box in another request", protect_the_same_box, REFUSED_BOX_SPENT },
    { "a payer's box for another order", replay_the_box, REFUSED_BOX_CONTEXT },
    { "a larger amount", raise_the_amount, REFUSED_BOX_CONTEXT },
    { "another PIN in its place", replace_the_pin, REFUSED_SEAL_FORMAT },
    { "the same, guessing", replace_the_pin_unknowing, REFUSED_PIN_WRONG },
    { "a sixth try, vaultd killed between", a_sixth_try, REFUSED_PIN_LOCKED },
    { "a new PIN lifts no lock", set_pin_while_locked, REFUSED_PIN_LOCKED },
    { "another password in its place", replace_the_password, REFUSED_SEAL_FORMAT },
    { "a reset with strangers", reset_with_strangers, REFUSED_APPROVAL_INVALID },
    { "destruction with strangers", destroy_with_strangers, REFUSED_APPROVAL_INVALID },
    { "a balance from nothing", a_balance_from_nothing, REFUSED_POSTINGS_NOT_ZERO },
    { "a new account full of money", an_account_full_of_money, REFUSED_POSTINGS_NOT_ZERO },
    { "a revision skipped", a_row_that_skips, REFUSED_ROW_NOT_SUCCESSOR },
    { "postings that do not sum", postings_that_do_not_sum, REFUSED_POSTINGS_NOT_ZERO },
    { "a seal of his own", a_seal_of_my_own, REFUSED_ROW_SEAL_MISMATCH },
    { "unfreeze a row", unfreeze, REFUSED_VAULT_FORBIDDEN },
    { "set the policy", set_policy, REFUSED_VAULT_FORBIDDEN },
    { "rotate a key", rotate_a_key, REFUSED_VAULT_FORBIDDEN },
    { "destroy a key", destroy_a_key, REFUSED_VAULT_FORBIDDEN },
    { "all that people do", what_people_do, REFUSED_VAULT_FORBIDDEN },
    { "announce for a core", announce_for_a_core, REFUSED_IPC_FORMAT },
    { "a box key of his own", sign_a_box_key, REFUSED_VAULT_FORBIDDEN },
    { "an operation that is not there", what_nobody_knows, REFUSED_IPC_FORMAT },
};

static void test_captured_hufud(void)
{
    int wrong = 0;
    const size_t count = sizeof(acts) / sizeof(acts[0]);
    for (size_t i = 0; i < count; i++) {
        const Status s = acts[i].act();
        if (status_is(s, acts[i].refusal)) continue;
        fprintf(stderr, "  %s: %s, wanted %s\n", acts[i].name, status_name(s),
                status_name((Status) { (int32_t)acts[i].refusal }));
        wrong++;
    }
    printf("       %zu acts\n", count);
    EXPECT(wrong == 0);
}

/* What he tried has changed nothing: the honest hufud goes on. */
static void test_honest_hufud_goes_on(void)
{
    DeskKept kept = { 0 };
    EXPECT_OK(house_verify(house, 0));
    EXPECT_OK(desk_protect(&desk, "subject-3", "ref-3", CARD, &kept));
    house_draft_transfer(house, 100);
    EXPECT_OK(house_commit(house));
    desk_close(&desk);
    private_key_free(&bank.key);
    vaultd_close(&vaultd, house);
}

TESTS(TEST(test_honest_hufud), TEST(test_captured_hufud), TEST(test_honest_hufud_goes_on))
