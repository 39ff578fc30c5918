#include "vault/vault.h"

#include "base/secret.h"
#include "vault/approval.h"
#include "vault/card_bind.h"
#include "vault/card_pass.h"
#include "vault/checkpoint.h"
#include "vault/events.h"
#include "vault/key_acts.h"
#include "vault/key_owner.h"
#include "vault/legacy_import.h"
#include "vault/legal_hold.h"
#include "vault/mac_key.h"
#include "vault/operators.h"
#include "vault/password_recover.h"
#include "vault/policy_book.h"
#include "vault/prepare.h"
#include "vault/report_sign.h"
#include "vault/roll.h"
#include "vault/scan.h"
#include "vault/second_service.h"
#include "vault/verify.h"

#include <stdlib.h>

struct Vault {
    VaultConfig config;
    StoreView *view;
    Pin pin;
    PasswordService passwords;
    LegalHolds holds;
    Operators operators;
    Issue issue;
    Protect protect;
    MacKeys mac_keys;
    CardPass cards;
    PolicyBook book;
    Attached *attached;
    Field *field;
    KeyActs key_acts;
    VaultEvents events;
    _Atomic bool sandboxed;
};

static void alert_tables(const Vault *v, uint8_t operation, Status status, const TableSet *tables)
{
    events_alarm(&v->events, operation, status);
    if (v->config.alert == NULL) return;
    v->config.alert(v->config.alert_context, operation, status, tables);
}

static void alert(const Vault *v, uint8_t operation, Status status)
{
    const TableSet none = { 0 };
    alert_tables(v, operation, status, &none);
}

static void tell_touched(void *vault, uint8_t operation, Status status)
{
    alert(vault, operation, status);
}

static Status open_parts(Vault *v, const VaultConfig *config)
{
    const FieldConfig field = {
        .keys = config->keys,
        .memory = config->memory,
        .clock = config->clock,
        .random = config->random,
        .suite = config->field_suite,
        .legacy_import = config->legacy_import,
        .lookups_per_day = config->lookups_per_day,
        .protects_per_day = config->protects_per_day,
        .secrets = config->field_secrets,
        .alert = tell_touched,
        .alert_context = v,
    };
    TRY(field_open(&field, &v->field));
    return store_view_open(config->keys, config->memory, config->clock, config->random, &v->view);
}

/* With a journal that is new, the keys are: their ceremony was just now. */
static Status tell_first_start(Vault *v)
{
    const Memory *m = v->config.memory;
    if (m->ever_prepared || !memory_events_none(v->config.memory)) return OK;
    return events_own(&v->events, 0, v->config.custody != NULL ? v->config.custody : "");
}

Status vault_open(const VaultConfig *config, Vault **ret_vault)
{
    Vault *v = calloc(1, sizeof(*v));
    CHECK(v != NULL, FAULT_MEMORY);
    Memory *memory = config->memory;
    v->config = *config;
    v->pin = (Pin) { config->keys, memory, config->clock, config->random, memory->names, NULL };
    v->holds = (LegalHolds) { memory, config->clock };
    v->operators = (Operators) { memory, config->keys, config->clock };
    v->passwords = (PasswordService) { config->keys, memory, config->clock, config->random,
        memory->names, NULL, config->password_length_min };
    v->issue = (Issue) { .keys = config->keys,
        .clock = config->clock,
        .random = config->random,
        .tls_life_us = config->tls_life_us > 0 ? config->tls_life_us : ISSUE_TLS_LIFE_US };
    memcpy(v->issue.names, config->names, sizeof(config->names));
    v->protect = (Protect) { config->keys, memory, config->clock, config->random };
    v->mac_keys = (MacKeys) { config->keys, memory, config->clock, config->random };
    v->cards = (CardPass) { config->keys, memory, config->clock, config->random };
    v->book = (PolicyBook) { memory, config->clock, config->keys, config->random };
    v->events = (VaultEvents) { memory, config->clock };
    const AttachedConfig attached = { config->keys, memory, config->attached, config->clock,
        config->random };
    Status s = open_parts(v, config);
    v->passwords.field = v->field;
    v->pin.field = v->field;
    if (status_ok(s)) s = attached_open(&attached, &v->attached);
    if (status_ok(s)) s = key_acts_begin(&v->key_acts, config->keys, v->view, config->clock);
    if (status_ok(s)) s = tell_first_start(v);
    if (!status_ok(s)) {
        vault_close(v);
        return s;
    }
    *ret_vault = v;
    return OK;
}

