/* Goal: a PIN can only be checked; guesses are counted whatever is killed; a box is good for one
 * request and a grant for one payment (DESIGN section 5.3, TP-4, TP-6). Method: a whole vault;
 * boxes as a payer's app makes them. */
#include "vault/memory_pin.h"
#include "vault/password_rules.h"
#include "vault/vault_test_pin.h"

static void test_weak_pins(void)
{
    static const PersonalFacts nothing_known;
    static const char *const weak[] = { "111111", "123456", "987654", "890123", "210987", "121212",
        "123123", "111222", "12345", "1234567", "12345a", "", "135790", "147258", "159753",
        "\xef\xbc\x91\x33\x34\x35" };
    static const char *const good[] = { "184790", "284617", "998876", "100200" };
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
        EXPECT(pin_is_weak(span_of_text(weak[i]), &nothing_known));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        EXPECT(!pin_is_weak(span_of_text(good[i]), &nothing_known));
    CLEANUP(house_done) House *h = house_open();
    EXPECT_REFUSED(set_pin(h, "123456"), REFUSED_PIN_WEAK);
}

static void test_right_and_wrong(void)
{
    CLEANUP(house_done) House *h = house_open();
    verifier = (Span) { NULL, 0 };
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_SEAL_FORMAT); /* nothing was set */
    EXPECT_OK(set_pin(h, "284617"));
    EXPECT(verifier.size == PIN_VERIFIER_BYTES);
    EXPECT_OK(check_pin(h, "284617", "o1"));
    EXPECT_REFUSED(check_pin(h, "284618", "o1"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check_pin(h, "2846171", "o1"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check_pin(h, "", "o1"), REFUSED_PIN_WRONG);
}

/* Five tries; then 30 minutes, then an hour; also over a restart. */
static void test_lock(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(check_pin(h, "000000", "o1"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    EXPECT_REFUSED(check_pin(h, "000000", "o1"), REFUSED_PIN_WRONG);
    h->now_us += PIN_LOCK_FIRST_US + 1;
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);
    h->now_us += PIN_LOCK_FIRST_US;
    EXPECT_OK(check_pin(h, "284617", "o1"));
    for (int i = 0; i < PIN_TRIES_MAX - 1; i++)
        EXPECT_REFUSED(check_pin(h, "000000", "o1"), REFUSED_PIN_WRONG);
    EXPECT_OK(check_pin(h, "284617", "o1")); /* the right one cleared the count */
}

/* Power is cut at every disk operation of a wrong try: the count is never less than the tries that
 * were answered. */
static void test_killed_at_each_step_counts(void)
{
    for (uint64_t cut = 1; cut < 6; cut++) {
        CLEANUP(house_done) House *h = house_open();
        EXPECT_OK(set_pin(h, "284617"));
        for (int i = 0; i < PIN_TRIES_MAX - 1; i++)
            EXPECT_REFUSED(check_pin(h, "000000", "o1"), REFUSED_PIN_WRONG);
        torn_power_restart(&h->power, cut);
        const Status last = check_pin(h, "000000", "o1");
        torn_disk_restart(h->journal[0]);
        torn_disk_restart(h->journal[1]);
        torn_power_restart(&h->power, 0);
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
        const Status next = check_pin(h, "284617", "o1");
        if (status_is(last, REFUSED_PIN_WRONG))
            EXPECT_STATUS(next, REFUSED_PIN_LOCKED);
        else
            EXPECT(status_ok(next) || status_is(next, REFUSED_PIN_LOCKED));
    }
}

static void test_a_box_is_good_for_one_request(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    const Wish w = wish_pay("284617", "o1");
    uint8_t memory[BOX_BYTES_MAX];
    const Span made = make_box(h, &w);
    memcpy(memory, made.data, made.size);
    const Span box = { memory, made.size };
    EXPECT_OK(check_box(h, box, "o1", 100));
    uint8_t first[16];
    memcpy(first, grant, 16);
    EXPECT_OK(check_box(h, box, "o1", 100)); /* again: the same result */
    EXPECT(bytes_equal_ct(first, grant, 16));
    EXPECT_REFUSED(check_box(h, box, "o2", 100), REFUSED_BOX_CONTEXT);
    EXPECT_REFUSED(check_box(h, box, "o1", 101), REFUSED_BOX_CONTEXT);
    nonce[0] ^= 1;
    EXPECT_REFUSED(check_box(h, box, "o1", 100), REFUSED_BOX_CONTEXT);
    nonce[0] ^= 1;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(check_box(h, box, "o1", 100)); /* also after a restart */
    EXPECT(bytes_equal_ct(first, grant, 16));
    memory[made.size - 1] ^= 1;
    EXPECT_REFUSED(check_box(h, box, "o1", 100), REFUSED_BOX_TAMPERED);
    memory[made.size - 1] ^= 1;
    h->now_us += 61 * (int64_t)1000000;
    EXPECT_REFUSED(check_box(h, box, "o1", 100), REFUSED_BOX_EXPIRED);
}

static Status check_without_order(House *h, Span box, const char *purpose)
{
    uint8_t memory[BOX_BYTES_MAX + 1024];
    Buffer b = BUFFER_OF(memory);
    const WirePinCheck check = { .box = box,
        .purpose = span_of_text(purpose),
        .payer = span_of_text(payer),
        .nonce = SPAN_OF(nonce),
        .verifier = verifier };
    TRY(wire_put_pin_check(&b, &check));
    return house_ask(h, VAULT_CHECK_PIN, span_of_buffer(&b));
}

/* Looking at what waits needs the PIN as taking codes does, counts wrong ones as well, and neither
 * box stands in for the other, nor for a payment's. */
static void test_a_box_is_good_for_its_purpose_alone(void)
{
    static const struct {
        BoxPurpose purpose;
        const char *name;
    } kinds[] = { { BOX_PURPOSE_CODES, "codes" }, { BOX_PURPOSE_WAITING, "waiting" } };
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    for (size_t made = 0; made < 2; made++) {
        uint8_t memory[BOX_BYTES_MAX];
        const Wish w = { kinds[made].purpose, "284617", NULL, 0, payer, 60 * 1000000 };
        const Span box = make_box(h, &w);
        memcpy(memory, box.data, box.size);
        const Span kept = { memory, box.size };
        EXPECT_OK(check_without_order(h, kept, kinds[made].name));
        EXPECT_REFUSED(check_without_order(h, kept, kinds[1 - made].name), REFUSED_BOX_CONTEXT);
        EXPECT_REFUSED(check_without_order(h, kept, "pay"), REFUSED_BOX_CONTEXT);
        EXPECT_REFUSED(check_without_order(h, kept, "set-pin"), REFUSED_BOX_CONTEXT);
        EXPECT_REFUSED(check_box(h, kept, "o1", 100), REFUSED_BOX_CONTEXT);
    }
    const Wish other = { BOX_PURPOSE_WAITING, "284617", NULL, 0, "p2", 60 * 1000000 };
    EXPECT_REFUSED(check_without_order(h, make_box(h, &other), "waiting"), REFUSED_BOX_CONTEXT);
    const Wish priced = { BOX_PURPOSE_WAITING, "284617", NULL, 100, payer, 60 * 1000000 };
    EXPECT_REFUSED(check_without_order(h, make_box(h, &priced), "waiting"), REFUSED_BOX_CONTEXT);
    const Wish wrong = { BOX_PURPOSE_WAITING, "000000", NULL, 0, payer, 60 * 1000000 };
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(check_without_order(h, make_box(h, &wrong), "waiting"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);
}

/* A wrong box sent again says wrong again and costs no further try. */
static void test_a_wrong_box_counts_once(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    const Wish w = wish_pay("000000", "o1");
    uint8_t memory[BOX_BYTES_MAX];
    const Span made = make_box(h, &w);
    memcpy(memory, made.data, made.size);
    for (int i = 0; i < 2 * PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(check_box(h, (Span) { memory, made.size }, "o1", 100), REFUSED_PIN_WRONG);
    EXPECT_OK(check_pin(h, "284617", "o1"));
}

static void test_an_old_verifier_is_rolled_back(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    uint8_t old[256];
    memcpy(old, verifier.data, verifier.size);
    const Span old_verifier = { old, verifier.size };
    EXPECT_OK(set_pin(h, "284617184790"));
    const Span current = verifier;
    verifier = old_verifier;
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_VERIFIER_ROLLED_BACK);
    old[3] = 2; /* says it is the second version */
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_SEAL_TAMPERED);
    verifier = current;
    EXPECT_OK(check_pin(h, "184790", "o1"));
}

/* Anybody can make a box. Who does not know the PIN sets none, tries none for nothing, and lifts no
 * lock. */
static void test_a_pin_is_changed_by_who_knows_it(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    EXPECT_REFUSED(set_pin(h, "184790"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(set_pin(h, "284617111111"), REFUSED_PIN_WEAK);
    EXPECT_OK(check_pin(h, "284617", "o1"));
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(set_pin(h, "000000184790"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(set_pin(h, "284617184790"), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(set_pin(h, "184790"), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(set_pin(h, "284617"), REFUSED_PIN_LOCKED);
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);

    h->now_us += PIN_LOCK_FIRST_US + 1;
    const Wish w = { BOX_PURPOSE_SET_PIN, "284617184790", NULL, 0, payer, 60 * 1000000 };
    uint8_t memory[BOX_BYTES_MAX];
    const Span made = make_box(h, &w);
    memcpy(memory, made.data, made.size);
    const Span box = { memory, made.size };
    EXPECT_OK(set_pin_box(h, box));
    EXPECT_OK(set_pin_box(h, box)); /* the answer was lost: the same version again */
    EXPECT_OK(check_pin(h, "184790", "o2"));
    EXPECT_OK(set_pin(h, "184790")); /* the same once more, in another box */
    EXPECT_OK(check_pin(h, "184790", "o2"));
    EXPECT_REFUSED(check_pin(h, "284617", "o3"), REFUSED_PIN_WRONG);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(check_pin(h, "184790", "o4"));
}

static void test_a_grant_is_consumed_by_its_payment_alone(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    PaymentFacts f = { "o1", 100, 156, 1, NULL, NULL, 1 };
    house_begin(h);
    house_insert(h, house_payment(h, &f));
    f.order = "o2";
    house_insert(h, house_payment(h, &f));
    EXPECT_OK(house_commit(h));
    EXPECT_OK(check_pin(h, "284617", "o1"));

    f = (PaymentFacts) { "o2", 100, 156, 2, payer, grant, 1 };
    house_begin(h); /* the other order */
    house_update(h, 1, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
    f = (PaymentFacts) { "o1", 100, 156, 2, "p2", grant, 1 };
    house_begin(h); /* another payer */
    house_update(h, 0, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);

    f.payer = payer;
    house_begin(h);
    house_update(h, 0, house_payment(h, &f));
    EXPECT_OK(house_prepare(h)); /* aborted: not spent */
    EXPECT_OK(house_abort(h));
    KeyedHash binding;
    pin_binding(&h->memory->names, BOX_PURPOSE_PAY, span_of_text(payer), SPAN("m1"), SPAN("o1"),
            100, 156, &binding);
    EXPECT_OK(memory_grant_check(h->memory, grant, &binding, h->now_us));
    EXPECT_OK(house_commit(h));
    EXPECT_REFUSED(
            memory_grant_check(h->memory, grant, &binding, h->now_us), REFUSED_GRANT_INVALID);

    /* Whose grant it was is not told otherwise afterwards. */
    f = (PaymentFacts) { "o1", 100, 156, 3, "p2", grant, 1 };
    house_begin(h);
    house_update(h, 0, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_ROW_NOT_SUCCESSOR);

    /* Ten minutes later a fresh one is worth nothing. */
    EXPECT_OK(check_pin(h, "284617", "o2"));
    h->now_us += GRANT_LIFE_US + 1;
    f = (PaymentFacts) { "o2", 100, 156, 2, payer, grant, 1 };
    house_begin(h);
    house_update(h, 1, house_payment(h, &f));
    EXPECT_REFUSED(house_prepare(h), REFUSED_GRANT_INVALID);
}

/* Small segments, so that the journal turns many times: nothing of the state is lost in a snapshot.
 */
static void test_state_survives_snapshots(void)
{
    CLEANUP(house_done) House *h = house_open();
    h->segment_bytes = 16 * 1024;
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_OK(house_found(h));
    EXPECT_OK(set_pin(h, "284617"));
    EXPECT_REFUSED(house_verify_absent(h, 0), REFUSED_ROW_DELETED);
    EXPECT_OK(check_pin(h, "284617", "o1"));
    uint8_t first[16];
    memcpy(first, grant, 16);
    const Wish w = wish_pay("284617", "o9");
    uint8_t memory[BOX_BYTES_MAX];
    const Span made = make_box(h, &w);
    memcpy(memory, made.data, made.size);
    const Span box = { memory, made.size };
    EXPECT_OK(check_box(h, box, "o9", 100));
    for (int i = 0; i < 200; i++) {
        house_begin(h);
        EXPECT_OK(house_commit(h));
        if (i % 50 != 49) continue;
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
    }
    EXPECT_REFUSED(house_verify(h, 0), REFUSED_ROW_FROZEN);
    EXPECT_OK(check_box(h, box, "o9", 100));
    for (int i = 0; i < PIN_TRIES_MAX; i++)
        EXPECT_REFUSED(check_pin(h, "000000", "o1"), REFUSED_PIN_WRONG);
    EXPECT_REFUSED(check_pin(h, "284617", "o1"), REFUSED_PIN_LOCKED);
}

/* --- several workers at once --- */

enum { RACERS = 4 };

typedef struct Racer {
    House *house;
    Span request;
    Status status;
    uint8_t answer[64];
} Racer;

static void *race(void *context)
{
    Racer *r = context;
    const ServicePeer hufud = { HOUSE_HUFUD_UID, 1, VAULT_LISTENER_HUFUD };
    Buffer answer = BUFFER_OF(r->answer);
    r->status = vault_handle(r->house->vault, &hufud, VAULT_CHECK_PIN, r->request, &answer);
    return NULL;
}

/* The same box on every worker at once, while the seal lane writes batches: one grant, and no try
 * lost. */
static void test_one_box_on_many_workers_gives_one_grant(void)
{
    CLEANUP(house_done) House *h = house_open();
    EXPECT_OK(set_pin(h, "284617"));
    uint8_t memory[BOX_BYTES_MAX + 1024];
    for (int round = 0; round < 20; round++) {
        Buffer b = BUFFER_OF(memory);
        const Wish w = wish_pay("284617", "o1");
        const WirePinCheck check = { make_box(h, &w), SPAN("pay"), SPAN("m1"), SPAN("o1"), 100,
            span_of_text(payer), SPAN_OF(nonce), verifier, 0 };
        EXPECT_OK(wire_put_pin_check(&b, &check));
        Racer racers[RACERS];
        pthread_t threads[RACERS];
        for (int i = 0; i < RACERS; i++) {
            racers[i] = (Racer) { .house = h, .request = span_of_buffer(&b) };
            ASSERT(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
        }
        house_begin(h);
        const Status batch = house_commit(h);
        for (int i = 0; i < RACERS; i++)
            pthread_join(threads[i], NULL);
        EXPECT_OK(batch);
        for (int i = 0; i < RACERS; i++) {
            EXPECT_OK(racers[i].status);
            EXPECT(bytes_equal_ct(racers[i].answer, racers[0].answer, 16));
        }
    }
}

TESTS(TEST(test_one_box_on_many_workers_gives_one_grant), TEST(test_weak_pins),
        TEST(test_right_and_wrong), TEST(test_lock), TEST(test_killed_at_each_step_counts),
        TEST(test_a_box_is_good_for_one_request), TEST(test_a_box_is_good_for_its_purpose_alone),
        TEST(test_a_wrong_box_counts_once), TEST(test_an_old_verifier_is_rolled_back),
        TEST(test_a_pin_is_changed_by_who_knows_it),
        TEST(test_a_grant_is_consumed_by_its_payment_alone), TEST(test_state_survives_snapshots))
