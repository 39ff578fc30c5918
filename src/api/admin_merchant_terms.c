/* A merchant's terms: asked for by one person, agreed to by another, shown (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "base/encoding.h"
#include "base/time.h"
#include "payment/terms.h"
#include "store/unit_wait.h"

typedef struct TermsJson {
    Span operation;
    Span mchid;
    Span licence_name;
    Span licence_number;
    Span licence_sha256;
    Span licence_until;
    Span account_holder;
    Span account_token;
    Span account_mask;
    int64_t mcc;
    Span agreement_sha256;
    Span agreement_time;
    Span agreement_clause;
    Span merchant_risk;
    int64_t fee_rate;
    int64_t fee_min_minor;
    int64_t fee_max_minor;
    Span settlement_cycle;
} TermsJson;

#define PLACE(member) offsetof(TermsJson, member)
#define TEXT(name, most)                             \
    {                                                \
#name, JSON_TEXT, true, 1, most, PLACE(name) \
    }
#define DIGEST(name)                                                                          \
    {                                                                                         \
#name, JSON_TEXT, true, 2 * DIGEST_SHA256_BYTES, 2 * DIGEST_SHA256_BYTES, PLACE(name) \
    }
#define WHOLE(name, most)                           \
    {                                               \
#name, JSON_INT, true, 0, most, PLACE(name) \
    }

static const JsonField fields[] = {
    TEXT(operation, 64),
    TEXT(mchid, MERCHANT_ID_BYTES_MAX),
    TEXT(licence_name, MERCHANT_NAME_BYTES_MAX),
    TEXT(licence_number, TERMS_NUMBER_BYTES_MAX),
    DIGEST(licence_sha256),
    TEXT(licence_until, 40),
    TEXT(account_holder, MERCHANT_NAME_BYTES_MAX),
    TEXT(account_token, TERMS_TOKEN_BYTES_MAX),
    TEXT(account_mask, TERMS_MASK_BYTES_MAX),
    WHOLE(mcc, 9999),
    DIGEST(agreement_sha256),
    TEXT(agreement_time, 40),
    TEXT(agreement_clause, TERMS_CLAUSE_BYTES_MAX),
    TEXT(merchant_risk, 8),
    WHOLE(fee_rate, TERMS_RATE_MAX),
    WHOLE(fee_min_minor, TERMS_FEE_MINOR_MAX),
    WHOLE(fee_max_minor, TERMS_FEE_MINOR_MAX),
    TEXT(settlement_cycle, 8),
};

static const char *const risks[] = {
    [RISK_LOW] = "LOW", [RISK_MEDIUM] = "MEDIUM", [RISK_HIGH] = "HIGH"
};
static const char *const cycles[] = { [SETTLE_NEXT_DAY] = "T+1", [SETTLE_SAME_DAY] = "D+0" };

/* Which of words[1..]; 0: none. */
static size_t word_of(const char *const *words, size_t count, Span text)
{
    for (size_t i = 1; i < count; i++)
        if (span_equal(text, span_of_text(words[i]))) return i;
    return 0;
}

static Status take_digest(Span hex, uint8_t ret_digest[DIGEST_SHA256_BYTES])
{
    Buffer bytes = { ret_digest, 0, DIGEST_SHA256_BYTES };
    return hex_decode(hex, &bytes);
}

static Status take(const TermsJson *json, MerchantTerms *t)
{
    const size_t risk = word_of(risks, sizeof(risks) / sizeof(risks[0]), json->merchant_risk);
    const size_t cycle =
            word_of(cycles, sizeof(cycles) / sizeof(cycles[0]), json->settlement_cycle);
    REQUIRE(risk != 0 && cycle != 0, REFUSED_TERMS_FIELD);
    /* The account is the licence holder's own. */
    REQUIRE(span_equal(json->account_holder, json->licence_name), REFUSED_TERMS_HOLDER);
    passage_text(t->mchid, sizeof(t->mchid), json->mchid);
    passage_text(t->licence_name, sizeof(t->licence_name), json->licence_name);
    passage_text(t->licence_number, sizeof(t->licence_number), json->licence_number);
    passage_text(t->account_token, sizeof(t->account_token), json->account_token);
    passage_text(t->account_mask, sizeof(t->account_mask), json->account_mask);
    passage_text(t->agreement_clause, sizeof(t->agreement_clause), json->agreement_clause);
    TRY(take_digest(json->licence_sha256, t->licence_sha256));
    TRY(take_digest(json->agreement_sha256, t->agreement_sha256));
    TRY(time_parse(json->licence_until, &t->licence_until_us));
    TRY(time_parse(json->agreement_time, &t->agreement_us));
    t->mcc = json->mcc;
    t->risk = (MerchantRisk)risk;
    t->fee_rate = json->fee_rate;
    t->fee_min_minor = json->fee_min_minor;
    t->fee_max_minor = json->fee_max_minor;
    t->settlement = (SettlementCycle)cycle;
    return OK;
}

