/* Whoever is not of the house acts on his own tenant alone, by every operation there is
 * (api/admin_inside.h). */
#include "api/admin_inside.h"

typedef struct TenantJson {
    Span mchid;
    Span tenant;
} TenantJson;

static const JsonField tenant_fields[] = {
    { "mchid", JSON_TEXT, false, 0, JSON_BYTES_MAX, offsetof(TenantJson, mchid) },
    { "tenant", JSON_TEXT, false, 0, JSON_BYTES_MAX, offsetof(TenantJson, tenant) },
};

static bool is_own_or_absent(Span named, Span own)
{
    return named.data == NULL || span_equal(named, own);
}

Status admin_own_tenant(const JsonDocument *document, const Asker *asker)
{
    TenantJson json = { 0 };
    JsonProblem problem = { 0 };
    const Span own = span_of_text(asker->tenant);
    if (span_equal(own, SPAN(ASKER_HOUSE))) return OK;
    TRY(json_read_some(document, json_root(document), tenant_fields, 2, &json, &problem));
    const bool names_it = json.mchid.data != NULL || json.tenant.data != NULL;
    REQUIRE(names_it && is_own_or_absent(json.mchid, own) && is_own_or_absent(json.tenant, own),
            REFUSED_ACCESS_OTHER_TENANT);
    return OK;
}
