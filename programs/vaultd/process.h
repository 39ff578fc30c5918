#pragma once
/*
 * process: what this process denies itself, how it is told to stop, and how its parts are closed.
 */
#include "files.h"
#include "ipc/service.h"
#include "vault/vault.h"

/* No core dumps, not ptraceable, no new privileges, umask 077, SIGPIPE ignored. Faults
 * FAULT_SYSTEM. */
MUST_USE Status process_harden(void);
/* SIGTERM and SIGINT end service_run(). */
MUST_USE Status process_catch_signals(Service *service);
/* The same from inside (VAULT_STOP). */
void process_stop(void *context);
/* The sandbox of vault/sandbox.h around the files that are open now; STATUS then says so. */
MUST_USE Status process_close_sandbox(const Files *files, Vault *vault);

/* The locked memory that the symmetric keys live in. */
typedef struct Secrets {
    void *memory;
} Secrets;
MUST_USE Status secrets_open(Secrets *ret_secrets);
void secrets_close(Secrets *secrets);

/* For CLEANUP. */
static inline void keys_done(Keys **keys) { keys_close(*keys); }
static inline void memory_done(Memory **memory) { memory_close(*memory); }
static inline void vault_done(Vault **vault) { vault_close(*vault); }
static inline void service_done(Service **service) { service_close(*service); }