void vault_close(Vault *vault)
{
    if (vault == NULL) return;
    attached_close(vault->attached);
    field_close(vault->field);
    store_view_close(vault->view);
    bytes_wipe(vault, sizeof(*vault)); /* the key of the names */
    free(vault);
}

void vault_set_sandboxed(Vault *vault) { vault->sandboxed = true; }

bool vault_admit(void *vault, const ServicePeer *peer)
{
    const Vault *v = vault;
    return rights_role(&v->config.users, peer) != ROLE_NONE;
}

static Status answer_status(const Vault *v, Buffer *ret_answer)
{
    const StoreView *view = v->view;
    const Memory *m = v->config.memory;
    WireStatus status = {
        .custody = span_of_text(v->config.custody),
        .ready = view->phase == STORE_SERVING,
        .sandboxed = v->sandboxed,
        .epoch = m->epoch,
        .tree_size = m->confirmed.size,
        .next_batch = m->confirmed.size,
        .frozen_rows = (uint32_t)m->frozen.count,
        .tracked_rows = view->map.rows.count,
    };
    memcpy(status.root, m->confirmed.root.bytes, WIRE_HASH_BYTES);
    return wire_put_status(ret_answer, &status);
}

/* What the seal lane found is told when it froze rows, whatever the message as a whole answers. */
static Status watch_frozen(Vault *v, uint8_t operation, size_t frozen_before, Status s)
{
    if (v->config.memory->frozen.count > frozen_before)
        alert(v, operation, REFUSE(REFUSED_ROW_FROZEN));
    return s;
}

static Status end_scan(Vault *v, Buffer *ret_answer)
{
    const Status s = scan_end(v->view);
    if (status_is(s, REFUSED_STORE_ROLLED_BACK))
        alert_tables(v, VAULT_SCAN_END, s, &v->view->differs);
    TRY(s);
    return answer_status(v, ret_answer);
}

/* A difference is told by the walk that finds it. */
static Status show_rolled(Vault *v, Span request, Buffer *ret_answer)
{
    const Roll *roll = &v->view->roll;
    TRY(roll_rows(v->view, request, ret_answer));
    const bool is_new = !roll->running && v->view->findings[roll->table].since == roll->number;
    const bool is_told = status_ok(roll->verdict) || status_is(roll->verdict, REFUSED_ROW_FROZEN);
    const TableSet walked = table_set_of(roll->table);
    if (is_new && !is_told) alert_tables(v, VAULT_ROLL_ROWS, roll->verdict, &walked);
    return OK;
}

static Status release_row(Vault *v, Span request)
{
    Cursor c = cursor_of(request);
    Span subject;
    MemoryApprovals approvals;
    const int64_t now_us = clock_now_us(&v->config.clock);
    TRY(approval_take(v->config.memory, &c, SPAN("release-row"), now_us, &subject, &approvals));
    TRY(cursor_end(&c));
    KeyedHash row;
    store_view_name(v->view, subject, &row);
    return memory_release(v->config.memory, &row, &approvals);
}

static Status accept_restore(Vault *v, Span request)
{
    Cursor c = cursor_of(request);
    Span subject;
    MemoryApprovals approvals;
    const int64_t now_us = clock_now_us(&v->config.clock);
    REQUIRE(v->view->phase == STORE_REFUSED, REFUSED_VAULT_NOT_READY);
    TRY(approval_take(v->config.memory, &c, SPAN("accept-restore"), now_us, &subject, &approvals));
    TRY(cursor_end(&c));
    MerkleHash root;
    uint8_t shown[SCAN_SUBJECT_BYTES];
    merkle_root(&v->view->tree, &root);
    scan_subject((int64_t)v->view->tree.size, &root, shown);
    REQUIRE(span_equal(subject, SPAN_OF(shown)), REFUSED_APPROVAL_INVALID);
    return scan_accept(v->view, &approvals);
}

static Status enroll(Vault *v, Span request)
{
    REQUIRE(!attached_any(v->attached), REFUSED_CEREMONY_CLOSED);
    return operators_enroll(&v->operators, request);
}

static Status stop(Vault *v)
{
    if (v->config.stop != NULL) v->config.stop(v->config.stop_context);
    return OK;
}

/* hufud checks a signature before it asks: only a captured one asks with another. */
static Status reveal_key(Vault *v, Span request, Buffer *ret_answer)
{
    const Status s = key_owner_reveal(&v->protect, v->view, request, ret_answer);
    const bool is_tampering =
            status_is(s, REFUSED_SIGNATURE_INVALID) || status_is(s, REFUSED_SEAL_TAMPERED);
    if (is_tampering) alert(v, VAULT_KEY_REVEAL, s);
    return s;
}

