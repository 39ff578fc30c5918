#include "vault/issue.h"

#include "base/secret.h"
#include "keys/pairs.h"

enum { SERIAL_BYTES = 16 };

static Status role_of(uint8_t key, KeyRole *ret_role)
{
    switch ((WireSignKey)key) {
    case WIRE_SIGN_RSA: *ret_role = KEY_PLATFORM_RSA; return OK;
    case WIRE_SIGN_SM2: *ret_role = KEY_PLATFORM_SM2; return OK;
    }
    return REFUSE(REFUSED_KEY_UNKNOWN);
}

/*
 * The platform's key signs answers for hufud, and labels of our own (the box key's) for nobody but
 * us: who could have such a label signed would name his own box key to the payers' apps, and read
 * their PINs. Nor a certificate (DER begins with 0x30), which no answer can begin like.
 */
static bool is_ours_alone(Span message)
{
    const Span label = SPAN("hufu-");
    if (message.size > 0 && message.data[0] == 0x30)
        return message.size < 2 || message.data[1] >= 0x80;
    return message.size >= label.size && span_equal((Span) { message.data, label.size }, label);
}

static Status sign_with(
        const Issue *issue, KeyRole role, uint32_t version, Span message, Buffer *ret_signature)
{
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    TRY(keys_pair_hold(issue->keys, role, version, &pair));
    return sign_make(pair.private_key, message, ret_signature);
}

Status issue_signatures(const Issue *issue, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_SIGN_ITEMS_MAX, &count));
    TRY(buffer_put_u32(ret_answer, count));
    for (uint32_t i = 0; i < count; i++) {
        WireSignItem item;
        KeyRole role = KEY_PLATFORM_RSA;
        uint8_t memory[SIGN_BYTES_MAX];
        Buffer signature = BUFFER_OF(memory);
        TRY(wire_take_sign_item(&c, &item));
        TRY(role_of(item.key, &role));
        REQUIRE(!is_ours_alone(item.message), REFUSED_VAULT_FORBIDDEN);
        TRY(sign_with(issue, role, item.version, item.message, &signature));
        TRY(buffer_put_framed(ret_answer, span_of_buffer(&signature)));
    }
    return cursor_end(&c);
}

/* --- TLS --- */

static bool is_address(const char *name)
{
    bool digits = true;
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == ':') return true;
        digits = digits && ((*c >= '0' && *c <= '9') || *c == '.');
    }
    return digits;
}

typedef struct Alternatives {
    const char *dns[ISSUE_NAMES_MAX + 2];
    const char *addresses[ISSUE_NAMES_MAX + 3];
} Alternatives;

static void collect(const Issue *issue, Alternatives *ret)
{
    size_t dns = 0;
    size_t addresses = 0;
    *ret = (Alternatives) { 0 };
    ret->dns[dns++] = "localhost";
    ret->addresses[addresses++] = "127.0.0.1";
    ret->addresses[addresses++] = "::1";
    for (size_t i = 0; i < ISSUE_NAMES_MAX && issue->names[i] != NULL; i++) {
        if (is_address(issue->names[i]))
            ret->addresses[addresses++] = issue->names[i];
        else
            ret->dns[dns++] = issue->names[i];
    }
}

static Status make_leaf(const Issue *issue, const KeyPair *authority, const PublicKey *key,
        CertificateSubject subject, int64_t life_us, Certificate **ret_leaf)
{
    const int64_t now_us = clock_now_us(&issue->clock);
    uint8_t serial[SERIAL_BYTES];
    TRY(random_fill(&issue->random, serial, sizeof(serial)));
    serial[0] = (uint8_t)((serial[0] & 0x3F) | 0x40); /* positive, and of one length */
    subject.serial = SPAN_OF(serial);
    subject.not_before_us = now_us - 60 * (int64_t)1000000; /* clocks differ a little */
    subject.not_after_us = now_us + life_us;
    return certificate_issue(
            authority->certificate, authority->private_key, key, &subject, ret_leaf);
}

