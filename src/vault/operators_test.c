/* Goal: whose signatures count changes by two people's decision alone, and at once; one person
 * counts once; nobody approves what is not their duty (TP-15, LL-4.5.2, DESIGN section 5.6).
 * Method: a whole vault, restarted between; real signatures of each algorithm and encoding; each
 * part of what is signed wrong in turn. */
#include "base/encoding.h"
#include "vault/vault_test_deciders.h"
#include "vault/vault_test_people.h"

/* --- joining --- */

static void test_joiners_count_with_each_kind_of_key(void)
{
    CLEANUP(house_done) House *h = decide_house();
    EXPECT_REFUSED(decide_add(h, &decide_dan, "S-3", DUTY_KEYS), REFUSED_OPERATOR_PERSON_MISSING);
    EXPECT_OK(decide_change(h, "ann", "S-1", 0, &decide_ann, &decide_bob));
    EXPECT_OK(decide_change(h, "bob", "S-2", 0, &decide_ann, &decide_bob));
    EXPECT_REFUSED(decide_rotate(h, &decide_dan, &decide_ann), REFUSED_APPROVAL_INVALID);
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS));
    EXPECT_OK(decide_add(h, &decide_fay, "S-4", DUTIES_ALL));
    for (int start = 0; start < 2; start++) {
        EXPECT_OK(decide_rotate(h, &decide_dan, &decide_ann)); /* P-256, r | s */
        decide_dan.encoding = WIRE_SIGNATURE_OWN;
        EXPECT_OK(decide_rotate(h, &decide_fay, &decide_dan)); /* SM2 and P-256, DER */
        decide_dan.encoding = WIRE_SIGNATURE_RAW;
        decide_fay.encoding = WIRE_SIGNATURE_RAW;
        EXPECT_OK(decide_rotate(h, &decide_fay, &decide_bob)); /* SM2, r | s */
        decide_fay.encoding = WIRE_SIGNATURE_OWN;
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
    }
    EXPECT(decide_list(h) == 4);
    EXPECT(span_equal(decide_listed[2].name, SPAN("dan"))
            && span_equal(decide_listed[2].algorithm, SPAN("P-256")));
    EXPECT(decide_listed[2].duties == DUTY_KEYS && decide_listed[2].has_person
            && !decide_listed[2].gone);
    EXPECT(decide_listed[2].since_us == h->now_us);
    EXPECT(decide_listed[0].duties == DUTIES_ALL
            && span_equal(decide_listed[3].algorithm, SPAN("SM2")));
    uint8_t fingerprint[WIRE_HASH_BYTES];
    public_key_fingerprint(private_key_public(decide_dan.key), fingerprint);
    EXPECT(span_equal(SPAN_OF(decide_listed[2].fingerprint), SPAN_OF(fingerprint)));
}

static void test_nobody_joins_under_what_somebody_has_or_had(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    Signer again = decide_dan;
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS));
    EXPECT_REFUSED(decide_add(h, &decide_dan, "S-9", DUTY_KEYS), REFUSED_OPERATOR_EXISTS);
    again.key = signer_key(&decide_dan);
    again.name = "dora";
    EXPECT_REFUSED(
            decide_add(h, &again, "S-9", DUTY_KEYS), REFUSED_OPERATOR_EXISTS); /* dan's key */
    decide_fay.name = "dan";
    EXPECT_REFUSED(
            decide_add(h, &decide_fay, "S-9", DUTY_KEYS), REFUSED_OPERATOR_EXISTS); /* dan's name */
    decide_fay.name = "fay";
    EXPECT_REFUSED(
            decide_add(h, &decide_fay, "s-3", DUTY_KEYS), REFUSED_OPERATOR_PERSON_KNOWN); /* dan */
    EXPECT_REFUSED(decide_add(h, &decide_fay, "", DUTY_KEYS), REFUSED_OPERATOR_PERSON_MISSING);
    EXPECT_REFUSED(decide_change(h, "dan", "S-9", 0, &decide_ann, &decide_bob),
            REFUSED_OPERATOR_PERSON_KNOWN);
    EXPECT_REFUSED(
            decide_change(h, "eve", "S-9", 0, &decide_ann, &decide_bob), REFUSED_OPERATOR_UNKNOWN);
    EXPECT(decide_list(h) == 3);
}

