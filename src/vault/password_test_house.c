#include "vault/password_test_house.h"

#include "base/encoding.h"
#include "crypto/digest.h"

static PrivateKey *people[2];

void tenant_init(Tenant *t, House *house, const WireOwner *owner)
{
    *t = (Tenant) { .house = house, .owner = *owner, .nonce = { 4 } };
}

static void put_realm(const Tenant *t, Buffer *b)
{
    const bool fits = status_ok(buffer_put(b, t->owner.tenant)) && status_ok(buffer_put_u8(b, '/'))
            && status_ok(buffer_put(b, t->owner.realm));
    ASSERT(fits);
}

Span tenant_box(Tenant *t, const TenantWish *wish)
{
    uint8_t realm_memory[128];
    Buffer realm = BUFFER_OF(realm_memory);
    Buffer b = BUFFER_OF(t->box_memory);
    const Random random = random_system();
    uint32_t key_id = 0;
    PublicKey *key = NULL;
    put_realm(t, &realm);
    house_box_key(t->house, &key, &key_id);
    BoxContext context = {
        .data_class = wish->data_class != 0 ? wish->data_class : t->owner.data_class,
        .purpose = (uint16_t)wish->purpose,
        .amount = wish->minor,
        .expiry_us = t->house->now_us + (int64_t)60 * 1000000,
        .tenant = span_of_buffer(&realm),
        .order = wish->reference,
        .payee = wish->without_user ? (Span) { NULL, 0 } : t->owner.user,
    };
    if (wish->minor > 0) memcpy(context.currency, "CNY", 3);
    memcpy(context.server_nonce, t->nonce, sizeof(t->nonce));
    ASSERT(status_ok(box_seal(key, key_id, &random, &context, wish->plain, &b)));
    public_key_free(&key);
    return span_of_buffer(&b);
}

static void keep(Span bytes, uint8_t *memory, Span *ret)
{
    if (bytes.size > 0) memcpy(memory, bytes.data, bytes.size);
    *ret = (Span) { memory, bytes.size };
}

/* --- set and check --- */

Status tenant_set_box(Tenant *t, Span box)
{
    uint8_t memory[WIRE_BOX_BYTES_MAX + 2048];
    Buffer b = BUFFER_OF(memory);
    const WirePasswordSet set = { t->owner, box, SPAN_OF(t->nonce), t->verifier };
    TRY(wire_put_password_set(&b, &set));
    TRY(house_ask(t->house, VAULT_PASSWORD_SET, span_of_buffer(&b)));
    keep(span_of_buffer(&t->house->answer), t->verifier_memory, &t->verifier);
    return OK;
}

Status tenant_set(Tenant *t, const char *old, const char *new)
{
    uint8_t memory[512];
    Buffer plain = BUFFER_OF(memory);
    TRY(buffer_put_u8(&plain, (uint8_t)strlen(old)));
    TRY(buffer_put(&plain, span_of_text(old)));
    TRY(buffer_put(&plain, span_of_text(new)));
    const TenantWish wish = { .purpose = BOX_PURPOSE_SET_PASSWORD,
        .plain = span_of_buffer(&plain) };
    return tenant_set_box(t, tenant_box(t, &wish));
}

Status tenant_check_box(
        Tenant *t, Span box, BoxPurpose purpose, const char *reference, int64_t minor)
{
    uint8_t memory[WIRE_BOX_BYTES_MAX + 2048];
    Buffer b = BUFFER_OF(memory);
    WirePasswordRight right;
    const WirePasswordCheck check = { t->owner, box, SPAN_OF(t->nonce), (uint16_t)purpose,
        span_of_text(reference), minor, t->verifier };
    t->next.size = 0;
    TRY(wire_put_password_check(&b, &check));
    TRY(house_ask(t->house, VAULT_PASSWORD_CHECK, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&t->house->answer));
    TRY(wire_take_password_right(&c, &right));
    TRY(cursor_end(&c));
    memcpy(t->grant, right.grant, sizeof(t->grant));
    keep(right.verifier, t->next_memory, &t->next);
    return OK;
}

Status tenant_login(Tenant *t, const char *password)
{
    const TenantWish wish = { .purpose = BOX_PURPOSE_LOGIN, .plain = span_of_text(password) };
    return tenant_check_box(t, tenant_box(t, &wish), BOX_PURPOSE_LOGIN, "", 0);
}

Status tenant_authorize(Tenant *t, const char *password, const char *reference, int64_t minor)
{
    const TenantWish wish = { .purpose = BOX_PURPOSE_AUTHORIZE,
        .plain = span_of_text(password),
        .reference = span_of_text(reference),
        .minor = minor };
    return tenant_check_box(t, tenant_box(t, &wish), BOX_PURPOSE_AUTHORIZE, reference, minor);
}

