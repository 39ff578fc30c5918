#pragma once
/*
 * people: operators sign with their own keys (DESIGN section 5.6). vaultd and hufud believe the
 * signature, not who hands it over.
 *
 * A key lies in a file, which may be under a passphrase that is asked for at the terminal, or in a
 * PKCS#11 token, which it never leaves.
 */
#include "crypto/sign.h"
#include "ipc/vault_wire.h"

enum {
    PEOPLE_NAME_BYTES_MAX = 64,
    PEOPLE_NONCE_BYTES = 16,
    PEOPLE_PATH_BYTES_MAX = 512,
    PEOPLE_URI_BYTES_MAX = 512,
};

typedef struct Person {
    char name[PEOPLE_NAME_BYTES_MAX + 1];
    PrivateKey *key; /* Ed25519, P-256 or SM2; NULL: it lies in the token */
    char token[PEOPLE_URI_BYTES_MAX + 1]; /* text/pkcs11_uri.h; empty: the key is here */
    uint8_t nonce[PEOPLE_NONCE_BYTES];
    uint8_t signature[SIGN_BYTES_MAX];
} Person;

/*
 * given  a name: <directory>/operators/<name>.key.pem, or the URI in <name>.key.uri;
 *        a path to <name>.key.pem or <name>.key.uri;
 *        "pkcs11:..." itself: the name is that of its object
 * Refuses OPERATOR_KEY, KEY_FORMAT, KEY_PASSPHRASE, TOKEN_URI.
 */
MUST_USE Status person_load(const char *directory, const char *given, Person *ret_person);
/* For CLEANUP. */
void person_free(Person *person);

/* Sign these bytes. ret_signature borrows from the person until the next signature. Refuses as
 * token_client_sign(). */
MUST_USE Status person_sign_bytes(
        Person *person, Span message, Span *ret_signature, uint8_t *ret_encoding);
/* Sign an approval whose operation, subject, reason and expiry are filled; the others borrow from
 * the person. */
MUST_USE Status person_sign(Person *person, WireApproval *approval);
/* Sign one approval, good for ten minutes. Its spans borrow from the person and the arguments. */
MUST_USE Status person_approve(
        Person *person, Span operation, Span subject, Span reason, WireApproval *ret_approval);
