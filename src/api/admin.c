#include "api/admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/request.h"
#include "api/admin_access.h"
#include "api/admin_export.h"
#include "api/admin_inside.h"
#include "api/admin_person.h"
#include "api/admin_request.h"
#include "api/event.h"
#include "api/passage.h"
#include "base/encoding.h"
#include "base/heap.h"
#include "base/secret.h"
#include "policy/detect.h"

typedef struct Operation {
    const char *name;
    AdminOperation run;
    AdminCheck check; /* of what others may have to agree to; NULL: it cannot wait for them */
    AdminKeep keep; /* NULL: the bytes as they were sent */
} Operation;

static const Operation operations[] = {
    { "access.begin", admin_access_begin },
    { "access.join", admin_access_join, admin_access_join_check, admin_access_join_keep },
    { "access.move", admin_access_move, admin_access_move_check },
    { "access.leave", admin_access_leave },
    { "access.list", admin_access_list },
    { "access.explain", admin_access_explain },
    { "access.table", admin_access_table },
    { "access.table.set", admin_access_table_set, admin_access_table_set_check },
    { "access.passkey.list", admin_access_passkey_list },
    { "access.passkey.remove", admin_access_passkey_remove },
    { "access.request", admin_access_request, admin_access_request_check },
    { "access.grant.list", admin_access_grant_list },
    { "access.grant.revoke", admin_access_grant_revoke },
    { "access.review", admin_access_review },
    { "access.review.list", admin_access_review_list },
    { "access.emergency", admin_access_emergency },
    { "access.emergency.end", admin_access_emergency_end },
    { "access.emergency.review", admin_access_emergency_review },
    { "export.permit", admin_export_permit, admin_export_permit_check },
    { "export.run", admin_export_run },
    { "export.list", admin_export_list },
    { "request.list", admin_request_list },
    { "request.show", admin_request_show },
    { "request.approve", admin_request_approve },
    { "request.refuse", admin_request_refuse },
    { "request.withdraw", admin_request_withdraw },
    { "status", admin_status },
    { "box.key", admin_box_key },
    { "merchant.add", admin_merchant_add, admin_merchant_add_check },
    { "merchant.key.add", admin_merchant_key_add, admin_merchant_key_add_check },
    { "merchant.key.revoke", admin_merchant_key_revoke, admin_merchant_key_revoke_check },
    { "merchant.key.list", admin_merchant_key_list },
    { "merchant.apiv3", admin_merchant_apiv3, admin_merchant_apiv3_check },
    { "merchant.profile", admin_merchant_profile, admin_merchant_profile_check },
    { "merchant.profile.list", admin_merchant_profile_list },
    { "merchant.origin.add", admin_merchant_list, admin_merchant_list_check },
    { "merchant.origin.remove", admin_merchant_list, admin_merchant_list_check },
    { "merchant.origin.list", admin_merchant_list_show },
    { "merchant.address.add", admin_merchant_list, admin_merchant_list_check },
    { "merchant.address.remove", admin_merchant_list, admin_merchant_list_check },
    { "merchant.address.list", admin_merchant_list_show },
    { "merchant.plan.add", admin_plan_add, admin_plan_add_check },
    { "merchant.plan.close", admin_plan_close, admin_plan_close_check },
    { "merchant.plan.list", admin_plan_list },
    { "merchant.terms", admin_merchant_terms, admin_merchant_terms_check },
    { "merchant.show", admin_merchant_show },
    { "merchant.payee-code.list", admin_payee_code_list },
    { "notification.list", admin_notification_list },
    { "notification.resend", admin_notification_resend },
    { "reserve.import", admin_reserve_import },
    { "reserve.check", admin_reserve_check },
    { "settlement.list", admin_settlement_list },
    { "settlement.request", admin_settlement_request },
    { "settlement.submit", admin_settlement_submit },
    { "settlement.confirm", admin_settlement_confirm, admin_settlement_check },
    { "settlement.fail", admin_settlement_fail, admin_settlement_check },
    { "payer.add", admin_payer_add },
    { "payer.show", admin_payer_show },
    { "payer.cards", admin_payer_cards },
    { "payer.identify", admin_payer_identify },
    { "transfer.list", admin_transfer_list },
    { "transfer.show", admin_transfer_show },
    { "payer.stop", admin_payer_stop },
    { "payer.resume", admin_payer_resume, admin_payer_resume_check },
    { "payer.confirm", admin_payer_confirm, admin_payer_confirm_check },
    { "bank.fund", admin_bank_fund },
    { "bank.withdraw", admin_bank_withdraw, admin_bank_withdraw_check },
    { "bank.card", admin_bank_card },
    { "bank.list", admin_bank_list },
    { "bank.status", admin_bank_status },
    { "bank.reconcile", admin_bank_reconcile },
    { "bank.differences", admin_bank_differences },
    { "bank.explain", admin_bank_explain },
    { "key.list", admin_key_list },
    { "public.keys", admin_public_keys },
    { "report.sums", admin_report_sums },
    { "backup", admin_backup },
    { "release.note", admin_release_note },
    { "day.end", admin_day_end },
    { "report.begin", admin_report_begin },
    { "report.keep", admin_report_keep },
    { "report.review", admin_report_review },
    { "incident.open", admin_incident_open },
    { "incident.step", admin_incident_step },
    { "incident.list", admin_incident_list },
    { "caller.add", admin_caller_add, admin_caller_add_check },
    { "caller.list", admin_caller_list },
    { "caller.revoke", admin_caller_revoke },
    { "reveal.list", admin_reveal_list },
    { "subject.consent", admin_subject_consent },
    { "subject.collect", admin_subject_collect },
    { "subject.use", admin_subject_use },
    { "subject.request", admin_subject_request },
    { "subject.end", admin_subject_end },
    { "subject.hold", admin_subject_hold },
    { "subject.release_hold", admin_subject_release_hold },
    { "subject.status", admin_subject_status },
    { "subject.waiting", admin_subject_waiting },
    { "subject.destroy", admin_subject_destroy },
    { "password.reset", admin_password_reset },
    { "password.import", admin_password_import },
    { "password.sweep", admin_password_sweep },
    { "password.peppers", admin_password_peppers },
    { "field.mask", admin_field_mask },
    { "field.print", admin_field_print },
    { "field.reveal", admin_field_reveal },
    { "enrolment.begin", admin_enrolment_begin },
    { "enrolment.complete", admin_enrolment_complete },
    { "trail.search", admin_trail_search },
    { "trail.prove", admin_trail_prove },
    { "stop", admin_stop_all },
};

