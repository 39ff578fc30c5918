#include "keys/shares.h"

#include "base/encoding.h"
#include "crypto/digest.h"

#define TEXT_BEGIN "HUFU-SHARE"

enum {
    SHARE_VERSION = 1,
    CHECK_BYTES = 8,
    GROUP_DIGITS = 4,
    GROUPS_A_LINE = 10,
    FIELD_POLYNOMIAL = 0x1B, /* x^8 = x^4 + x^3 + x + 1 */
};

void share_wipe(Share *share) { bytes_wipe(share, sizeof(*share)); }
void share_basket_wipe(ShareBasket *basket) { bytes_wipe(basket, sizeof(*basket)); }

/* --- GF(2^8), without a table and without a branch on a value --- */

static uint8_t multiply(uint8_t a, uint8_t b)
{
    uint8_t product = 0;
    for (int bit = 0; bit < 8; bit++) {
        product ^= (uint8_t)(a & (0 - (b >> bit & 1)));
        a = (uint8_t)((a << 1) ^ (FIELD_POLYNOMIAL & (0 - (a >> 7 & 1))));
    }
    return product;
}

/* a^254: the inverse, and zero for zero. */
static uint8_t invert(uint8_t a)
{
    uint8_t result = 1;
    uint8_t power = a;
    for (int bit = 1; bit < 8; bit++) {
        power = multiply(power, power);
        result = multiply(result, power);
    }
    return result;
}

/* --- splitting --- */

static uint8_t value_at(uint8_t number, const uint8_t *coefficients, uint8_t count)
{
    uint8_t value = 0;
    for (uint8_t i = count; i-- > 0;)
        value = multiply(value, number) ^ coefficients[i];
    return value;
}

static void commit(const Share *share, uint8_t ret_commitment[32])
{
    const uint8_t head[4] = { SHARE_VERSION, share->needed, share->count, share->number };
    const Span parts[] = { SPAN("hufu share"), SPAN_OF(head), SPAN_OF(share->set),
        SPAN_OF(share->values) };
    digest_parts(DIGEST_SHA256, parts, 4, ret_commitment);
}

static Status fill_values(
        const Secret *root, const Random *random, uint8_t needed, uint8_t count, Share *shares)
{
    uint8_t coefficients[SHARES_MAX];
    for (size_t i = 0; i < SHARE_VALUE_BYTES; i++) {
        const Status s = random_fill(random, coefficients + 1, (size_t)needed - 1);
        coefficients[0] = root->bytes[i];
        for (uint8_t n = 0; n < count; n++)
            shares[n].values[i] = value_at((uint8_t)(n + 1), coefficients, needed);
        bytes_wipe(coefficients, sizeof(coefficients));
        TRY(s);
    }
    return OK;
}

Status shares_split(const Secret *root, uint8_t needed, uint8_t count, const Random *random,
        Share *ret_shares, ShareSet *ret_set)
{
    ASSERT(root->size == SHARE_VALUE_BYTES);
    REQUIRE(needed >= SHARES_NEEDED_MIN && needed <= count && count <= SHARES_MAX,
            REFUSED_SHARES_NUMBER);
    ShareSet set = { .needed = needed, .count = count };
    TRY(random_fill(random, set.set, sizeof(set.set)));
    for (uint8_t n = 0; n < count; n++) {
        ret_shares[n] = (Share) { .needed = needed, .count = count, .number = (uint8_t)(n + 1) };
        memcpy(ret_shares[n].set, set.set, sizeof(set.set));
    }
    TRY(fill_values(root, random, needed, count, ret_shares));
    for (uint8_t n = 0; n < count; n++)
        commit(&ret_shares[n], set.commitments[n]);
    *ret_set = set;
    return OK;
}

/* --- text --- */

static Status put_bytes(const Share *share, Buffer *b)
{
    const size_t start = b->size;
    TRY(buffer_put_u8(b, SHARE_VERSION));
    TRY(buffer_put_u8(b, share->needed));
    TRY(buffer_put_u8(b, share->count));
    TRY(buffer_put_u8(b, share->number));
    TRY(buffer_put(b, SPAN_OF(share->set)));
    TRY(buffer_put(b, SPAN_OF(share->values)));
    uint8_t digest[DIGEST_SHA256_BYTES];
    const Span parts[] = { SPAN("hufu share check"), { b->data + start, b->size - start } };
    digest_parts(DIGEST_SHA256, parts, 2, digest);
    return buffer_put(b, (Span) { digest, CHECK_BYTES });
}