/* The seal lane's operations; the others follow in other_lanes(). */
static Status seal_lane(Vault *v, uint8_t operation, Span request, Buffer *ret_answer)
{
    const size_t frozen = v->config.memory->frozen.count;
    switch (operation) {
    case VAULT_STATUS: return answer_status(v, ret_answer);
    case VAULT_SCAN_BEGIN: return scan_begin(v->view, request, ret_answer);
    case VAULT_SCAN_ROWS:
        return watch_frozen(v, operation, frozen, scan_rows(v->view, request, ret_answer));
    case VAULT_SCAN_LEAVES: return scan_leaves(v->view, request);
    case VAULT_SCAN_END: return end_scan(v, ret_answer);
    case VAULT_VERIFY:
        return watch_frozen(v, operation, frozen, verify_claims(v->view, request, ret_answer));
    case VAULT_ROLL_BEGIN: return roll_begin(v->view, request, ret_answer);
    case VAULT_ROLL_ROWS:
        return watch_frozen(v, operation, frozen, show_rolled(v, request, ret_answer));
    case VAULT_PREPARE: return prepare_batch(v->view, request, ret_answer);
    case VAULT_CONFIRM: return prepare_confirm(v->view, request);
    case VAULT_ABORT: return prepare_abort(v->view, request);
    case VAULT_CHECKPOINT: return checkpoint_sign(v->view, ret_answer);
    case VAULT_RELEASE_ROW: return release_row(v, request);
    case VAULT_ACCEPT_RESTORE: return accept_restore(v, request);
    case VAULT_KEY_ROTATE: return key_acts_rotate(&v->key_acts, request, ret_answer);
    case VAULT_KEY_REVEAL: return reveal_key(v, request, ret_answer);
    case VAULT_KEY_DESTROY: return key_acts_destroy(&v->key_acts, request, ret_answer);
    case VAULT_SIGN_REPORT:
        return report_sign(v->view, request, clock_now_us(&v->config.clock), ret_answer);
    case VAULT_CLOSE_INCIDENT:
        return report_approve(
                v->view, SPAN("close-incident"), request, clock_now_us(&v->config.clock));
    case VAULT_REVIEW_REPORT:
        return report_approve(
                v->view, SPAN("review-report"), request, clock_now_us(&v->config.clock));
    default: return REFUSE(REFUSED_VAULT_FORBIDDEN);
    }
}

/* What a wrong guess never looks like: somebody's record or box is not what it was. */
static Status watch_password(Vault *v, uint8_t operation, Status s)
{
    const bool is_tampering = status_is(s, REFUSED_VERIFIER_ROLLED_BACK)
            || status_is(s, REFUSED_SEAL_TAMPERED) || status_is(s, REFUSED_BOX_SPENT)
            || status_is(s, REFUSED_PROTECT_BUDGET);
    if (is_tampering) alert(v, operation, s);
    return s;
}

/* The first box key of a day is a change of the key store. */
static Status issue_box_key_noted(Vault *v, Buffer *ret_answer)
{
    TRY(issue_box_key(&v->issue, ret_answer));
    return key_acts_note(&v->key_acts);
}

static Status password_lane(Vault *v, uint8_t operation, Span request, Buffer *ret_answer)
{
    const PasswordService *passwords = &v->passwords;
    switch (operation) {
    case VAULT_CHECK_PIN: return pin_check(&v->pin, request, ret_answer);
    case VAULT_SET_PIN: return pin_set(&v->pin, request, ret_answer);
    case VAULT_PASSWORD_SET: return password_set(passwords, request, ret_answer);
    case VAULT_PASSWORD_CHECK: return password_check_box(passwords, request, ret_answer);
    case VAULT_PASSWORD_SPEND: return password_spend(passwords, request);
    case VAULT_PASSWORD_LOCKED: return password_unlocked(passwords, request);
    case VAULT_PASSWORD_RESET: return password_reset(passwords, request, ret_answer);
    case VAULT_PASSWORD_RECOVER: return password_recover(passwords, v->field, request, ret_answer);
    case VAULT_PASSWORD_SHOW: return password_show(passwords, request, ret_answer);
    case VAULT_PASSWORD_IMPORT: return legacy_import(passwords, request, ret_answer);
    case VAULT_SECOND_SET: return second_set(passwords, request, ret_answer);
    case VAULT_SECOND_CHECK: return second_check(passwords, request, ret_answer);
    case VAULT_SECOND_RESET: return second_reset(passwords, request, ret_answer);
    case VAULT_SECOND_LOGIN: return second_login(passwords, request, ret_answer);
    case VAULT_KEY_MAC: return mac_key_use(&v->mac_keys, request, ret_answer);
    case VAULT_CARD_BIND: return card_bind(v->field, request, ret_answer);
    case VAULT_CARD_CODE: return card_code(v->field, request, ret_answer);
    case VAULT_CARD_PASS: return card_pass(&v->cards, request, ret_answer);
    case VAULT_IDENTITY_SAID: return field_identity_said(v->field, request, ret_answer);
    case VAULT_IDENTITY_KNOWN: return field_identity_known(v->field, request, ret_answer);
    case VAULT_MAC_KEY_SET: return mac_key_set(&v->mac_keys, request, ret_answer);
    case VAULT_PROTECT: return protect_signing_key(&v->protect, request, ret_answer);
    default: return REFUSE(REFUSED_VAULT_FORBIDDEN);
    }
}

