/*
 * protect: what the sealing of card numbers costs vaultd, asked over its socket as hufud asks.
 * Prints one JSON line.
 *
 *   batched_per_s      fields of a session box in batches of 512, subjects already keyed, in one
 *                      channel: sealed field, token, mask and blind index come back. Sealing by the
 *                      client library is done before and timed apart (client_per_s).
 *   per_cpu_s          the same over the processor time that vaultd used: what one core gives
 *   subjects_1_per_s   all fields of one subject
 *   boxes_per_s        one box a field, 64 a message, spent in the journal
 *   libcrypto_per_s    the bare pair of AES-256-GCM (open one, seal one) by libcrypto, keys preset:
 *                      the limit
 *   rewrap             fields moved from AES-128-GCM to the house's suite (a real re-encryption,
 *                      a fresh record id each), and vaultd's memory after all of it
 *
 * https_per_s and https_p99_ms of the service API are measured by bench/service.
 */
#define _GNU_SOURCE
#include "crypto/aead.h"
#include "policy/detect_number.h"
#include "policy/purposes.h"
#include "policy/tables.h"
#include "processor.h"
#include "vaultd.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

enum { BATCH = 512, BATCHES = 64, BOXES = 64, BOX_BATCHES = 8, SUBJECTS = 512, PAIRS = 200000 };

int expect_failures;

typedef struct Client { /* as the client library has it */
    BoxSession session;
    uint8_t id[WIRE_SESSION_BYTES];
    uint64_t number;
    PublicKey *box_key;
    uint32_t key_id;
} Client;

typedef struct Subject {
    char name[32];
    uint8_t wrapped[WIRE_WRAPPED_BYTES_MAX];
    size_t wrapped_bytes;
} Subject;

typedef struct Stored {
    char token[WIRE_TOKEN_BYTES_MAX + 1];
    uint8_t sealed[160];
    size_t sealed_bytes;
} Stored;

static Subject subjects[SUBJECTS];
static uint8_t requests[BATCHES][256 * 1024];
static size_t request_bytes[BATCHES];
static Stored stored[BATCHES][BATCH];

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make_card(uint32_t n, char ret_digits[17])
{
    snprintf(ret_digits, 17, "62220212%07u0", n % 10000000);
    for (char last = '0'; last <= '9'; last++) {
        ret_digits[15] = last;
        if (detect_luhn((Span) { (const uint8_t *)ret_digits, 16 })) return;
    }
}

static WireBatchHead head_of(const Client *client)
{
    WireBatchHead head = {
        .tenant = SPAN("shop"), .data_class = CLASS_CARD, .table = TABLE_CARD, .column = CARD_NUMBER
    };
    if (client != NULL) memcpy(head.session, client->id, sizeof(head.session));
    return head;
}

static void get_box_key(House *h, Client *client)
{
    WireBoxKey key;
    ASSERT(status_ok(house_ask(h, VAULT_BOX_KEY, SPAN(""))));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(wire_take_box_key(&c, &key)));
    client->key_id = key.key_id;
    ASSERT(status_ok(public_key_from_point(
            key.suite == BOX_SM2_SM4_GCM ? KEY_SM2 : KEY_P256, key.public_key, &client->box_key)));
}

static void open_session(House *h, Client *client)
{
    uint8_t box_memory[BOX_BYTES_MAX];
    uint8_t memory[BOX_BYTES_MAX + 256];
    Buffer box = BUFFER_OF(box_memory);
    Buffer b = BUFFER_OF(memory);
    const Random random = random_system();
    const BoxContext context = { .purpose = BOX_PURPOSE_SESSION,
        .expiry_us = h->now_us + (int64_t)1800 * 1000000,
        .tenant = SPAN("shop") };
    const WireBatchHead head = head_of(NULL);
    WireSession session;
    ASSERT(status_ok(box_session_begin(
            client->box_key, client->key_id, &random, &context, &box, &client->session)));
    ASSERT(status_ok(wire_put_batch_head(&b, &head)));
    ASSERT(status_ok(buffer_put_framed(&b, span_of_buffer(&box))));
    ASSERT(status_ok(house_ask(h, VAULT_SESSION, span_of_buffer(&b))));
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    ASSERT(status_ok(wire_take_session(&c, &session)));
    memcpy(client->id, session.id, sizeof(client->id));
    client->number = 1;
}

