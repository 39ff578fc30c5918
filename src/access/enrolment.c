#include "access/enrolment.h"

#include "base/encoding.h"
#include "crypto/mac.h"

#include <pthread.h>
#include <stdlib.h>

enum { HALF_RANDOM_BYTES = ENROLMENT_HALF_BYTES / 2 };

typedef struct Enrolment {
    char principal[SESSION_PRINCIPAL_BYTES_MAX + 1]; /* "": free */
    char by[SESSION_PRINCIPAL_BYTES_MAX + 1];
    char half[ENROLMENT_HALF_BYTES + 1]; /* the second, until it is given out */
    uint8_t digest[MAC_BYTES_MAX]; /* of principal and the whole code */
    int64_t until_us;
    uint8_t tries;
    uint8_t parts; /* EnrolmentPart bits that it may still set */
    bool complete;
} Enrolment;

struct EnrolmentTable {
    pthread_mutex_t lock;
    Clock steady;
    Random random;
    MacKey key;
    Enrolment entries[ENROLMENTS_MAX];
};

Status enrolment_open(const Clock *steady, const Random *random, EnrolmentTable **ret_table)
{
    uint8_t key[MAC_BYTES_MAX];
    EnrolmentTable *table = calloc(1, sizeof(*table));
    CHECK(table != NULL, FAULT_MEMORY);
    ASSERT(pthread_mutex_init(&table->lock, NULL) == 0);
    table->steady = *steady;
    table->random = *random;
    const Status s = random_fill(random, key, sizeof(key));
    if (!status_ok(s)) {
        enrolment_close(&table);
        return s;
    }
    mac_key_init(&table->key, MAC_HMAC_SHA256, SPAN_OF(key));
    bytes_wipe(key, sizeof(key));
    *ret_table = table;
    return OK;
}

void enrolment_close(EnrolmentTable **table)
{
    if (*table == NULL) return;
    pthread_mutex_destroy(&(*table)->lock);
    bytes_wipe(*table, sizeof(**table));
    free(*table);
    *table = NULL;
}

static void unlock(EnrolmentTable **table) { pthread_mutex_unlock(&(*table)->lock); }

/* A live one. */
static Enrolment *find(EnrolmentTable *table, Span principal)
{
    const int64_t now_us = clock_now_us(&table->steady);
    for (size_t i = 0; i < ENROLMENTS_MAX; i++) {
        Enrolment *entry = &table->entries[i];
        if (entry->principal[0] != 0 && now_us >= entry->until_us)
            bytes_wipe(entry, sizeof(*entry));
        if (entry->principal[0] == 0) continue;
        if (span_equal(span_of_text(entry->principal), principal)) return entry;
    }
    return NULL;
}

static Enrolment *place_for(EnrolmentTable *table, Span principal)
{
    Enrolment *entry = find(table, principal);
    for (size_t i = 0; i < ENROLMENTS_MAX && entry == NULL; i++) {
        if (table->entries[i].principal[0] == 0) entry = &table->entries[i];
    }
    return entry;
}

static Status fresh_half(EnrolmentTable *table, char ret_half[ENROLMENT_HALF_BYTES + 1])
{
    uint8_t bytes[HALF_RANDOM_BYTES];
    Buffer text = { (uint8_t *)ret_half, 0, ENROLMENT_HALF_BYTES };
    TRY(random_fill(&table->random, bytes, sizeof(bytes)));
    ret_half[ENROLMENT_HALF_BYTES] = 0;
    return hex_encode(SPAN_OF(bytes), &text);
}

static void digest_of(const EnrolmentTable *table, Span principal, Span first, Span second,
        uint8_t ret_digest[MAC_BYTES_MAX])
{
    const uint8_t size = (uint8_t)principal.size;
    const Span parts[] = { { &size, 1 }, principal, first, second };
    mac_make(&table->key, parts, 4, ret_digest);
}

static bool is_name(Span name) { return name.size > 0 && name.size <= SESSION_PRINCIPAL_BYTES_MAX; }

Status enrolment_begin(
        EnrolmentTable *table, Span principal, Span by, char ret_half[ENROLMENT_HALF_BYTES + 1])
{
    Enrolment fresh = { .parts = ENROLMENT_PARTS };
    REQUIRE(is_name(principal) && is_name(by), REFUSED_ENROLMENT_UNKNOWN);
    pthread_mutex_lock(&table->lock);
    CLEANUP(unlock) EnrolmentTable *held = table;
    Enrolment *entry = place_for(held, principal);
    REQUIRE(entry != NULL, REFUSED_ENROLMENTS_FULL);
    TRY(fresh_half(held, ret_half));
    TRY(fresh_half(held, fresh.half));
    memcpy(fresh.principal, principal.data, principal.size);
    memcpy(fresh.by, by.data, by.size);
    digest_of(held, principal, span_of_text(ret_half), span_of_text(fresh.half), fresh.digest);
    fresh.until_us = clock_now_us(&held->steady) + ENROLMENT_LIFE_US;
    *entry = fresh;
    bytes_wipe(&fresh, sizeof(fresh));
    return OK;
}

Status enrolment_complete(
        EnrolmentTable *table, Span principal, Span by, char ret_half[ENROLMENT_HALF_BYTES + 1])
{
    pthread_mutex_lock(&table->lock);
    CLEANUP(unlock) EnrolmentTable *held = table;
    Enrolment *entry = find(held, principal);
    REQUIRE(entry != NULL && !entry->complete, REFUSED_ENROLMENT_UNKNOWN);
    const bool same = span_equal(span_of_text(entry->by), by) || span_equal(principal, by);
    REQUIRE(!same, REFUSED_ENROLMENT_SAME_PERSON);
    memcpy(ret_half, entry->half, sizeof(entry->half));
    bytes_wipe(entry->half, sizeof(entry->half));
    entry->complete = true;
    return OK;
}

Status enrolment_check(EnrolmentTable *table, Span principal, Span code, EnrolmentPart part)
{
    uint8_t digest[MAC_BYTES_MAX] = { 0 };
    pthread_mutex_lock(&table->lock);
    CLEANUP(unlock) EnrolmentTable *held = table;
    Enrolment *entry = find(held, principal);
    REQUIRE(entry != NULL && entry->complete, REFUSED_ENROLMENT_UNKNOWN);
    digest_of(held, principal, code, SPAN(""), digest);
    if (!bytes_equal_ct(digest, entry->digest, DIGEST_SHA256_BYTES)) {
        if (++entry->tries >= ENROLMENT_TRIES_MAX) bytes_wipe(entry, sizeof(*entry));
        return REFUSE(REFUSED_ENROLMENT_UNKNOWN);
    }
    REQUIRE((entry->parts & part) != 0, REFUSED_ENROLMENT_UNKNOWN);
    return OK;
}

void enrolment_used(EnrolmentTable *table, Span principal, EnrolmentPart part)
{
    pthread_mutex_lock(&table->lock);
    Enrolment *entry = find(table, principal);
    if (entry != NULL) {
        entry->parts = (uint8_t)(entry->parts & ~(unsigned)part);
        if (entry->parts == 0) bytes_wipe(entry, sizeof(*entry));
    }
    pthread_mutex_unlock(&table->lock);
}
