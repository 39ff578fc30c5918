#include "vault/legacy_import.h"

#include "base/encoding.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "policy/purposes.h"
#include "vault/approval.h"

enum { SUBJECT_BYTES_MAX = 8 + PASSWORD_REALM_TEXT_MAX + 128 + 64, KEY_PLACE_BYTES_MAX = 128 };

static void wipe_buffer(Buffer *b) { bytes_wipe(b->data, b->capacity); }

/* --- what is allowed --- */

static bool needs_key(LegacyFormula formula) { return formula == LEGACY_SHA256_DATA_MD5; }

static Status put_key_place(uint16_t data_class, Span realm, Buffer *b)
{
    TRY(buffer_put(b, SPAN("legacy-key")));
    TRY(buffer_put_u16(b, data_class));
    return buffer_put_framed(b, realm);
}

static Status put_subject(const WireLegacyEnable *enable, Span realm, Buffer *b)
{
    const LegacyFormula formula = (LegacyFormula)enable->formula;
    const char *name = formula == LEGACY_NONE ? "none" : legacy_formula_name(formula);
    const char *inner = legacy_inner_name((LegacyInner)enable->inner);
    uint8_t digest[DIGEST_SHA256_BYTES];
    REQUIRE(name != NULL && inner != NULL, REFUSED_LEGACY_RECORD);
    sha256(enable->box, digest);
    TRY(buffer_print(b, "%u/", enable->data_class));
    TRY(buffer_put(b, realm));
    TRY(buffer_print(b, "/%s/%s/", name, inner));
    return hex_encode(SPAN_OF(digest), b);
}

/* The formula's key, from its box into the journal, sealed. */
static Status keep_key(const PasswordService *service, const WireLegacyEnable *enable, Span realm,
        MemoryLegacy *legacy)
{
    if (enable->box.size == 0) return OK;
    uint8_t key_memory[BOX_PLAIN_BYTES_MAX];
    uint8_t place_memory[KEY_PLACE_BYTES_MAX];
    CLEANUP(wipe_buffer) Buffer key = BUFFER_OF(key_memory);
    Buffer place = BUFFER_OF(place_memory);
    Buffer sealed = BUFFER_OF(legacy->key);
    TRY(password_open_box(service, enable->box, CLASS_SIGNING_KEY, BOX_PURPOSE_LEGACY_KEY, realm,
            enable->nonce, &key));
    REQUIRE(key.size > 0 && key.size <= LEGACY_KEY_BYTES_MAX, REFUSED_LEGACY_RECORD);
    TRY(put_key_place(enable->data_class, realm, &place));
    CLEANUP(seal_key_wipe) SealKey field = { 0 };
    TRY(keys_seal_copy(service->keys, KEY_FIELD, 0, &field));
    TRY(seal_close(
            &field, &service->random, span_of_buffer(&place), span_of_buffer(&key), &sealed));
    legacy->key_bytes = (uint16_t)sealed.size;
    return OK;
}

Status legacy_enable(const PasswordService *service, Span request)
{
    Cursor c = cursor_of(request);
    Span approved;
    MemoryApprovals approvals;
    WireLegacyEnable enable;
    TRY(approval_take(service->memory, &c, SPAN("enable-legacy"), clock_now_us(&service->clock),
            &approved, &approvals));
    TRY(wire_take_legacy_enable(&c, &enable));
    TRY(cursor_end(&c));
    uint8_t realm_memory[PASSWORD_REALM_TEXT_MAX];
    uint8_t subject_memory[SUBJECT_BYTES_MAX];
    Buffer realm = BUFFER_OF(realm_memory);
    Buffer subject = BUFFER_OF(subject_memory);
    TRY(password_realm_put(enable.data_class, enable.tenant, enable.realm, &realm));
    TRY(put_subject(&enable, span_of_buffer(&realm), &subject));
    REQUIRE(span_equal(approved, span_of_buffer(&subject)), REFUSED_APPROVAL_INVALID);

    const LegacyForm form = { (LegacyFormula)enable.formula, (LegacyInner)enable.inner };
    const bool ends = form.formula == LEGACY_NONE && form.inner == LEGACY_INNER_NONE;
    REQUIRE(ends || legacy_form_is_valid(form), REFUSED_LEGACY_RECORD);
    REQUIRE(needs_key(form.formula) == (enable.box.size > 0), REFUSED_LEGACY_RECORD);
    MemoryLegacy legacy = { .formula = enable.formula, .inner = enable.inner };
    TRY(password_realm_name(
            &service->names, enable.data_class, span_of_buffer(&realm), &legacy.realm));
    TRY(keep_key(service, &enable, span_of_buffer(&realm), &legacy));
    return memory_password_allow_legacy(service->memory, &legacy, &approvals);
}

