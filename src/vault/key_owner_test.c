/* Goal: a merchant's APIv3 key comes back to the merchant that owns it and to nobody else, a few
 * times a day, each time in the journal (TP-7). Method: a whole vault; the owner with RSA and SM2;
 * then everybody else: another merchant, a second and a revoked key, a captured hufud with rows,
 * records and signatures of its own making, replays; and every operation there is, asked for it. */
#include "vault/password_test_house.h"
#include "vault/vault_test_trace.h"

#include "crypto/key_transport.h"
#include "vault/memory_password.h"

static const char api_key[] = "canaryKEYcanaryKEYcanaryKEY12345";

typedef struct Owner {
    House *house;
    const char *mchid;
    PrivateKey *key; /* borrowed */
    int row;
    uint8_t record_memory[WIRE_KEY_BYTES_MAX];
    size_t record_size;
} Owner;

/* 0 and 1 RSA, 2 SM2; made once. */
static PrivateKey *pair(int number)
{
    static PrivateKey *keys[3];
    if (keys[number] == NULL)
        ASSERT(status_ok(private_key_generate(number == 2 ? KEY_SM2 : KEY_RSA, &keys[number])));
    return keys[number];
}

/* --- rows --- */

typedef struct KeyRow {
    const char *mchid;
    const char *serial;
    const PrivateKey *key;
    int64_t status;
    int64_t life_us;
    int64_t revision;
} KeyRow;

static Span row_image(const House *h, const KeyRow *row)
{
    static uint8_t memory[HOUSE_IMAGE_BYTES_MAX];
    static const uint16_t ids[] = { MERCHANT_KEY_MCHID, MERCHANT_KEY_SERIAL, MERCHANT_KEY_ALGORITHM,
        MERCHANT_KEY_SPKI, MERCHANT_KEY_STATUS, MERCHANT_KEY_CREATED, MERCHANT_KEY_EXPIRES };
    uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    Buffer spki = BUFFER_OF(spki_memory);
    ASSERT(status_ok(public_key_to_spki(private_key_public(row->key), &spki)));
    const Value values[] = { VALUE_OF_TEXT(span_of_text(row->mchid)),
        VALUE_OF_TEXT(span_of_text(row->serial)),
        VALUE_OF_INT((int64_t)private_key_algorithm(row->key)),
        VALUE_OF_BYTES(span_of_buffer(&spki)), VALUE_OF_INT(row->status), VALUE_OF_INT(h->now_us),
        VALUE_OF_INT(h->now_us + row->life_us) };
    const RowHead head = { TABLE_MERCHANT_KEY, 1, 2, row->revision, house_batch(h) };
    ASSERT(status_ok(row_encode(&head, ids, values, 7, &b)));
    return span_of_buffer(&b);
}

enum { YEAR_S = 365 * 86400 };
static KeyRow live_row(const char *mchid, const char *serial, const PrivateKey *key)
{
    return (KeyRow) { mchid, serial, key, STATUS_LIVE, (int64_t)YEAR_S * 1000000, 1 };
}

static int put_row(House *h, const KeyRow *row)
{
    house_begin(h);
    house_insert(h, row_image(h, row));
    ASSERT(status_ok(house_commit(h)));
    return h->row_count - 1;
}

static void change_row(House *h, int at, KeyRow row)
{
    row.revision = 2;
    house_begin(h);
    house_update(h, at, row_image(h, &row));
    ASSERT(status_ok(house_commit(h)));
}

/* --- the key comes in --- */

