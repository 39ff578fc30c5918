/* Goal: any k of n custodians bring the root back; fewer learn nothing; every wrong share is named
 * (PCI DSS 3.6.1.2, TP-10). Method: every subset; every single-character mistake; for k - 1 shares
 * every value of the missing byte is shown to fit exactly one polynomial (so all are equally
 * likely), and the counts of share bytes are compared with a fair die. */
#include "base/expect.h"
#include "keys/shares.h"

typedef struct Split {
    Secret root;
    Share shares[SHARES_MAX];
    ShareSet set;
} Split;

static Status split(uint8_t needed, uint8_t count, Split *ret)
{
    const Random random = random_system();
    *ret = (Split) { .root.size = 32 };
    TRY(random_fill(&random, ret->root.bytes, 32));
    return shares_split(&ret->root, needed, count, &random, ret->shares, &ret->set);
}

static Status combine(const Split *s, uint32_t subset, Secret *ret_root)
{
    ShareBasket basket;
    share_basket_begin(&s->set, &basket);
    for (uint8_t i = 0; i < s->set.count; i++)
        if ((subset >> i & 1) != 0) TRY(share_basket_add(&basket, &s->shares[i]));
    return share_basket_root(&basket, ret_root);
}

static int bits(uint32_t v)
{
    int count = 0;
    for (; v != 0; v &= v - 1)
        count++;
    return count;
}

static void test_every_subset(void)
{
    static const uint8_t shapes[][2] = { { 2, 2 }, { 2, 3 }, { 3, 5 }, { 5, 5 }, { 4, 7 } };
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        Split s;
        EXPECT_OK(split(shapes[i][0], shapes[i][1], &s));
        for (uint32_t subset = 0; subset < 1u << shapes[i][1]; subset++) {
            Secret root = { 0 };
            const Status back = combine(&s, subset, &root);
            if (bits(subset) < shapes[i][0]) {
                EXPECT_REFUSED(back, REFUSED_SHARES_MISSING);
                EXPECT(root.size == 0);
                continue;
            }
            EXPECT_OK(back);
            EXPECT(root.size == 32 && bytes_equal_ct(root.bytes, s.root.bytes, 32));
        }
    }
    Split s;
    EXPECT_OK(split(16, 16, &s));
    Secret root = { 0 };
    EXPECT_OK(combine(&s, 0xFFFF, &root));
    EXPECT(bytes_equal_ct(root.bytes, s.root.bytes, 32));
    EXPECT_REFUSED(split(1, 3, &s), REFUSED_SHARES_NUMBER);
    EXPECT_REFUSED(split(4, 3, &s), REFUSED_SHARES_NUMBER);
    EXPECT_REFUSED(split(2, 17, &s), REFUSED_SHARES_NUMBER);
}