static Status put_certificate(const Certificate *certificate, Buffer *b)
{
    uint8_t memory[CERTIFICATE_DER_BYTES_MAX];
    Buffer der = BUFFER_OF(memory);
    TRY(certificate_to_der(certificate, &der));
    return buffer_put_framed(b, span_of_buffer(&der));
}

static Status certify(const Issue *issue, KeyRole role, const PublicKey *key,
        const CertificateSubject *subject, int64_t life_us, Buffer *ret_answer)
{
    CLEANUP(certificate_free) Certificate *leaf = NULL;
    CLEANUP(keys_pair_release) KeyPair authority = { 0 };
    TRY(keys_pair_hold(issue->keys, role, 0, &authority));
    const int64_t left_us =
            certificate_not_after_us(authority.certificate) - clock_now_us(&issue->clock);
    REQUIRE(left_us > 0, REFUSED_CERTIFICATE_INVALID);
    TRY(make_leaf(issue, &authority, key, *subject, life_us < left_us ? life_us : left_us, &leaf));
    TRY(put_certificate(leaf, ret_answer));
    return put_certificate(authority.certificate, ret_answer);
}

static Status issue_leaf(const Issue *issue, Span spki, const CertificateSubject *subject,
        int64_t life_us, Buffer *ret_answer)
{
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(public_key_from_spki(spki, &key));
    return certify(issue, KEY_TLS_CA, key, subject, life_us, ret_answer);
}

Status issue_tls_leaf(const Issue *issue, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span spki;
    TRY(cursor_framed(&c, SIGN_SPKI_BYTES_MAX, &spki));
    TRY(cursor_end(&c));
    Alternatives names;
    collect(issue, &names);
    const CertificateSubject subject = {
        .common_name = SPAN("hufud"),
        .dns_names = names.dns,
        .ip_addresses = names.addresses,
    };
    return issue_leaf(issue, spki, &subject, issue->tls_life_us, ret_answer);
}

Status issue_caller_leaf(const Issue *issue, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    Span spki;
    Span name;
    TRY(cursor_framed(&c, SIGN_SPKI_BYTES_MAX, &spki));
    TRY(cursor_framed(&c, WIRE_NAME_BYTES_MAX, &name));
    TRY(cursor_end(&c));
    uint8_t memory[WIRE_NAME_BYTES_MAX + 16];
    Buffer common_name = BUFFER_OF(memory);
    TRY(buffer_put(&common_name, SPAN("caller:")));
    TRY(buffer_put(&common_name, name));
    const CertificateSubject subject = {
        .common_name = span_of_buffer(&common_name),
        .client_only = true,
    };
    return issue_leaf(issue, spki, &subject, ISSUE_CALLER_LIFE_US, ret_answer);
}

/* A bare public key, or somebody's certificate, proves nothing about who has the private half. */
static bool is_request(Span pem)
{
    static const char *const heads[] = { "-----BEGIN CERTIFICATE REQUEST-----",
        "-----BEGIN NEW CERTIFICATE REQUEST-----" };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        const Span head = span_of_text(heads[i]);
        if (pem.size > head.size && span_equal((Span) { pem.data, head.size }, head)) return true;
    }
    return false;
}

Status issue_merchant_leaf(const Issue *issue, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WireMerchantLeaf wanted;
    CLEANUP(public_key_free) PublicKey *key = NULL;
    TRY(wire_take_merchant_leaf(&c, &wanted));
    TRY(cursor_end(&c));
    REQUIRE(is_request(wanted.request), REFUSED_KEY_FORMAT);
    TRY(public_key_from_pem(wanted.request, &key));
    const KeyAlgorithm algorithm = public_key_algorithm(key);
    REQUIRE(algorithm == KEY_RSA || algorithm == KEY_SM2, REFUSED_KEY_FORMAT);
    const int64_t now_us = clock_now_us(&issue->clock);
    REQUIRE(wanted.ends_us > now_us, REFUSED_CERTIFICATE_INVALID);
    const CertificateSubject subject = {
        .common_name = wanted.mchid,
        .organization = SPAN("Hufu merchant"),
        .client_only = true,
    };
    return certify(issue, KEY_MERCHANT_CA, key, &subject, wanted.ends_us - now_us, ret_answer);
}

