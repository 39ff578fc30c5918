/* Goal: cards through the real vaultd and a domain store as hufud keeps them: one token a card and
 * subject, masks alone on display, reveals whose log proves itself, walks that survive kill -9, and
 * destruction that an old copy of the store does not undo (TP-3, TP-8, TP-13). Method: the real
 * program over its sockets; the store's file read as an attacker would. */
#define _GNU_SOURCE
#include "policy/detect_number.h"
#include "store/practice.h"
#include "store/store.h"
#include "vault/field_test_desk.h"
#include "vaultclient/fields_inside.h"
#include "vaultclient/policy.h"
#include "vaultd.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of this run: another may go on beside it. */
static char store_path[EXPECT_PATH_BYTES];
static char wal_path[EXPECT_PATH_BYTES + 4];
static char old_path[EXPECT_PATH_BYTES];
static const char *const cards[] = { "6222021234567894", "4111111111111111", "5555555555554444" };
static const int both[2] = { 0, 1 };

static Vaultd vaultd;
static House *house;
static Fields fields;
static PublicKey *box_key;
static uint32_t key_id;
static const WireBatchHead column = {
    .tenant = SPAN("shop"), .data_class = CLASS_CARD, .table = TABLE_CARD, .column = CARD_NUMBER
};

static void name_store(void)
{
    expect_path("flow-fields", store_path);
    expect_path("flow-fields-old", old_path);
    snprintf(wal_path, sizeof(wal_path), "%s-wal", store_path);
}

static void fetch_box_key(void)
{
    WireBoxKey key;
    ASSERT(status_ok(house_ask(house, VAULT_BOX_KEY, SPAN(""))));
    Cursor c = cursor_of(span_of_buffer(&house->answer));
    ASSERT(status_ok(wire_take_box_key(&c, &key)));
    key_id = key.key_id;
    ASSERT(status_ok(public_key_from_point(KEY_P256, key.public_key, &box_key)));
}

static void open_all(const char *field_suite)
{
    name_store();
    practice_remove(store_path);
    house = vaultd_open(&vaultd, "intl", field_suite);
    desk_people(house);
    fetch_box_key();
    const VaultClientConfig config = { .socket_path = vaultd.socket, .channels = 2 };
    ASSERT(status_ok(vaultclient_open(&config, &fields.vault)));
    ASSERT(status_ok(domain_open(store_path, NULL, &fields.domain)));
}

static void close_all(void)
{
    domain_close(fields.domain);
    vaultclient_close(fields.vault);
    public_key_free(&box_key);
    vaultd_close(&vaultd, house);
    practice_remove(store_path);
}

static Status protect(const char *subject, const char *value, FieldsMade *ret_made)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    const Random random = random_system();
    const BoxContext context = { .data_class = CLASS_CARD,
        .purpose = BOX_PURPOSE_FIELD,
        .expiry_us = clock_system().now_us(NULL) + 60 * 1000000,
        .tenant = SPAN("shop"),
        .payee = span_of_text(subject) };
    TRY(box_seal(box_key, key_id, &random, &context, span_of_text(value), &box));
    const FieldsItem item = { span_of_text(subject), 0, span_of_buffer(&box), { NULL, 0 } };
    TRY(fields_protect(&fields, &column, &item, 1, ret_made));
    return ret_made->status;
}

static Status find(const char *value, FieldsMade ret_found[FIELDS_FOUND_MAX], size_t *ret_count)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    const Random random = random_system();
    const BoxContext context = { .data_class = CLASS_CARD,
        .purpose = BOX_PURPOSE_LOOKUP,
        .expiry_us = clock_system().now_us(NULL) + 60 * 1000000,
        .tenant = SPAN("shop") };
    TRY(box_seal(box_key, key_id, &random, &context, span_of_text(value), &box));
    const FieldsItem item = { { NULL, 0 }, 0, span_of_buffer(&box), { NULL, 0 } };
    return fields_find(&fields, &column, &item, ret_found, ret_count);
}

static bool file_holds(const char *path, const char *text)
{
    static uint8_t bytes[8 * 1024 * 1024];
    const int fd = open(path, O_RDONLY);
    if (fd < 0) return false;
    const ssize_t n = read(fd, bytes, sizeof(bytes));
    close(fd);
    return n > 0 && memmem(bytes, (size_t)n, text, strlen(text)) != NULL;
}