typedef struct Named {
    Span operation;
} Named;

static const JsonField named_fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, offsetof(Named, operation) },
};

/* The first people are named while there is nobody, and that is all that can be done then. */
static Status may(const House *house, const Asker *asker, Span operation)
{
    const bool begins = span_equal(operation, SPAN("access.begin"));
    if (principal_book_count(house->principals) == 0)
        return begins ? OK : REFUSE(REFUSED_ACCESS_NOT_BEGUN);
    REQUIRE(!begins, REFUSED_ACCESS_BEGUN);
    CLEANUP(access_release) AccessTable *table = access_in_force(house->access);
    const int action = access_action_named(table, operation);
    return access_status(access_decide(table, asker, action, 0, clock_now_us(&house->clock)));
}

size_t admin_operations_count(void) { return sizeof(operations) / sizeof(operations[0]); }

const char *admin_operations_at(size_t index)
{
    ASSERT(index < admin_operations_count());
    return operations[index].name;
}

/* What the log says of one request besides its outcome. */
typedef struct Told {
    const char *name; /* of the operation */
    char from[AUDIT_FROM_BYTES_MAX + 1];
    char reason[AUDIT_REASON_BYTES_MAX + 1]; /* as the asker said it; empty: he gave none */
} Told;

/* Whatever the operation does with its "reason": the log has it, but nothing prohibited (TP-5).
 * How long one may be is the operation's own matter. */
static Status take_reason(const JsonDocument *document, Told *told)
{
    static const JsonField fields[] = { { "reason", JSON_TEXT, false, 0, WIRE_ADMIN_BYTES_MAX,
            0 } };
    JsonProblem problem = { 0 };
    Span reason = { NULL, 0 };
    TRY(json_read_some(document, json_root(document), fields, 1, &reason, &problem));
    if (reason.size == 0) return OK;
    TRY(detect_kept_text(reason));
    passage_text(
            told->reason, sizeof(told->reason), audit_text_cut(reason, AUDIT_REASON_BYTES_MAX));
    unit_asked(told->from, told->reason);
    return OK;
}

