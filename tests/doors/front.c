#include "front.h"

#include "chromium.h"
#include "command.h"
#include "free_port.h"
#include "http/peer_for_tests.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum { TEXT_BYTES_MAX = 16 * 1024, READY_TRIES = 400, READY_MS = 25 };

/* --- its files --- */

/* Every occurrence; there must be one: a file of deploy/ that changed is not tested otherwise. */
static void replace(char text[TEXT_BYTES_MAX], const char *what, const char *with)
{
    static char made[TEXT_BYTES_MAX];
    Buffer to = { (uint8_t *)made, 0, sizeof(made) - 1 };
    const char *from = text;
    const char *at = strstr(text, what);
    ASSERT(at != NULL);
    for (; at != NULL; at = strstr(from, what)) {
        ASSERT(status_ok(buffer_put(&to, (Span) { (const uint8_t *)from, (size_t)(at - from) })));
        ASSERT(status_ok(buffer_put(&to, span_of_text(with))));
        from = at + strlen(what);
    }
    ASSERT(status_ok(buffer_put(&to, span_of_text(from))));
    made[to.size] = 0;
    memcpy(text, made, to.size + 1);
}

static Status read_deployed(const char *name, char ret_text[TEXT_BYTES_MAX])
{
    char path[STAND_PATH_BYTES_MAX];
    Buffer text = { (uint8_t *)ret_text, 0, TEXT_BYTES_MAX - 1 };
    snprintf(path, sizeof(path), "%s/nginx/%s", HUFU_DEPLOY, name);
    TRY(file_read(path, &text));
    ret_text[text.size] = 0;
    return OK;
}

static Status write_settings(const Stand *stand)
{
    static const char whole[] =
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\n"
            "events { worker_connections 256; }\nhttp {\n"
            "log_format asked '$status $upstream_status';\naccess_log access.log asked;\n"
            "client_body_temp_path temp;\nproxy_temp_path temp;\nfastcgi_temp_path temp;\n"
            "uwsgi_temp_path temp;\nscgi_temp_path temp;\ninclude hufu.conf;\n}\n";
    return file_write(stand_path(stand, "nginx/nginx.conf"), 0644, span_of_text(whole));
}

static Status write_deployed(const Stand *stand, uint16_t port)
{
    char text[TEXT_BYTES_MAX];
    char value[STAND_PATH_BYTES_MAX + 32];
    TRY(read_deployed("hufu-proxy.conf", text));
    replace(text, "/run/hufu/hufud/ca.pem", stand_path(stand, "run/hufud/ca.pem"));
    TRY(file_write(stand_path(stand, "nginx/hufu-proxy.conf"), 0644, span_of_text(text)));
    TRY(read_deployed("hufu.conf", text));
    snprintf(value, sizeof(value), "127.0.0.1:%u;", stand->port);
    replace(text, "127.0.0.1:8443;", value);
    snprintf(value, sizeof(value), "127.0.0.1:%u;", stand->console_port);
    replace(text, "127.0.0.1:8445;", value);
    snprintf(value, sizeof(value), "listen 127.0.0.1:%u ssl;", port);
    replace(text, "listen 443 ssl;", value);
    replace(text, "listen [::]:443 ssl;", "");
    replace(text, "/etc/nginx/hufu-proxy.conf", stand_path(stand, "nginx/hufu-proxy.conf"));
    static const char *const names[] = { "pay", "console" };
    for (size_t i = 0; i < 2; i++) {
        snprintf(value, sizeof(value), "/etc/nginx/%s.example.pem", names[i]);
        replace(text, value, stand_path(stand, "nginx/front.pem"));
        snprintf(value, sizeof(value), "/etc/nginx/%s.example.key", names[i]);
        replace(text, value, stand_path(stand, "nginx/front.key"));
    }
    return file_write(stand_path(stand, "nginx/hufu.conf"), 0644, span_of_text(text));
}

static Status certify(const Stand *stand)
{
    const int ended = RUN("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=pay.example",
            "-keyout", stand_path(stand, "nginx/front.key"), "-out",
            stand_path(stand, "nginx/front.pem"));
    CHECK(ended == 0, FAULT_SYSTEM);
    return OK;
}

/* --- running --- */

static Status await(const Front *front)
{
    for (int i = 0; i < READY_TRIES; i++) {
        const int fd = peer_connect(front->port);
        if (fd >= 0) close(fd);
        if (fd >= 0) return OK;
        const struct timespec wait = { 0, READY_MS * 1000000L };
        nanosleep(&wait, NULL);
    }
    return REFUSE(REFUSED_IPC_TIMEOUT);
}

Status front_open(const Stand *stand, Front *ret)
{
    const char *folder = stand_path(stand, "nginx/");
    CHECK(mkdir(folder, 0755) == 0, FAULT_DISK);
    ret->port = free_port();
    TRY(certify(stand));
    TRY(write_settings(stand));
    TRY(write_deployed(stand, ret->port));
    folder = stand_path(stand, "nginx/");
    fflush(NULL);
    ret->pid = fork();
    CHECK(ret->pid >= 0, FAULT_SYSTEM);
    if (ret->pid == 0) {
        execl(FRONT_NGINX, FRONT_NGINX, "-p", folder, "-e", "error.log", "-c", "nginx.conf", NULL);
        _exit(127);
    }
    return await(ret);
}

void front_close(Front *front)
{
    if (front->pid <= 0) return;
    kill(front->pid, SIGTERM);
    waitpid(front->pid, NULL, 0);
    front->pid = 0;
}

FrontCounts front_counts(const Stand *stand)
{
    FrontCounts counts = { 0 };
    char line[256];
    FILE *log = fopen(stand_path(stand, "nginx/access.log"), "r");
    ASSERT(log != NULL);
    while (fgets(line, sizeof(line), log) != NULL) {
        counts.requests++;
        const bool counted = strstr(line, " -") == NULL && strstr(line, " 501") == NULL;
        counts.sent_on += counted ? 1 : 0;
    }
    fclose(log);
    return counts;
}
