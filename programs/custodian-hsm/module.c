#define _GNU_SOURCE
#include "module.h"

#include <dlfcn.h>

enum { SLOTS_MAX = 64 };

static Status load(const char *path, Module *m)
{
    CK_RV (*get)(CK_FUNCTION_LIST_PTR_PTR) = NULL;
    REQUIRE(path != NULL, REFUSED_HSM_MODULE);
    m->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    REQUIRE(m->library != NULL, REFUSED_HSM_MODULE);
    void *symbol = dlsym(m->library, "C_GetFunctionList");
    REQUIRE(symbol != NULL, REFUSED_HSM_MODULE);
    memcpy(&get, &symbol, sizeof(get)); /* POSIX says that this is allowed, C does not */
    REQUIRE(get(&m->p11) == CKR_OK && m->p11 != NULL, REFUSED_HSM_MODULE);
    CHECK(m->p11->C_Initialize(NULL) == CKR_OK, FAULT_HSM);
    m->is_initialized = true;
    return OK;
}

/* Labels are padded with spaces to 32 bytes. */
static bool is_label(const CK_TOKEN_INFO *info, const char *label)
{
    char padded[32];
    const size_t size = strlen(label);
    if (size > sizeof(padded)) return false;
    memset(padded, ' ', sizeof(padded));
    memcpy(padded, label, size);
    return bytes_equal_ct(padded, info->label, sizeof(padded));
}

static Status find(const char *label, Module *m)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    REQUIRE(label != NULL, REFUSED_HSM_TOKEN);
    CHECK(m->p11->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK, FAULT_HSM);
    for (CK_ULONG i = 0; i < count; i++) {
        if (m->p11->C_GetTokenInfo(slots[i], &m->info) != CKR_OK) continue;
        if (!is_label(&m->info, label)) continue;
        m->slot = slots[i];
        return OK;
    }
    return REFUSE(REFUSED_HSM_TOKEN);
}

Status module_open(const char *path, const char *label, Module *ret_module)
{
    *ret_module = (Module) { 0 };
    TRY(load(path, ret_module));
    return find(label, ret_module);
}

bool module_pin_is_low(const Module *m)
{
    const CK_FLAGS low = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
    return (m->info.flags & low) != 0;
}

Status module_login(Module *m, bool writes, Secret *pin)
{
    const CK_FLAGS flags = CKF_SERIAL_SESSION | (writes ? CKF_RW_SESSION : 0);
    CHECK(m->p11->C_OpenSession(m->slot, flags, NULL, NULL, &m->session) == CKR_OK, FAULT_HSM);
    m->has_session = true;
    const CK_RV rv = m->p11->C_Login(m->session, CKU_USER, pin->bytes, pin->size);
    const bool refused = rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_INVALID
            || rv == CKR_PIN_LOCKED || rv == CKR_PIN_EXPIRED;
    REQUIRE(!refused, REFUSED_HSM_PIN);
    CHECK(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN, FAULT_HSM);
    return OK;
}

void module_close(Module *m)
{
    if (m->has_session) {
        m->p11->C_Logout(m->session);
        m->p11->C_CloseSession(m->session);
    }
    if (m->is_initialized) m->p11->C_Finalize(NULL);
    if (m->library != NULL) dlclose(m->library);
    *m = (Module) { 0 };
}
