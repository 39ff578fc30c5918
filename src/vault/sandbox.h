#pragma once
/*
 * sandbox: the door that vaultd closes behind itself, once everything it needs is open.
 *
 * Afterwards no thread of the process can open a file, make or connect a socket, start a program or
 * a thread, trace or read another process, or make memory executable: the kernel ends the whole
 * process (SIGSYS) at the attempt. What is left is reading and writing what is open, accepting on
 * the sockets that listen, time, randomness, memory and waiting; the list stands in sandbox.c. The
 * process leaves no core dump, and no other process of its user may look into it.
 *
 * Build with a sanitizer and its run-time gets what it needs besides (sandbox_sanitized.c).
 */
#include "base/status.h"

/*
 * Before the first thread is started: keep the C library's memory in one arena. The arenas that
 * threads get by default read /proc/sys/vm/overcommit_memory when they first shrink, which the
 * closed sandbox would end. That arena also keeps what it once had: giving a PIN hash's memory back
 * and faulting it in again costs as much as half of the hash. Faults FAULT_SYSTEM.
 */
MUST_USE Status sandbox_begin(void);

/*
 * Close it, for all threads and for ever. Before it acts, it touches what libraries open at first
 * use (time zone, libcrypto's algorithms, randomness), so call it last: with every thread started
 * and parked.
 *
 * Faults FAULT_SYSTEM, FAULT_CRYPTO, FAULT_RANDOM: do not go on, nothing is promised.
 */
MUST_USE Status sandbox_close(void);