Status legacy_key(const PasswordService *service, const PasswordOwner *owner,
        const Verifier *verifier, Buffer *ret_key)
{
    if (verifier->form == VERIFIER_MODERN) return OK;
    KeyedHash realm;
    MemoryLegacy legacy;
    const Span text = password_owner_realm(owner);
    TRY(password_realm_name(&service->names, owner->data_class, text, &realm));
    REQUIRE(memory_password_legacy(service->memory, &realm, &legacy), REFUSED_LEGACY_DISABLED);
    REQUIRE(legacy.formula == (uint8_t)verifier->legacy.formula
                    && legacy.inner == (uint8_t)verifier->legacy.inner,
            REFUSED_LEGACY_DISABLED);
    if (legacy.key_bytes == 0) return OK;
    uint8_t place_memory[KEY_PLACE_BYTES_MAX];
    Buffer place = BUFFER_OF(place_memory);
    TRY(put_key_place(owner->data_class, text, &place));
    const Span sealed = { legacy.key, legacy.key_bytes };
    CLEANUP(seal_key_wipe) SealKey field = { 0 };
    TRY(keys_seal_copy_for(service->keys, KEY_FIELD, sealed, &field));
    return seal_open(&field, span_of_buffer(&place), sealed, ret_key);
}

/* --- import --- */

static Status verifier_of(
        const WireLegacyRecord *record, const MemoryLegacy *legacy, Verifier *ret_verifier)
{
    Verifier v = { .form = VERIFIER_LEGACY,
        .legacy = { (LegacyFormula)legacy->formula, (LegacyInner)legacy->inner },
        .data_bytes = record->data.size };
    REQUIRE(record->digest.size == legacy_digest_bytes(v.legacy.formula), REFUSED_LEGACY_RECORD);
    memcpy(v.digest, record->digest.data, record->digest.size);
    if (record->data.size > 0) memcpy(v.data, record->data.data, record->data.size);
    *ret_verifier = v;
    verifier_wipe(&v);
    return OK;
}

static Status import_one(const PasswordService *service, const WirePasswordImport *import,
        const MemoryLegacy *legacy, const WireLegacyRecord *record, Buffer *ret_verifier)
{
    const WireOwner wire = { import->data_class, import->tenant, import->realm, record->user };
    PasswordOwner owner;
    CLEANUP(verifier_wipe) Verifier verifier = { 0 };
    TRY(password_owner(&service->names, &wire, &owner));
    TRY(verifier_of(record, legacy, &verifier));
    if (import->wrap) TRY(verifier_wrap(service->keys, &service->random, owner.cost, &verifier));
    TRY(memory_password_import(service->memory, &owner.subject, (uint8_t)verifier.form));
    return verifier_close(service->keys, &service->random, password_owner_place(&owner), 1,
            &verifier, ret_verifier);
}

static Status import_all(const PasswordService *service, const WirePasswordImport *import,
        const MemoryLegacy *legacy, Span records, Buffer *ret_answer)
{
    Cursor c = cursor_of(records);
    uint32_t count = 0;
    TRY(wire_take_count(&c, WIRE_LEGACY_MAX, &count));
    TRY(wire_put_count(ret_answer, count, WIRE_LEGACY_MAX));
    for (uint32_t i = 0; i < count; i++) {
        uint8_t memory[VERIFIER_BYTES_MAX];
        Buffer made = BUFFER_OF(memory);
        WireLegacyRecord record;
        TRY(wire_take_legacy_record(&c, &record));
        const Status s = import_one(service, import, legacy, &record, &made);
        if (status_broken(s)) return s;
        const WirePasswordKept kept = { (uint32_t)s.code, span_of_buffer(&made) };
        TRY(wire_put_password_kept(ret_answer, &kept));
    }
    return cursor_end(&c);
}

Status legacy_import(const PasswordService *service, Span request, Buffer *ret_answer)
{
    Cursor c = cursor_of(request);
    WirePasswordImport import;
    KeyedHash name;
    MemoryLegacy legacy;
    TRY(wire_take_password_import(&c, &import));
    TRY(cursor_end(&c));
    uint8_t realm_memory[PASSWORD_REALM_TEXT_MAX];
    uint8_t plain_memory[BOX_PLAIN_BYTES_MAX];
    Buffer realm = BUFFER_OF(realm_memory);
    CLEANUP(wipe_buffer) Buffer plain = BUFFER_OF(plain_memory);
    TRY(password_realm_put(import.data_class, import.tenant, import.realm, &realm));
    TRY(password_realm_name(&service->names, import.data_class, span_of_buffer(&realm), &name));
    REQUIRE(memory_password_legacy(service->memory, &name, &legacy), REFUSED_LEGACY_DISABLED);
    TRY(password_open_box(service, import.box, import.data_class, BOX_PURPOSE_IMPORT,
            span_of_buffer(&realm), import.nonce, &plain));
    TRY(import_all(service, &import, &legacy, span_of_buffer(&plain), ret_answer));
    return memory_password_settle(service->memory);
}
