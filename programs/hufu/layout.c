#define _GNU_SOURCE
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS_BYTES_MAX = 8192, OPEN_FOLDERS_MAX = 16 };

MUST_USE static Status absolute(const char *path, char ret_path[PATH_BYTES_MAX])
{
    char *real = realpath(path, NULL);
    CHECK(real != NULL, FAULT_DISK);
    const size_t size = strlen(real);
    if (size < PATH_BYTES_MAX) memcpy(ret_path, real, size + 1);
    free(real);
    REQUIRE(size < PATH_BYTES_MAX, REFUSED_BUFFER_FULL);
    return OK;
}

Status layout_find(const char *directory, Layout *ret_layout)
{
    ret_layout->lock_fd = -1;
    TRY(absolute(directory, ret_layout->directory));
    return programs_folder(ret_layout->programs);
}

Status layout_lock(const char *directory, Layout *ret_layout)
{
    TRY(layout_find(directory, ret_layout));
    char path[PATH_BYTES_MAX];
    path_in(path, ret_layout->directory, "up.lock");
    ret_layout->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(ret_layout->lock_fd >= 0, FAULT_DISK);
    REQUIRE(flock(ret_layout->lock_fd, LOCK_EX | LOCK_NB) == 0, REFUSED_STORE_BUSY);
    return OK;
}

/* It is optional: making it needs npm. */
static Status find_page(const char *folder, char ret_path[PATH_BYTES_MAX])
{
    char path[PATH_BYTES_MAX];
    ret_path[0] = 0;
    if (access(path_in(path, folder, "index.html"), R_OK) != 0) return OK;
    return absolute(folder, ret_path);
}

Status layout_open(const LayoutSources *sources, Layout *ret_layout)
{
    CHECK(mkdir(sources->directory, 0755) == 0 || errno == EEXIST, FAULT_DISK);
    TRY(layout_lock(sources->directory, ret_layout));
    TRY(find_page(sources->console_files, ret_layout->console_files));
    TRY(find_page(sources->field_files, ret_layout->field_files));
    return absolute(sources->rules, ret_layout->rules);
}

void layout_close(Layout *layout)
{
    if (layout->lock_fd >= 0) close(layout->lock_fd);
    layout->lock_fd = -1;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
    (void)about;
    (void)kind;
    (void)where;
    return remove(path);
}

Status layout_remove(const Layout *layout, const char *name)
{
    char path[PATH_BYTES_MAX];
    path_in(path, layout->directory, name);
    const int done = nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    CHECK(done == 0 || errno == ENOENT, FAULT_DISK);
    return OK;
}

Status layout_empty(const Layout *layout)
{
    static const char *const ours[] = { "vault", "token", "custody", "data", "domain",
        "checkpoints", "second", "run", "log", "demo", "operators", "reports", "hufud.yaml",
        "ca.pem" };
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        TRY(layout_remove(layout, ours[i]));
    return OK;
}

Status layout_settings(
        const Layout *l, const Users *users, const char *address, const LayoutPorts *ports)
{
    uint8_t memory[SETTINGS_BYTES_MAX];
    Buffer text = BUFFER_OF(memory);
    const char *d = l->directory;
    TRY(buffer_print(&text,
            "# Written by `hufu up` at each start; deploy/hufud.yaml explains every line.\n"
            "address: \"%s\"\nport: %lld\nservice_port: %lld\nconsole_port: %lld\n"
            "metrics_port: %lld\nloops: 0\n",
            address, (long long)ports->payments, (long long)ports->service,
            (long long)ports->console, (long long)ports->metrics));
    TRY(buffer_print(
            &text, "database: \"%s/%s\"\ndomain: \"%s/%s\"\n", d, PATH_DATABASE, d, PATH_DOMAIN));
    TRY(buffer_print(&text, "vault: \"%s/%s\"\nadmin: \"%s/%s\"\n", d, PATH_VAULT_SOCKET, d,
            PATH_ADMIN_SOCKET));
    TRY(buffer_print(&text, "operator_uid: %u\ngroup: %d\n", (unsigned)getuid(),
            users->separate ? (int)users->sockets : -1));
    TRY(buffer_print(&text, "checkpoints: \"%s/checkpoints\"\nsecond: \"%s/second\"\n", d, d));
    const char *slash = strrchr(l->rules, '/'); /* an absolute path has one */
    const int folder = (int)(slash - l->rules);
    TRY(buffer_print(&text,
            "strategy: \"%s\"\npurposes: \"%.*s/purposes.yaml\"\naccess: \"%.*s/access.yaml\"\n"
            "accounts: \"%.*s/accounts.yaml\"\nbarcode: \"%.*s/barcode.yaml\"\n",
            l->rules, folder, l->rules, folder, l->rules, folder, l->rules, folder, l->rules));
    TRY(buffer_print(&text, "transfers: \"%.*s/transfers.yaml\"\n", folder, l->rules));
    TRY(buffer_print(&text, "alarms: \"%.*s/alarms.yaml\"\ntrail: \"%s/%s\"\n", folder, l->rules, d,
            PATH_TRAIL));
    TRY(buffer_print(&text,
            "ca_file: \"%s/run/hufud/ca.pem\"\nkeys_file: \"%s/%s\"\nready_file: \"%s/%s\"\n", d, d,
            PATH_KEYS, d, PATH_READY));
    if (l->console_files[0] != 0)
        TRY(buffer_print(&text, "console_files: \"%s\"\n", l->console_files));
    if (l->field_files[0] != 0) TRY(buffer_print(&text, "field_files: \"%s\"\n", l->field_files));
    char path[PATH_BYTES_MAX];
    return file_write(path_in(path, d, "hufud.yaml"), 0644, span_of_buffer(&text));
}
