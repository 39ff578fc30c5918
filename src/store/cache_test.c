/*
 * Goal: both caches are doors: what the specification lets nobody cache is refused, in every form,
 * outside the domain and inside (TP-5 to TP-9); an entry ends, and its bytes are gone. Method:
 * every class in every form in both zones against a table written from the articles; a clock, an
 * amended policy, a full set.
 */
#include "store/cache.h"

#include "base/expect.h"
#include "policy/amend.h"

#include <stdio.h>
#include <stdlib.h>

static const int64_t minute_us = INT64_C(60) * 1000000;
static int64_t now_us = INT64_C(1800000000) * 1000000;
static int64_t now_of(void *context) { return now_us + 0 * (context != NULL); }

static Cache *open_cache(CacheZone zone, size_t sets)
{
    Cache *cache = NULL;
    const CacheConfig config = { zone, sets, minute_us, { now_of, NULL }, random_system() };
    ASSERT(status_ok(cache_new(&config, &cache)));
    return cache;
}

/* The sentences on CKV of TP-5 to TP-9: what may lie inside, and outside. h hash, e encrypt, m
 * mask, t token, s seal, c clear. */
static const struct {
    DataClass class;
    const char *inside, *outside;
} rows[] = {
    { CLASS_PUBLIC, "c", "c" },
    { CLASS_FINANCIAL, "c", "c" },
    { CLASS_IDENTITY, "ct", "ct" },
    { CLASS_FREE_TEXT, "c", "c" },
    { CLASS_KEY_PUBLIC, "c", "c" },
    { CLASS_BINDING, "ct", "ct" }, /* TP-9(2): no special demand on the relation */
    { CLASS_PIN, "h", "" }, /* TP-6(2): the one-way digest inside, nothing outside */
    { CLASS_SIGNING_KEY, "e", "" }, /* TP-7(2): ciphertext inside, nothing outside */
    { CLASS_PASSWORD, "h", "" },
    { CLASS_CARD, "ehmt", "mt" }, /* TP-8(2): ciphertext inside, masked outside */
    { CLASS_CARD_EXPIRY, "", "" }, /* TP-5(2): not in a CKV */
    { CLASS_PROHIBITED, "", "" },
    { CLASS_ONE_TIME_CODE, "h", "" },
    { CLASS_BIOMETRIC, "", "" },
    { CLASS_IDENTITY_NUMBER, "ehmt", "mt" },
    { CLASS_PHONE, "ehmt", "mt" },
    { CLASS_NAME, "ehmt", "mt" },
    { CLASS_EMAIL, "ehmt", "mt" },
    { CLASS_ADDRESS, "ehmt", "mt" },
    { CLASS_BANK_ACCOUNT, "ehmt", "mt" },
    { CLASS_SECOND_FACTOR, "", "" },
};

static void test_every_class_and_form_in_both_zones(void)
{
    static const char letters[] = ".hemtsc";
    EXPECT(sizeof(rows) / sizeof(rows[0]) == DATA_CLASS_COUNT);
    for (int zone = 0; zone < 2; zone++) {
        CLEANUP(cache_free) Cache *cache = open_cache(zone ? CACHE_OUTSIDE : CACHE_INSIDE, 8);
        for (size_t i = 0; i < DATA_CLASS_COUNT; i++) {
            const char *may = zone ? rows[i].outside : rows[i].inside;
            EXPECT(rows[i].class == data_class_at(i)->class);
            for (int form = FORM_REFUSE; form < POLICY_FORM_COUNT; form++) {
                uint8_t memory[8];
                Buffer value = BUFFER_OF(memory);
                const bool wanted = form != FORM_REFUSE && strchr(may, letters[form]) != NULL;
                const Status s = cache_put(
                        cache, rows[i].class, (PolicyForm)form, SPAN("key"), SPAN("value"));
                if (status_ok(s) != wanted)
                    fprintf(stderr, "  %s as %c, zone %d\n", data_class_name(rows[i].class),
                            letters[form], zone);
                EXPECT(status_ok(s) == wanted);
                EXPECT(cache_get(cache, SPAN("key"), &value) == wanted);
                cache_clear(cache);
            }
        }
        EXPECT_REFUSED(cache_put(cache, (DataClass)999, FORM_CLEAR, SPAN("key"), SPAN("value")),
                REFUSED_POLICY_UNKNOWN);
    }
}

/* TP-5, TP-8: a number does not come in as a mask or as text, in whatever spelling. */
static void test_what_calls_itself_a_mask(void)
{
    CLEANUP(cache_free) Cache *cache = open_cache(CACHE_OUTSIDE, 8);
    static const char *const numbers[] = { "4111111111111111", "4111 1111 1111 1111",
        "%34111111111111111", "NDExMTExMTExMTExMTExMQ==" };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const Span number = span_of_text(numbers[i]);
        EXPECT_REFUSED(cache_put(cache, CLASS_CARD, FORM_MASK, SPAN("k"), number),
                REFUSED_DATA_CARD_NUMBER);
        EXPECT_REFUSED(cache_put(cache, CLASS_FREE_TEXT, FORM_CLEAR, SPAN("k"), number),
                REFUSED_DATA_CARD_NUMBER);
    }
    EXPECT_REFUSED(cache_put(cache, CLASS_FREE_TEXT, FORM_CLEAR, SPAN("k"), SPAN("cvv2=123")),
            REFUSED_DATA_PROHIBITED);
    EXPECT_OK(cache_put(cache, CLASS_CARD, FORM_MASK, SPAN("k"), SPAN("**** **** **** 1111")));
}

