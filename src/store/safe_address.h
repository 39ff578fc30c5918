#pragma once
/*
 * safe_address: a connection to a database that leaves this machine is encrypted, and each end
 * knows the other (TP-17: server to server, channel encryption and authentication on both sides).
 *
 * Judged is what libpq would do, with PGHOST, PGSSLMODE and its other variables: a host that is a
 * socket's folder or a loopback address stays here. Everything else needs sslmode=verify-full
 * (whom the certificate names is whom we asked for), and a proof of ours: sslcert, or
 * channel_binding=require (then the password is proven to this very server). A service file could
 * name any host, so it counts as one.
 */
#include "base/bytes.h"

/* "postgres://" or "postgresql://", or libpq's own keyword=value form. */
bool safe_address_is_postgres(const char *address);

/*
 * development: everything may be, as `hufu up` tries things out.
 * Refuses REFUSED_CHANNEL_UNSAFE; REFUSED_DATABASE_UNREADABLE (no address of libpq's). Faults
 * FAULT_MEMORY.
 */
MUST_USE Status safe_address_postgres(const char *address, bool development);