/* Rows of others' tables that a message froze are told. */
static Status attached_lane(Vault *v, uint8_t operation, Span request, Buffer *ret_answer)
{
    size_t frozen = 0;
    const Status s = attached_handle(v->attached, operation, request, ret_answer, &frozen);
    if (frozen > 0) alert(v, operation, REFUSE(REFUSED_ROW_FROZEN));
    return s;
}

static Status other_lanes(Vault *v, uint8_t operation, Span request, Buffer *ret_answer)
{
    switch (operation) {
    case VAULT_SIGN: return issue_signatures(&v->issue, request, ret_answer);
    case VAULT_BOX_KEY: return issue_box_key_noted(v, ret_answer);
    case VAULT_BOX_PAD: return issue_box_pad(&v->issue, request, ret_answer);
    case VAULT_PUBLIC_KEYS: return issue_public_keys(&v->issue, ret_answer);
    case VAULT_PSEUDONYM_KEY: return issue_pseudonym_key(&v->issue, ret_answer);
    case VAULT_TLS_LEAF: return issue_tls_leaf(&v->issue, request, ret_answer);
    case VAULT_CALLER_LEAF: return issue_caller_leaf(&v->issue, request, ret_answer);
    case VAULT_MERCHANT_LEAF: return issue_merchant_leaf(&v->issue, request, ret_answer);
    case VAULT_KEY_LIST: return issue_key_list(&v->issue, ret_answer);
    case VAULT_WRAP_KEY: return protect_wrap_key(&v->protect, ret_answer);
    case VAULT_UNWRAP_KEY: return protect_unwrap_key(&v->protect, request, ret_answer);
    case VAULT_ENROLL: return enroll(v, request);
    case VAULT_OPERATOR_ADD: return operators_add(&v->operators, request);
    case VAULT_OPERATOR_CHANGE: return operators_change(&v->operators, request);
    case VAULT_OPERATOR_REMOVE: return operators_remove(&v->operators, request);
    case VAULT_OPERATORS: return operators_list(&v->operators, ret_answer);
    case VAULT_LEGACY_ENABLE: return legacy_enable(&v->passwords, request);
    case VAULT_PASSWORD_COUNTS: return password_counts(&v->passwords, ret_answer);
    case VAULT_ENCRYPT_DOWNLINK: return protect_encrypt_downlink(&v->protect, request, ret_answer);
    case VAULT_POLICY_SET: return policy_book_set(&v->book, request);
    case VAULT_POLICY_GET: return policy_book_get(&v->book, request, ret_answer);
    case VAULT_EXPIRY_GRANT: return policy_book_grant(&v->book, request);
    case VAULT_EXPIRY_END: return policy_book_end(&v->book, request);
    case VAULT_EXPIRY_LOOK: return policy_book_look(&v->book, request, ret_answer);
    case VAULT_EXPIRY_LIST: return policy_book_list(&v->book, request, ret_answer);
    case VAULT_HOLD_SUBJECT: return legal_hold_place(&v->holds, request);
    case VAULT_RELEASE_HOLD: return legal_hold_release(&v->holds, request);
    case VAULT_HELD_UNTIL: return legal_hold_until(&v->holds, request, ret_answer);
    case VAULT_STOP: return stop(v);
    case VAULT_EVENTS: return events_take(&v->events, request, ret_answer);
    case VAULT_RECEIVERS: return memory_receivers(v->config.memory, ret_answer);
    case VAULT_EXPIRY_COUNT: return policy_book_count(&v->book, ret_answer);
    default: return REFUSE(REFUSED_VAULT_FORBIDDEN);
    }
}