static void protect(Owner *o, const PrivateKey *owner)
{
    uint8_t memory[2 * BOX_BYTES_MAX];
    uint8_t box_memory[BOX_BYTES_MAX];
    uint8_t fingerprint[32];
    char name[33] = "";
    Buffer b = BUFFER_OF(memory);
    Buffer box = BUFFER_OF(box_memory);
    const Random random = random_system();
    KeysBox today;
    CLEANUP(public_key_free) PublicKey *recipient = NULL;
    if (owner != NULL) {
        public_key_fingerprint(private_key_public(owner), fingerprint);
        for (int i = 0; i < 16; i++)
            snprintf(name + 2 * i, 3, "%02X", fingerprint[i]);
    }
    ASSERT(status_ok(keys_box_today(house_keys(), &today)));
    ASSERT(status_ok(public_key_from_point(KEY_P256, SPAN_OF(today.point), &recipient)));
    const BoxContext context = { .data_class = CLASS_SIGNING_KEY,
        .purpose = BOX_PURPOSE_SIGNING_KEY,
        .expiry_us = o->house->now_us + 1000000,
        .tenant = span_of_text(o->mchid),
        .order = span_of_text(name),
        .payee = span_of_text(o->mchid) };
    ASSERT(status_ok(
            box_seal(recipient, today.key_id, &random, &context, span_of_text(api_key), &box)));
    ASSERT(status_ok(buffer_put_framed(&b, span_of_buffer(&box))));
    ASSERT(status_ok(buffer_put_framed(&b, span_of_text(o->mchid))));
    ASSERT(status_ok(house_ask(o->house, VAULT_PROTECT, span_of_buffer(&b))));
    memcpy(o->record_memory, o->house->answer.data, o->house->answer.size);
    o->record_size = o->house->answer.size;
}

static Owner open_owner(int number)
{
    Owner o = { .house = house_open(), .mchid = "1900000001", .key = pair(number) };
    const KeyRow row = live_row(o.mchid, "PUB_KEY_ID_1", o.key);
    ASSERT(status_ok(house_found(o.house)));
    o.row = put_row(o.house, &row);
    protect(&o, o.key);
    return o;
}
static void owner_done(Owner *o) { house_close(o->house); }

/* --- the key goes out --- */

typedef struct Wish { /* what is asked for, each part to be wrong in turn */
    const char *method, *target, *nonce, *body; /* what was signed */
    const char *told_nonce; /* what vaultd is told of it */
    int64_t signed_s;
    int64_t told_s;
} Wish;

static Wish good_wish(const Owner *o)
{
    const int64_t now_s = o->house->now_us / 1000000;
    return (Wish) { "GET", "/v3/merchant-service/apiv3-key", "N1", "", "N1", now_s, now_s };
}

static Status ask(const Owner *o, const Wish *wish, const PrivateKey *signs)
{
    uint8_t memory[8192];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    char text[512];
    char stamp[24];
    Buffer b = BUFFER_OF(memory);
    Buffer signature = BUFFER_OF(signature_memory);
    const StoredRow *row = &o->house->rows[o->row];
    snprintf(text, sizeof(text), "%s\n%s\n%lld\n%s\n%s\n", wish->method, wish->target,
            (long long)wish->signed_s, wish->nonce, wish->body);
    snprintf(stamp, sizeof(stamp), "%lld", (long long)wish->told_s);
    TRY(sign_make(signs, span_of_text(text), &signature));
    const WireKeyReveal reveal = { { row->image, row->image_bytes }, SPAN_OF(row->seal),
        { o->record_memory, o->record_size }, span_of_text(stamp), span_of_text(wish->told_nonce),
        span_of_buffer(&signature) };
    TRY(wire_put_key_reveal(&b, &reveal));
    return house_ask(o->house, VAULT_KEY_REVEAL, span_of_buffer(&b));
}

static Status ask_well(Owner *o)
{
    const Wish wish = good_wish(o);
    o->house->now_us += 1000000; /* the next one is a later one */
    return ask(o, &wish, o->key);
}

/* Does the last answer hold the key for who has `key`? */
static bool opens(const Owner *o, const PrivateKey *key)
{
    uint8_t memory[KEY_TRANSPORT_BYTES_MAX];
    Buffer plain = BUFFER_OF(memory);
    Cursor c = cursor_of(span_of_buffer(&o->house->answer));
    WireKeyRevealed revealed;
    if (!status_ok(wire_take_key_revealed(&c, &revealed)) || c.rest.size > 0) return false;
    if (!status_ok(key_transport_open(key, revealed.cipher, &plain))) return false;
    return span_equal(span_of_buffer(&plain), span_of_text(api_key));
}

static void test_it_comes_back_to_its_owner(void)
{
    for (int number = 0; number < 3; number += 2) {
        CLEANUP(owner_done) Owner o = open_owner(number);
        EXPECT_OK(ask_well(&o));
        EXPECT(opens(&o, o.key));
        EXPECT(!opens(&o, pair(1)));
        EXPECT(o.house->alerts == 0);
    }
}

