/* vaultd: the security domain's one process. Everything it may touch is opened here, in order, and
 * then the door is shut: the rest of its life it answers messages (src/vault/vault.h). */
#define _GNU_SOURCE
#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "ceremony_mode.h"
#include "crypto/library.h"
#include "files.h"
#include "opening.h"
#include "options.h"
#include "policy/detect.h"
#include "policy/log_door.h"
#include "process.h"
#include "root.h"
#include "turn_mode.h"
#include "vault/memory_settler.h"
#include "vault/rights.h"
#include "vault/sandbox.h"
#include "vault/secret_arena.h"
#include "vault/vault.h"

#include <stdlib.h>
#include <unistd.h>

static Status lane_full(void) { return REFUSE(REFUSED_VAULT_BUSY); }

/* What only people can judge: one line, and one for each table that differs. */
static void tell(void *context, uint8_t operation, Status status, const TableSet *tables)
{
    LOG_STATUS(LOG_ALERT, "vault.tampering", status, LOG_NUMBER(OPERATION, operation));
    for (unsigned table = 1; table < DIGEST_TABLES_MAX; table++) {
        if (!table_set_has(tables, table)) continue;
        LOG(LOG_ALERT, "vault.table_differs", LOG_NUMBER(TABLE, table));
    }
}

static Status open_keys(const Options *o, const Files *files, SecretArena *arena, Keys **ret_keys)
{
    TRY(opening_test()); /* before the first key is made or used */
    CLEANUP(secret_wipe) Secret root = { 0 };
    TRY(root_get(o, files, &root));
    if (o->keeper_fd >= 0) close(o->keeper_fd);
    bool ceremony = false;
    TRY(opening_keys(o, files, &root, arena, ret_keys, &ceremony));
    if (ceremony) LOG(LOG_INFO, "vault.ceremony", LOG_TEXT(CUSTODY, custody_name(o->custody)));
    return OK;
}

static Status open_vault(const Options *o, SecretArena *arena, Keys *keys, Memory *memory,
        AttachedMemory *attached, Vault **ret_vault)
{
    void *secrets = NULL;
    TRY(secret_arena_take(arena, FIELD_SECRET_BYTES, &secrets));
    VaultConfig config = {
        .keys = keys,
        .memory = memory,
        .attached = attached,
        .clock = clock_system(),
        .random = random_system(),
        .users = o->users,
        .custody = custody_name(o->custody),
        .field_secrets = secrets,
        .field_suite = o->field_suite,
        .legacy_import = o->legacy_import,
        .lookups_per_day = o->lookups_per_day,
        .protects_per_day = o->protects_per_day,
        .password_length_min = o->password_length_min,
        .tls_life_us = o->tls_life_s * TIME_SECOND_US,
        .stop = process_stop,
        .alert = tell,
    };
    memcpy(config.names, o->names, sizeof(config.names));
    return vault_open(&config, ret_vault);
}

static Status open_service(const Options *o, Vault *vault, Service **ret_service)
{
    ServiceConfig config = {
        .listener_count = 2,
        .lane_count = LANE_COUNT,
        .lane_of = rights_lane,
        .lane_full = lane_full(),
        .admit = vault_admit,
        .handle = vault_handle,
        .context = vault,
    };
    memcpy(config.lanes, rights_lanes(), LANE_COUNT * sizeof(ServiceLane));
    const uint32_t mode = o->group < 0 ? 0600 : 0660;
    TRY(service_listen(o->socket, mode, o->group, &config.listeners[VAULT_LISTENER_HUFUD]));
    TRY(service_listen(
            o->operator_socket, mode, o->group, &config.listeners[VAULT_LISTENER_OPERATOR]));
    if (o->core_socket != NULL) {
        const uint32_t core_mode = o->core_group < 0 ? 0600 : 0660;
        TRY(service_listen(
                o->core_socket, core_mode, o->core_group, &config.listeners[VAULT_LISTENER_CORE]));
        config.listener_count++;
    }
    return service_open(&config, ret_service);
}

static Status run(const Options *o)
{
    CLEANUP(files_close) Files files = { .directory_fd = -1, .fds = { -1, -1, -1, -1, -1, -1 } };
    CLEANUP(arena_done) SecretArena *arena = NULL;
    CLEANUP(keys_done) Keys *keys = NULL;
    CLEANUP(memory_done) Memory *memory = NULL;
    CLEANUP(attached_done) AttachedMemory *attached = NULL;
    CLEANUP(settler_done) MemorySettler *settler = NULL;
    CLEANUP(vault_done) Vault *vault = NULL;
    CLEANUP(service_done) Service *service = NULL;

    TRY(process_harden()); /* no core dumps, no ptrace, no new privileges, umask 077 */
    TRY(library_start());
    TRY(files_open(o->directory, &files));
    TRY(secret_arena_open(KEYS_SECRET_BYTES + FIELD_SECRET_BYTES, &arena));
    TRY(open_keys(o, &files, arena, &keys));
    TRY(opening_memory(&files, keys, &memory));
    TRY(turn_tell(&files, keys, memory));
    TRY(opening_attached(&files, keys, &attached));
    TRY(memory_settler_open(memory, &settler));
    TRY(open_vault(o, arena, keys, memory, attached, &vault));
    TRY(open_service(o, vault, &service)); /* sockets, threads, buffers: the last things made */
    TRY(process_catch_signals(service));
    TRY(sandbox_close()); /* from here on: no open, no socket, no execve */
    vault_set_sandboxed(vault);
    LOG(LOG_INFO, "vault.serving", LOG_TEXT(CUSTODY, custody_name(o->custody)),
            LOG_NUMBER(TREE_SIZE, memory->confirmed.size));
    Status s = service_run(service);
    if (memory_is_lost(memory) || attached->sync_failed) s = BROKEN(FAULT_JOURNAL);
    LOG(LOG_INFO, "vault.stopped", LOG_TEXT(STATUS, status_name(s)));
    return s;
}

static Status run_as_told(const Options *o)
{
    if (o->ceremony) return ceremony_mode_run(o);
    return o->turn_root ? turn_mode_run(o) : run(o);
}

int main(int argc, char **argv)
{
    Options options;
    if (!options_parse(argc, argv, &options)) return 2;
    log_open("vaultd", LOG_INFO, 2);
    log_guard(detect_guard);
    log_door_open();
    Status s = sandbox_begin();
    if (status_ok(s)) s = run_as_told(&options);
    if (!status_ok(s)) LOG_STATUS(LOG_ERROR, "vault.failed", s);
    return status_ok(s) ? EXIT_SUCCESS : EXIT_FAILURE;
}
