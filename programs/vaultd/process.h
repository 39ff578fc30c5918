#pragma once
/*
 * process: what this process denies itself, how it is told to stop, and how its parts are closed.
 */
#include "ipc/service.h"
#include "vault/memory_settler.h"
#include "vault/secret_arena.h"
#include "vault/vault.h"

/* No core dumps, not ptraceable, no new privileges, umask 077, SIGPIPE ignored. Faults
 * FAULT_SYSTEM. */
MUST_USE Status process_harden(void);
/* SIGTERM and SIGINT end service_run(). */
MUST_USE Status process_catch_signals(Service *service);
/* The service is gone: until the next one is caught, both end the process as they do by default. */
MUST_USE Status process_forget_service(void);
/* The same from inside (VAULT_STOP). */
void process_stop(void *context);
/* For CLEANUP. */
static inline void arena_done(SecretArena **arena) { secret_arena_close(*arena); }
static inline void keys_done(Keys **keys) { keys_close(*keys); }
static inline void memory_done(Memory **memory) { memory_close(*memory); }
static inline void attached_done(AttachedMemory **memory) { attached_memory_close(*memory); }
static inline void settler_done(MemorySettler **settler) { memory_settler_close(*settler); }
static inline void vault_done(Vault **vault) { vault_close(*vault); }
static inline void service_done(Service **service) { service_close(*service); }