static void test_one_token_a_card_and_subject(void)
{
    open_all(NULL);
    FieldsMade first, again, other_subject, other_card, found[FIELDS_FOUND_MAX];
    size_t count = 0;
    EXPECT_OK(protect("payer-1", cards[0], &first));
    EXPECT_OK(protect("payer-1", cards[0], &again));
    EXPECT_OK(protect("payer-2", cards[0], &other_subject));
    EXPECT_OK(protect("payer-1", cards[1], &other_card));
    EXPECT(strcmp(first.row_key, again.row_key) == 0);
    EXPECT(strcmp(first.row_key, other_subject.row_key) != 0);
    EXPECT(strcmp(first.row_key, other_card.row_key) != 0);
    EXPECT(strcmp(first.mask, "**** **** **** 7894") == 0);
    EXPECT_REFUSED(protect("payer-1", "123", &again), REFUSED_DATA_PROHIBITED);
    EXPECT_OK(find(cards[0], found, &count));
    EXPECT(count == 2);
    EXPECT_OK(find(cards[2], found, &count));
    EXPECT(count == 0);
    uint8_t memory[FIELDS_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(memory);
    EXPECT_OK(fields_mask(&fields, &column, span_of_text(first.row_key), &mask));
    EXPECT(span_equal(span_of_buffer(&mask), SPAN("**** **** **** 7894")));
    EXPECT_REFUSED(fields_mask(&fields, &column, SPAN("1"), &mask), REFUSED_ROW_MISSING);
    for (size_t i = 0; i < 2; i++) { /* neither file has a number in clear */
        EXPECT(!file_holds(store_path, cards[i]));
        EXPECT(!file_holds(wal_path, cards[i]));
    }
    close_all();
}

/* --- subjects that are new --- */

enum { RACERS = 4, NEW_SUBJECTS = 300 };

typedef struct Racer {
    pthread_t thread;
    pthread_barrier_t *start;
    char names[NEW_SUBJECTS][16];
    FieldsSubject subjects[NEW_SUBJECTS];
    Status status;
} Racer;

static void *race(void *context)
{
    Racer *r = context;
    for (size_t i = 0; i < NEW_SUBJECTS; i++) {
        snprintf(r->names[i], sizeof(r->names[i]), "new-%zu", i);
        r->subjects[i].name = span_of_text(r->names[i]);
    }
    pthread_barrier_wait(r->start);
    r->status = fields_subject_keys(&fields, &column, r->subjects, NEW_SUBJECTS);
    return NULL;
}

/* Batches that race for the same new subjects agree on one key for each of them: else what one of
 * them sealed could never be opened again. Each needs one message, not one a subject. */
static void test_racing_batches_agree_on_their_subjects_keys(void)
{
    static Racer racers[RACERS];
    pthread_barrier_t start;
    open_all(NULL);
    EXPECT(pthread_barrier_init(&start, NULL, RACERS) == 0);
    const uint64_t before = vaultclient_counters(fields.vault).calls;
    for (size_t i = 0; i < RACERS; i++) {
        racers[i].start = &start;
        EXPECT(pthread_create(&racers[i].thread, NULL, race, &racers[i]) == 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        EXPECT(pthread_join(racers[i].thread, NULL) == 0);
        EXPECT_OK(racers[i].status);
    }
    const uint64_t asked = vaultclient_counters(fields.vault).calls - before;
    EXPECT(asked >= 1 && asked <= RACERS);
    for (size_t k = 0; k < NEW_SUBJECTS; k++) {
        const FieldsSubject *first = &racers[0].subjects[k];
        EXPECT(first->wrapped_bytes > 0);
        for (size_t i = 1; i < RACERS; i++) {
            const FieldsSubject *other = &racers[i].subjects[k];
            EXPECT(span_equal((Span) { first->wrapped, first->wrapped_bytes },
                    (Span) { other->wrapped, other->wrapped_bytes }));
        }
    }
    /* A second time nobody is asked; a name that stands twice in one batch has one key. */
    FieldsSubject twice[3] = { { .name = SPAN("new-1") }, { .name = SPAN("li") },
        { .name = SPAN("li") } };
    EXPECT_OK(fields_subject_keys(&fields, &column, twice, 1));
    EXPECT(vaultclient_counters(fields.vault).calls - before == asked);
    EXPECT_OK(fields_subject_keys(&fields, &column, twice, 3));
    EXPECT(twice[1].wrapped_bytes > 0
            && bytes_equal_ct(twice[1].wrapped, twice[2].wrapped, twice[1].wrapped_bytes));
    pthread_barrier_destroy(&start);
    close_all();
}

/* --- a card's expiry (TP-5) --- */

static const WireBatchHead expiry_column = {
    .tenant = SPAN("bank"), .data_class = CLASS_CARD_EXPIRY, .table = TABLE_FIELD, .column = 7
};

static Status grant_expiry(void)
{
    uint8_t bytes[512];
    uint8_t memory[8192];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer body = BUFFER_OF(bytes);
    Buffer b = BUFFER_OF(memory);
    const WireExpiryGrant grant = { SPAN("payer-1"), SPAN("bank"), { 1 }, { 2 },
        house->now_us + (int64_t)3600 * 1000000 };
    TRY(wire_put_expiry_grant(&body, &grant));
    sha256(span_of_buffer(&body), digest);
    desk_approve(house, both, "grant-expiry", SPAN_OF(digest), "both agreed", &b);
    TRY(buffer_put(&b, span_of_buffer(&body)));
    return house_ask_operator(house, VAULT_EXPIRY_GRANT, span_of_buffer(&b));
}

static Status keep_expiry(FieldsMade *ret_made)
{
    uint8_t memory[BOX_BYTES_MAX];
    Buffer box = BUFFER_OF(memory);
    const Random random = random_system();
    const BoxContext context = { .data_class = CLASS_CARD_EXPIRY,
        .purpose = BOX_PURPOSE_FIELD,
        .expiry_us = clock_system().now_us(NULL) + 60 * 1000000,
        .tenant = SPAN("bank"),
        .order = SPAN("row-1"),
        .payee = SPAN("payer-1") };
    TRY(box_seal(box_key, key_id, &random, &context, SPAN("0931"), &box));
    const FieldsItem item = { SPAN("payer-1"), 0, span_of_buffer(&box), SPAN("row-1") };
    TRY(fields_protect(&fields, &expiry_column, &item, 1, ret_made));
    return ret_made->status;
}

/* It rests while the grant lives; when consent is withdrawn the sweep takes it alone. */
static void test_an_expiry_goes_with_its_grant(void)
{
    open_all(NULL);
    FieldsMade made, card;
    uint8_t memory[FIELDS_MASK_BYTES_MAX];
    Buffer mask = BUFFER_OF(memory);
    uint64_t owners = 0;
    EXPECT_REFUSED(keep_expiry(&made), REFUSED_EXPIRY_GRANT);
    EXPECT_OK(grant_expiry());
    EXPECT_OK(keep_expiry(&made));
    EXPECT_OK(protect("payer-1", cards[0], &card));
    EXPECT_OK(fields_sweep_expiry(&fields, &owners));
    EXPECT(owners == 0);
    EXPECT_OK(fields_mask(&fields, &expiry_column, SPAN("row-1"), &mask));
    const WireExpiryName name = { SPAN("payer-1"), SPAN("bank") };
    EXPECT_OK(vaultclient_expiry_end(fields.vault, &name));
    EXPECT_REFUSED(keep_expiry(&made), REFUSED_EXPIRY_GRANT);
    EXPECT_OK(fields_sweep_expiry(&fields, &owners));
    EXPECT(owners == 1);
    EXPECT_REFUSED(fields_mask(&fields, &expiry_column, SPAN("row-1"), &mask), REFUSED_ROW_MISSING);
    mask.size = 0;
    EXPECT_OK(fields_mask(&fields, &column, span_of_text(card.row_key), &mask));
    EXPECT_OK(fields_sweep_expiry(&fields, &owners));
    EXPECT(owners == 0);
    close_all();
}

/* --- reveals --- */

static Status count_line(void *context, const WireRevealRecord *record)
{
    int *counts = context;
    counts[record->status == 0 ? 0 : 1]++;
    return OK;
}

/* Somebody with a pen: a connection of his own to hufud's file. */
static Status in_store(const char *sql)
{
    Store *store = NULL;
    const StoreConfig config = { .path = store_path };
    TRY(store_open(&config, &store));
    const Status s = store_execute(store, sql, NULL, 0);
    store_close(store);
    return s;
}

static void test_reveals_leave_a_log_that_proves_itself(void)
{
    open_all(NULL);
    FieldsMade made;
    DeskReceiver bank = { "bank", NULL, 1 << REVEAL_BANK_CHANNEL, 100, 2 };
    int counts[2] = { 0, 0 };
    uint8_t memory[BOX_BYTES_MAX];
    uint8_t plain_memory[64];
    Buffer bytes = BUFFER_OF(memory);
    Buffer plain = BUFFER_OF(plain_memory);
    Box box;
    ASSERT(status_ok(private_key_generate(KEY_P256, &bank.key)));
    EXPECT_OK(desk_enroll(house, &bank, both));
    EXPECT_OK(protect("payer-1", cards[0], &made));
    const WireReveal reveal = { .tenant = SPAN("shop"),
        .data_class = CLASS_CARD,
        .table = TABLE_CARD,
        .column = CARD_NUMBER,
        .row_key = span_of_text(made.row_key),
        .receiver = SPAN("bank"),
        .purpose = REVEAL_BANK_CHANNEL,
        .reason = SPAN("settlement") };
    EXPECT_OK(fields_reveal(&fields, &reveal, NULL, &bytes));
    EXPECT_OK(box_parse(span_of_buffer(&bytes), &box));
    EXPECT_OK(box_open(bank.key, &box, &plain));
    EXPECT(span_equal(span_of_buffer(&plain), span_of_text(cards[0])));
    vaultd_kill(&vaultd, house, "intl");
    bytes.size = 0;
    EXPECT_REFUSED(fields_reveal(&fields, &reveal, NULL, &bytes), REFUSED_VAULT_UNAVAILABLE);
    EXPECT_OK(fields_reveal(&fields, &reveal, NULL, &bytes)); /* never asked twice by itself */
    EXPECT_REFUSED(fields_reveal(&fields, &reveal, NULL, &bytes), REFUSED_REVEAL_BUDGET);
    EXPECT_OK(fields_reveals(&fields, 0, INT64_MAX, count_line, counts));
    EXPECT(counts[0] == 2 && counts[1] == 1);
    /* A line that somebody deletes or changes is missed. */
    EXPECT_OK(in_store("CREATE TABLE kept AS SELECT * FROM reveal"));
    EXPECT_OK(in_store("DELETE FROM reveal WHERE number = 2"));
    EXPECT_REFUSED(fields_reveals(&fields, 0, INT64_MAX, count_line, counts), REFUSED_ROW_MISSING);
    EXPECT_OK(in_store("INSERT INTO reveal SELECT number, substr(record, 1, 8) || zeroblob(8)"
                       " || substr(record, 17) FROM kept WHERE number = 2")); /* another time */
    EXPECT_REFUSED(fields_reveals(&fields, 0, INT64_MAX, count_line, counts), REFUSED_ROW_MISSING);
    EXPECT_OK(in_store("DELETE FROM reveal"));
    EXPECT_OK(in_store("INSERT INTO reveal SELECT * FROM kept"));
    EXPECT_OK(fields_reveals(&fields, 0, INT64_MAX, count_line, counts));
    EXPECT(counts[0] == 4 && counts[1] == 2);
    private_key_free(&bank.key);
    close_all();
}

/* --- walks --- */

enum { CARDS = 1200 };

static void make_card(int n, char ret_digits[17])
{
    snprintf(ret_digits, 17, "62220212%07d0", n);
    for (char last = '0'; last <= '9'; last++) {
        ret_digits[15] = last;
        if (detect_luhn((Span) { (const uint8_t *)ret_digits, 16 })) return;
    }
}

static void protect_many(void)
{
    for (int i = 0; i < CARDS; i++) {
        char digits[17];
        char subject[32];
        FieldsMade made;
        make_card(i, digits);
        snprintf(subject, sizeof(subject), "payer-%04d", i % 700);
        ASSERT(status_ok(protect(subject, digits, &made)));
    }
}

/* A child walks and is killed after its first page; its heir goes on where it ended. */
static void kill_after_a_page(void)
{
    const pid_t child = fork();
    if (child == 0) {
        Fields own;
        FieldsProgress progress;
        const VaultClientConfig config = { .socket_path = vaultd.socket, .channels = 1 };
        if (!status_ok(vaultclient_open(&config, &own.vault))) _exit(1);
        if (!status_ok(domain_open(store_path, NULL, &own.domain))) _exit(1);
        if (!status_ok(fields_rewrap(&own, &progress))) _exit(1);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT(WIFSIGNALED(status));
}

static void test_walks_go_on_after_a_kill(void)
{
    open_all("aes-128");
    protect_many();
    domain_close(fields.domain);
    vaultd_restart(&vaultd, house, "intl", NULL);
    kill_after_a_page();
    vaultd_kill(&vaultd, house, "intl");
    ASSERT(status_ok(domain_open(store_path, NULL, &fields.domain)));
    FieldsProgress progress;
    uint64_t moved = 0;
    EXPECT_OK(fields_rewrap(&fields, &progress));
    EXPECT(progress.done == 2 * FIELDS_PAGE && progress.total == CARDS && !progress.finished);
    moved += progress.moved;
    EXPECT_OK(fields_rewrap(&fields, &progress));
    EXPECT(progress.done == CARDS && progress.finished && progress.refused == 0);
    moved += progress.moved;
    EXPECT(moved == CARDS - FIELDS_PAGE);
    do { /* once more: nothing is left */
        EXPECT_OK(fields_rewrap(&fields, &progress));
        EXPECT(progress.moved == 0 && progress.refused == 0);
    } while (!progress.finished);
    FieldsMade found[FIELDS_FOUND_MAX];
    char digits[17];
    size_t count = 0;
    make_card(77, digits);
    EXPECT_OK(find(digits, found, &count));
    EXPECT(count == 1);
    do {
        EXPECT_OK(fields_turn(&fields, &progress));
        EXPECT(progress.refused == 0);
    } while (!progress.finished);
    close_all();
}

/* --- destruction --- */

static Status destroy(const char *subject, Buffer *ret_certificate)
{
    uint8_t list_memory[256];
    uint8_t approvals_memory[4096];
    uint8_t digest[DIGEST_SHA256_BYTES];
    Buffer list = BUFFER_OF(list_memory);
    Buffer approvals = BUFFER_OF(approvals_memory);
    WireApproval two[2];
    const WireSubjectName name = { SPAN("shop"), span_of_text(subject) };
    TRY(fields_destroy_message(&name, 1, &list));
    sha256(span_of_buffer(&list), digest);
    house->now_us = clock_system().now_us(NULL);
    desk_approve(house, both, "destroy-subjects", SPAN_OF(digest), "asked for", &approvals);
    Cursor c = cursor_of(span_of_buffer(&approvals));
    TRY(wire_take_approval(&c, &two[0]));
    TRY(wire_take_approval(&c, &two[1]));
    return fields_destroy(&fields, two, &name, 1, ret_certificate);
}

static void test_an_old_copy_of_the_store_brings_nothing_back(void)
{
    open_all("aes-128");
    FieldsMade dead, living;
    uint8_t memory[WIRE_CERTIFICATE_BYTES_MAX];
    Buffer certificate = BUFFER_OF(memory);
    FieldsProgress progress;
    EXPECT_OK(protect("dead", cards[0], &dead));
    EXPECT_OK(protect("living", cards[1], &living));
    domain_close(fields.domain);
    EXPECT_OK(store_copy_to(store_path, old_path));
    EXPECT_OK(domain_open(store_path, NULL, &fields.domain));
    EXPECT_OK(destroy("dead", &certificate));
    EXPECT(memmem(memory, certificate.size, "blind-after", 11) != NULL);
    Buffer mask = BUFFER_OF(memory);
    EXPECT_REFUSED(fields_mask(&fields, &column, span_of_text(dead.row_key), &mask),
            REFUSED_ROW_MISSING); /* cannot be found */
    domain_close(fields.domain);
    practice_remove(store_path);
    EXPECT(rename(old_path, store_path) == 0);
    vaultd_restart(&vaultd, house, "intl", NULL);
    EXPECT_OK(domain_open(store_path, NULL, &fields.domain));
    EXPECT_OK(fields_rewrap(&fields, &progress)); /* opens the living, not the dead */
    EXPECT(progress.moved == 1 && progress.refused == 1);
    EXPECT_OK(fields_turn(&fields, &progress));
    EXPECT(progress.refused == 1); /* and its key goes from this copy, too */
    EXPECT_OK(fields_turn(&fields, &progress));
    EXPECT(progress.total == 1 && progress.refused == 0);
    close_all();
}

TESTS(TEST(test_one_token_a_card_and_subject),
        TEST(test_racing_batches_agree_on_their_subjects_keys),
        TEST(test_an_expiry_goes_with_its_grant), TEST(test_reveals_leave_a_log_that_proves_itself),
        TEST(test_walks_go_on_after_a_kill),
        TEST(test_an_old_copy_of_the_store_brings_nothing_back))
