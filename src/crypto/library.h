#pragma once
/*
 * library: libcrypto made ready, once per process.
 *
 * Everything in this room calls library_start() itself. A program calls it before it enters a
 * sandbox, because it is here that libcrypto initialises, seeds itself and looks its algorithms up,
 * and the C library its time zone. No openssl.cnf is read: an operator's file cannot change our
 * algorithms. The looked-up algorithms live until the process ends: they are this room's only
 * global state, constant after the first call. Thread-safe. Floor 1.
 */
#include "base/status.h"

/* Faults FAULT_CRYPTO when libcrypto lacks something we need. */
MUST_USE Status library_start(void);

/* "OpenSSL 3.0.22 25 Aug 2026": what runs, not what was compiled against. Static storage. */
const char *library_version(void);