static void test_nobody_else_has_the_right_key(void)
{
    CLEANUP(owner_done) Owner o = open_owner(0);
    const Owner good = o;
    /* Another merchant with its own live key, and this one's record. */
    const KeyRow theirs = live_row("1900000002", "PUB_KEY_ID_2", pair(1));
    o.row = put_row(o.house, &theirs);
    o.key = pair(1);
    EXPECT_REFUSED(ask_well(&o), REFUSED_SEAL_TAMPERED);
    EXPECT(o.house->alerts == 1);
    /* A captured hufud enrols a key of its own for this merchant. */
    const KeyRow planted = live_row("1900000001", "PUB_KEY_ID_3", pair(1));
    o.row = put_row(o.house, &planted);
    EXPECT_REFUSED(ask_well(&o), REFUSED_KEY_OWNER);
    /* And says in the record that this is the owner. */
    uint8_t fingerprint[32];
    public_key_fingerprint(private_key_public(pair(1)), fingerprint);
    memcpy(o.record_memory + 1, fingerprint, 16);
    EXPECT_REFUSED(ask_well(&o), REFUSED_SEAL_TAMPERED);
    /* Or that it has no owner; or one that never had. */
    memmove(o.record_memory, o.record_memory + 17, o.record_size - 17);
    o.record_size -= 17;
    EXPECT_REFUSED(ask_well(&o), REFUSED_SEAL_TAMPERED);
    protect(&o, NULL);
    EXPECT_REFUSED(ask_well(&o), REFUSED_KEY_OWNER);
    /* Or shows the owner's row, and signs with another key. */
    memcpy(o.record_memory, good.record_memory, good.record_size);
    o.record_size = good.record_size;
    o.row = good.row;
    EXPECT_REFUSED(ask_well(&o), REFUSED_SIGNATURE_INVALID);
    o.key = good.key;
    EXPECT_OK(ask_well(&o));
    EXPECT(opens(&o, good.key));
}

static void test_a_key_that_is_over_obtains_nothing(void)
{
    CLEANUP(owner_done) Owner o = open_owner(0);
    KeyRow row = live_row(o.mchid, "PUB_KEY_ID_1", o.key);
    const StoredRow before = o.house->rows[o.row];
    row.status = STATUS_CLOSED;
    change_row(o.house, o.row, row);
    EXPECT_REFUSED(ask_well(&o), REFUSED_KEY_OWNER);
    const StoredRow revoked = o.house->rows[o.row];
    o.house->rows[o.row] = before; /* as it was before it was revoked */
    EXPECT_REFUSED(ask_well(&o), REFUSED_ROW_ROLLED_BACK);
    o.house->rows[o.row] = revoked;
    EXPECT_OK(house_verify(o.house, o.row)); /* asking froze nothing */
    o.house->rows[o.row].seal[20] ^= 1;
    EXPECT_REFUSED(ask_well(&o), REFUSED_ROW_SEAL_MISMATCH);
    o.house->rows[o.row].seal[20] ^= 1;

    KeyRow ended = live_row(o.mchid, "PUB_KEY_ID_9", o.key);
    ended.life_us = 2000000;
    o.row = put_row(o.house, &ended);
    EXPECT_OK(ask_well(&o));
    EXPECT_REFUSED(ask_well(&o), REFUSED_KEY_OWNER);
    o.row = 0; /* an account */
    EXPECT_REFUSED(ask_well(&o), REFUSED_KEY_OWNER);
}

