#pragma once
/* admin_inside: the operations behind api/admin.h, one function each. Private to admin_*.c. */
#include "access/asker.h"
#include "api/admin.h"
#include "audit/event.h"
#include "crypto/certificate.h"
#include "text/json.h"

#include <pthread.h>

/* A bank may let us wait for its whole deadline: others of the house are served meanwhile. */
enum { ADMIN_WORKERS = 4, ADMIN_BANK_CALLS_MAX = 2 };

struct Admin {
    AdminConfig config;
    Service *service;
    pthread_t thread;
    atomic_bool stop_asked;
    atomic_bool backup_runs;
    atomic_int bank_calls; /* on their way */
    pthread_mutex_t enrolling; /* one newcomer at a time: between "is free" and "is in" */
};

/* `request` is the parsed object without its "operation" checked; write one object into
 * `ret_answer`. */
typedef Status (*AdminOperation)(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *ret_answer);

/*
 * One request of somebody whom a door has let in: decided by the table of rights under the
 * operation's name, run, and answered as one object. For every door alike.
 * Refuses ADMIN_OPERATION, access_status(), and what the operation refuses.
 */
MUST_USE Status admin_run(Admin *admin, Span request, const Asker *asker, Buffer *ret_payload);
/* The names of all operations; each is an action of rules/access.yaml. `index` < count. */
size_t admin_operations_count(void);
const char *admin_operations_at(size_t index);

Status admin_trail_search(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_trail_prove(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

/*
 * Would it be done, as far as that can be said without doing it? What waits for others to agree is
 * looked at before it rests anywhere: it is well-formed, and nothing prohibited is in it (TP-5).
 */
typedef Status (*AdminCheck)(Admin *admin, const JsonDocument *document, const Asker *asker);
/* What rests until others agree, where that is not what was sent; it is shown to them, signed by
 * them, and run. Appended. */
typedef Status (*AdminKeep)(
        Admin *admin, const JsonDocument *document, const Asker *asker, Buffer *ret_kept);
Status admin_caller_add_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_add_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_key_add_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_key_revoke_check(
        Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_apiv3_check(Admin *admin, const JsonDocument *document, const Asker *asker);

Status admin_merchant_profile_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_profile(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_merchant_list_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_profile_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_list_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_plan_add_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_plan_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_plan_close_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_plan_close(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_plan_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_merchant_terms_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_merchant_terms(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payee_code_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_notification_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_notification_resend(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

Status admin_reserve_import(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_reserve_check(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_settlement_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_settlement_request(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_settlement_submit(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_settlement_confirm(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_settlement_fail(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_settlement_check(Admin *admin, const JsonDocument *document, const Asker *asker);
/* One more call to the bank; refuses STORE_BUSY: as many are on their way as may be. Given back by
 * admin_bank_call_end(). */
MUST_USE Status admin_bank_call_begin(Admin *admin);
void admin_bank_call_end(Admin *const *admin); /* NULL inside is fine: CLEANUP */
Status admin_bank_withdraw_check(Admin *admin, const JsonDocument *document, const Asker *asker);

Status admin_status(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_box_key(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_key_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_key_revoke(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_key_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_merchant_apiv3(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_fund(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_card(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_withdraw(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_reconcile(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_differences(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_explain(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_bank_status(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_cards(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_identify(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_stop(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_transfer_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_transfer_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_resume_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_payer_resume(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_payer_confirm_check(Admin *admin, const JsonDocument *document, const Asker *asker);
Status admin_payer_confirm(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_key_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_public_keys(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_report_sums(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_backup(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_release_note(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_day_end(Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_caller_add(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_caller_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_caller_revoke(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_reveal_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_consent(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_collect(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_use(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_request(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_end(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_hold(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_release_hold(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_status(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_destroy(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_subject_waiting(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_field_mask(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_field_print(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_field_reveal(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_password_reset(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_password_import(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_password_sweep(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_password_peppers(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_enrolment_begin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_enrolment_complete(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_stop_all(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

/* A key that came without a serial gets one of its own fingerprint: "PUB_KEY_ID_" and 32 hex
 * digits. Refuses ORDER_FIELD. */
MUST_USE Status admin_name_key(MerchantKey *key, Span serial);

/* A certificate that was issued; without one, its leaf is empty. */
typedef struct AdminCertificate {
    uint8_t leaf_pem[CERTIFICATE_PEM_BYTES_MAX];
    uint8_t authority_pem[CERTIFICATE_PEM_BYTES_MAX];
    Buffer leaf; /* into the bytes above */
    Buffer authority;
} AdminCertificate;

typedef struct AdminKeyWish {
    Span mchid;
    Span public_key_pem; /* this one, */
    Span request_pem; /* or this one */
    Span serial; /* of a bare key; empty: made of its fingerprint */
    int64_t ends_us; /* 0: five years; of a certificate one */
} AdminKeyWish;
/* The key of a wish, and for a request its certificate. Refuses REFUSED_ORDER_FIELD, and what
 * merchant_key_from_pem() and vaultclient_merchant_leaf() refuse. */
MUST_USE Status admin_take_key(House *house, const AdminKeyWish *wish, MerchantKey *ret_key,
        AdminCertificate *ret_certificate);
/* The same as far as that can be said without vaultd, and that nothing prohibited stands around the
 * key (TP-5). */
MUST_USE Status admin_check_key(const AdminKeyWish *wish);
/* A box that is fresh and for us. Refuses what challenge_box() refuses. */
MUST_USE Status admin_check_box(const House *house, Span box_text);
/* Members of the open object; none without a certificate. */
void admin_key_certificate(JsonWriter *w, const AdminCertificate *certificate);
/* The APIv3 key goes from its box into the domain store; it never is in clear here (TP-7). An empty
 * box is none. */
MUST_USE Status admin_keep_apiv3_key(House *house, Span mchid, Span box_base64);
Status admin_report_begin(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_report_keep(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_report_review(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_incident_open(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_incident_step(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);
Status admin_incident_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w);

/* Whoever is not of the house must name his own tenant, as "mchid" or "tenant" or both, and no
 * other: an operation that names none is not for him. Refuses ACCESS_OTHER_TENANT. */
MUST_USE Status admin_own_tenant(const JsonDocument *document, const Asker *asker);
/* A base64 field of a request into bytes; appended. */
MUST_USE Status admin_bytes(Span base64, Buffer *ret_bytes);
/* Of a list: {operation, all?}. */
MUST_USE Status admin_read_all(const JsonDocument *document, bool *ret_all);
/* "alice": who asked, for the audit log. */
void admin_actor(char *ret_actor, size_t capacity, const Asker *asker);
/* One event in the audit log, by "operator/alice"; durable. */
MUST_USE Status admin_write_down(
        Admin *admin, const Asker *asker, AuditKind kind, Span subject, Span detail);
void admin_key_base64(JsonWriter *w, const char *key, Span bytes);
