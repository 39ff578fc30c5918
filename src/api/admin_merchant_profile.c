/* Which ways of signing a merchant may use besides everyone's (api/admin.h). */
#include "api/admin_inside.h"

#include "api/gateway.h"
#include "api/passage.h"
#include "payment/signing.h"
#include "store/unit_wait.h"

typedef struct ProfileJson {
    Span operation;
    Span mchid;
    const JsonValue *profiles;
} ProfileJson;

#define PLACE(member) offsetof(ProfileJson, member)

static const JsonField fields[] = {
    { "operation", JSON_TEXT, true, 1, 64, PLACE(operation) },
    { "mchid", JSON_TEXT, true, 1, MERCHANT_ID_BYTES_MAX, PLACE(mchid) },
    { "profiles", JSON_LIST, true, 0, 16, PLACE(profiles) },
};

static Status read(const House *house, const JsonDocument *document, SigningGive *work)
{
    ProfileJson json = { 0 };
    JsonProblem problem = { 0 };
    Buffer names = { (uint8_t *)work->names, 0, sizeof(work->names) - 1 };
    TRY(json_read_request(document, json_root(document), fields, sizeof(fields) / sizeof(fields[0]),
            &json, &problem));
    passage_text(work->mchid, sizeof(work->mchid), json.mchid);
    for (size_t i = 0; i < json_list_size(json.profiles); i++) {
        Span name = { 0 };
        TRY(json_list_text(document, json.profiles, i, 32, &name, &problem));
        const SigningProfile *profile = profile_by_name(name);
        REQUIRE(profile != NULL && !profile->everyones, REFUSED_PROFILE_UNKNOWN);
        REQUIRE((work->given >> profile->number & 1) == 0, REFUSED_PROFILE_UNKNOWN);
        TRY(gateway_admits(house, profile));
        work->given |= INT64_C(1) << profile->number;
        TRY(buffer_print(&names, "%s%s", i == 0 ? "" : " ", profile->name));
    }
    return OK;
}

Status admin_merchant_profile_check(Admin *admin, const JsonDocument *document, const Asker *asker)
{
    SigningGive work = { 0 };
    return read(admin->config.house, document, &work);
}

Status admin_merchant_profile(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    SigningGive work = { 0 };
    TRY(read(admin->config.house, document, &work));
    admin_actor(work.actor, sizeof(work.actor), asker);
    signing_give_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "mchid", span_of_text(work.mchid));
    json_key_text(w, "profiles", span_of_text(work.names));
    return OK;
}

/* Names in the order of the table; `all`: else the legacy ones alone. */
static void put_profile_names(JsonWriter *w, const char *key, int64_t given, bool all)
{
    json_key_array(w, key);
    for (size_t i = 0; i < profile_count(); i++) {
        const SigningProfile *profile = profile_at(i);
        const bool has = (given >> profile->number & 1) != 0;
        if (has && (all || profile->legacy)) json_item_text(w, span_of_text(profile->name));
    }
    json_close(w);
}

Status admin_merchant_profile_list(
        Admin *admin, const JsonDocument *document, const Asker *asker, JsonWriter *w)
{
    ProfileJson json = { 0 };
    JsonProblem problem = { 0 };
    SigningShow work = { 0 };
    TRY(json_read_request(document, json_root(document), fields, 2, &json, &problem));
    passage_text(work.mchid, sizeof(work.mchid), json.mchid);
    admin_actor(work.actor, sizeof(work.actor), asker);
    signing_show_unit(&work, NULL);
    TRY(unit_wait(admin->config.house->batcher, &work.unit));
    json_key_text(w, "mchid", span_of_text(work.mchid));
    put_profile_names(w, "profiles", work.given, true);
    put_profile_names(w, "legacy_profiles", work.given, false);
    return OK;
}
