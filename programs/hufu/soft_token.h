#pragma once
/*
 * soft_token: a PKCS#11 token in software (SoftHSM 2) under <directory>/token, for trying out
 * unattended custody. Its PIN lies beside it, so it protects against nobody who can read that
 * folder; a real one is named with --module, --token and --pin-file.
 */
#include "layout.h"

#define SOFT_TOKEN_LABEL "hufu"
#define SOFT_TOKEN_PIN "token/pin" /* under the directory */

/* The library's path. Refuses HSM_MODULE when SoftHSM 2 is not installed (said aloud). */
MUST_USE Status soft_token_module(const char **ret_path);
/* Let every program that we start find the token. Faults FAULT_DISK, FAULT_SYSTEM. */
MUST_USE Status soft_token_settings(const Layout *layout);
/* Make it anew with a random PIN; settings come first. Refuses HSM_TOKEN when softhsm2-util did not
 * do it (said aloud). Faults FAULT_DISK, FAULT_RANDOM, FAULT_SYSTEM. */
MUST_USE Status soft_token_make(const Layout *layout, const Users *users);