/* A digit, without a table or branch that the secret steers. */
static uint8_t digit_of(uint8_t nibble)
{
    const uint8_t above_nine = (uint8_t)((9 - (int)nibble) >> 8 & 1);
    return (uint8_t)('0' + nibble + above_nine * ('A' - '0' - 10));
}

Status share_put_text(const Share *share, Buffer *ret_text)
{
    uint8_t memory[SHARE_BYTES];
    Buffer bytes = BUFFER_OF(memory);
    const size_t before = ret_text->size;
    TRY(put_bytes(share, &bytes));
    Status s = buffer_put(ret_text, SPAN(TEXT_BEGIN));
    for (size_t i = 0; status_ok(s) && i < 2 * (size_t)SHARE_BYTES; i++) {
        const size_t group = i / GROUP_DIGITS;
        if (i % GROUP_DIGITS == 0)
            s = buffer_put_u8(ret_text, group % GROUPS_A_LINE == 0 ? '\n' : ' ');
        const uint8_t nibble = memory[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
        if (status_ok(s)) s = buffer_put_u8(ret_text, digit_of(nibble));
    }
    if (status_ok(s)) s = buffer_put_u8(ret_text, '\n');
    bytes_wipe(memory, sizeof(memory));
    if (!status_ok(s)) ret_text->size = before;
    return s;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '-';
}

/* The value of a digit in constant time; 255 for anything else. */
static uint8_t value_of(uint8_t c)
{
    const int lower = c | 0x20;
    const int is_digit = ((('0' - 1 - (int)c) & ((int)c - '9' - 1)) >> 8) & 1;
    const int is_letter = ((('a' - 1 - lower) & (lower - 'f' - 1)) >> 8) & 1;
    return (uint8_t)(((0 - is_digit) & ((int)c - '0')) | ((0 - is_letter) & (lower - 'a' + 10))
            | ((is_digit + is_letter - 1) & 255));
}

static Status read_digits(Cursor *c, uint8_t ret_bytes[SHARE_BYTES])
{
    size_t digits = 0;
    while (c->rest.size > 0) {
        uint8_t character = 0;
        TRY(cursor_u8(c, &character));
        if (is_space(character)) continue;
        const uint8_t value = value_of(character);
        REQUIRE(value < 16 && digits < 2 * (size_t)SHARE_BYTES, REFUSED_SHARE_FORMAT);
        ret_bytes[digits / 2] = (uint8_t)(ret_bytes[digits / 2] << 4 | value);
        digits++;
    }
    REQUIRE(digits == 2 * (size_t)SHARE_BYTES, REFUSED_SHARE_FORMAT);
    return OK;
}

static Status parse_bytes(Span bytes, Share *ret_share)
{
    Cursor c = cursor_of(bytes);
    Share share = { 0 };
    uint8_t version = 0;
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &share.needed));
    TRY(cursor_u8(&c, &share.count));
    TRY(cursor_u8(&c, &share.number));
    TRY(cursor_copy(&c, SHARE_SET_ID_BYTES, share.set));
    TRY(cursor_copy(&c, SHARE_VALUE_BYTES, share.values));
    uint8_t memory[SHARE_BYTES];
    Buffer again = BUFFER_OF(memory);
    Status s = put_bytes(&share, &again);
    const bool whole = status_ok(s) && bytes_equal_ct(memory, bytes.data, SHARE_BYTES);
    bytes_wipe(memory, sizeof(memory));
    if (!whole) s = REFUSE(REFUSED_SHARE_DAMAGED);
    const bool fits = version == SHARE_VERSION && share.needed >= SHARES_NEEDED_MIN
            && share.needed <= share.count && share.count <= SHARES_MAX && share.number >= 1
            && share.number <= share.count;
    if (status_ok(s) && !fits) s = REFUSE(REFUSED_SHARE_FORMAT);
    if (status_ok(s)) *ret_share = share;
    share_wipe(&share);
    return s;
}

