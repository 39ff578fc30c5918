/* Keyed digests are the published ones, and differ for every other key (TP-10). */
#include "crypto/mac.h"

#include "crypto/vector_test.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* RFC 4231 sections 4.2, 4.3 and 4.7 (a key longer than a block). */
static void rfc_4231(void)
{
    uint8_t m[64];
    uint8_t key[131];
    memset(key, 0x0B, 20);
    mac_once(MAC_HMAC_SHA256, (Span) { key, 20 }, SPAN("Hi There"), m);
    EXPECT(vector_is("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", m, 32));
    mac_once(MAC_HMAC_SHA512, (Span) { key, 20 }, SPAN("Hi There"), m);
    EXPECT(vector_is("87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
                     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            m, 64));
    mac_once(MAC_HMAC_SHA256, SPAN("Jefe"), SPAN("what do ya want for nothing?"), m);
    EXPECT(vector_is("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", m, 32));
    memset(key, 0xAA, sizeof(key));
    const Span long_text = SPAN("Test Using Larger Than Block-Size Key - Hash Key First");
    mac_once(MAC_HMAC_SHA256, SPAN_OF(key), long_text, m);
    EXPECT(vector_is("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", m, 32));
    mac_once(MAC_HMAC_SHA512, SPAN_OF(key), long_text, m);
    EXPECT(vector_is("80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
                     "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            m, 64));
}

/* HMAC-SM3 has no RFC: libcrypto is the other opinion, for keys shorter, equal and longer than a
 * block. */
static void sm3_equals_libcrypto(void)
{
    uint8_t key[100], text[300], ours[32], theirs[EVP_MAX_MD_SIZE];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(3 * i), key[i % sizeof(key)] = (uint8_t)(i + 5);
    for (size_t key_size = 1; key_size <= sizeof(key); key_size++) {
        unsigned size = 0;
        EXPECT(HMAC(EVP_sm3(), key, (int)key_size, text, key_size * 3, theirs, &size) != NULL);
        mac_once(MAC_HMAC_SM3, (Span) { key, key_size }, (Span) { text, key_size * 3 }, ours);
        EXPECT(size == 32 && bytes_equal_ct(ours, theirs, 32));
    }
}

static void a_key_serves_many_times(void)
{
    CLEANUP(mac_key_wipe) MacKey key;
    mac_key_init(&key, MAC_HMAC_SHA256, SPAN("Jefe"));
    const Span parts[] = { SPAN("what do ya "), { 0 }, SPAN("want for nothing?") };
    for (int i = 0; i < 3; i++) {
        uint8_t m[32];
        mac_make(&key, parts, 3, m);
        EXPECT(vector_is(
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", m, 32));
    }
}

/* Many at once are what they are one by one, of any size and in any company. */
static void test_many_are_as_one(void)
{
    enum { MANY = 37 };
    static uint8_t bytes[MANY][1100];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i / 1100][i % 1100] = (uint8_t)(i * 31 + i / 251);
    static const MacAlgorithm algorithms[] = { MAC_HMAC_SHA256, MAC_HMAC_SM3 };
    for (size_t a = 0; a < 2; a++) {
        MacKey key;
        mac_key_init(&key, algorithms[a], SPAN("a key"));
        for (size_t step = 0; step < 60; step++) {
            Span messages[MANY][2];
            uint8_t macs[MANY][32];
            for (size_t i = 0; i < MANY; i++) {
                const size_t size = step < 40 ? (step * 7 + i) % 300 : (step * 53 + i * 97) % 1100;
                messages[i][0] = (Span) { bytes[i], size / 3 };
                messages[i][1] = (Span) { bytes[i] + size / 3, size - size / 3 };
            }
            mac_make_many(&key, messages[0], 2, MANY - step % 9, macs);
            for (size_t i = 0; i < MANY - step % 9; i++) {
                uint8_t one[32];
                mac_make(&key, messages[i], 2, one);
                EXPECT(span_equal(SPAN_OF(one), SPAN_OF(macs[i])));
            }
        }
    }
}

TESTS(TEST(test_many_are_as_one), TEST(rfc_4231), TEST(sm3_equals_libcrypto),
        TEST(a_key_serves_many_times))
