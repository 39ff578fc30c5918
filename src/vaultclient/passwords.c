#include "vaultclient/passwords.h"

#include "base/secret.h"
#include "policy/detect.h"
#include "policy/tables.h"
#include "vaultclient/client_internal.h"
#include "vaultclient/passwords_inside.h"

static const PasswordsTable payers = {
    .get = "SELECT record FROM verifier WHERE payer = ?1",
    .put = "INSERT INTO verifier(payer, record) VALUES (?1, ?2)"
           " ON CONFLICT(payer) DO UPDATE SET record = excluded.record",
    .replace = "UPDATE verifier SET record = ?2 WHERE payer = ?1 AND record = ?3",
    .keys = 1,
};
static const PasswordsTable people = {
    .get = "SELECT record FROM password WHERE data_class = ?1"
           " AND tenant = ?2 AND realm = ?3 AND user_id = ?4",
    .put = "INSERT INTO password(data_class, tenant, realm, user_id, record)"
           " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT(data_class, tenant, realm, user_id)"
           " DO UPDATE SET record = excluded.record",
    .replace = "UPDATE password SET record = ?5 WHERE data_class = ?1 AND tenant = ?2"
               " AND realm = ?3 AND user_id = ?4 AND record = ?6",
    .keys = PASSWORDS_KEY_COLUMNS_MAX,
};

const PasswordsTable *passwords_table(
        const WireOwner *owner, Value ret_values[PASSWORDS_KEY_COLUMNS_MAX + 2])
{
    if (wire_owner_is_payer(owner)) {
        ret_values[0] = VALUE_OF_TEXT(owner->user);
        return &payers;
    }
    ret_values[0] = VALUE_OF_INT(owner->data_class);
    ret_values[1] = VALUE_OF_TEXT(owner->tenant);
    ret_values[2] = VALUE_OF_TEXT(owner->realm);
    ret_values[3] = VALUE_OF_TEXT(owner->user);
    return &people;
}

Status passwords_find(const Passwords *passwords, const WireOwner *owner, Buffer *ret_record)
{
    Value key[PASSWORDS_KEY_COLUMNS_MAX + 2];
    const PasswordsTable *table = passwords_table(owner, key);
    const Status s = domain_get_record(passwords->domain, table->get, key, table->keys, ret_record);
    return status_is(s, REFUSED_ROW_MISSING) ? OK : s;
}

Status passwords_keep(const Passwords *passwords, const WireOwner *owner, Span record)
{
    Value values[PASSWORDS_KEY_COLUMNS_MAX + 2];
    const PasswordsTable *table = passwords_table(owner, values);
    REQUIRE(record.size > 0 && record.size <= DOMAIN_RECORD_BYTES_MAX, REFUSED_IPC_FORMAT);
    values[table->keys] = VALUE_OF_BYTES(record);
    /* A second factor is computed with, so it cannot be hashed. */
    const bool second = owner->data_class == CLASS_SECOND_FACTOR;
    return domain_put_record(passwords->domain, second ? CLASS_SECOND_FACTOR : CLASS_PASSWORD,
            second ? FORM_ENCRYPT : FORM_HASH, table->put, values, table->keys + 1);
}

pthread_mutex_t *passwords_turn(const Passwords *passwords, const WireOwner *owner)
{
    const Span parts[] = { owner->tenant, owner->realm, owner->user };
    return domain_turn(passwords->domain, parts, 3);
}

static void wipe(Buffer *record) { bytes_wipe(record->data, record->capacity); }

static Status missing_is_fine(Status s) { return status_is(s, REFUSED_ROW_MISSING) ? OK : s; }

static Status find_fact(
        const Fields *fields, const WireOwner *owner, DataClass class, PasswordsKnown *known)
{
    const WireBatchHead head = { .tenant = owner->tenant,
        .data_class = (uint16_t) class,
        .table = TABLE_FIELD,
        .column = (uint16_t) class };
    FieldRow *row = &known->rows[known->wire.count];
    row->sealed_bytes = 0;
    TRY(missing_is_fine(fields_row_find(fields, &head, owner->user, row)));
    if (row->sealed_bytes == 0) return OK;
    known->wire.of[known->wire.count++] =
            (WireSealedFact) { (uint16_t) class, { row->sealed, row->sealed_bytes } };
    return OK;
}

