#define _GNU_SOURCE
#include "users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool run(const char *const *arguments)
{
    char *const environment[] = { (char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    pid_t pid = 0;
    if (posix_spawn(
                &pid, arguments[0], NULL, NULL, (char *const *)(uintptr_t)arguments, environment)
            != 0)
        return false;
    int state = 0;
    return waitpid(pid, &state, 0) == pid && WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static bool group_find(const char *name, gid_t *ret_gid)
{
    const struct group *group = getgrnam(name);
    if (group != NULL) *ret_gid = group->gr_gid;
    return group != NULL;
}

static bool user_find(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
    const struct passwd *user = getpwnam(name);
    if (user == NULL) return false;
    *ret_uid = user->pw_uid;
    *ret_gid = user->pw_gid;
    return true;
}

static bool group_make(const char *name, gid_t *ret_gid)
{
    if (group_find(name, ret_gid)) return true;
    printf("  making the system group %s\n", name);
    fflush(stdout);
    const char *const arguments[] = { "/usr/sbin/groupadd", "--system", name, NULL };
    return run(arguments) && group_find(name, ret_gid);
}

static bool user_make(const char *name, const char *what, uid_t *ret_uid, gid_t *ret_gid)
{
    if (user_find(name, ret_uid, ret_gid)) return true;
    printf("  making the system user %s (%s)\n", name, what);
    fflush(stdout);
    const char *const arguments[] = { "/usr/sbin/useradd", "--system", "--user-group",
        "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", name,
        NULL };
    return run(arguments) && user_find(name, ret_uid, ret_gid);
}

/* May any user walk down to this path? */
static bool open_to_all(const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL) return false;
    bool open = true;
    for (char *slash = real + strlen(real); slash > real; slash = strrchr(real, '/')) {
        *slash = '\0';
        struct stat about;
        if (stat(real[0] == '\0' ? "/" : real, &about) != 0 || (about.st_mode & S_IXOTH) == 0)
            open = false;
    }
    free(real);
    return open;
}

static Users nobody_apart(const char *reason)
{
    return (Users) {
        .reason = reason,
        .web = getuid(),
        .web_group = getgid(),
        .vault = getuid(),
        .vault_group = getgid(),
        .audit = getuid(),
        .audit_group = getgid(),
        .sockets = getgid(),
    };
}

Status users_prepare(const char *directory, const char *programs, Users *ret_users)
{
    *ret_users = nobody_apart("only root can give each program a user of its own");
    if (geteuid() != 0) return OK;
    *ret_users =
            nobody_apart("other users cannot reach this folder; use --directory /var/lib/hufu");
    if (!open_to_all(directory)) return OK;
    *ret_users = nobody_apart("other users cannot reach the built programs; move the checkout");
    if (!open_to_all(programs)) return OK;

    Users users = { .separate = true };
    const bool made = group_make("hufu", &users.sockets)
            && user_make("hufu-web", "hufud", &users.web, &users.web_group)
            && user_make("hufu-vault", "vaultd", &users.vault, &users.vault_group)
            && user_make("hufu-audit", "auditor", &users.audit, &users.audit_group);
    *ret_users = made ? users : nobody_apart("the system users could not be made");
    return OK;
}

static bool owned_by(const char *directory, uid_t uid)
{
    char path[USERS_PATH_BYTES_MAX];
    struct stat about;
    const int length = snprintf(path, sizeof(path), "%s/data", directory);
    if (length <= 0 || (size_t)length >= sizeof(path)) return false;
    return stat(path, &about) != 0 || about.st_uid == uid; /* gone: as it was */
}

Status users_find(const char *directory, Users *ret_users)
{
    Users users = { .separate = true };
    const bool all = geteuid() == 0 && group_find("hufu", &users.sockets)
            && user_find("hufu-web", &users.web, &users.web_group)
            && user_find("hufu-vault", &users.vault, &users.vault_group)
            && user_find("hufu-audit", &users.audit, &users.audit_group)
            && owned_by(directory, users.web);
    *ret_users = all ? users : nobody_apart("only root can give each program a user of its own");
    return OK;
}

Status users_become_web(const Users *users)
{
    if (!users->separate) return OK;
    CHECK(setgroups(1, &users->sockets) == 0, FAULT_SYSTEM);
    CHECK(setresgid(users->web_group, users->web_group, users->web_group) == 0, FAULT_SYSTEM);
    CHECK(setresuid(users->web, users->web, users->web) == 0, FAULT_SYSTEM);
    return OK;
}

typedef struct Folder {
    const char *name;
    uid_t uid;
    gid_t gid;
    mode_t mode;
} Folder;

MUST_USE static Status folder_make(const char *directory, const Folder *folder, bool separate)
{
    char path[USERS_PATH_BYTES_MAX];
    const int length = snprintf(path, sizeof(path), "%s/%s", directory, folder->name);
    REQUIRE(length > 0 && (size_t)length < sizeof(path), REFUSED_BUFFER_FULL);
    CHECK(mkdir(path, 0700) == 0 || errno == EEXIST, FAULT_DISK);
    if (separate) CHECK(chown(path, folder->uid, folder->gid) == 0, FAULT_DISK);
    CHECK(chmod(path, folder->mode) == 0, FAULT_DISK);
    return OK;
}

Status users_folders(const Users *u, const char *directory)
{
    CHECK(mkdir(directory, 0755) == 0 || errno == EEXIST, FAULT_DISK);
    const uid_t us = getuid();
    const gid_t our_group = getgid();
    const Folder folders[] = {
        { "vault", u->vault, u->vault_group, 0700 },
        { "token", u->vault, u->vault_group, 0700 },
        { "custody", us, our_group, 0755 },
        { "data", u->web, u->audit_group, 02750 },
        { "domain", u->web, u->web_group, 0700 },
        { "checkpoints", u->web, u->audit_group, 02750 },
        { "second", u->web, u->audit_group, 02750 },
        { "run", us, u->sockets, 0750 },
        { "run/vaultd", u->vault, u->sockets, 0750 },
        { "run/hufud", u->web, u->sockets, 0750 },
        { "log", us, our_group, 0700 },
        { "demo", us, our_group, 0700 },
        { "operators", us, our_group, 0700 },
        { "reports", us, u->audit_group, 02750 },
    };
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        TRY(folder_make(directory, &folders[i], u->separate));
    return OK;
}
