/* Settings are the superuser's: whoever may only write the table does not choose whom to ask. */
#include "backend.h"

#include "utils/guc.h"

enum { TIMEOUT_MS = 2000, TIMEOUT_MS_MAX = 60000 };

static char *socket_path;
static char *database_name;
static int timeout_ms = TIMEOUT_MS;

void seal_define_settings(void)
{
    DefineCustomStringVariable("hufu_seal.socket", "Where vaultd listens for cores.", NULL,
            &socket_path, "/run/hufu/core.sock", PGC_SUSET, 0, NULL, NULL, NULL);
    DefineCustomStringVariable("hufu_seal.database",
            "The name under which the vault knows this database (hufu seal status).", NULL,
            &database_name, "", PGC_SUSET, 0, NULL, NULL, NULL);
    DefineCustomIntVariable("hufu_seal.timeout", "How long the vault may take for one answer.",
            NULL, &timeout_ms, TIMEOUT_MS, 10, TIMEOUT_MS_MAX, PGC_SUSET, GUC_UNIT_MS, NULL, NULL,
            NULL);
    MarkGUCPrefixReserved("hufu_seal");
}

JudgeConfig seal_config(void)
{
    return (JudgeConfig) {
        .socket = socket_path, .database = database_name, .timeout_ms = timeout_ms
    };
}