static Status fields(Vault *v, uint8_t operation, Span request, Buffer *ret_answer)
{
    switch (operation) {
    case VAULT_SESSION: return field_session(v->field, request, ret_answer);
    case VAULT_PROTECT_FIELDS: return field_protect(v->field, request, ret_answer);
    case VAULT_LOOKUP_FIELDS: return field_lookup(v->field, request, ret_answer);
    case VAULT_REVEAL_FIELD: return field_reveal(v->field, request, ret_answer);
    case VAULT_RECEIVER_ADD: return field_receiver_add(v->field, request);
    case VAULT_RECEIVER_REMOVE: return field_receiver_remove(v->field, request);
    case VAULT_REVEAL_LOG: return field_reveal_log(v->field, request, ret_answer);
    case VAULT_REVEAL_KEPT: return field_reveal_kept(v->field, request);
    case VAULT_REWRAP_FIELDS: return field_rewrap(v->field, request, ret_answer);
    case VAULT_TURN_SUBJECTS: return field_turn_subjects(v->field, request, ret_answer);
    case VAULT_DESTROY_SUBJECTS: return field_destroy_subjects(v->field, request, ret_answer);
    case VAULT_PLANT_HONEY: return field_plant_honey(v->field, request, ret_answer);
    case VAULT_LEGACY_KEY: return field_legacy_key(v->field, request, ret_answer);
    case VAULT_IMPORT_FIELDS: return field_import(v->field, request, ret_answer);
    default: return REFUSE(REFUSED_VAULT_FORBIDDEN);
    }
}

/* What nobody asks by mistake. */
static Status watch_fields(Vault *v, uint8_t operation, Span request, Buffer *ret_answer)
{
    const Status s = fields(v, operation, request, ret_answer);
    const bool is_tampering = status_is(s, REFUSED_SEAL_TAMPERED) || status_is(s, REFUSED_BOX_SPENT)
            || status_is(s, REFUSED_REVEAL_BUDGET) || status_is(s, REFUSED_LOOKUP_BUDGET)
            || status_is(s, REFUSED_PROTECT_BUDGET) || status_is(s, REFUSED_SUBJECT_DESTROYED);
    if (is_tampering) alert(v, operation, s);
    return s;
}

static Status answer(
        Vault *v, const ServicePeer *peer, uint8_t operation, Span request, Buffer *ret_answer)
{
    const VaultRole role = rights_role(&v->config.users, peer);
    REQUIRE(rights_allow(role, operation), REFUSED_VAULT_FORBIDDEN);
    const bool ready = v->view->phase == STORE_SERVING;
    REQUIRE(ready || !rights_needs_ready(operation), REFUSED_VAULT_NOT_READY);
    if (rights_lane(operation) == LANE_SEAL) return seal_lane(v, operation, request, ret_answer);
    if (operation >= VAULT_SESSION && operation <= VAULT_IMPORT_FIELDS)
        return watch_fields(v, operation, request, ret_answer);
    if (rights_lane(operation) == LANE_PASSWORD)
        return watch_password(v, operation, password_lane(v, operation, request, ret_answer));
    if (rights_lane(operation) == LANE_ATTACHED)
        return attached_lane(v, operation, request, ret_answer);
    return other_lanes(v, operation, request, ret_answer);
}

/* What two people do, and what is done to keys, has its line in the audit log: there is room for
 * it before, and it waits there, durably, before the answer. */
static Status answer_noted(
        Vault *v, const ServicePeer *peer, uint8_t operation, Span request, Buffer *ret_answer)
{
    const bool is_act = events_is_act(operation);
    if (is_act) TRY(events_before_act(&v->events));
    const Status s = answer(v, peer, operation, request, ret_answer);
    if (events_is_intrusion(s)) events_alarm(&v->events, operation, s);
    TRY(s);
    return is_act ? events_act(&v->events, operation, request) : OK;
}

Status vault_handle(
        void *vault, const ServicePeer *peer, uint8_t operation, Span request, Buffer *ret_answer)
{
    Vault *v = vault;
    if (key_acts_look(&v->key_acts) > 0)
        IGNORE(events_own(&v->events, VAULT_KEY_ROTATE, "by its period"),
                "KEY_LIST tells it, too; a lost journal is noticed below");
    const Status s = answer_noted(v, peer, operation, request, ret_answer);
    /* Without its journal a vault can promise nothing: whoever supervises it starts it anew. */
    if (memory_is_lost(v->config.memory) || attached_is_lost(v->attached)) {
        alert(v, operation, BROKEN(FAULT_JOURNAL));
        IGNORE(stop(v), "it has no other way to fail");
    }
    return s;
}