static Status add_key(House *h, Span spki)
{
    const WireOperator wire = { SPAN("gil"), spki, SPAN("S-7"), DUTY_KEYS };
    return decide_operator(h, VAULT_OPERATOR_ADD, &wire, &decide_ann, &decide_bob);
}

static Status add_named(House *h, const char *name, const char *person, uint32_t duties)
{
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    const WireOperator wire = { span_of_text(name), signer_spki(&decide_fay, memory),
        span_of_text(person), duties };
    return decide_operator(h, VAULT_OPERATOR_ADD, &wire, &decide_ann, &decide_bob);
}

static void test_what_cannot_be_is_refused(void)
{
    static const char *const others[] = { /* made with openssl: secp256k1, secp384r1 */
        "3056301006072a8648ce3d020106052b8104000a03420004cfe3673405911c89ab93f36f259858e891d028b8"
        "53fa638407625a12c77b8e6f1812545082e2d412c9592dcbe94ae2379964f7c580898fe11a4dee54b9122099",
        "3076301006072a8648ce3d020106052b810400220362000449bdbee75b73c6be3f30e0009628b013401ea1b3"
        "567022b81dc3fe6bb1343b4869bb088cadd57f12e259dd96499c1ac0739f2bd32535f50665e273310cc1ab30"
        "20e0eea7442a5528ccbe1be373a00b9d6aff5ec76d0fd112881a05b8a27f2aab"
    };
    CLEANUP(house_done) House *h = decide_house_known();
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX + 1];
    for (size_t i = 0; i < 2; i++) {
        Buffer spki = BUFFER_OF(memory);
        EXPECT_OK(hex_decode(span_of_text(others[i]), &spki));
        EXPECT_REFUSED(add_key(h, span_of_buffer(&spki)), REFUSED_KEY_FORMAT);
    }
    Span spki = signer_spki(&decide_dan, memory);
    memory[spki.size - 1] ^= 1; /* not on the curve */
    EXPECT_REFUSED(add_key(h, spki), REFUSED_KEY_FORMAT);
    memory[spki.size - 1] ^= 1;
    memory[spki.size] = 0;
    EXPECT_REFUSED(add_key(h, (Span) { memory, spki.size + 1 }), REFUSED_KEY_FORMAT);
    EXPECT_REFUSED(add_key(h, (Span) { memory, spki.size - 1 }), REFUSED_KEY_FORMAT);
    uint8_t longer[WIRE_OPERATOR_KEY_BYTES_MAX] = { 0x30, 0x81, (uint8_t)(spki.size - 2) };
    memcpy(longer + 3, memory + 2, spki.size - 2); /* the same key, its length written otherwise */
    EXPECT_REFUSED(add_key(h, (Span) { longer, spki.size + 1 }), REFUSED_KEY_FORMAT);
    EXPECT_REFUSED(add_key(h, (Span) { NULL, 0 }), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(add_named(h, "Fay", "S-4", DUTY_KEYS), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(add_named(h, "fay.key", "S-4", DUTY_KEYS), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(add_named(h, "-fay", "S-4", DUTY_KEYS), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(add_named(h, "fay", "S 4", DUTY_KEYS), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(add_named(h, "fay", "S-4", 0), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(add_named(h, "fay", "S-4", DUTIES_ALL + 1), REFUSED_OPERATOR_FIELD);
    EXPECT_REFUSED(
            decide_change(h, "ann", "", 0, &decide_ann, &decide_bob), REFUSED_OPERATOR_FIELD);
    EXPECT(decide_list(h) == 2);
    EXPECT_OK(add_key(h, signer_spki(&decide_dan, memory)));
}

/* --- leaving --- */

static void test_a_leavers_signature_counts_no_more(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    uint8_t before[DECIDE_BYTES_MAX];
    Signer again = { "dora", KEY_P256, WIRE_SIGNATURE_OWN, NULL };
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTIES_ALL));
    const Span kept =
            decide_rotation(h, &decide_dan, &decide_ann, before); /* signed, not used yet */
    EXPECT_OK(decide_remove(h, "dan", &decide_ann, &decide_bob));
    for (int start = 0; start < 2; start++) {
        EXPECT_REFUSED(house_ask_operator(h, VAULT_KEY_ROTATE, kept), REFUSED_APPROVAL_INVALID);
        EXPECT_REFUSED(decide_rotate(h, &decide_dan, &decide_ann), REFUSED_APPROVAL_INVALID);
        EXPECT_REFUSED(decide_remove(h, "dan", &decide_ann, &decide_bob), REFUSED_OPERATOR_UNKNOWN);
        EXPECT_REFUSED(decide_change(h, "dan", "", DUTY_KEYS, &decide_ann, &decide_bob),
                REFUSED_OPERATOR_UNKNOWN);
        EXPECT_REFUSED(decide_add(h, &decide_dan, "S-3", DUTY_KEYS), REFUSED_OPERATOR_EXISTS);
        again.key = decide_dan.key;
        EXPECT_REFUSED(decide_add(h, &again, "S-3", DUTY_KEYS), REFUSED_OPERATOR_EXISTS);
        again.key = NULL;
        EXPECT(decide_list(h) == 3 && decide_listed[2].gone
                && decide_listed[2].changed_us == h->now_us);
        EXPECT_OK(house_restart(h));
        EXPECT_OK(house_scan(h));
    }
    EXPECT_OK(decide_add(
            h, &again, "S-3", DUTY_KEYS)); /* the person came back: another name and key */
    EXPECT_OK(decide_rotate(h, &again, &decide_ann));
    private_key_free(&again.key);
}

static void test_two_stay_who_may_approve_people(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    EXPECT_REFUSED(decide_remove(h, "bob", &decide_ann, &decide_bob), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_REFUSED(decide_change(h, "bob", "", DUTY_KEYS, &decide_ann, &decide_bob),
            REFUSED_OPERATORS_TOO_FEW);
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS)); /* who may not approve people */
    EXPECT_REFUSED(decide_remove(h, "bob", &decide_ann, &decide_bob), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_OK(decide_add(h, &decide_fay, "S-4", DUTY_PEOPLE));
    EXPECT_OK(decide_remove(h, "bob", &decide_ann, &decide_fay));
    EXPECT_REFUSED(decide_remove(h, "ann", &decide_ann, &decide_fay), REFUSED_OPERATORS_TOO_FEW);
    EXPECT_REFUSED(decide_rotate(h, &decide_ann, &decide_bob), REFUSED_APPROVAL_INVALID);
    EXPECT_OK(decide_rotate(h, &decide_ann, &decide_dan));
}

/* --- moving --- */

static void test_a_changed_key_ends_the_old_one(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    uint8_t before[DECIDE_BYTES_MAX];
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    Signer lost = { "dan", KEY_ED25519, WIRE_SIGNATURE_OWN, NULL };
    EXPECT_OK(decide_add(h, &lost, "S-3", DUTIES_ALL));
    const Span kept = decide_rotation(h, &lost, &decide_ann, before);
    const WireOperator wire = { SPAN("dan"), signer_spki(&decide_dan, memory), { NULL, 0 }, 0 };
    EXPECT_OK(decide_operator(h, VAULT_OPERATOR_CHANGE, &wire, &decide_ann, &decide_bob));
    EXPECT_REFUSED(house_ask_operator(h, VAULT_KEY_ROTATE, kept), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(decide_rotate(h, &lost, &decide_ann), REFUSED_APPROVAL_INVALID);
    EXPECT_OK(decide_rotate(h, &decide_dan, &decide_ann));
    EXPECT(decide_list(h) == 3 && decide_listed[2].duties == DUTIES_ALL
            && decide_listed[2].has_person);
    const WireOperator taken = { SPAN("bob"), wire.key, { NULL, 0 }, 0 };
    EXPECT_REFUSED(decide_operator(h, VAULT_OPERATOR_CHANGE, &taken, &decide_ann, &decide_bob),
            REFUSED_OPERATOR_EXISTS);
    private_key_free(&lost.key);
}

static void test_duties_are_kept_apart(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTY_KEYS));
    EXPECT_OK(decide_add(h, &decide_fay, "S-4", DUTY_PEOPLE));
    EXPECT_OK(decide_rotate(h, &decide_dan, &decide_bob));
    EXPECT_REFUSED(decide_rotate(h, &decide_fay, &decide_bob), REFUSED_APPROVAL_DUTY);
    EXPECT_REFUSED(decide_rotate(h, &decide_bob, &decide_fay), REFUSED_APPROVAL_DUTY);
    EXPECT_REFUSED(decide_remove(h, "bob", &decide_ann, &decide_dan), REFUSED_APPROVAL_DUTY);
    /* Nobody gives it to themselves, whoever signs beside them. */
    EXPECT_REFUSED(decide_change(h, "fay", "", DUTY_PEOPLE | DUTY_KEYS, &decide_fay, &decide_ann),
            REFUSED_APPROVAL_OWN_DUTIES);
    EXPECT_REFUSED(decide_change(h, "fay", "", DUTIES_ALL, &decide_ann, &decide_fay),
            REFUSED_APPROVAL_OWN_DUTIES);
    EXPECT_OK(decide_change(h, "fay", "", DUTY_PEOPLE | DUTY_KEYS, &decide_ann, &decide_bob));
    EXPECT_OK(decide_rotate(h, &decide_fay, &decide_bob));
    EXPECT_OK(decide_change(h, "dan", "", DUTY_REPORTS, &decide_ann, &decide_bob));
    EXPECT_REFUSED(decide_rotate(h, &decide_dan, &decide_bob), REFUSED_APPROVAL_DUTY);
    EXPECT_OK(decide_change(
            h, "ann", "", DUTY_PEOPLE, &decide_ann, &decide_bob)); /* less, one may sign oneself */
    EXPECT_REFUSED(decide_rotate(h, &decide_ann, &decide_bob), REFUSED_APPROVAL_DUTY);
}

/* --- attacks on what was signed --- */

static Status send_changed(
        House *h, const WireOperator *wire, const char *operation, size_t from_end)
{
    uint8_t memory[DECIDE_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Signer *const two[2] = { &decide_ann, &decide_bob };
    decide_put(h, operation, wire, two, &b);
    if (from_end > 0) memory[b.size - from_end] ^= 1;
    return house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b));
}

static void test_only_what_was_signed_is_done(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    uint8_t memory[WIRE_OPERATOR_KEY_BYTES_MAX];
    const WireOperator wire = { SPAN("dan"), signer_spki(&decide_dan, memory), SPAN("S-3"),
        DUTY_KEYS };
    for (size_t from_end = 1; from_end < 8; from_end++) /* the duties; the staff number */
        EXPECT(status_refused(send_changed(h, &wire, OPERATOR_ACT_ADD, from_end)));
    EXPECT_REFUSED(send_changed(h, &wire, OPERATOR_ACT_ADD, 3), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(send_changed(h, &wire, OPERATOR_ACT_CHANGE, 0), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(send_changed(h, &wire, OPERATOR_ACT_REMOVE, 0), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(send_changed(h, &wire, "rotate-key", 0), REFUSED_APPROVAL_INVALID);
    EXPECT_REFUSED(decide_operator(h, VAULT_OPERATOR_ADD, &wire, &decide_ann, &decide_ann),
            REFUSED_APPROVAL_QUORUM);
    EXPECT_REFUSED(decide_operator(h, VAULT_OPERATOR_ADD, &wire, &decide_ann, &decide_dan),
            REFUSED_APPROVAL_INVALID);
    EXPECT(decide_list(h) == 2);

    uint8_t request[DECIDE_BYTES_MAX];
    Buffer b = BUFFER_OF(request);
    Signer *const two[2] = { &decide_ann, &decide_bob };
    decide_put(h, OPERATOR_ACT_ADD, &wire, two, &b);
    h->now_us += DECIDE_LIFE_US + 1;
    EXPECT_REFUSED(house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b)),
            REFUSED_APPROVAL_INVALID); /* expired */
    h->now_us -= DECIDE_LIFE_US + 1;
    EXPECT_REFUSED(house_ask(h, VAULT_OPERATOR_ADD, span_of_buffer(&b)), REFUSED_VAULT_FORBIDDEN);
    EXPECT_OK(house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b)));
    EXPECT_REFUSED(house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b)),
            REFUSED_APPROVAL_REPLAYED);
    EXPECT_OK(house_restart(h));
    EXPECT_OK(house_scan(h));
    EXPECT_REFUSED(house_ask_operator(h, VAULT_OPERATOR_ADD, span_of_buffer(&b)),
            REFUSED_APPROVAL_REPLAYED);
}