static void test_text_and_mistakes(void)
{
    Split s;
    EXPECT_OK(split(2, 3, &s));
    uint8_t memory[SHARE_TEXT_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    Share back;
    EXPECT_OK(share_put_text(&s.shares[1], &text));
    EXPECT_OK(share_parse_text(span_of_buffer(&text), &back));
    EXPECT(bytes_equal_ct(&back, &s.shares[1], sizeof(back)));
    for (size_t i = 0; i < text.size; i++) { /* each digit mistyped, each character lost */
        const uint8_t was = memory[i];
        if (was != ' ' && was != '\n') {
            memory[i] = was == '7' ? '1' : '7';
            const Status wrong = share_parse_text(span_of_buffer(&text), &back);
            EXPECT_REFUSED(wrong, i < 10 ? REFUSED_SHARE_FORMAT : REFUSED_SHARE_DAMAGED);
            memory[i] = 'G';
            EXPECT_REFUSED(share_parse_text(span_of_buffer(&text), &back), REFUSED_SHARE_FORMAT);
            memory[i] = was;
        }
        if (i > 10 && was >= 'A') {
            memory[i] = (uint8_t)(was | 0x20); /* case does not matter */
            EXPECT_OK(share_parse_text(span_of_buffer(&text), &back));
        }
        EXPECT(i + 2 > text.size || !status_ok(share_parse_text((Span) { memory, i }, &back)));
    }
    uint8_t large[SHARE_TEXT_BYTES_MAX + 1];
    memset(large, ' ', sizeof(large));
    EXPECT_REFUSED(share_parse_text(SPAN_OF(large), &back), REFUSED_SHARE_FORMAT);
}

static void test_wrong_shares_are_named(void)
{
    Split ours;
    Split theirs;
    EXPECT_OK(split(2, 3, &ours));
    EXPECT_OK(split(2, 3, &theirs));
    ShareBasket basket;
    share_basket_begin(&ours.set, &basket);
    EXPECT_OK(share_basket_add(&basket, &ours.shares[2]));
    EXPECT_REFUSED(share_basket_add(&basket, &ours.shares[2]), REFUSED_SHARE_DUPLICATE);
    EXPECT_REFUSED(share_basket_add(&basket, &theirs.shares[0]), REFUSED_SHARE_FOREIGN);
    Share forged = ours.shares[0];
    forged.values[31] ^= 1;
    EXPECT_REFUSED(share_basket_add(&basket, &forged), REFUSED_SHARE_FORGED);
    forged = ours.shares[2];
    forged.number = 1; /* the same share under another number */
    EXPECT_REFUSED(share_basket_add(&basket, &forged), REFUSED_SHARE_FORGED);
    Secret root = { 0 };
    EXPECT_REFUSED(share_basket_root(&basket, &root), REFUSED_SHARES_MISSING);
    EXPECT_OK(share_basket_add(&basket, &ours.shares[1]));
    EXPECT_OK(share_basket_root(&basket, &root));
    EXPECT(bytes_equal_ct(root.bytes, ours.root.bytes, 32));

    uint8_t memory[SHARE_SET_BYTES_MAX];
    Buffer b = BUFFER_OF(memory);
    ShareSet set;
    EXPECT_OK(share_set_put(&ours.set, &b));
    EXPECT_OK(share_set_parse(span_of_buffer(&b), &set));
    for (size_t i = 0; i < b.size; i++)
        EXPECT_REFUSED(share_set_parse((Span) { memory, i }, &set), REFUSED_SHARE_FORMAT);
}

/* A source of chosen coefficients. */
typedef struct Chosen {
    uint8_t coefficient;
} Chosen;

static Status chosen_fill(void *context, uint8_t *ret_bytes, size_t size)
{
    memset(ret_bytes, ((Chosen *)context)->coefficient, size);
    return OK;
}

/* 2 of 3, over all 256 secrets and all 256 coefficients: whoever holds one share has seen each of
 * its values exactly once for every secret. So the share says nothing about the secret. */
static void test_one_share_says_nothing(void)
{
    static uint8_t seen[3][256][256]; /* share number, its value, secret: how often */
    memset(seen, 0, sizeof(seen));
    for (int secret = 0; secret < 256; secret++) {
        for (int coefficient = 0; coefficient < 256; coefficient++) {
            Chosen chosen = { (uint8_t)coefficient };
            const Random random = { chosen_fill, &chosen };
            Secret root = { .size = 32 };
            Share shares[3];
            ShareSet set;
            memset(root.bytes, secret, 32);
            EXPECT_OK(shares_split(&root, 2, 3, &random, shares, &set));
            for (int n = 0; n < 3; n++)
                seen[n][shares[n].values[0]][secret]++;
        }
    }
    for (int n = 0; n < 3; n++)
        for (int value = 0; value < 256; value++)
            for (int secret = 0; secret < 256; secret++)
                EXPECT(seen[n][value][secret] == 1);
}

/* 3 of 5 with real randomness and one fixed root: the bytes of two shares, and their exclusive or,
 * are spread like a fair die of 256 sides. Chi-square with 255 degrees of freedom is over 400 less
 * often than once in 10^7. */
static void test_shares_look_random(void)
{
    enum { ROUNDS = 4000 };
    static uint32_t counts[3][256];
    memset(counts, 0, sizeof(counts));
    const Random random = random_system();
    const Secret root = { .size = 32 }; /* zeros */
    for (int i = 0; i < ROUNDS; i++) {
        Share shares[5];
        ShareSet set;
        EXPECT_OK(shares_split(&root, 3, 5, &random, shares, &set));
        for (size_t byte = 0; byte < 32; byte++) {
            counts[0][shares[0].values[byte]]++;
            counts[1][shares[4].values[byte]]++;
            counts[2][shares[0].values[byte] ^ shares[4].values[byte]]++;
        }
    }
    for (int c = 0; c < 3; c++) {
        const double expected = ROUNDS * 32 / 256.0;
        double chi = 0;
        for (int v = 0; v < 256; v++)
            chi += (counts[c][v] - expected) * (counts[c][v] - expected) / expected;
        EXPECT(chi < 400);
    }
}

TESTS(TEST(test_every_subset), TEST(test_text_and_mistakes), TEST(test_wrong_shares_are_named),
        TEST(test_one_share_says_nothing), TEST(test_shares_look_random))
