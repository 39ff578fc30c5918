#include "api/bill_form.h"

#include "base/encoding.h"
#include "base/time.h"
#include "crypto/mac.h"

enum { TOKEN_HEAD_BYTES = 10, TOKEN_MAC_BYTES = 16 };

/* --- query strings --- */

typedef struct Word {
    const char *text;
    int value;
} Word;

static const Word trade_types[] = { { "ALL", BILL_TRADE_ALL }, { "SUCCESS", BILL_TRADE_SUCCESS },
    { "REFUND", BILL_TRADE_REFUND }, { NULL, 0 } };
static const Word accounts[] = { { "BASIC", BILL_FUND_BASIC }, { "FEES", 0 }, { "OPERATION", 0 },
    { NULL, 0 } };
static const Word hashes[] = { { "SHA1", BILL_HASH_SHA1 }, { "SHA256", BILL_HASH_SHA256 },
    { "SM3", BILL_HASH_SM3 }, { NULL, 0 } };

static Status take_word(const Word *words, Span text, int *ret_value)
{
    for (; words->text != NULL; words++) {
        if (!span_equal(text, span_of_text(words->text))) continue;
        *ret_value = words->value;
        return OK;
    }
    return REFUSE(REFUSED_BILL_FIELD);
}

typedef struct Given {
    Span date;
    Span kind;
    Span tar;
    Span hash;
} Given;

static Status take_pair(Span pair, const char *kind_name, Given *given, const char **ret_field)
{
    const struct {
        const char *name;
        Span *place;
    } known[] = { { "bill_date", &given->date }, { kind_name, &given->kind },
        { "tar_type", &given->tar }, { "hash_type", &given->hash } };
    Cursor c = cursor_of(pair);
    Span name = { 0 };
    *ret_field = "query";
    REQUIRE(status_ok(cursor_until(&c, '=', &name)), REFUSED_BILL_FIELD);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!span_equal(name, span_of_text(known[i].name))) continue;
        *ret_field = known[i].name;
        REQUIRE(c.rest.size > 0 && known[i].place->size == 0, REFUSED_BILL_FIELD);
        *known[i].place = c.rest;
        return OK;
    }
    return REFUSE(REFUSED_BILL_FIELD);
}

static Status split(Span query, const char *kind_name, Given *given, const char **ret_field)
{
    Cursor c = cursor_of(query);
    Span pair = { 0 };
    while (status_ok(cursor_until(&c, '&', &pair)))
        TRY(take_pair(pair, kind_name, given, ret_field));
    return take_pair(c.rest, kind_name, given, ret_field);
}

static Status read_form(Span query, const char *kind_name, const Word *kinds, BillAsk *ret_ask,
        const char **ret_field)
{
    Given given = { 0 };
    int kind = kinds[0].value;
    int hash = BILL_HASH_SHA1;
    TRY(split(query, kind_name, &given, ret_field));
    *ret_field = "bill_date";
    REQUIRE(status_ok(time_parse_date(given.date, &ret_ask->day)), REFUSED_BILL_FIELD);
    *ret_field = kind_name;
    if (given.kind.size > 0) TRY(take_word(kinds, given.kind, &kind));
    REQUIRE(kind != 0, REFUSED_BILL_NONE);
    *ret_field = "hash_type";
    if (given.hash.size > 0) TRY(take_word(hashes, given.hash, &hash));
    *ret_field = "tar_type";
    REQUIRE(given.tar.size == 0 || span_equal(given.tar, SPAN("GZIP")), REFUSED_BILL_FIELD);
    ret_ask->gzip = given.tar.size > 0;
    ret_ask->kind = (BillKind)kind;
    ret_ask->hash = (BillHash)hash;
    return OK;
}

Status bill_form_trade(Span query, BillAsk *ret_ask, const char **ret_field)
{
    return read_form(query, "bill_type", trade_types, ret_ask, ret_field);
}

Status bill_form_fund(Span query, BillAsk *ret_ask, const char **ret_field)
{
    return read_form(query, "account_type", accounts, ret_ask, ret_field);
}