Status passwords_known(const Passwords *passwords, const WireOwner *owner, const DataClass *classes,
        size_t count, PasswordsKnown *ret_known)
{
    const Fields fields = { passwords->domain, passwords->vault };
    Buffer wrapped = BUFFER_OF(ret_known->wrapped);
    REQUIRE(count <= WIRE_FACTS_MAX, REFUSED_IPC_TOO_LARGE);
    ret_known->wire = (WireKnown) { .count = 0 };
    if (count == 0) return OK;
    TRY(missing_is_fine(fields_subject_key_find(&fields, owner->tenant, owner->user, &wrapped)));
    ret_known->wire.wrapped = span_of_buffer(&wrapped);
    for (size_t i = 0; i < count && wrapped.size > 0; i++)
        TRY(find_fact(&fields, owner, classes[i], ret_known));
    return OK;
}

Status passwords_set_by(const Passwords *passwords, VaultOperation operation,
        const WirePasswordSet *set, const DataClass *classes, size_t count)
{
    uint8_t before_bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer before = BUFFER_OF(before_bytes);
    CLEANUP(slot_give) Slot *slot = NULL;
    WirePasswordSet whole = *set;
    PasswordsKnown known;
    TRY(detect_free_text(set->owner.user)); /* it is stored as it is: no card's number (TP-8) */
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &set->owner);
    pthread_mutex_lock(turn);
    TRY(passwords_known(passwords, &set->owner, classes, count, &known));
    TRY(passwords_find(passwords, &set->owner, &before));
    whole.verifier = span_of_buffer(&before);
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_password_set(&slot->request, &whole));
    TRY(wire_put_known(&slot->request, &known.wire));
    TRY(slot_ask(slot, operation, &slot->answer));
    const Status s = passwords_keep(passwords, &set->owner, span_of_buffer(&slot->answer));
    bytes_wipe(slot->answer.data, slot->answer.size);
    return s;
}

Status passwords_set(const Passwords *passwords, const WirePasswordSet *set)
{
    return passwords_set_by(passwords, VAULT_PASSWORD_SET, set, NULL, 0);
}

Status passwords_set_against(const Passwords *passwords, const WirePasswordSet *set,
        const DataClass *classes, size_t count)
{
    return passwords_set_by(passwords, VAULT_PASSWORD_SET, set, classes, count);
}

Status passwords_set_pin(
        const Passwords *passwords, const WirePinSet *set, const DataClass *classes, size_t count)
{
    uint8_t before_bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer before = BUFFER_OF(before_bytes);
    CLEANUP(slot_give) Slot *slot = NULL;
    const WireOwner owner = wire_owner_of_payer(set->payer);
    WirePinSet whole = *set;
    PasswordsKnown known;
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &owner);
    pthread_mutex_lock(turn);
    TRY(passwords_known(passwords, &owner, classes, count, &known));
    TRY(passwords_find(passwords, &owner, &before));
    whole.verifier = span_of_buffer(&before);
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_pin_set(&slot->request, &whole));
    TRY(wire_put_known(&slot->request, &known.wire));
    TRY(slot_ask(slot, VAULT_SET_PIN, &slot->answer));
    const Status s = passwords_keep(passwords, &owner, span_of_buffer(&slot->answer));
    bytes_wipe(slot->answer.data, slot->answer.size);
    return s;
}

/* vaultd counts what stands in the store only when it is shown it there. */
static Status show(const Passwords *passwords, const WireOwner *owner, Span record)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const WirePasswordShown shown = { *owner, record };
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_count(&slot->request, 1, WIRE_SHOWN_MAX));
    TRY(wire_put_password_shown(&slot->request, &shown));
    return slot_ask(slot, VAULT_PASSWORD_SHOW, &slot->answer);
}

static Status replace(const Passwords *passwords, const WireOwner *owner, Span before, Span record)
{
    Value values[PASSWORDS_KEY_COLUMNS_MAX + 2];
    const PasswordsTable *table = passwords_table(owner, values);
    uint8_t now_bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer now = BUFFER_OF(now_bytes);
    REQUIRE(record.size > 0 && record.size <= DOMAIN_RECORD_BYTES_MAX, REFUSED_IPC_FORMAT);
    values[table->keys] = VALUE_OF_BYTES(record);
    values[table->keys + 1] = VALUE_OF_BYTES(before);
    TRY(domain_put_record(
            passwords->domain, CLASS_PASSWORD, FORM_HASH, table->replace, values, table->keys + 2));
    TRY(passwords_find(passwords, owner, &now));
    if (!span_equal(span_of_buffer(&now), record)) return OK; /* somebody was faster */
    return show(passwords, owner, record);
}