Status tenant_spend(Tenant *t, BoxPurpose purpose, const char *reference, int64_t minor)
{
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    WirePasswordSpend spend = { .owner = t->owner,
        .purpose = (uint16_t)purpose,
        .reference = span_of_text(reference),
        .minor = minor,
        .currency = minor > 0 ? 156 : 0 };
    memcpy(spend.grant, t->grant, sizeof(spend.grant));
    TRY(wire_put_password_spend(&b, &spend));
    return house_ask(t->house, VAULT_PASSWORD_SPEND, span_of_buffer(&b));
}

/* --- the store --- */

/* One answer about one record: its own status; what is to be stored is stored. */
static Status take_kept(Tenant *t, Cursor *c, Status *ret_status)
{
    WirePasswordKept kept;
    TRY(wire_take_password_kept(c, &kept));
    if (kept.verifier.size > 0) keep(kept.verifier, t->verifier_memory, &t->verifier);
    *ret_status = (Status) { (int32_t)kept.status };
    return OK;
}

Status tenant_show(Tenant *t)
{
    uint8_t memory[2048];
    Buffer b = BUFFER_OF(memory);
    Status own = OK;
    uint32_t count = 0;
    const WirePasswordShown shown = { t->owner, t->verifier };
    TRY(wire_put_count(&b, 1, WIRE_SHOWN_MAX));
    TRY(wire_put_password_shown(&b, &shown));
    TRY(house_ask(t->house, VAULT_PASSWORD_SHOW, span_of_buffer(&b)));
    Cursor c = cursor_of(span_of_buffer(&t->house->answer));
    TRY(wire_take_count(&c, 1, &count));
    TRY(take_kept(t, &c, &own));
    TRY(cursor_end(&c));
    return own;
}

Status tenant_store_next(Tenant *t)
{
    keep(t->next, t->verifier_memory, &t->verifier);
    return tenant_show(t);
}

Status tenant_counts(Tenant *t, WirePasswordCounts *ret_counts)
{
    TRY(house_ask_operator(t->house, VAULT_PASSWORD_COUNTS, (Span) { NULL, 0 }));
    Cursor c = cursor_of(span_of_buffer(&t->house->answer));
    return wire_take_password_counts(&c, ret_counts);
}

Status tenant_unlocked(Tenant *t)
{
    uint8_t memory[512];
    Buffer b = BUFFER_OF(memory);
    const WirePasswordOwner asked = { t->owner };
    TRY(wire_put_password_owner(&b, &asked));
    return house_ask(t->house, VAULT_PASSWORD_LOCKED, span_of_buffer(&b));
}

/* --- people --- */

void tenant_enroll_people(Tenant *t)
{
    static const char *const names[] = { "ann", "bob" };
    for (size_t i = 0; i < 2; i++) {
        uint8_t memory[512];
        uint8_t spki_memory[SIGN_SPKI_BYTES_MAX];
        Buffer b = BUFFER_OF(memory);
        Buffer spki = BUFFER_OF(spki_memory);
        if (people[i] == NULL) ASSERT(status_ok(private_key_generate(KEY_ED25519, &people[i])));
        ASSERT(status_ok(public_key_to_spki(private_key_public(people[i]), &spki)));
        ASSERT(status_ok(buffer_put_framed(&b, span_of_text(names[i]))));
        ASSERT(status_ok(buffer_put_framed(&b, span_of_buffer(&spki))));
        ASSERT(status_ok(house_ask_operator(t->house, VAULT_ENROLL, span_of_buffer(&b))));
    }
}

static Status put_approval(
        Tenant *t, const char *operation, Span subject, const char *name, Buffer *b)
{
    uint8_t nonce[16];
    uint8_t message_memory[WIRE_APPROVAL_BYTES_MAX];
    uint8_t signature_memory[SIGN_BYTES_MAX];
    Buffer message = BUFFER_OF(message_memory);
    Buffer signature = BUFFER_OF(signature_memory);
    memset(nonce, ++t->approval_nonce, sizeof(nonce));
    WireApproval approval = { span_of_text(name), span_of_text(operation), subject, SPAN("asked"),
        t->house->now_us + (int64_t)600 * 1000000, SPAN_OF(nonce), { NULL, 0 } };
    TRY(wire_approval_message(&approval, &message));
    TRY(sign_make(people[name[0] == 'a' ? 0 : 1], span_of_buffer(&message), &signature));
    approval.signature = span_of_buffer(&signature);
    return wire_put_approval(b, &approval);
}

Status tenant_put_approvals(
        Tenant *t, const char *operation, Span subject, const char *second, Buffer *b)
{
    TRY(put_approval(t, operation, subject, "ann", b));
    return put_approval(t, operation, subject, second, b);
}

static Status put_digest(Span box, Buffer *b)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    sha256(box, digest);
    return hex_encode(SPAN_OF(digest), b);
}