Status share_parse_text(Span text, Share *ret_share)
{
    uint8_t memory[SHARE_BYTES] = { 0 };
    Cursor c = cursor_of(text);
    Span begin;
    REQUIRE(text.size <= SHARE_TEXT_BYTES_MAX, REFUSED_SHARE_FORMAT);
    while (c.rest.size > 0 && is_space(c.rest.data[0]))
        TRY(cursor_take(&c, 1, &begin));
    const bool is_ours = status_ok(cursor_take(&c, sizeof(TEXT_BEGIN) - 1, &begin))
            && span_equal(begin, SPAN(TEXT_BEGIN));
    REQUIRE(is_ours, REFUSED_SHARE_FORMAT);
    Status s = read_digits(&c, memory);
    if (status_ok(s)) s = parse_bytes(SPAN_OF(memory), ret_share);
    bytes_wipe(memory, sizeof(memory));
    return s;
}

/* --- the set --- */

Status share_set_put(const ShareSet *set, Buffer *ret_bytes)
{
    TRY(buffer_put_u8(ret_bytes, SHARE_VERSION));
    TRY(buffer_put_u8(ret_bytes, set->needed));
    TRY(buffer_put_u8(ret_bytes, set->count));
    TRY(buffer_put(ret_bytes, SPAN_OF(set->set)));
    return buffer_put(ret_bytes, (Span) { set->commitments[0], (size_t)32 * set->count });
}

static Status take_set(Span bytes, ShareSet *ret)
{
    Cursor c = cursor_of(bytes);
    uint8_t version = 0;
    TRY(cursor_u8(&c, &version));
    TRY(cursor_u8(&c, &ret->needed));
    TRY(cursor_u8(&c, &ret->count));
    TRY(cursor_copy(&c, SHARE_SET_ID_BYTES, ret->set));
    const bool fits = version == SHARE_VERSION && ret->needed >= SHARES_NEEDED_MIN
            && ret->needed <= ret->count && ret->count <= SHARES_MAX;
    REQUIRE(fits, REFUSED_SHARE_FORMAT);
    TRY(cursor_copy(&c, (size_t)32 * ret->count, ret->commitments));
    return cursor_end(&c);
}

Status share_set_parse(Span bytes, ShareSet *ret_set)
{
    ShareSet set = { 0 };
    REQUIRE(status_ok(take_set(bytes, &set)), REFUSED_SHARE_FORMAT);
    *ret_set = set;
    return OK;
}

/* --- bringing it back --- */

void share_basket_begin(const ShareSet *set, ShareBasket *ret_basket)
{
    *ret_basket = (ShareBasket) { .set = *set };
}

Status share_basket_add(ShareBasket *basket, const Share *share)
{
    const ShareSet *set = &basket->set;
    const bool is_of_set = bytes_equal_ct(share->set, set->set, SHARE_SET_ID_BYTES)
            && share->needed == set->needed && share->count == set->count;
    REQUIRE(is_of_set, REFUSED_SHARE_FOREIGN);
    uint8_t commitment[32];
    commit(share, commitment);
    REQUIRE(bytes_equal_ct(commitment, set->commitments[share->number - 1], 32),
            REFUSED_SHARE_FORGED);
    for (uint8_t i = 0; i < basket->held; i++)
        REQUIRE(basket->shares[i].number != share->number, REFUSED_SHARE_DUPLICATE);
    basket->shares[basket->held++] = *share;
    return OK;
}

/* Lagrange at zero: the factor of share i is the product of x_j / (x_j - x_i); minus is xor. */
static uint8_t factor(const ShareBasket *basket, uint8_t i)
{
    uint8_t product = 1;
    for (uint8_t j = 0; j < basket->set.needed; j++) {
        if (j == i) continue;
        const uint8_t x = basket->shares[j].number;
        const uint8_t difference = (uint8_t)(x ^ basket->shares[i].number);
        product = multiply(product, multiply(x, invert(difference)));
    }
    return product;
}

Status share_basket_root(const ShareBasket *basket, Secret *ret_root)
{
    REQUIRE(basket->held >= basket->set.needed, REFUSED_SHARES_MISSING);
    CLEANUP(secret_wipe) Secret root = { .size = SHARE_VALUE_BYTES };
    for (uint8_t i = 0; i < basket->set.needed; i++) {
        const uint8_t f = factor(basket, i);
        for (size_t byte = 0; byte < SHARE_VALUE_BYTES; byte++)
            root.bytes[byte] ^= multiply(f, basket->shares[i].values[byte]);
    }
    *ret_root = root;
    return OK;
}