/* It waits for others. */
static Status ask_others(Admin *admin, const Operation *operation, Span request,
        const JsonDocument *document, const Asker *asker, Buffer *ret_payload)
{
    static _Thread_local uint8_t kept_bytes[ASKED_EXACT_BYTES_MAX];
    Buffer kept = BUFFER_OF(kept_bytes);
    const Span name = span_of_text(operation->name);
    TRY(operation->check(admin, document, asker));
    if (operation->keep == NULL) return admin_request_ask(admin, request, name, asker, ret_payload);
    TRY(operation->keep(admin, document, asker, &kept));
    return admin_request_ask(admin, span_of_buffer(&kept), name, asker, ret_payload);
}

static Status run_operation(
        Admin *admin, Span request, const Asker *asker, Told *told, Buffer *ret_payload)
{
    JsonProblem problem = { 0 };
    CLEANUP(json_free) JsonDocument *document = NULL;
    Named named = { 0 };
    TRY(json_parse(request, &document, &problem));
    TRY(json_read_some(document, json_root(document), named_fields, 1, &named, &problem));
    for (size_t i = 0; i < admin_operations_count(); i++) {
        if (!span_equal(named.operation, span_of_text(operations[i].name))) continue;
        told->name = operations[i].name;
        const Status said = take_reason(document, told);
        const Status s = may(admin->config.house, asker, named.operation);
        const bool waits =
                status_is(s, REFUSED_ACCESS_NEEDS_APPROVAL) && operations[i].check != NULL;
        if (!waits) TRY(s);
        TRY(said);
        TRY(admin_own_tenant(document, asker));
        if (waits) return ask_others(admin, &operations[i], request, document, asker, ret_payload);
        JsonWriter w = json_writer_for(ret_payload, LAYER_DISPLAY); /* an operator's screen */
        json_open_object(&w);
        TRY(operations[i].run(admin, document, asker, &w));
        json_close(&w);
        return json_finish(&w);
    }
    return REFUSE(REFUSED_ADMIN_OPERATION);
}

static const char *door_name(AccessDoor door)
{
    switch (door) {
    case DOOR_CLI: return "cli";
    case DOOR_CONSOLE: return "console";
    case DOOR_SERVICE: return "service";
    case DOOR_MERCHANT: return "merchant";
    case DOOR_PAYER: return "payer";
    }
    return "unknown";
}

/* Not about who asks: then the log could not be written either. */
static bool is_about_us(Status s)
{
    static const StatusCode ours[] = { REFUSED_VAULT_UNAVAILABLE, REFUSED_VAULT_BUSY,
        REFUSED_VAULT_NOT_READY, REFUSED_STORE_BUSY, REFUSED_STORE_STOPPED };
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (status_is(s, ours[i])) return true;
    return false;
}

/* What somebody of the house is refused stands in the log before he hears of it (LL-4.5.3). */
static Status tell_refusal(Admin *admin, const Asker *asker, const char *name, Status s)
{
    uint8_t memory[AUDIT_ACTOR_BYTES_MAX];
    Buffer actor = BUFFER_OF(memory);
    if (!status_refused(s) || is_about_us(s)) return s;
    TRY(buffer_print(&actor, "operator/%s", asker->principal));
    const AuditEvent event = { .kind = AUDIT_OPERATION_REFUSED,
        .outcome = s.code,
        .actor = span_of_buffer(&actor),
        .subject = span_of_text(name) };
    TRY(event_write(admin->config.house->batcher, &event));
    return s;
}

Status admin_run(Admin *admin, Span request, const Asker *asker, Buffer *ret_payload)
{
    Told told = { .name = "unknown" };
    const char *const outer_from = unit_asked_from(); /* an approval runs what it approves */
    const char *const outer_reason = unit_asked_reason();
    snprintf(told.from, sizeof(told.from), "%s/%.50s", door_name(asker->door), asker->from);
    unit_asked(told.from, NULL);
    Status s = run_operation(admin, request, asker, &told, ret_payload);
    s = tell_refusal(admin, asker, told.name, s);
    unit_asked(outer_from, outer_reason);
    return s;
}