Status tenant_put_reset_subject(Tenant *t, uint16_t data_class, Span box, Buffer *b)
{
    TRY(buffer_print(b, "%u/", data_class));
    put_realm(t, b);
    TRY(buffer_put_u8(b, '/'));
    TRY(buffer_put(b, t->owner.user));
    TRY(buffer_put_u8(b, '/'));
    return put_digest(box, b);
}

Status tenant_reset(Tenant *t, const TenantReset *reset)
{
    uint8_t memory[WIRE_BOX_BYTES_MAX + 4096];
    uint8_t subject_memory[512];
    Buffer b = BUFFER_OF(memory);
    Buffer subject = BUFFER_OF(subject_memory);
    const bool is_second = reset->secret.size > 0;
    const TenantWish wish = { .purpose = is_second ? BOX_PURPOSE_RESET_SECOND
                                                   : BOX_PURPOSE_RESET_PASSWORD,
        .plain = is_second ? reset->secret : span_of_text(reset->password) };
    Span box = tenant_box(t, &wish);
    TRY(tenant_put_reset_subject(t, t->owner.data_class, box, &subject));
    TRY(tenant_put_approvals(t, is_second ? "reset-second-factor" : "reset-password",
            span_of_buffer(&subject), reset->second, &b));
    if (reset->other_box) box = tenant_box(t, &wish);
    const WirePasswordReset wire = { t->owner, box, SPAN_OF(t->nonce) };
    TRY(wire_put_password_reset(&b, &wire));
    TRY(house_ask(
            t->house, is_second ? VAULT_SECOND_RESET : VAULT_PASSWORD_RESET, span_of_buffer(&b)));
    keep(span_of_buffer(&t->house->answer), t->verifier_memory, &t->verifier);
    return OK;
}

/* --- legacy --- */

Status tenant_allow(Tenant *t, LegacyForm form, const char *key, const char *second)
{
    uint8_t memory[WIRE_BOX_BYTES_MAX + 4096];
    uint8_t subject_memory[512];
    Buffer b = BUFFER_OF(memory);
    Buffer subject = BUFFER_OF(subject_memory);
    const char *name = legacy_formula_name(form.formula);
    const TenantWish wish = { .purpose = BOX_PURPOSE_LEGACY_KEY,
        .plain = span_of_text(key != NULL ? key : ""),
        .without_user = true,
        .data_class = CLASS_SIGNING_KEY };
    const Span box = key != NULL ? tenant_box(t, &wish) : (Span) { NULL, 0 };
    TRY(buffer_print(&subject, "%u/", t->owner.data_class));
    put_realm(t, &subject);
    TRY(buffer_print(
            &subject, "/%s/%s/", name != NULL ? name : "none", legacy_inner_name(form.inner)));
    TRY(put_digest(box, &subject));
    TRY(tenant_put_approvals(t, "enable-legacy", span_of_buffer(&subject), second, &b));
    const WireLegacyEnable enable = { t->owner.data_class, t->owner.tenant, t->owner.realm,
        (uint8_t)form.formula, (uint8_t)form.inner, box, SPAN_OF(t->nonce) };
    TRY(wire_put_legacy_enable(&b, &enable));
    return house_ask_operator(t->house, VAULT_LEGACY_ENABLE, span_of_buffer(&b));
}

Status tenant_import_bytes(Tenant *t, Span records, bool wrap)
{
    uint8_t memory[WIRE_BOX_BYTES_MAX + 512];
    Buffer b = BUFFER_OF(memory);
    const TenantWish wish = {
        .purpose = BOX_PURPOSE_IMPORT, .plain = records, .without_user = true
    };
    const WirePasswordImport import = { t->owner.data_class, t->owner.tenant, t->owner.realm, wrap,
        tenant_box(t, &wish), SPAN_OF(t->nonce) };
    TRY(wire_put_password_import(&b, &import));
    return house_ask(t->house, VAULT_PASSWORD_IMPORT, span_of_buffer(&b));
}

Status tenant_import(
        Tenant *t, const WireLegacyRecord *records, size_t count, bool wrap, Status *ret_statuses)
{
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer plain = BUFFER_OF(plain_memory);
    uint32_t answered = 0;
    TRY(wire_put_count(&plain, count, WIRE_LEGACY_MAX));
    for (size_t i = 0; i < count; i++)
        TRY(wire_put_legacy_record(&plain, &records[i]));
    TRY(tenant_import_bytes(t, span_of_buffer(&plain), wrap));
    Cursor c = cursor_of(span_of_buffer(&t->house->answer));
    TRY(wire_take_count(&c, WIRE_LEGACY_MAX, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++)
        TRY(take_kept(t, &c, &ret_statuses[i]));
    return cursor_end(&c);
}