static void put_subjects(int count, Buffer *b)
{
    ASSERT(status_ok(buffer_put_u32(b, (uint32_t)count)));
    for (int i = 0; i < count; i++) {
        const WireSubject wire = { span_of_text(subjects[i].name),
            { subjects[i].wrapped, subjects[i].wrapped_bytes } };
        ASSERT(status_ok(wire_put_subject(b, &wire)));
    }
}

static void put_item(Client *client, uint32_t card, uint32_t subject, Buffer *b)
{
    char digits[17];
    uint8_t aad_memory[WIRE_ITEM_AAD_BYTES_MAX];
    uint8_t sealed_memory[64];
    Buffer aad = BUFFER_OF(aad_memory);
    Buffer sealed = BUFFER_OF(sealed_memory);
    make_card(card, digits);
    ASSERT(status_ok(field_item_aad(
            CLASS_CARD, span_of_text(subjects[subject].name), (Span) { NULL, 0 }, &aad)));
    ASSERT(status_ok(box_session_seal(&client->session, client->number, span_of_buffer(&aad),
            (Span) { (const uint8_t *)digits, 16 }, &sealed)));
    const WireFieldItem item = { subject, client->number++, span_of_buffer(&sealed), { NULL, 0 } };
    ASSERT(status_ok(wire_put_field_item(b, &item)));
}

/* Everything that the client's side does, ahead. */
static double make_requests(Client *client, int subject_count, int batches)
{
    const double start = now_s();
    const WireBatchHead head = head_of(client);
    for (int k = 0; k < batches; k++) {
        Buffer b = BUFFER_OF(requests[k]);
        ASSERT(status_ok(wire_put_batch_head(&b, &head)));
        put_subjects(subject_count, &b);
        ASSERT(status_ok(buffer_put_u32(&b, BATCH)));
        for (int i = 0; i < BATCH; i++)
            put_item(client, (uint32_t)(k * BATCH + i), (uint32_t)(i % subject_count), &b);
        request_bytes[k] = b.size;
    }
    return BATCH * batches / (now_s() - start);
}

/* Returns how many were protected; keeps new subject keys, and fields when `keep` is given. */
static int take_protected(House *h, int subject_count, Stored *keep)
{
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t count = 0;
    int good = 0;
    ASSERT(status_ok(cursor_u32(&c, &count)) && count == (uint32_t)subject_count);
    for (uint32_t i = 0; i < count; i++) {
        WireSubjectAnswer answer;
        ASSERT(status_ok(wire_take_subject_answer(&c, &answer)) && answer.status == 0);
        if (answer.wrapped.size == 0) continue;
        memcpy(subjects[i].wrapped, answer.wrapped.data, answer.wrapped.size);
        subjects[i].wrapped_bytes = answer.wrapped.size;
    }
    ASSERT(status_ok(cursor_u32(&c, &count)));
    for (uint32_t i = 0; i < count; i++) {
        uint32_t status = 0;
        WireProtected made;
        ASSERT(status_ok(cursor_u32(&c, &status)) && status == 0);
        ASSERT(status_ok(wire_take_protected(&c, &made)));
        good++;
        if (keep == NULL) continue;
        memcpy(keep[i].token, made.token.data, made.token.size);
        keep[i].token[made.token.size] = 0;
        memcpy(keep[i].sealed, made.sealed.data, made.sealed.size);
        keep[i].sealed_bytes = made.sealed.size;
    }
    return good;
}

