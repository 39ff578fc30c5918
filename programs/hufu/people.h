#pragma once
/*
 * people: operators sign approvals with their own keys (DESIGN section 5.6). vaultd believes the
 * signature, not who hands it over.
 */
#include "crypto/sign.h"
#include "ipc/vault_wire.h"

enum { PEOPLE_NAME_BYTES_MAX = 64, PEOPLE_NONCE_BYTES = 16, PEOPLE_PATH_BYTES_MAX = 512 };

typedef struct Person {
    char name[PEOPLE_NAME_BYTES_MAX + 1];
    PrivateKey *key; /* Ed25519 */
    uint8_t nonce[PEOPLE_NONCE_BYTES];
    uint8_t signature[SIGN_BYTES_MAX];
} Person;

/* `given`: a name in <directory>/operators/, or a path to <name>.key.pem. Refuses OPERATOR_KEY,
 * KEY_FORMAT. */
MUST_USE Status person_load(const char *directory, const char *given, Person *ret_person);
/* For CLEANUP. */
void person_free(Person *person);

/* Sign an approval whose operation, subject, reason and expiry are filled; the others borrow from
 * the person. */
MUST_USE Status person_sign(Person *person, WireApproval *approval);
/* Sign one approval, good for ten minutes. Its spans borrow from the person and the arguments. */
MUST_USE Status person_approve(
        Person *person, Span operation, Span subject, Span reason, WireApproval *ret_approval);
