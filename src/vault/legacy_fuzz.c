/* The records inside an import's box, and stored verifiers, of any bytes: taken or refused, never
 * more. The first byte says which, the second whether the import wraps. */
#include "vault/password_test_house.h"

int expect_failures;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Tenant *opened(void)
{
    static Tenant tenant;
    static const WireOwner li = { CLASS_PIN, SPAN("bank1"), SPAN("users"), SPAN("u1") };
    if (tenant.house != NULL) return &tenant;
    tenant_init(&tenant, house_open(), &li);
    tenant_enroll_people(&tenant);
    const LegacyForm form = { LEGACY_SHA256_DATA_PW, LEGACY_INNER_NONE };
    ASSERT(status_ok(tenant_allow(&tenant, form, NULL, "bob")));
    return &tenant;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Tenant *t = opened();
    if (size < 2 || size > 2000) return 0;
    const Span bytes = { data + 2, size - 2 };
    if ((data[0] & 1) == 0) {
        IGNORE(tenant_import_bytes(t, bytes, (data[1] & 1) != 0), "refused is fine");
        return 0;
    }
    if (bytes.size > sizeof(t->verifier_memory)) return 0;
    memcpy(t->verifier_memory, bytes.data, bytes.size);
    t->verifier = (Span) { t->verifier_memory, bytes.size };
    ASSERT(bytes.size == 0 || !status_ok(tenant_show(t)));
    return 0;
}