static bool holds(Cache *cache, const char *key)
{
    uint8_t memory[CACHE_VALUE_BYTES_MAX];
    Buffer value = BUFFER_OF(memory);
    return cache_get(cache, span_of_text(key), &value)
            && span_equal(span_of_buffer(&value), SPAN("**** **** **** 1111"));
}

static Status put_mask(Cache *cache, const char *key)
{
    return cache_put(cache, CLASS_CARD, FORM_MASK, span_of_text(key), SPAN("**** **** **** 1111"));
}

static void test_an_entry_ends(void)
{
    CLEANUP(cache_free) Cache *cache = open_cache(CACHE_OUTSIDE, 8);
    EXPECT_OK(put_mask(cache, "a"));
    now_us += minute_us - 1;
    EXPECT(holds(cache, "a") && !holds(cache, "b") && !holds(cache, "aa"));
    now_us += 1;
    EXPECT(!holds(cache, "a"));
    now_us -= 1; /* it was wiped: no clock brings it back */
    EXPECT(!holds(cache, "a"));
    EXPECT_OK(put_mask(cache, "a"));
    now_us -= 2 * minute_us; /* a clock that went back lengthens no life */
    EXPECT(!holds(cache, "a"));
    EXPECT_OK(put_mask(cache, "a"));
    cache_forget(cache, SPAN("b"));
    EXPECT(holds(cache, "a"));
    cache_forget(cache, SPAN("a"));
    EXPECT(!holds(cache, "a"));
}

static void test_a_full_set_loses_its_oldest(void)
{
    CLEANUP(cache_free) Cache *cache = open_cache(CACHE_OUTSIDE, 1);
    static const char *const keys[] = { "0", "1", "2", "3", "4" };
    for (size_t i = 0; i < CACHE_WAYS + 1; i++) {
        EXPECT_OK(put_mask(cache, keys[i]));
        now_us++;
    }
    EXPECT(!holds(cache, "0"));
    for (size_t i = 1; i < CACHE_WAYS + 1; i++)
        EXPECT(holds(cache, keys[i]));
    EXPECT_OK(put_mask(cache, "2")); /* replaced in its own place */
    EXPECT(holds(cache, "1") && holds(cache, "3"));
}

/* What was put while it was allowed does not stay when two people forbid it. */
static void test_a_stricter_policy_counts_at_once(void)
{
    CLEANUP(cache_free) Cache *cache = open_cache(CACHE_OUTSIDE, 8);
    EXPECT_OK(put_mask(cache, "a"));
    PolicyBlob blob = { .version = 1, .count = 1 };
    blob.amendments[0] = (PolicyAmendment) { .kind = AMEND_RULE,
        .class = CLASS_CARD,
        .layer = LAYER_CACHE_OUTSIDE,
        .usual = FORM_TOKEN,
        .forms = FORM_BIT(FORM_TOKEN) };
    policy_adopt(policy_of_process(), &blob);
    EXPECT(!holds(cache, "a"));
    EXPECT_REFUSED(put_mask(cache, "a"), REFUSED_POLICY_FORM);
    blob.count = 0;
    policy_adopt(policy_of_process(), &blob);
    EXPECT(!holds(cache, "a")); /* wiped, not hidden */
}

static void test_sizes(void)
{
    CLEANUP(cache_free) Cache *cache = open_cache(CACHE_INSIDE, 8);
    static uint8_t bytes[CACHE_VALUE_BYTES_MAX + 1];
    const Span longest = { bytes, CACHE_VALUE_BYTES_MAX };
    const Span longer = { bytes, CACHE_VALUE_BYTES_MAX + 1 };
    const Span long_key = { bytes, CACHE_KEY_BYTES_MAX + 1 };
    uint8_t small[8];
    Buffer value = BUFFER_OF(small);
    EXPECT_OK(cache_put(cache, CLASS_CARD, FORM_ENCRYPT, SPAN("k"), longest));
    EXPECT(!cache_get(cache, SPAN("k"), &value) && value.size == 0);
    EXPECT_REFUSED(
            cache_put(cache, CLASS_CARD, FORM_ENCRYPT, SPAN("k"), longer), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(
            cache_put(cache, CLASS_CARD, FORM_ENCRYPT, long_key, longest), REFUSED_BUFFER_FULL);
    EXPECT_REFUSED(
            cache_put(cache, CLASS_CARD, FORM_ENCRYPT, SPAN(""), longest), REFUSED_BUFFER_FULL);
}

TESTS(TEST(test_every_class_and_form_in_both_zones), TEST(test_what_calls_itself_a_mask),
        TEST(test_an_entry_ends), TEST(test_a_full_set_loses_its_oldest),
        TEST(test_a_stricter_policy_counts_at_once), TEST(test_sizes))