/* --- token --- */

static void authenticate(
        const House *house, const char *mchid, Span head, uint8_t ret_mac[TOKEN_MAC_BYTES])
{
    MacKey key;
    uint8_t mac[MAC_BYTES_MAX];
    const Span secret = SPAN_OF(house->challenge_key);
    const Span parts[] = { SPAN("hufu bill"), head, span_of_text(mchid) };
    mac_key_init(&key, MAC_HMAC_SHA256, secret);
    mac_make(&key, parts, 3, mac);
    mac_key_wipe(&key);
    memcpy(ret_mac, mac, TOKEN_MAC_BYTES);
}

void bill_token_make(const House *house, const char *mchid, const BillAsk *ask,
        char ret_token[BILL_TOKEN_HEX_BYTES + 1])
{
    uint8_t bytes[TOKEN_HEAD_BYTES + TOKEN_MAC_BYTES];
    Buffer token = BUFFER_OF(bytes);
    Buffer hex = { (uint8_t *)ret_token, 0, BILL_TOKEN_HEX_BYTES };
    const int64_t until_s = clock_now_us(&house->clock) / TIME_SECOND_US + BILL_TOKEN_LIFE_S;
    const Status s = buffer_put_u32(&token, (uint32_t)ask->day);
    ASSERT(status_ok(s) && status_ok(buffer_put_u8(&token, (uint8_t)ask->kind)));
    ASSERT(status_ok(buffer_put_u8(&token, ask->gzip ? 1 : 0)));
    ASSERT(status_ok(buffer_put_u32(&token, (uint32_t)until_s)));
    authenticate(house, mchid, span_of_buffer(&token), bytes + TOKEN_HEAD_BYTES);
    ASSERT(status_ok(hex_encode(SPAN_OF(bytes), &hex)));
    ret_token[BILL_TOKEN_HEX_BYTES] = 0;
}

static Status take_token(
        const House *house, const char *mchid, Span bytes, BillAsk *ret_ask, uint32_t *ret_until_s)
{
    uint8_t mac[TOKEN_MAC_BYTES];
    uint32_t day = 0;
    uint8_t kind = 0;
    uint8_t gzip = 0;
    REQUIRE(bytes.size == TOKEN_HEAD_BYTES + TOKEN_MAC_BYTES, REFUSED_BILL_TOKEN);
    authenticate(house, mchid, (Span) { bytes.data, TOKEN_HEAD_BYTES }, mac);
    REQUIRE(bytes_equal_ct(mac, bytes.data + TOKEN_HEAD_BYTES, sizeof(mac)), REFUSED_BILL_TOKEN);
    Cursor c = cursor_of(bytes);
    TRY(cursor_u32(&c, &day));
    TRY(cursor_u8(&c, &kind));
    TRY(cursor_u8(&c, &gzip));
    TRY(cursor_u32(&c, ret_until_s));
    *ret_ask = (BillAsk) {
        .day = (int32_t)day, .kind = (BillKind)kind, .gzip = gzip != 0, .hash = BILL_HASH_SHA1
    };
    return OK;
}

Status bill_token_check(const House *house, const char *mchid, Span query, BillAsk *ret_ask)
{
    uint8_t memory[TOKEN_HEAD_BYTES + TOKEN_MAC_BYTES];
    Buffer bytes = BUFFER_OF(memory);
    Cursor c = cursor_of(query);
    Span name = { 0 };
    uint32_t until_s = 0;
    REQUIRE(status_ok(cursor_until(&c, '=', &name)), REFUSED_BILL_TOKEN);
    REQUIRE(span_equal(name, SPAN("token")), REFUSED_BILL_TOKEN);
    REQUIRE(status_ok(hex_decode(c.rest, &bytes)), REFUSED_BILL_TOKEN);
    TRY(take_token(house, mchid, span_of_buffer(&bytes), ret_ask, &until_s));
    const int64_t now_s = clock_now_us(&house->clock) / TIME_SECOND_US;
    REQUIRE(now_s <= until_s, REFUSED_BILL_TOKEN);
    return OK;
}