/* What the owner signed for another purpose is no such request. */
static void test_only_this_very_request_counts(void)
{
    CLEANUP(owner_done) Owner o = open_owner(0);
    const Wish good = good_wish(&o);
    const struct {
        Wish wish;
        int refusal;
    } cases[] = {
        { { "POST", good.target, "N1", "", "N1", good.signed_s, good.told_s },
                REFUSED_SIGNATURE_INVALID },
        { { "GET", "/v3/certificates", "N1", "", "N1", good.signed_s, good.told_s },
                REFUSED_SIGNATURE_INVALID },
        { { "GET", "/v3/merchant-service/apiv3-key?x", "N1", "", "N1", good.signed_s, good.told_s },
                REFUSED_SIGNATURE_INVALID },
        { { "GET", good.target, "N1", "body", "N1", good.signed_s, good.told_s },
                REFUSED_SIGNATURE_INVALID },
        { { "GET", good.target, "N1", "body", "N1\nbody", good.signed_s, good.told_s },
                REFUSED_IPC_FORMAT },
        { { "GET", good.target, "N1", "", "N2", good.signed_s, good.told_s },
                REFUSED_SIGNATURE_INVALID },
        { { "GET", good.target, "N1", "", "N1", good.signed_s - 9, good.told_s },
                REFUSED_SIGNATURE_INVALID },
        { { "GET", good.target, "N1", "", "N1", good.signed_s - 301, good.told_s - 301 },
                REFUSED_TIMESTAMP_SKEWED },
        { { "GET", good.target, "N1", "", "N1", good.signed_s + 301, good.told_s + 301 },
                REFUSED_TIMESTAMP_SKEWED },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        EXPECT(ask(&o, &cases[i].wish, o.key).code == cases[i].refusal);
    EXPECT(o.house->alerts == 6);
    EXPECT_REFUSED(house_ask(o.house, VAULT_KEY_REVEAL, SPAN("")), REFUSED_IPC_FORMAT);
    EXPECT_REFUSED(
            house_ask_operator(o.house, VAULT_KEY_REVEAL, SPAN("")), REFUSED_VAULT_FORBIDDEN);
    EXPECT_OK(ask(&o, &good, o.key));
}

static void test_once_each_and_five_a_day(void)
{
    CLEANUP(owner_done) Owner o = open_owner(0);
    const Wish first = good_wish(&o);
    EXPECT_OK(ask(&o, &first, o.key));
    EXPECT_REFUSED(ask(&o, &first, o.key), REFUSED_NONCE_REPLAYED);
    EXPECT_OK(house_restart(o.house)); /* it stands in the journal */
    EXPECT_OK(house_scan(o.house));
    EXPECT_REFUSED(ask(&o, &first, o.key), REFUSED_NONCE_REPLAYED);
    o.house->now_us += 1000000;
    for (int i = 1; i < REVEALS_PER_DAY_MAX; i++)
        EXPECT_OK(ask_well(&o));
    EXPECT_REFUSED(ask_well(&o), REFUSED_REVEAL_LIMIT);
    EXPECT_OK(house_restart(o.house));
    EXPECT_OK(house_scan(o.house));
    EXPECT_REFUSED(ask_well(&o), REFUSED_REVEAL_LIMIT);
    o.house->now_us += (int64_t)86400 * 1000000;
    EXPECT_OK(ask_well(&o));
    EXPECT(opens(&o, o.key));
}

/* Every operation that there is, from every socket, with everything that names the key. */
static void test_no_operation_gives_it_out(void)
{
    CLEANUP(owner_done) Owner o = open_owner(0);
    trace_begin(o.house);
    for (int operation = 0; operation < 256; operation++) {
        if (operation == VAULT_STOP) continue;
        for (int shape = 0; shape < 4; shape++) {
            uint8_t memory[4096];
            Buffer b = BUFFER_OF(memory);
            const Span record = { o.record_memory, o.record_size };
            if (shape == 1 || shape == 3)
                ASSERT(status_ok(buffer_put_framed(&b, span_of_text(o.mchid))));
            if (shape > 0) ASSERT(status_ok(buffer_put_framed(&b, record)));
            if (shape == 3) {
                ASSERT(status_ok(buffer_put_u8(&b, 1)));
                ASSERT(status_ok(buffer_put_framed(&b, SPAN("aad"))));
                ASSERT(status_ok(buffer_put_framed(&b, SPAN("plain"))));
            }
            const Span request = span_of_buffer(&b);
            IGNORE(house_ask(o.house, (uint8_t)operation, request), "traced");
            IGNORE(house_ask_operator(o.house, (uint8_t)operation, request), "traced");
            IGNORE(house_ask_core(o.house, (uint8_t)operation, request), "traced");
        }
    }
    EXPECT_OK(ask_well(&o));
    EXPECT(opens(&o, o.key)); /* it is in there, for one alone */
    EXPECT(trace_answers().size > 1000);
    trace_expect_absent(trace_answers(), span_of_text(api_key));
    trace_expect_absent((Span) { o.record_memory, o.record_size }, span_of_text(api_key));
    trace_expect_absent_from_journal(o.house, span_of_text(api_key));
}

TESTS(TEST(test_it_comes_back_to_its_owner), TEST(test_nobody_else_has_the_right_key),
        TEST(test_a_key_that_is_over_obtains_nothing), TEST(test_only_this_very_request_counts),
        TEST(test_once_each_and_five_a_day), TEST(test_no_operation_gives_it_out))