/* --- the box key of the day --- */

/* Nothing, when no old key is shown. */
static Status sign_with_old(const Issue *issue, KeyRole role, Span message, Buffer *ret_signature)
{
    CLEANUP(keys_pair_release) KeyPair pair = { 0 };
    const Status s = keys_pair_hold_old(issue->keys, role, &pair);
    if (status_is(s, REFUSED_KEY_UNKNOWN)) return OK;
    TRY(s);
    return sign_make(pair.private_key, message, ret_signature);
}

Status issue_box_key(const Issue *issue, Buffer *ret_answer)
{
    KeysBox box;
    uint8_t message_memory[128];
    uint8_t signature_memory[2][SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_memory);
    Buffer signature = BUFFER_OF(signature_memory[0]);
    Buffer before = BUFFER_OF(signature_memory[1]);
    TRY(keys_box_today(issue->keys, &box));
    TRY(buffer_put(&message, SPAN("hufu-box-key")));
    TRY(buffer_put_u32(&message, box.key_id));
    TRY(buffer_put_u8(&message, (uint8_t)box.suite));
    TRY(buffer_put_i64(&message, box.expires_us));
    TRY(buffer_put(&message, SPAN_OF(box.point)));
    TRY(sign_with(issue, KEY_PLATFORM_RSA, 0, span_of_buffer(&message), &signature));
    TRY(sign_with_old(issue, KEY_PLATFORM_RSA, span_of_buffer(&message), &before));
    const WireBoxKey wire = { box.key_id, (uint8_t)box.suite, box.expires_us, SPAN_OF(box.point),
        span_of_buffer(&signature), span_of_buffer(&before) };
    return wire_put_box_key(ret_answer, &wire);
}

Status issue_box_pad(const Issue *issue, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    uint32_t key_id = 0;
    Span encapsulated = { 0 };
    uint8_t digits[BOX_PAD_KEYS];
    TRY(cursor_u32(&c, &key_id));
    TRY(cursor_framed(&c, BOX_POINT_BYTES, &encapsulated));
    TRY(cursor_end(&c));
    TRY(keys_box_pad(issue->keys, key_id, encapsulated, digits));
    return buffer_put(ret_answer, SPAN_OF(digits));
}

/* --- what everybody may know --- */

typedef struct PublicList {
    Buffer *answer;
    uint32_t count;
} PublicList;

static Status put_public(void *context, const KeyPublic *key)
{
    PublicList *list = context;
    const WirePublicKey wire = { span_of_text(key->name), key->version, (uint8_t)key->state,
        key->from_us, key->ends_us, key->der, key->note };
    list->count++;
    return wire_put_public_key(list->answer, &wire);
}

Status issue_public_keys(const Issue *issue, Buffer *ret_answer)
{
    PublicList list = { .answer = ret_answer };
    const size_t at = ret_answer->size;
    TRY(buffer_put_u32(ret_answer, 0));
    TRY(keys_public_each(issue->keys, put_public, &list));
    const size_t end = ret_answer->size;
    ret_answer->size = at; /* the count, now that it is known */
    TRY(buffer_put_u32(ret_answer, list.count));
    ret_answer->size = end;
    return OK;
}

Status issue_pseudonym_key(const Issue *issue, Buffer *ret_answer)
{
    return buffer_put(ret_answer, secret_span(keys_secret(issue->keys, KEY_PSEUDONYM)));
}

Status issue_key_list(const Issue *issue, Buffer *ret_answer)
{
    KeyFacts facts[KEYS_FACTS_MAX];
    const size_t count = keys_facts(issue->keys, facts);
    TRY(wire_put_count(ret_answer, count, WIRE_KEYS_MAX));
    for (size_t i = 0; i < count; i++) {
        const WireKeyFacts wire = { span_of_text(facts[i].name), span_of_text(facts[i].algorithm),
            facts[i].version, facts[i].created_us, facts[i].expires_us,
            span_of_text(facts[i].serial), (uint8_t)facts[i].state, facts[i].uses,
            facts[i].uses_max };
        TRY(wire_put_key_facts(ret_answer, &wire));
    }
    return OK;
}
