#include "access/payer_book.h"

#include "crypto/mac.h"

#include <pthread.h>
#include <stdlib.h>

enum { NAME_BYTES = 16, SLOTS_FIRST = 1024, FULL_TENTHS = 7 };

typedef struct Name {
    uint8_t bytes[NAME_BYTES]; /* zeros: free */
} Name;

struct PayerBook {
    pthread_mutex_t lock;
    uint8_t key[32]; /* so that nobody chooses names that fall into one place */
    Name *slots;
    size_t slot_count; /* a power of two */
    size_t count;
};

Status payer_book_open(const Random *random, PayerBook **ret_book)
{
    PayerBook *b = calloc(1, sizeof(*b));
    CHECK(b != NULL, FAULT_MEMORY);
    pthread_mutex_init(&b->lock, NULL);
    b->slot_count = SLOTS_FIRST;
    b->slots = calloc(b->slot_count, sizeof(Name));
    const Status s =
            b->slots == NULL ? BROKEN(FAULT_MEMORY) : random_fill(random, b->key, sizeof(b->key));
    if (!status_ok(s)) {
        payer_book_close(&b);
        return s;
    }
    *ret_book = b;
    return OK;
}

void payer_book_close(PayerBook **book)
{
    PayerBook *b = *book;
    if (b == NULL) return;
    pthread_mutex_destroy(&b->lock);
    free(b->slots);
    free(b);
    *book = NULL;
}

static void unlock(PayerBook **book) { pthread_mutex_unlock(&(*book)->lock); }

static Name name_of(const PayerBook *b, Span payer)
{
    uint8_t mac[MAC_BYTES_MAX];
    Name name;
    mac_once(MAC_HMAC_SHA256, SPAN_OF(b->key), payer, mac);
    memcpy(name.bytes, mac, sizeof(name.bytes));
    name.bytes[NAME_BYTES - 1] |= 1; /* never all zeros */
    return name;
}

static bool is_free(const Name *slot) { return slot->bytes[NAME_BYTES - 1] == 0; }

/* Where it stands, or would. */
static Name *place_of(Name *slots, size_t slot_count, const Name *name)
{
    uint64_t at = 0;
    memcpy(&at, name->bytes, sizeof(at));
    for (;; at++) {
        Name *slot = &slots[at & (slot_count - 1)];
        if (is_free(slot)) return slot;
        if (span_equal(SPAN_OF(slot->bytes), SPAN_OF(name->bytes))) return slot;
    }
}

static Status grow(PayerBook *b)
{
    const size_t slot_count = 2 * b->slot_count;
    Name *slots = calloc(slot_count, sizeof(Name));
    CHECK(slots != NULL, FAULT_MEMORY);
    for (size_t i = 0; i < b->slot_count; i++) {
        const Name *name = &b->slots[i];
        if (!is_free(name)) *place_of(slots, slot_count, name) = *name;
    }
    free(b->slots);
    b->slots = slots;
    b->slot_count = slot_count;
    return OK;
}

Status payer_book_add(PayerBook *book, Span payer)
{
    CLEANUP(unlock) PayerBook *b = book;
    pthread_mutex_lock(&b->lock);
    const Name name = name_of(b, payer);
    if (b->count * 10 >= b->slot_count * FULL_TENTHS) TRY(grow(b));
    Name *slot = place_of(b->slots, b->slot_count, &name);
    b->count += is_free(slot);
    *slot = name;
    return OK;
}

bool payer_book_has(PayerBook *book, Span payer)
{
    CLEANUP(unlock) PayerBook *b = book;
    pthread_mutex_lock(&b->lock);
    const Name name = name_of(b, payer);
    return !is_free(place_of(b->slots, b->slot_count, &name));
}

size_t payer_book_count(PayerBook *book)
{
    CLEANUP(unlock) PayerBook *b = book;
    pthread_mutex_lock(&b->lock);
    return b->count;
}

/* --- what the database names --- */

static Status take_payer(void *context, const Value *values, size_t count)
{
    ASSERT(count == 1);
    return payer_book_add(context, values[0].bytes);
}

static Status read_all(void *context, Store *store)
{
    return store_query(store, "SELECT payer FROM payer_login", NULL, 0, take_payer, context);
}

Status payer_book_load(PayerBook *book, Batcher *batcher)
{
    return batcher_between(batcher, read_all, book);
}
