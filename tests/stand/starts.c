#include "starts.h"

#include "admin_client.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { POLL_MS = 5, LOG_BYTES_MAX = 256 * 1024 };

bool starts_log_has(const Stand *stand, const char *name, const char *text)
{
    static _Thread_local char bytes[LOG_BYTES_MAX];
    FILE *file = fopen(stand_path(stand, name), "r");
    if (file == NULL) return false;
    const size_t size = fread(bytes, 1, sizeof(bytes) - 1, file);
    fclose(file);
    bytes[size] = 0;
    return strstr(bytes, text) != NULL;
}

void starts_forget(const Stand *stand)
{
    ASSERT(truncate(stand_path(stand, "log/hufud.log"), 0) == 0);
    ASSERT(truncate(stand_path(stand, "log/vaultd.log"), 0) == 0);
}

static bool says(Stand *stand, const char *name, const char *text)
{
    for (int waited = 0; !starts_log_has(stand, name, text); waited += POLL_MS) {
        if (waited >= STARTS_WAIT_MS_MAX || stand_ended(stand, STAND_HUFUD, NULL))
            return starts_log_has(stand, name, text);
        poll(NULL, 0, POLL_MS);
    }
    return true;
}

bool starts_refused(Stand *stand, TableId table)
{
    char named[64];
    snprintf(named, sizeof(named), "\"event\":\"vault.table_differs\",\"table\":%d}", (int)table);
    starts_forget(stand);
    if (!status_ok(stand_launch(stand, STAND_HUFUD))) return false;
    const bool found = says(stand, "log/hufud.log", "\"status\":\"STORE_ROLLED_BACK\"");
    const bool told = says(stand, "log/vaultd.log", named);
    const bool serves = access(stand_path(stand, PATH_READY), F_OK) == 0;
    if (!found || !told || serves)
        fprintf(stderr, "  found: %d, table named: %d, serves: %d\n", found, told, serves);
    stand_stop(stand, STAND_HUFUD, SIGKILL, NULL);
    return found && told && !serves;
}

bool starts_well(Stand *stand, HttpClient **ret_http)
{
    starts_forget(stand);
    if (!status_ok(stand_start(stand, STAND_HUFUD))) return false;
    return status_ok(stand_connect(stand, ret_http));
}

bool starts_reaches(const Stand *stand, const char *sql, int64_t number)
{
    for (int waited = 0; stand_number(stand, sql) < number; waited += POLL_MS) {
        if (waited >= STARTS_WAIT_MS_MAX) return false;
        poll(NULL, 0, POLL_MS);
    }
    return true;
}

bool starts_with_closed_day(Stand *stand, HttpClient **http)
{
    int exit_status = -1;
    http_client_close(http);
    stand_stop(stand, STAND_HUFUD, SIGTERM, &exit_status);
    if (exit_status != 0 || !status_ok(stand_start(stand, STAND_HUFUD))) return false;
    return status_ok(stand_connect(stand, http))
            && starts_reaches(stand, "SELECT count(*) FROM day_end", 1);
}
