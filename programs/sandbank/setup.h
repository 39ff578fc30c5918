#pragma once
/*
 * setup: the sandbox bank's own authority and certificate, made once. The authority's key is
 * forgotten when it has signed.
 */
#include "base/bytes.h"

/* The text of a file in the folder, appended. Faults FAULT_DISK. */
MUST_USE Status setup_read(const char *folder, const char *name, Buffer *ret_bytes);

/* Into the folder: bank-ca.pem (whom the bank's clients must believe), bank.pem and bank.key (for
 * "localhost" and 127.0.0.1), bank-box.pem and bank-box.key (what cards are sealed to), clients.pem
 * (the text of `clients`: who signs clients' certificates).
 * Faults FAULT_DISK (a file is there already, too), FAULT_CRYPTO. */
MUST_USE Status setup_make(const char *folder, const char *clients);