/* Every byte of the signature of a browser's key, and DER that says the same otherwise. */
static void test_no_other_bytes_are_a_signature(void)
{
    CLEANUP(house_done) House *h = decide_house_known();
    uint8_t memory[DECIDE_BYTES_MAX];
    EXPECT_OK(decide_add(h, &decide_dan, "S-3", DUTIES_ALL));
    const Span request = decide_rotation(h, &decide_ann, &decide_dan, memory);
    const size_t end = request.size - 1; /* its last byte says the encoding */
    for (size_t at = end - SIGN_RAW_BYTES; at < end; at++) {
        memory[at] ^= 0x80;
        EXPECT_REFUSED(house_ask_operator(h, VAULT_KEY_ROTATE, request), REFUSED_APPROVAL_INVALID);
        memory[at] ^= 0x80;
    }
    memory[end] = WIRE_SIGNATURE_OWN; /* r | s said to be DER */
    EXPECT_REFUSED(house_ask_operator(h, VAULT_KEY_ROTATE, request), REFUSED_APPROVAL_INVALID);
    memory[end] = 2;
    EXPECT_REFUSED(house_ask_operator(h, VAULT_KEY_ROTATE, request), REFUSED_APPROVAL_INVALID);
    memory[end] = WIRE_SIGNATURE_RAW;
    EXPECT_OK(house_ask_operator(h, VAULT_KEY_ROTATE, request));

    Signer liar = decide_fay; /* an SM2 signature for a P-256 key, and the other way */
    liar.name = "dan";
    liar.key = signer_key(&decide_fay);
    EXPECT_REFUSED(decide_rotate(h, &decide_ann, &liar), REFUSED_APPROVAL_INVALID);
    liar.encoding = WIRE_SIGNATURE_RAW;
    EXPECT_REFUSED(decide_rotate(h, &decide_ann, &liar), REFUSED_APPROVAL_INVALID);
    Signer edwards = decide_ann; /* Ed25519's 64 bytes are no r | s */
    edwards.encoding = WIRE_SIGNATURE_OWN;
    const Span other = decide_rotation(h, &decide_dan, &edwards, memory);
    memory[other.size - 1] = WIRE_SIGNATURE_RAW;
    EXPECT_REFUSED(house_ask_operator(h, VAULT_KEY_ROTATE, other), REFUSED_APPROVAL_INVALID);
}

TESTS(TEST(test_joiners_count_with_each_kind_of_key),
        TEST(test_nobody_joins_under_what_somebody_has_or_had),
        TEST(test_what_cannot_be_is_refused), TEST(test_a_leavers_signature_counts_no_more),
        TEST(test_two_stay_who_may_approve_people), TEST(test_a_changed_key_ends_the_old_one),
        TEST(test_duties_are_kept_apart), TEST(test_only_what_was_signed_is_done),
        TEST(test_no_other_bytes_are_a_signature))
