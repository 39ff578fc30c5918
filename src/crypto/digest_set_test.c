#include "crypto/digest_set.h"

#include "base/seams.h"
#include "crypto/vector_test.h"

static MacKey test_key(void)
{
    MacKey key;
    mac_key_init(&key, MAC_HMAC_SHA512, SPAN("a key of this test"));
    return key;
}

static void order_does_not_matter(void)
{
    const MacKey key = test_key();
    DigestSet a = { 0 }, b = { 0 };
    digest_set_add(&a, &key, SPAN("one"));
    digest_set_add(&a, &key, SPAN("two"));
    digest_set_add(&b, &key, SPAN("two"));
    EXPECT(!digest_set_equal(&a, &b));
    digest_set_add(&b, &key, SPAN("one"));
    EXPECT(digest_set_equal(&a, &b));
}

static void subtraction_undoes_addition_to_the_last_bit(void)
{
    const MacKey key = test_key();
    DigestSet set = { 0 };
    const DigestSet empty = { 0 };
    for (uint32_t i = 0; i < 1000; i++)
        digest_set_add(&set, &key, (Span) { (const uint8_t *)&i, 4 });
    for (uint32_t i = 1000; i > 0; i--) {
        EXPECT(!digest_set_equal(&set, &empty));
        const uint32_t row = i - 1;
        digest_set_subtract(&set, &key, (Span) { (const uint8_t *)&row, 4 });
    }
    EXPECT(digest_set_equal(&set, &empty));
}

/* The attacks of the row seal: twice the same, one swapped for another, another key. */
static void other_sets_differ(void)
{
    const MacKey key = test_key();
    MacKey other_key;
    mac_key_init(&other_key, MAC_HMAC_SHA512, SPAN("another key"));
    DigestSet set = { 0 }, doubled = { 0 }, swapped = { 0 }, keyed = { 0 };
    digest_set_add(&set, &key, SPAN("row"));
    digest_set_add(&doubled, &key, SPAN("row"));
    digest_set_add(&doubled, &key, SPAN("row"));
    digest_set_add(&swapped, &key, SPAN("rov"));
    digest_set_add(&keyed, &other_key, SPAN("row"));
    EXPECT(!digest_set_equal(&set, &doubled));
    EXPECT(!digest_set_equal(&set, &swapped));
    EXPECT(!digest_set_equal(&set, &keyed));
    digest_set_subtract(&doubled, &key, SPAN("row"));
    EXPECT(digest_set_equal(&set, &doubled));
}

static void partial_sums_merge(void)
{
    const MacKey key = test_key();
    DigestSet whole = { 0 }, left = { 0 }, right = { 0 };
    for (uint32_t i = 0; i < 100; i++) {
        const Span row = { (const uint8_t *)&i, 4 };
        digest_set_add(&whole, &key, row);
        digest_set_add(i % 3 == 0 ? &left : &right, &key, row);
    }
    digest_set_merge(&left, &right);
    EXPECT(digest_set_equal(&whole, &left));
}

static void bytes_come_back(void)
{
    const MacKey key = test_key();
    DigestSet set = { 0 }, back = { 0 };
    digest_set_add(&set, &key, SPAN("row"));
    digest_set_subtract(&set, &key, SPAN("never added")); /* count wraps: it shows */
    uint8_t bytes[DIGEST_SET_BYTES];
    Buffer b = BUFFER_OF(bytes);
    EXPECT_OK(digest_set_put(&set, &b));
    EXPECT(b.size == DIGEST_SET_BYTES);
    Cursor c = cursor_of(span_of_buffer(&b));
    EXPECT_OK(digest_set_take(&c, &back));
    EXPECT(digest_set_equal(&set, &back));
    EXPECT_OK(cursor_end(&c));
    Cursor cut = cursor_of((Span) { bytes, DIGEST_SET_BYTES - 1 });
    EXPECT_REFUSED(digest_set_take(&cut, &back), REFUSED_BYTES_TRUNCATED);
    EXPECT_REFUSED(digest_set_put(&set, &b), REFUSED_BUFFER_FULL);
}

TESTS(TEST(order_does_not_matter), TEST(subtraction_undoes_addition_to_the_last_bit),
        TEST(other_sets_differ), TEST(partial_sums_merge), TEST(bytes_come_back))
