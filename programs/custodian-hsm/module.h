#pragma once
/*
 * module: a PKCS#11 library (v2.40) that is loaded, one of its tokens, and a session that is logged
 * in. For the programs that may load a library: custodian-hsm and token-sign.
 */
#include "base/secret.h"

#include <p11-kit/pkcs11.h>

typedef struct Module {
    void *library;
    CK_FUNCTION_LIST_PTR p11;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session;
    bool is_initialized;
    bool has_session;
} Module;

/* Load the library and find its token. Refuses REFUSED_HSM_MODULE, REFUSED_HSM_TOKEN. Faults
 * FAULT_HSM. Whatever it returns: module_close(). */
MUST_USE Status module_open(const char *path, const char *label, Module *ret_module);
/* Does the token say that few tries are left, or none? */
bool module_pin_is_low(const Module *module);
/* Once. Refuses REFUSED_HSM_PIN. Faults FAULT_HSM. */
MUST_USE Status module_login(Module *module, bool writes, Secret *pin);
void module_close(Module *module); /* logs out */