/* The asking alone is timed; answers are read between. */
static double protect_all(House *h, int subject_count, int batches, bool keep)
{
    double spent = 0;
    for (int k = 0; k < batches; k++) {
        const double start = now_s();
        ASSERT(status_ok(
                house_ask(h, VAULT_PROTECT_FIELDS, (Span) { requests[k], request_bytes[k] })));
        spent += now_s() - start;
        ASSERT(take_protected(h, subject_count, keep ? stored[k] : NULL) == BATCH);
    }
    return BATCH * batches / spent;
}

static double boxes_per_s(House *h, const Client *client)
{
    double spent = 0;
    const Random random = random_system();
    const WireBatchHead head = head_of(NULL);
    for (int k = 0; k < BOX_BATCHES; k++) {
        Buffer b = BUFFER_OF(requests[0]);
        ASSERT(status_ok(wire_put_batch_head(&b, &head)));
        put_subjects(1, &b);
        ASSERT(status_ok(buffer_put_u32(&b, BOXES)));
        for (int i = 0; i < BOXES; i++) {
            char digits[17];
            uint8_t memory[BOX_BYTES_MAX];
            Buffer box = BUFFER_OF(memory);
            const BoxContext context = { .data_class = CLASS_CARD,
                .purpose = BOX_PURPOSE_FIELD,
                .expiry_us = clock_system().now_us(NULL) + (int64_t)60 * 1000000,
                .tenant = SPAN("shop"),
                .payee = span_of_text(subjects[0].name) };
            make_card((uint32_t)i, digits);
            ASSERT(status_ok(box_seal(client->box_key, client->key_id, &random, &context,
                    (Span) { (const uint8_t *)digits, 16 }, &box)));
            const WireFieldItem item = { 0, 0, span_of_buffer(&box), { NULL, 0 } };
            ASSERT(status_ok(wire_put_field_item(&b, &item)));
        }
        const double start = now_s();
        ASSERT(status_ok(house_ask(h, VAULT_PROTECT_FIELDS, span_of_buffer(&b))));
        spent += now_s() - start;
        ASSERT(take_protected(h, 1, NULL) == BOXES);
    }
    return BOXES * BOX_BATCHES / spent;
}

static double libcrypto_per_s(void)
{
    const uint8_t key[32] = { 1 };
    const uint8_t nonce[12] = { 2 };
    uint8_t text[32] = { 3 };
    uint8_t tag[16];
    int n = 0;
    EVP_CIPHER_CTX *seal = EVP_CIPHER_CTX_new();
    ASSERT(EVP_EncryptInit_ex(seal, EVP_aes_256_gcm(), NULL, key, nonce) == 1);
    const double start = now_s();
    for (int i = 0; i < 2 * PAIRS; i++) {
        ASSERT(EVP_EncryptInit_ex(seal, NULL, NULL, NULL, nonce) == 1);
        ASSERT(EVP_EncryptUpdate(seal, text, &n, text, 17) == 1);
        ASSERT(EVP_EncryptFinal_ex(seal, text + n, &n) == 1);
        ASSERT(EVP_CIPHER_CTX_ctrl(seal, EVP_CTRL_GCM_GET_TAG, 16, tag) == 1);
    }
    const double per_s = PAIRS / (now_s() - start);
    EVP_CIPHER_CTX_free(seal);
    return per_s;
}

static void put_rewrap(int k, Buffer *b)
{
    const WireBatchHead head = head_of(NULL);
    ASSERT(status_ok(wire_put_batch_head(b, &head)));
    put_subjects(SUBJECTS, b);
    ASSERT(status_ok(buffer_put_u32(b, BATCH)));
    for (int i = 0; i < BATCH; i++) {
        const Stored *s = &stored[k][i];
        const WireSealedField field = { (uint32_t)(i % SUBJECTS), span_of_text(s->token),
            { s->sealed, s->sealed_bytes }, 1 };
        ASSERT(status_ok(wire_put_sealed_field(b, &field)));
    }
}