static Status read(Admin *admin, const JsonDocument *document, MerchantTerms *ret_terms)
{
    TermsJson json = { 0 };
    JsonProblem problem = { 0 };
    const char *field = NULL;
    TRY(json_read_request(document, json_root(document), fields, sizeof(fields) / sizeof(fields[0]),
            &json, &problem));
    TRY(take(&json, ret_terms));
    return merchant_terms_check(ret_terms, clock_now_us(&admin->config.house->clock), &field);
}

Status admin_merchant_terms_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    MerchantTerms terms = { 0 };
    return read(admin, document, &terms);
}

Status admin_merchant_terms(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    TermsGive work = { 0 };
    TRY(read(admin, document, &work.terms));
    admin_actor(work.actor, sizeof(work.actor), asker);
    terms_give_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "mchid", span_of_text(work.terms.mchid));
    return OK;
}

/* --- shown --- */

typedef struct ShowJson {
    Span operation;
    Span mchid;
} ShowJson;

static const JsonField show_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(ShowJson, operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, offsetof(ShowJson, mchid) },
};

typedef struct Shown {
    uint8_t licence_bytes[2 * DIGEST_SHA256_BYTES];
    uint8_t agreement_bytes[2 * DIGEST_SHA256_BYTES];
    uint8_t until_bytes[TIME_TEXT_BYTES];
    uint8_t signed_bytes[TIME_TEXT_BYTES];
    uint8_t changed_bytes[TIME_TEXT_BYTES];
    Buffer licence;
    Buffer agreement;
    Buffer until;
    Buffer signed_at;
    Buffer changed;
} Shown;

static Status show_texts(const MerchantTerms *t, Shown *shown)
{
    shown->licence = BUFFER_OF(shown->licence_bytes);
    shown->agreement = BUFFER_OF(shown->agreement_bytes);
    shown->until = BUFFER_OF(shown->until_bytes);
    shown->signed_at = BUFFER_OF(shown->signed_bytes);
    shown->changed = BUFFER_OF(shown->changed_bytes);
    TRY(hex_encode(SPAN_OF(t->licence_sha256), &shown->licence));
    TRY(hex_encode(SPAN_OF(t->agreement_sha256), &shown->agreement));
    TRY(time_format(t->licence_until_us, &shown->until));
    TRY(time_format(t->agreement_us, &shown->signed_at));
    return time_format(t->changed_us, &shown->changed);
}

/* All but the account's token. */
static Status put_terms(JsonWriter *w, const MerchantTerms *t)
{
    Shown shown;
    TRY(show_texts(t, &shown));
    json_key_text(w, "mchid", span_of_text(t->mchid));
    json_key_text(w, "licence_name", span_of_text(t->licence_name));
    json_key_text(w, "licence_number", span_of_text(t->licence_number));
    json_key_text(w, "licence_sha256", span_of_buffer(&shown.licence));
    json_key_text(w, "licence_until", span_of_buffer(&shown.until));
    json_key_text(w, "account_mask", span_of_text(t->account_mask));
    json_key_int(w, "mcc", t->mcc);
    json_key_text(w, "agreement_sha256", span_of_buffer(&shown.agreement));
    json_key_text(w, "agreement_time", span_of_buffer(&shown.signed_at));
    json_key_text(w, "agreement_clause", span_of_text(t->agreement_clause));
    json_key_text(w, "merchant_risk", span_of_text(risks[t->risk]));
    json_key_int(w, "fee_rate", t->fee_rate);
    json_key_int(w, "fee_min_minor", t->fee_min_minor);
    json_key_int(w, "fee_max_minor", t->fee_max_minor);
    json_key_text(w, "settlement_cycle", span_of_text(cycles[t->settlement]));
    json_key_text(w, "changed_time", span_of_buffer(&shown.changed));
    return OK;
}

Status admin_merchant_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    ShowJson json = { 0 };
    JsonProblem problem = { 0 };
    TermsShow work = { 0 };
    TRY(json_read_request(document, json_root(document), show_fields, 2, &json, &problem));
    passage_text(work.mchid, sizeof(work.mchid), json.mchid);
    admin_actor(work.actor, sizeof(work.actor), asker);
    terms_show_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    return put_terms(w, &work.terms);
}