Status passwords_take_right(const Passwords *passwords, const WireOwner *owner, Span before,
        Slot *slot, uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    WirePasswordRight right = { 0 };
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    TRY(wire_take_password_right(&c, &right));
    TRY(cursor_end(&c));
    memcpy(ret_grant, right.grant, WIRE_GRANT_BYTES);
    if (right.verifier.size == 0) return OK;
    const Status s = replace(passwords, owner, before, right.verifier);
    bytes_wipe(slot->answer.data, slot->answer.size);
    return s;
}

Status passwords_check_by(const Passwords *passwords, VaultOperation operation,
        const WirePasswordCheck *check, uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    uint8_t record_bytes[DOMAIN_RECORD_BYTES_MAX];
    CLEANUP(wipe) Buffer record = BUFFER_OF(record_bytes);
    CLEANUP(slot_give) Slot *slot = NULL;
    WirePasswordCheck whole = *check;
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &check->owner);
    pthread_mutex_lock(turn);
    TRY(passwords_find(passwords, &check->owner, &record));
    whole.verifier = span_of_buffer(&record);
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_password_check(&slot->request, &whole));
    TRY(slot_ask(slot, operation, &slot->answer));
    return passwords_take_right(passwords, &check->owner, whole.verifier, slot, ret_grant);
}

Status passwords_check(const Passwords *passwords, const WirePasswordCheck *check,
        uint8_t ret_grant[WIRE_GRANT_BYTES])
{
    return passwords_check_by(passwords, VAULT_PASSWORD_CHECK, check, ret_grant);
}

Status passwords_spend(const Passwords *passwords, const WirePasswordSpend *spend)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_password_spend(&slot->request, spend));
    return slot_ask(slot, VAULT_PASSWORD_SPEND, &slot->answer);
}

Status passwords_unlocked(const Passwords *passwords, const WireOwner *owner)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    const WirePasswordOwner asked = { *owner };
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_password_owner(&slot->request, &asked));
    return slot_ask(slot, VAULT_PASSWORD_LOCKED, &slot->answer);
}

Status passwords_reset_by(const Passwords *passwords, VaultOperation operation,
        const WireApproval approvals[2], const WirePasswordReset *reset)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    TRY(detect_free_text(reset->owner.user));
    CLEANUP(domain_turn_end) pthread_mutex_t *turn = passwords_turn(passwords, &reset->owner);
    pthread_mutex_lock(turn);
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_approval(&slot->request, &approvals[0]));
    TRY(wire_put_approval(&slot->request, &approvals[1]));
    TRY(wire_put_password_reset(&slot->request, reset));
    TRY(slot_ask(slot, operation, &slot->answer));
    const Status s = passwords_keep(passwords, &reset->owner, span_of_buffer(&slot->answer));
    bytes_wipe(slot->answer.data, slot->answer.size);
    return s;
}

Status passwords_reset(
        const Passwords *passwords, const WireApproval approvals[2], const WirePasswordReset *reset)
{
    return passwords_reset_by(passwords, VAULT_PASSWORD_RESET, approvals, reset);
}

static Status keep_imported(const Passwords *passwords, const WirePasswordImport *import,
        Cursor *answer, Span user, Status *ret_status)
{
    const WireOwner owner = { import->data_class, import->tenant, import->realm, user };
    WirePasswordKept kept = { 0 };
    TRY(wire_take_password_kept(answer, &kept));
    *ret_status = (Status) { (int32_t)kept.status };
    if (!status_ok(*ret_status) || kept.verifier.size == 0) return OK;
    TRY(passwords_keep(passwords, &owner, kept.verifier));
    return show(passwords, &owner, kept.verifier);
}

Status passwords_import(const Passwords *passwords, const WirePasswordImport *import,
        const Span *users, size_t count, Status *ret_statuses)
{
    CLEANUP(slot_give) Slot *slot = NULL;
    uint32_t answered = 0;
    for (size_t i = 0; i < count; i++)
        TRY(detect_free_text(users[i]));
    TRY(slot_take(passwords->vault, &slot));
    TRY(wire_put_password_import(&slot->request, import));
    TRY(slot_ask(slot, VAULT_PASSWORD_IMPORT, &slot->answer));
    Cursor c = cursor_of(span_of_buffer(&slot->answer));
    TRY(wire_take_count(&c, WIRE_LEGACY_MAX, &answered));
    REQUIRE(answered == count, REFUSED_IPC_FORMAT);
    for (size_t i = 0; i < count; i++)
        TRY(keep_imported(passwords, import, &c, users[i], &ret_statuses[i]));
    return cursor_end(&c);
}