static Status handle(void *context, const ServicePeer *peer, uint8_t operation, Span request,
        Buffer *ret_payload)
{
    REQUIRE(request.size <= WIRE_ADMIN_BYTES_MAX, REFUSED_IPC_TOO_LARGE);
    Asker asker = { 0 };
    Span asked = { 0 };
    Status s = admin_person(context, request, peer->uid, &asker, &asked);
    if (status_ok(s)) s = admin_run(context, asked, &asker, ret_payload);
    if (!status_ok(s)) stack_wipe(); /* of what was read: it may be why we refuse (TP-5) */
    return s;
}

static int lane_of(uint8_t operation) { return operation == WIRE_ADMIN_REQUEST ? 0 : -1; }

static bool admit(void *context, const ServicePeer *peer)
{
    const Admin *admin = context;
    return peer->uid == admin->config.operator_uid || peer->uid == 0;
}

static void *serve(void *context)
{
    Admin *admin = context;
    IGNORE(service_run(admin->service), "the service ends with the program");
    return NULL;
}

Status admin_start(const AdminConfig *config, Admin **ret_admin)
{
    Admin *admin = calloc(1, sizeof(*admin));
    CHECK(admin != NULL, FAULT_MEMORY);
    admin->config = *config;
    pthread_mutex_init(&admin->enrolling, NULL);
    ServiceConfig service = { .listener_count = 1,
        .lanes = { { "admin", ADMIN_WORKERS, 32 } },
        .lane_count = 1,
        .lane_of = lane_of,
        .lane_full = REFUSE(REFUSED_STORE_BUSY),
        .admit = admit,
        .handle = handle,
        .context = admin };
    Status s = service_listen(config->socket_path, 0660, config->group, &service.listeners[0]);
    if (status_ok(s)) s = service_open(&service, &admin->service);
    if (status_ok(s) && pthread_create(&admin->thread, NULL, serve, admin) != 0) {
        service_close(admin->service);
        s = BROKEN(FAULT_THREAD);
    }
    if (!status_ok(s)) {
        pthread_mutex_destroy(&admin->enrolling);
        free(admin);
        return s;
    }
    *ret_admin = admin;
    return OK;
}

void admin_stop(Admin *admin)
{
    service_stop(admin->service);
    pthread_join(admin->thread, NULL);
    service_close(admin->service);
    unlink(admin->config.socket_path);
    pthread_mutex_destroy(&admin->enrolling);
    free(admin);
}

bool admin_stop_asked(const Admin *admin) { return atomic_load(&admin->stop_asked); }

typedef struct ListJson {
    Span operation;
    bool all;
} ListJson;

Status admin_read_all(const JsonDocument *document, bool *ret_all)
{
    static const JsonField fields[] = {
        { "operation", JSON_TEXT, true, 1, 64, offsetof(ListJson, operation) },
        { "all", JSON_BOOL, false, 0, 0, offsetof(ListJson, all) },
    };
    ListJson json = { 0 };
    JsonProblem problem = { 0 };
    TRY(json_read_request(document, json_root(document), fields, 2, &json, &problem));
    *ret_all = json.all;
    return OK;
}

Status admin_bytes(Span base64, Buffer *ret_bytes) { return base64_decode(base64, ret_bytes); }

void admin_actor(char *ret_actor, size_t capacity, const Asker *asker)
{
    const int size = snprintf(ret_actor, capacity, "%s", asker->principal);
    ASSERT(size > 0 && (size_t)size < capacity);
}

Status admin_write_down(Admin *admin, const Asker *asker, AuditKind kind, Span subject, Span detail)
{
    uint8_t memory[AUDIT_ACTOR_BYTES_MAX];
    Buffer actor = BUFFER_OF(memory);
    TRY(buffer_print(&actor, "operator/%s", asker->principal));
    const AuditEvent event = {
        .kind = kind, .actor = span_of_buffer(&actor), .subject = subject, .detail = detail
    };
    return event_write(admin->config.house->batcher, &event);
}

void admin_key_base64(JsonWriter *w, const char *key, Span bytes)
{
    uint8_t text_bytes[16384];
    Buffer text = BUFFER_OF(text_bytes);
    if (status_ok(base64_encode(bytes, &text))) json_key_text(w, key, span_of_buffer(&text));
}
