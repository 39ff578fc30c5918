#pragma once
/* password: what the `hufu password ...` commands share. */
#include "admin_client.h"
#include "together.h"

/* Whose passwords. */
typedef struct PasswordRealm {
    const char *class;
    const char *tenant;
    const char *realm;
} PasswordRealm;

#define PASSWORD_REALM_OPTIONS(r)                                                                 \
    { "--tenant", OPTION_TEXT, "NAME", "which institution; `hufu` for payers' PINs (required)",   \
        &(r).tenant, 0, 0 },                                                                      \
            { "--realm", OPTION_TEXT, "NAME", "users, admins...; `payer` for payers' (required)", \
                &(r).realm, 0, 0 },                                                               \
    {                                                                                             \
        "--class", OPTION_TEXT, "NAME", "password, pin, or to reset second-factor [password]",    \
                &(r).class, 0, 0                                                                  \
    }

/* EXIT_DONE, or what is missing or wrong was said. `command`: "password reset". */
int password_realm_check(const PasswordRealm *realm, const char *command);
/* CLASS_PIN, CLASS_PASSWORD or CLASS_SECOND_FACTOR; the realm was checked. */
uint16_t password_realm_class(const PasswordRealm *realm);
/* "<tenant>/<realm>", as boxes name it; appended. */
MUST_USE Status password_realm_put(const PasswordRealm *realm, Buffer *ret_text);
/* Operation, class, tenant and realm of a request to hufud, and a box. */
void password_request(
        JsonWriter *w, const char *operation, const PasswordRealm *realm, Span box_base64);