static void check_rewrapped(House *h)
{
    Cursor c = cursor_of(span_of_buffer(&h->answer));
    uint32_t count = 0;
    WireSubjectAnswer answer;
    WireRewrapped moved;
    ASSERT(status_ok(cursor_u32(&c, &count)));
    for (uint32_t i = 0; i < count; i++)
        ASSERT(status_ok(wire_take_subject_answer(&c, &answer)) && answer.status == 0);
    ASSERT(status_ok(cursor_u32(&c, &count)) && count == BATCH);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t status = 0;
        ASSERT(status_ok(cursor_u32(&c, &status)) && status == 0);
        ASSERT(status_ok(wire_take_rewrapped(&c, &moved)) && moved.sealed.size > 0);
    }
}

/* Sealed under AES-128-GCM before; now under the house's suite. */
static void print_rewrap(House *h, const Vaultd *v)
{
    double spent = 0;
    const double cpu = processor_program_s(v->pid);
    for (int k = 0; k < BATCHES; k++) {
        Buffer b = BUFFER_OF(requests[k]);
        put_rewrap(k, &b);
        const double start = now_s();
        ASSERT(status_ok(house_ask(h, VAULT_REWRAP_FIELDS, span_of_buffer(&b))));
        spent += now_s() - start;
        check_rewrapped(h);
    }
    printf("\"rewrap\":{\"per_s\":%.0f,\"per_cpu_s\":%.0f,\"rss_mb\":%.1f}",
            BATCH * BATCHES / spent, BATCH * BATCHES / (processor_program_s(v->pid) - cpu),
            vaultd_rss_mb(v));
}

static void print_suite(const char *name, const char *suite)
{
    Vaultd v;
    Client client = { .number = 0 };
    House *h = vaultd_open(&v, suite, "aes-128");
    memset(subjects, 0, sizeof(subjects));
    for (int i = 0; i < SUBJECTS; i++)
        snprintf(subjects[i].name, sizeof(subjects[i].name), "payer-%06d", i);
    get_box_key(h, &client);
    open_session(h, &client);
    (void)make_requests(&client, SUBJECTS, 1);
    (void)protect_all(h, SUBJECTS, 1, false); /* keys the subjects */
    (void)make_requests(&client, SUBJECTS, BATCHES);
    (void)protect_all(h, SUBJECTS, BATCHES, true); /* makes what is rewrapped */

    vaultd_restart(&v, h, suite, NULL);
    open_session(h, &client);
    (void)make_requests(&client, SUBJECTS, 1);
    (void)protect_all(h, SUBJECTS, 1, false); /* fills the cache of subject keys */
    const double client_per_s = make_requests(&client, SUBJECTS, BATCHES);
    const double cpu = processor_program_s(v.pid);
    const double batched = protect_all(h, SUBJECTS, BATCHES, false);
    const double per_cpu = BATCH * BATCHES / (processor_program_s(v.pid) - cpu);
    (void)make_requests(&client, 1, BATCHES);
    const double one_subject = protect_all(h, 1, BATCHES, false);
    printf("\"%s\":{\"batched_per_s\":%.0f,\"per_cpu_s\":%.0f,\"subjects_1_per_s\":%.0f,"
           "\"client_per_s\":%.0f,\"boxes_per_s\":%.0f,",
            name, batched, per_cpu, one_subject, client_per_s, boxes_per_s(h, &client));
    print_rewrap(h, &v);
    printf("},");
    public_key_free(&client.box_key);
    vaultd_close(&v, h);
}

int main(void)
{
    printf("{\"bench\":\"protect\",\"batch\":%d,", BATCH);
    print_suite("intl", "intl");
    print_suite("sm", "sm");
    printf("\"libcrypto_per_s\":%.0f}\n", libcrypto_per_s());
    return 0;
}
