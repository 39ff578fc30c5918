/* A payer's account: stopped in an emergency, resumed, confirmed anew, shown (api/admin.h). */
#include "api/admin_inside.h"

#include "api/passage.h"
#include "payment/account_act.h"
#include "policy/detect.h"
#include "store/unit_wait.h"

enum { CHANNELS_MAX = 99, REASON_BYTES_MAX = 200 };

typedef struct AccountJson {
    Span operation;
    Span payer_id;
    Span reason;
    int64_t channels;
    bool face_to_face;
} AccountJson;

#define PLACE(member) offsetof(AccountJson, member)
#define WHOSE                                                               \
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },              \
    {                                                                       \
        "payer_id", JSON_TEXT, true, 1, PAYER_ID_BYTES_MAX, PLACE(payer_id) \
    }

static const JsonField show_fields[] = { WHOSE };
static const JsonField act_fields[] = { WHOSE,
    { "reason", JSON_TEXT, true, 1, REASON_BYTES_MAX, PLACE(reason) } };
static const JsonField confirm_fields[] = { WHOSE,
    { "reason", JSON_TEXT, true, 1, REASON_BYTES_MAX, PLACE(reason) },
    { "channels", JSON_INT, true, 0, CHANNELS_MAX, PLACE(channels) },
    { "face_to_face", JSON_BOOL, true, 0, 0, PLACE(face_to_face) } };

static Status read(
        Admin *admin, const JsonDocument *document, AccountActKind kind, AccountAct *ret_work)
{
    AccountJson json = { 0 };
    JsonProblem problem = { 0 };
    const JsonField *fields = act_fields;
    size_t count = sizeof(act_fields) / sizeof(act_fields[0]);
    if (kind == ACCOUNT_LOOK) {
        fields = show_fields;
        count = sizeof(show_fields) / sizeof(show_fields[0]);
    }
    if (kind == ACCOUNT_CONFIRM) {
        fields = confirm_fields;
        count = sizeof(confirm_fields) / sizeof(confirm_fields[0]);
    }
    TRY(json_read_request(document, json_root(document), fields, count, &json, &problem));
    REQUIRE(payer_id_is_valid(json.payer_id), REFUSED_ORDER_FIELD);
    TRY(detect_free_text(json.reason));
    *ret_work = (AccountAct) { .kind = kind,
        .rules = &admin->config.house->rules.accounts,
        .channels = json.channels,
        .face_to_face = json.face_to_face };
    passage_text(ret_work->payer, sizeof(ret_work->payer), json.payer_id);
    passage_text(ret_work->reason, sizeof(ret_work->reason), json.reason);
    return OK;
}

static void put_account(const AccountAct *work, JsonWriter *w)
{
    static const char *const grades[] = { "", "I", "II", "III" };
    const Allowance *a = &work->allowance;
    const char *state = a->state == ALLOWANCE_STOPPED ? "stopped"
            : work->dormant                           ? "dormant"
                                                      : "live";
    json_key_text(w, "payer_id", span_of_text(work->payer));
    json_key_text(w, "account_class", span_of_text(grades[a->grade]));
    json_key_text(w, "state", span_of_text(state));
    json_key_int(w, "channels", a->channels);
    json_key_bool(w, "face_to_face", a->face_to_face);
    json_key_int(w, "lifetime_minor", a->lifetime_minor);
    json_key_int(w, "year_minor", a->year_minor);
}

static Status act(Admin *admin, const JsonDocument *document, const Asker *asker,
        AccountActKind kind, JsonWriter *w)
{
    AccountAct work;
    TRY(read(admin, document, kind, &work));
    admin_actor(work.actor, sizeof(work.actor), asker);
    account_act_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    put_account(&work, w);
    return OK;
}

Status admin_payer_show(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return act(admin, document, asker, ACCOUNT_LOOK, w);
}

Status admin_payer_stop(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return act(admin, document, asker, ACCOUNT_STOP, w);
}

Status admin_payer_resume_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    AccountAct ignored;
    return read(admin, document, ACCOUNT_RESUME, &ignored);
}

Status admin_payer_resume(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return act(admin, document, asker, ACCOUNT_RESUME, w);
}

Status admin_payer_confirm_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    AccountAct work;
    AccountGrade grade = ACCOUNT_GRADE_I;
    TRY(read(admin, document, ACCOUNT_CONFIRM, &work));
    REQUIRE(account_grade_of(work.rules, work.channels, work.face_to_face, &grade),
            REFUSED_ALLOWANCE_GRADE);
    return OK;
}

Status admin_payer_confirm(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    return act(admin, document, asker, ACCOUNT_CONFIRM, w);
}
